//! `/api/conversations/{conversationId}/…`.

use axum::extract::State;
use axum::response::Response;

use super::App;
use super::answer::{created, ok};
use super::call::Call;
use super::error::ApiError;
use super::openapi::failures::{
    AnyWorkspace, Caller, Failures, Ids, JsonBody, KeptForAWhile, MakesLinks, Reads, TakesBack, Writes,
};
use super::openapi::params::{OfConversation, WhichWorkspace};
use super::payload::Payload;
use crate::domain::ids::{Id, IdKind, WorkspaceKey};
use crate::domain::system::Permission;
use crate::wire::overrides::NewOverride;
use crate::wire::quality::ConversationQuality;
use crate::wire::revision::ConversationRevisionList;
use crate::wire::satisfaction_link::SatisfactionLink;
use crate::wire::scoring::ConversationExplanation;
use crate::wire::values::Timestamp;

/// Score of a conversation
///
/// 404 until it is scored.
#[utoipa::path(
    get,
    path = "/api/conversations/{conversationId}/quality",
    tag = "Quality",
    operation_id = "getConversationQuality",
    security(("credential" = ["quality:read"])),
    params(OfConversation, WhichWorkspace),
    responses(
        (status = 200, description = "The score.", body = ConversationQuality),
        Failures<(Caller, Ids, Reads, AnyWorkspace)>
    ),
)]
pub async fn quality(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let (id, workspace) = call.anywhere("conversationId", IdKind::Conversation)?;
    let found = app.service.conversation(&call.who, &id, workspace).await;
    Ok(ok(&ConversationQuality::from(call.in_order(found)?)))
}

/// Why a conversation has its score
///
/// Per dimension the prior and each signal with its value, weight and contribution. Kept for 90 days after scoring
/// (as configured), then 410.
#[utoipa::path(
    get,
    path = "/api/conversations/{conversationId}/quality/explanation",
    tag = "Quality",
    operation_id = "explainConversationQuality",
    security(("credential" = ["quality:read"])),
    params(OfConversation, WhichWorkspace),
    responses(
        (status = 200, description = "The whole sum.", body = ConversationExplanation),
        Failures<(Caller, Ids, Reads, AnyWorkspace, KeptForAWhile)>
    ),
)]
pub async fn explanation(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let (id, workspace) = call.anywhere("conversationId", IdKind::Conversation)?;
    let found = app.service.explanation(&call.who, &id, workspace).await;
    let (explanation, overridden) = call.in_order(found)?;
    Ok(ok(&ConversationExplanation::of(explanation, overridden)))
}

/// How a conversation's score came to be
///
/// Its scorings, the newest first, at most 100: as far back as effects are kept (24 hours, as configured), and not from
/// before an import.
#[utoipa::path(
    get,
    path = "/api/conversations/{conversationId}/quality/revisions",
    tag = "Quality",
    operation_id = "listConversationRevisions",
    security(("credential" = ["quality:read"])),
    params(OfConversation, WhichWorkspace),
    responses(
        (status = 200, description = "The scorings that are kept.", body = ConversationRevisionList),
        Failures<(Caller, Ids, Reads, AnyWorkspace)>
    ),
)]
pub async fn revisions(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let (key, id) = scored(&app, &call, Permission::QualityRead).await?;
    let (newest, total) = app.service.revisions(key, id).await?;
    let items = newest.into_iter().map(Into::into).collect();
    Ok(ok(&ConversationRevisionList { items, total: total.into() }))
}

/// Say yourself how a conversation went
///
/// The scores of the body are in force instead of the model's: counters, windows and breakers follow as for any new
/// score. The model goes on, and what it says stands beside yours in the explanation. Saying it again replaces what was
/// said.
#[utoipa::path(
    post,
    path = "/api/conversations/{conversationId}/quality/override",
    tag = "Quality",
    operation_id = "overrideConversationQuality",
    security(("credential" = ["quality:write"])),
    params(OfConversation, WhichWorkspace),
    request_body(content((NewOverride = "application/json"))),
    responses(
        (status = 200, description = "The score in force.", body = ConversationQuality),
        Failures<(Caller, Ids, JsonBody, Reads, Writes, AnyWorkspace)>
    ),
)]
pub async fn set_score(State(app): State<App>, call: Call, payload: Payload) -> Result<Response, ApiError> {
    let (key, id) = scored(&app, &call, Permission::QualityWrite).await?;
    let said = payload.json::<NewOverride>(&app, &call).await?;
    Ok(ok(&ConversationQuality::from(app.service.override_score(&call.who, key, said.of(id)).await?)))
}

/// Take your scores back
///
/// The model's are in force again, as they are by now. Where there are none to take back this is a 409.
#[utoipa::path(
    delete,
    path = "/api/conversations/{conversationId}/quality/override",
    tag = "Quality",
    operation_id = "takeBackConversationQuality",
    security(("credential" = ["quality:write"])),
    params(OfConversation, WhichWorkspace),
    responses(
        (status = 200, description = "The score in force.", body = ConversationQuality),
        Failures<(Caller, Ids, Reads, Writes, AnyWorkspace, TakesBack)>
    ),
)]
pub async fn take_back(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let (key, id) = scored(&app, &call, Permission::QualityWrite).await?;
    Ok(ok(&ConversationQuality::from(app.service.take_back(&call.who, key, id).await?)))
}

/// Make a satisfaction link
///
/// The address of a page on which the customer says how the conversation went, for the helpdesk's own messages. The
/// conversation need not have ended; when it has ended again after a reopening, a new link is needed. Each call makes one
/// that is as good as those before, and nothing is kept of it.
#[utoipa::path(
    post,
    path = "/api/conversations/{conversationId}/satisfaction-link",
    tag = "Quality",
    operation_id = "createSatisfactionLink",
    security(("credential" = ["quality:write"])),
    params(OfConversation, WhichWorkspace),
    responses(
        (status = 201, description = "The link.", body = SatisfactionLink),
        Failures<(Caller, Ids, Reads, AnyWorkspace, MakesLinks)>
    ),
)]
pub async fn make_link(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let (name, workspace) = call.anywhere("conversationId", IdKind::Conversation)?;
    let made = app.service.satisfaction_link(&call.who, &name, workspace).await;
    let (url, expires_at) = call.in_order(made)?;
    Ok(created(&SatisfactionLink { url, expires_at: Timestamp(expires_at) }))
}

/// The scored conversation of the path, and the side that holds it.
async fn scored(app: &App, call: &Call, scope: Permission) -> Result<(WorkspaceKey, Id), ApiError> {
    let (name, workspace) = call.anywhere("conversationId", IdKind::Conversation)?;
    call.in_order(app.service.scored_side(&call.who, scope, &name, workspace).await)
}
