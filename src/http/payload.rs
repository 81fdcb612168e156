//! Request bodies, read within their limits.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use http_body_util::BodyExt;

use super::call::Call;
use super::error::ApiError;
use super::{App, Limits};
use crate::actors::{Allowance, BodyPermit};
use crate::domain::ids::WorkspaceKey;
use crate::service::door::EventHeader;
use crate::service::tenant_load::Visit;
use crate::wire::body as wire;
use crate::wire::media_type;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// A body that has not been read yet.
pub struct Payload {
    headers: HeaderMap,
    body: Body,
    limits: Limits,
}

impl FromRequest<App> for Payload {
    type Rejection = Infallible;

    async fn from_request(request: Request, app: &App) -> Result<Self, Infallible> {
        let (parts, body) = request.into_parts();
        Ok(Self { headers: parts.headers, body, limits: app.limits })
    }
}

impl Payload {
    /// A header's value as text.
    pub fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The attributes of an event that stand in headers (R4.1b).
    pub fn event_headers(&self) -> Vec<EventHeader> {
        let of_event = |(name, value): (&HeaderName, &HeaderValue)| {
            let name = name.as_str().strip_prefix("ce-")?;
            Some(EventHeader { name: name.into(), value: value.as_bytes().into() })
        };
        self.headers.iter().filter_map(of_event).collect()
    }

    /// The body of an ingest request as it came, with its permit: to be held until the events are answered. 503 where
    /// there is no room for what arrives.
    pub async fn events(self, app: &App, key: WorkspaceKey) -> Result<(Bytes, BodyPermit), ApiError> {
        let limit = self.limits.events_body;
        self.read(&app.service.room(key)?, limit).await
    }

    /// `Content-Length`.
    fn declared(&self) -> Option<u64> {
        self.header(header::CONTENT_LENGTH).and_then(|value| value.parse().ok())
    }

    /// A JSON body: 415 for anything else.
    pub async fn json<T: wire::Body + Send + 'static>(self, app: &App, call: &Call) -> Result<T, ApiError> {
        self.expect_json()?;
        let body = self.small(call).await?;
        parsed(app, call, asked(app, call), body).await
    }

    /// A JSON body of what shall change, in either of its names (RFC 7396): 415 for anything else.
    pub async fn patch<T: wire::Body + Send + 'static>(self, app: &App, call: &Call) -> Result<T, ApiError> {
        self.patch_as(app, call, asked(app, call)).await
    }

    /// As [`patch`](Self::patch), of settings, of which these are in force.
    pub async fn patch_of_settings<T: wire::Body + Send + 'static>(
        self,
        app: &App,
        call: &Call,
        in_force: wire::InForce,
    ) -> Result<T, ApiError> {
        let asked = wire::Asked { in_force: Some(in_force), ..asked(app, call) };
        self.patch_as(app, call, asked).await
    }

    async fn patch_as<T: wire::Body + Send + 'static>(
        self,
        app: &App,
        call: &Call,
        asked: wire::Asked,
    ) -> Result<T, ApiError> {
        let message = "The body must be application/json or application/merge-patch+json, in UTF-8.";
        self.expect(&[JSON, "application/merge-patch+json"], message)?;
        let body = self.small(call).await?;
        parsed(app, call, asked, body).await
    }

    /// A JSON body, or none at all.
    pub async fn json_or_nothing<T: wire::Body + Send + 'static>(
        self,
        app: &App,
        call: &Call,
    ) -> Result<Option<T>, ApiError> {
        let media_type = self.expect_json();
        let body = self.small(call).await?;
        if body.0.is_empty() {
            return Ok(None);
        }
        media_type?;
        parsed(app, call, asked(app, call), body).await.map(Some)
    }

    /// A body without events.
    async fn small(self, call: &Call) -> Result<(Bytes, BodyPermit), ApiError> {
        let limit = self.limits.body;
        self.any(&call.visit, limit).await
    }

    /// A form as browsers send it, of at most `limit` bytes: 415 for anything else.
    pub async fn form(self, visit: &Visit, limit: usize) -> Result<(Bytes, BodyPermit), ApiError> {
        self.expect(&[FORM], "The body must be application/x-www-form-urlencoded, in UTF-8.")?;
        self.any(visit, limit).await
    }

    /// A body of any kind, of at most `limit` bytes.
    pub async fn any(self, visit: &Visit, limit: usize) -> Result<(Bytes, BodyPermit), ApiError> {
        self.read(&visit.load().room, limit).await
    }

    fn expect_json(&self) -> Result<(), ApiError> {
        self.expect(&[JSON], "The body must be application/json, in UTF-8.")
    }

    fn expect(&self, names: &[&str], message: &'static str) -> Result<(), ApiError> {
        let media_type = self.header(header::CONTENT_TYPE).and_then(media_type::of_text);
        if !media_type.is_some_and(|name| media_type::among(names, name)) {
            return Err(ApiError::unsupported_media_type(message));
        }
        if !self.header(header::CONTENT_ENCODING).is_none_or(|value| value.eq_ignore_ascii_case("identity")) {
            return Err(ApiError::unsupported_media_type("The body must not be compressed here."));
        }
        Ok(())
    }

    /// All of a body of at most `limit` bytes, as it arrives: room is taken for what is there, not for what is
    /// announced.
    async fn read(self, room: &Allowance, limit: usize) -> Result<(Bytes, BodyPermit), ApiError> {
        let declared = self.declared();
        if declared.is_some_and(|size| size > limit as u64) {
            return Err(ApiError::too_large());
        }
        let expected = declared.and_then(|size| usize::try_from(size).ok()).unwrap_or(limit);
        let mut arriving = Arriving { permit: room.take(0)?, bytes: Vec::new(), expected, limit };
        let pace = self.limits.pace;
        match tokio::time::timeout(self.limits.body_timeout, arriving.all(self.body, pace)).await {
            Ok(read) => read.map(|()| (arriving.bytes.into(), arriving.permit)),
            Err(_) => Err(ApiError::timeout()),
        }
    }
}

