//! Segments, sizes, the lock, and what `journal status` and `verify` tell.

use std::collections::BTreeMap;
use std::fs;

use super::super::super::codec::{GroupBuilder, encode_record};
use super::super::super::inspect::{Depth, GroupReport, inspect};
use super::super::super::{AppendError, JournalRead, MAX_GROUP_BYTES};
use super::super::DirectoryLock;
use super::*;
use crate::domain::ids::{Id, Side, WorkspaceKey};
use crate::domain::record::Record;

#[test]
fn i7_groups_go_on_over_many_segments_and_openings() {
    let site = Site::new();
    let mut expected = Vec::new();
    for opening in 0..4_u8 {
        let mut journal = site.open();
        assert_eq!(journal.last(P).0, expected.len() as u64);
        for seed in 0..9 {
            let group = payload(opening * 9 + seed, 1 + 40_000 * usize::from(seed));
            append(&mut journal, &group);
            expected.push(group);
        }
        assert!(contents(&journal) == expected);
    }
    assert!(site.segment(5).exists());
    for number in 1..=5 {
        assert_eq!(fs::metadata(site.segment(number)).unwrap().len(), MIB);
    }
}

#[test]
fn i7_a_group_larger_than_a_segment_gets_a_larger_one() {
    let site = Site::new();
    let sizes = [100, 3_000_000, 100, 600_000, 1_500_000, 1_048_000, 1_048_576 - 576, 5];
    let groups: Vec<_> = (0..).zip(sizes).map(|(seed, size)| payload(seed, size)).collect();
    let mut journal = site.open();
    groups.iter().for_each(|group| {
        append(&mut journal, group);
    });
    assert!(contents(&journal) == groups);
    drop(journal);
    assert!(contents(&site.open()) == groups);
}

#[test]
fn i7_a_first_group_larger_than_the_first_segment() {
    let site = Site::new();
    append(&mut site.open(), &payload(1, 3_000_000));
    assert!(contents(&site.open()) == [payload(1, 3_000_000)]);
    assert!(!site.segment(3).exists());
}

#[test]
fn a_group_over_the_limit_is_refused_and_changes_nothing() {
    let site = Site::new();
    let mut journal = site.open();
    let result = journal.append(P, GroupPosition::ZERO, &vec![1; MAX_GROUP_BYTES + 1]);
    assert!(matches!(result, Err(AppendError::TooLarge { .. })));
    assert_eq!(append(&mut journal, b"small"), GroupPosition(1));
}

#[test]
fn another_partition_is_not_owned() {
    let site = Site::new();
    let result = site.open().append(Partition(1), GroupPosition::ZERO, b"x");
    assert!(matches!(result, Err(AppendError::Fenced { .. })));
}

#[test]
fn i8_every_journal_has_a_number_of_its_own_which_its_segments_carry() {
    let site = Site::new();
    let opened = site.try_open().unwrap();
    assert_eq!(opened.identity, opened.journal.identity());
    assert_eq!(site.bytes(1, 40, 16), opened.identity.to_le_bytes());
    drop(opened);
    let reopened = FileJournal::open(site.root.path(), &FileOptions::default(), &SeededIds::new(2)).unwrap();
    assert_eq!(site.bytes(1, 40, 16), reopened.identity.to_le_bytes());
    let another = tempfile::tempdir().unwrap();
    let another = FileJournal::open(another.path(), &FileOptions { segment_bytes: MIB }, &SeededIds::new(2)).unwrap();
    assert_ne!(another.identity, reopened.identity);
}

#[test]
fn segment_sizes_out_of_range_are_refused() {
    let root = tempfile::tempdir().unwrap();
    for segment_bytes in [0, MIB - 1, MIB + 1, 1_025 * MIB] {
        let opened = FileJournal::open(root.path(), &FileOptions { segment_bytes }, &SeededIds::new(1));
        assert!(matches!(opened, Err(OpenError::SegmentSize { .. })), "{segment_bytes}");
    }
}

#[test]
fn r9_6_the_second_of_two_openers_is_refused_and_changes_nothing() {
    let site = Site::new();
    let mut journal = site.open();
    append(&mut journal, b"one");
    assert!(matches!(site.try_open(), Err(OpenError::InUse { .. })));
    assert!(matches!(DirectoryLock::acquire(site.root.path()), Err(OpenError::InUse { .. })));
    assert!(matches!(inspect(site.root.path(), Depth::Status), Err(OpenError::InUse { .. })));
    append(&mut journal, b"two");
    drop(journal);
    assert_eq!(site.open().last(P), GroupPosition(2));
}

