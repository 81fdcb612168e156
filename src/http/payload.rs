//! Request bodies, read within their limits.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderName, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::error::ApiError;
use super::{App, Limits};
use crate::actors::BodyPermit;
use crate::domain::ids::WorkspaceKey;
use crate::wire::body as wire;

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

    /// The body of an ingest request as it came, with its permit: to be held
    /// until the events are answered. 503 where there is none left.
    pub async fn events(self, app: &App, key: WorkspaceKey) -> Result<(Bytes, BodyPermit), ApiError> {
        let limit = self.limits.events_body;
        let size = self.declared().map_or(limit, |size| usize::try_from(size).unwrap_or(limit).min(limit));
        let permit = app.service.body_permit(key, size)?;
        Ok((self.read(limit).await?, permit))
    }

    /// `Content-Length`.
    fn declared(&self) -> Option<u64> {
        self.header(header::CONTENT_LENGTH).and_then(|value| value.parse().ok())
    }

    /// A JSON body: 415 for anything else.
    pub async fn json<T: wire::Body>(self, app: &App) -> Result<T, ApiError> {
        self.expect_json()?;
        let limit = self.limits.body;
        Ok(wire::read(&self.read(limit).await?, app.service.now())?)
    }

    /// A JSON body, or none at all.
    pub async fn json_or_nothing<T: wire::Body>(self, app: &App) -> Result<Option<T>, ApiError> {
        let media_type = self.expect_json();
        let limit = self.limits.body;
        let body = self.read(limit).await?;
        if body.is_empty() {
            return Ok(None);
        }
        media_type?;
        Ok(Some(wire::read(&body, app.service.now())?))
    }

    fn expect_json(&self) -> Result<(), ApiError> {
        let media_type = self.header(header::CONTENT_TYPE).map(|value| value.split(';').next().unwrap_or(value).trim());
        if !media_type.is_some_and(|value| value.eq_ignore_ascii_case("application/json")) {
            return Err(ApiError::unsupported_media_type("The body must be application/json."));
        }
        if !self.header(header::CONTENT_ENCODING).is_none_or(|value| value.eq_ignore_ascii_case("identity")) {
            return Err(ApiError::unsupported_media_type("The body must not be compressed here."));
        }
        Ok(())
    }

    async fn read(self, limit: usize) -> Result<Bytes, ApiError> {
        if self.declared().is_some_and(|size| size > limit as u64) {
            return Err(ApiError::too_large());
        }
        match tokio::time::timeout(self.limits.body_timeout, Limited::new(self.body, limit).collect()).await {
            Ok(Ok(collected)) => Ok(collected.to_bytes()),
            Ok(Err(cause)) if cause.is::<LengthLimitError>() => Err(ApiError::too_large()),
            Ok(Err(_)) => Err(ApiError::broken_body()),
            Err(_) => Err(ApiError::timeout()),
        }
    }
}
