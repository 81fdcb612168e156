//! The envelope: R4.2, R4.3, R4.5.

use super::*;
use crate::domain::time::{DAY, MINUTE, format};

#[test]
fn r4_3_elements_and_lines_that_are_no_events_are_rejected_alone() {
    let good = event("conversation.created", json!({})).to_string();
    let elements = ["5", "\"x\"", "null", "[[]]", "1e400", "\"\\ud800\"", "{\"\\ud800\": 1}"];
    for element in elements {
        let batch = read("application/json", format!("[{good}, {element}, {good}]")).unwrap();
        assert_eq!(batch.indices().collect::<Vec<_>>(), [0, 2], "{element}");
        assert_eq!((batch.rejected[0].index, batch.rejected[0].code.name()), (1, "malformed"), "{element}");
        assert_eq!([0, 1, 2].map(|index| batch.id(index)), [Some("e1"), None, Some("e1")]);
    }
    for line in [&b"{"[..], b"x", b"\xff", b"{} {}", b"5"] {
        let body = [good.as_bytes(), b"\n\n", line, b"\n", good.as_bytes(), b"\n"].concat();
        let batch = read("application/x-ndjson", body).unwrap();
        assert_eq!(batch.indices().collect::<Vec<_>>(), [0, 2]);
        assert_eq!((batch.rejected[0].index, batch.rejected[0].code.name()), (1, "malformed"));
    }
}

#[test]
fn r4_3_a_rejection_shows_the_members_of_the_contract() {
    let mut event = event("survey.responded", json!({"rating": 9}));
    event["id"] = json!("e-7");
    let rejected = serde_json::to_value(judge(&event).unwrap_err()).unwrap();
    let expected = json!({
        "index": 0, "id": "e-7", "code": "invalid_field", "pointer": "/data/rating",
        "error": "`rating` must be a whole number from 1 to 5.",
    });
    assert_eq!(rejected, expected);
}

#[test]
fn r4_2_every_attribute_is_checked() {
    let good = event("conversation.created", json!({}));
    accepted(&good);
    let long = json!("x".repeat(256));
    for (name, value, code) in [
        ("specversion", json!("0.3"), "unsupported_specversion"),
        ("specversion", json!(1.0), "invalid_field"),
        ("specversion", json!(null), "missing_field"),
        ("id", json!(""), "invalid_field"),
        ("id", json!(7), "invalid_field"),
        ("id", json!("a\0b"), "invalid_field"),
        ("id", long.clone(), "invalid_field"),
        ("id", json!(null), "missing_field"),
        ("source", json!(""), "invalid_field"),
        ("source", long, "invalid_field"),
        ("type", json!("conversation.deleted"), "unknown_type"),
        ("type", json!([]), "invalid_field"),
        ("time", json!("yesterday"), "invalid_field"),
        ("time", json!(1_773_585_300), "invalid_field"),
        ("data", json!([]), "invalid_field"),
        ("data", json!("{}"), "invalid_field"),
        ("data", json!(null), "missing_field"),
        ("data_base64", json!("e30="), "invalid_field"),
    ] {
        let mut bad = good.clone();
        bad[name] = value;
        refused(&bad, code, &format!("/{name}"));
    }
    for name in ["specversion", "id", "source", "type", "data"] {
        let mut bad = good.clone();
        bad.as_object_mut().unwrap().remove(name);
        refused(&bad, "missing_field", &format!("/{name}"));
    }
}

#[test]
fn r4_2_lengths_are_counted_in_characters() {
    let mut event = event("conversation.created", json!({}));
    event["id"] = json!("ø".repeat(255));
    event["source"] = json!("\u{1f600}".repeat(255));
    accepted(&event);
    event["source"] = json!("\u{1f600}".repeat(256));
    refused(&event, "invalid_field", "/source");
}

