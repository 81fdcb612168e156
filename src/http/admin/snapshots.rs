//! `/api/admin/snapshots`. Snapshots are no tenant's: 403 comes before whether there is one.

use axum::extract::State;
use axum::response::Response;

use crate::http::App;
use crate::http::answer::{created, ok};
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::http::openapi::failures::{Caller, Failures, Ids, JsonBody, OneServer, TakesSnapshot, UsesSnapshots};
use crate::http::openapi::params::OfSnapshot;
use crate::http::payload::Payload;
use crate::service::Operator;
use crate::wire::body::Nothing;
use crate::wire::list::SnapshotList;
use crate::wire::snapshot::{Prune, Pruned, Snapshot, SnapshotStatus};

/// Take a snapshot
///
/// Answers when it is written and read back, which takes seconds per GiB. Goes on when the client hangs up.
#[utoipa::path(
    post,
    path = "/snapshots",
    tag = "Operation",
    operation_id = "createSnapshot",
    security(("credential" = ["server"])),
    request_body(content((Nothing = "application/json")), description = "May be left out."),
    responses(
        (status = 201, description = "The snapshot.", body = Snapshot),
        Failures<(Caller, JsonBody, UsesSnapshots, TakesSnapshot, OneServer)>
    ),
)]
pub async fn create(State(app): State<App>, call: Call, payload: Payload) -> Result<Response, ApiError> {
    let operator = Operator::of(&call.who)?;
    call.only(&[])?;
    payload.json_or_nothing::<Nothing>(&app, &call).await?;
    Ok(created(&app.service.take_snapshot(operator).await?))
}

/// List snapshots
#[utoipa::path(
    get,
    path = "/snapshots",
    tag = "Operation",
    operation_id = "listSnapshots",
    security(("credential" = ["server"])),
    responses((status = 200, description = "All snapshots.", body = SnapshotList), Failures<(Caller, UsesSnapshots, OneServer)>),
)]
pub async fn list(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let operator = Operator::of(&call.who)?;
    call.only(&[])?;
    Ok(ok(&SnapshotList::from_iter(app.service.list_snapshots(operator).await?)))
}

/// How the snapshots are doing
#[utoipa::path(
    get,
    path = "/snapshots/status",
    tag = "Operation",
    operation_id = "getSnapshotStatus",
    security(("credential" = ["server"])),
    responses(
        (status = 200, description = "The last snapshot, and what a start would replay.", body = SnapshotStatus),
        Failures<(Caller, OneServer)>
    ),
)]
pub async fn status(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let operator = Operator::of(&call.who)?;
    call.only(&[])?;
    Ok(ok(&app.service.snapshot_status(operator)))
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
    request_body(content((Nothing = "application/json")), description = "May be left out."),
    responses(
        (status = 200, description = "The snapshot with the state that was found.", body = Snapshot),
        Failures<(Caller, Ids, JsonBody, UsesSnapshots, OneServer)>
    ),
)]
pub async fn verify(State(app): State<App>, call: Call, payload: Payload) -> Result<Response, ApiError> {
    let number = call.number("number")?;
    let operator = Operator::of(&call.who)?;
    let snapshot = app.service.find_snapshot(operator, number).await?;
    call.only(&[])?;
    payload.json_or_nothing::<Nothing>(&app, &call).await?;
    Ok(ok(&app.service.verify_snapshot(operator, snapshot).await?))
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
    request_body(content((Prune = "application/json")), description = "May be left out."),
    responses(
        (status = 200, description = "What was removed.", body = Pruned),
        Failures<(Caller, JsonBody, UsesSnapshots, TakesSnapshot, OneServer)>
    ),
)]
pub async fn prune(State(app): State<App>, call: Call, payload: Payload) -> Result<Response, ApiError> {
    let operator = Operator::of(&call.who)?;
    call.only(&[])?;
    let Prune { keep } = payload.json_or_nothing(&app, &call).await?.unwrap_or_default();
    Ok(ok(&app.service.prune_snapshots(operator, keep.map(usize::from)).await?))
}
