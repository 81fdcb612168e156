//! `…/quality/backtest` (R10.7).

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::domain::ids::{Id, IdKind, WorkspaceKey};
use crate::domain::score::Hundredths;
use crate::domain::system::Permission;
use crate::domain::workspace::backtest as domain;
use crate::http::App;
use crate::http::answer::{accepted, ok};
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::http::openapi::failures::{Backtests, Caller, Failures, Ids, JsonBody, Reads};
use crate::http::openapi::params::{InWorkspace, OfBacktest, Prefers};
use crate::http::payload::Payload;
use crate::service::backtest::{BacktestState, PATIENCE};
use crate::wire::backtest::{Backtest, BacktestProgress, NewBacktest};

/// RFC 7240.
const PREFER: HeaderName = HeaderName::from_static("prefer");
const RESPOND_ASYNC: &str = "respond-async";

/// Ask what would have tripped under other settings
///
/// Beside what did. Nothing changes. What is known is played through once more as if the settings had been these since
/// `from`: a breaker that would have tripped is active until the first resolve of its scope that there was. A
/// conversation that was scored again is judged as if its last score had been its only one. A tenant has one backtest
/// under way at a time. One that takes longer than two seconds is a 202, whose `Location` tells how far it has come,
/// and, for ten minutes, its answer.
#[utoipa::path(
    post,
    path = "/quality/backtest",
    tag = "Quality",
    operation_id = "startBacktest",
    security(("credential" = ["quality:read"])),
    params(InWorkspace, Prefers),
    request_body(content((NewBacktest = "application/json"))),
    responses(
        (status = 200, description = "The answer.", body = Backtest),
        (
            status = 202,
            description = "It takes longer.",
            body = BacktestProgress,
            headers(("Location" = String, description = "Where its progress and its answer are."))
        ),
        Failures<(Caller, Ids, JsonBody, Reads, Backtests)>
    ),
)]
pub async fn start(State(app): State<App>, call: Call, payload: Payload) -> Result<Response, ApiError> {
    let key = call.workspace(&app, &[Permission::QualityRead])?;
    call.only(&[])?;
    let patience = (!prefers_async(&payload)).then_some(PATIENCE);
    let question = payload.json::<NewBacktest>(&app, &call).await?.question(app.service.now());
    match app.service.backtest(call.visit.load(), key, question, patience).await? {
        BacktestState::Done(_, backtest) => answer(&app, &call, move || ok(&told(key, &backtest))).await,
        BacktestState::Running(id, progress) => {
            let mut response = accepted(&running(id, progress));
            let place = format!("/api/workspaces/{}/quality/backtest/{id}", key.id);
            if let Ok(place) = HeaderValue::try_from(place) {
                response.headers_mut().insert(header::LOCATION, place);
            }
            Ok(response)
        }
    }
}

/// A backtest that takes longer
///
/// How much of it is done, and then its answer.
#[utoipa::path(
    get,
    path = "/quality/backtest/{backtestId}",
    tag = "Quality",
    operation_id = "getBacktest",
    security(("credential" = ["quality:read"])),
    params(InWorkspace, OfBacktest),
    responses(
        (status = 200, description = "The backtest.", body = BacktestProgress),
        Failures<(Caller, Ids, Reads)>
    ),
)]
pub async fn show(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let (key, id) = of_path(&app, &call)?;
    call.only(&[])?;
    match app.service.backtest_state(key, id)? {
        BacktestState::Done(id, backtest) => {
            let done = move || BacktestProgress { id, progress: Hundredths(100), result: Some(told(key, &backtest)) };
            answer(&app, &call, move || ok(&done())).await
        }
        BacktestState::Running(id, progress) => Ok(ok(&running(id, progress))),
    }
}

/// Give a backtest up
///
/// Its answer is forgotten.
#[utoipa::path(
    delete,
    path = "/quality/backtest/{backtestId}",
    tag = "Quality",
    operation_id = "cancelBacktest",
    security(("credential" = ["quality:read"])),
    params(InWorkspace, OfBacktest),
    responses((status = 204, description = "It is gone."), Failures<(Caller, Ids, Reads)>),
)]
pub async fn cancel(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let (key, id) = of_path(&app, &call)?;
    call.only(&[])?;
    app.service.cancel_backtest(key, id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn of_path(app: &App, call: &Call) -> Result<(WorkspaceKey, Id), ApiError> {
    let [workspace, id] = call.ids([("workspaceId", IdKind::Workspace), ("backtestId", IdKind::Backtest)])?;
    Ok((app.service.workspace(&call.who, workspace, &[Permission::QualityRead])?, id))
}

fn prefers_async(payload: &Payload) -> bool {
    let preferences = payload.header(PREFER).unwrap_or_default();
    preferences
        .split(',')
        .any(|one| one.split(';').next().is_some_and(|name| name.trim().eq_ignore_ascii_case(RESPOND_ASYNC)))
}

/// A long answer is written on a thread that answers nobody.
async fn answer(
    app: &App,
    call: &Call,
    make: impl FnOnce() -> Response + Send + 'static,
) -> Result<Response, ApiError> {
    Ok(app.service.in_turn(call.visit.load(), make).await?)
}

fn told(key: WorkspaceKey, backtest: &Arc<domain::Backtest>) -> Backtest {
    Backtest::of(key, domain::Backtest::clone(backtest))
}

const fn running(id: Id, progress: Hundredths) -> BacktestProgress {
    BacktestProgress { id, progress, result: None }
}
