//! `…/quality/settings` (R6.9).

use axum::extract::State;
use axum::response::Response;

use crate::domain::settings::Settings;
use crate::domain::system::Permission;
use crate::http::App;
use crate::http::answer::ok;
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::http::openapi::failures::{Caller, Failures, Ids, JsonBody, Reads, Writes};
use crate::http::openapi::params::InWorkspace;
use crate::http::payload::Payload;
use crate::wire::settings::{QualitySettings, QualitySettingsPatch};

/// Settings of a workspace
///
/// What holds beside the configuration: which scores count for breakers, which scopes have one, and when one that
/// nobody takes care of is announced again.
#[utoipa::path(
    get,
    path = "/quality/settings",
    tag = "Configuration",
    operation_id = "getQualitySettings",
    security(("credential" = ["quality:read"])),
    params(InWorkspace),
    responses((status = 200, description = "The settings.", body = QualitySettings), Failures<(Caller, Ids, Reads)>),
)]
pub async fn show(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let key = call.workspace(&app, &[Permission::QualityRead])?;
    call.only(&[])?;
    Ok(ok(&QualitySettings::of(key.id, &app.service.own_settings(key).await?, &Settings::default())))
}

/// Change the settings
///
/// Only the members sent change; null takes back what was set. All faults are reported at once, and then nothing is
/// changed. A change alone never trips or resolves a breaker.
#[utoipa::path(
    patch,
    path = "/quality/settings",
    tag = "Configuration",
    operation_id = "updateQualitySettings",
    security(("credential" = ["quality:write"])),
    params(InWorkspace),
    request_body(
        content((QualitySettingsPatch = "application/json")),
        description = "Taken as `application/merge-patch+json` as well."
    ),
    responses(
        (status = 200, description = "All settings.", body = QualitySettings),
        Failures<(Caller, Ids, JsonBody, Reads, Writes)>
    ),
)]
pub async fn patch(State(app): State<App>, call: Call, payload: Payload) -> Result<Response, ApiError> {
    let key = call.workspace(&app, &[Permission::QualityWrite])?;
    call.only(&[])?;
    let patch = payload.patch::<QualitySettingsPatch>(&app, &call).await?;
    let own = app.service.patch_own_settings(&call.who, key, patch.into()).await?;
    Ok(ok(&QualitySettings::of(key.id, &own, &Settings::default())))
}
