//! Seals, and what a trim leaves behind: nothing (R4.10).

use super::super::super::JournalRead;
use super::*;

/// Names of everything in the journal's directory.
fn names(site: &Site) -> Vec<String> {
    let entries = fs::read_dir(directory(site.root.path())).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn segment_name(number: u64) -> String {
    format!("{number:020}.segment")
}

#[test]
fn r4_10_after_seal_and_trim_no_byte_of_an_older_group_is_left() {
    let site = Site::new();
    let mut journal = site.open();
    let erased = b"what somebody wants to be gone";
    append(&mut journal, erased);
    journal.seal().unwrap();
    let first = append(&mut journal, b"kept");
    journal.trim(first).unwrap();
    drop(journal);
    for name in names(&site) {
        let bytes = fs::read(directory(site.root.path()).join(&name)).unwrap();
        assert!(!bytes.windows(erased.len()).any(|window| window == erased), "{name}");
    }
    assert_eq!(contents(&site.open()), [b"kept"]);
}

#[test]
fn r4_10_seals_leave_no_empty_segment_in_the_chain() {
    let site = Site::new();
    let mut journal = site.open();
    for seed in 0..4 {
        journal.seal().unwrap();
        journal.seal().unwrap();
        append(&mut journal, &payload(seed, 100));
    }
    journal.seal().unwrap();
    drop(journal);
    assert_eq!(names(&site), (1..=5).map(segment_name).collect::<Vec<_>>());
    let mut journal = site.open();
    let mut expected: Vec<_> = (0..4).map(|seed| payload(seed, 100)).collect();
    assert_eq!(contents(&journal), expected);
    append(&mut journal, &payload(4, 100));
    expected.push(payload(4, 100));
    drop(journal);
    assert_eq!(contents(&site.open()), expected, "a seal that no group has followed is forgotten");
}

#[test]
fn r4_10_a_seal_takes_the_segment_that_was_made_in_the_background() {
    let site = Site::new();
    let mut journal = site.open();
    append(&mut journal, &payload(1, 700_000));
    journal.seal().unwrap();
    assert_eq!(names(&site), [segment_name(1), segment_name(2)]);
    append(&mut journal, &payload(2, 3_000_000));
    assert!(contents(&journal) == [payload(1, 700_000), payload(2, 3_000_000)]);
    drop(journal);
    assert!(contents(&site.open()) == [payload(1, 700_000), payload(2, 3_000_000)]);
}

#[test]
fn r9_5_a_seal_without_space_changes_nothing_and_works_when_there_is_some() {
    let site = Site::new();
    let mut journal = site.open();
    append(&mut journal, &payload(1, 100));
    site.disk.set(|faults| faults.no_space = true);
    assert!(journal.seal().is_err());
    append(&mut journal, &payload(2, 100));
    assert_eq!(names(&site), [segment_name(1)]);
    site.disk.heal();
    journal.seal().unwrap();
    append(&mut journal, &payload(3, 100));
    journal.trim(GroupPosition(3)).unwrap();
    assert_eq!(names(&site), [segment_name(2)]);
    drop(journal);
    assert_eq!(contents(&site.open()), [payload(3, 100)]);
}

#[test]
fn i7_a_seal_whose_segment_may_not_be_durable_poisons() {
    let site = Site::new();
    let mut journal = site.open();
    append(&mut journal, &payload(1, 100));
    site.disk.set(|faults| faults.no_directory_sync = true);
    assert!(journal.seal().is_err());
    site.disk.heal();
    let refused = journal.append(GroupPosition(1), &payload(2, 100));
    assert!(matches!(refused, Err(AppendError::Poisoned { .. })), "{refused:?}");
    assert!(journal.seal().is_err());
    drop(journal);
    assert_eq!(contents(&site.open()), [payload(1, 100)]);
}

#[test]
fn r4_10_what_was_put_aside_goes_with_the_segment_it_was_cut_from() {
    let site = Site::new();
    append(&mut site.open(), &payload(1, 100));
    let end = BLOCK + format::group_span(100);
    site.patch(1, end, b"torn, once");
    drop(site.open());
    site.patch(1, end, b"torn, twice");
    let mut journal = site.open();
    append(&mut journal, &payload(2, 100));
    journal.seal().unwrap();
    append(&mut journal, &payload(3, 100));
    drop(journal);
    site.patch(2, end, b"of the segment that stays");
    let mut journal = site.open();
    let torn = |name: &str| format!("torn-{name}.bin");
    let all = [segment_name(1), segment_name(2), torn("1-1024-2"), torn("1-1024"), torn("2-1024")];
    assert_eq!(names(&site), all);
    journal.trim(GroupPosition(2)).unwrap();
    assert_eq!(names(&site), all, "segment 1 is still needed");
    journal.trim(GroupPosition(3)).unwrap();
    assert_eq!(names(&site), [segment_name(2), torn("2-1024")]);
}

#[test]
fn r4_10_what_was_cut_from_the_segment_behind_the_last_group_goes_with_that_group_s_segment() {
    let site = Site::new();
    let mut journal = site.open();
    append(&mut journal, &payload(1, 100));
    journal.seal().unwrap();
    drop(journal);
    // The first group of segment 2 was being written when the process died.
    site.patch(2, BLOCK, b"torn");
    let opened = site.try_open().unwrap();
    let name = "torn-1-512-of-2.bin";
    assert_eq!(opened.torn, [directory(site.root.path()).join(name)]);
    let mut journal = opened.journal;
    // What is written from here on is younger, whichever segment it goes to.
    append(&mut journal, &payload(2, 100));
    journal.seal().unwrap();
    append(&mut journal, &payload(3, 100));
    assert!(names(&site).contains(&name.to_owned()));
    journal.trim(GroupPosition(3)).unwrap();
    assert_eq!(names(&site), [segment_name(2)]);
}

#[test]
fn a_trim_that_failed_between_what_was_put_aside_and_its_segment_goes_on() {
    let site = Site::new();
    append(&mut site.open(), &payload(1, 100));
    site.patch(1, BLOCK + format::group_span(100), b"torn");
    let mut journal = site.open();
    journal.seal().unwrap();
    append(&mut journal, &payload(2, 100));
    site.disk.set(|faults| faults.no_directory_sync = true);
    assert!(journal.trim(GroupPosition(2)).is_err());
    assert_eq!(names(&site), [segment_name(2)]);
    site.disk.heal();
    journal.trim(GroupPosition(2)).unwrap();
    assert_eq!(journal.first(), GroupPosition(2));
}
