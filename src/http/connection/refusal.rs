//! Answers that are written straight to a connection: to what is no request, or when there are too many connections.

use axum::http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, DATE};
use axum::http::{HeaderMap, HeaderValue};
use chrono::{DateTime, Utc};

use super::slots::Full;
use crate::clock;
use crate::domain::time::Millis;
use crate::http::error::ApiError;
use crate::http::request_id::X_REQUEST_ID;
use crate::http::web::Web;
use crate::ids::Ids;

/// The whole answer, in R2.7's form, after which the connection closes.
pub fn answer(failure: &ApiError, ids: &dyn Ids, web: &Web) -> Vec<u8> {
    let id = ids.uuid().to_string();
    // Nothing but texts, so that it can always be written.
    let body = serde_json::to_vec(&failure.shown(&id)).unwrap_or_default();
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    for (name, value) in [(X_REQUEST_ID, id), (DATE, date(clock::wall()))] {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    if let Some((name, value)) = &failure.header {
        headers.insert(name, value.clone());
    }
    web.protect(&mut headers);
    let status = failure.status;
    tracing::debug!(status = status.as_u16(), code = failure.code, "a connection was refused");
    let mut answer = format!("HTTP/1.1 {} {}\r\n", status.as_str(), status.canonical_reason().unwrap_or_default());
    for (name, value) in &headers {
        answer.extend([name.as_str(), ": ", value.to_str().unwrap_or_default(), "\r\n"]);
    }
    answer.push_str("\r\n");
    [answer.into_bytes(), body].concat()
}

/// As in RFC 9110, 5.6.7.
fn date(now: Millis) -> String {
    let now = DateTime::<Utc>::from_timestamp_millis(now).unwrap_or_default();
    now.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

impl From<Full> for ApiError {
    fn from(full: Full) -> Self {
        match full {
            Full::Server => Self::too_many_connections(),
            Full::Address => Self::too_many_connections_of_one(),
        }
    }
}
