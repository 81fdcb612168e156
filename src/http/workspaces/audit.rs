//! `…/audit`: who did what, the newest first.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use crate::domain::ids::{IdKind, Position};
use crate::http::App;
use crate::http::answer::ok;
use crate::http::call::Call;
use crate::http::cursor::{Cursor, List};
use crate::http::error::ApiError;
use crate::http::listing::{Form, PART, pages, varied, whole};
use crate::http::openapi::failures::{Caller, Failures, Ids, Reads};
use crate::http::openapi::params::{AuditQuery, InWorkspace};
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
/// that are not. As `text/csv` or `application/x-ndjson` all of it at once.
#[utoipa::path(
    get,
    path = "/audit",
    tag = "Administration",
    operation_id = "listAudit",
    security(("credential" = ["admin"]), ("credential" = ["server"])),
    params(InWorkspace, AuditQuery),
    responses(
        (
            status = 200,
            description = "A page of the trail, or all of it.",
            content((AuditPage = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))
        ),
        Failures<(Caller, Ids, Reads)>
    ),
)]
pub async fn list(State(app): State<App>, call: Call, form: Form) -> Result<Response, ApiError> {
    let [workspace] = call.ids([("workspaceId", IdKind::Workspace)])?;
    let key = app.service.administered(&call.who, workspace)?;
    let (filter, page) = read(&call, form)?;
    let load = Arc::clone(call.visit.load());
    let Some((limit, before)) = page else {
        let (service, who) = (app.service, call.who.clone());
        let part = move |before| {
            let (service, who, load, filter) = (Arc::clone(&service), who.clone(), Arc::clone(&load), filter.clone());
            async move {
                let audit::AuditPage { entries, next } = service.audit(&who, &load, key, filter, before, PART).await?;
                Ok((entries, next))
            }
        };
        return Ok(whole(form, "audit", call, pages(part)));
    };
    let audit::AuditPage { entries, next } = app.service.audit(&call.who, &load, key, filter, before, limit).await?;
    let next_cursor = next.map(|place| Cursor::new(List::Audit, to_numbers(place)).encode());
    Ok(varied(ok(&AuditPage { data: entries, next_cursor })))
}

/// How many entries before which place; none: all.
type Part = Option<(usize, Option<TrailPosition>)>;

/// The query string.
fn read(call: &Call, form: Form) -> Result<(Filter, Part), ApiError> {
    let query = call.query();
    let mut faults = query.faults(&["limit", "cursor", "from", "to", "actor", "action"]);
    let page = form.page(&query, List::Audit, &mut faults);
    let before = page.and_then(|page| page.after).map(of_numbers);
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
    let part = page.map(|page| (page.limit, before.flatten()));
    if faults.is_empty() { Ok((filter, part)) } else { Err(ApiError::invalid(faults)) }
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
