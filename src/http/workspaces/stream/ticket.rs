//! Tickets (R8.2b), and streams that are opened with one.

use axum::extract::{FromRequestParts, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::response::Response;

use crate::domain::system::Permission;
use crate::http::App;
use crate::http::answer::created;
use crate::http::auth::{or_refused, principal};
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::http::openapi::failures::{Caller, Failures, Ids, OfWorkspace, Tickets};
use crate::http::openapi::params::InWorkspace;
use crate::http::params::Query;
use crate::wire::stream::StreamTicket;
use crate::wire::values::Timestamp;

/// The query parameter that has one.
pub const TICKET: &str = "ticket";

/// Make a ticket for a stream
///
/// For clients that cannot set a header, such as a browser's `EventSource`: good for one connection within 30 seconds,
/// with the rights of the credential that asks for it.
#[utoipa::path(
    post,
    path = "/quality/stream/ticket",
    tag = "Stream",
    operation_id = "createStreamTicket",
    security(("credential" = ["quality:read"])),
    params(InWorkspace),
    responses(
        (status = 201, description = "The ticket, shown this once.", body = StreamTicket),
        Failures<(Caller, Ids, Tickets, OfWorkspace)>
    ),
)]
pub async fn create(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let key = call.workspace(&app, &[Permission::QualityRead])?;
    call.only(&[])?;
    let (ticket, expires_at) = app.service.issue_ticket(&call.who, key)?;
    Ok(created(&StreamTicket { ticket, expires_at: Timestamp(expires_at) }))
}

/// An authenticated request, by its header or, where it has none, by a ticket in its query string.
pub struct Ticketed(pub Call);

impl FromRequestParts<App> for Ticketed {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let ticket = Query::parse(parts.uri.query()).get(TICKET).map(str::to_owned);
        let who = match ticket.filter(|_| !parts.headers.contains_key(header::AUTHORIZATION)) {
            Some(ticket) => {
                let workspace = Call::workspace_of(parts, app).await;
                or_refused(app, parts, app.service.redeem_ticket(&ticket, workspace)).await?
            }
            None => principal(app, parts).await?,
        };
        Ok(Self(Call::of(who, parts, app).await?))
    }
}
