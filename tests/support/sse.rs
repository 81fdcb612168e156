//! A reader of server-sent events, as HTML 9.2.6 has them read.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

use super::Server;

/// A test that waits longer has found a hang.
const PATIENCE: Duration = Duration::from_secs(30);

/// A stream under way.
pub struct Sse {
    response: reqwest::Response,
    /// Read and not looked at.
    waiting: Vec<u8>,
    /// An event that came with the first bytes.
    ahead: Option<Event>,
    /// Where to go on after the end.
    pub last_id: String,
    /// Milliseconds.
    pub retry: Option<u64>,
    pub comments: usize,
}

/// An event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub kind: String,
    pub id: String,
    pub data: Value,
}

impl Sse {
    /// Opens a stream that has to be answered 200; behind the last id, if there is one. Waits for the first bytes.
    #[track_caller]
    pub fn open(server: &Server, path: &str, key: &str, last_id: Option<&str>) -> impl Future<Output = Self> + use<> {
        let mut ask = server.ask(Method::GET, path, key);
        if let Some(last_id) = last_id {
            ask = ask.header("last-event-id", last_id);
        }
        async move { Self::read(ask.stream().await).await }
    }

    async fn read(response: reqwest::Response) -> Self {
        assert_eq!(response.status().as_u16(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut sse =
            Self { response, waiting: Vec::new(), ahead: None, last_id: String::new(), retry: None, comments: 0 };
        sse.more().await;
        sse.ahead = sse.take();
        sse
    }

    pub fn header(&self, name: &str) -> &str {
        self.response.headers().get(name).map_or("", |value| value.to_str().expect("a header in ASCII"))
    }

    /// The next event; `None` after the last.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.take() {
                return Some(event);
            }
            if !self.more().await {
                return None;
            }
        }
    }

    /// So many events.
    pub async fn events(&mut self, count: usize) -> Vec<Event> {
        let mut events = Vec::new();
        while events.len() < count {
            events.push(self.next().await.expect("the stream goes on"));
        }
        events
    }

    /// Events up to one of this type.
    pub async fn until(&mut self, kind: &str) -> Vec<Event> {
        let mut events = Vec::new();
        loop {
            events.push(self.next().await.unwrap_or_else(|| panic!("the stream ends before {kind}")));
            if events.last().is_some_and(|event| event.kind == kind) {
                return events;
            }
        }
    }

    /// Waits for so many comments.
    pub async fn until_comments(&mut self, count: usize) {
        while self.comments < count {
            assert_eq!(self.take(), None, "nothing happens");
            assert!(self.comments >= count || self.more().await, "the stream goes on");
        }
    }

    /// The next is the last, and says why.
    #[track_caller]
    pub fn ends(&mut self, reason: &str) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let last = self.next().await.unwrap_or_else(|| panic!("no last event, at {caller}"));
            assert_eq!((last.kind.as_str(), &last.data["reason"]), ("end", &reason.into()), "at {caller}");
            assert_eq!(self.next().await, None, "at {caller}");
        }
    }

    async fn more(&mut self) -> bool {
        let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("something, or the end");
        match chunk {
            Ok(Some(bytes)) => {
                self.waiting.extend_from_slice(&bytes);
                true
            }
            // A connection that is cut has ended, too.
            Ok(None) | Err(_) => false,
        }
    }

    /// The next event of what has come.
    fn take(&mut self) -> Option<Event> {
        if let Some(event) = self.ahead.take() {
            return Some(event);
        }
        while let Some(end) = self.waiting.windows(2).position(|two| two == b"\n\n") {
            let block: Vec<u8> = self.waiting.drain(..end + 2).collect();
            if let Some(event) = self.block(std::str::from_utf8(&block).expect("UTF-8")) {
                return Some(event);
            }
        }
        None
    }

    fn block(&mut self, block: &str) -> Option<Event> {
        let (mut kind, mut data) = ("message", String::new());
        for line in block.lines().filter(|line| !line.is_empty()) {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "" => self.comments += 1,
                "event" => kind = value,
                "data" => data.push_str(value),
                "id" => value.clone_into(&mut self.last_id),
                "retry" => self.retry = Some(value.parse().expect("digits")),
                other => panic!("{other} is no field: {block}"),
            }
        }
        let (kind, id) = (kind.to_owned(), self.last_id.clone());
        (!data.is_empty()).then(|| Event { kind, id, data: serde_json::from_str(&data).expect("JSON") })
    }
}
