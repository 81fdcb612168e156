//! One connection, from its first byte to its last.
//!
//! It closes in two steps: what the server has to say and the end of its side, and then up to two seconds and 1 MiB
//! of what the client still sends. Closed at once, the kernel would reset the connection, and the last answer would
//! be lost.

mod heads;
mod io;
mod patience;
mod refusal;
mod slots;
mod staying;
mod tls;

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use futures::FutureExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use self::heads::{Heads, Seen};
use self::io::{Guarded, Stream};
use self::patience::Patience;
pub use self::slots::{ConnectionSlot, ConnectionSlots, Full, Peer};
use self::staying::Staying;
pub use self::tls::{Tls, TlsError};
use super::error::ApiError;
use super::{Limits, Web};
use crate::background::{Ending, Stop};
use crate::ids::Ids;

/// Bytes of a request's line and headers: room for the largest token (R2.13) and as much again. Beyond it the answer
/// is 431; hyper's own limit of 100 headers holds besides.
const MAX_HEADER: usize = 32 << 10;
/// Bytes of a request's line. From here on the answer is 414.
const MAX_REQUEST_LINE: usize = 16 << 10;
/// The most that hyper reads ahead of a request, and that it keeps of an answer before the client takes it; room for
/// the largest header, and not much more, since every open connection may hold as much.
const MAX_BUFFER: usize = 40 << 10;
/// How much longer than was said a connection stays open without a word: a client that goes by what was said, and
/// sends at the last moment, is still heard.
const IDLE_LEEWAY: Duration = Duration::from_secs(1);
/// How long after the stop a connection is still heard on which nothing is under way: what a client has just sent has
/// to be answered.
const LAST_LOOK: Duration = Duration::from_millis(50);
/// How long a client that was refused may go on sending before the socket is closed.
const LINGER: Duration = Duration::from_secs(2);
/// The most bytes that are read from it meanwhile.
const LINGER_BYTES: usize = 1 << 20;

/// How connections are served.
#[derive(Clone)]
pub struct Wire {
    pub limits: Limits,
    pub ids: Arc<dyn Ids>,
    pub web: Web,
    /// None: plain HTTP.
    pub tls: Option<Tls>,
}

impl Wire {
    /// Plain HTTP.
    pub fn new(limits: Limits, ids: Arc<dyn Ids>) -> Self {
        Self { limits, ids, web: Web::default(), tls: None }
    }

    /// The stream of a fresh connection; `None` if no TLS came about in time.
    async fn open(&self, stream: TcpStream, stop: &Stop) -> Option<Stream> {
        // Without delay: small answers must not wait for the acknowledgement of the one before.
        if let Err(cause) = stream.set_nodelay(true) {
            tracing::debug!(%cause, "a connection keeps Nagle's algorithm");
        }
        let Some(tls) = &self.tls else { return Some(Stream::Plain(stream)) };
        let handshake = tokio::time::timeout(self.limits.header_timeout, tls.accept(stream));
        let done = tokio::select! {
            () = stop.cancelled() => return None,
            done = handshake => done,
        };
        match done {
            Ok(Ok(stream)) => Some(Stream::Tls(stream)),
            Ok(Err(cause)) => {
                tracing::debug!(%cause, "no TLS came about");
                None
            }
            Err(_) => {
                tracing::debug!("a TLS handshake took too long");
                None
            }
        }
    }

    /// Serves requests until the client or the server ends the connection.
    pub async fn serve(&self, stream: TcpStream, peer: Peer, router: Router, ending: Ending) {
        let Some(stream) = self.open(stream, &ending.stop).await else { return };
        let (io, refusal) = self.requests(stream, peer, router, &ending).await;
        let Some(io) = io else { return };
        let answer = refusal.map(|refusal| refusal::answer(&refusal, self.ids.as_ref(), &self.web));
        close(io, answer, ending.stop).await;
    }

