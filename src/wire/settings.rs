//! What the users of a workspace side set beside its configuration (R6.9), and its PATCH.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{Asked, Body, Fields};
use super::patch::{sent, workspace_id};
use super::values::{Rate, WorkspaceId};
use crate::domain::ids::Id;
use crate::domain::own_settings::{OwnPatch, OwnSettings};
use crate::domain::score::Hundredths;

/// What holds in a workspace side beside its configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({
    "workspaceId": "0191b5a2-7c3e-7d11-9f00-0123456789ab", "minConfidence": 0.4, "minSignals": null,
    "channelBreakers": true, "intentBreakers": false, "forgottenAfterHours": 4
})))]
pub struct QualitySettings {
    pub workspace_id: Id,
    /// A score with less confidence counts in no run of low conversations; null: any counts.
    #[schema(required, value_type = Option<Rate>)]
    pub min_confidence: Option<Hundredths>,
    /// A score of fewer signals counts in no run of low conversations; null: any counts.
    #[schema(required, minimum = 0, maximum = 65_535)]
    pub min_signals: Option<u16>,
    /// Channels have breakers of their own.
    pub channel_breakers: bool,
    /// Intents have breakers of their own.
    pub intent_breakers: bool,
    /// After so many hours without the next step a breaker is announced again; null: never.
    #[schema(required, minimum = 1, maximum = 720)]
    pub forgotten_after_hours: Option<u16>,
}

impl QualitySettings {
    /// Those of this workspace: what is not set is off.
    pub fn of(workspace_id: Id, own: &OwnSettings) -> Self {
        Self {
            workspace_id,
            min_confidence: own.min_confidence,
            min_signals: own.min_signals,
            channel_breakers: own.channel_breakers.unwrap_or_default(),
            intent_breakers: own.intent_breakers.unwrap_or_default(),
            forgotten_after_hours: own.forgotten_after_hours,
        }
    }
}

/// The members to change; the others stay. Null takes back what was set. An empty object changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(examples(json!({"minConfidence": 0.4, "channelBreakers": true, "forgottenAfterHours": null})))]
pub struct QualitySettingsPatch {
    /// As a GET answers it: that of the path. Any other is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, value_type = WorkspaceId)]
    pub workspace_id: Option<Id>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "sent")]
    #[schema(required = false, value_type = Option<Rate>)]
    pub min_confidence: Option<Option<Hundredths>>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "sent")]
    #[schema(required = false, value_type = Option<u16>, minimum = 0, maximum = 65_535)]
    pub min_signals: Option<Option<u16>>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "sent")]
    #[schema(required = false, value_type = Option<bool>)]
    pub channel_breakers: Option<Option<bool>>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "sent")]
    #[schema(required = false, value_type = Option<bool>)]
    pub intent_breakers: Option<Option<bool>>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "sent")]
    #[schema(required = false, value_type = Option<u16>, minimum = 1, maximum = 720)]
    pub forgotten_after_hours: Option<Option<u16>>,
}

impl Body for QualitySettingsPatch {
    fn read(fields: &mut Fields<'_>, asked: Asked) -> Self {
        Self {
            workspace_id: workspace_id(fields, asked),
            min_confidence: fields.nullable_rate("minConfidence"),
            min_signals: fields.nullable_integer("minSignals", 0, u16::MAX),
            channel_breakers: fields.nullable_boolean("channelBreakers"),
            intent_breakers: fields.nullable_boolean("intentBreakers"),
            forgotten_after_hours: fields.nullable_integer("forgottenAfterHours", 1, 720),
        }
    }
}

impl From<OwnPatch> for QualitySettingsPatch {
    fn from(patch: OwnPatch) -> Self {
        let OwnPatch { min_confidence, min_signals, channel_breakers, intent_breakers, forgotten_after_hours } = patch;
        let workspace_id = None;
        Self { workspace_id, min_confidence, min_signals, channel_breakers, intent_breakers, forgotten_after_hours }
    }
}

impl From<QualitySettingsPatch> for OwnPatch {
    fn from(patch: QualitySettingsPatch) -> Self {
        let QualitySettingsPatch { workspace_id: _, min_confidence, min_signals, .. } = patch;
        let QualitySettingsPatch { channel_breakers, intent_breakers, forgotten_after_hours, .. } = patch;
        Self { min_confidence, min_signals, channel_breakers, intent_breakers, forgotten_after_hours }
    }
}

#[cfg(test)]
mod tests {
    use super::super::body::{self, BodyError};
    use super::*;

    fn read(body: &str) -> Result<QualitySettingsPatch, BodyError> {
        body::read(body.as_bytes(), Asked { workspace: Some(Id(1)), ..Asked::default() })
    }

    fn pointers(body: &str) -> Vec<String> {
        match read(body) {
            Err(BodyError::Faults(faults)) => faults.into_iter().map(|fault| fault.pointer).collect(),
            other => panic!("{body}: {other:?}"),
        }
    }

    #[test]
    fn r6_9_each_end_of_each_range_and_null() {
        let good = [
            ("minConfidence", &["0", "1", "0.01", "1.00", "null"][..]),
            ("minSignals", &["0", "65535", "null"]),
            ("channelBreakers", &["true", "false", "null"]),
            ("intentBreakers", &["true", "false", "null"]),
            ("forgottenAfterHours", &["1", "720", "null"]),
        ];
        let bad = [
            ("minConfidence", &["-0.01", "1.01", "0.005", "\"0.5\"", "true", "1e400"][..]),
            ("minSignals", &["-1", "65536", "1.0", "\"3\"", "true"]),
            ("channelBreakers", &["0", "1", "\"true\"", "[]"]),
            ("intentBreakers", &["0", "1", "\"true\"", "{}"]),
            ("forgottenAfterHours", &["0", "721", "24.0", "\"24\"", "false"]),
        ];
        for (name, value) in good.into_iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value))) {
            assert!(read(&format!(r#"{{"{name}": {value}}}"#)).is_ok(), "{name} {value}");
        }
        for (name, value) in bad.into_iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value))) {
            assert_eq!(pointers(&format!(r#"{{"{name}": {value}}}"#)), [format!("/{name}")], "{value}");
        }
        let all = pointers(r#"{"minSignals": 1.5, "forgottenAfterHours": 0, "model": "task-1", "minConfidence": 2}"#);
        assert_eq!(all, ["/minConfidence", "/minSignals", "/forgottenAfterHours", "/model"]);
    }

    #[test]
    fn r6_9_what_is_not_set_is_off_and_what_was_read_is_taken_back() {
        let answer = serde_json::to_string(&QualitySettings::of(Id(1), &OwnSettings::default())).unwrap();
        let expected = concat!(
            r#"{"workspaceId":"00000000-0000-0000-0000-000000000001","minConfidence":null,"minSignals":null,"#,
            r#""channelBreakers":false,"intentBreakers":false,"forgottenAfterHours":null}"#
        );
        assert_eq!(answer, expected);
        let patch = OwnPatch::from(read(&answer).unwrap());
        assert_eq!((patch.min_confidence, patch.channel_breakers), (Some(None), Some(Some(false))));
        let patched = OwnSettings::default().patched(&patch);
        assert_eq!(QualitySettings::of(Id(1), &patched), QualitySettings::of(Id(1), &OwnSettings::default()));
        assert_eq!(pointers(&answer.replace("000000000001", "000000000002")), ["/workspaceId"]);
        assert_eq!(read("{}").unwrap(), QualitySettingsPatch::default());
    }
}
