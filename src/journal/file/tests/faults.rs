//! Disks that are full, or fail.

use super::super::super::{AppendError, JournalRead};
use super::super::format::group_span;
use super::*;

fn is_full(result: &Result<GroupPosition, AppendError>) -> bool {
    matches!(result, Err(AppendError::Full { .. }))
}

fn is_poisoned(result: &Result<GroupPosition, AppendError>) -> bool {
    matches!(result, Err(AppendError::Poisoned { .. }))
}

#[test]
fn r9_5_a_short_write_changes_nothing_and_the_next_append_works_without_a_restart() {
    let site = Site::new();
    let mut journal = site.open();
    append(&mut journal, &payload(1, 100));
    let (lost, mut expected) = (payload(2, 700), vec![payload(1, 100)]);
    let span = usize::try_from(group_span(700)).unwrap();
    for kept in (0..=span).step_by(61).chain([63, 64, 764, span - 1, span]) {
        site.disk.set(|faults| faults.short_write = Some(kept));
        let last = journal.last();
        let result = journal.append(last, &lost);
        assert!(is_full(&result), "{kept} bytes written: {result:?}");
        assert_eq!(journal.last(), last);
        let next = payload(3, 40 + expected.len());
        append(&mut journal, &next);
        expected.push(next);
        assert!(contents(&journal) == expected);
    }
    drop(journal);
    let opened = site.try_open().unwrap();
    assert!(contents(&opened.journal) == expected);
    assert!(opened.torn.is_empty(), "nothing of the half-written groups is left");
}

#[test]
fn r9_5_where_zeroes_cannot_be_written_the_half_group_is_truncated() {
    let site = Site::new();
    let mut journal = site.open();
    append(&mut journal, &payload(1, 100));
    site.disk.set(|faults| (faults.short_write, faults.no_zeroes) = (Some(300), true));
    assert!(is_full(&journal.append(GroupPosition(1), &payload(2, 700))));
    append(&mut journal, &payload(3, 700));
    drop(journal);
    let opened = site.try_open().unwrap();
    assert_eq!(contents(&opened.journal), [payload(1, 100), payload(3, 700)]);
    assert!(opened.torn.is_empty());
}

#[test]
fn r9_5_a_half_group_that_cannot_be_taken_back_poisons() {
    let site = Site::new();
    let mut journal = site.open();
    append(&mut journal, &payload(1, 100));
    site.disk.set(|faults| {
        (faults.short_write, faults.no_zeroes, faults.no_truncation) = (Some(300), true, true);
    });
    assert!(is_poisoned(&journal.append(GroupPosition(1), &payload(2, 700))));
    site.disk.heal();
    assert!(is_poisoned(&journal.append(GroupPosition(1), &payload(2, 700))));
    drop(journal);
    let opened = site.try_open().unwrap();
    assert_eq!(contents(&opened.journal), [payload(1, 100)]);
    assert_eq!(opened.torn.len(), 1);
}

#[test]
fn i7_a_failed_sync_is_final_and_never_retried() {
    for (loss, survivors) in [(Loss::Kept, 2), (Loss::Lost, 1)] {
        let site = Site::new();
        let mut journal = site.open();
        append(&mut journal, &payload(1, 100));
        site.disk.set(|faults| faults.no_sync = Some(loss));
        assert!(is_poisoned(&journal.append(GroupPosition(1), &payload(2, 100))));
        assert_eq!(journal.last(), GroupPosition(1), "not shown to readers");
        site.disk.heal();
        assert!(is_poisoned(&journal.append(GroupPosition(1), &payload(2, 100))));
        assert_eq!(site.disk.0.lock().calls, 0, "the disk is not touched again");
        drop(journal);
        assert_eq!(contents(&site.open()).len(), survivors);
    }
}

#[test]
fn r9_5_a_sync_that_fails_while_a_short_write_is_taken_back_poisons() {
    let site = Site::new();
    let mut journal = site.open();
    site.disk.set(|faults| (faults.short_write, faults.no_sync) = (Some(300), Some(Loss::Kept)));
    assert!(is_poisoned(&journal.append(GroupPosition::ZERO, &payload(2, 700))));
}

#[test]
fn i7_a_group_is_synced_again_at_opening_before_anyone_relies_on_it() {
    let site = Site::new();
    append(&mut site.open(), &payload(1, 100));
    site.disk.set(|faults| faults.no_sync = Some(Loss::Kept));
    assert!(matches!(site.try_open(), Err(OpenError::Io { .. })));
    site.disk.heal();
    assert_eq!(site.open().last(), GroupPosition(1));
    assert!(site.disk.0.lock().calls >= 2, "written and synced");
}

#[test]
fn r9_5_without_space_for_a_segment_groups_are_refused_until_there_is_some() {
    let site = Site::new();
    let mut journal = site.open();
    site.disk.set(|faults| faults.no_space = true);
    let mut expected: Vec<_> = (0..3).map(|seed| payload(seed, 300_000)).collect();
    expected.iter().for_each(|group| {
        append(&mut journal, group);
    });
    for _ in 0..3 {
        assert!(is_full(&journal.append(GroupPosition(3), &payload(3, 300_000))));
    }
    append(&mut journal, &payload(4, 1_000));
    expected.push(payload(4, 1_000));
    assert!(!site.segment(2).exists(), "what fits into the segment is still taken");
    site.disk.heal();
    append(&mut journal, &payload(5, 300_000));
    expected.push(payload(5, 300_000));
    assert!(contents(&journal) == expected);
    drop(journal);
    assert!(contents(&site.open()) == expected);
    assert!(site.segment(2).exists());
}

#[test]
fn i7_a_segment_whose_name_may_not_be_durable_poisons() {
    let site = Site::new();
    let mut journal = site.open();
    site.disk.set(|faults| faults.no_directory_sync = true);
    (0..3).for_each(|seed| {
        append(&mut journal, &payload(seed, 300_000));
    });
    assert!(is_poisoned(&journal.append(GroupPosition(3), &payload(3, 300_000))));
}

#[test]
fn i7_a_failed_sync_of_a_segment_that_was_made_larger_poisons() {
    let site = Site::new();
    let mut journal = site.open();
    site.disk.set(|faults| faults.no_sync = Some(Loss::Kept));
    assert!(is_poisoned(&journal.append(GroupPosition::ZERO, &payload(1, 3_000_000))));
    site.disk.heal();
    assert!(is_poisoned(&journal.append(GroupPosition::ZERO, &payload(1, 3_000_000))));
}

#[test]
fn trimming_that_failed_half_way_goes_on() {
    let site = Site::new();
    let mut journal = site.open();
    (0..7).for_each(|seed| {
        append(&mut journal, &payload(seed, 300_000));
    });
    site.disk.set(|faults| faults.no_directory_sync = true);
    assert!(journal.trim(GroupPosition(7)).is_err());
    site.disk.heal();
    journal.trim(GroupPosition(7)).unwrap();
    assert_eq!(journal.first(), GroupPosition(7));
    drop(journal);
    assert_eq!(contents(&site.open()), [payload(6, 300_000)]);
}
