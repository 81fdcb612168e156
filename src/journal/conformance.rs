//! What every journal must do (I8). The functions are run on each implementation by
//! [`conformance_suite!`].

use super::{AppendError, GroupPosition, Journal, ReadError};

/// A journal and what may happen to it.
pub(super) trait Bench {
    /// Opens a writer; an error where a second one is refused outright.
    fn open(&self) -> Result<Box<dyn Journal + Send>, String>;

    /// The writer is not told what became of its next append; the group is stored if `stored`.
    fn lose_next_outcome(&self, stored: bool);

    /// While nobody has it open: what a crash in the middle of an append of `group` leaves behind.
    fn tear(&self, group: &[u8]);
}

const ZERO: GroupPosition = GroupPosition::ZERO;

fn contents(journal: &dyn Journal, from: u64) -> Vec<(u64, Vec<u8>)> {
    let entries = journal.read(GroupPosition(from)).unwrap();
    entries.map(|entry| entry.map(|entry| (entry.position.0, entry.group)).unwrap()).collect()
}

fn filled(bench: &dyn Bench, groups: &[&[u8]]) -> Box<dyn Journal + Send> {
    let mut journal = bench.open().unwrap();
    for group in groups {
        let last = journal.last();
        assert_eq!(journal.append(last, group).unwrap(), last.next());
    }
    journal
}

pub(super) fn positions_are_dense_and_reads_begin_anywhere(bench: &dyn Bench) {
    let journal = filled(bench, &[b"one", b"", b"three"]);
    let all = [(1, b"one".to_vec()), (2, vec![]), (3, b"three".to_vec())];
    assert_eq!((journal.first(), journal.last()), (GroupPosition(1), GroupPosition(3)));
    assert_eq!(contents(&*journal, 0), all);
    for from in 1..=4 {
        assert_eq!(contents(&*journal, from), all[usize::try_from(from).unwrap() - 1..]);
    }
    assert_eq!(contents(&*journal, 99), []);
    drop(journal);
    let journal = bench.open().unwrap();
    assert_eq!(contents(&*journal, 1), all, "another writer reads what this one was told is stored");
}

pub(super) fn a_reader_sees_what_is_stored_at_the_time_of_the_call(bench: &dyn Bench) {
    let mut journal = filled(bench, &[b"one"]);
    let reader = journal.reader();
    let early = reader.read(GroupPosition(1)).unwrap();
    journal.append(GroupPosition(1), b"two").unwrap();
    assert_eq!(early.count(), 1);
    assert_eq!(reader.read(GroupPosition(1)).unwrap().count(), 2);
    assert_eq!(reader.last(), GroupPosition(2));
}

pub(super) fn two_writers(bench: &dyn Bench) {
    let mut first = filled(bench, &[b"one"]);
    match bench.open() {
        Err(_) => {}
        Ok(mut second) => {
            second.append(GroupPosition(1), b"of the second").unwrap();
            let refused = first.append(GroupPosition(1), b"of the first");
            assert!(matches!(refused, Err(AppendError::Fenced { last: GroupPosition(2) })), "{refused:?}");
            assert_eq!(contents(&*second, 2), [(2, b"of the second".to_vec())]);
        }
    }
    // Whoever is wrong about the last group is no owner, whatever else they are.
    let last = first.last();
    for wrong in [ZERO, last.next()] {
        let refused = first.append(wrong, b"wrong");
        assert!(matches!(refused, Err(AppendError::Fenced { last: told }) if told == last), "{refused:?}");
    }
    assert_eq!(first.last(), last);
    first.append(last, b"right").unwrap();
    assert_eq!(contents(&*first, last.next().0), [(last.next().0, b"right".to_vec())]);
}

pub(super) fn unknown_outcome(bench: &dyn Bench, stored: bool) {
    let mut journal = filled(bench, &[b"one"]);
    bench.lose_next_outcome(stored);
    match journal.append(GroupPosition(1), b"two") {
        Err(AppendError::Unknown { .. }) => {}
        Err(AppendError::Poisoned { .. }) => {
            let again = journal.append(GroupPosition(1), b"two");
            assert!(matches!(again, Err(AppendError::Poisoned { .. })), "{again:?}");
            drop(journal);
            journal = bench.open().unwrap();
        }
        other => panic!("the outcome was to be unknown: {other:?}"),
    }
    // The owner reads the tail for its own group before anything else.
    let tail = contents(&*journal, 2);
    assert_eq!(!tail.is_empty(), stored);
    if tail.is_empty() {
        assert_eq!(journal.append(GroupPosition(1), b"two").unwrap(), GroupPosition(2));
    }
    journal.append(GroupPosition(2), b"three").unwrap();
    assert_eq!(contents(&*journal, 1), [(1, b"one".to_vec()), (2, b"two".to_vec()), (3, b"three".to_vec())]);
}

