//! `…/quality/circuit-breakers` (R3.4–R3.6, R7.5).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use crate::domain::ids::{Id, IdKind, WorkspaceKey};
use crate::domain::system::Permission;
use crate::http::App;
use crate::http::answer::{created, ok, whole_list};
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::http::openapi::failures::{
    Acknowledges, Caller, Failures, Ids, JsonBody, Notes, Reads, Resolves, Trips, Writes,
};
use crate::http::openapi::params::{InWorkspace, OfBreaker};
use crate::http::payload::Payload;
use crate::wire::breaker::{Breaker, BreakerDetail, NewBreaker, NewNote, Note};
use crate::wire::list::BreakerList;

/// Active circuit breakers
///
/// Newest first; of the same `triggeredAt` the later trip first. A long list is written as it is read: it has the
/// breakers that were active at the question, each as it is when its part is written.
#[utoipa::path(
    get,
    path = "/quality/circuit-breakers",
    tag = "Circuit breakers",
    operation_id = "listCircuitBreakers",
    security(("credential" = ["quality:read"])),
    params(InWorkspace),
    responses((status = 200, description = "The active breakers.", body = BreakerList), Failures<(Caller, Ids, Reads)>),
)]
pub async fn list(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let key = call.workspace(&app, &[Permission::QualityRead])?;
    call.only(&[])?;
    let ids = match app.service.active_breakers(key, PART).await? {
        Ok(few) => return Ok(ok(&BreakerList::from_iter(few))),
        Err(ids) => ids,
    };
    let parts: Vec<Vec<Id>> = ids.chunks(PART).map(<[Id]>::to_vec).collect();
    let service = app.service;
    let part = move |ids| {
        let service = Arc::clone(&service);
        async move { Ok(service.breakers(key, ids).await?.into_iter().map(Breaker::from).collect()) }
    };
    Ok(whole_list(ids.len(), parts, part))
}

/// Breakers of a long list that are read and written at a time.
const PART: usize = 32;

/// A circuit breaker with its history
///
/// Active or resolved: the conversations that made it trip, and what was done to it since.
#[utoipa::path(
    get,
    path = "/quality/circuit-breakers/{breakerId}",
    tag = "Circuit breakers",
    operation_id = "getCircuitBreaker",
    security(("credential" = ["quality:read"])),
    params(InWorkspace, OfBreaker),
    responses(
        (status = 200, description = "The breaker.", body = BreakerDetail),
        Failures<(Caller, Ids, Reads)>
    ),
)]
pub async fn show(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let (key, breaker) = of_path(&app, &call, Permission::QualityRead).await?;
    call.only(&[])?;
    Ok(ok(&BreakerDetail::from(app.service.breaker(key, breaker).await?)))
}

/// Trip a circuit breaker by hand
///
/// It lives as any other: the gate says `pause` until somebody acknowledges and resolves it. While a breaker of the
/// scope is active this is a 409, whose details name that one.
#[utoipa::path(
    post,
    path = "/quality/circuit-breakers",
    tag = "Circuit breakers",
    operation_id = "tripCircuitBreaker",
    security(("credential" = ["quality:write"])),
    params(InWorkspace),
    request_body(content((NewBreaker = "application/json"))),
    responses(
        (status = 201, description = "The breaker.", body = Breaker),
        Failures<(Caller, Ids, JsonBody, Reads, Writes, Trips)>
    ),
)]
pub async fn trip(State(app): State<App>, call: Call, payload: Payload) -> Result<Response, ApiError> {
    let key = call.workspace(&app, &[Permission::QualityWrite])?;
    call.only(&[])?;
    let NewBreaker { scope_key, reason } = payload.json(&app, &call).await?;
    Ok(created(&Breaker::from(app.service.trip(&call.who, key, scope_key, reason.into()).await?)))
}

