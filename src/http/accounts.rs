//! `/api/accounts/{accountId}/…`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::App;
use super::call::Call;
use super::conversations::{ids, in_order};
use super::envelope::json;
use super::error::ApiError;
use crate::domain::ids::IdKind;

/// R3.3.
#[utoipa::path(get, path = "/api/accounts/{accountId}/quality")]
pub async fn quality(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let (id, workspace) = ids(&call, "accountId", IdKind::Account)?;
    let found = app.service.account(&call.who, id, workspace).await;
    Ok(json(StatusCode::OK, &in_order(found, &call)?))
}
