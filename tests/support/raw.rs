//! A connection on which anything can be sent, and answers read as they stand.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::TcpStream;

/// A test that waits longer has found a hang.
const PATIENCE: Duration = Duration::from_secs(30);

/// What can be read and written.
pub trait Bytes: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin {}
impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin> Bytes for T {}

pub struct Raw {
    reader: ReadHalf<Box<dyn Bytes>>,
    writer: WriteHalf<Box<dyn Bytes>>,
    /// Read and not looked at.
    waiting: Vec<u8>,
}

/// An answer.
#[derive(Debug)]
pub struct RawAnswer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Raw {
    pub async fn connect(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.expect("the server accepts"))
    }

    pub fn over(stream: impl Bytes + 'static) -> Self {
        let (reader, writer) = tokio::io::split(Box::new(stream) as Box<dyn Bytes>);
        Self { reader, writer, waiting: Vec::new() }
    }

    /// Sends; that the server may have closed meanwhile is seen when its answer is read.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = within("sending", self.writer.write_all(bytes.as_ref())).await;
        let _ = within("sending", self.writer.flush()).await;
    }

    /// Sends no more, and goes on reading.
    pub async fn end(&mut self) {
        let _ = within("sending the end", self.writer.shutdown()).await;
    }

    /// Sends, and says whether the connection still stands.
    pub async fn sends_all(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        within("sending", self.writer.write_all(bytes.as_ref())).await.is_ok()
    }

    /// The next answer; `None` if the server ends the connection instead.
    pub async fn next(&mut self) -> Option<RawAnswer> {
        let end = loop {
            if let Some(at) = self.waiting.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            if !self.more().await {
                assert!(self.waiting.is_empty(), "half an answer: {:?}", String::from_utf8_lossy(&self.waiting));
                return None;
            }
        };
        let head = String::from_utf8(self.waiting.drain(..end).collect()).expect("a head in ASCII");
        let status = head.get(9..12).and_then(|status| status.parse().ok()).expect("a status");
        let mut answer = RawAnswer { status, head, body: String::new() };
        let length = answer.header("content-length").map_or(0, |value| value.parse().expect("a length"));
        while self.waiting.len() < length {
            assert!(self.more().await, "a body that ends too early");
        }
        answer.body = String::from_utf8(self.waiting.drain(..length).collect()).expect("a body in UTF-8");
        Some(answer)
    }

    #[track_caller]
    pub fn answer(&mut self) -> impl Future<Output = RawAnswer> {
        let caller = std::panic::Location::caller();
        async move { self.next().await.unwrap_or_else(|| panic!("no answer, asked at {caller}")) }
    }

    /// Waits until the server has ended the connection, after nothing more.
    pub async fn ends(&mut self) {
        let more = self.next().await;
        assert!(more.is_none(), "one answer too many: {more:?}");
    }

    /// What comes until the end, without the lengths of its chunks.
    pub async fn rest(&mut self) -> String {
        while self.more().await {}
        let (mut text, mut rest) = (Vec::new(), self.waiting.as_slice());
        while let Some(at) = rest.windows(2).position(|two| two == b"\r\n") {
            let size = std::str::from_utf8(&rest[..at]).ok().and_then(|size| usize::from_str_radix(size, 16).ok());
            let size = size.expect("the size of a chunk");
            text.extend_from_slice(&rest[at + 2..at + 2 + size]);
            rest = &rest[at + 2 + size + 2..];
        }
        String::from_utf8(text).expect("UTF-8")
    }

    /// Reads and throws away until the connection ends.
    pub async fn drain(&mut self) {
        while self.more().await {
            self.waiting.clear();
        }
    }

    async fn more(&mut self) -> bool {
        let mut buffer = [0; 16 << 10];
        match within("an answer or the end", self.reader.read(&mut buffer)).await {
            Ok(count) => {
                self.waiting.extend_from_slice(&buffer[..count]);
                count > 0
            }
            // A reset connection has ended, too.
            Err(_) => false,
        }
    }
}

impl RawAnswer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().filter_map(|line| line.split_once(": ")).find(|(n, _)| *n == name).map(|(_, value)| value)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("not JSON ({e}): {self:?}"))
    }

    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        assert!(self.header("x-request-id").is_some(), "R2.1: {self:?}");
        self.json()
    }

    /// R2.7's form.
    #[track_caller]
    pub fn fails(&self, status: u16, code: &str) {
        let body = self.expect(status);
        assert_eq!(body["code"], code, "{self:?}");
        assert_eq!(body["requestId"].as_str(), self.header("x-request-id"), "{self:?}");
        assert!(body["error"].as_str().is_some_and(|error| error.len() > 10), "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/json"));
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"));
        assert!(self.header("date").is_some_and(|date| date.ends_with(" GMT")), "{self:?}");
        assert_eq!(self.header("retry-after").is_some(), matches!(status, 429 | 503), "{self:?}");
    }

    /// The same, and the connection ends after it.
    #[track_caller]
    pub fn closes(&self, status: u16, code: &str) {
        self.fails(status, code);
        assert_eq!(self.header("connection"), Some("close"), "{self:?}");
    }
}

async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(|_| panic!("{what} takes longer than {PATIENCE:?}"))
}