    /// Answers a connection beyond the limit.
    pub async fn refuse(&self, stream: TcpStream, full: Full, stop: Stop) {
        let Some(stream) = self.open(stream, &stop).await else { return };
        close(stream, Some(refusal::answer(&full.into(), self.ids.as_ref(), &self.web)), stop).await;
    }

    /// Serves all requests of a connection. Returns the stream, unless it is broken, and the answer that is still to
    /// be written.
    async fn requests(
        &self,
        stream: Stream,
        peer: Peer,
        router: Router,
        ending: &Ending,
    ) -> (Option<Stream>, Option<ApiError>) {
        let (seen, staying) = (&Seen::default(), &Staying::new(self.limits.idle_timeout));
        let io = Guarded::new(stream, Heads::new(seen.clone()), self.limits.body_timeout);
        let count = Cell::new(0);
        let service = service_fn(move |request: Request<Incoming>| {
            count.set(count.get() + 1);
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(peer);
            if let Some(fault) = seen.fault(count.get()) {
                request.extensions_mut().insert(fault);
            }
            staying.answer(router.clone(), request)
        });
        let mut connection = http1::Builder::new()
            .timer(Patience::new(seen.clone(), self.limits.header_timeout))
            .header_read_timeout(self.limits.idle_timeout + IDLE_LEEWAY)
            .max_header_size(MAX_HEADER)
            .max_buf_size(MAX_BUFFER)
            // Answers are small, so one buffer costs less than a list of two. `io` relies on it as well.
            .writev(false)
            .serve_connection(TokioIo::new(io), service);
        let ends = async {
            ending.drain.cancelled().await;
            staying.ends();
            last_look(&ending.stop).await;
        };
        let result = tokio::select! {
            // First, so that what is answered from now on says so.
            biased;
            () = ends => match (&mut connection).now_or_never() {
                Some(result) => result,
                None => {
                    // A request that has begun to come is answered; hyper would close in the middle of it.
                    if !seen.has_begun() {
                        Pin::new(&mut connection).graceful_shutdown();
                    }
                    (&mut connection).await
                }
            },
            result = &mut connection => result,
        };
        let parts = connection.into_parts();
        let io = parts.io.into_inner();
        if let Err(cause) = &result {
            tracing::debug!(%cause, "a connection ended early");
        }
        if io.is_stalled() {
            return (None, None);
        }
        let refusal = last_word(&io, result.err(), &parts.read_buf);
        (Some(io.stream), refusal)
    }
}

/// The moment after the stop at which nothing more is waited for.
async fn last_look(stop: &Stop) {
    stop.cancelled().await;
    tokio::time::sleep(LAST_LOOK).await;
}

/// The answer that is still to be written when hyper has ended.
fn last_word(io: &Guarded<Stream>, ended: Option<hyper::Error>, unread: &Bytes) -> Option<ApiError> {
    if let Some(status) = io.refused() {
        return Some(ApiError::of_parser(status));
    }
    let cause = ended?;
    if cause.is_parse() {
        return Some(ApiError::of_parser(400));
    }
    // A connection on which nothing has begun is closed without an answer.
    (cause.is_timeout() && !unread.trim_ascii().is_empty()).then(ApiError::header_timeout)
}

/// Writes the last answer and closes, in such a way that the client gets it.
async fn close<S>(mut stream: S, answer: Option<Vec<u8>>, stop: Stop)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let end = async {
        if let Some(answer) = answer {
            stream.write_all(&answer).await?;
        }
        stream.shutdown().await?;
        let mut thrown_away = [0; 4 << 10];
        let mut left = LINGER_BYTES;
        while left > 0 {
            let read = tokio::select! {
                () = last_look(&stop) => break,
                read = stream.read(&mut thrown_away) => read?,
            };
            if read == 0 {
                break;
            }
            left = left.saturating_sub(read);
        }
        Ok::<_, std::io::Error>(())
    };
    match tokio::time::timeout(LINGER, end).await {
        Ok(Ok(())) => {}
        Ok(Err(cause)) => tracing::debug!(%cause, "a connection did not end in order"),
        Err(_) => tracing::debug!("a connection was cut while the client went on sending"),
    }
}
