//! `…/quality/gate` (R8.1): answered from memory.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use crate::domain::ids::IdKind;
use crate::domain::system::Permission;
use crate::http::App;
use crate::http::answer::ok;
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::http::etag::tagged;
use crate::http::openapi::failures::{Caller, Failures, Ids, ReadsGate};
use crate::http::openapi::params::{ForAccount, InWorkspace, KnownTag};
use crate::http::params::Query;
use crate::wire::failure::Fault;
use crate::wire::gate::Gate;

/// Ask whether the AI may answer
///
/// `pause` while a breaker is active on the account or on the workspace. An account that was never seen proceeds
/// unless the workspace is paused. Answered from memory.
#[utoipa::path(
    get,
    path = "/quality/gate",
    tag = "Gate",
    operation_id = "askGate",
    security(("credential" = ["quality:read"]), ("credential" = ["events:write"])),
    params(InWorkspace, ForAccount, KnownTag),
    responses(
        (
            status = 200,
            description = "Whether the AI may answer.",
            body = Gate,
            headers(("ETag" = String, description = "Changes with every breaker of the workspace."))
        ),
        (status = 304, description = "As `If-None-Match` says.", headers(("ETag" = String, description = "The tag."))),
        Failures<(Caller, Ids, ReadsGate)>
    ),
)]
pub async fn show(State(app): State<App>, call: Call, headers: HeaderMap) -> Result<Response, ApiError> {
    let (workspace, account) = call.ids_with(("workspaceId", IdKind::Workspace), ("accountId", IdKind::Account))?;
    let key = app.service.workspace(&call.who, workspace, &[Permission::QualityRead, Permission::EventsWrite])?;
    refuse_waiting(&call.query())?;

    let (incarnation, gate) = app.service.gate(key, account)?;
    let tag = format!("\"{incarnation}-{}\"", gate.epoch);
    let mut response = tagged(&headers, &tag, || ok(&Gate::from(gate)))?;
    // To be kept, and asked for again before each use.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// Holding the answer is not offered: said in so many words, as clients will try it.
fn refuse_waiting(query: &Query<'_>) -> Result<(), ApiError> {
    const WAITING: [&str; 2] = ["waitEpoch", "timeoutSeconds"];
    let mut faults = query.faults(&["accountId", "waitEpoch", "timeoutSeconds"]);
    let waiting = WAITING.iter().filter(|name| query.get(name).is_some());
    faults.extend(waiting.map(|name| Fault::at(name, "is not supported by this server: ask again with If-None-Match")));
    if faults.is_empty() { Ok(()) } else { Err(ApiError::invalid(faults)) }
}
