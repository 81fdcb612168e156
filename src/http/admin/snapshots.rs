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
use crate::http::openapi::failures::{Caller, Failures, Ids, JsonBody, TakesSnapshot, UsesSnapshots};
use crate::http::payload::Payload;
use crate::http::schema::params::OfSnapshot;
use crate::http::schema::status as schema;
use crate::service::Operator;

/// As `[snapshots] keep` in the configuration.
const MAX_KEEP: u16 = 100;

/// Take a snapshot
///
/// Answers when it is written and read back, which takes seconds per GiB. Goes on when the client hangs up.
#[utoipa::path(
    post,
    path = "/snapshots",
    tag = "Operation",
    operation_id = "createSnapshot",
    security(("credential" = ["server"])),
    request_body(content((schema::Nothing = "application/json")), description = "May be left out."),
    responses((status = 201, description = "The snapshot.", body = schema::Snapshot), Failures<(Caller, JsonBody, UsesSnapshots, TakesSnapshot)>),
)]
pub async fn create(State(app): State<App>, call: Call, payload: Payload) -> Result<Response, ApiError> {
    let operator = Operator::of(&call.who)?;
    call.only(&[])?;
    nothing(payload).await?;
    Ok(json(StatusCode::CREATED, &app.service.take_snapshot(operator).await?))
}

/// List snapshots
#[utoipa::path(
    get,
    path = "/snapshots",
    tag = "Operation",
    operation_id = "listSnapshots",
    security(("credential" = ["server"])),
    responses((status = 200, description = "All snapshots.", body = schema::SnapshotList), Failures<(Caller, UsesSnapshots)>),
)]
pub async fn list(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let operator = Operator::of(&call.who)?;
    call.only(&[])?;
    Ok(json(StatusCode::OK, &Items::new(app.service.list_snapshots(operator).await?)))
}

/// How the snapshots are doing
#[utoipa::path(
    get,
    path = "/snapshots/status",
    tag = "Operation",
    operation_id = "getSnapshotStatus",
    security(("credential" = ["server"])),
    responses((status = 200, description = "The last snapshot, and what a start would replay.", body = schema::SnapshotStatus), Failures<(Caller,)>),
)]
pub async fn status(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let operator = Operator::of(&call.who)?;
    call.only(&[])?;
    Ok(json(StatusCode::OK, &app.service.snapshot_status(operator)))
}

/// Verify a snapshot
///
/// Reads every block and compares it with its checksum. A damaged one is a 200, too: see `state`.
#[utoipa::path(
    post,
    path = "/snapshots/{number}/verify",
    tag = "Operation",
    operation_id = "verifySnapshot",
    security(("credential" = ["server"])),
    params(OfSnapshot),
    request_body(content((schema::Nothing = "application/json")), description = "May be left out."),
    responses((status = 200, description = "The snapshot with the state that was found.", body = schema::Snapshot), Failures<(Caller, Ids, JsonBody, UsesSnapshots)>),
)]
pub async fn verify(State(app): State<App>, call: Call, payload: Payload) -> Result<Response, ApiError> {
    let number = call.number("number")?;
    let operator = Operator::of(&call.who)?;
    let snapshot = app.service.find_snapshot(operator, number).await?;
    call.only(&[])?;
    nothing(payload).await?;
    Ok(json(StatusCode::OK, &app.service.verify_snapshot(operator, snapshot).await?))
}

/// Remove old snapshots
///
/// All but the newest; the journal before the oldest that stays goes, too.
#[utoipa::path(
    post,
    path = "/snapshots/prune",
    tag = "Operation",
    operation_id = "pruneSnapshots",
    security(("credential" = ["server"])),
    request_body(content((schema::Prune = "application/json")), description = "May be left out."),
    responses((status = 200, description = "What was removed.", body = schema::Pruned), Failures<(Caller, JsonBody, UsesSnapshots, TakesSnapshot)>),
)]
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
