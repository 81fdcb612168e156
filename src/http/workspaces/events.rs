//! `…/events` (R4.1–R4.3), and what became of them (R4.12).

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::Response;

use crate::domain::ids::WorkspaceKey;
use crate::domain::system::Permission;
use crate::http::App;
use crate::http::answer::{json, ok};
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::http::openapi::failures::{Caller, EventsBody, Failures, Identities, Ids, OfWorkspace, Writes};
use crate::http::openapi::params::{InWorkspace, Packing};
use crate::http::payload::Payload;
use crate::service::ingest::IngestRequest;
use crate::wire::events::{self, KINDS};
use crate::wire::ingest::{AllRejected, IngestAnswer};
use crate::wire::list::{EventRateList, RejectionList};

/// Rejections that are written on the spot.
const SHORT: usize = 100;

/// Who sees what became of events: any one of these.
const READERS: [Permission; 2] = [Permission::QualityRead, Permission::EventsWrite];

/// Record events
///
/// Answered when every accepted event is on stable storage and visible to queries and the gate. A repeat of source
/// and id is a duplicate for 7 days, and changes nothing; with other content it is rejected. A rejected event leaves
/// nothing behind, and the others of its request stand.
///
/// In CloudEvents' binary content mode (`ce-specversion`, `ce-id`, `ce-source`, `ce-type` and perhaps `ce-time` as
/// headers, percent-encoded) the body, `application/json`, is the `data` of one event.
#[utoipa::path(
    post,
    path = "/events",
    tag = "Events",
    operation_id = "ingestEvents",
    security(("credential" = ["events:write"])),
    params(InWorkspace, Packing),
    request_body(
        content(
            (
                events::OneOrMany = "application/json",
                examples(
                    ("one" = (summary = "One event", value = json!(KINDS[1].example()))),
                    ("many" = (summary = "An array", value = json!([KINDS[0].example(), KINDS[8].example()])))
                )
            ),
            (events::Lines = "application/jsonl", example = json!(events::lines())),
            (events::Lines = "application/ndjson", example = json!(events::lines())),
            (events::Lines = "application/x-ndjson", example = json!(events::lines()))
        ),
        description = "At most 1,000 events and 4 MiB after unpacking, both as configured. Taken as well: one event \
                       as `application/cloudevents+json`, and an array as `application/cloudevents-batch+json`."
    ),
    responses(
        (status = 202, description = "All were accepted, or had been before.", body = IngestAnswer),
        (status = 207, description = "Some were rejected.", body = IngestAnswer),
        (status = 422, description = "All were rejected.", body = AllRejected),
        Failures<(Caller, Ids, EventsBody, Writes, Identities)>
    ),
)]
pub async fn ingest(State(app): State<App>, call: Call, payload: Payload) -> Result<Response, ApiError> {
    let key = call.workspace(&app, &[Permission::EventsWrite])?;
    let answer = take(&app, &call, key, payload).await.inspect_err(|failure| {
        if is_of_the_request(failure.status) {
            let (load, request_id) = (call.visit.load(), &call.request_id.0);
            app.service.note_refused(load, key, request_id, failure.code, &failure.message);
        }
    })?;
    app.meter.ingested(&answer);
    let request_id = call.request_id.clone();
    let short = answer.rejected.len() <= SHORT;
    let written = move || {
        if answer.all_rejected() {
            let refused = ApiError::all_rejected();
            return json(refused.status, &AllRejected::new(refused.shown(&request_id.0), answer.rejected));
        }
        json(if answer.rejected.is_empty() { StatusCode::ACCEPTED } else { StatusCode::MULTI_STATUS }, &answer)
    };
    Ok(if short { written() } else { app.service.in_turn(call.visit.load(), written).await? })
}

/// Reads the request, and has its events recorded and applied.
async fn take(app: &App, call: &Call, key: WorkspaceKey, payload: Payload) -> Result<IngestAnswer, ApiError> {
    call.only(&[])?;
    let content_type = payload.header(header::CONTENT_TYPE).map(str::to_owned);
    let content_encoding = payload.header(header::CONTENT_ENCODING).map(str::to_owned);
    let event_headers = payload.event_headers();
    app.service.may_send_events(&call.who, call.visit.load()).await?;
    let (body, permit) = payload.events(app, key).await?;
    let request_id = Arc::clone(&call.request_id.0);
    let request = IngestRequest { content_type, content_encoding, event_headers, body, request_id };
    Ok(app.service.ingest(&call.who, call.visit.load(), key, request, permit).await?)
}

/// Whether a refusal says something of what was sent. What would be taken at another time is no rejection (R4.12).
fn is_of_the_request(status: StatusCode) -> bool {
    status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS
}

/// List what was refused
///
/// The last hundred events and requests that were refused, without their contents. In memory: a restart forgets them.
#[utoipa::path(
    get,
    path = "/events/rejections",
    tag = "Events",
    operation_id = "listRejections",
    security(("credential" = ["quality:read"]), ("credential" = ["events:write"])),
    params(InWorkspace),
    responses((status = 200, description = "Newest first.", body = RejectionList), Failures<(Caller, Ids, OfWorkspace)>),
)]
pub async fn rejections(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let key = call.workspace(&app, &READERS)?;
    call.only(&[])?;
    Ok(ok(&RejectionList::from_iter(app.service.rejections(call.visit.load(), key))))
}

/// Count events by minutes
///
/// What became of the events of each minute of the last hour. In memory: a restart forgets them.
#[utoipa::path(
    get,
    path = "/events/rates",
    tag = "Events",
    operation_id = "listEventRates",
    security(("credential" = ["quality:read"]), ("credential" = ["events:write"])),
    params(InWorkspace),
    responses((status = 200, description = "Oldest first.", body = EventRateList), Failures<(Caller, Ids, OfWorkspace)>),
)]
pub async fn rates(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let key = call.workspace(&app, &READERS)?;
    call.only(&[])?;
    Ok(ok(&EventRateList::from_iter(app.service.event_rates(key))))
}
