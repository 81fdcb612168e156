//! The audit trail: a page of it, and its entries, which exports have as well.
//!
//! JSON of types that the journal holds too is made by mirror types (serde's `remote`): a type's own serde is that of
//! the disk, and the compiler holds the mirror's fields to it.

mod action;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa::openapi::{ObjectBuilder, Ref, RefOr, Schema, Type};

pub use self::action::Action;

use super::calibration::CalibrationPatch;
use super::csat_config::CsatConfigPatch;
use super::settings::QualitySettingsPatch;
use super::values::{Timestamp, one_of};
use crate::domain::audit::{AuditOutcome, Installed, KeyNote, Refusal};
use crate::domain::calibrated::Calibrated;
use crate::domain::csat_config::CsatPatch;
use crate::domain::hex;
use crate::domain::ids::{Id, Side};
use crate::domain::own_settings::OwnPatch;
use crate::domain::settings::Model;
use crate::domain::system::Permission;
use crate::domain::time::{self, Millis};

/// The names of all actions.
pub const ACTIONS: [&str; 23] = [
    "breaker.acknowledged",
    "breaker.noted",
    "breaker.resolved",
    "breaker.tripped",
    "calibration.changed",
    "contact.erased",
    "conversation.erased",
    "csat_config.patched",
    "deliveries.replayed",
    "delivery.resent",
    "event.skipped",
    "key.created",
    "key.revoked",
    "requests.others",
    "resource.changed",
    "resource.created",
    "resource.removed",
    "score.overridden",
    "score.override_taken_back",
    "settings.installed",
    "settings.patched",
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
    /// The breaker, resource, key or workspace.
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
    /// The breaker, resource, key or workspace that it was done to.
    pub target: Option<Id>,
    pub details: AuditDetails,
}

/// What the action says; each has its own members.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuditDetails {
    /// `csat_config.patched`, `settings.patched`, `calibration.changed`: the members that were sent, as they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = AuditPatch)]
    pub from: Option<AuditPatch>,
    /// `csat_config.patched`, `settings.patched`, `calibration.changed`: the members that were sent, as they were sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = AuditPatch)]
    pub to: Option<AuditPatch>,
    /// `breaker.acknowledged`, `breaker.resolved`: whether it came with a note, which the breaker has.
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
    /// `resource.…`: what it is, such as `webhook`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    pub kind: Option<Box<str>>,
}

/// Members of the configuration, or of the settings, or the calibration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum AuditPatch {
    Config(CsatConfigPatch),
    Settings(QualitySettingsPatch),
    Calibration(CalibrationPatch),
}

impl<'de> Deserialize<'de> for AuditPatch {
    /// What fits several is of the configuration. The numbers of settings are read from their text.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&RawValue>::deserialize(deserializer)?.get();
        let config = serde_json::from_str(text).map(Self::Config);
        let either = config.or_else(|_| serde_json::from_str(text).map(Self::Settings));
        either
            .or_else(|_| serde_json::from_str(text).map(Self::Calibration))
            .map_err(|_| serde::de::Error::custom("these are members neither of the configuration nor of the settings"))
    }
}

impl AuditPatch {
    fn config(self) -> Option<CsatPatch> {
        match self {
            Self::Config(patch) => Some(patch.into()),
            Self::Settings(_) | Self::Calibration(_) => None,
        }
    }

    fn settings(self) -> Option<OwnPatch> {
        match self {
            // Nothing sent reads as either.
            Self::Config(patch) => (CsatPatch::from(patch) == CsatPatch::default()).then(OwnPatch::default),
            Self::Settings(patch) => Some(patch.into()),
            Self::Calibration(_) => None,
        }
    }

    fn calibration(self) -> Option<Option<Box<Calibrated>>> {
        match self {
            Self::Calibration(CalibrationPatch { calibration }) => Some(calibration.map(|form| Box::new(form.into()))),
            Self::Config(_) | Self::Settings(_) => None,
        }
    }
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

#[cfg(test)]
mod tests;
