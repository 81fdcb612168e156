//! What is done with a webhook: tried out, given another secret, sent everything again.

use axum::extract::State;
use axum::response::Response;

use super::of_path;
use crate::http::App;
use crate::http::answer::{accepted, ok, unstored};
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::http::openapi::failures::{Caller, ChangesWebhook, Failures, Ids, JsonBody, NeedsWebhook, Reads, Writes};
use crate::http::openapi::params::{InWorkspace, OfWebhook};
use crate::http::payload::Payload;
use crate::wire::body::Nothing;
use crate::wire::webhook::{Replay, Rotation, Webhook, WebhookTest, WebhookWithSecret};

/// Try a webhook out
///
/// Sends one example of its first type now, signed as every message is, and answers with what came of it. It is not
/// tried again, and is none of the webhook's deliveries.
#[utoipa::path(
    post,
    path = "/webhooks/{webhookId}/test",
    tag = "Webhooks",
    operation_id = "testWebhook",
    security(("credential" = ["admin"])),
    params(InWorkspace, OfWebhook),
    request_body(content((Nothing = "application/json")), description = "May be left out."),
    responses(
        (status = 200, description = "What came of it, a failure too.", body = WebhookTest),
        Failures<(Caller, Ids, JsonBody, Reads, NeedsWebhook)>
    ),
)]
pub async fn test(State(app): State<App>, call: Call, payload: Payload) -> Result<Response, ApiError> {
    let (key, id) = of_path(&app, &call).await?;
    payload.json_or_nothing::<Nothing>(&app, &call).await?;
    Ok(ok(&app.service.test_webhook(&call.who, key, id).await?))
}

/// Rotate a webhook's secret
///
/// For `graceHours` every message is signed with both, so that the receiver can change over.
#[utoipa::path(
    post,
    path = "/webhooks/{webhookId}/rotate-secret",
    tag = "Webhooks",
    operation_id = "rotateWebhookSecret",
    security(("credential" = ["admin"])),
    params(InWorkspace, OfWebhook),
    request_body(content((Rotation = "application/json")), description = "May be left out."),
    responses(
        (
            status = 200,
            description = "The webhook with its new secret, which is not shown again.",
            body = WebhookWithSecret,
            headers(("Cache-Control" = String, description = "`no-store`."))
        ),
        Failures<(Caller, Ids, JsonBody, Reads, Writes, ChangesWebhook, NeedsWebhook)>
    ),
)]
pub async fn rotate(State(app): State<App>, call: Call, payload: Payload) -> Result<Response, ApiError> {
    let (key, id) = of_path(&app, &call).await?;
    let rotation = payload.json_or_nothing::<Rotation>(&app, &call).await?.unwrap_or_default();
    let (webhook, secret) = app.service.rotate_webhook(&call.who, key, id, rotation).await?;
    Ok(unstored(ok(&WebhookWithSecret::new(webhook, secret))))
}

/// Send everything again
///
/// All that was received at `since` or later, as far as it is kept, under the same `webhook-id`s.
#[utoipa::path(
    post,
    path = "/webhooks/{webhookId}/replay",
    tag = "Webhooks",
    operation_id = "replayWebhook",
    security(("credential" = ["admin"])),
    params(InWorkspace, OfWebhook),
    request_body = Replay,
    responses(
        (status = 202, description = "It is on its way.", body = Webhook),
        Failures<(Caller, Ids, JsonBody, Reads, Writes, NeedsWebhook)>
    ),
)]
pub async fn replay(State(app): State<App>, call: Call, payload: Payload) -> Result<Response, ApiError> {
    let (key, id) = of_path(&app, &call).await?;
    let Replay { since } = payload.json(&app, &call).await?;
    Ok(accepted(&app.service.replay_webhook(&call.who, key, id, since).await?))
}
