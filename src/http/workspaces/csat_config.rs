//! `…/csat-config` (R3.7, R3.8).

use axum::extract::State;
use axum::response::Response;

use crate::domain::system::Permission;
use crate::http::App;
use crate::http::answer::ok;
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::http::openapi::failures::{Caller, Failures, Ids, JsonBody, Reads, Writes};
use crate::http::openapi::params::InWorkspace;
use crate::http::payload::Payload;
use crate::wire::csat_config::{CsatConfig, CsatConfigPatch};

/// Configuration of a workspace
#[utoipa::path(
    get,
    path = "/csat-config",
    tag = "Configuration",
    operation_id = "getCsatConfig",
    security(("credential" = ["quality:read"])),
    params(InWorkspace),
    responses((status = 200, description = "The configuration.", body = CsatConfig), Failures<(Caller, Ids, Reads)>),
)]
pub async fn show(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let key = call.workspace(&app, &[Permission::QualityRead])?;
    call.only(&[])?;
    let config = app.service.csat_config(key).await?;
    Ok(ok(&CsatConfig::of(key.id, config)))
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
    request_body(
        content((CsatConfigPatch = "application/json")),
        description = "Taken as `application/merge-patch+json` as well."
    ),
    responses(
        (status = 200, description = "The whole configuration.", body = CsatConfig),
        Failures<(Caller, Ids, JsonBody, Reads, Writes)>
    ),
)]
pub async fn patch(State(app): State<App>, call: Call, payload: Payload) -> Result<Response, ApiError> {
    let key = call.workspace(&app, &[Permission::QualityWrite])?;
    call.only(&[])?;
    let patch = payload.patch::<CsatConfigPatch>(&app, &call).await?;
    let config = app.service.patch_csat_config(&call.who, key, patch.into()).await?;
    Ok(ok(&CsatConfig::of(key.id, config)))
}
