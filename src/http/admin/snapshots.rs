//! `/api/admin/snapshots`. Snapshots are no tenant's: 403 comes before whether there is one.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::Items;
use crate::http::App;
use crate::http::call::Call;
use crate::http::envelope::json;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::payload::Payload;
use crate::service::Operator;

/// As `[snapshots] keep` in the configuration.
const MAX_KEEP: u16 = 100;

/// Answers when the snapshot is written and read back, which takes seconds per GiB.
#[utoipa::path(post, path = "/snapshots")]
pub async fn create(State(app): State<App>, call: Call, payload: Payload) -> Result<Response, ApiError> {
    let operator = Operator::of(&call.who)?;
    call.only(&[])?;
    nothing(payload).await?;
    Ok(json(StatusCode::CREATED, &app.service.take_snapshot(operator).await?))
}

#[utoipa::path(get, path = "/snapshots")]
pub async fn list(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let operator = Operator::of(&call.who)?;
    call.only(&[])?;
    Ok(json(StatusCode::OK, &Items::new(app.service.list_snapshots(operator).await?)))
}

#[utoipa::path(get, path = "/snapshots/status")]
pub async fn status(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let operator = Operator::of(&call.who)?;
    call.only(&[])?;
    Ok(json(StatusCode::OK, &app.service.snapshot_status(operator)))
}

/// Reads all of it: 200 with the state that was found.
#[utoipa::path(post, path = "/snapshots/{number}/verify")]
pub async fn verify(State(app): State<App>, call: Call, payload: Payload) -> Result<Response, ApiError> {
    let number = call.number("number")?;
    let operator = Operator::of(&call.who)?;
    let snapshot = app.service.find_snapshot(operator, number).await?;
    call.only(&[])?;
    nothing(payload).await?;
    Ok(json(StatusCode::OK, &app.service.verify_snapshot(operator, snapshot).await?))
}

#[utoipa::path(post, path = "/snapshots/prune")]
pub async fn prune(State(app): State<App>, call: Call, payload: Payload) -> Result<Response, ApiError> {
    let operator = Operator::of(&call.who)?;
    call.only(&[])?;
    let keep = match payload.json_or_nothing().await? {
        Some(body) => read_keep(&body)?,
        None => None,
    };
    Ok(json(StatusCode::OK, &app.service.prune_snapshots(operator, keep).await?))
}

fn read_keep(body: &[u8]) -> Result<Option<usize>, ApiError> {
    let mut fields = Fields::parse(body)?;
    let keep = fields.integer("keep", 1, MAX_KEEP);
    fields.finish()?;
    Ok(keep.map(usize::from))
}

/// No body, or an empty object.
async fn nothing(payload: Payload) -> Result<(), ApiError> {
    match payload.json_or_nothing().await? {
        Some(body) => Fields::parse(&body)?.finish(),
        None => Ok(()),
    }
}
