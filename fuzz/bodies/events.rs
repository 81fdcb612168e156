//! The door's parser (R4.1, R4.3): whatever comes in, every event of a request has one verdict.
//!
//! The first byte of the input chooses media type, encoding and whether the body is the `data` of an event whose
//! attributes are headers; the rest is the body. Two encodings are made here, so that what is behind the
//! decompression is reached as well.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::LazyLock;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::value::RawValue;
use tripswitch::domain::ids::{Id, Side, WorkspaceKey};
use tripswitch::domain::record::Record;
use tripswitch::domain::scoring::catalogue::SignalWeight;
use tripswitch::domain::scoring::reader::MessageReader;
use tripswitch::domain::time::Millis;
use tripswitch::journal::codec::{decode_record, encode_record};
use tripswitch::service::door::{Batch, Door, DoorContext, DoorError, DoorOptions, EventHeader, OwnSignals, Secret};

use crate::memory;

const MAX_BYTES: usize = 4_096;
const MAX_EVENTS: usize = 8;
/// Buffers of the decompression, and what each byte of a body may become. The window of zstd is
/// allocated by its library, not by ours.
const MEMORY: usize = (1 << 20) + 64 * MAX_BYTES;
/// 2026-03-15T14:35:00.000Z.
const NOW: Millis = 1_773_585_300_000;
const WORKSPACE: WorkspaceKey = WorkspaceKey { id: Id(0x77), side: Side::Live };

const MEDIA_TYPES: [&str; 4] =
    ["application/json", "application/cloudevents+json", "application/cloudevents-batch+json", "application/x-ndjson"];

static READER: LazyLock<MessageReader> = LazyLock::new(MessageReader::default);

/// Without headers and a media type.
fn plain() -> DoorContext<'static> {
    DoorContext {
        workspace: WORKSPACE,
        now: NOW,
        reader: &READER,
        content_type: None,
        content_encoding: None,
        headers: &[],
    }
}

static DOOR: LazyLock<Door> = LazyLock::new(|| {
    let weight = SignalWeight { weight: 1.0, loadings: [1.0, 0.0, 0.0] };
    let mut options = DoorOptions::new(Secret::new([1; 32]));
    (options.max_bytes, options.max_events) = (MAX_BYTES, MAX_EVENTS);
    options.own_signals = OwnSignals { server: [("tone".into(), weight)].into(), workspaces: HashMap::new() };
    Door::new(options, [2; 32])
});

pub fn check(data: &[u8]) {
    let Some((choice, body)) = data.split_first() else { return };
    let media_type = MEDIA_TYPES[usize::from(choice & 3)];
    let (encoding, sent) = match choice >> 2 & 7 {
        0..=3 => (None, body.to_vec()),
        4 => (Some("gzip"), body.to_vec()),
        5 => (Some("zstd"), body.to_vec()),
        6 => (Some("gzip"), gzip(body)),
        _ => (Some("zstd"), zstd::encode_all(body, 1).expect("a Vec takes every byte")),
    };
    let ours = choice >> 2 & 7 >= 6;
    let headers = if choice & 0x80 == 0 { Vec::new() } else { of_an_event(body) };
    let context =
        DoorContext { content_type: Some(media_type), content_encoding: encoding, headers: &headers, ..plain() };
    let sent = Bytes::from(sent);
    // Not while memory is watched: the door's word lists are no part of a request.
    LazyLock::force(&DOOR);
    LazyLock::force(&READER);
    let first = memory::within(MEMORY, || DOOR.read(&context, sent.clone()));
    let again = DOOR.read(&context, sent);
    match (&first, &again) {
        (Ok(first), Ok(again)) => {
            assert_eq!((&first.events, &first.rejected), (&again.events, &again.rejected));
            check_batch(first);
            if body.len() <= MAX_BYTES && (encoding.is_none() || ours) && headers.is_empty() {
                check_one_by_one(first, media_type, body);
            }
        }
        (Err(first), Err(again)) => {
            assert_eq!(first, again);
            check_refusal(first, body, ours);
        }
        (first, again) => panic!("{first:?} first, and then {again:?}"),
    }
}

