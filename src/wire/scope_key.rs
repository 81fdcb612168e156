//! `scopeKey`: what a breaker stops (R2.2).

use crate::domain::ids::{Id, IdKind, IdName, parse_id};
use crate::domain::view::{BreakerScope, LabelKind};

use super::patch::OTHER_WORKSPACE;

/// Characters of the name of a channel or an intent (R4.6).
pub const MAX_LABEL: usize = 255;

/// What `scopeKey` has to be.
const FORM: &str = "must be account: or workspace: and an ID, or channel: or intent: and a name of 1 to 255 characters";

/// The scope that a client names, within the workspace of the path; a complaint fits behind the name of the field.
pub fn parse(text: &str, workspace: Id) -> Result<BreakerScope, &'static str> {
    let (kind, name) = text.split_once(':').ok_or(FORM)?;
    match kind {
        "account" => {
            let account = IdName::parse(IdKind::Account, name).map_err(|_| FORM)?;
            Ok(BreakerScope::Account(account.within(workspace)))
        }
        "workspace" => {
            let named = parse_id(IdKind::Workspace, name).map_err(|_| FORM)?;
            if named == workspace { Ok(BreakerScope::Workspace) } else { Err(OTHER_WORKSPACE) }
        }
        _ => {
            let kind = LabelKind::ALL.into_iter().find(|known| known.name() == kind).ok_or(FORM)?;
            let fits = (1..=MAX_LABEL).contains(&name.chars().count());
            if fits { Ok(BreakerScope::Label(kind, name.into())) } else { Err(FORM) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{Side, WorkspaceKey};

    const WORKSPACE: Id = Id(0x1111_1111_1111_4111_8111_1111_1111_1111);

    #[test]
    fn r2_2_what_is_answered_is_taken_and_so_are_other_spellings_of_its_ids() {
        let channel = BreakerScope::Label(LabelKind::Channel, "email: sales".into());
        let key = WorkspaceKey { id: WORKSPACE, side: Side::Live };
        for scope in [BreakerScope::Account(Id(7)), BreakerScope::Workspace, channel] {
            assert_eq!(parse(&scope.key(key), WORKSPACE), Ok(scope));
        }
        for id in ["00000000-0000-0000-0000-000000000007", "ACC_00000000-0000-0000-0000-000000000007"] {
            assert_eq!(parse(&format!("account:{id}"), WORKSPACE), Ok(BreakerScope::Account(Id(7))));
        }
        let external = IdName::parse(IdKind::Account, "ext:4711").unwrap().within(WORKSPACE);
        assert_eq!(parse("account:ext:4711", WORKSPACE), Ok(BreakerScope::Account(external)));
        let bare = format!("workspace:{WORKSPACE}");
        assert_eq!(parse(&bare, WORKSPACE), Ok(BreakerScope::Workspace));
        assert_eq!(parse(&bare, Id(8)), Err(OTHER_WORKSPACE));
        let longest = "é".repeat(MAX_LABEL);
        let intent = BreakerScope::Label(LabelKind::Intent, longest.as_str().into());
        assert_eq!(parse(&format!("intent:{longest}"), WORKSPACE), Ok(intent));
    }

    #[test]
    fn r2_2_anything_else_is_no_scope() {
        let too_long = format!("channel:{}", "x".repeat(MAX_LABEL + 1));
        for text in ["", ":", "account", "account:", "account:x", "workspace:ext:1", "channel:", "queue:a", &too_long] {
            assert_eq!(parse(text, WORKSPACE), Err(FORM), "{text}");
        }
        assert_eq!(
            parse("Account:00000000-0000-0000-0000-000000000007", WORKSPACE),
            Err(FORM),
            "its kind has one case"
        );
    }
}
