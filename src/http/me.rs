//! `/api/me` (R2.14c).

use axum::extract::State;
use axum::response::Response;

use super::App;
use super::answer::in_turn;
use super::call::Call;
use super::error::ApiError;
use super::openapi::failures::{AnyCaller, Failures, OfTenants};
use crate::wire::me::Me;

/// Whom a credential stands for
///
/// Any credential will do, whatever its scopes.
#[utoipa::path(
    get,
    path = "/api/me",
    tag = "Sign-in",
    operation_id = "getMe",
    security(("credential" = [])),
    responses((status = 200, description = "Who asks, and what that reaches.", body = Me), Failures<(AnyCaller, OfTenants)>),
)]
pub async fn show(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    call.only(&[])?;
    in_turn(&app, &call, |service, who| Ok(service.me(who))).await
}
