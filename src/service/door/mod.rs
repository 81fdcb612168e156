//! The door: from the body of `POST …/events` to event records (section 4 of the contract).
//!
//! `body` undoes the encoding, `binary` reads the headers of an event that has its attributes there, `envelope` finds the members of each event without building values,
//! `data` reads them by the event's type (`member` is the vocabulary, `value` one JSON value),
//! `identity` makes the keyed hashes, and `judge` puts the record together. Message text and an
//! event's own id and source go no further than this (R4.8, I2).

mod binary;
mod body;
mod data;
mod envelope;
mod fault;
mod identity;
mod judge;
mod marks;
mod member;
mod secret;
#[cfg(test)]
mod tests;
mod times;
mod value;

use std::collections::HashMap;
use std::fmt;

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::domain::event::EventRecord;
use crate::domain::follow_up::Address;
use crate::domain::ids::{Id, WorkspaceKey};
use crate::domain::life::ContactMark;
use crate::domain::reading;
use crate::domain::scoring::catalogue::SignalWeight;
use crate::domain::scoring::reader::MessageReader;
use crate::domain::time::{DAY, MINUTE, Millis};
use crate::ids::RandomIds;
use crate::mail::address;
use crate::sealing::Sealer;
use crate::wire::ingest::RejectedEvent;
pub use binary::EventHeader;
use body::Form;
use envelope::RawEvent;
use identity::Hasher;
use judge::Reader;
use member::EventType;
pub use secret::{Secret, SecretError};

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The limits of a request, and the secret for its hashes.
#[derive(Clone, Debug)]
pub struct DoorOptions {
    /// Events in one request (R4.1).
    pub max_events: usize,
    /// Bytes of one request, after decompression (R4.1).
    pub max_bytes: usize,
    /// How far `time` may be ahead of the server (R4.5).
    pub future_leeway: Millis,
    /// How old `time` may be (R4.5).
    pub retention: Millis,
    pub own_signals: OwnSignals,
    pub secret: Secret,
}

impl DoorOptions {
    /// The defaults of the contract.
    pub fn new(secret: Secret) -> Self {
        Self {
            max_events: 1_000,
            max_bytes: 4 * 1024 * 1024,
            future_leeway: 5 * MINUTE,
            retention: 400 * DAY,
            own_signals: OwnSignals::default(),
            secret,
        }
    }
}

/// The signals that the configuration declares beside the catalogue, by their names.
#[derive(Clone, Debug, Default)]
pub struct OwnSignals {
    /// For every workspace.
    pub server: HashMap<Box<str>, SignalWeight>,
    /// For one workspace, before the server's.
    pub workspaces: HashMap<Id, HashMap<Box<str>, SignalWeight>>,
}

impl OwnSignals {
    fn get(&self, workspace: Id, name: &str) -> Option<SignalWeight> {
        let own = self.workspaces.get(&workspace).and_then(|signals| signals.get(name));
        own.or_else(|| self.server.get(name)).copied()
    }
}

/// What a request says beside its body.
#[derive(Clone, Copy, Debug)]
pub struct DoorContext<'a> {
    pub workspace: WorkspaceKey,
    /// Server time (R2.16).
    pub now: Millis,
    /// Reads the messages of this side.
    pub reader: &'a MessageReader,
    pub content_type: Option<&'a str>,
    pub content_encoding: Option<&'a str>,
    /// The `ce-` headers, in their order.
    pub headers: &'a [EventHeader],
}

/// A request that was read. Nothing of its body is kept beside.
#[derive(Debug)]
pub struct Batch {
    /// What is to be journaled, in the order of the request.
    pub events: Vec<EventRecord>,
    /// What the door refused, in the order of the request.
    pub rejected: Vec<RejectedEvent>,
    ids: OwnIds,
    /// By index; none where the type is none of R4.6.
    kinds: Vec<Option<EventType>>,
}

/// The events' own ids by index, for rejections that `apply` makes.
#[derive(Debug)]
struct OwnIds {
    /// One behind the other.
    text: String,
    /// Where each ends in the text; none where there is no valid one. Requests are far below 4 GiB.
    ends: Vec<Option<u32>>,
}

impl OwnIds {
    fn push(&mut self, id: Option<&str>) {
        self.text.push_str(id.unwrap_or_default());
        self.ends.push(id.map(|_| self.text.len() as u32));
    }

    fn get(&self, index: usize) -> Option<&str> {
        let end = (*self.ends.get(index)?)?;
        let start = self.ends[..index].iter().rev().find_map(|end| *end).unwrap_or(0);
        self.text.get(start as usize..end as usize)
    }
}

/// No event is shorter than this with all its members: how many to make room for.
const SHORT_EVENT: usize = 256;
/// An id is mostly a UUID.
const SHORT_ID: usize = 36;

