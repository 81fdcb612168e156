//! `…/quality/circuit-breakers/history` (R7.5): all breakers, the newest first.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use crate::domain::ids::Id;
use crate::domain::system::Permission;
use crate::domain::view::{BreakerFilter, BreakerState};
use crate::http::App;
use crate::http::answer::ok;
use crate::http::call::Call;
use crate::http::cursor::{Cursor, List};
use crate::http::error::ApiError;
use crate::http::listing::{Form, PART, pages, varied, whole};
use crate::http::openapi::failures::{Caller, Failures, Ids, Reads};
use crate::http::openapi::params::{BreakerQuery, InWorkspace};
use crate::service::period::bounds;
use crate::wire::breaker::{BreakerPage, BreakerRow};
use crate::wire::failure::Fault;
use crate::wire::scope_key;

/// All circuit breakers
///
/// Resolved ones included, the newest first, with how long people took. `from` and `to` are times of `triggeredAt`. As
/// `text/csv` or `application/x-ndjson` all of them at once.
#[utoipa::path(
    get,
    path = "/quality/circuit-breakers/history",
    tag = "Circuit breakers",
    operation_id = "listCircuitBreakerHistory",
    security(("credential" = ["quality:read"])),
    params(InWorkspace, BreakerQuery),
    responses(
        (
            status = 200,
            description = "A page of them, or all.",
            content((BreakerPage = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))
        ),
        Failures<(Caller, Ids, Reads)>
    ),
)]
pub async fn list(State(app): State<App>, call: Call, form: Form) -> Result<Response, ApiError> {
    let key = call.workspace(&app, &[Permission::QualityRead])?;
    let (filter, page) = read(&call, form, key.id)?;
    let Some((limit, before)) = page else {
        let service = app.service;
        let part = move |before| {
            let (service, filter) = (Arc::clone(&service), filter.clone());
            async move {
                let (rows, next) = service.breaker_history(key, filter, before, PART).await?;
                Ok((rows.into_iter().map(BreakerRow::from).collect(), next))
            }
        };
        return Ok(whole(form, "circuit-breakers", call, pages(part)));
    };
    let (rows, next) = app.service.breaker_history(key, filter, before, limit).await?;
    let next_cursor = next.map(|number| Cursor::new(List::Breakers, [number.into()]).encode());
    Ok(varied(ok(&BreakerPage { data: rows.into_iter().map(Into::into).collect(), next_cursor })))
}

/// How many breakers before which one; none: all.
type Part = Option<(usize, Option<u32>)>;

/// The query string.
fn read(call: &Call, form: Form, workspace: Id) -> Result<(BreakerFilter, Part), ApiError> {
    let query = call.query();
    let mut faults = query.faults(&["limit", "cursor", "from", "to", "state", "scopeKey"]);
    let page = form.page(&query, List::Breakers, &mut faults);
    let before = page.and_then(|page| page.after).map(|[number]| u32::try_from(number)).transpose();
    if before.is_err() {
        faults.push(Fault::at("cursor", "is not a cursor of this list"));
    }
    let (from, to) = bounds(query.get("from"), query.get("to"), &mut faults);
    let state = query.get("state").map(state).transpose().map_err(|why| faults.push(Fault::at("state", why)));
    let scope = query.get("scopeKey").map(|text| scope_key::parse(text, workspace)).transpose();
    let scope = scope.map_err(|why| faults.push(Fault::at("scopeKey", why)));
    match (before, state, scope) {
        (Ok(before), Ok(state), Ok(scope)) if faults.is_empty() => {
            Ok((BreakerFilter { state, scope, from, to }, page.map(|page| (page.limit, before))))
        }
        _ => Err(ApiError::invalid(faults)),
    }
}

fn state(text: &str) -> Result<BreakerState, &'static str> {
    match text {
        "triggered" => Ok(BreakerState::Triggered),
        "acknowledged" => Ok(BreakerState::Acknowledged),
        "resolved" => Ok(BreakerState::Resolved),
        _ => Err("must be one of triggered, acknowledged, resolved"),
    }
}
