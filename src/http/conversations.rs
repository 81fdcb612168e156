//! `/api/conversations/{conversationId}/…`.

use axum::extract::State;
use axum::response::Response;

use super::App;
use super::answer::ok;
use super::call::Call;
use super::error::ApiError;
use super::openapi::failures::{AnyWorkspace, Caller, Failures, Ids, KeptForAWhile, Reads};
use super::openapi::params::{OfConversation, WhichWorkspace};
use crate::domain::ids::IdKind;
use crate::wire::quality::ConversationQuality;
use crate::wire::scoring::ConversationExplanation;

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
    Ok(ok(&ConversationExplanation::from(call.in_order(found)?)))
}
