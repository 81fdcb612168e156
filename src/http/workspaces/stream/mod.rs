//! `…/quality/stream` (R8.2): effects as they happen, as server-sent events.
//!
//! `reader` is one stream, `hub` what all streams of a side have in common, `frame` what is written; `ticket` opens one
//! without a header.

mod frame;
mod hub;
mod reader;
mod ticket;

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use futures::stream;

use self::reader::{Asked, Reader};
pub use self::ticket::{__path_create, create};
use self::ticket::{TICKET, Ticketed};
use crate::domain::effect::{EffectFilter, EffectId, EffectType, EffectTypes};
use crate::domain::ids::IdKind;
use crate::domain::system::Permission;
use crate::http::App;
use crate::http::error::ApiError;
use crate::http::openapi::failures::{Caller, Failures, Ids, Reads, Streams as OpensStream};
use crate::http::openapi::params::{InWorkspace, LastEvent, StreamQuery};
use crate::http::params::Query;
use crate::http::request_log::TellAtEnd;
use crate::wire::failure::{Fault, Faults};
use crate::wire::stream::StreamData;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// What the streams of a server have in common.
#[derive(Clone, Debug)]
pub struct Streams {
    hubs: hub::Hubs,
    /// After this time without anything to tell, the client is told that the connection stands.
    heartbeat: Duration,
}

impl Default for Streams {
    fn default() -> Self {
        Self::new(Duration::from_secs(15))
    }
}

impl Streams {
    /// With this time between heartbeats.
    pub fn new(heartbeat: Duration) -> Self {
        Self { hubs: hub::Hubs::default(), heartbeat }
    }
}

/// Stream what happens
///
/// Server-sent events: `event:` is the type of an effect, `data:` the effect in JSON, `id:` its place. Whoever connects
/// again with the last id (`Last-Event-ID`, or `lastEventId` where no header can be set) goes on behind it, without a
/// gap. Where that is not possible, an event `reset` has the present state, and the stream goes on from there. The last
/// event is `end`, which says why. Every 15 seconds at least something comes, if only a comment.
#[utoipa::path(
    get,
    path = "/quality/stream",
    tag = "Stream",
    operation_id = "streamEffects",
    security(("credential" = ["quality:read"])),
    params(InWorkspace, StreamQuery, LastEvent),
    responses(
        (
            status = 200,
            description = "Effects as they happen, until either side ends the connection.",
            content_type = "text/event-stream",
            body = StreamData
        ),
        Failures<(Caller, Ids, Reads, OpensStream)>
    ),
)]
pub async fn show(State(app): State<App>, Ticketed(call): Ticketed, headers: HeaderMap) -> Result<Response, ApiError> {
    let (workspace, account) = call.workspace_with("accountId", IdKind::Account)?;
    let key = app.service.workspace(&call.who, workspace, &[Permission::QualityRead])?;
    let query = call.query();
    let filter = EffectFilter { types: types(&query)?, account };
    let after = last_event(&headers, &query);

    let place = app.service.stream_place(call.visit.load())?;
    let start = app.service.stream_start(key, after, filter).await?;
    let reader = Reader::new(&app, Asked { who: call.who, key, filter, place }, start);
    let bytes = stream::unfold(reader, async |mut reader| {
        reader.next().await.map(|bytes| (Ok::<_, Infallible>(bytes), reader))
    });
    let mut response = Response::new(Body::from_stream(bytes));
    response.extensions_mut().insert(TellAtEnd);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    // It has one answer on it and no other.
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    // A proxy that collects answers would hold the events back.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

/// The types that are asked for, by their names with commas between; all of them where none are named.
fn types(query: &Query<'_>) -> Result<EffectTypes, ApiError> {
    let mut faults = query.faults(&["types", "accountId", "lastEventId", TICKET]);
    let (mut types, mut unknown) = (Vec::new(), Faults::default());
    for name in query.get("types").into_iter().flat_map(|names| names.split(',')) {
        match EffectType::named(name) {
            Some(kind) => types.push(kind),
            None => unknown.push(|| Fault::at("types", format!("names no type of effect with `{}`", shown(name)))),
        }
    }
    faults.extend(unknown.into_details());
    if !faults.is_empty() {
        return Err(ApiError::invalid(faults));
    }
    Ok(if types.is_empty() { EffectTypes::ALL } else { types.into_iter().collect() })
}

/// The beginning of what a client sent.
fn shown(name: &str) -> String {
    name.chars().take(64).collect()
}

/// Behind which effect the client goes on, if it says so; the inner none for what is no id. A client that connects
/// again by itself sends the header, and the query string that it began with.
fn last_event(headers: &HeaderMap, query: &Query<'_>) -> Option<Option<EffectId>> {
    let header = headers.get(LAST_EVENT_ID).map(|value| value.to_str().unwrap_or("?"));
    let text = header.or_else(|| query.get("lastEventId")).filter(|text| !text.is_empty())?;
    Some(text.parse().ok())
}
