use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicU64;

use super::*;
use crate::domain::event::{Body, EventRecord, Identity, ImportedScore, TurnFeatures};
use crate::domain::record::{APPLY_VERSION, Frame};
use crate::domain::score::Hundredths;
use crate::domain::settings::Settings;
use crate::domain::time::HOUR;

const KEY: WorkspaceKey = WorkspaceKey { id: Id(7), side: Side::Live };
const TEST: WorkspaceKey = WorkspaceKey { side: Side::Test, ..KEY };
const IDENTITY_KEY: [u8; 32] = [9; 32];
const T: Millis = 1_774_432_800_000;

fn conversation(at: Millis, key: WorkspaceKey, id: u128) -> ErasureEntry {
    ErasureEntry::new(at, key, Erased::Conversation(Id(id)), &IDENTITY_KEY)
}

fn contact(at: Millis, id: &str) -> ErasureEntry {
    ErasureEntry::new(at, KEY, Erased::Contact(ContactMark::of(id)), &IDENTITY_KEY)
}

fn file(dir: &Path) -> std::path::PathBuf {
    dir.join("erasures")
}

#[test]
fn r4_10_what_was_appended_is_read_again_and_says_no_ids() {
    let dir = tempfile::tempdir().unwrap();
    let list = Erasures::load(dir.path()).unwrap();
    assert!(!file(dir.path()).exists(), "made at the first append");
    let id = u128::from_be_bytes(*b"conversation-one");
    let entries = [conversation(T, KEY, id), conversation(T + 1, TEST, id), contact(T + 2, "anna@example.org")];
    entries.iter().for_each(|entry| list.append(*entry).unwrap());
    assert_eq!(list.entries(), entries);
    let read = Erasures::load(dir.path()).unwrap();
    assert_eq!((read.entries(), read.is_torn()), (entries.to_vec(), false));
    let text = fs::read_to_string(file(dir.path())).unwrap();
    assert_eq!(text.lines().count(), 4, "{text}");
    let shown = Id(id).to_string();
    for word in ["anna", "conversation-one", shown.as_str(), &shown.replace('-', "")] {
        assert!(!text.contains(word), "{word} in {text}");
    }
    assert_ne!(entries[0].hash, entries[1].hash, "sides are told apart");
}

#[test]
fn r4_10_a_line_that_was_not_finished_is_passed_over_and_cut_by_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let list = Erasures::load(dir.path()).unwrap();
    let (first, second) = (conversation(T, KEY, 1), conversation(T + 1, KEY, 2));
    list.append(first).unwrap();
    let one = fs::read(file(dir.path())).unwrap();
    list.append(second).unwrap();
    let both = fs::read(file(dir.path())).unwrap();
    for cut in 0..both.len() {
        fs::write(file(dir.path()), &both[..cut]).unwrap();
        let list = Erasures::load(dir.path()).unwrap();
        let kept = if cut >= one.len() { vec![first] } else { vec![] };
        assert_eq!(list.entries(), kept, "cut at {cut}");
        let header_ends = both.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        assert_eq!(list.is_torn(), ![0, header_ends, one.len()].contains(&cut), "cut at {cut}");
        list.append(second).unwrap();
        assert!(!list.is_torn());
        let again = Erasures::load(dir.path()).unwrap();
        assert_eq!(again.entries(), [kept, vec![second]].concat(), "cut at {cut}");
    }
    let zeros = [one.as_slice(), &[0; 40], b"}\n"].concat();
    fs::write(file(dir.path()), zeros).unwrap();
    let list = Erasures::load(dir.path()).unwrap();
    assert_eq!((list.entries(), list.is_torn()), (vec![first], true));
}

#[test]
fn r9_7_damage_and_an_unknown_version_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let list = Erasures::load(dir.path()).unwrap();
    (0..3).for_each(|n| list.append(conversation(T + n, KEY, 1)).unwrap());
    let text = fs::read_to_string(file(dir.path())).unwrap();
    let damaged = text.replacen("\"conversation\"", "\"conversatiom\"", 1);
    fs::write(file(dir.path()), damaged).unwrap();
    assert!(matches!(Erasures::load(dir.path()), Err(ErasuresError::Damaged { line: 2, .. })));
    fs::write(file(dir.path()), text.replacen("tripswitch", "Tripswitch", 1)).unwrap();
    assert!(matches!(Erasures::load(dir.path()), Err(ErasuresError::Damaged { line: 1, .. })));
    fs::write(file(dir.path()), text.replacen("\"version\":1", "\"version\":2", 1)).unwrap();
    assert!(matches!(Erasures::load(dir.path()), Err(ErasuresError::UnknownVersion { version: 2, .. })));
}

