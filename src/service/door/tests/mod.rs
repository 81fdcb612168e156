//! The rules of section 4, from the body of a request to its records.

mod binary;
mod data;
mod identity;
mod property;
mod request;
mod shape;

use std::sync::LazyLock;

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Batch, Door, DoorContext, DoorError, DoorOptions, Secret};
use crate::domain::event::EventRecord;
use crate::domain::ids::{Id, Side, WorkspaceKey};
use crate::domain::scoring::reader::MessageReader;
use crate::domain::time::{Millis, parse_rfc3339};
use crate::wire::ingest::RejectedEvent;

const WORKSPACE: WorkspaceKey = WorkspaceKey { id: Id(0x77), side: Side::Live };
const CONVERSATION: &str = "f47ac10b-58cc-4372-a567-0e02b2c3d479";
static READER: LazyLock<MessageReader> = LazyLock::new(MessageReader::default);
const ACCOUNT: &str = "9b2d7c1e-3f4a-4b5c-8d6e-7f8091a2b3c4";

fn now() -> Millis {
    parse_rfc3339("2026-03-15T14:35:00.000Z").unwrap()
}

fn door() -> Door {
    door_with(|_| {})
}

fn door_with(change: impl FnOnce(&mut DoorOptions)) -> Door {
    let mut options = DoorOptions::new(Secret::new([1; 32]));
    change(&mut options);
    Door::new(options, [2; 32])
}

fn context(content_type: &str) -> DoorContext<'_> {
    DoorContext {
        workspace: WORKSPACE,
        now: now(),
        reader: &READER,
        content_type: Some(content_type),
        content_encoding: None,
        headers: &[],
    }
}

fn read(content_type: &str, body: impl Into<Bytes>) -> Result<Batch, DoorError> {
    door().read(&context(content_type), body.into())
}

/// An event of a type, without `time`. `data` gets a `conversationId` where it has none.
fn event(kind: &str, mut data: Value) -> Value {
    if kind != "account.updated" && data.get("conversationId").is_none() {
        data["conversationId"] = json!(CONVERSATION);
    }
    json!({"specversion": "1.0", "id": "e1", "source": "/test", "type": kind, "data": data})
}

fn scored() -> Value {
    json!({"outcomeScore": 4.5, "processScore": 3, "environmentScore": 1.25, "resolved": true})
}

/// What becomes of one event, given as text.
fn judge_text(door: &Door, text: impl Into<String>) -> Result<EventRecord, RejectedEvent> {
    let mut batch = door.read(&context("application/json"), Bytes::from(text.into())).unwrap();
    match (batch.events.pop(), batch.rejected.pop()) {
        (Some(record), None) => Ok(record),
        (None, Some(rejected)) => Err(rejected),
        other => panic!("one event has one fate, not {other:?}"),
    }
}

fn judge(event: &Value) -> Result<EventRecord, RejectedEvent> {
    judge_text(&door(), event.to_string())
}

#[track_caller]
fn accepted(event: &Value) -> EventRecord {
    judge(event).unwrap_or_else(|rejected| panic!("{event} was rejected: {rejected:?}"))
}

/// The event is refused with this code at this place.
#[track_caller]
fn refused(event: &Value, code: &str, pointer: &str) {
    let rejected = judge(event).expect_err(&format!("{event} was accepted"));
    assert_eq!((rejected.code.name(), rejected.pointer.as_deref()), (code, Some(pointer)), "{event}: {rejected:?}");
}
