//! The audit trail: a page of it, and its entries, which exports have as well.
//!
//! JSON of types that the journal holds too is made by mirror types (serde's `remote`): a type's own serde is that of
//! the disk, and the compiler holds the mirror's fields to it.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;
use utoipa::openapi::{ObjectBuilder, Ref, RefOr, Schema, Type};

use super::csat_config::CsatConfigPatch;
use super::values::{Timestamp, one_of};
use crate::domain::audit::{AuditOutcome, Installed, KeyNote, Patched, Refusal, SideAction, SystemAction};
use crate::domain::hex;
use crate::domain::ids::{Id, Position, Side};
use crate::domain::settings::Model;
use crate::domain::system::Permission;
use crate::domain::time::{self, Millis};

/// The names of all actions.
pub const ACTIONS: [&str; 12] = [
    "breaker.acknowledged",
    "breaker.resolved",
    "contact.erased",
    "conversation.erased",
    "csat_config.patched",
    "event.skipped",
    "key.created",
    "key.revoked",
    "requests.others",
    "settings.installed",
    "workspace.created",
    "workspace.deleted",
];

/// What stands for requests that are not told apart any more.
const OTHERS: &str = "requests.others";

/// The newest first.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditPage {
    pub data: Vec<AuditEntry>,
    /// Absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, pattern = "^[A-Za-z0-9_-]+$")]
    pub next_cursor: Option<String>,
}

/// Who did what, and what it came to.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(examples(json!({
    "position": "12-0", "at": "2026-03-15T14:35:00.000Z", "actor": "api-key:0191b5a2-7c3e-7d11-9f00-00000000ce11",
    "action": "csat_config.patched", "target": null, "outcome": "done",
    "details": {"from": {"linkExpiryDays": 14}, "to": {"linkExpiryDays": 30}}
})))]
pub struct AuditEntry {
    /// In the order of the workspace side; behind `system:` in that of workspaces and keys.
    #[schema(pattern = r"^(system:)?\d+-\d+$")]
    pub position: String,
    pub at: Timestamp,
    /// `api-key:<id>`, a JWT's subject or `client:<id>`, or `data-directory`; null: the server itself, or several.
    #[schema(required)]
    pub actor: Option<Box<str>>,
    #[schema(value_type = ActionName)]
    pub action: &'static str,
    /// The breaker, key or workspace.
    #[schema(required)]
    pub target: Option<Id>,
    pub outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = RefusalCode)]
    pub code: Option<RefusalCode>,
    pub details: AuditDetails,
    /// How often it was refused, or changed nothing; absent: once. `at` is the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 2)]
    pub count: Option<u64>,
    /// Of several times the last.
    #[serde(rename = "lastAt", skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = Timestamp)]
    pub last_at: Option<Timestamp>,
}

/// One of [`ACTIONS`].
pub struct ActionName;

impl utoipa::PartialSchema for ActionName {
    fn schema() -> RefOr<Schema> {
        one_of(ACTIONS).into()
    }
}

impl ToSchema for ActionName {}

/// `unchanged`: it was so already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Done,
    Unchanged,
    Refused,
}

/// Of a refusal: why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusalCode(pub Refusal);

impl Serialize for RefusalCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.code())
    }
}

impl<'de> Deserialize<'de> for RefusalCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let known = Refusal::ALL.into_iter().find(|refusal| refusal.code() == text);
        known.map(Self).ok_or_else(|| serde::de::Error::custom(format_args!("{text} is not a known code")))
    }
}

impl utoipa::PartialSchema for RefusalCode {
    fn schema() -> RefOr<Schema> {
        one_of(Refusal::ALL.map(Refusal::code)).description(Some("Of a refusal: why.")).into()
    }
}

impl ToSchema for RefusalCode {}

impl Outcome {
    /// With the code of a refusal.
    pub const fn of(outcome: AuditOutcome) -> (Self, Option<RefusalCode>) {
        match outcome {
            AuditOutcome::Done => (Self::Done, None),
            AuditOutcome::Unchanged => (Self::Unchanged, None),
            AuditOutcome::Refused(refusal) => (Self::Refused, Some(RefusalCode(refusal))),
        }
    }

    /// The inverse of [`of`](Self::of); `None` for a code without a refusal, and for a refusal without a code.
    pub const fn with(self, code: Option<RefusalCode>) -> Option<AuditOutcome> {
        match (self, code) {
            (Self::Done, None) => Some(AuditOutcome::Done),
            (Self::Unchanged, None) => Some(AuditOutcome::Unchanged),
            (Self::Refused, Some(RefusalCode(refusal))) => Some(AuditOutcome::Refused(refusal)),
            (_, _) => None,
        }
    }
}

/// An action.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    pub name: &'static str,
    /// The breaker, key or workspace that it was done to.
    pub target: Option<Id>,
    pub details: AuditDetails,
}

