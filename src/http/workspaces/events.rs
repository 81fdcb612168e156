//! `…/events` (R4.1–R4.3).

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::Response;
use serde::Serialize;

use crate::domain::system::Scope;
use crate::http::App;
use crate::http::call::Call;
use crate::http::envelope::json;
use crate::http::error::{ApiError, FailureBody};
use crate::http::payload::Payload;
use crate::service::ingest::{IngestAnswer, IngestRequest};

/// A 422: R2.7's members, then R4.3's.
#[derive(Serialize)]
struct AllRejected<'a> {
    #[serde(flatten)]
    failure: FailureBody<'a>,
    #[serde(flatten)]
    answer: &'a IngestAnswer,
}

#[utoipa::path(post, path = "/events")]
pub async fn ingest(State(app): State<App>, call: Call, payload: Payload) -> Result<Response, ApiError> {
    let key = call.workspace(&app, &[Scope::EventsWrite])?;
    call.only(&[])?;
    let content_type = payload.header(header::CONTENT_TYPE).map(str::to_owned);
    let content_encoding = payload.header(header::CONTENT_ENCODING).map(str::to_owned);
    let (body, room) = payload.events(&app).await?;
    let answer = app.service.ingest(key, IngestRequest { content_type, content_encoding, body }, room).await?;
    app.meter.ingested(&answer);
    if answer.all_rejected() {
        let failure = FailureBody {
            error: "Every event of the request was rejected.",
            code: "all_rejected",
            request_id: &call.request_id.0,
            details: &[],
        };
        return Ok(json(StatusCode::UNPROCESSABLE_ENTITY, &AllRejected { failure, answer: &answer }));
    }
    let status = if answer.rejected.is_empty() { StatusCode::ACCEPTED } else { StatusCode::MULTI_STATUS };
    Ok(json(status, &answer))
}
