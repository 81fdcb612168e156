//! What every request goes through: its id, its log line, and failures in R2.7's form.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tracing::Instrument;

use super::error::{ApiError, FailureBody};
use super::monitor::Meter;
use super::request_log::Asked;
use super::web::Web;
use super::{framing, unread};
use crate::ids::Ids;

/// R2.1.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const MAX_REQUEST_ID: usize = 128;

/// What the envelope needs.
#[derive(Clone)]
pub struct Envelope {
    pub ids: Arc<dyn Ids>,
    pub meter: Arc<Meter>,
    /// How long a body that nobody wants is read on.
    pub body_timeout: Duration,
    pub web: Web,
}

/// The id of the request at hand.
#[derive(Clone, Debug)]
pub struct RequestId(pub Arc<str>);

impl RequestId {
    /// The client's, if it is sane: 1–128 characters of `[A-Za-z0-9._-]`.
    fn sent(request: &Request) -> Option<Self> {
        let id = request.headers().get(X_REQUEST_ID)?.to_str().ok()?;
        let sane = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        ((1..=MAX_REQUEST_ID).contains(&id.len()) && id.bytes().all(sane)).then(|| Self(id.into()))
    }
}

/// The outermost layer.
pub async fn envelope(State(tools): State<Envelope>, mut request: Request, next: Next) -> Response {
    let under_way = tools.meter.begins();
    let id = RequestId::sent(&request).unwrap_or_else(|| RequestId(tools.ids.uuid().to_string().into()));
    request.extensions_mut().insert(id.clone());
    let asked = Asked::of(&request, &id);
    let refused = framing::fault(&request);
    // What comes behind such a request cannot be told from its body.
    let closes = refused.is_some();
    let (request, unread) = unread::watch(request);

    let mut response = match refused {
        Some(failure) => failure.into_response(),
        None => next.run(request).instrument(asked.span.clone()).await,
    };
    let failed = response.status().is_client_error() || response.status().is_server_error();
    if failed {
        // What did not arrive in time will not arrive now.
        if response.status() != StatusCode::REQUEST_TIMEOUT && !closes {
            unread.discard(tools.body_timeout).await;
        }
        response = written(response, &id);
    }
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    if closes {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    tools.web.protect(response.headers_mut());
    asked.answered(&under_way, response.status());
    response
}

/// Puts R2.7's body into a failure. What a handler has written already stays, and so do the
/// headers that the framework has set (`Allow`).
fn written(mut response: Response, id: &RequestId) -> Response {
    let failure = match response.extensions_mut().remove::<ApiError>() {
        Some(failure) => failure,
        None if is_json(&response) => return response,
        None => ApiError::of_status(response.status()),
    };
    let body =
        FailureBody { error: &failure.message, code: failure.code, request_id: &id.0, details: &failure.details };
    let mut written = json(failure.status, &body);
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.headers_mut().remove(header::CONTENT_TYPE);
    for (name, value) in response.headers() {
        written.headers_mut().append(name, value.clone());
    }
    if let Some((name, value)) = &failure.header {
        written.headers_mut().insert(name, value.clone());
    }
    written
}

fn is_json(response: &Response) -> bool {
    response.headers().get(header::CONTENT_TYPE).is_some_and(|value| value == "application/json")
}

/// A JSON answer.
pub fn json<T: Serialize>(status: StatusCode, value: &T) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => {
            let mut response = Response::new(Body::from(body));
            *response.status_mut() = status;
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        }
        Err(cause) => {
            tracing::error!(%cause, "an answer could not be written");
            ApiError::internal().into_response()
        }
    }
}

/// For the catch-panic layer, inside the envelope. The panic's own words stay out of the answer
/// and of the log: they may quote a customer. The panic hook names the place.
pub fn panicked(_: Box<dyn Any + Send>) -> Response {
    ApiError::internal().into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    use axum::Router;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use http_body_util::BodyExt;
    use tower::ServiceExt;
    use tower_http::catch_panic::CatchPanicLayer;

    use crate::ids::SeededIds;

    #[tokio::test]
    async fn r2_7_a_panic_is_a_500_that_does_not_say_why() {
        let ids = Arc::new(SeededIds::new(1));
        let tools = Envelope { ids, meter: Arc::default(), body_timeout: Duration::from_secs(1), web: Web::default() };
        let router: Router = Router::new()
            .route("/", get(async || -> Response { panic!("a customer's words") }))
            .layer(CatchPanicLayer::custom(panicked))
            .layer(from_fn_with_state(tools, envelope));
        let request =
            Request::builder().uri("/").header("host", "x").header(X_REQUEST_ID, "r-1").body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()[X_REQUEST_ID], "r-1");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let error = "The server failed to answer this request.";
        assert_eq!(body, serde_json::json!({"error": error, "code": "internal_error", "requestId": "r-1"}));
    }

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
