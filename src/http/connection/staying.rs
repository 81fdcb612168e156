//! What an answer says about its connection: for how long it stays open, or that it does not.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::header::CONNECTION;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Version};
use axum::response::Response;
use tower::ServiceExt;

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

/// Whether a connection stays after an answer.
pub struct Staying {
    /// `timeout=N`, in seconds.
    idle: HeaderValue,
    /// Every answer from here on is the last one of its connection.
    ends: AtomicBool,
}

impl Staying {
    pub fn new(idle: Duration) -> Self {
        let idle = HeaderValue::try_from(format!("timeout={}", idle.as_secs()));
        Self { idle: idle.expect("digits stand in a header"), ends: AtomicBool::new(false) }
    }

    /// From here on the connection stays after no answer.
    pub fn ends(&self) {
        self.ends.store(true, Ordering::Relaxed);
    }

    /// Has a request answered. hyper sees to it that what the answer says is done.
    pub async fn answer(&self, router: Router, request: Request) -> Result<Response, Infallible> {
        let stays = request.version() == Version::HTTP_11 && !closes(request.headers());
        let mut response = router.oneshot(request).await?;
        let headers = response.headers_mut();
        if self.ends.load(Ordering::Relaxed) {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        } else if stays && !headers.contains_key(CONNECTION) {
            headers.insert(KEEP_ALIVE, self.idle.clone());
        }
        Ok(response)
    }
}

/// Whether the client asks for no further answer.
fn closes(headers: &HeaderMap) -> bool {
    let texts = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).any(|word| word.trim().eq_ignore_ascii_case("close"))
}