impl Batch {
    /// An empty batch for a body of so many bytes.
    fn of(length: usize, max_events: usize) -> Self {
        let room = (length / SHORT_EVENT + 1).min(max_events);
        let ids = OwnIds { text: String::with_capacity(room * SHORT_ID), ends: Vec::with_capacity(room) };
        let (events, kinds) = (Vec::with_capacity(room), Vec::with_capacity(room));
        Self { events, rejected: Vec::new(), ids, kinds }
    }

    fn clear(&mut self) {
        self.events.clear();
        self.rejected.clear();
        self.ids.text.clear();
        self.ids.ends.clear();
        self.kinds.clear();
    }

    /// Gives back the room that was made for more events than there are.
    fn settle(&mut self) {
        if self.events.capacity() > 2 * self.events.len() {
            self.events.shrink_to_fit();
            self.ids.text.shrink_to_fit();
            self.ids.ends.shrink_to_fit();
            self.kinds.shrink_to_fit();
        }
    }

    /// Bytes that it holds besides its events.
    pub fn answer_bytes(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let rejected = self
            .rejected
            .iter()
            .map(|one| size_of::<RejectedEvent>() + one.error.len() + text(&one.id) + text(&one.pointer));
        let each = size_of::<Option<u32>>() + size_of::<Option<EventType>>();
        self.ids.text.capacity() + self.ids.ends.capacity() * each + rejected.sum::<usize>()
    }

    /// How many events the request has.
    pub fn len(&self) -> usize {
        self.ids.ends.len()
    }

    /// It has none.
    pub fn is_empty(&self) -> bool {
        self.ids.ends.is_empty()
    }

    /// The own id of the event with this index in the request; `None` where there is no valid one.
    pub fn id(&self, index: usize) -> Option<&str> {
        self.ids.get(index)
    }

    /// The `type` of the event with this index; `None` where it is none of R4.6.
    pub fn kind(&self, index: usize) -> Option<&'static str> {
        self.kinds.get(index).copied().flatten().map(EventType::name)
    }

    /// The index in the request of each of `events`.
    pub fn indices(&self) -> impl Iterator<Item = usize> + '_ {
        let mut refused = self.rejected.iter().map(|rejected| rejected.index).peekable();
        (0..self.len()).filter(move |index| refused.next_if_eq(index).is_none())
    }
}

/// Why a whole request is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DoorError {
    #[error(
        "Events are read as application/json, application/cloudevents+json, application/cloudevents-batch+json \
         or application/x-ndjson (or ndjson, or jsonl), in UTF-8; with `ce-` headers the body is the `data` of one \
         event, as JSON."
    )]
    UnsupportedMediaType,
    #[error("Bodies are read with Content-Encoding gzip or zstd, or without.")]
    UnsupportedEncoding,
    #[error("The body is not what its Content-Encoding says, or in too many parts.")]
    BadEncoding,
    #[error("The body is larger than {most} bytes.")]
    TooLarge { most: usize },
    #[error("The request has more than {most} events.")]
    TooManyEvents { most: usize },
    #[error("{reason}")]
    MalformedJson { reason: String },
    #[error("The request has no events.")]
    EmptyBatch,
}

impl DoorError {
    /// The `code` of the answer (R2.7).
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::UnsupportedEncoding => "unsupported_encoding",
            Self::BadEncoding => "bad_encoding",
            Self::TooLarge { .. } => "payload_too_large",
            Self::TooManyEvents { .. } => "too_many_events",
            Self::MalformedJson { .. } => "malformed_json",
            Self::EmptyBatch => "empty_batch",
        }
    }
}

