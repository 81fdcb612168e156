//! Binary content mode (R4.1b).

use super::super::EventHeader;
use super::*;

/// `ce-` headers, by their names without it.
fn headers(pairs: &[(&str, &str)]) -> Vec<EventHeader> {
    pairs.iter().map(|(name, value)| EventHeader { name: (*name).into(), value: value.as_bytes().into() }).collect()
}

/// Those of an event like [`event`]'s.
const OF_EVENT: [(&str, &str); 4] =
    [("specversion", "1.0"), ("id", "e1"), ("source", "/test"), ("type", "conversation.scored")];

fn data() -> String {
    event("conversation.scored", scored())["data"].to_string()
}

fn read_binary(content_type: Option<&str>, pairs: &[(&str, &str)], body: &str) -> Result<Batch, DoorError> {
    let headers = headers(pairs);
    let context = DoorContext { content_type, headers: &headers, ..context("") };
    door().read(&context, Bytes::copy_from_slice(body.as_bytes()))
}

/// The one event's code, sentence and pointer.
fn refusal(pairs: &[(&str, &str)], body: &str) -> (&'static str, String, Option<String>) {
    let batch = read_binary(Some("application/json"), pairs, body).unwrap();
    assert_eq!((batch.events.len(), batch.len()), (0, 1));
    let rejected = batch.rejected.into_iter().next().unwrap();
    (rejected.code.name(), rejected.error, rejected.pointer)
}

#[test]
fn r4_1b_an_event_in_headers_is_the_same_event() {
    let whole = read("application/json", event("conversation.scored", scored()).to_string()).unwrap();
    for content_type in [Some("application/json; charset=utf-8"), Some("application/vnd.acme.v2+JSON"), Some(""), None]
    {
        let batch = read_binary(content_type, &OF_EVENT, &data()).unwrap();
        assert_eq!((&batch.events, batch.id(0)), (&whole.events, Some("e1")), "{content_type:?}");
    }
    let more = [&OF_EVENT[..], &[("subject", "x"), ("traceparent", "00-0"), ("data", "{}"), ("dataschema", "%ff")]];
    assert_eq!(read_binary(None, &more.concat(), &data()).unwrap().events, whole.events, "others are ignored");
    let timed = [&OF_EVENT[..], &[("time", "2026-03-15T14%3A00:00Z")]].concat();
    assert_eq!(read_binary(None, &timed, &data()).unwrap().events[0].time, parse_rfc3339("2026-03-15T14:00:00Z").ok());
}

#[test]
fn r4_1b_a_structured_type_comes_before_headers() {
    let whole = event("conversation.created", json!({})).to_string();
    for (content_type, body) in [
        ("application/cloudevents+json", whole.clone()),
        ("application/cloudevents-batch+json", format!("[{whole}]")),
        ("application/x-ndjson", whole.clone()),
    ] {
        assert_eq!(read_binary(Some(content_type), &OF_EVENT, &body).unwrap().events.len(), 1, "{content_type}");
    }
    // What a proxy adds to any request is no event.
    let extensions = [("traceparent", "00-0"), ("time", "x"), ("subject", "x")];
    assert_eq!(read_binary(Some("application/json"), &extensions, &whole).unwrap().events.len(), 1);
    let error = read_binary(Some("text/plain"), &OF_EVENT, &data()).unwrap_err();
    assert_eq!(error.code(), "unsupported_media_type");
    assert_eq!(read_binary(Some("application/json; charset=latin1"), &OF_EVENT, "{}").unwrap_err(), error);
}

#[test]
fn r4_1b_what_is_missing_or_wrong_is_named_as_its_header() {
    let without = |name: &str| OF_EVENT.into_iter().filter(|(other, _)| *other != name).collect::<Vec<_>>();
    for (name, _) in OF_EVENT {
        let expected = ("missing_field", format!("`ce-{name}` is required."), Some(format!("/{name}")));
        assert_eq!(refusal(&without(name), &data()), expected);
    }
    let with = |name: &'static str, value: &'static str| [without(name), vec![(name, value)]].concat();
    for (name, value, code) in [
        ("specversion", "0.3", "unsupported_specversion"),
        ("type", "conversation.scraped", "unknown_type"),
        ("time", "yesterday", "invalid_field"),
        ("source", "", "invalid_field"),
        ("id", "%ff", "invalid_field"),
    ] {
        let (found, error, pointer) = refusal(&with(name, value), &data());
        assert_eq!((found, pointer), (code, Some(format!("/{name}"))));
        assert!(error.contains(&format!("`ce-{name}`")), "{error}");
    }
    let twice = [&OF_EVENT[..], &[("id", "e2")]].concat();
    assert_eq!(refusal(&twice, &data()).1, "`ce-id` stands in the event twice.");
}

#[test]
fn r4_1b_the_body_is_data() {
    assert_eq!(refusal(&OF_EVENT, " \n"), ("missing_field", "`data` is required.".into(), Some("/data".into())));
    assert_eq!(refusal(&OF_EVENT, "null").0, "missing_field");
    assert_eq!(refusal(&OF_EVENT, &format!("[{}]", data())).2, Some("/data".into()));
    let (code, _, pointer) = refusal(&OF_EVENT, &data().replace("4.5", "9"));
    assert_eq!((code, pointer.as_deref()), ("invalid_field", Some("/data/outcomeScore")));
    assert_eq!(refusal(&OF_EVENT, r#"{"resolved": true, "resolved": true}"#).0, "malformed");
    for body in ["{", "x", "{} {}"] {
        assert_eq!(read_binary(None, &OF_EVENT, body).unwrap_err().code(), "malformed_json", "{body}");
    }
}
