//! What every request goes through: its id, its log line, and failures in R2.7's form, or as a page for people.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;

use super::answer::json;
use super::answer_room::{AnswerPayer, portioned};
use super::error::ApiError;
use super::monitor::Meter;
use super::request_id::RequestId;
use super::request_log::Asked;
use super::satisfaction::{self, Language};
use super::web::Web;
use super::{framing, unread};
use crate::ids::Ids;

/// What the envelope needs.
#[derive(Clone)]
pub struct Envelope {
    pub ids: Arc<dyn Ids>,
    pub meter: Arc<Meter>,
    /// How long a body that nobody wants is read on.
    pub body_timeout: Duration,
    pub web: Web,
}

/// The outermost layer, around every request.
pub async fn envelope(State(tools): State<Envelope>, mut request: Request, next: Next) -> Response {
    let under_way = tools.meter.begins();
    let id = RequestId::of(&request, &*tools.ids);
    request.extensions_mut().insert(id.clone());
    let asked = Asked::of(&request, &id);
    let (refused, page) = (framing::fault(&request), satisfaction::told_as_page(&request));
    // Such a request cannot be told from what follows it.
    let mut closes = refused.is_some();
    let payer = AnswerPayer::default();
    request.extensions_mut().insert(payer.clone());
    let (request, unread) = unread::watch(request);

    let response = match refused {
        Some(failure) => failure.into_response(),
        None => next.run(request).instrument(asked.span.clone()).await,
    };
    let mut response = portioned(response, &payer);
    let failed = response.status().is_client_error() || response.status().is_server_error();
    if failed {
        // What did not arrive in time will not arrive now.
        closes = closes || response.status() == StatusCode::REQUEST_TIMEOUT;
        closes = closes || !unread.discard(tools.body_timeout).await;
        response = written(response, &id, page);
    } else {
        closes = closes || !unread.take_arrived();
    }
    id.mark(&mut response);
    if closes {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    tools.web.protect(response.headers_mut());
    asked.answered(&under_way, response)
}

/// Puts R2.7's body into a failure, or a page in that language. What a handler has written already stays, and so do the
/// headers that the framework has set (`Allow`).
fn written(mut response: Response, id: &RequestId, page: Option<Language>) -> Response {
    let failure = match response.extensions_mut().remove::<ApiError>() {
        Some(failure) => failure,
        None if is_written(&response) => return response,
        None => ApiError::of_status(response.status()),
    };
    let mut written = match page {
        Some(language) => satisfaction::failed(language, &response, &failure),
        None => json(failure.status, &failure.shown(&id.0)),
    };
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

/// The framework's own failures are plain texts.
fn is_written(response: &Response) -> bool {
    let written = ["application/json", "text/html; charset=utf-8"];
    response.headers().get(header::CONTENT_TYPE).is_some_and(|value| written.iter().any(|name| value == name))
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
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use http_body_util::BodyExt;
    use tower::ServiceExt;
    use tower_http::catch_panic::CatchPanicLayer;

    use crate::http::request_id::X_REQUEST_ID;
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
}