/// How fast a body has to come.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Bytes that must come in each span, once more than [`UNHURRIED`] are held.
    pub least: usize,
    pub span: Duration,
}

/// So much of a body may be held however slowly the rest comes.
const UNHURRIED: usize = 64 << 10;
/// Bytes that are read before other connections have their turn: what has arrived already may be far more.
const AT_A_TIME: usize = 64 << 10;
/// What a body is taken to need when it begins.
const FIRST_ROOM: usize = 16 << 10;

/// A body of which some has arrived.
struct Arriving {
    permit: BodyPermit,
    bytes: Vec<u8>,
    /// How long it will be, at most.
    expected: usize,
    limit: usize,
}

impl Arriving {
    async fn all(&mut self, mut body: Body, pace: Pace) -> Result<(), ApiError> {
        let mut span = std::pin::pin!(tokio::time::sleep(pace.span));
        let (mut at_its_start, mut at_last_pause) = (0, 0);
        loop {
            let frame = tokio::select! {
                biased;
                frame = body.frame() => frame,
                () = &mut span => {
                    if self.bytes.len() > UNHURRIED && self.bytes.len() - at_its_start < pace.least {
                        return Err(ApiError::too_slow());
                    }
                    at_its_start = self.bytes.len();
                    span.set(tokio::time::sleep(pace.span));
                    continue;
                }
            };
            match frame {
                None => return Ok(()),
                Some(Err(_)) => return Err(ApiError::broken_body()),
                Some(Ok(frame)) => frame.data_ref().map_or(Ok(()), |data| self.take(data))?,
            }
            if self.bytes.len() - at_last_pause > AT_A_TIME {
                at_last_pause = self.bytes.len();
                tokio::task::yield_now().await;
            }
        }
    }

    fn take(&mut self, data: &[u8]) -> Result<(), ApiError> {
        let length = self.bytes.len() + data.len();
        if length > self.limit {
            return Err(ApiError::too_large());
        }
        if length > self.bytes.capacity() {
            let room = (2 * self.bytes.capacity()).max(FIRST_ROOM).min(self.expected).max(length);
            self.permit.resize(room)?;
            self.bytes.reserve_exact(room - self.bytes.len());
        }
        self.bytes.extend_from_slice(data);
        Ok(())
    }
}

/// JSON longer than this is read in a turn of the tenant, on a thread that answers nobody.
const READ_HERE: usize = 16 << 10;

fn asked(app: &App, call: &Call) -> wire::Asked {
    let private_targets = app.service.private_targets();
    wire::Asked { now: app.service.now(), workspace: call.named_workspace(), private_targets, in_force: None }
}

async fn parsed<T: wire::Body + Send + 'static>(
    app: &App,
    call: &Call,
    asked: wire::Asked,
    (body, permit): (Bytes, BodyPermit),
) -> Result<T, ApiError> {
    if body.len() <= READ_HERE {
        return Ok(wire::read(&body, asked)?);
    }
    let read = move || {
        let read = wire::read(&body, asked);
        drop(permit);
        read
    };
    Ok(app.service.in_turn(call.visit.load(), read).await??)
}
