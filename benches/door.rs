//! What the door costs: batches of 100 imported scores, and of 100 messages.
use std::fmt::Write as _;
use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tripswitch::domain::ids::{Id, Side, WorkspaceKey};
use tripswitch::domain::scoring::reader::MessageReader;
use tripswitch::domain::time::parse_rfc3339;
use tripswitch::service::door::{Door, DoorContext, DoorOptions, Secret};

const EVENTS: usize = 100;

/// A JSON array of events that differ in id, conversation and account.
fn batch(kind: &str, members: &str) -> Bytes {
    let mut json = String::from("[");
    for n in 0..EVENTS {
        let comma = if n == 0 { "" } else { "," };
        write!(
            json,
            r#"{comma}{{"specversion":"1.0","id":"evt-{n:08}","source":"/helpdesk/nordic","type":"{kind}","time":"2026-03-15T14:35:00.000Z","data":{{"conversationId":"f47ac10b-58cc-4372-a567-{n:012x}","accountId":"9b2d7c1e-3f4a-4b5c-8d6e-{n:012x}",{members}}}}}"#
        )
        .expect("a String takes everything");
    }
    json.push(']');
    json.into()
}

fn door(c: &mut Criterion) {
    let door = Door::new(DoorOptions::new(Secret::new([1; 32])), [2; 32]);
    let reader = MessageReader::default();
    let context = DoorContext {
        workspace: WorkspaceKey { id: Id(1), side: Side::Live },
        now: parse_rfc3339("2026-03-15T14:36:00Z").expect("a time"),
        reader: &reader,
        content_type: Some("application/json"),
        content_encoding: None,
        headers: &[],
    };
    let scored = r#""outcomeScore":4.25,"processScore":3.5,"environmentScore":4,"resolved":true,"confidence":0.8,"signalCount":12"#;
    let message = r#""channel":"chat","text":"Thanks, but my invoice is still wrong. Could you look at it again, please?","language":"en""#;
    let mut group = c.benchmark_group("door");
    group.throughput(Throughput::Elements(EVENTS as u64));
    for (name, kind, members) in [("scored", "conversation.scored", scored), ("message", "message.received", message)] {
        let body = batch(kind, members);
        let read = || door.read(&context, body.clone()).expect("a good request");
        assert_eq!(read().events.len(), EVENTS, "{:?}", read().rejected);
        group.bench_function(name, |b| b.iter(|| black_box(read())));
    }
    group.finish();
}

criterion_group!(benches, door);
criterion_main!(benches);
