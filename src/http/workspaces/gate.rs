//! `…/quality/gate` (R8.1): answered from memory.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::domain::ids::{Id, IdKind};
use crate::domain::system::Permission;
use crate::http::App;
use crate::http::call::Call;
use crate::http::envelope::json;
use crate::http::error::ApiError;
use crate::http::openapi::failures::{Caller, Failures, Ids, ReadsGate};
use crate::http::params::Query;
use crate::http::schema::params::{ForAccount, InWorkspace, KnownTag};
use crate::http::schema::quality as schema;
use crate::service::Fault;

#[derive(Serialize)]
struct Answer {
    decision: Decision,
    epoch: u64,
    breakers: Vec<Id>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Decision {
    Proceed,
    Pause,
}

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
    responses((status = 200, description = "Whether the AI may answer.", body = schema::Gate, headers(("ETag" = String, description = "Changes with every breaker of the workspace."))), (status = 304, description = "As `If-None-Match` says.", headers(("ETag" = String, description = "The tag."))), Failures<(Caller, Ids, ReadsGate)>),
)]
pub async fn show(State(app): State<App>, call: Call, headers: HeaderMap) -> Result<Response, ApiError> {
    let (workspace, account) = call.ids_with(("workspaceId", IdKind::Workspace), ("accountId", IdKind::Account))?;
    let key = app.service.workspace(&call.who, workspace, &[Permission::QualityRead, Permission::EventsWrite])?;
    refuse_waiting(&call.query())?;

    let (incarnation, gate) = app.service.gate(key, account)?;
    let tag = format!("\"{incarnation}-{}\"", gate.epoch);
    let mut response = if names(&headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let decision = if gate.breakers.is_empty() { Decision::Proceed } else { Decision::Pause };
        json(StatusCode::OK, &Answer { decision, epoch: gate.epoch, breakers: gate.breakers })
    };
    let tag = HeaderValue::from_str(&tag).map_err(|_| ApiError::internal())?;
    response.headers_mut().insert(header::ETAG, tag);
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

/// `If-None-Match` names the tag: a list, weak tags and `*` included (RFC 9110, 13.1.2).
pub fn names(headers: &HeaderMap, tag: &str) -> bool {
    let sent = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = sent.flat_map(|value| value.split(',')).map(str::trim);
    tags.any(|sent| sent == "*" || sent.strip_prefix("W/").unwrap_or(sent) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r8_1_if_none_match_takes_lists_and_weak_tags() {
        let matches = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::IF_NONE_MATCH, HeaderValue::from_static(value));
            }
            names(&headers, "\"a-1\"")
        };
        for values in [&["\"a-1\""][..], &["W/\"a-1\""], &["\"a-0\", W/\"a-1\""], &["\"x\"", "\"a-1\""], &["*"]] {
            assert!(matches(values), "{values:?}");
        }
        for values in [&[][..], &["\"a-10\""], &["a-1"], &["\"a-\", \"1\""], &[""]] {
            assert!(!matches(values), "{values:?}");
        }
    }
}
