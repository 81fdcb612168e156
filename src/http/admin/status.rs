//! `/api/admin/status`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::http::App;
use crate::http::call::Call;
use crate::http::envelope::json;
use crate::http::error::ApiError;
use crate::service::Operator;

#[utoipa::path(get, path = "/status")]
pub async fn show(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let operator = Operator::of(&call.who)?;
    call.only(&[])?;
    Ok(json(StatusCode::OK, &app.service.server_status(operator)))
}
