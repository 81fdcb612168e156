//! `…/webhooks/{webhookId}/deliveries`.

use axum::extract::State;
use axum::response::Response;

use crate::domain::effect::EffectId;
use crate::domain::ids::{IdKind, Position};
use crate::http::App;
use crate::http::answer::{accepted, ok};
use crate::http::call::Call;
use crate::http::cursor::{Cursor, List};
use crate::http::error::ApiError;
use crate::http::openapi::failures::{Caller, Failures, Ids, JsonBody, NeedsWebhook, Reads, Resends, Writes};
use crate::http::openapi::params::{DeliveryQuery, InWorkspace, OfDelivery, OfWebhook};
use crate::http::paging::Page;
use crate::http::payload::Payload;
use crate::service::ServiceError;
use crate::service::webhooks::DeliveryFilter;
use crate::wire::body::Nothing;
use crate::wire::failure::Fault;
use crate::wire::webhook::{Delivery, DeliveryPage, DeliveryState};

/// List the deliveries of a webhook
///
/// The newest effects first: those that are not over, and the last 100 that are. As of a second ago.
#[utoipa::path(
    get,
    path = "/webhooks/{webhookId}/deliveries",
    tag = "Webhooks",
    operation_id = "listWebhookDeliveries",
    security(("credential" = ["admin"])),
    params(InWorkspace, OfWebhook, DeliveryQuery),
    responses((status = 200, description = "A page of them.", body = DeliveryPage), Failures<(Caller, Ids, Reads)>),
)]
pub async fn list(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let [workspace, id] = call.ids([("workspaceId", IdKind::Workspace), ("webhookId", IdKind::Webhook)])?;
    let key = app.service.webhook_side(&call.who, workspace, id).await?;
    let (filter, limit) = read(&call)?;
    let (data, next) = app.service.deliveries(key, id, filter, limit).await?;
    let next_cursor =
        next.map(|effect| Cursor::new(List::Deliveries, [effect.at.packed(), effect.number.into()]).encode());
    Ok(ok(&DeliveryPage { data, next_cursor }))
}

/// The query string: which deliveries, and how many.
fn read(call: &Call) -> Result<(DeliveryFilter, usize), ApiError> {
    let query = call.query();
    let mut faults = query.faults(&["state", "limit", "cursor"]);
    let page = Page::read(&query, List::Deliveries, &mut faults);
    let before = page
        .after
        .map(|[at, number]| Some(EffectId { at: Position::from_packed(at), number: number.try_into().ok()? }));
    if before == Some(None) {
        faults.push(Fault::at("cursor", "is not a cursor of this list"));
    }
    let state = query.get("state").map(|name| DeliveryState::NAMES.into_iter().find(|(known, _)| *known == name));
    if state == Some(None) {
        faults.push(Fault::at("state", "must be one of pending, delivered, failed, abandoned"));
    }
    let state = state.flatten().map(|(_, state)| state);
    let filter = DeliveryFilter { state, before: before.flatten() };
    if faults.is_empty() { Ok((filter, page.limit)) } else { Err(ApiError::invalid(faults)) }
}

/// Send one delivery again
///
/// From its first attempt on, under the same `webhook-id`; also one that was delivered, as long as its effect is kept.
#[utoipa::path(
    post,
    path = "/webhooks/{webhookId}/deliveries/{deliveryId}/resend",
    tag = "Webhooks",
    operation_id = "resendWebhookDelivery",
    security(("credential" = ["admin"])),
    params(InWorkspace, OfWebhook, OfDelivery),
    request_body(content((Nothing = "application/json")), description = "May be left out."),
    responses(
        (status = 202, description = "It is on its way.", body = Delivery),
        Failures<(Caller, Ids, JsonBody, Reads, Writes, NeedsWebhook, Resends)>
    ),
)]
pub async fn resend(State(app): State<App>, call: Call, payload: Payload) -> Result<Response, ApiError> {
    let [workspace, id, delivery] = call.ids([
        ("workspaceId", IdKind::Workspace),
        ("webhookId", IdKind::Webhook),
        ("deliveryId", IdKind::Webhook),
    ])?;
    let key = app.service.webhook_side(&call.who, workspace, id).await?;
    if !app.service.knows_delivery(key, id, delivery).await? {
        return Err(ServiceError::UnknownDelivery.into());
    }
    call.only(&[])?;
    payload.json_or_nothing::<Nothing>(&app, &call).await?;
    Ok(accepted(&app.service.resend(&call.who, key, id, delivery).await?))
}
