//! `/api/sign-in` (R2.13b).

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;

use super::App;
use super::answer::ok;
use super::error::ApiError;
use super::openapi::failures::{Failures, Public};
use super::params::Query;
use crate::wire::sign_in::SignIn;

/// Where people sign in
///
/// For everybody: no credential is asked for.
#[utoipa::path(
    get,
    path = "/api/sign-in",
    tag = "Sign-in",
    operation_id = "getSignIn",
    security(()),
    responses((status = 200, description = "The issuer, if there is one.", body = SignIn), Failures<(Public,)>),
)]
pub async fn show(State(app): State<App>, uri: Uri) -> Result<Response, ApiError> {
    let faults = Query::parse(uri.query()).faults(&[]);
    if !faults.is_empty() {
        return Err(ApiError::invalid(faults));
    }
    Ok(ok(&app.web.sign_in.as_deref().map(SignIn::from).unwrap_or_default()))
}
