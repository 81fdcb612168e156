//! `…/quality/follow-ups` (R13.2b).

use axum::extract::State;
use axum::response::Response;

use crate::domain::system::Permission;
use crate::http::App;
use crate::http::answer::ok;
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::http::openapi::failures::{Caller, Failures, Ids, Reads};
use crate::http::openapi::params::InWorkspace;
use crate::wire::follow_up::FollowUpMails;

/// Follow-up mails of a workspace
///
/// How many are due, were sent and have failed, and the newest of those that have. Nobody's address is shown.
#[utoipa::path(
    get,
    path = "/quality/follow-ups",
    tag = "Ratings",
    operation_id = "getFollowUps",
    security(("credential" = ["quality:read"])),
    params(InWorkspace),
    responses((status = 200, description = "What became of them.", body = FollowUpMails), Failures<(Caller, Ids, Reads)>),
)]
pub async fn show(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let key = call.workspace(&app, &[Permission::QualityRead])?;
    call.only(&[])?;
    Ok(ok(&app.service.follow_ups(key).await?))
}
