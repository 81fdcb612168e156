//! The configuration of a workspace side, and its PATCH (R3.7, R3.8).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{Asked, Body, Fields};
use super::patch::{camel, sent, workspace_id};
use super::values::{Score, WorkspaceId};
use crate::domain::csat_config as domain;
use crate::domain::ids::Id;
use crate::domain::score::Hundredths;

/// One row for each field: what it means, how it is read and within which bounds, its name, its type and that of its
/// schema, and what there is to know when it is changed.
macro_rules! csat_config {
    ($(
        $(#[$config:meta])*
        $read:ident $(($min:tt, $max:tt))? $field:ident: $type:ty as $schema:ty $(, $patch:literal)?;
    )+) => {
        /// The configuration of a workspace side.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "camelCase")]
        #[schema(examples(json!({
            "workspaceId": "0191b5a2-7c3e-7d11-9f00-0123456789ab", "emailInlineEnabled": true,
            "emailFollowupEnabled": false, "linkExpiryDays": 14, "followUpDelayMinutes": 60,
            "thresholdResolutionFailure": 2, "thresholdLowComposite": 3, "circuitBreakerCount": 3,
            "circuitBreakerWindowHours": 72, "baselineOutcome": null, "baselineProcess": null,
            "baselineEnvironment": null
        })))]
        pub struct CsatConfig {
            pub workspace_id: Id,
            $(
                $(#[$config])*
                $(#[schema(minimum = $min, maximum = $max)])?
                #[schema(required, value_type = $schema)]
                pub $field: $type,
            )+
        }

        impl CsatConfig {
            /// That of this workspace.
            pub fn of(workspace_id: Id, config: domain::CsatConfig) -> Self {
                let domain::CsatConfig { $($field),+ } = config;
                Self { workspace_id, $($field),+ }
            }
        }

        /// The fields to change; the others stay. An empty object changes nothing.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        #[schema(examples(json!({
            "thresholdLowComposite": 3.25, "circuitBreakerCount": 5, "baselineOutcome": null
        })))]
        pub struct CsatConfigPatch {
            /// As a GET answers it: that of the path. Any other is refused.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schema(required = false, nullable = false, value_type = WorkspaceId)]
            pub workspace_id: Option<Id>,
            $(
                $(#[doc = $patch])?
                $(#[schema(minimum = $min, maximum = $max)])?
                #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "sent")]
                #[schema(required = false, value_type = $schema)]
                pub $field: Option<$type>,
            )+
        }

        impl From<domain::CsatPatch> for CsatConfigPatch {
            fn from(domain::CsatPatch { $($field),+ }: domain::CsatPatch) -> Self {
                Self { workspace_id: None, $($field),+ }
            }
        }

        impl From<CsatConfigPatch> for domain::CsatPatch {
            fn from(CsatConfigPatch { workspace_id: _, $($field),+ }: CsatConfigPatch) -> Self {
                Self { $($field),+ }
            }
        }

        impl Body for CsatConfigPatch {
            fn read(fields: &mut Fields<'_>, asked: Asked) -> Self {
                Self { workspace_id: workspace_id(fields, asked), $($field: fields.$read(&camel(stringify!($field)) $(, $min, $max)?)),+ }
            }
        }
    };
}

csat_config! {
    /// Stored and answered; there are no satisfaction links yet.
    boolean email_inline_enabled: bool as bool;
    /// Stored and answered; there are no follow-up mails yet.
    boolean email_followup_enabled: bool as bool;
    integer(1, 90) link_expiry_days: u16 as u16, "`14.0` is not an integer.";
    integer(0, 10_080) follow_up_delay_minutes: u16 as u16;
    /// A conversation whose composite is below it is a resolution failure.
    score threshold_resolution_failure: Hundredths as Score;
    /// A conversation whose composite is below it is low.
    score threshold_low_composite: Hundredths as Score;
    /// Low conversations in a row that trip the breaker of an account.
    integer(1, 100) circuit_breaker_count: u16 as u16;
    /// How far back such a run may reach.
    integer(1, 168) circuit_breaker_window_hours: u16 as u16;
    /// What is expected of every conversation; null: what the account or the workspace has had so far.
    nullable_score baseline_outcome: Option<Hundredths> as Option<Score>, "Null takes the baseline away.";
    nullable_score baseline_process: Option<Hundredths> as Option<Score>;
    nullable_score baseline_environment: Option<Hundredths> as Option<Score>;
}

