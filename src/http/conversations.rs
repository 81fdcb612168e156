//! `/api/conversations/{conversationId}/…`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::App;
use super::call::Call;
use super::envelope::json;
use super::error::ApiError;
use crate::domain::ids::{Id, IdKind};
use crate::service::ServiceError;

/// R3.2.
#[utoipa::path(get, path = "/api/conversations/{conversationId}/quality")]
pub async fn quality(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let (id, workspace) = ids(&call, "conversationId", IdKind::Conversation)?;
    let found = app.service.conversation(&call.who, id, workspace).await;
    Ok(json(StatusCode::OK, &in_order(found, &call)?))
}

/// R5.5.
#[utoipa::path(get, path = "/api/conversations/{conversationId}/quality/explanation")]
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
