//! `…/csat-config` (R3.7, R3.8).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use crate::domain::csat_config::{CsatConfig, CsatPatch};
use crate::domain::ids::Id;
use crate::domain::score::Hundredths;
use crate::domain::system::Permission;
use crate::http::App;
use crate::http::call::Call;
use crate::http::envelope::json;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::openapi::failures::{Caller, Failures, Ids, JsonBody, Reads, Writes};
use crate::http::payload::Payload;
use crate::http::schema::params::InWorkspace;
use crate::http::schema::quality as schema;

/// R3.7.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    workspace_id: Id,
    #[serde(flatten)]
    config: CsatConfig,
}

/// Configuration of a workspace
#[utoipa::path(
    get,
    path = "/csat-config",
    tag = "Configuration",
    operation_id = "getCsatConfig",
    security(("credential" = ["quality:read"])),
    params(InWorkspace),
    responses((status = 200, description = "The configuration.", body = schema::CsatConfig), Failures<(Caller, Ids, Reads)>),
)]
pub async fn show(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let key = call.workspace(&app, &[Permission::QualityRead])?;
    call.only(&[])?;
    let config = app.service.csat_config(key).await?;
    Ok(json(StatusCode::OK, &Answer { workspace_id: key.id, config }))
}

/// Change the configuration
///
/// Only the fields sent change. All faults are reported at once, and then nothing is changed. Thresholds, count and
/// window hold for old conversations too; baselines for scores to come. A change alone never trips or resolves a
/// breaker.
#[utoipa::path(
    patch,
    path = "/csat-config",
    tag = "Configuration",
    operation_id = "updateCsatConfig",
    security(("credential" = ["quality:write"])),
    params(InWorkspace),
    request_body = schema::CsatConfigPatch,
    responses((status = 200, description = "The whole configuration.", body = schema::CsatConfig), Failures<(Caller, Ids, JsonBody, Reads, Writes)>),
)]
pub async fn patch(State(app): State<App>, call: Call, payload: Payload) -> Result<Response, ApiError> {
    let key = call.workspace(&app, &[Permission::QualityWrite])?;
    call.only(&[])?;
    let patch = read(&payload.json().await?)?;
    let config = app.service.patch_csat_config(&call.who, key, patch).await?;
    Ok(json(StatusCode::OK, &Answer { workspace_id: key.id, config }))
}

/// R3.8's ranges, all faults at once.
fn read(body: &[u8]) -> Result<CsatPatch, ApiError> {
    const MIN: Hundredths = Hundredths::MIN_SCORE;
    const MAX: Hundredths = Hundredths::MAX_SCORE;
    let mut fields = Fields::parse(body)?;
    let patch = CsatPatch {
        email_inline_enabled: fields.boolean("emailInlineEnabled"),
        email_followup_enabled: fields.boolean("emailFollowupEnabled"),
        link_expiry_days: fields.integer("linkExpiryDays", 1, 90),
        follow_up_delay_minutes: fields.integer("followUpDelayMinutes", 0, 10_080),
        threshold_resolution_failure: fields.decimal("thresholdResolutionFailure", MIN, MAX),
        threshold_low_composite: fields.decimal("thresholdLowComposite", MIN, MAX),
        circuit_breaker_count: fields.integer("circuitBreakerCount", 1, 100),
        circuit_breaker_window_hours: fields.integer("circuitBreakerWindowHours", 1, 168),
        baseline_outcome: fields.nullable_decimal("baselineOutcome", MIN, MAX),
        baseline_process: fields.nullable_decimal("baselineProcess", MIN, MAX),
        baseline_environment: fields.nullable_decimal("baselineEnvironment", MIN, MAX),
    };
    fields.finish()?;
    Ok(patch)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(body: &str) -> Vec<(String, String)> {
        let failure = read(body.as_bytes()).unwrap_err();
        failure.details.iter().map(|fault| (fault.pointer.clone(), fault.error.to_string())).collect()
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
                assert!(read(format!(r#"{{"{name}": {value}}}"#).as_bytes()).is_ok(), "{name} {value}");
            }
            for value in [below, above, "1e400", "-1", "\"3\"", "true", "{}", "[]", "1.005"] {
                let faults = fault(&format!(r#"{{"{name}": {value}}}"#));
                assert_eq!(faults.len(), 1, "{name} {value}");
                assert_eq!(faults[0].0, format!("/{name}"), "{value}");
            }
        }
    }

    #[test]
    fn r3_8_null_is_for_baselines_only() {
        let patch = read(br#"{"baselineOutcome": null}"#).unwrap();
        assert_eq!(patch, CsatPatch { baseline_outcome: Some(None), ..CsatPatch::default() });
        for name in ["emailInlineEnabled", "emailFollowupEnabled", "linkExpiryDays", "thresholdLowComposite"] {
            assert_eq!(fault(&format!(r#"{{"{name}": null}}"#)).len(), 1, "{name}");
        }
    }

    #[test]
    fn r3_8_all_faults_at_once() {
        let body = r#"{"linkExpiryDays": 14.0, "thresholdLowComposite": 1.005, "emailInlineEnabled": 1, "x": 1,
            "circuitBreakerCount": 5}"#;
        let pointers: Vec<_> = fault(body).into_iter().map(|(pointer, _)| pointer).collect();
        assert_eq!(pointers, ["/emailInlineEnabled", "/linkExpiryDays", "/thresholdLowComposite", "/x"]);
    }

    #[test]
    fn r3_7_the_answer_has_exactly_these_fields() {
        let answer = Answer { workspace_id: Id(1), config: CsatConfig::default() };
        let expected = concat!(
            r#"{"workspaceId":"00000000-0000-0000-0000-000000000001","emailInlineEnabled":true,"#,
            r#""emailFollowupEnabled":false,"linkExpiryDays":14,"followUpDelayMinutes":60,"#,
            r#""thresholdResolutionFailure":2,"thresholdLowComposite":3,"circuitBreakerCount":3,"#,
            r#""circuitBreakerWindowHours":72,"baselineOutcome":null,"baselineProcess":null,"baselineEnvironment":null}"#
        );
        assert_eq!(serde_json::to_string(&answer).unwrap(), expected);
    }
}
