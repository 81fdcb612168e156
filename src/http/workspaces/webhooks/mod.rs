//! `…/webhooks` (R8.3): endpoints.

pub mod actions;
pub mod deliveries;

use axum::extract::State;
use axum::response::Response;

use crate::domain::ids::{Id, IdKind, WorkspaceKey};
use crate::domain::system::Permission;
use crate::http::App;
use crate::http::answer::{created, ok, unstored};
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::http::openapi::failures::{Caller, ChangesWebhook, Failures, Ids, JsonBody, MakesWebhook, Reads, Writes};
use crate::http::openapi::params::{InWorkspace, OfWebhook};
use crate::http::payload::Payload;
use crate::wire::webhook::{NewWebhook, Webhook, WebhookList, WebhookPatch, WebhookWithSecret};

/// List webhooks
///
/// The oldest first. Keys that begin with `sf_test_v1_` have webhooks of their own.
#[utoipa::path(
    get,
    path = "/webhooks",
    tag = "Webhooks",
    operation_id = "listWebhooks",
    security(("credential" = ["admin"])),
    params(InWorkspace),
    responses((status = 200, description = "All of them.", body = WebhookList), Failures<(Caller, Ids, Reads)>),
)]
pub async fn list(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let key = call.workspace(&app, &[Permission::Admin])?;
    call.only(&[])?;
    Ok(ok(&app.service.webhooks(key).await?.into_iter().collect::<WebhookList>()))
}

/// Make a webhook
///
/// What happens from now on is sent there, signed as Standard Webhooks has it. At most 20 for each side of a workspace.
#[utoipa::path(
    post,
    path = "/webhooks",
    tag = "Webhooks",
    operation_id = "createWebhook",
    security(("credential" = ["admin"])),
    params(InWorkspace),
    request_body = NewWebhook,
    responses(
        (
            status = 201,
            description = "The webhook with its secret, which is not shown again.",
            body = WebhookWithSecret,
            headers(("Cache-Control" = String, description = "`no-store`."))
        ),
        Failures<(Caller, Ids, JsonBody, Reads, Writes, MakesWebhook)>
    ),
)]
pub async fn create(State(app): State<App>, call: Call, payload: Payload) -> Result<Response, ApiError> {
    let key = call.workspace(&app, &[Permission::Admin])?;
    call.only(&[])?;
    let new = payload.json::<NewWebhook>(&app, &call).await?;
    let (webhook, secret) = app.service.create_webhook(&call.who, key, new).await?;
    Ok(unstored(created(&WebhookWithSecret::new(webhook, secret))))
}

/// Show a webhook
#[utoipa::path(
    get,
    path = "/webhooks/{webhookId}",
    tag = "Webhooks",
    operation_id = "getWebhook",
    security(("credential" = ["admin"])),
    params(InWorkspace, OfWebhook),
    responses((status = 200, description = "The webhook.", body = Webhook), Failures<(Caller, Ids, Reads)>),
)]
pub async fn show(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let (key, id) = of_path(&app, &call).await?;
    Ok(ok(&app.service.webhook(key, id).await?))
}

/// Change a webhook
///
/// Only the members sent change. All faults are reported at once, and then nothing is changed.
#[utoipa::path(
    patch,
    path = "/webhooks/{webhookId}",
    tag = "Webhooks",
    operation_id = "updateWebhook",
    security(("credential" = ["admin"])),
    params(InWorkspace, OfWebhook),
    request_body(
        content((WebhookPatch = "application/json")),
        description = "Taken as `application/merge-patch+json` as well."
    ),
    responses(
        (status = 200, description = "The whole webhook.", body = Webhook),
        Failures<(Caller, Ids, JsonBody, Reads, Writes, ChangesWebhook)>
    ),
)]
pub async fn patch(State(app): State<App>, call: Call, payload: Payload) -> Result<Response, ApiError> {
    let (key, id) = of_path(&app, &call).await?;
    let patch = payload.patch::<WebhookPatch>(&app, &call).await?;
    Ok(ok(&app.service.patch_webhook(&call.who, key, id, patch).await?))
}

/// Remove a webhook
///
/// With its deliveries: what is under way is not tried again.
#[utoipa::path(
    delete,
    path = "/webhooks/{webhookId}",
    tag = "Webhooks",
    operation_id = "deleteWebhook",
    security(("credential" = ["admin"])),
    params(InWorkspace, OfWebhook),
    responses(
        (status = 200, description = "The webhook as it was.", body = Webhook),
        Failures<(Caller, Ids, Reads, Writes)>
    ),
)]
pub async fn delete(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let (key, id) = of_path(&app, &call).await?;
    Ok(ok(&app.service.delete_webhook(&call.who, key, id).await?))
}

/// Which webhook of which side, where nothing else is asked for in the address.
async fn of_path(app: &App, call: &Call) -> Result<(WorkspaceKey, Id), ApiError> {
    let [workspace, id] = call.ids([("workspaceId", IdKind::Workspace), ("webhookId", IdKind::Webhook)])?;
    let key = app.service.webhook_side(&call.who, workspace, id).await?;
    call.only(&[])?;
    Ok((key, id))
}
