//! `/api/admin/status`.

use axum::extract::State;
use axum::response::Response;

use crate::http::App;
use crate::http::answer::ok;
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::http::openapi::failures::{Caller, Failures};
use crate::service::Operator;
use crate::wire::status::ServerStatus;

/// The server on one page
#[utoipa::path(
    get,
    path = "/status",
    tag = "Operation",
    operation_id = "getServerStatus",
    security(("credential" = ["server"])),
    responses((status = 200, description = "Everything at a glance.", body = ServerStatus), Failures<(Caller,)>),
)]
pub async fn show(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let operator = Operator::of(&call.who)?;
    call.only(&[])?;
    Ok(ok(&app.service.server_status(operator)))
}
