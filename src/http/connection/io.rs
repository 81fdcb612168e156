//! What stands between hyper and the socket.
//!
//! hyper answers what it cannot parse by itself, with a bare status, and gives no hook for it. Such
//! an answer is always the last that it writes on a connection, so it is taken out of the stream
//! here; whoever ends the connection writes one of ours (R2.7) in its place.
//!
//! hyper's own answers stand in its buffer as a whole and have no `X-Request-Id`: that is how they are recognised.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;
use tokio_rustls::server::TlsStream;

use super::heads::Heads;

/// A connection's bytes.
#[derive(Debug)]
pub enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A stream that holds hyper's own answers back, ends when the client takes nothing for too long, and follows the
/// heads of requests.
#[derive(Debug)]
pub struct Guarded<S> {
    pub stream: S,
    heads: Heads,
    /// How long the client may take nothing of an answer.
    patience: Duration,
    /// Runs while the client takes nothing.
    stalled: Option<Pin<Box<Sleep>>>,
    /// The status of hyper's own answer, once there was one, or of one that is due although hyper would read on.
    refused: Option<u16>,
}

impl<S> Guarded<S> {
    pub fn new(stream: S, heads: Heads, patience: Duration) -> Self {
        Self { stream, heads, patience, stalled: None, refused: None }
    }

    /// The status of the answer that was held back, or is still to be given. Whatever else hyper found wrong with a
    /// head whose request line is too long, that is what the client is told.
    pub fn refused(&self) -> Option<u16> {
        self.refused.map(|status| if self.heads.had_long_line() { 414 } else { status })
    }

    /// Whether something that has to be written first has not been written yet.
    pub fn is_stalled(&self) -> bool {
        self.stalled.is_some()
    }

    fn watch<T>(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.stalled = None;
            return polled;
        }
        let patience = self.patience;
        let timer = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // hyper waits for the end of a head; one whose request line is too long need not come.
        if this.heads.is_in_vain() {
            this.refused = Some(414);
            return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buffer))?;
        this.heads.read(&buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let ours = match own_answer(bytes) {
            Some((0, status)) => {
                this.refused = Some(status);
                return Poll::Ready(Ok(bytes.len()));
            }
            // It follows the end of an answer of ours, which has to be written first.
            Some((start, _)) => &bytes[..start],
            None => bytes,
        };
        let polled = Pin::new(&mut this.stream).poll_write(cx, ours);
        this.watch(cx, polled)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_flush(cx);
        this.watch(cx, polled)
    }

    /// Only flushes: the owner of the connection still has an answer to write.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

/// hyper's own answers are shorter.
const OWN_ANSWER: usize = 256;

/// Where an answer of hyper's own begins, if the bytes end with one, and its status. hyper writes
/// answers into one buffer (`writev(false)`), so that one always stands in it as a whole.
///
/// Ours are never taken for one: they have an `X-Request-Id`, and no body of ours ends with an empty
/// line: JSON writes a line break in a text as `\n`.
fn own_answer(bytes: &[u8]) -> Option<(usize, u16)> {
    if !bytes.ends_with(b"\r\n\r\n") {
        return None;
    }
    let before = bytes.len().saturating_sub(OWN_ANSWER);
    let tail = &bytes[before..];
    let start = tail.windows(7).rposition(|window| window == b"HTTP/1.")?;
    let mut lines = std::str::from_utf8(&tail[start..]).ok()?.trim_end().split("\r\n");
    let status = lines.next()?.get(9..12)?.parse().ok().filter(|status| [400, 414, 431].contains(status))?;
    let mut lines = lines.peekable();
    lines.peek()?;
    let own = |line: &str| line == "content-length: 0" || line == "connection: close" || line.starts_with("date: ");
    lines.all(own).then_some((before + start, status))
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::connection::heads::Seen;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    const BARE: &str = "HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\
                        date: Tue, 03 Mar 2026 10:00:00 GMT\r\n\r\n";
    const OURS: &str = "HTTP/1.1 304 Not Modified\r\nx-request-id: a\r\ndate: Tue, 03 Mar 2026 10:00:00 GMT\r\n\r\n";

    #[test]
    fn only_hypers_own_answers_are_taken_for_them() {
        assert_eq!(own_answer(BARE.as_bytes()), Some((0, 431)));
        assert_eq!(own_answer(format!("{OURS}{BARE}").as_bytes()), Some((OURS.len(), 431)));
        let old = BARE.replace("HTTP/1.1 431", "HTTP/1.0 400").replace("connection: close\r\n", "");
        assert_eq!(own_answer(old.as_bytes()), Some((0, 400)));
        let others = [
            OURS.to_owned(),
            BARE.replace("date", "x-request-id: a\r\ndate"),
            BARE.replace("431", "405"),
            BARE.replace("content-length: 0", "content-length: 5"),
            format!("{BARE}{{}}"),
            "HTTP/1.1 100 Continue\r\n\r\n".to_owned(),
            "0\r\n\r\n".to_owned(),
            "\r\n\r\n".to_owned(),
        ];
        for other in others {
            assert_eq!(own_answer(other.as_bytes()), None, "{other}");
        }
    }

    fn guarded<S>(stream: S) -> Guarded<S> {
        Guarded::new(stream, Heads::new(Seen::default()), Duration::from_secs(30))
    }

    #[tokio::test]
    async fn hypers_own_answer_does_not_go_out_and_what_stands_before_it_does() {
        let (near, mut far) = tokio::io::duplex(30);
        let mut io = guarded(near);
        let write = async {
            io.write_all(format!("{OURS}{BARE}").as_bytes()).await.unwrap();
            assert_eq!(io.refused(), Some(431));
            drop(io);
        };
        let mut seen = String::new();
        let (_, read) = tokio::join!(write, far.read_to_string(&mut seen));
        read.unwrap();
        assert_eq!(seen, OURS);
    }

    #[tokio::test]
    async fn a_client_that_takes_nothing_ends_the_connection() {
        let (near, mut far) = tokio::io::duplex(8);
        let mut io = Guarded { patience: Duration::from_millis(20), ..guarded(near) };
        assert_eq!(io.write_all(&[0; 9]).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(io.is_stalled());
        // When the client takes something, the time begins anew.
        far.read_exact(&mut [0; 4]).await.unwrap();
        io.write_all(&[0; 4]).await.unwrap();
        assert!(!io.is_stalled());
    }
}
