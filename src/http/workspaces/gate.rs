//! `…/quality/gate` (R8.1): answered from memory.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use crate::domain::ids::{Id, IdKind, WorkspaceKey};
use crate::domain::system::Permission;
use crate::domain::workspace::{GateQuestion, GateState};
use crate::http::App;
use crate::http::answer::{ok, unstored};
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::http::etag::tagged;
use crate::http::openapi::failures::{Caller, Failures, Ids, ReadsGate};
use crate::http::openapi::params::{ForAccount, ForLabels, HeldGate, InWorkspace, KnownTag};
use crate::http::params::Query;
use crate::wire::gate::Gate;
use crate::wire::scope_key::MAX_LABEL;

/// Ask whether the AI may answer
///
/// `pause` while a breaker is active on the account or on the workspace, or on the channel or the intent that are asked
/// for. What was never seen proceeds unless the workspace is paused. Answered from memory.
///
/// With `waitEpoch` the answer is held while the epoch is that one: whoever asks again with the epoch of the last answer
/// learns of a change as soon as it happens, and asks no more than twice a minute otherwise.
#[utoipa::path(
    get,
    path = "/quality/gate",
    tag = "Gate",
    operation_id = "askGate",
    security(("credential" = ["quality:read"]), ("credential" = ["events:write"])),
    params(InWorkspace, ForAccount, ForLabels, HeldGate, KnownTag),
    responses(
        (
            status = 200,
            description = "Whether the AI may answer.",
            body = Gate,
            headers(("ETag" = String, description = "Changes with every breaker of the workspace; absent where `stale`."))
        ),
        (status = 304, description = "As `If-None-Match` says.", headers(("ETag" = String, description = "The tag."))),
        Failures<(Caller, Ids, ReadsGate)>
    ),
)]
pub async fn show(State(app): State<App>, call: Call, headers: HeaderMap) -> Result<Response, ApiError> {
    let (workspace, account) = call.workspace_with("accountId", IdKind::Account)?;
    let key = app.service.workspace(&call.who, workspace, &[Permission::QualityRead, Permission::EventsWrite])?;
    let query = call.query();
    let (question, wait) = read(&query, account)?;
    let ask = |key| app.service.gate(key, question);

    let (incarnation, mut gate) = ask(key)?;
    if let Some(Wait { span, .. }) = wait.filter(|wait| wait.epoch == gate.epoch) {
        app.service.wait_at_gate(key, gate.epoch, span, &app.stop).await;
        // The workspace may have been deleted meanwhile.
        let scopes = &[Permission::QualityRead, Permission::EventsWrite];
        (_, gate) = ask(app.service.workspace(&call.who, workspace, scopes)?)?;
    }
    let tag = format!("\"{incarnation}-{}\"", gate.epoch);
    let mut response = tagged(&headers, &tag, || ok(&Gate::from(gate)))?;
    // To be kept, and asked for again before each use.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// The same of the last known state, where whoever has the workspace is out of reach. It is held for nobody: the
/// present epoch may be another one already.
pub async fn show_last(
    app: &App,
    parts: &mut Parts,
    last: impl FnOnce(WorkspaceKey) -> Option<(Arc<GateState>, Duration)>,
) -> Result<Response, ApiError> {
    let call = Call::from_request_parts(parts, app).await?;
    let (workspace, account) = call.workspace_with("accountId", IdKind::Account)?;
    let key = app.service.workspace(&call.who, workspace, &[Permission::QualityRead, Permission::EventsWrite])?;
    let query = call.query();
    let (question, _) = read(&query, account)?;
    let (state, age) = last(key).ok_or_else(ApiError::partition_moving)?;
    Ok(unstored(ok(&Gate::stale(state.ask(question), age.as_secs()))))
}

/// The largest number that every JSON reader has exactly.
const MAX_EPOCH: u64 = (1 << 53) - 1;

/// For how long the answer is held, and at which epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wait {
    epoch: u64,
    span: Duration,
}

/// What is asked, and whether the answer is to be held; `timeoutSeconds` alone says nothing.
fn read<'a>(query: &'a Query<'_>, account: Option<Id>) -> Result<(GateQuestion<'a>, Option<Wait>), ApiError> {
    let mut faults = query.faults(&["accountId", "channel", "intent", "waitEpoch", "timeoutSeconds"]);
    let [channel, intent] = ["channel", "intent"].map(|name| query.text(name, MAX_LABEL, &mut faults));
    let epoch = query.whole("waitEpoch", 0..=MAX_EPOCH, &mut faults);
    let seconds = query.whole("timeoutSeconds", 1..=60, &mut faults).unwrap_or(30);
    if !faults.is_empty() {
        return Err(ApiError::invalid(faults));
    }
    let wait = epoch.map(|epoch| Wait { epoch, span: Duration::from_secs(seconds) });
    Ok((GateQuestion { account, channel, intent }, wait))
}
