//! Actions as answers and exports show them: a name, an id, and what else there is to say.
//!
//! JSON of types that the journal holds too is made by mirror types (serde's `remote`): a type's own serde is that of
//! the disk, and the compiler holds the mirror's fields to it.

use serde::{Deserialize, Deserializer, Serialize};

use super::super::csat_config::CsatPatch;
use super::super::hex;
use super::super::ids::{Id, Position, Side};
use super::super::score::Hundredths;
use super::super::settings::Model;
use super::super::system::Permission;
use super::super::time::{self, Millis};
use super::entry::{AuditOutcome, Refusal};
use super::{Installed, KeyNote, Patched, SideAction, SystemAction};

/// The names of all actions.
pub const ACTIONS: [&str; 10] = [
    "breaker.acknowledged",
    "breaker.resolved",
    "contact.erased",
    "conversation.erased",
    "csat_config.patched",
    "event.skipped",
    "key.created",
    "key.revoked",
    "settings.installed",
    "workspace.created",
];

/// An action.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    pub name: &'static str,
    /// The breaker, key or workspace that it was done to.
    pub target: Option<Id>,
    pub details: Details,
}

/// The members of an action beside its target. Those of other actions are left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Details {
    /// `csat_config.patched`: the fields that were sent, as they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<PatchForm>,
    /// `csat_config.patched`: the same fields, as they were sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<PatchForm>,
    /// `breaker.…`: it came with a note, which is the breaker's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noted: Option<bool>,
    /// `settings.installed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<InstalledForm>,
    /// `event.skipped`: the position of what was passed over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<Box<str>>,
    /// `workspace.created`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Box<str>>,
    /// `workspace.created`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<Box<str>>,
    /// `key.created`, and `key.revoked` of a known key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyForm>,
}

/// Some fields of R3.7.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PatchForm(#[serde(with = "PatchMembers")] CsatPatch);

/// Mirrors [`CsatPatch`], whose own serde is that of the journal and of snapshots; the next two do the same.
#[derive(Serialize, Deserialize)]
#[serde(remote = "CsatPatch", rename_all = "camelCase", deny_unknown_fields, default = "CsatPatch::default")]
struct PatchMembers {
    #[serde(skip_serializing_if = "Option::is_none")]
    email_inline_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_followup_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link_expiry_days: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    follow_up_delay_minutes: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold_resolution_failure: Option<Hundredths>,
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold_low_composite: Option<Hundredths>,
    #[serde(skip_serializing_if = "Option::is_none")]
    circuit_breaker_count: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    circuit_breaker_window_hours: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "sent")]
    baseline_outcome: Option<Option<Hundredths>>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "sent")]
    baseline_process: Option<Option<Hundredths>>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "sent")]
    baseline_environment: Option<Option<Hundredths>>,
}

/// `null` is a value; an absent member is none.
fn sent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Hundredths>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// See [`Installed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InstalledForm(#[serde(with = "InstalledMembers")] Installed);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Installed", rename_all = "camelCase", deny_unknown_fields)]
struct InstalledMembers {
    #[serde(flatten)]
    model: Model,
    #[serde(with = "hex")]
    secret_id: [u8; 8],
    profile: Box<str>,
    #[serde(with = "hex")]
    profile_hash: [u8; 8],
}

/// See [`KeyNote`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyForm(#[serde(with = "KeyMembers")] KeyNote);

#[derive(Serialize, Deserialize)]
#[serde(remote = "KeyNote", rename_all = "camelCase", deny_unknown_fields)]
struct KeyMembers {
    name: Box<str>,
    key_prefix: Box<str>,
    tenant: Option<Box<str>>,
    #[serde(rename = "workspaceId")]
    workspace: Option<Id>,
    side: Side,
    scopes: Vec<Permission>,
    #[serde(serialize_with = "time::serialize_option", deserialize_with = "time::deserialize_option")]
    expires_at: Option<Millis>,
}

/// An action of one kind of trail.
pub trait Action: Sized {
    fn shown(&self) -> Shown;