/// Reads requests. Holds no state: share it behind an `Arc`.
pub struct Door {
    options: DoorOptions,
    hasher: Hasher,
    marks: marks::MarkMaker,
    /// For addresses, which no record has in the open.
    sealer: Sealer,
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Door {
    /// `identity_key` is that of the data directory's first record (R4.4).
    pub fn new(options: DoorOptions, identity_key: [u8; 32]) -> Self {
        let hasher = Hasher::new(identity_key, &options.secret);
        let marks = marks::MarkMaker::new(&options.secret);
        let sealer = Sealer::new(&options.secret.sealing_key());
        reading::prepare();
        Self { options, hasher, marks, sealer }
    }

    /// By which mark a side knows the contact.
    pub fn contact_mark(&self, key: WorkspaceKey, contact: &str) -> ContactMark {
        self.marks.mark(key, contact)
    }

    /// A mail address as a record has it. Letters in upper case make no other mailbox.
    fn address(&self, key: WorkspaceKey, conversation: Id, address: &str) -> Address {
        let mark = self.marks.mark(key, &address.to_lowercase());
        Address { mark, sealed: address::seal(&self.sealer, key, conversation, address, &RandomIds) }
    }

    /// Bytes that a body may have after decompression.
    pub const fn max_bytes(&self) -> usize {
        self.options.max_bytes
    }

    /// Reads the events of a request: each is in `events` or in `rejected`. CPU work in proportion
    /// to the body (message text most of all), no waiting.
    pub fn read(&self, context: &DoorContext<'_>, body: Bytes) -> Result<Batch, DoorError> {
        let form = Form::of(context.content_type, binary::is_binary(context.headers))?;
        let body = body::decode(body, context.content_encoding, self.options.max_bytes)?;
        // A byte order mark may be ignored (RFC 8259, 8.1); some exports begin with one.
        let body = if body.starts_with(BYTE_ORDER_MARK) { body.slice(BYTE_ORDER_MARK.len()..) } else { body };
        let mut reader = Reader::new(self, context, body.len());
        match form {
            Form::OneOrMany if first_byte(&body) == Some(b'[') => self.many(&mut reader, utf8(&body)?)?,
            Form::OneOrMany | Form::One => one(&mut reader, utf8(&body)?)?,
            Form::Many => self.many(&mut reader, utf8(&body)?)?,
            Form::Lines => self.lines(&mut reader, &body)?,
            Form::Binary => binary(&mut reader, context.headers, utf8(&body)?)?,
        }
        reader.batch.settle();
        Ok(reader.batch)
    }

    /// One pass if every element has the usual shape; otherwise a second one, element by element.
    fn many<'b>(&self, reader: &mut Reader<'_>, text: &'b str) -> Result<(), DoorError> {
        let most = self.options.max_events;
        let mut event = RawEvent::default();
        let mut count = 0;
        let mut read = envelope::each_event(text, &mut event, |event, shape| {
            count += 1;
            if count <= most {
                reader.judge(event, shape);
            }
            count <= most
        });
        if read.is_err() && count <= most {
            reader.batch.clear();
            count = 0;
            read = envelope::each_element(text, |element: &'b RawValue| {
                count += 1;
                if count <= most {
                    let shape = event.read(element.get());
                    reader.judge(&event, shape);
                }
                count <= most
            });
        }
        match read {
            Err(_) if count > most => Err(DoorError::TooManyEvents { most }),
            Err(e) => Err(malformed(&e)),
            Ok(()) if count == 0 => Err(DoorError::EmptyBatch),
            Ok(()) => Ok(()),
        }
    }

    fn lines(&self, reader: &mut Reader<'_>, body: &[u8]) -> Result<(), DoorError> {
        let most = self.options.max_events;
        let lines = || body.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
        // Counted first: a request that is refused for its size costs no more than that.
        match lines().take(most + 1).count() {
            0 => return Err(DoorError::EmptyBatch),
            count if count > most => return Err(DoorError::TooManyEvents { most }),
            _ => {}
        }
        let mut event = RawEvent::default();
        for line in lines() {
            match std::str::from_utf8(line) {
                Ok(text) => {
                    let shape = event.read(text);
                    reader.judge(&event, shape);
                }
                Err(_) => reader.refuse_line(),
            }
        }
        Ok(())
    }
}

fn one(reader: &mut Reader<'_>, text: &str) -> Result<(), DoorError> {
    // An element that is no object is a rejected event; text that is no JSON is no request.
    let element = serde_json::from_str::<&RawValue>(text).map_err(|e| malformed(&e))?;
    let mut event = RawEvent::default();
    let shape = event.read(element.get());
    reader.judge(&event, shape);
    Ok(())
}

/// One event whose attributes are headers.
fn binary(reader: &mut Reader<'_>, headers: &[EventHeader], text: &str) -> Result<(), DoorError> {
    let data = text.trim_ascii();
    if !data.is_empty() {
        serde_json::from_str::<&RawValue>(data).map_err(|e| malformed(&e))?;
    }
    let attributes = binary::attributes(headers);
    let mut event = RawEvent::default();
    let shape = event.read_binary(&attributes, data);
    reader.judge(&event, shape);
    Ok(())
}

fn first_byte(body: &[u8]) -> Option<u8> {
    body.trim_ascii_start().first().copied()
}

fn utf8(body: &[u8]) -> Result<&str, DoorError> {
    let error = |_| DoorError::MalformedJson { reason: "The body is not UTF-8.".into() };
    std::str::from_utf8(body).map_err(error)
}

/// The place where it stops being JSON. The parser's message is not used, since it may quote the body.
fn malformed(error: &serde_json::Error) -> DoorError {
    let what = if error.is_data() { "an array of events in JSON" } else { "JSON" };
    let (line, column) = (error.line(), error.column());
    DoorError::MalformedJson { reason: format!("The body is not {what}: error at line {line}, column {column}.") }
}
