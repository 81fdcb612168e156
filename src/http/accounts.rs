//! `/api/accounts/{accountId}/…`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::App;
use super::call::Call;
use super::conversations::{ids, in_order};
use super::envelope::json;
use super::error::ApiError;
use super::openapi::failures::{AnyWorkspace, Caller, Failures, Ids, Reads};
use super::schema;
use super::schema::params::{OfAccount, WhichWorkspace};
use crate::domain::ids::IdKind;

/// Health of an account
///
/// 404 for an account that no event has named. Means and rate are null while it has no scored conversation in the
/// window.
#[utoipa::path(
    get,
    path = "/api/accounts/{accountId}/quality",
    tag = "Quality",
    operation_id = "getAccountQuality",
    security(("credential" = ["quality:read"])),
    params(OfAccount, WhichWorkspace),
    responses((status = 200, description = "Its health.", body = schema::quality::AccountHealth), Failures<(Caller, Ids, Reads, AnyWorkspace)>),
)]
pub async fn quality(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let (id, workspace) = ids(&call, "accountId", IdKind::Account)?;
    let found = app.service.account(&call.who, id, workspace).await;
    Ok(json(StatusCode::OK, &in_order(found, &call)?))
}
