//! `…/quality/settings` (R6.9).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use crate::domain::ids::Position;
use crate::domain::system::Permission;
use crate::http::App;
use crate::http::answer::ok;
use crate::http::call::Call;
use crate::http::cursor::{Cursor, List};
use crate::http::error::ApiError;
use crate::http::listing::{Form, PART, pages, varied, whole};
use crate::http::openapi::failures::{Caller, ChangesScoring, Failures, Ids, JsonBody, Reads, Writes};
use crate::http::openapi::params::{InWorkspace, PageQuery};
use crate::http::payload::Payload;
use crate::wire::body::InForce;
use crate::wire::settings::{QualitySettings, QualitySettingsPatch, SettingsHistoryPage};

/// Settings of a workspace
///
/// What holds beside the configuration: how conversations are scored, which of them an account's window has, which
/// scores count for breakers, which scopes have one, and when one that nobody takes care of is announced again.
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
    let (own, effective) = app.service.settings(key).await?;
    Ok(ok(&QualitySettings::of(key.id, &own, &effective.settings)))
}

/// Change the settings
///
/// Only the members sent change; null takes back what was set. All faults are reported at once, and then nothing is
/// changed. Model, weights and language are those of scores to come; all else holds for old conversations too. A change
/// alone never trips or resolves a breaker.
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
        Failures<(Caller, Ids, JsonBody, Reads, Writes, ChangesScoring)>
    ),
)]
pub async fn patch(State(app): State<App>, call: Call, payload: Payload) -> Result<Response, ApiError> {
    let key = call.workspace(&app, &[Permission::QualityWrite])?;
    call.only(&[])?;
    let (_, before) = app.service.settings(key).await?;
    let in_force = InForce {
        model: before.settings.profile.model,
        configured_model: before.configured_model,
        retention_days: before.settings.model.retention_days,
    };
    let patch = payload.patch_of_settings::<QualitySettingsPatch>(&app, &call, in_force).await?;
    let (own, effective) = app.service.patch_settings(&call.who, key, patch.into()).await?;
    Ok(ok(&QualitySettings::of(key.id, &own, &effective.settings)))
}

/// Changes of the settings
///
/// Every change of the configuration and of the settings, the newest first, as far back as the audit trail reaches: who
/// made it, and the members that changed, before and after. Those that the server's own configuration brought when it
/// was started have no actor. As `text/csv` or `application/x-ndjson` all of them at once.
#[utoipa::path(
    get,
    path = "/quality/settings/history",
    tag = "Configuration",
    operation_id = "listQualitySettingsHistory",
    security(("credential" = ["quality:read"])),
    params(InWorkspace, PageQuery),
    responses(
        (
            status = 200,
            description = "A page of them, or all.",
            content((SettingsHistoryPage = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))
        ),
        Failures<(Caller, Ids, Reads)>
    ),
)]
pub async fn history(State(app): State<App>, call: Call, form: Form) -> Result<Response, ApiError> {
    let key = call.workspace(&app, &[Permission::QualityRead])?;
    let query = call.query();
    let mut faults = query.faults(&["limit", "cursor"]);
    let page = form.page(&query, List::Settings, &mut faults);
    if !faults.is_empty() {
        return Err(ApiError::invalid(faults));
    }
    let load = Arc::clone(call.visit.load());
    let Some(page) = page else {
        let service = app.service;
        let part = move |before| {
            let (service, load) = (Arc::clone(&service), Arc::clone(&load));
            async move { service.settings_history(&load, key, before, PART).await }
        };
        return Ok(whole(form, "settings", call, pages(part)));
    };
    let before = page.after.map(|[receipt, at]| (receipt.cast_signed(), Position::from_packed(at)));
    let (data, next) = app.service.settings_history(&load, key, before, page.limit).await?;
    let next_cursor = next.map(|(receipt, at)| Cursor::new(List::Settings, [receipt.cast_unsigned(), at.packed()]));
    Ok(varied(ok(&SettingsHistoryPage { data, next_cursor: next_cursor.map(|cursor| cursor.encode()) })))
}