    /// The inverse of [`shown`](Self::shown); `None` where the parts make no action. Members of other actions are refused.
    fn of(name: &str, target: Option<Id>, details: Details) -> Option<Self> {
        let shown = (target, details.clone());
        let read = Self::read(name, target, details)?;
        let again = read.shown();
        (again.name == name && (again.target, again.details) == shown).then_some(read)
    }

    /// As [`of`](Self::of), but ignores members of other actions.
    fn read(name: &str, target: Option<Id>, details: Details) -> Option<Self>;
}

impl Action for SideAction {
    fn shown(&self) -> Shown {
        let none = Details::default();
        let (name, target, details) = match self {
            Self::CsatConfigPatched(patched) => {
                let Patched { from, to } = Patched::clone(patched);
                let (from, to) = (Some(PatchForm(from)), Some(PatchForm(to)));
                ("csat_config.patched", None, Details { from, to, ..none })
            }
            Self::BreakerAcknowledged { breaker, noted } => {
                ("breaker.acknowledged", Some(*breaker), Details { noted: Some(*noted), ..none })
            }
            Self::BreakerResolved { breaker, noted } => {
                ("breaker.resolved", Some(*breaker), Details { noted: Some(*noted), ..none })
            }
            Self::SettingsInstalled(installed) => (
                "settings.installed",
                None,
                Details { settings: Some(InstalledForm(Installed::clone(installed))), ..none },
            ),
            Self::ConversationErased => ("conversation.erased", None, none),
            Self::ContactErased => ("contact.erased", None, none),
            Self::EventSkipped { event } => {
                ("event.skipped", None, Details { event: Some(event.to_string().into()), ..none })
            }
        };
        Shown { name, target, details }
    }

    fn read(name: &str, target: Option<Id>, details: Details) -> Option<Self> {
        Some(match name {
            "csat_config.patched" => {
                let (from, to) = (details.from?.0, details.to?.0);
                Self::CsatConfigPatched(Box::new(Patched { from, to }))
            }
            "breaker.acknowledged" => Self::BreakerAcknowledged { breaker: target?, noted: details.noted? },
            "breaker.resolved" => Self::BreakerResolved { breaker: target?, noted: details.noted? },
            "settings.installed" => Self::SettingsInstalled(Box::new(details.settings?.0)),
            "conversation.erased" => Self::ConversationErased,
            "contact.erased" => Self::ContactErased,
            "event.skipped" => Self::EventSkipped { event: Position::parse(&details.event?)? },
            _ => return None,
        })
    }
}

impl Action for SystemAction {
    fn shown(&self) -> Shown {
        let none = Details::default();
        let (name, target, details) = match self {
            Self::WorkspaceCreated { id, name, tenant } => {
                let details = Details { name: Some(name.clone()), tenant: Some(tenant.clone()), ..none };
                ("workspace.created", *id, details)
            }
            Self::KeyCreated { id, key } => {
                ("key.created", *id, Details { key: Some(KeyForm(KeyNote::clone(key))), ..none })
            }
            Self::KeyRevoked { id, key } => {
                ("key.revoked", *id, Details { key: key.as_deref().cloned().map(KeyForm), ..none })
            }
        };
        Shown { name, target: Some(target), details }
    }

    fn read(name: &str, target: Option<Id>, details: Details) -> Option<Self> {
        let id = target?;
        Some(match name {
            "workspace.created" => Self::WorkspaceCreated { id, name: details.name?, tenant: details.tenant? },
            "key.created" => Self::KeyCreated { id, key: Box::new(details.key?.0) },
            "key.revoked" => Self::KeyRevoked { id, key: details.key.map(|key| Box::new(key.0)) },
            _ => return None,
        })
    }
}