/// Write into a circuit breaker's history
///
/// Nothing else changes, the gate included; resolved breakers take notes, too.
#[utoipa::path(
    post,
    path = "/quality/circuit-breakers/{breakerId}/notes",
    tag = "Circuit breakers",
    operation_id = "noteOnCircuitBreaker",
    security(("credential" = ["quality:write"])),
    params(InWorkspace, OfBreaker),
    request_body(content((NewNote = "application/json"))),
    responses(
        (status = 201, description = "The breaker.", body = BreakerDetail),
        Failures<(Caller, Ids, JsonBody, Reads, Writes, Notes)>
    ),
)]
pub async fn note(State(app): State<App>, call: Call, payload: Payload) -> Result<Response, ApiError> {
    let (key, breaker) = of_path(&app, &call, Permission::QualityWrite).await?;
    call.only(&[])?;
    let NewNote { note } = payload.json(&app, &call).await?;
    Ok(created(&BreakerDetail::from(app.service.note_on(&call.who, key, breaker, note.into()).await?)))
}

/// Acknowledge a circuit breaker
///
/// The actor comes from the credential. Acknowledging again changes nothing and answers with the first actor. A
/// resolved breaker is a 409.
#[utoipa::path(
    post,
    path = "/quality/circuit-breakers/{breakerId}/acknowledge",
    tag = "Circuit breakers",
    operation_id = "acknowledgeCircuitBreaker",
    security(("credential" = ["quality:write"])),
    params(InWorkspace, OfBreaker),
    request_body(content((Note = "application/json")), description = "May be left out."),
    responses(
        (status = 200, description = "The breaker.", body = Breaker),
        Failures<(Caller, Ids, JsonBody, Reads, Writes, Acknowledges)>
    ),
)]
pub async fn acknowledge(State(app): State<App>, call: Call, payload: Payload) -> Result<Response, ApiError> {
    let (key, breaker, note) = read(&app, &call, payload).await?;
    Ok(ok(&Breaker::from(app.service.acknowledge(&call.who, key, breaker, note).await?)))
}

/// Resolve a circuit breaker
///
/// The AI answers again. A breaker that has not been acknowledged is a 409; resolving again changes nothing.
#[utoipa::path(
    post,
    path = "/quality/circuit-breakers/{breakerId}/resolve",
    tag = "Circuit breakers",
    operation_id = "resolveCircuitBreaker",
    security(("credential" = ["quality:write"])),
    params(InWorkspace, OfBreaker),
    request_body(content((Note = "application/json")), description = "May be left out."),
    responses(
        (status = 200, description = "The breaker.", body = Breaker),
        Failures<(Caller, Ids, JsonBody, Reads, Writes, Resolves)>
    ),
)]
pub async fn resolve(State(app): State<App>, call: Call, payload: Payload) -> Result<Response, ApiError> {
    let (key, breaker, note) = read(&app, &call, payload).await?;
    Ok(ok(&Breaker::from(app.service.resolve(&call.who, key, breaker, note).await?)))
}

/// The side and the breaker of the path: an unknown breaker is told before a missing scope (R2.8).
async fn of_path(app: &App, call: &Call, scope: Permission) -> Result<(WorkspaceKey, Id), ApiError> {
    let [workspace, breaker] = call.ids([("workspaceId", IdKind::Workspace), ("breakerId", IdKind::Breaker)])?;
    Ok((app.service.breaker_side(&call.who, workspace, breaker, scope).await?, breaker))
}

/// Which breaker of which workspace, and the note: no body, or `{"note": "…"}`.
async fn read(app: &App, call: &Call, payload: Payload) -> Result<(WorkspaceKey, Id, Option<Box<str>>), ApiError> {
    let (key, breaker) = of_path(app, call, Permission::QualityWrite).await?;
    call.only(&[])?;
    let Note { note } = payload.json_or_nothing(app, call).await?.unwrap_or_default();
    Ok((key, breaker, note.map(String::into_boxed_str)))
}
