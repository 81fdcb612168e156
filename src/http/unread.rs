//! Bodies that were left unread. Where a refusal leaves one, a client that still sends would see a reset connection
//! instead of the answer (R2.8, 413). Other answers wait for nothing: they take what is there, and where that is not
//! all, the connection closes and the answer says so (R2.7c).

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::header;
use futures::FutureExt;
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use parking_lot::Mutex;

/// The most that is read and thrown away.
const DISCARDED: usize = 16 << 20;

/// What a handler has left of a request's body.
pub struct Unread(Option<Watched>);

#[derive(Clone)]
struct Watched {
    shared: Arc<Mutex<Shared>>,
    /// The client waits for a `100 Continue` before it sends.
    expects_continue: bool,
}

struct Shared {
    body: Body,
    polled: bool,
    /// It did not come to its end, and nothing can be read behind it.
    broken: bool,
}

/// The request with a body that can be read on later. Requests without a body are left alone.
pub fn watch(request: Request) -> (Request, Unread) {
    if request.body().is_end_stream() {
        return (request, Unread(None));
    }
    let expects_continue = request.headers().contains_key(header::EXPECT);
    let (parts, body) = request.into_parts();
    let watched =
        Watched { shared: Arc::new(Mutex::new(Shared { body, polled: false, broken: false })), expects_continue };
    (Request::from_parts(parts, Body::new(watched.clone())), Unread(Some(watched)))
}

impl Unread {
    /// Reads the rest, up to 16 MiB and for at most `within`. Whether that was all: if not, the connection closes.
    pub async fn discard(self, within: Duration) -> bool {
        let Some(watched) = self.0 else { return true };
        if watched.is_held_back() {
            return false;
        }
        // Too late, too much or broken: the answer is sent all the same.
        tokio::time::timeout(within, discard(watched)).await.unwrap_or(false)
    }

    /// Takes what has arrived already. Whether that was all.
    pub fn take_arrived(self) -> bool {
        let Some(mut body) = self.0 else { return true };
        if body.is_held_back() {
            return false;
        }
        loop {
            match body.frame().now_or_never() {
                Some(Some(Ok(_))) => {}
                Some(None) => return !body.is_broken(),
                Some(Some(Err(_))) | None => return false,
            }
        }
    }
}

async fn discard(mut body: Watched) -> bool {
    let mut left = DISCARDED;
    while let Some(Ok(frame)) = body.frame().await {
        let size = frame.data_ref().map_or(0, Bytes::len);
        let Some(rest) = left.checked_sub(size) else { return false };
        left = rest;
        // Other connections have their turn: it may have arrived already.
        tokio::task::yield_now().await;
    }
    !body.is_broken()
}

impl Watched {
    /// The client has not been told to send it, which the first look at it would do.
    fn is_held_back(&self) -> bool {
        self.expects_continue && !self.shared.lock().polled
    }

    fn is_broken(&self) -> bool {
        self.shared.lock().broken
    }
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut shared = self.shared.lock();
        shared.polled = true;
        let polled = Pin::new(&mut shared.body).poll_frame(cx);
        shared.broken |= matches!(polled, Poll::Ready(Some(Err(_))));
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.shared.lock().body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.shared.lock().body.size_hint()
    }
}
