//! `X-Request-Id` (R2.1): names a request in its answer, in failures and in the log.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;

use crate::domain::ids::Side;
use crate::domain::system::KeySecret;
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

    /// The client's, if it is sane: 1–128 characters of `[A-Za-z0-9._-]`, and no credential, since it is logged.
    fn sent(request: &Request) -> Option<Self> {
        let id = request.headers().get(X_REQUEST_ID)?.to_str().ok()?;
        let sane = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        let sane = (1..=MAX_REQUEST_ID).contains(&id.len()) && id.bytes().all(sane) && !has_credential(id);
        sane.then(|| Self(id.into()))
    }

    /// Puts it into an answer.
    pub fn mark(&self, response: &mut Response) {
        if let Ok(value) = HeaderValue::from_str(&self.0) {
            response.headers_mut().insert(X_REQUEST_ID, value);
        }
    }
}

/// An API key stands in it, or it is a token: base64url of a JSON object, which always begins so, and two dots.
fn has_credential(id: &str) -> bool {
    let key = [Side::Live, Side::Test].into_iter().any(|side| id.contains(KeySecret::prefix(side)));
    key || (id.contains("eyJ") && id.matches('.').count() >= 2)
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
        for id in ["sf_live_v1_abc", "key.sf_test_v1_abc", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"] {
            assert_eq!(sent(id), None, "{id}");
        }
    }
}
