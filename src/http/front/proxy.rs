//! Passes a request on to another node, and its answer back: both bodies as they come, nothing collected.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use futures::FutureExt;
use futures::future::BoxFuture;
use hyper::body::{Frame, SizeHint};
use parking_lot::Mutex;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Url};

use crate::http::request_id::{RequestId, X_REQUEST_ID};
use crate::http::request_log::TellAtEnd;
use crate::outgoing;

/// How long a connection to another node may take to come about.
const CONNECT: Duration = Duration::from_secs(1);
/// How long a connection that nobody uses stays open: less than the other node keeps it.
const IDLE: Duration = Duration::from_secs(30);

/// What is about one connection and not about what is sent over it (RFC 9110, 7.6.1).
const OF_CONNECTION: [HeaderName; 8] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Why the other node's answer is not there. Whether it has done what was asked is not known.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    #[error("the request has no address that can be passed on")]
    Address,
    #[error(transparent)]
    Failed(#[from] reqwest::Error),
    #[error("the partition has moved meanwhile")]
    Left,
}

/// Connections to the other nodes.
pub struct Proxy {
    client: Client,
}

impl Proxy {
    /// `trusted`: certificates in PEM that count beside the machine's own.
    pub fn new(trusted: Option<&[u8]>) -> Result<Self, reqwest::Error> {
        let trusted = trusted.map(Certificate::from_pem_bundle).transpose()?.unwrap_or_default();
        let client = outgoing::client()
            .no_proxy()
            .redirect(Policy::none())
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .tls_certs_merge(trusted);
        Ok(Self { client: client.build()? })
    }

    /// Asks the node at `url`. `left`: makes what ends when the answer of this node will not come any more.
    pub async fn pass(
        &self,
        url: &str,
        request: Request,
        left: impl Fn() -> BoxFuture<'static, ()>,
    ) -> Result<Response, NoAnswer> {
        let (parts, body) = request.into_parts();
        let mut passed = reqwest::Request::new(parts.method.clone(), address(url, &parts)?);
        *passed.headers_mut() = headers_of(parts);
        let sent = Sent::of(body);
        *passed.body_mut() = sent.clone().map(reqwest::Body::wrap);
        let answered = tokio::select! {
            answered = self.client.execute(passed) => answered?,
            () = left() => return Err(NoAnswer::Left),
        };
        if let Some(sent) = sent {
            sent.end();
        }
        Ok(answer(answered.into(), left()))
    }
}

/// The same path and query at another node. A client would take a backslash for a slash.
fn address(url: &str, parts: &Parts) -> Result<Url, NoAnswer> {
    let (path, query) = (parts.uri.path().replace('\\', "%5C"), parts.uri.query());
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    Url::parse(&format!("{url}{path}{query}")).map_err(|_| NoAnswer::Address)
}

fn headers_of(parts: Parts) -> HeaderMap {
    let mut headers = parts.headers;
    remove_of_connection(&mut headers);
    // The client has been told to send, or is told when the other node reads.
    headers.remove(header::EXPECT);
    let id = parts.extensions.get::<RequestId>().and_then(|id| HeaderValue::from_str(&id.0).ok());
    if let Some(id) = id {
        headers.insert(X_REQUEST_ID, id);
    }
    headers
}

fn remove_of_connection(headers: &mut HeaderMap) {
    let texts = headers.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let named = texts.flat_map(|text| text.split(',')).filter_map(|name| name.trim().parse().ok());
    let named: Vec<HeaderName> = named.collect();
    for name in named.iter().chain(&OF_CONNECTION) {
        headers.remove(name);
    }
}

/// Without what the envelope of this node sets again.
fn answer(answered: axum::http::Response<reqwest::Body>, left: BoxFuture<'static, ()>) -> Response {
    let (mut parts, body) = answered.into_parts();
    parts.extensions.clear();
    remove_of_connection(&mut parts.headers);
    remove_cors(&mut parts.headers);
    let lasts = parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
    if lasts {
        parts.headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        parts.extensions.insert(TellAtEnd);
    }
    Response::from_parts(parts, Body::new(Answered { body, left }))
}

fn remove_cors(headers: &mut HeaderMap) {
    let is_cors = |name: &&HeaderName| name.as_str().starts_with("access-control-");
    let named: Vec<_> = headers.keys().filter(is_cors).cloned().collect();
    for name in &named {
        headers.remove(name);
    }
    let of_origin = |value: &HeaderValue| value.to_str().is_ok_and(|text| text.starts_with("origin"));
    let varies: Vec<_> = headers.get_all(header::VARY).iter().filter(|value| !of_origin(value)).cloned().collect();
    headers.remove(header::VARY);
    for value in varies {
        headers.append(header::VARY, value);
    }
}

/// A request's body on its way, until the answer begins: what is left then is for others to throw away, and the
/// connection is given up by the other node.
#[derive(Clone)]
struct Sent(Arc<Mutex<Option<Body>>>);

impl Sent {
    fn of(body: Body) -> Option<Self> {
        (!body.is_end_stream()).then(|| Self(Arc::new(Mutex::new(Some(body)))))
    }

    fn end(&self) {
        *self.0.lock() = None;
    }
}

impl HttpBody for Sent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match &mut *self.0.lock() {
            Some(body) => Pin::new(body).poll_frame(cx),
            // An end would be a lie, and an error would end the connection before the answer is read.
            None => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.lock().as_ref().is_some_and(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.0.lock().as_ref().map(HttpBody::size_hint).unwrap_or_default()
    }
}

/// The body of an answer on its way; it breaks off when the rest of it will not come any more.
struct Answered {
    body: reqwest::Body,
    left: BoxFuture<'static, ()>,
}

impl HttpBody for Answered {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(frame) => Poll::Ready(frame.map(|frame| frame.map_err(axum::Error::new))),
            Poll::Pending => self.left.poll_unpin(cx).map(|()| Some(Err(axum::Error::new(NoAnswer::Left)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