#[test]
fn i7_after_a_failed_sync_nothing_more_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    let list = Erasures::load(dir.path()).unwrap();
    list.append(conversation(T, KEY, 1)).unwrap();
    let before = fs::read(file(dir.path())).unwrap();
    list.fail();
    assert!(matches!(list.append(conversation(T, KEY, 2)), Err(ErasuresError::Failed)));
    assert_eq!((list.entries().len(), fs::read(file(dir.path())).unwrap()), (1, before));
}

#[test]
fn r4_10_a_purge_is_due_when_three_quarters_of_the_span_are_over() {
    let within = 24 * HOUR;
    let entries = [conversation(T, KEY, 1), contact(T + HOUR, "a"), contact(T - HOUR, "b")];
    assert_eq!(due(&[], T + within, within), None);
    assert_eq!(due(&entries, T - HOUR + 18 * HOUR - 1, within), None);
    assert_eq!(due(&entries, T - HOUR + 18 * HOUR, within), Some(T - HOUR + SLACK));
    assert_eq!(due(&entries, T + 18 * HOUR, within), Some(T + SLACK));
    assert_eq!(due(&entries, T + 400 * HOUR, within), Some(T + HOUR + SLACK), "the latest covers the others");
    // With the shortest span too, what is due lies in the past and there is time left for it.
    let shortest = due(&entries[..1], T + HOUR / 4 * 3, HOUR).unwrap();
    assert!(shortest < T + HOUR / 4 * 3 && T + HOUR / 4 * 3 < T + HOUR);
}

/// A state with two conversations of "anna", one of them scored, and one of nobody.
fn workspace() -> Workspace {
    let mut workspace = Workspace::new(KEY, "Acme".into(), Settings::default());
    let event = |n: u8, contact: Option<&str>, body: Body| EventRecord {
        identity: Identity { key: [n; 12], content: 0 },
        time: None,
        conversation: Some(Id(n.into())),
        account: None,
        account_name: None,
        contact: contact.map(Into::into),
        channel: None,
        intent: None,
        body,
    };
    let score = ImportedScore {
        dimensions: [Hundredths(400); 3],
        resolved: true,
        confidence: Hundredths(100),
        signal_count: 0,
    };
    let said = || Body::MessageReceived(TurnFeatures::default());
    let mut again = event(1, Some("anna"), said());
    again.identity.key = [99; 12];
    let events = vec![
        event(1, None, Body::ConversationScored(score)),
        again,
        event(2, Some("anna"), said()),
        event(3, None, said()),
    ];
    apply(&mut workspace, T, Record::Events(events));
    workspace
}

fn apply(workspace: &mut Workspace, receipt: Millis, record: Record) {
    let frame = Frame { key: KEY, seq: workspace.applied() + 1, receipt, apply_version: APPLY_VERSION, record };
    let round = workspace.begin(&[frame], &AtomicU64::new(0));
    workspace.finish(round, Vec::new());
}

#[test]
fn r4_10_a_restored_state_loses_again_what_was_erased_after_it() {
    let mut workspace = workspace();
    let entries = [
        conversation(T + HOUR, KEY, 1),
        conversation(T + 2 * HOUR, KEY, 1),
        conversation(T + HOUR, TEST, 3),
        conversation(T - HOUR, KEY, 3),
        conversation(T + HOUR, KEY, 77),
        contact(T + HOUR, "anna"),
        contact(T + HOUR, "bert"),
    ];
    let anna = Erased::Contact(ContactMark::of("anna"));
    let records = matching(&entries, &IDENTITY_KEY, &workspace);
    assert_eq!(records, [Erased::Conversation(Id(1)).record(), anna.record()], "each once; no mapping names anna");
    assert_eq!(matching(&entries, &[8; 32], &workspace), [], "with another key nothing is known");
    records.into_iter().for_each(|record| apply(&mut workspace, T + 3 * HOUR, record));
    assert_eq!(workspace.conversation_ids().collect::<Vec<_>>(), [Id(3)]);
    assert_eq!(workspace.contact_marks().count(), 0);
    assert_eq!(matching(&entries, &IDENTITY_KEY, &workspace), []);
}

#[test]
fn r4_10_what_may_not_be_in_the_restored_state_yet_is_erased_again() {
    let workspace = workspace();
    let records = |at| matching(&[conversation(at, KEY, 3)], &IDENTITY_KEY, &workspace).len();
    assert_eq!([T - SLACK - 1, T - SLACK, T, T + 1].map(records), [0, 1, 1, 1]);
}
