//! Segments, sizes, the lock, and durable names.

use std::fs;
use std::path::Path;

use super::super::super::{AppendError, JournalRead, MAX_GROUP_BYTES};
use super::super::DirectoryLock;
use super::super::inspect::{Depth, inspect};
use super::*;

#[test]
fn i7_groups_go_on_over_many_segments_and_openings() {
    let site = Site::new();
    let mut expected = Vec::new();
    for opening in 0..4_u8 {
        let mut journal = site.open();
        assert_eq!(journal.last().0, expected.len() as u64);
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
    let result = journal.append(GroupPosition::ZERO, &vec![1; MAX_GROUP_BYTES + 1]);
    assert!(matches!(result, Err(AppendError::TooLarge { .. })));
    assert_eq!(append(&mut journal, b"small"), GroupPosition(1));
}

#[test]
fn i8_every_journal_has_a_number_of_its_own_which_its_segments_carry() {
    let site = Site::new();
    let opened = site.try_open().unwrap();
    assert_eq!(site.bytes(1, 40, 16), opened.journal.identity().to_le_bytes());
    drop(opened);
    let reopened = FileJournal::open(site.root.path(), &FileOptions::default(), &SeededIds::new(2)).unwrap().journal;
    assert_eq!(site.bytes(1, 40, 16), reopened.identity().to_le_bytes());
    let another = tempfile::tempdir().unwrap();
    let another = FileJournal::open(another.path(), &FileOptions { segment_bytes: MIB }, &SeededIds::new(2)).unwrap();
    assert_ne!(another.journal.identity(), reopened.identity());
}

#[test]
fn r9_4_a_group_behind_which_no_position_is_left_is_damage() {
    let read = |number: u64| {
        let site = Site::new();
        let journal = directory(site.root.path());
        fs::create_dir(&journal).unwrap();
        let mut bytes = Vec::new();
        let header = format::Header { partition: 0, number: 2, previous: 0, journal: 7 };
        format::encode(format::Kind::Segment, header, &[], &mut bytes);
        bytes.resize(BLOCK as usize, 0);
        format::encode(format::Kind::Group, format::Header { number, previous: 9, ..header }, b"x", &mut bytes);
        bytes.resize(2 * BLOCK as usize, 0);
        fs::write(site.segment(2), bytes).unwrap();
        FileJournal::open_read_only(site.root.path()).map(|journal| journal.last())
    };
    assert_eq!(read(u64::MAX - 1).unwrap(), GroupPosition(u64::MAX - 1));
    assert!(matches!(read(u64::MAX), Err(OpenError::Damaged { .. })));
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
    assert_eq!(site.open().last(), GroupPosition(2));
}

#[test]
fn r9_1_the_names_of_all_that_an_opening_makes_are_durable_before_it_answers() {
    let root = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::default();
    let open = |path: &Path| {
        disk.heal();
        let options = FileOptions { segment_bytes: MIB };
        drop(FileJournal::open_on(Arc::new(disk.clone()), path, &options, &SeededIds::new(1)).unwrap());
        disk.0.lock().synced.clone()
    };
    let (outer, data) = (root.path().join("outer"), root.path().join("outer/data"));
    let journal = directory(&data);
    assert_eq!(open(&data), [root.path(), &outer, &data, &outer, &journal]);
    assert_eq!(open(&data), [&*data, &journal], "the second time nothing is made");
    let made_by_hand = root.path().join("by hand");
    fs::create_dir(&made_by_hand).unwrap();
    assert_eq!(open(&made_by_hand), [&*made_by_hand, root.path(), &directory(&made_by_hand)]);
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
    assert_eq!((opened.journal.last(), opened.torn.len()), (GroupPosition(5), 0));
    assert!(contents(&opened.journal) == groups);
}

#[test]
fn r9_6_a_directory_that_others_may_write_and_a_lock_that_leads_elsewhere_are_refused() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let refused = |site: &Site| match DirectoryLock::acquire(site.root.path()) {
        Err(OpenError::Unsafe { path, .. }) => path,
        other => panic!("{other:?}"),
    };
    let site = Site::new();
    drop(site.open());
    for part in ["", "journal"] {
        let path = site.root.path().join(part);
        let before = fs::metadata(&path).unwrap().permissions();
        fs::set_permissions(&path, PermissionsExt::from_mode(0o777)).unwrap();
        assert_eq!(refused(&site), path);
        fs::set_permissions(&path, before).unwrap();
    }
    fs::set_permissions(site.root.path(), PermissionsExt::from_mode(0o1777)).unwrap();
    drop(DirectoryLock::acquire(site.root.path()).expect("what is there can be changed by its owner alone"));
    let (lock, elsewhere) = (site.root.path().join("lock"), site.root.path().join("elsewhere"));
    fs::rename(&lock, &elsewhere).unwrap();
    symlink(&elsewhere, &lock).unwrap();
    assert_eq!(refused(&site), lock);
    fs::remove_file(&lock).unwrap();
    drop(DirectoryLock::acquire(site.root.path()).unwrap());
}
