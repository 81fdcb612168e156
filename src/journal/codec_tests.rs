use proptest::prelude::*;

use super::*;
use crate::domain::event::{Body, EventRecord, Identity, Sender, TurnFeatures};
use crate::domain::record::Command;
use crate::domain::system::SystemRecord;

const A: WorkspaceKey = WorkspaceKey { id: Id(0xA), side: Side::Live };
const B: WorkspaceKey = WorkspaceKey { id: Id(0xA), side: Side::Test };

fn events() -> Record {
    let features = TurnFeatures {
        compound: Some(-1_234),
        read: true,
        hits: 0b101,
        question: true,
        exclamation: false,
        words: Box::new([7, 9]),
    };
    Record::Events(vec![EventRecord {
        identity: Identity { key: *b"twelve bytes", content: 5 },
        time: Some(1_750_000_000_000),
        conversation: Some(Id(1)),
        account: None,
        account_name: Some("Müller".into()),
        contact: None,
        channel: None,
        intent: None,
        body: Body::MessageSent { sender: Sender::Ai, features },
        address: None,
    }])
}

fn skip() -> Record {
    Record::Skip { seq: 3, place: 2, reason: "panic".into() }
}

fn acknowledge() -> Record {
    Record::Command { actor: "x".into(), command: Command::Acknowledge { breaker: Id(9), note: None } }
}

fn group(records: &[(WorkspaceKey, u64, Record)]) -> Vec<u8> {
    let mut builder = GroupBuilder::default();
    builder.begin(42);
    for (key, seq, record) in records {
        builder.push(*key, *seq, 3, &encode_record(record));
    }
    builder.finish().to_vec()
}

fn sample() -> Vec<u8> {
    group(&[(A, 1, events()), (B, 1, skip()), (A, 2, acknowledge())])
}

#[test]
fn a_group_comes_back_as_it_was() {
    let content = decode_group(&sample()).unwrap();
    assert_eq!(content.receipt, 42);
    let frame = |key, seq, record| Frame { key, seq, receipt: 42, apply_version: 3, record };
    assert_eq!(content.frames, [frame(A, 1, events()), frame(B, 1, skip()), frame(A, 2, acknowledge())]);
}

#[test]
fn frames_of_other_workspaces_are_passed_over_undecoded() {
    let mut builder = GroupBuilder::default();
    builder.begin(42);
    builder.push(B, 1, 3, b"not a record");
    builder.push(A, 1, 3, &encode_record(&skip()));
    let bytes = builder.finish().to_vec();
    let content = decode_frames_of(&bytes, A).unwrap();
    assert_eq!(content.frames.len(), 1);
    assert!(decode_frames_of(&bytes, B).is_err());
}

#[test]
fn kind_and_number_of_events_are_told_without_decoding() {
    let Record::Events(one) = events() else { unreachable!("they are events") };
    let three = Record::Events([&one[..], &one, &one].concat());
    let bytes = group(&[(A, 1, three), (B, 1, skip()), (A, 2, acknowledge()), (B, 2, Record::Events(vec![]))]);
    let frames = GroupView::new(&bytes).unwrap().frames().map(|raw| raw.unwrap());
    let told: Vec<_> = frames.map(|raw| (raw.is_skip(), raw.events())).collect();
    assert_eq!(told, [(false, 3), (true, 0), (false, 0), (false, 0)]);
}

#[test]
fn a_builder_begins_anew() {
    let mut builder = GroupBuilder::default();
    builder.begin(1);
    builder.push(A, 1, 3, &encode_record(&events()));
    builder.begin(42);
    builder.push(A, 7, 3, &encode_record(&skip()));
    assert_eq!(builder.finish(), group(&[(A, 7, skip())]));
}

#[test]
fn r9_7_golden_bytes_of_version_1() {
    let bytes = group(&[(B, 0x0102, skip())]);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let expected = [
        "0100",
        "0000",
        "01000000",
        "2a00000000000000", // group: version, reserved, count, receipt
        "0a000000000000000000000000000000",
        "01",
        "00",
        "0300", // workspace, side, reserved, apply
        "1d000000",
        "0201000000000000", // record length, seq
        "0100",
        "03000000",
        "0300000000000000",
        "0200",
        "0500000000000000",
        "70616e6963",
    ];
    assert_eq!(hex, expected.concat());
}

#[test]
fn r9_7_unknown_versions_are_refused_by_name() {
    // Version 0 was never released.
    for version in [0_u16, 8, 513] {
        let mut bytes = sample();
        bytes[0..2].copy_from_slice(&version.to_le_bytes());
        let message = decode_group(&bytes).unwrap_err().to_string();
        assert_eq!(message, format!("group version {version} is unknown to this program, which knows version 1"));
        let mut record = encode_record(&skip());
        record[0..2].copy_from_slice(&version.to_le_bytes());
        let message = decode_record(&record).unwrap_err().to_string();
        assert_eq!(message, format!("record version {version} is unknown to this program, which knows version 7"));
    }
}