/// What the action says; each has its own members.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuditDetails {
    /// `csat_config.patched`: the fields that were sent, as they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = CsatConfigPatch)]
    pub from: Option<CsatConfigPatch>,
    /// `csat_config.patched`: the fields that were sent, as they were sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = CsatConfigPatch)]
    pub to: Option<CsatConfigPatch>,
    /// `breaker.…`: whether it came with a note, which the breaker has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = bool)]
    pub noted: Option<bool>,
    /// `settings.installed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = AuditSettings)]
    pub settings: Option<InstalledForm>,
    /// `event.skipped`: the position of what was passed over.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, pattern = r"^\d+-\d+$")]
    pub event: Option<Box<str>>,
    /// `workspace.created`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    pub name: Option<Box<str>>,
    /// `workspace.created`, `requests.others`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    pub tenant: Option<Box<str>>,
    /// `key.…`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = AuditKey)]
    pub key: Option<KeyForm>,
}

/// See [`Installed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InstalledForm(#[serde(with = "AuditSettings")] Installed);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Installed", rename_all = "camelCase", deny_unknown_fields)]
struct AuditSettings {
    #[serde(flatten)]
    model: Model,
    #[serde(with = "hex")]
    secret_id: [u8; 8],
    profile: Box<str>,
    #[serde(with = "hex")]
    profile_hash: [u8; 8],
}

impl utoipa::PartialSchema for AuditSettings {
    fn schema() -> RefOr<Schema> {
        let model = [
            "windowSize",
            "windowDays",
            "workspaceFactor",
            "settleDays",
            "duplicateDays",
            "explanationDays",
            "retentionDays",
            "maxTurns",
        ];
        let text = || ObjectBuilder::new().schema_type(Type::String);
        let hash = || text().pattern(Some("^[0-9a-f]{16}$"));
        let object =
            ObjectBuilder::new().description(Some("What config.toml says; of the scoring profile its name and hash."));
        let object = model
            .into_iter()
            .fold(object, |object, name| object.property(name, Ref::from_schema_name("Count")).required(name));
        object
            .property("secretId", hash().description(Some("Names the secret that hashes were keyed with.")))
            .required("secretId")
            .property("profile", text())
            .required("profile")
            .property("profileHash", hash())
            .required("profileHash")
            .into()
    }
}

impl ToSchema for AuditSettings {}

/// See [`KeyNote`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyForm(#[serde(with = "AuditKey")] KeyNote);

/// An API key as it was made.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(remote = "KeyNote", rename_all = "camelCase", deny_unknown_fields)]
struct AuditKey {
    name: Box<str>,
    key_prefix: Box<str>,
    #[schema(required)]
    tenant: Option<Box<str>>,
    /// Null: good for all of its tenant's.
    #[serde(rename = "workspaceId")]
    #[schema(required)]
    workspace: Option<Id>,
    side: Side,
    scopes: Vec<Permission>,
    #[serde(serialize_with = "time::serialize_option", deserialize_with = "time::deserialize_option")]
    #[schema(required, value_type = Option<Timestamp>)]
    expires_at: Option<Millis>,
}

/// An action of one kind of trail.
pub trait Action: Sized {
    fn shown(&self) -> Shown;

    /// The inverse of [`shown`](Self::shown); `None` where the parts make no action. Members of other actions are
    /// refused.
    fn of(name: &str, target: Option<Id>, details: AuditDetails) -> Option<Self> {
        let shown = (target, details.clone());
        let read = Self::read(name, target, details)?;
        let again = read.shown();
        (again.name == name && (again.target, again.details) == shown).then_some(read)
    }

    /// As [`of`](Self::of), but ignores members of other actions.
    fn read(name: &str, target: Option<Id>, details: AuditDetails) -> Option<Self>;
}

impl Action for SideAction {
    fn shown(&self) -> Shown {
        let none = AuditDetails::default();
        let (name, target, details) = match self {
            Self::CsatConfigPatched(patched) => {
                let Patched { from, to } = Patched::clone(patched);
                let (from, to) = (Some(from.into()), Some(to.into()));
                ("csat_config.patched", None, AuditDetails { from, to, ..none })
            }
            Self::BreakerAcknowledged { breaker, noted } => {
                ("breaker.acknowledged", Some(*breaker), AuditDetails { noted: Some(*noted), ..none })
            }
            Self::BreakerResolved { breaker, noted } => {
                ("breaker.resolved", Some(*breaker), AuditDetails { noted: Some(*noted), ..none })
            }
            Self::SettingsInstalled(installed) => (
                "settings.installed",
                None,
                AuditDetails { settings: Some(InstalledForm(Installed::clone(installed))), ..none },
            ),
            Self::ConversationErased => ("conversation.erased", None, none),
            Self::ContactErased => ("contact.erased", None, none),
            Self::EventSkipped { event } => {
                ("event.skipped", None, AuditDetails { event: Some(event.to_string().into()), ..none })
            }
            Self::Others => (OTHERS, None, none),
        };
        Shown { name, target, details }
    }