/// The attributes of an event, its id whatever the body begins with.
fn of_an_event(body: &[u8]) -> Vec<EventHeader> {
    let id = &body[..body.len().min(16)];
    let attributes = [("specversion", &b"1.0"[..]), ("id", id), ("source", b"fuzz"), ("type", b"message.received")];
    attributes.map(|(name, value)| EventHeader { name: name.into(), value: value.into() }).into()
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).and_then(|()| encoder.finish()).expect("a Vec takes every byte")
}

fn check_batch(batch: &Batch) {
    assert!((1..=MAX_EVENTS).contains(&batch.len()), "{} events", batch.len());
    assert_eq!(batch.events.len() + batch.rejected.len(), batch.len(), "one verdict for each");
    let refused: Vec<usize> = batch.rejected.iter().map(|rejected| rejected.index).collect();
    assert!(refused.is_sorted_by(|a, b| a < b), "in the order of the request: {refused:?}");
    let mut indices: Vec<usize> = batch.indices().chain(refused).collect();
    indices.sort_unstable();
    assert_eq!(indices, (0..batch.len()).collect::<Vec<_>>());
    for rejected in &batch.rejected {
        assert_eq!(rejected.id.as_deref(), batch.id(rejected.index));
        assert!(rejected.pointer.as_deref().is_none_or(|pointer| pointer.starts_with('/')), "{rejected:?}");
    }
    for (event, index) in batch.events.iter().zip(batch.indices()) {
        let id = batch.id(index).expect("an accepted event has an id");
        assert!((1..=255).contains(&id.chars().count()), "{id}");
        // R4.5, with the defaults of the contract.
        let span = NOW - 400 * 86_400_000..=NOW + 300_000;
        assert!(event.time.is_none_or(|time| span.contains(&time)), "{event:?}");
    }
    let record = Record::Events(batch.events.clone());
    assert_eq!(decode_record(&encode_record(&record)).expect("what was let in can be journaled"), record);
}

fn check_refusal(error: &DoorError, body: &[u8], ours: bool) {
    let unread = DoorError::UnsupportedMediaType == *error || DoorError::UnsupportedEncoding == *error;
    assert!(!unread, "{error}");
    if ours {
        assert_ne!(error, &DoorError::BadEncoding, "it was encoded here");
        assert_eq!(error == &(DoorError::TooLarge { most: MAX_BYTES }), body.len() > MAX_BYTES);
    }
}

/// An event fares the same alone as among others: a second reading, element by element.
fn check_one_by_one(batch: &Batch, media_type: &str, body: &[u8]) {
    let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
    let array = match media_type {
        "application/json" => body.trim_ascii_start().first() == Some(&b'['),
        _ => media_type == "application/cloudevents-batch+json",
    };
    if !array {
        return;
    }
    let elements: Vec<&RawValue> = serde_json::from_slice(body).expect("it was read as an array");
    assert_eq!(elements.len(), batch.len());
    let context = DoorContext { content_type: Some(MEDIA_TYPES[1]), ..plain() };
    let (mut accepted, mut rejected) = (batch.events.iter(), batch.rejected.iter());
    for (index, element) in elements.into_iter().enumerate() {
        let alone = DOOR.read(&context, Bytes::copy_from_slice(element.get().as_bytes())).expect("it is JSON");
        assert_eq!((alone.len(), alone.id(0)), (1, batch.id(index)));
        match (alone.events.first(), alone.rejected.first()) {
            (Some(event), None) => assert_eq!(Some(event), accepted.next()),
            (None, Some(alone)) => {
                let among = rejected.next().expect("it was rejected among the others as well");
                assert_eq!((among.index, &among.error), (index, &alone.error));
                assert_eq!((among.code, &among.pointer), (alone.code, &alone.pointer));
            }
            verdicts => panic!("one event has one verdict, not {verdicts:?}"),
        }
    }
}