#[test]
fn r9_7_a_record_is_of_the_oldest_version_that_has_its_kind() {
    let erased = Record::ErasedBy { actor: "x".into(), conversation: Some(Id(9)), contact: None };
    let erasure = Record::Erasure { conversation: Some(Id(9)), contact: None };
    let deleted = Record::System(SystemRecord::WorkspaceDeleted { id: Id(9), actor: "x".into() });
    for (record, version) in [(&erased, 2_u16), (&erasure, 1), (&skip(), 1), (&deleted, 4)] {
        let bytes = encode_record(record);
        assert_eq!(bytes[..2], version.to_le_bytes(), "{record:?}");
        assert_eq!(decode_record(&bytes).unwrap(), *record);
    }
    let hex: String = encode_record(&erased).iter().map(|byte| format!("{byte:02x}")).collect();
    let expected = ["0200", "08000000", "0100000000000000", "78", "01", "09000000000000000000000000000000", "00"];
    assert_eq!(hex, expected.concat());
    let mut bytes = encode_record(&erased);
    bytes[..2].copy_from_slice(&1_u16.to_le_bytes());
    assert!(matches!(decode_record(&bytes), Err(CodecError::Newer { found: 1 })));
}

#[test]
fn cut_at_every_byte_a_group_is_refused() {
    let bytes = sample();
    for length in 0..bytes.len() {
        assert!(decode_group(&bytes[..length]).is_err(), "the first {length} bytes were accepted");
    }
}

#[test]
fn left_over_bytes_are_refused() {
    let mut bytes = sample();
    bytes.push(0);
    assert!(matches!(decode_group(&bytes), Err(CodecError::LeftOver { count: 1, .. })));
    let mut record = encode_record(&skip());
    record.extend_from_slice(&[0; 3]);
    assert!(matches!(decode_record(&record), Err(CodecError::LeftOver { count: 3, .. })));
}

#[test]
fn a_huge_length_is_refused_and_not_allocated() {
    // The actor of a command, of 2^62 bytes.
    let mut record = vec![1, 0, 1, 0, 0, 0];
    record.extend_from_slice(&(1_u64 << 62).to_le_bytes());
    assert!(matches!(decode_record(&record), Err(CodecError::Decode(_))));
    // A list of 2^62 events.
    let mut record = vec![1, 0, 0, 0, 0, 0];
    record.extend_from_slice(&(1_u64 << 62).to_le_bytes());
    assert!(matches!(decode_record(&record), Err(CodecError::Decode(_))));
    // Four billion frames, and a frame of four gigabytes.
    let mut bytes = sample();
    bytes[4..8].fill(0xff);
    assert!(decode_group(&bytes).is_err());
    let mut bytes = sample();
    bytes[GROUP_HEADER_BYTES + 20..GROUP_HEADER_BYTES + 24].fill(0xff);
    assert!(matches!(decode_group(&bytes), Err(CodecError::Short { .. })));
}

#[test]
fn a_side_that_does_not_exist_is_refused() {
    let mut bytes = sample();
    bytes[GROUP_HEADER_BYTES + 16] = 2;
    assert!(matches!(decode_group(&bytes), Err(CodecError::Side(2))));
}

proptest! {
    #[test]
    fn any_bytes_are_refused_or_read_without_a_panic(
        at in 0_usize..400, noise in proptest::collection::vec(any::<u8>(), 1..40)
    ) {
        let mut bytes = sample();
        let at = at % bytes.len();
        let count = noise.len().min(bytes.len() - at);
        bytes[at..at + count].copy_from_slice(&noise[..count]);
        let _ = decode_group(&bytes);
        let _ = decode_group(&noise);
    }
}

#[test]
fn r9_7_events_with_marks_are_version_4_and_others_as_they_were() {
    let Record::Events(mut events) = events() else { unreachable!("made so") };
    events[0].contact = Some("anna".into());
    let mut updated = EventRecord { contact: None, ..events[0].clone() };
    updated.body = Body::AccountUpdated { contacts: vec!["bert".into(), "carl".into()] };
    events.push(updated);
    let unmarked = encode_record(&Record::Events(events.clone()));
    assert_eq!(unmarked[..2], [1, 0]);
    let last = events[1].contacts_mut().last().unwrap();
    last.mark = Some(ContactMark::from_bytes([7; 8]));
    let record = Record::Events(events.clone());
    let bytes = encode_record(&record);
    assert_eq!(
        (&bytes[..2], &bytes[2..unmarked.len()]),
        (&[4, 0][..], &unmarked[2..]),
        "marks stand behind the events"
    );
    assert_eq!(bytes.len() - unmarked.len(), 8 + 1 + 1 + 9);
    assert_eq!(decode_record(&bytes).unwrap(), record);
    // A mark too few, none at all, and none that is needed.
    let mut fewer = bytes.clone();
    fewer[unmarked.len()] = 2;
    fewer.remove(unmarked.len() + 8);
    assert!(matches!(decode_record(&fewer), Err(CodecError::Marks)));
    assert!(decode_record(&bytes[..unmarked.len()]).is_err());
    let erased = Record::ErasedContact { actor: "x".into(), marks: vec![ContactMark::default()] };
    let erased_bytes = encode_record(&erased);
    assert_eq!((erased_bytes[0], decode_record(&erased_bytes).unwrap()), (4, erased));
}
