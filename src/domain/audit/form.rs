//! Actions as answers and exports show them: a name, an id, and what else there is to say.

use serde::{Deserialize, Deserializer, Serialize};

use super::super::csat_config::CsatPatch;
use super::super::ids::{Id, Position, Side};
use super::super::score::Hundredths;
use super::super::system::Scope;
use super::super::time::{self, Millis};
use super::{Installed, KeyNote, Outcome, Patched, Refusal, SideAction, SystemAction};

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

/// What an action says beside its target. Members that are not its own are left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Details {
    /// `csat_config.patched`: the fields that were sent, as they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<PatchForm>,
    /// `csat_config.patched`: the same fields, as they were sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<PatchForm>,
    /// `breaker.…`: it came with a note, which is the breaker's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noted: Option<bool>,
    /// `settings.installed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<InstalledForm>,
    /// `event.skipped`: the position of what was passed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Box<str>>,
    /// `workspace.created`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Box<str>>,
    /// `workspace.created`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<Box<str>>,
    /// `key.created`, and `key.revoked` of a known key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyForm>,
}

/// Some fields of R3.7.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PatchForm {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_inline_enabled: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_followup_enabled: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_expiry_days: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow_up_delay_minutes: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold_resolution_failure: Option<Hundredths>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold_low_composite: Option<Hundredths>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub circuit_breaker_count: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub circuit_breaker_window_hours: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "sent")]
    pub baseline_outcome: Option<Option<Hundredths>>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "sent")]
    pub baseline_process: Option<Option<Hundredths>>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "sent")]
    pub baseline_environment: Option<Option<Hundredths>>,
}

/// `null` is a value, absent is not.
fn sent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Hundredths>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl From<&CsatPatch> for PatchForm {
    fn from(patch: &CsatPatch) -> Self {
        let CsatPatch {
            email_inline_enabled,
            email_followup_enabled,
            link_expiry_days,
            follow_up_delay_minutes,
            threshold_resolution_failure,
            threshold_low_composite,
            circuit_breaker_count,
            circuit_breaker_window_hours,
            baseline_outcome,
            baseline_process,
            baseline_environment,
        } = *patch;
        Self {
            email_inline_enabled,
            email_followup_enabled,
            link_expiry_days,
            follow_up_delay_minutes,
            threshold_resolution_failure,
            threshold_low_composite,
            circuit_breaker_count,
            circuit_breaker_window_hours,
            baseline_outcome,
            baseline_process,
            baseline_environment,
        }
    }
}

impl From<PatchForm> for CsatPatch {
    fn from(form: PatchForm) -> Self {
        Self {
            email_inline_enabled: form.email_inline_enabled,
            email_followup_enabled: form.email_followup_enabled,
            link_expiry_days: form.link_expiry_days,
            follow_up_delay_minutes: form.follow_up_delay_minutes,
            threshold_resolution_failure: form.threshold_resolution_failure,
            threshold_low_composite: form.threshold_low_composite,
            circuit_breaker_count: form.circuit_breaker_count,
            circuit_breaker_window_hours: form.circuit_breaker_window_hours,
            baseline_outcome: form.baseline_outcome,
            baseline_process: form.baseline_process,
            baseline_environment: form.baseline_environment,
        }
    }
}

/// See [`Installed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InstalledForm {
    pub window_size: u16,
    pub window_days: u16,
    pub workspace_factor: u16,
    pub settle_days: u16,
    pub duplicate_days: u16,
    pub explanation_days: u16,
    pub retention_days: u16,
    pub max_turns: u16,
    /// 16 hexadecimal digits.
    pub secret_id: Box<str>,
    pub profile: Box<str>,
    /// 16 hexadecimal digits.
    pub profile_hash: Box<str>,
}

impl From<&Installed> for InstalledForm {
    fn from(installed: &Installed) -> Self {
        Self {
            window_size: installed.window_size,
            window_days: installed.window_days,
            workspace_factor: installed.workspace_factor,
            settle_days: installed.settle_days,
            duplicate_days: installed.duplicate_days,
            explanation_days: installed.explanation_days,
            retention_days: installed.retention_days,
            max_turns: installed.max_turns,
            secret_id: to_hex(installed.secret_id),
            profile: installed.profile.clone(),
            profile_hash: to_hex(installed.profile_hash),
        }
    }
}

impl InstalledForm {
    fn read(self) -> Option<Installed> {
        Some(Installed {
            window_size: self.window_size,
            window_days: self.window_days,
            workspace_factor: self.workspace_factor,
            settle_days: self.settle_days,
            duplicate_days: self.duplicate_days,
            explanation_days: self.explanation_days,
            retention_days: self.retention_days,
            max_turns: self.max_turns,
            secret_id: from_hex(&self.secret_id)?,
            profile: self.profile,
            profile_hash: from_hex(&self.profile_hash)?,
        })
    }
}

fn to_hex(bytes: [u8; 8]) -> Box<str> {
    format!("{:016x}", u64::from_be_bytes(bytes)).into()
}

