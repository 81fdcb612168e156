//! `…/audit`: who did what, the newest first.

use axum::extract::State;
use axum::response::Response;

use crate::domain::ids::{IdKind, Position};
use crate::http::App;
use crate::http::answer::ok;
use crate::http::call::Call;
use crate::http::cursor::{Cursor, List};
use crate::http::error::ApiError;
use crate::http::openapi::failures::{Caller, Failures, Ids, Reads};
use crate::http::openapi::params::{AuditQuery, InWorkspace};
use crate::http::paging::Page;
use crate::service::audit::{self, Filter, TrailPosition, TrailSource};
use crate::service::period::bounds;
use crate::wire::audit::{ACTIONS, AuditPage};
use crate::wire::failure::Fault;

/// Characters of an actor (R2.13).
const MAX_ACTOR: usize = 255;

/// Who did what
///
/// What people did to configuration, settings and breakers of the workspace side, erasures and overrides (not of which
/// conversation), what the server itself did, how the workspace was made, and its keys; also what was refused because of
/// the state. The newest first, as far as it is kept. A credential that is bound to the workspace sees nothing of keys
/// that are not.
#[utoipa::path(
    get,
    path = "/audit",
    tag = "Administration",
    operation_id = "listAudit",
    security(("credential" = ["admin"]), ("credential" = ["server"])),
    params(InWorkspace, AuditQuery),
    responses((status = 200, description = "A page of the trail.", body = AuditPage), Failures<(Caller, Ids, Reads)>),
)]
pub async fn list(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let [workspace] = call.ids([("workspaceId", IdKind::Workspace)])?;
    let key = app.service.administered(&call.who, workspace)?;
    let (filter, limit, before) = read(&call)?;
    let load = call.visit.load();
    let audit::AuditPage { entries, next } = app.service.audit(&call.who, load, key, filter, before, limit).await?;
    let next_cursor = next.map(|place| Cursor::new(List::Audit, to_numbers(place)).encode());
    Ok(ok(&AuditPage { data: entries, next_cursor }))
}

/// The query string: which entries, and how many before which place.
fn read(call: &Call) -> Result<(Filter, usize, Option<TrailPosition>), ApiError> {
    let query = call.query();
    let mut faults = query.faults(&["limit", "cursor", "from", "to", "actor", "action"]);
    let page = Page::read(&query, List::Audit, &mut faults);
    let before = page.after.map(of_numbers);
    if before == Some(None) {
        faults.push(Fault::at("cursor", "is not a cursor of this list"));
    }
    let (from, to) = bounds(query.get("from"), query.get("to"), &mut faults);
    let actor = query.text("actor", MAX_ACTOR, &mut faults).map(Into::into);
    let action = query.get("action").map(Into::into);
    let filter = Filter { from, to, actor, action };
    if filter.action.as_deref().is_some_and(|action| !ACTIONS.contains(&action)) {
        faults.push(Fault::at("action", format!("must be one of {}", ACTIONS.join(", "))));
    }
    if faults.is_empty() { Ok((filter, page.limit, before.flatten())) } else { Err(ApiError::invalid(faults)) }
}

const fn to_numbers(TrailPosition { receipt, source, at }: TrailPosition) -> [u64; 3] {
    let source = match source {
        TrailSource::System => 0,
        TrailSource::Side => 1,
    };
    [receipt.cast_unsigned(), source, at.packed()]
}

fn of_numbers([receipt, source, at]: [u64; 3]) -> Option<TrailPosition> {
    let source = match source {
        0 => TrailSource::System,
        1 => TrailSource::Side,
        _ => return None,
    };
    Some(TrailPosition { receipt: receipt.cast_signed(), source, at: Position::from_packed(at) })
}
