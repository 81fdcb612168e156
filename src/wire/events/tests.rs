//! The schemas of events against the door.

use std::collections::BTreeSet;

use serde_json::Value;

use super::KINDS;
use crate::domain::ids::{Id, Side, WorkspaceKey};
use crate::domain::scoring::reader::MessageReader;
use crate::domain::time::parse_rfc3339;
use crate::service::door::{Door, DoorContext, DoorOptions, Secret};

/// Why the door rejects an event: code and pointer; `None` if it does not.
fn fault(event: &Value) -> Option<(&'static str, String)> {
    let door = Door::new(DoorOptions::new(Secret::new([1; 32])), [2; 32]);
    let context = DoorContext {
        workspace: WorkspaceKey { id: Id(1), side: Side::Live },
        now: parse_rfc3339("2026-03-15T14:36:00Z").unwrap(),
        reader: &MessageReader::default(),
        content_type: Some("application/json"),
        content_encoding: None,
        headers: &[],
    };
    let batch = door.read(&context, event.to_string().into()).unwrap();
    batch.rejected.first().map(|rejected| (rejected.code.name(), rejected.pointer.clone().unwrap_or_default()))
}

fn with(event: &Value, member: &str, value: Value) -> Value {
    let mut event = event.clone();
    event["data"][member] = value;
    event
}

#[test]
fn r4_6_each_type_has_the_members_that_the_door_takes_and_no_other() {
    let all: BTreeSet<_> = KINDS.iter().flat_map(super::Kind::members).collect();
    for kind in &KINDS {
        let example = kind.example();
        assert_eq!(fault(&example), None, "{example}");
        for member in &all {
            let pointer = format!("/data/{member}");
            let absent = fault(&with(&example, member, Value::Null));
            if kind.required.contains(member) {
                assert_eq!(absent, Some(("missing_field", pointer)), "{}", kind.name);
            } else if !kind.members().contains(member) {
                assert_eq!(absent, Some(("unknown_field", pointer)), "{}", kind.name);
            } else if kind.name != "signal.observed" || !["dimension", "weight"].contains(member) {
                assert_eq!(absent, None, "{} without {member}", kind.name);
            }
        }
    }
}

#[test]
fn r4_6_values_and_their_bounds_are_the_doors() {
    for kind in &KINDS {
        for member in kind.members() {
            let schema = serde_json::to_value(super::member(member).0).unwrap();
            let example = kind.example();
            for good in good(&schema) {
                assert_eq!(fault(&with(&example, member, good.clone())), None, "{} {member} {good}", kind.name);
            }
            for bad in bad(&schema) {
                let found = fault(&with(&example, member, bad.clone()));
                assert_eq!(found.map(|found| found.0), Some("invalid_field"), "{} {member} {bad}", kind.name);
            }
        }
    }
}

/// Values at the bounds that a schema states.
fn good(schema: &Value) -> Vec<Value> {
    let length = |key: &str| schema[key].as_u64().map(|length| Value::from("é".repeat(length as usize)));
    let listed = schema["enum"].as_array().cloned().unwrap_or_default();
    let bounds = ["minimum", "maximum"].into_iter().map(|key| schema[key].clone()).filter(|bound| !bound.is_null());
    listed.into_iter().chain(bounds).chain(["minLength", "maxLength"].into_iter().filter_map(length)).collect()
}

/// Values just beyond them, and of another type.
fn bad(schema: &Value) -> Vec<Value> {
    let mut bad = vec![Value::from(-1), serde_json::json!({})];
    if schema["type"] == "string" {
        bad.extend(schema["enum"].as_array().map(|_| Value::from("nothing")));
        bad.extend(schema["maxLength"].as_u64().map(|most| Value::from("é".repeat(most as usize + 1))));
        bad.extend(schema["minLength"].as_u64().filter(|least| *least > 0).map(|_| Value::from("")));
        bad.extend(schema["pattern"].as_str().map(|_| Value::from("a\0b")));
    }
    bad.extend(schema["maximum"].as_i64().map(|most| Value::from(most + 1)));
    bad
}