    fn read(name: &str, target: Option<Id>, details: AuditDetails) -> Option<Self> {
        Some(match name {
            "csat_config.patched" => {
                let (from, to) = (details.from?.into(), details.to?.into());
                Self::CsatConfigPatched(Box::new(Patched { from, to }))
            }
            "breaker.acknowledged" => Self::BreakerAcknowledged { breaker: target?, noted: details.noted? },
            "breaker.resolved" => Self::BreakerResolved { breaker: target?, noted: details.noted? },
            "settings.installed" => Self::SettingsInstalled(Box::new(details.settings?.0)),
            "conversation.erased" => Self::ConversationErased,
            "contact.erased" => Self::ContactErased,
            "event.skipped" => Self::EventSkipped { event: Position::parse(&details.event?)? },
            OTHERS => Self::Others,
            _ => return None,
        })
    }
}

impl Action for SystemAction {
    fn shown(&self) -> Shown {
        let none = AuditDetails::default();
        let (name, target, details) = match self {
            Self::WorkspaceCreated { id, name, tenant } => {
                let details = AuditDetails { name: Some(name.clone()), tenant: Some(tenant.clone()), ..none };
                ("workspace.created", Some(*id), details)
            }
            Self::WorkspaceDeleted { id, name, tenant } => {
                let details = AuditDetails { name: Some(name.clone()), tenant: Some(tenant.clone()), ..none };
                ("workspace.deleted", Some(*id), details)
            }
            Self::KeyCreated { id, key } => {
                ("key.created", Some(*id), AuditDetails { key: Some(KeyForm(KeyNote::clone(key))), ..none })
            }
            Self::KeyRevoked { id, key } => {
                ("key.revoked", Some(*id), AuditDetails { key: key.as_deref().cloned().map(KeyForm), ..none })
            }
            Self::Others { tenant } => (OTHERS, None, AuditDetails { tenant: tenant.clone(), ..none }),
        };
        Shown { name, target, details }
    }

    fn read(name: &str, target: Option<Id>, details: AuditDetails) -> Option<Self> {
        Some(match name {
            "workspace.created" => Self::WorkspaceCreated { id: target?, name: details.name?, tenant: details.tenant? },
            "workspace.deleted" => Self::WorkspaceDeleted { id: target?, name: details.name?, tenant: details.tenant? },
            "key.created" => Self::KeyCreated { id: target?, key: Box::new(details.key?.0) },
            OTHERS => Self::Others { tenant: details.tenant },
            "key.revoked" => Self::KeyRevoked { id: target?, key: details.key.map(|key| Box::new(key.0)) },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::csat_config::CsatPatch;
    use crate::domain::score::Hundredths;

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
        let stray = AuditDetails { event: Some("1-1".into()), name: Some("x".into()), ..details };
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
        let settings = crate::domain::settings::Settings { secret_id: [0xab; 8], ..Default::default() };
        let installed = back(&SideAction::SettingsInstalled(Box::new((&settings).into())));
        assert!(installed.contains(r#""secretId":"abababababababab","profile":"#), "{installed}");
        assert_eq!([back(&SideAction::ConversationErased), back(&SideAction::ContactErased)], ["{}", "{}"]);
        assert_eq!(back(&SideAction::EventSkipped { event: Position::new(3, 2) }), r#"{"event":"3-2"}"#);
        assert_eq!(back(&SideAction::Others), "{}");

        back(&SystemAction::WorkspaceCreated { id: Id(7), name: "Support".into(), tenant: "nordic".into() });
        back(&SystemAction::WorkspaceDeleted { id: Id(7), name: "Support".into(), tenant: "nordic".into() });
        let created = back(&SystemAction::KeyCreated { id: Id(8), key: Box::new(key()) });
        assert!(created.contains(r#""expiresAt":"2026-03-25T10:00:00.000Z""#), "{created}");
        back(&SystemAction::KeyRevoked { id: Id(8), key: Some(Box::new(key())) });
        back(&SystemAction::KeyRevoked { id: Id(8), key: None });
        back(&SystemAction::Others { tenant: Some("nordic".into()) });
    }

    #[test]
    fn every_outcome_comes_back_from_its_name_and_code() {
        let refused = Refusal::ALL.map(AuditOutcome::Refused);
        for outcome in refused.into_iter().chain([AuditOutcome::Done, AuditOutcome::Unchanged]) {
            let (name, code) = Outcome::of(outcome);
            assert_eq!(name.with(code), Some(outcome));
            let text = serde_json::to_string(&code).unwrap();
            assert_eq!(serde_json::from_str::<Option<RefusalCode>>(&text).unwrap(), code);
        }
        let code = Some(RefusalCode(Refusal::KeyExists));
        assert_eq!((Outcome::Done.with(code), Outcome::Refused.with(None)), (None, None));
        assert!(serde_json::from_str::<RefusalCode>("\"x\"").is_err());
    }
}