impl AuditOutcome {
    /// Its name, and the code of a refusal.
    pub const fn shown(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Done => ("done", None),
            Self::Unchanged => ("unchanged", None),
            Self::Refused(refusal) => ("refused", Some(refusal.code())),
        }
    }

    /// The inverse of [`shown`](Self::shown).
    pub fn of(name: &str, code: Option<&str>) -> Option<Self> {
        match (name, code) {
            ("done", None) => Some(Self::Done),
            ("unchanged", None) => Some(Self::Unchanged),
            ("refused", Some(code)) => {
                Refusal::ALL.into_iter().find(|refusal| refusal.code() == code).map(Self::Refused)
            }
            (_, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> KeyNote {
        KeyNote {
            name: "ingest".into(),
            key_prefix: "sf_live_v1_abcd".into(),
            tenant: Some("nordic".into()),
            workspace: Some(Id(7)),
            side: Side::Live,
            scopes: vec![Permission::EventsWrite],
            expires_at: Some(1_774_432_800_000),
        }
    }

    fn patched() -> Patched {
        let from = CsatPatch {
            link_expiry_days: Some(14),
            threshold_low_composite: Some(Hundredths(300)),
            baseline_outcome: Some(None),
            ..CsatPatch::default()
        };
        let to = CsatPatch {
            link_expiry_days: Some(30),
            threshold_low_composite: Some(Hundredths(310)),
            baseline_outcome: Some(Some(Hundredths(400))),
            ..CsatPatch::default()
        };
        Patched { from, to }
    }

    fn back<A: Action + PartialEq + std::fmt::Debug>(action: &A) -> String {
        let Shown { name, target, details } = action.shown();
        assert!(ACTIONS.contains(&name), "{name}");
        let text = serde_json::to_string(&details).unwrap();
        let read = A::of(name, target, serde_json::from_str(&text).unwrap());
        assert_eq!(read.as_ref(), Some(action), "{text}");
        assert!(A::of("nothing", target, details.clone()).is_none());
        let stray = Details { event: Some("1-1".into()), name: Some("x".into()), ..details };
        assert!(A::of(name, target, stray).is_none(), "what is not its own is refused");
        text
    }

    #[test]
    fn every_action_comes_back_from_what_is_shown_of_it() {
        assert_eq!(
            back(&SideAction::CsatConfigPatched(Box::new(patched()))),
            concat!(
                r#"{"from":{"linkExpiryDays":14,"thresholdLowComposite":3,"baselineOutcome":null},"#,
                r#""to":{"linkExpiryDays":30,"thresholdLowComposite":3.1,"baselineOutcome":4}}"#
            )
        );
        assert_eq!(back(&SideAction::BreakerAcknowledged { breaker: Id(9), noted: true }), r#"{"noted":true}"#);
        back(&SideAction::BreakerResolved { breaker: Id(9), noted: false });
        let settings = super::super::super::settings::Settings { secret_id: [0xab; 8], ..Default::default() };
        let installed = back(&SideAction::SettingsInstalled(Box::new((&settings).into())));
        assert!(installed.contains(r#""secretId":"abababababababab","profile":"#), "{installed}");
        assert_eq!([back(&SideAction::ConversationErased), back(&SideAction::ContactErased)], ["{}", "{}"]);
        assert_eq!(back(&SideAction::EventSkipped { event: Position::new(3, 2) }), r#"{"event":"3-2"}"#);

        back(&SystemAction::WorkspaceCreated { id: Id(7), name: "Support".into(), tenant: "nordic".into() });
        let created = back(&SystemAction::KeyCreated { id: Id(8), key: Box::new(key()) });
        assert!(created.contains(r#""expiresAt":"2026-03-25T10:00:00.000Z""#), "{created}");
        back(&SystemAction::KeyRevoked { id: Id(8), key: Some(Box::new(key())) });
        back(&SystemAction::KeyRevoked { id: Id(8), key: None });
    }

    #[test]
    fn every_outcome_comes_back_from_its_name_and_code() {
        let refused = Refusal::ALL.map(AuditOutcome::Refused);
        for outcome in refused.into_iter().chain([AuditOutcome::Done, AuditOutcome::Unchanged]) {
            let (name, code) = outcome.shown();
            assert_eq!(AuditOutcome::of(name, code), Some(outcome));
        }
        for (name, code) in [("done", Some("key_exists")), ("refused", None), ("refused", Some("x")), ("x", None)] {
            assert_eq!(AuditOutcome::of(name, code), None);
        }
    }
}
