//! Those who only look: `journal status` and `verify`, and a journal opened read-only.

use std::collections::BTreeMap;
use std::fs;

use rstest::rstest;

use super::super::super::JournalRead;
use super::super::super::codec::{GroupBuilder, encode_record};
use super::super::inspect::{Depth, GroupReport, inspect};
use super::super::{DirectoryLock, TornTail};
use super::*;
use crate::domain::ids::{Id, Side, WorkspaceKey};
use crate::domain::record::Record;

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
fn r10_5_a_journal_opened_read_only_reads_as_one_that_is_open_for_writing_and_changes_nothing() {
    let site = Site::new();
    let mut journal = site.open();
    let mut groups: Vec<_> = (0..8).map(|seed| payload(seed, 300_000)).collect();
    groups.iter().for_each(|group| {
        append(&mut journal, group);
    });
    journal.trim(GroupPosition(5)).unwrap();
    let (first, identity) = (journal.first(), journal.identity());
    let kept = groups.split_off(usize::try_from(first.0 - 1).unwrap());
    drop(journal);
    let segment = fs::read(site.segment(3)).unwrap();
    let end = (segment.iter().rposition(|byte| *byte != 0).unwrap() as u64 + 1).next_multiple_of(BLOCK);
    site.patch(3, end, b"torn");
    for lock_file in [true, false] {
        if !lock_file {
            fs::remove_file(site.root.path().join("lock")).unwrap();
        }
        let before = everything(&site);
        let opened = FileJournal::open_read_only(site.root.path()).unwrap();
        assert_eq!((opened.first(), opened.last(), opened.identity()), (first, GroupPosition(8), identity));
        let read: Vec<_> = opened.read(first).unwrap().map(|entry| entry.unwrap().group).collect();
        assert!(read == kept);
        assert!(matches!(opened.read(GroupPosition(1)), Err(ReadError::Trimmed { .. })));
        assert_eq!(opened.torn(), [TornTail { file: site.segment(3), offset: end, bytes: 512 }]);
        drop(opened);
        assert!(everything(&site) == before);
    }
    assert_eq!(site.try_open().unwrap().torn.len(), 1);
    assert_eq!(FileJournal::open_read_only(site.root.path()).unwrap().torn(), []);
}

#[test]
fn r9_6_readers_share_a_data_directory_and_no_writer_is_among_them() {
    let site = Site::new();
    let journal = site.open();
    assert!(matches!(FileJournal::open_read_only(site.root.path()), Err(OpenError::InUse { .. })));
    drop(journal);
    let reader = FileJournal::open_read_only(site.root.path()).unwrap();
    let another = FileJournal::open_read_only(site.root.path()).unwrap();
    drop(reader);
    assert!(matches!(site.try_open(), Err(OpenError::InUse { .. })));
    assert!(matches!(DirectoryLock::acquire(site.root.path()), Err(OpenError::InUse { .. })));
    drop(another);
    site.open();
}

#[rstest]
#[case::damage(100)]
#[case::an_unknown_version(8)]
fn r9_4_r9_7_what_a_writer_refuses_is_refused_read_only_too(#[case] place: u64) {
    let site = Site::new();
    let mut journal = site.open();
    append(&mut journal, &payload(1, 200));
    append(&mut journal, &payload(2, 200));
    drop(journal);
    let mut group = site.bytes(1, BLOCK, 264);
    group[usize::try_from(place).unwrap()] ^= 2;
    if place == 8 {
        group[16..20].fill(0);
        let checksum = crc32c::crc32c(&group);
        group[16..20].copy_from_slice(&checksum.to_le_bytes());
    }
    site.patch(1, BLOCK, &group);
    let before = everything(&site);
    let (told, as_writer) = (FileJournal::open_read_only(site.root.path()).unwrap_err(), site.try_open().unwrap_err());
    assert_eq!(told.to_string(), as_writer.to_string());
    let unknown = matches!(told, OpenError::UnknownVersion { offset: BLOCK, .. });
    assert!(unknown == (place == 8) && (unknown || matches!(told, OpenError::Damaged { offset: BLOCK, .. })));
    assert!(everything(&site) == before);
}

#[test]
fn r10_5_there_is_no_journal_to_read() {
    let root = tempfile::tempdir().unwrap();
    let missing = || matches!(FileJournal::open_read_only(root.path()), Err(OpenError::Missing { .. }));
    assert!(missing());
    // A process may die before it has made the first segment.
    fs::create_dir(directory(root.path())).unwrap();
    assert!(missing());
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
}
