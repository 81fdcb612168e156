//! `X-Request-Id` (R2.1): names a request in its answer, in failures and in the log.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;

use crate::ids::Ids;

/// R2.1.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const MAX_REQUEST_ID: usize = 128;

/// The id of the request at hand.
#[derive(Clone, Debug)]
pub struct RequestId(pub Arc<str>);

impl RequestId {
    /// The client's, or a new one.
    pub fn of(request: &Request, ids: &dyn Ids) -> Self {
        Self::sent(request).unwrap_or_else(|| Self(ids.uuid().to_string().into()))
    }

    /// The client's, if it is sane: 1–128 characters of `[A-Za-z0-9._-]`.
    fn sent(request: &Request) -> Option<Self> {
        let id = request.headers().get(X_REQUEST_ID)?.to_str().ok()?;
        let sane = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        ((1..=MAX_REQUEST_ID).contains(&id.len()) && id.bytes().all(sane)).then(|| Self(id.into()))
    }

    /// Puts it into an answer.
    pub fn mark(&self, response: &mut Response) {
        if let Ok(value) = HeaderValue::from_str(&self.0) {
            response.headers_mut().insert(X_REQUEST_ID, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn sent(id: &str) -> Option<String> {
        let request = Request::builder().header(X_REQUEST_ID, id).body(Body::empty()).unwrap();
        RequestId::sent(&request).map(|id| id.0.to_string())
    }

    #[test]
    fn r2_1_only_sane_request_ids_are_echoed() {
        for id in ["a", "Req_1.2-3", &"x".repeat(128)] {
            assert_eq!(sent(id).as_deref(), Some(id));
        }
        for id in ["", "a b", "a/b", "<script>", &"x".repeat(129)] {
            assert_eq!(sent(id), None, "{id}");
        }
    }
}
