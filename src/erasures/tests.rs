use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicU64;

use futures::executor::block_on;

use super::*;
use crate::domain::event::{Body, EventRecord, Identity, ImportedScore, TurnFeatures};
use crate::domain::record::{APPLY_VERSION, Frame};
use crate::domain::score::Hundredths;
use crate::domain::settings::Settings;
use crate::domain::time::{DAY, HOUR};
use crate::domain::workspace::Workspace;

const KEY: WorkspaceKey = WorkspaceKey { id: Id(7), side: Side::Live };
const TEST: WorkspaceKey = WorkspaceKey { side: Side::Test, ..KEY };
const IDENTITY_KEY: [u8; 32] = [9; 32];
const T: Millis = 1_774_432_800_000;

fn conversation(at: Millis, key: WorkspaceKey, id: u128) -> ErasureEntry {
    ErasureEntry::new(at, key, Erased::Conversation(Id(id)), &IDENTITY_KEY)
}

fn contact(at: Millis, id: &str) -> ErasureEntry {
    ErasureEntry::new(at, KEY, Erased::Contact(ContactMark::unkeyed(id)), &IDENTITY_KEY)
}

fn file(dir: &Path) -> std::path::PathBuf {
    dir.join("erasures")
}

fn append(list: &Erasures, entry: ErasureEntry) -> Result<(), ErasuresError> {
    block_on(list.append("tenant", entry).expect("there is room").wait())
}

#[test]
fn r4_10_what_was_appended_is_read_again_and_says_no_ids() {
    let dir = tempfile::tempdir().unwrap();
    let list = Erasures::load(dir.path()).unwrap();
    assert!(!file(dir.path()).exists(), "made at the first append");
    let id = u128::from_be_bytes(*b"conversation-one");
    let entries = [conversation(T, KEY, id), conversation(T + 1, TEST, id), contact(T + 2, "anna@example.org")];
    entries.iter().for_each(|entry| append(&list, *entry).unwrap());
    assert_eq!(list.list().entries(), entries);
    let read = Erasures::load(dir.path()).unwrap();
    assert_eq!((read.list().entries(), read.is_torn()), (entries.to_vec(), false));
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
    append(&list, first).unwrap();
    let one = fs::read(file(dir.path())).unwrap();
    append(&list, second).unwrap();
    let both = fs::read(file(dir.path())).unwrap();
    for cut in 0..both.len() {
        fs::write(file(dir.path()), &both[..cut]).unwrap();
        let list = Erasures::load(dir.path()).unwrap();
        let kept = if cut >= one.len() { vec![first] } else { vec![] };
        assert_eq!(list.list().entries(), kept, "cut at {cut}");
        let header_ends = both.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        assert_eq!(list.is_torn(), ![0, header_ends, one.len()].contains(&cut), "cut at {cut}");
        append(&list, second).unwrap();
        assert!(!list.is_torn());
        let again = Erasures::load(dir.path()).unwrap();
        assert_eq!(again.list().entries(), [kept, vec![second]].concat(), "cut at {cut}");
    }
    let zeros = [one.as_slice(), &[0; 40], b"}\n"].concat();
    fs::write(file(dir.path()), zeros).unwrap();
    let list = Erasures::load(dir.path()).unwrap();
    assert_eq!((list.list().entries(), list.is_torn()), (vec![first], true));
}

#[test]
fn r9_7_damage_and_an_unknown_version_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let list = Erasures::load(dir.path()).unwrap();
    (0..3).for_each(|n| append(&list, conversation(T + n, KEY, n as u128)).unwrap());
    let text = fs::read_to_string(file(dir.path())).unwrap();
    let damaged = text.replacen("\"conversation\"", "\"conversatiom\"", 1);
    fs::write(file(dir.path()), damaged).unwrap();
    assert!(matches!(Erasures::load(dir.path()), Err(ErasuresError::Damaged { line: 2, .. })));
    fs::write(file(dir.path()), text.replacen("tripswitch", "Tripswitch", 1)).unwrap();
    assert!(matches!(Erasures::load(dir.path()), Err(ErasuresError::Damaged { line: 1, .. })));
    fs::write(file(dir.path()), text.replacen("\"version\":2", "\"version\":3", 1)).unwrap();
    assert!(matches!(Erasures::load(dir.path()), Err(ErasuresError::UnknownVersion { version: 3, .. })));
}

