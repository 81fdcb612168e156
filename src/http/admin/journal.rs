//! `/api/admin/journal`.

use axum::extract::State;
use axum::response::Response;

use crate::http::App;
use crate::http::answer::ok;
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::http::openapi::failures::{Caller, Failures, OneServer};
use crate::service::Operator;
use crate::wire::status::Journal;

/// How the journal is doing
#[utoipa::path(
    get,
    path = "/journal",
    tag = "Operation",
    operation_id = "getJournalStatus",
    security(("credential" = ["server"])),
    responses((status = 200, description = "The journal.", body = Journal), Failures<(Caller, OneServer)>),
)]
pub async fn show(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let operator = Operator::of(&call.who)?;
    call.only(&[])?;
    Ok(ok(&app.service.journal_status(operator)))
}