#[test]
fn r4_2_other_attributes_are_ignored_whatever_they_hold() {
    let mut event = event("conversation.created", json!({}));
    let plain = accepted(&event);
    event["datacontenttype"] = json!("application/json");
    event["dataschema"] = json!({"not": ["a", "uri"]});
    event["subject"] = json!(null);
    event["traceparent"] = json!([1, {"a": "b"}]);
    event["data_base64"] = json!(null);
    assert_eq!(accepted(&event), plain);
    let text = event.to_string().replacen('{', r#"{"big": 1e400, "lone": "\ud800", "#, 1);
    assert_eq!(judge_text(&door(), text).unwrap(), plain);
}

#[test]
fn r4_3_members_that_stand_there_twice_are_malformed() {
    let good = event("survey.responded", json!({"rating": 4})).to_string();
    let with = |member: &str| good.replacen('{', &format!("{{{member},"), 1);
    let in_data = |member: &str| good.replacen(r#""data":{"#, &format!(r#""data":{{{member},"#), 1);
    for (text, pointer) in [
        (with(r#""id":"e1""#), "/id"),
        (with(r#""\u0069d":"e1""#), "/id"),
        (with(r#""data":null"#), "/data"),
        (with(r#""subject":1,"subject":1"#), "/subject"),
        (with(r#""ext":1,"ext":1"#), "/ext"),
        (in_data(r#""rating":4"#), "/data/rating"),
        (in_data(r#""conversationId":null"#), "/data/conversationId"),
    ] {
        let rejected = judge_text(&door(), text.clone()).unwrap_err();
        assert_eq!((rejected.code.name(), rejected.pointer.as_deref()), ("malformed", Some(pointer)), "{text}");
        assert!(rejected.error.contains("twice"), "{rejected:?}");
        assert_eq!(judge_text(&door(), format!("[{text}]")), Err(rejected));
    }
    let many: String = (0..40).map(|n| format!(r#""x{n}":0,"#)).collect();
    assert!(judge_text(&door(), with(many.trim_end_matches(','))).is_ok());
    let rejected = judge_text(&door(), with(&format!(r#"{many}"x33":0"#))).unwrap_err();
    assert_eq!(rejected.pointer.as_deref(), Some("/x33"));
}

#[test]
fn r4_3_depth_does_not_exhaust_the_stack() {
    let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    let good = event("conversation.created", json!({})).to_string();
    assert!(judge_text(&door(), good.replacen('{', &format!(r#"{{"ext":{deep},"#), 1)).is_ok());
    let in_data = good.replacen(r#""data":{"#, &format!(r#""data":{{"channel":{deep},"#), 1);
    assert_eq!(judge_text(&door(), in_data).unwrap_err().pointer.as_deref(), Some("/data/channel"));
    assert_eq!(judge_text(&door(), format!("[{deep}]")).unwrap_err().code.name(), "malformed");
    assert!(read("application/json", "[".repeat(3_000_000)).is_err());
}

#[test]
fn r4_5_time_may_be_five_minutes_ahead_and_400_days_old() {
    let mut event = event("conversation.created", json!({}));
    for (at, code) in [
        (now() + 5 * MINUTE, None),
        (now() + 5 * MINUTE + 1, Some("time_in_future")),
        (now() - 400 * DAY, None),
        (now() - 400 * DAY - 1, Some("too_old")),
    ] {
        event["time"] = json!(format(at));
        match code {
            None => assert_eq!(accepted(&event).time, Some(at)),
            Some(code) => refused(&event, code, "/time"),
        }
    }
    event["time"] = json!("2026-03-15T16:34:59.1239+02:00");
    assert_eq!(accepted(&event).time, Some(now() - 877));
    event["time"] = json!(null);
    assert_eq!(accepted(&event).time, None);
}

#[test]
fn r4_8_an_answer_never_repeats_what_the_event_says() {
    let canary = "kanariefugl";
    for data in [
        json!({"text": [canary]}),
        json!({"text": canary, "channel": ""}),
        json!({"language": canary.repeat(9)}),
        json!({"accountId": canary}),
    ] {
        let rejected = judge(&event("message.received", data)).unwrap_err();
        assert!(!format!("{rejected:?}").contains(canary), "{rejected:?}");
    }
    let error = read("application/json", format!("[{{\"text\": \"{canary}\" {canary}")).unwrap_err();
    assert!(!format!("{error:?}").contains(canary), "{error:?}");
}