pub(super) fn torn_tail(bench: &dyn Bench) {
    drop(filled(bench, &[b"one", b"two"]));
    bench.tear(b"a group that its writer never saw stored");
    let mut journal = bench.open().unwrap();
    assert_eq!(contents(&*journal, 1), [(1, b"one".to_vec()), (2, b"two".to_vec())]);
    journal.append(GroupPosition(2), b"three").unwrap();
    drop(journal);
    let journal = bench.open().unwrap();
    assert_eq!(contents(&*journal, 3), [(3, b"three".to_vec())]);
}

pub(super) fn trimming_keeps_what_is_needed(bench: &dyn Bench) {
    let large = vec![7; 400_000];
    let mut journal = filled(bench, &[&large[..]; 9]);
    journal.trim(GroupPosition(6)).unwrap();
    let first = journal.first();
    assert!(first > GroupPosition(1) && first <= GroupPosition(6), "{first}");
    assert_eq!(contents(&*journal, first.0).len() as u64, 10 - first.0);
    let trimmed = journal.read(GroupPosition(1)).err();
    assert!(matches!(trimmed, Some(ReadError::Trimmed { first: told }) if told == first), "{trimmed:?}");
    journal.trim(GroupPosition(99)).unwrap();
    assert_eq!(journal.last(), GroupPosition(9), "the last group stays");
    let kept = contents(&*journal, journal.first().0);
    assert_eq!(kept.last().map(|(position, _)| *position), Some(9));
    drop(journal);
    let mut journal = bench.open().unwrap();
    assert_eq!(journal.append(GroupPosition(9), b"ten").unwrap(), GroupPosition(10));
}

pub(super) fn a_seal_lets_a_trim_go_up_to_it(bench: &dyn Bench) {
    let mut journal = bench.open().unwrap();
    journal.seal().unwrap();
    for group in [&b"one"[..], b"two"] {
        let last = journal.last();
        journal.append(last, group).unwrap();
    }
    journal.seal().unwrap();
    journal.seal().unwrap();
    let two = [(1, b"one".to_vec()), (2, b"two".to_vec())];
    assert_eq!(contents(&*journal, 1), two, "a seal is no group");
    journal.append(GroupPosition(2), b"three").unwrap();
    journal.append(GroupPosition(3), b"four").unwrap();
    assert_eq!(contents(&*journal, 1)[..2], two);
    journal.trim(GroupPosition(3)).unwrap();
    assert_eq!(journal.first(), GroupPosition(3), "all before the seal, and nothing behind it");
    journal.seal().unwrap();
    drop(journal);
    let mut journal = bench.open().unwrap();
    assert_eq!(contents(&*journal, 3), [(3, b"three".to_vec()), (4, b"four".to_vec())]);
    journal.append(GroupPosition(4), b"five").unwrap();
    journal.seal().unwrap();
    journal.append(GroupPosition(5), b"six").unwrap();
    journal.trim(GroupPosition(99)).unwrap();
    assert_eq!((journal.first(), journal.last()), (GroupPosition(6), GroupPosition(6)));
    drop(journal);
    assert_eq!(contents(&*bench.open().unwrap(), 6), [(6, b"six".to_vec())]);
}

pub(super) fn a_log_has_one_number_for_ever(bench: &dyn Bench) {
    let journal = filled(bench, &[b"one"]);
    let identity = journal.identity();
    assert_eq!(journal.reader().identity(), identity);
    drop(journal);
    assert_eq!(bench.open().unwrap().identity(), identity);
}

/// Runs the suite on what `$bench` makes; after `maybe`, that is `None` where there is nothing to run it on.
macro_rules! conformance_suite {
    (maybe $bench:expr) => {
        conformance_suite! { $bench;
            i8_positions_are_dense_and_reads_begin_anywhere => positions_are_dense_and_reads_begin_anywhere();
            i8_a_reader_sees_what_is_stored_at_the_time_of_the_call =>
                a_reader_sees_what_is_stored_at_the_time_of_the_call();
            i8_two_writers => two_writers();
            i8_unknown_outcome_of_a_stored_group => unknown_outcome(true);
            i8_unknown_outcome_of_a_lost_group => unknown_outcome(false);
            i8_torn_tail => torn_tail();
            i8_trimming_keeps_what_is_needed => trimming_keeps_what_is_needed();
            i8_a_log_has_one_number_for_ever => a_log_has_one_number_for_ever();
            r4_10_a_seal_lets_a_trim_go_up_to_it => a_seal_lets_a_trim_go_up_to_it();
        }
    };
    ($bench:expr) => {
        conformance_suite! { maybe Some($bench) }
    };
    ($bench:expr; $($name:ident => $check:ident($($argument:expr)?);)*) => {
        $(
            #[test]
            fn $name() {
                if let Some(bench) = $bench {
                    crate::journal::conformance::$check(&bench $(, $argument)?);
                }
            }
        )*
    };
}
pub(super) use conformance_suite;