fn from_hex(digits: &str) -> Option<[u8; 8]> {
    let is_hex = digits.len() == 16 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let number = Some(digits).filter(|_| is_hex).and_then(|digits| u64::from_str_radix(digits, 16).ok());
    number.map(u64::to_be_bytes)
}

/// See [`KeyNote`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyForm {
    pub name: Box<str>,
    pub key_prefix: Box<str>,
    pub tenant: Option<Box<str>>,
    pub workspace_id: Option<Id>,
    pub side: Side,
    pub scopes: Vec<Scope>,
    #[serde(serialize_with = "time::serialize_option", deserialize_with = "time::deserialize_option")]
    pub expires_at: Option<Millis>,
}

impl From<&KeyNote> for KeyForm {
    fn from(key: &KeyNote) -> Self {
        let KeyNote { name, key_prefix, tenant, workspace, side, scopes, expires_at } = key.clone();
        Self { name, key_prefix, tenant, workspace_id: workspace, side, scopes, expires_at }
    }
}

impl From<KeyForm> for KeyNote {
    fn from(form: KeyForm) -> Self {
        let KeyForm { name, key_prefix, tenant, workspace_id, side, scopes, expires_at } = form;
        Self { name, key_prefix, tenant, workspace: workspace_id, side, scopes, expires_at }
    }
}

/// An action of one kind of trail.
pub trait Action: Sized {
    fn shown(&self) -> Shown;

    /// The other way; none where the parts make no action. What is not the action's own is refused.
    fn of(name: &str, target: Option<Id>, details: Details) -> Option<Self> {
        let shown = (target, details.clone());
        let read = Self::read(name, target, details)?;
        let again = read.shown();
        (again.name == name && (again.target, again.details) == shown).then_some(read)
    }

    /// As [`of`](Self::of), whatever else is in the parts.
    fn read(name: &str, target: Option<Id>, details: Details) -> Option<Self>;
}

impl Action for SideAction {
    fn shown(&self) -> Shown {
        let none = Details::default();
        let (name, target, details) = match self {
            Self::CsatConfigPatched(patched) => {
                let (from, to) = (Some((&patched.from).into()), Some((&patched.to).into()));
                ("csat_config.patched", None, Details { from, to, ..none })
            }
            Self::BreakerAcknowledged { breaker, noted } => {
                ("breaker.acknowledged", Some(*breaker), Details { noted: Some(*noted), ..none })
            }
            Self::BreakerResolved { breaker, noted } => {
                ("breaker.resolved", Some(*breaker), Details { noted: Some(*noted), ..none })
            }
            Self::SettingsInstalled(installed) => {
                ("settings.installed", None, Details { settings: Some((&**installed).into()), ..none })
            }
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
                let (from, to) = (details.from?.into(), details.to?.into());
                Self::CsatConfigPatched(Box::new(Patched { from, to }))
            }
            "breaker.acknowledged" => Self::BreakerAcknowledged { breaker: target?, noted: details.noted? },
            "breaker.resolved" => Self::BreakerResolved { breaker: target?, noted: details.noted? },
            "settings.installed" => Self::SettingsInstalled(Box::new(details.settings?.read()?)),
            "conversation.erased" => Self::ConversationErased,
            "contact.erased" => Self::ContactErased,
            "event.skipped" => {
                let (seq, place) = details.event.as_deref()?.split_once('-')?;
                let seq = seq.parse().ok().filter(|seq: &u64| *seq < 1 << 48)?;
                Self::EventSkipped { event: Position::new(seq, place.parse().ok()?) }
            }
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
            Self::KeyCreated { id, key } => ("key.created", *id, Details { key: Some((&**key).into()), ..none }),
            Self::KeyRevoked { id, key } => {
                ("key.revoked", *id, Details { key: key.as_deref().map(KeyForm::from), ..none })
            }
        };
        Shown { name, target: Some(target), details }
    }

    fn read(name: &str, target: Option<Id>, details: Details) -> Option<Self> {
        let id = target?;
        Some(match name {
            "workspace.created" => Self::WorkspaceCreated { id, name: details.name?, tenant: details.tenant? },
            "key.created" => Self::KeyCreated { id, key: Box::new(details.key?.into()) },
            "key.revoked" => Self::KeyRevoked { id, key: details.key.map(|key| Box::new(key.into())) },
            _ => return None,
        })
    }
}

impl Outcome {
    /// Its name, and the code of a refusal.
    pub const fn shown(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Done => ("done", None),
            Self::Unchanged => ("unchanged", None),
            Self::Refused(refusal) => ("refused", Some(refusal.code())),
        }
    }

    /// The other way.
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
            scopes: vec![Scope::EventsWrite],
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
        let refused = Refusal::ALL.map(Outcome::Refused);
        for outcome in refused.into_iter().chain([Outcome::Done, Outcome::Unchanged]) {
            let (name, code) = outcome.shown();
            assert_eq!(Outcome::of(name, code), Some(outcome));
        }
        for (name, code) in [("done", Some("key_exists")), ("refused", None), ("refused", Some("x")), ("x", None)] {
            assert_eq!(Outcome::of(name, code), None);
        }
    }
}