#[test]
fn r4_10_a_purge_is_due_when_three_quarters_of_the_span_are_over() {
    let within = 24 * HOUR;
    let entries = [conversation(T, KEY, 1), contact(T + HOUR, "a"), contact(T - HOUR, "b")];
    let due = |entries: &[ErasureEntry], now, within| entries.iter().copied().collect::<ErasureList>().due(now, within);
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
        address: None,
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
    let entries: ErasureList = entries.into_iter().collect();
    let anna = Erased::Contact(ContactMark::unkeyed("anna"));
    let records = entries.matching(&IDENTITY_KEY, &workspace);
    assert_eq!(records, [Erased::Conversation(Id(1)).record(), anna.record()], "each once; no mapping names anna");
    assert_eq!(entries.matching(&[8; 32], &workspace), [], "with another key nothing is known");
    records.into_iter().for_each(|record| apply(&mut workspace, T + 3 * HOUR, record));
    assert_eq!(workspace.conversation_ids().collect::<Vec<_>>(), [Id(3)]);
    assert_eq!(workspace.contact_marks().count(), 0);
    assert_eq!(entries.matching(&IDENTITY_KEY, &workspace), []);
}

#[test]
fn r4_10_what_may_not_be_in_the_restored_state_yet_is_erased_again() {
    let workspace = workspace();
    let records = |at| ErasureList::from_iter([conversation(at, KEY, 3)]).matching(&IDENTITY_KEY, &workspace).len();
    assert_eq!([T - SLACK - 1, T - SLACK, T, T + 1].map(records), [0, 1, 1, 1]);
}

#[test]
fn r4_10_a_repeat_is_one_entry_and_its_latest_time_counts() {
    let workspace = workspace();
    let twice = [conversation(T - HOUR, KEY, 3), conversation(T + HOUR, KEY, 3)];
    for order in [twice, [twice[1], twice[0]]] {
        let list = ErasureList::from_iter(order);
        assert_eq!((list.len(), list.entries()), (1, vec![twice[1]]));
        assert_eq!(list.matching(&IDENTITY_KEY, &workspace), [Erased::Conversation(Id(3)).record()]);
    }
}

#[test]
fn r4_10_erasing_the_same_again_and_again_puts_no_purge_off() {
    let (within, mut list) = (24 * HOUR, ErasureList::default());
    // Every ten minutes for two days; after each, what the file would hold is read again.
    for n in 0..288 {
        let now = T + n * 10 * MINUTE;
        list.insert(contact(now, "anna"));
        list.forget(Keeping { backups: 400 * DAY, within }, now);
        list = list.needed().into_iter().collect();
        let begun = now - 18 * HOUR;
        let latest = (0..=n).map(|n| T + n * 10 * MINUTE).filter(|at| *at <= begun).max();
        assert_eq!(list.due(now, within), latest.map(|at| at + SLACK), "{n}");
        assert!(list.len() == 1 && list.needed().len() <= 110, "{}", list.needed().len());
    }
}

#[test]
fn r4_10_what_no_backup_needs_goes_and_the_list_says_so() {
    let mut list = ErasureList::from_iter([conversation(T, KEY, 1), conversation(T + DAY, KEY, 2), contact(T, "a")]);
    let keeping = Keeping { backups: 400 * DAY, within: DAY };
    list.forget(keeping, T + 400 * DAY);
    assert_eq!((list.len(), list.since()), (3, None), "as old as a backup may be, it stays");
    list.forget(keeping, T + 400 * DAY + 1);
    assert_eq!((list.entries(), list.since()), (vec![conversation(T + DAY, KEY, 2)], Some(T + 1)));
    let mut merged = ErasureList::from_iter([contact(T, "a")]);
    merged.merge(&list);
    assert_eq!((merged.len(), merged.since()), (2, Some(T + 1)), "as complete as the less complete of both");
}

#[test]
fn r9_7_a_list_of_version_1_is_read_and_replaced_by_the_next_erasure() {
    let dir = tempfile::tempdir().unwrap();
    let entries = [conversation(T, KEY, 1), contact(T + 1, "anna")];
    let lines: String = entries.iter().map(|entry| serde_json::to_string(entry).unwrap() + "\n").collect();
    let old = format!("{{\"format\":\"tripswitch erasures\",\"version\":1}}\n{lines}");
    fs::write(file(dir.path()), &old).unwrap();
    let list = Erasures::load(dir.path()).unwrap();
    assert_eq!(list.list().entries(), entries);
    assert_eq!(fs::read_to_string(file(dir.path())).unwrap(), old, "reading changes nothing");
    append(&list, contact(T + 2, "bert")).unwrap();
    let text = fs::read_to_string(file(dir.path())).unwrap();
    assert!(text.starts_with("{\"format\":\"tripswitch erasures\",\"version\":2}\n[{"), "{text}");
    let read = Erasures::load(dir.path()).unwrap().list().entries();
    assert_eq!(read, [entries[0], entries[1], contact(T + 2, "bert")]);
}