#[cfg(test)]
mod tests {
    use super::super::body::{self, BodyError};
    use super::*;

    fn read(body: &str) -> Result<CsatConfigPatch, BodyError> {
        body::read(body.as_bytes(), Asked { workspace: Some(Id(1)), ..Asked::default() })
    }

    fn pointers(body: &str) -> Vec<String> {
        match read(body) {
            Err(BodyError::Faults(faults)) => faults.into_iter().map(|fault| fault.pointer).collect(),
            other => panic!("{body}: {other:?}"),
        }
    }

    #[test]
    fn r3_8_each_end_of_each_range() {
        let ranges = [
            ("linkExpiryDays", "1", "90", "0", "91"),
            ("followUpDelayMinutes", "0", "10080", "-1", "10081"),
            ("thresholdResolutionFailure", "1.0", "5.00", "0.99", "5.01"),
            ("thresholdLowComposite", "1", "5", "0.99", "5.01"),
            ("circuitBreakerCount", "1", "100", "0", "101"),
            ("circuitBreakerWindowHours", "1", "168", "0", "169"),
            ("baselineOutcome", "1.0", "5.0", "0.99", "5.01"),
            ("baselineProcess", "1.0", "5.0", "0.99", "5.01"),
            ("baselineEnvironment", "1.0", "5.0", "0.99", "5.01"),
        ];
        for (name, low, high, below, above) in ranges {
            for value in [low, high] {
                assert!(read(&format!(r#"{{"{name}": {value}}}"#)).is_ok(), "{name} {value}");
            }
            for value in [below, above, "1e400", "-1", "\"3\"", "true", "{}", "[]", "1.005"] {
                assert_eq!(pointers(&format!(r#"{{"{name}": {value}}}"#)), [format!("/{name}")], "{value}");
            }
        }
    }

    #[test]
    fn r3_8_null_is_for_baselines_only() {
        let patch = read(r#"{"baselineOutcome": null}"#).unwrap();
        assert_eq!(patch, CsatConfigPatch { baseline_outcome: Some(None), ..CsatConfigPatch::default() });
        for name in ["emailInlineEnabled", "emailFollowupEnabled", "linkExpiryDays", "thresholdLowComposite"] {
            assert_eq!(pointers(&format!(r#"{{"{name}": null}}"#)), [format!("/{name}")]);
        }
    }

    #[test]
    fn r3_8_all_faults_at_once() {
        let body = r#"{"linkExpiryDays": 14.0, "thresholdLowComposite": 1.005, "emailInlineEnabled": 1, "x": 1,
            "circuitBreakerCount": 5}"#;
        assert_eq!(pointers(body), ["/emailInlineEnabled", "/linkExpiryDays", "/thresholdLowComposite", "/x"]);
    }

    #[test]
    fn r3_8_what_was_read_is_taken_back_but_for_another_workspace() {
        let read_back = serde_json::to_string(&CsatConfig::of(Id(1), domain::CsatConfig::default())).unwrap();
        let patch = domain::CsatPatch::from(read(&read_back).unwrap());
        assert_eq!((patch.link_expiry_days, patch.baseline_outcome), (Some(14), Some(None)));
        assert!(read(r#"{"workspaceId": "ws_00000000-0000-0000-0000-000000000001"}"#).is_ok());
        let other = read_back.replace("000000000001", "000000000002").replace("14", "0");
        assert_eq!(pointers(&other), ["/workspaceId", "/linkExpiryDays"]);
        assert_eq!(pointers(r#"{"workspaceId": null}"#), ["/workspaceId"]);
    }

    #[test]
    fn r3_7_the_answer_has_exactly_these_fields() {
        let answer = CsatConfig::of(Id(1), domain::CsatConfig::default());
        let expected = concat!(
            r#"{"workspaceId":"00000000-0000-0000-0000-000000000001","emailInlineEnabled":true,"#,
            r#""emailFollowupEnabled":false,"linkExpiryDays":14,"followUpDelayMinutes":60,"#,
            r#""thresholdResolutionFailure":2,"thresholdLowComposite":3,"circuitBreakerCount":3,"#,
            r#""circuitBreakerWindowHours":72,"baselineOutcome":null,"baselineProcess":null,"#,
            r#""baselineEnvironment":null}"#
        );
        assert_eq!(serde_json::to_string(&answer).unwrap(), expected);
    }
}
