//! `/api/conversations/{conversationId}/…`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::App;
use super::call::Call;
use super::envelope::json;
use super::error::ApiError;
use super::openapi::failures::{AnyWorkspace, Caller, Failures, Ids, KeptForAWhile, Reads};
use super::schema;
use super::schema::params::{OfConversation, WhichWorkspace};
use crate::domain::ids::{Id, IdKind};
use crate::service::ServiceError;

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
    responses((status = 200, description = "The score.", body = schema::quality::ConversationQuality), Failures<(Caller, Ids, Reads, AnyWorkspace)>),
)]
pub async fn quality(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let (id, workspace) = ids(&call, "conversationId", IdKind::Conversation)?;
    let found = app.service.conversation(&call.who, id, workspace).await;
    Ok(json(StatusCode::OK, &in_order(found, &call)?))
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
    responses((status = 200, description = "The whole sum.", body = schema::scoring::ConversationExplanation), Failures<(Caller, Ids, Reads, AnyWorkspace, KeptForAWhile)>),
)]
pub async fn explanation(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let (id, workspace) = ids(&call, "conversationId", IdKind::Conversation)?;
    let found = app.service.explanation(&call.who, id, workspace).await;
    Ok(json(StatusCode::OK, &in_order(found, &call)?))
}

/// The id of the path and R2.15's `?workspaceId=`.
pub(super) fn ids(call: &Call, name: &str, kind: IdKind) -> Result<(Id, Option<Id>), ApiError> {
    call.ids_with((name, kind), ("workspaceId", IdKind::Workspace))
}

/// 404 and 403 first, then the query string, then whatever else stopped the lookup (R2.8).
pub(super) fn in_order<T>(found: Result<T, ServiceError>, call: &Call) -> Result<T, ApiError> {
    match found.map_err(ApiError::from) {
        Err(failure) if failure.comes_first() => Err(failure),
        found => call.only(&["workspaceId"]).and(found),
    }
}
