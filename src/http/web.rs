//! What browsers are told: security headers on every answer, and who may read answers (CORS).

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, AUTHORIZATION, CACHE_CONTROL,
    CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY, RETRY_AFTER,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::map_response;
use axum::response::Response;
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::request_id::X_REQUEST_ID;
use crate::wire::sign_in as wire;

/// How long a browser may remember what a preflight has said.
const REMEMBERED: Duration = Duration::from_secs(600);

/// How the server looks from a browser.
#[derive(Clone, Debug, Default)]
pub struct Web {
    /// Whether it is reached over TLS.
    pub https: bool,
    /// Whose pages may read answers.
    pub origins: Arc<[HeaderValue]>,
    /// Where people sign in on the page; `None`: with API keys alone.
    pub sign_in: Option<Arc<SignIn>>,
}

/// The issuer, for a page that signs people in there (R2.13b).
#[derive(Clone, Debug)]
pub struct SignIn {
    pub issuer: Box<str>,
    /// Scheme, host and port of the issuer: what a browser lets the page connect to.
    pub origin: Box<str>,
    pub client_id: Box<str>,
    pub audience: Option<Box<str>>,
}

impl From<&SignIn> for wire::SignIn {
    fn from(SignIn { issuer, origin: _, client_id, audience }: &SignIn) -> Self {
        Self { issuer: Some(issuer.clone()), client_id: Some(client_id.clone()), audience: audience.clone() }
    }
}

impl Web {
    /// Sets what no handler has set.
    pub fn protect(&self, headers: &mut HeaderMap) {
        const ALWAYS: [(HeaderName, HeaderValue); 4] = [
            (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
            (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        for (name, value) in ALWAYS {
            headers.entry(name).or_insert(value);
        }
        if self.https {
            headers.entry(STRICT_TRANSPORT_SECURITY).or_insert(HeaderValue::from_static("max-age=31536000"));
        }
        if self.origins.is_empty() {
            let name = HeaderName::from_static("cross-origin-resource-policy");
            headers.entry(name).or_insert(HeaderValue::from_static("same-origin"));
        }
    }

    /// Lets the pages of the origins read answers: inside the envelope and outside of everything else,
    /// so that they can read failures as well.
    pub fn open<S: Clone + Send + Sync + 'static>(&self, router: Router<S>) -> Router<S> {
        if self.origins.is_empty() {
            return router;
        }
        router.layer(self.cors()).layer(map_response(without_origin_nothing))
    }

    fn cors(&self) -> CorsLayer {
        let others = ["last-event-id", "traceparent"].map(HeaderName::from_static);
        let sent = [AUTHORIZATION, CONTENT_TYPE, CONTENT_ENCODING, IF_NONE_MATCH, X_REQUEST_ID];
        CorsLayer::new()
            .allow_origin(AllowOrigin::list(self.origins.iter().cloned()))
            .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PATCH, Method::DELETE])
            .allow_headers(sent.into_iter().chain(others).collect::<Vec<_>>())
            .expose_headers([ETAG, X_REQUEST_ID, RETRY_AFTER, HeaderName::from_static("x-retention-from")])
            .max_age(REMEMBERED)
    }
}

/// The layer allows methods and headers whoever asks: an origin that is not on the list is told
/// nothing.
async fn without_origin_nothing(mut response: Response) -> Response {
    let headers = response.headers_mut();
    if !headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
        for name in [
            ACCESS_CONTROL_ALLOW_METHODS,
            ACCESS_CONTROL_ALLOW_HEADERS,
            ACCESS_CONTROL_ALLOW_CREDENTIALS,
            ACCESS_CONTROL_EXPOSE_HEADERS,
            ACCESS_CONTROL_MAX_AGE,
        ] {
            headers.remove(name);
        }
    }
    response
}
