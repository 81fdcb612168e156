//! Circuit breakers: triggered, acknowledged, resolved (section 7).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ids::{Id, Position, Side, WorkspaceKey};
use super::score::Hundredths;
use super::time::Millis;
use super::view::{BreakerScope, BreakerView};

/// An open stop on a scope, and its history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaker {
    pub id: Id,
    pub scope: BreakerScope,
    pub reason: Box<str>,
    /// Receipt and place of the event that tripped it.
    pub triggered: (Millis, Position),
    /// The run that tripped it, newest first: conversation (nil once it is erased) and composite.
    pub evidence: Box<[(Id, Hundredths)]>,
    pub acknowledged: Option<BreakerAction>,
    pub resolved: Option<BreakerAction>,
}

/// What a person did to a breaker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakerAction {
    pub at: Millis,
    pub position: Position,
    pub actor: Box<str>,
    pub note: Option<Box<str>>,
}

impl Breaker {
    pub fn is_active(&self) -> bool {
        self.resolved.is_none()
    }

    /// Whether the conversation is in its evidence. The nil id never is: erasure leaves it in place of ids (R4.10).
    pub fn names(&self, conversation: Id) -> bool {
        conversation != Id::NIL && self.evidence.iter().any(|(id, _)| *id == conversation)
    }

    pub fn view(&self, workspace: WorkspaceKey) -> BreakerView {
        BreakerView {
            id: self.id,
            scope_key: self.scope.key(workspace),
            reason: self.reason.to_string(),
            triggered_at: self.triggered.0,
            acknowledged_by: self.acknowledged.as_ref().map(|step| step.actor.to_string()),
            acknowledged_at: self.acknowledged.as_ref().map(|step| step.at),
            resolved_at: self.resolved.as_ref().map(|step| step.at),
        }
    }
}

/// The id of the breaker that the event at `position` trips on `scope`: a UUIDv8 of a hash, so that
/// a replay gives the same (I1).
pub fn id_of(workspace: WorkspaceKey, position: Position, scope: BreakerScope) -> Id {
    let mut hasher = blake3::Hasher::new_derive_key("tripswitch breaker id");
    hasher.update(&workspace.id.0.to_be_bytes());
    hasher.update(&[match workspace.side {
        Side::Live => 0,
        Side::Test => 1,
    }]);
    hasher.update(&position.packed().to_be_bytes());
    match scope {
        BreakerScope::Account(account) => hasher.update(&account.0.to_be_bytes()),
        BreakerScope::Workspace => &mut hasher,
    };
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    Uuid::new_v8(bytes).into()
}

/// `3 consecutive conversations scored below composite threshold (3.0) for account Nordic Parts ApS`
/// (R7.1), or `… in workspace <name>` (R7.2).
pub fn reason(run: usize, threshold: Hundredths, scope: BreakerScope, name: &str) -> Box<str> {
    let place = match scope {
        BreakerScope::Account(_) => "for account",
        BreakerScope::Workspace => "in workspace",
    };
    format!("{run} consecutive conversations scored below composite threshold ({threshold}) {place} {name}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r7_1_the_reason_reads_as_the_contract_shows_it() {
        assert_eq!(
            &*reason(3, Hundredths(300), BreakerScope::Account(Id(1)), "Nordic Parts ApS"),
            "3 consecutive conversations scored below composite threshold (3.0) for account Nordic Parts ApS"
        );
    }

    #[test]
    fn r7_4_ids_depend_on_workspace_side_place_and_scope_alone() {
        let key = |id, side| WorkspaceKey { id: Id(id), side };
        let ids = [
            id_of(key(1, Side::Live), Position::new(1, 0), BreakerScope::Workspace),
            id_of(key(1, Side::Test), Position::new(1, 0), BreakerScope::Workspace),
            id_of(key(2, Side::Live), Position::new(1, 0), BreakerScope::Workspace),
            id_of(key(1, Side::Live), Position::new(1, 1), BreakerScope::Workspace),
            id_of(key(1, Side::Live), Position::new(1, 0), BreakerScope::Account(Id(1))),
        ];
        assert_eq!(ids.iter().collect::<std::collections::HashSet<_>>().len(), ids.len());
        assert_eq!(ids[0].uuid().get_version_num(), 8);
    }
}
