//! The request as a whole: R4.1, and the 4xx of R2.8.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

fn created(n: usize) -> Value {
    let mut event = event("conversation.created", json!({}));
    event["id"] = json!(format!("e{n}"));
    event
}

fn array(count: usize) -> String {
    Value::Array((0..count).map(created).collect()).to_string()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

fn read_encoded(encoding: &str, body: Vec<u8>) -> Result<Batch, DoorError> {
    let context = DoorContext { content_encoding: Some(encoding), ..context("application/json") };
    door_with(|options| options.max_bytes = 10_000).read(&context, body.into())
}

#[test]
fn r4_1_a_body_may_be_packed_in_parts_but_not_in_thousands() {
    let event = created(0).to_string();
    let halves = event.split_at(event.len() / 2);
    for (encoding, pack) in [("gzip", gzip as fn(&[u8]) -> Vec<u8>), ("zstd", zstd)] {
        let parts = [pack(halves.0.as_bytes()), pack(b""), pack(halves.1.as_bytes())].concat();
        assert_eq!(read_encoded(encoding, parts).unwrap().events.len(), 1, "{encoding}");
        let empty = pack(b"").repeat(2_000);
        assert_eq!(read_encoded(encoding, empty).unwrap_err(), DoorError::BadEncoding, "{encoding}");
    }
}

#[test]
fn r4_9_of_a_body_only_what_is_needed_later_is_kept() {
    let body = format!("{}{}", created(0), " ".repeat(9_000));
    let batch = read_encoded("gzip", gzip(body.as_bytes())).unwrap();
    assert_eq!((batch.events.len(), batch.events.capacity()), (1, 1));
    assert!(batch.answer_bytes() < 100, "{}", batch.answer_bytes());
}

#[test]
fn r4_1_each_media_type_has_its_form() {
    let one = created(0).to_string();
    let lines = format!("{one}\r\n\n  \t\n{one}");
    for (content_type, body, events) in [
        ("application/json", &one, 1),
        ("application/json", &array(3), 3),
        ("Application/JSON; charset=UTF-8", &array(3), 3),
        ("application/json;charset=\"utf-8\"; q=1", &one, 1),
        ("application/cloudevents+json; charset=utf-8", &one, 1),
        ("application/cloudevents-batch+json", &array(2), 2),
        ("application/x-ndjson", &lines, 2),
        ("application/ndjson", &lines, 2),
        ("application/jsonl; charset=utf8", &lines, 2),
    ] {
        let batch = read(content_type, body.clone()).unwrap();
        assert_eq!((batch.events.len(), batch.rejected.len(), batch.len()), (events, 0, events), "{content_type}");
    }
}

#[test]
fn r4_1_a_byte_order_mark_is_ignored() {
    let marked = format!("\u{feff}{}", created(1));
    for media_type in ["application/json", "application/x-ndjson"] {
        let batch = read(media_type, marked.clone()).unwrap();
        assert_eq!((batch.events.len(), batch.rejected.len()), (1, 0), "{media_type}");
    }
}

#[test]
fn r4_1_other_media_types_are_unsupported() {
    for content_type in ["text/plain", "", "application/json; charset=latin1", "application/jsonx", "application/xml"] {
        let error = read(content_type, "[]").unwrap_err();
        assert_eq!(error.code(), "unsupported_media_type", "{content_type}");
    }
    let context = DoorContext { content_type: None, ..context("") };
    assert_eq!(door().read(&context, Bytes::new()).unwrap_err(), DoorError::UnsupportedMediaType);
}

#[test]
fn r4_1_an_array_where_one_belongs_and_the_reverse() {
    let rejected = read("application/cloudevents+json", array(1)).unwrap().rejected;
    assert_eq!(rejected[0].code.name(), "malformed");
    let error = read("application/cloudevents-batch+json", created(0).to_string()).unwrap_err();
    assert_eq!(error.code(), "malformed_json");
}

#[test]
fn r4_1_an_empty_request_is_400() {
    for (content_type, body) in [
        ("application/json", "[]"),
        ("application/json", " [ ] "),
        ("application/cloudevents-batch+json", "[]"),
        ("application/x-ndjson", ""),
        ("application/x-ndjson", "\n \r\n"),
    ] {
        let error = read(content_type, body).unwrap_err();
        assert_eq!(error.code(), "empty_batch", "{content_type}: {body}");
    }
}

#[test]
fn r4_3_what_is_no_json_is_400_as_a_whole() {
    let mut cut = array(2);
    cut.pop();
    for body in ["", "{", "[{}", "[{},]", "{} {}", "[] []", "[{}]x", "nul", "[1e]", &cut] {
        let error = read("application/json", body.to_owned()).unwrap_err();
        assert_eq!(error.code(), "malformed_json", "{body}");
    }
    assert_eq!(read("application/json", &b"[\"\xff\"]"[..]).unwrap_err().code(), "malformed_json");
}

#[test]
fn r4_1_one_event_more_than_allowed_is_too_many() {
    let door = door_with(|options| options.max_events = 3);
    let lines = |count| (0..count).map(|n| created(n).to_string() + "\n").collect::<String>();
    for (content_type, right, wrong) in
        [("application/json", array(3), array(4)), ("application/x-ndjson", lines(3), lines(4))]
    {
        assert_eq!(door.read(&context(content_type), right.into()).unwrap().events.len(), 3);
        let error = door.read(&context(content_type), wrong.into()).unwrap_err();
        assert_eq!(error, DoorError::TooManyEvents { most: 3 });
    }
}

#[test]
fn r4_1_one_byte_more_than_allowed_is_413() {
    let body = array(1);
    let door = |most| door_with(move |options| options.max_bytes = most);
    assert!(door(body.len()).read(&context("application/json"), body.clone().into()).is_ok());
    let error = door(body.len() - 1).read(&context("application/json"), body.into()).unwrap_err();
    assert_eq!(error.code(), "payload_too_large");
}

#[test]
fn r4_1_bodies_may_be_compressed() {
    let body = array(5);
    let mut two_members = gzip(&body.as_bytes()[..100]);
    two_members.extend(gzip(&body.as_bytes()[100..]));
    for (encoding, bytes) in [
        ("gzip", gzip(body.as_bytes())),
        ("GZIP", gzip(body.as_bytes())),
        ("x-gzip", two_members),
        ("zstd", zstd(body.as_bytes())),
        ("identity", body.clone().into_bytes()),
        ("", body.clone().into_bytes()),
    ] {
        assert_eq!(read_encoded(encoding, bytes).unwrap().events.len(), 5, "{encoding}");
    }
}

#[test]
fn r4_1_a_bomb_is_413() {
    let bomb = vec![b' '; 100_000_000];
    for (encoding, bytes) in [("gzip", gzip(&bomb)), ("zstd", zstd(&bomb))] {
        assert!(bytes.len() < 200_000);
        assert_eq!(read_encoded(encoding, bytes).unwrap_err(), DoorError::TooLarge { most: 10_000 }, "{encoding}");
    }
    // The same without its size in the frame's header.
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.write_all(&bomb[..20_000]).unwrap();
    assert_eq!(read_encoded("zstd", encoder.finish().unwrap()).unwrap_err().code(), "payload_too_large");
}

#[test]
fn r4_1_a_frame_cannot_make_the_decoder_allocate_a_large_window() {
    // Magic, a header without content size, a window of 2^(10 + exponent) bytes, one empty last block.
    let frame = |exponent: u8| vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, exponent << 3, 0x01, 0x00, 0x00];
    assert_eq!(read_encoded("zstd", frame(13)).unwrap_err().code(), "malformed_json");
    assert_eq!(read_encoded("zstd", frame(14)).unwrap_err(), DoorError::BadEncoding);
}

#[test]
fn r4_1_broken_or_unknown_encodings_are_refused() {
    let cut = |mut bytes: Vec<u8>| {
        bytes.truncate(bytes.len() - 5);
        bytes
    };
    let body = array(5);
    for (encoding, bytes) in [
        ("gzip", cut(gzip(body.as_bytes()))),
        ("gzip", body.clone().into_bytes()),
        ("zstd", cut(zstd(body.as_bytes()))),
        ("zstd", body.clone().into_bytes()),
    ] {
        let error = read_encoded(encoding, bytes).unwrap_err();
        assert_eq!(error.code(), "bad_encoding", "{encoding}");
    }
    for encoding in ["br", "deflate", "gzip, zstd"] {
        assert_eq!(read_encoded(encoding, Vec::new()).unwrap_err().code(), "unsupported_encoding", "{encoding}");
    }
}