/// Names and contents of everything below the data directory.
fn everything(site: &Site) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut all = BTreeMap::new();
    for directory in [site.root.path().to_path_buf(), directory(site.root.path())] {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            all.insert(path.clone(), fs::read(path).ok());
        }
    }
    all
}

const LIVE: WorkspaceKey = WorkspaceKey { id: Id(1), side: Side::Live };
const TEST: WorkspaceKey = WorkspaceKey { id: Id(1), side: Side::Test };

fn group(receipt: i64, frames: &[(WorkspaceKey, u64)]) -> Vec<u8> {
    let mut builder = GroupBuilder::default();
    builder.begin(receipt);
    let record = encode_record(&Record::Delivered { endpoint: Id(5), upto: 6 });
    frames.iter().for_each(|(key, seq)| builder.push(*key, *seq, 0, &record));
    builder.finish().to_vec()
}

#[test]
fn r10_5_status_and_verify_tell_what_is_there_and_change_nothing() {
    let site = Site::new();
    let groups = [group(10, &[(LIVE, 1), (TEST, 1)]), group(20, &[(LIVE, 2)]), group(20, &[(LIVE, 3)])];
    let mut journal = site.open();
    groups.iter().for_each(|group| {
        append(&mut journal, group);
    });
    drop(journal);
    site.patch(1, BLOCK * 4, b"torn");
    // A copy may come without the lock file.
    fs::remove_file(site.root.path().join("lock")).unwrap();
    let before = everything(&site);
    let report = inspect(site.root.path(), Depth::Verify).unwrap();
    assert_eq!(inspect(site.root.path(), Depth::Status).unwrap(), report);
    assert!(everything(&site) == before);
    assert_eq!((report.groups, report.frames, report.segments.len()), (3, 4, 1));
    assert_eq!(report.bytes, groups.iter().map(|group| group.len() as u64).sum::<u64>());
    assert_eq!((report.segments[0].used, report.segments[0].groups), (BLOCK * 4, 3));
    let told = |group, receipt| Some(GroupReport { group: GroupPosition(group), receipt: Some(receipt) });
    assert_eq!((report.first, report.last), (told(1, 10), told(3, 20)));
    let sides: Vec<_> = report.workspaces.iter().map(|w| (w.key, w.frames, w.first_seq, w.last_seq)).collect();
    assert_eq!(sides, [(LIVE, 3, 1, 3), (TEST, 1, 1, 1)]);
    assert_eq!((report.torn_tail[0].offset, report.torn_tail[0].bytes), (BLOCK * 4, 512));
    assert_eq!(report.problems, []);
    drop(site.open());
    let report = inspect(site.root.path(), Depth::Verify).unwrap();
    assert_eq!((report.torn_tail.len(), report.torn_kept.len()), (0, 1));
}

#[test]
fn r10_5_verify_finds_whole_groups_that_are_not_right() {
    let site = Site::new();
    let mut journal = site.open();
    append(&mut journal, &group(10, &[(LIVE, 1)]));
    append(&mut journal, &group(9, &[(LIVE, 3)]));
    append(&mut journal, b"not a group");
    let mut bad_record = group(10, &[(LIVE, 4)]);
    let variant = bad_record.len() - 28;
    bad_record[variant] = 99;
    append(&mut journal, &bad_record);
    drop(journal);
    let at = |depth| -> Vec<u64> {
        inspect(site.root.path(), depth).unwrap().problems.iter().map(|problem| problem.group.0).collect()
    };
    assert_eq!(at(Depth::Status), [2, 2, 3]);
    assert_eq!(at(Depth::Verify), [2, 2, 3, 4]);
}

#[test]
fn r10_5_inspecting_what_is_not_there() {
    let root = tempfile::tempdir().unwrap();
    assert!(matches!(inspect(root.path(), Depth::Status), Err(OpenError::Missing { .. })));
    assert!(fs::read_dir(root.path()).unwrap().next().is_none());
}

#[test]
fn the_real_disk_keeps_what_it_was_given() {
    let root = tempfile::tempdir().unwrap();
    let data_dir = root.path().join("made/on/demand");
    let open = || FileJournal::open(&data_dir, &FileOptions { segment_bytes: MIB }, &SeededIds::new(1)).unwrap();
    let groups: Vec<_> = (0..5).map(|seed| payload(seed, 400_000)).collect();
    let mut journal = open().journal;
    groups.iter().for_each(|group| {
        append(&mut journal, group);
    });
    drop(journal);
    let opened = open();
    assert_eq!((opened.last, opened.torn.len()), (GroupPosition(5), 0));
    assert!(contents(&opened.journal) == groups);
}
