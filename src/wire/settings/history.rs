//! Every change of the configuration and the settings of a side (R6.9).

use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

use crate::domain::audit::{AuditEntry, ConfiguredMembers, SettingsChanged, SideAction};
use crate::domain::calibrated::Calibrated;
use crate::domain::hex;
use crate::wire::calibration::{Calibration, CalibrationPatch};
use crate::wire::csat_config::CsatConfigPatch;
use crate::wire::settings::QualitySettingsPatch;
use crate::wire::values::{Timestamp, joined, or_null};

/// The newest first.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SettingsHistoryPage {
    pub data: Vec<SettingsHistoryEntry>,
    /// Absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, pattern = "^[A-Za-z0-9_-]+$")]
    pub next_cursor: Option<String>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(examples(json!({
    "position": "12-0", "at": "2026-03-15T14:35:00.000Z", "actor": "api-key:0191b5a2-7c3e-7d11-9f00-00000000ce11",
    "source": "settings", "before": {"windowDays": null}, "after": {"windowDays": 30}
})))]
pub struct SettingsHistoryEntry {
    /// In the order of the workspace side.
    #[schema(pattern = r"^\d+-\d+$")]
    pub position: String,
    pub at: Timestamp,
    /// `api-key:<id>`, a JWT's subject or `client:<id>`; null: the server, which was started with another configuration.
    #[schema(required)]
    pub actor: Option<Box<str>>,
    pub source: SettingsSource,
    /// The members that changed, as they were; null: not set.
    #[schema(value_type = ChangedMembers)]
    pub before: ChangedMembers,
    /// The members that changed, as they are then; null: not set.
    #[schema(value_type = ChangedMembers)]
    pub after: ChangedMembers,
}

/// Where a change came from: `csat_config` and `settings` are the two PATCHes, `config_file` is the server's own
/// configuration, `calibration` what was applied or taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SettingsSource {
    CsatConfig,
    Settings,
    ConfigFile,
    Calibration,
}

/// Members of the configuration or the settings.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ChangedMembers {
    Config(CsatConfigPatch),
    Settings(Box<QualitySettingsPatch>),
    Configured(ConfiguredForm),
    Calibration(Box<CalibrationPatch>),
}

/// See [`ConfiguredMembers`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConfiguredForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace_factor: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    window_conversations: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    window_days: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile_hash: Option<String>,
}

impl From<ConfiguredMembers> for ConfiguredForm {
    fn from(members: ConfiguredMembers) -> Self {
        let ConfiguredMembers { workspace_factor, window_conversations, window_days, profile } = members;
        let (profile, hash) = profile.unzip();
        let profile_hash = hash.map(|hash| hex::encode(&hash));
        Self { workspace_factor, window_conversations, window_days, profile, profile_hash }
    }
}

impl utoipa::PartialSchema for ChangedMembers {
    fn schema() -> RefOr<Schema> {
        let mut members =
            joined::<CsatConfigPatch, QualitySettingsPatch>("Members of the configuration or the settings.");
        members.properties.shift_remove("workspaceId");
        let text = || ObjectBuilder::new().schema_type(Type::String);
        let profile =
            text().description(Some("Of `config_file`: the scoring profile, with model, language and weights."));
        members.properties.insert("profile".to_owned(), RefOr::T(profile.into()));
        let hash = text().pattern(Some("^[0-9a-f]{16}$"));
        members.properties.insert("profileHash".to_owned(), RefOr::T(hash.into()));
        members.properties.insert("calibration".to_owned(), or_null::<Calibration>("The calibration in force."));
        members.into()
    }
}

impl ToSchema for ChangedMembers {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        CsatConfigPatch::schemas(schemas);
        QualitySettingsPatch::schemas(schemas);
        Calibration::schemas(schemas);
    }
}

impl SettingsHistoryEntry {
    /// What changed with this entry of the trail.
    pub fn of(entry: &AuditEntry<SideAction>, changed: SettingsChanged) -> Self {
        let (source, [before, after]) = match changed {
            SettingsChanged::Config(members) => {
                (SettingsSource::CsatConfig, members.map(|members| ChangedMembers::Config(members.into())))
            }
            SettingsChanged::Own(members) => {
                (SettingsSource::Settings, members.map(|members| ChangedMembers::Settings(Box::new(members.into()))))
            }
            SettingsChanged::Configured(members) => {
                (SettingsSource::ConfigFile, members.map(|members| ChangedMembers::Configured(members.into())))
            }
            SettingsChanged::Calibration(members) => {
                let patch = |one: Option<Box<Calibrated>>| ChangedMembers::Calibration(Box::new(one.as_deref().into()));
                (SettingsSource::Calibration, members.map(patch))
            }
        };
        let (position, at) = (entry.at.to_string(), Timestamp(entry.receipt));
        Self { position, at, actor: entry.actor.clone(), source, before, after }
    }
}
