//! What every store of snapshots must do. The functions are run on each implementation by
//! [`conformance_suite!`].

use std::collections::BTreeMap;

use super::{
    BlockKey, Draft, DraftSide, JournalId, ListedState, MAX_BLOCK_BYTES, Manifest, SnapshotError, SnapshotNumber,
    SnapshotRead, SnapshotStore,
};
use crate::domain::ids::{Id, Side, WorkspaceKey};
use crate::journal::GroupPosition;

/// A store and what may happen to it.
pub(super) trait Bench {
    /// The store, after a restart if it has been opened before.
    fn open(&self) -> Box<dyn SnapshotStore>;

    /// Flips a bit of what is kept of a snapshot.
    fn damage(&self, number: SnapshotNumber);
}

pub(super) type Content = BTreeMap<BlockKey, Vec<u8>>;

pub(super) fn draft(sides: usize) -> Draft {
    let side = |index: usize| DraftSide {
        key: WorkspaceKey {
            id: Id(index as u128),
            side: if index.is_multiple_of(2) { Side::Live } else { Side::Test },
        },
        seq: 100 + index as u64,
        conversations: 10,
        accounts: 1,
    };
    Draft {
        program: "0.0.0".into(),
        created_at: 1_750_000_000_000,
        took_millis: 12,
        journal: JournalId(0xab),
        position: GroupPosition(42),
        last_receipt: Some(1_749_999_999_999),
        apply_version: 3,
        record_version: 1,
        model: "support-en-1".into(),
        sides: (0..sides).map(side).collect(),
    }
}

const fn key(side: u32, section: u8, number: u32) -> BlockKey {
    BlockKey { side, section, number }
}

/// Sides 0 and 2 with large and small blocks, the smallest and the largest keys, nothing in sides 1 and 3.
pub(super) fn content() -> Content {
    let value = |seed: u32, length: usize| -> Vec<u8> {
        (0..length as u32).map(|at| (at.wrapping_mul(2_654_435_761).wrapping_add(seed) >> 13) as u8).collect()
    };
    let mut content: Content = (0..12).map(|number| (key(0, 1, number), value(number, 65_536))).collect();
    content.extend((0..40).map(|number| (key(2, 0, number * 7), value(number, 1_000))));
    content.extend((0..9).map(|number| (key(2, 3, number), value(number, 65_000 - number as usize))));
    content.insert(key(0, 0, 0), vec![]);
    content.insert(key(2, 255, u32::MAX), value(9, 200_000));
    content
}

pub(super) fn write(store: &dyn SnapshotStore, content: &Content, sides: usize) -> Result<Manifest, SnapshotError> {
    let mut writer = store.begin()?;
    content.iter().try_for_each(|(key, value)| writer.put(*key, value))?;
    writer.finish(draft(sides))
}

/// All blocks of all sides, or the first error.
pub(super) fn read(snapshot: &dyn SnapshotRead) -> Result<Content, SnapshotError> {
    let mut content = Content::new();
    for (side, _) in (0..).zip(&snapshot.manifest().sides) {
        for block in snapshot.blocks(side) {
            let block = block?;
            assert_eq!(block.key.side, side);
            content.insert(block.key, block.value);
        }
    }
    Ok(content)
}

fn numbers(store: &dyn SnapshotStore) -> Vec<u64> {
    store.list().unwrap().iter().map(|listed| listed.number.0).collect()
}

pub(super) fn what_was_written_is_read(bench: &dyn Bench) {
    let (store, content) = (bench.open(), content());
    let manifest = write(&*store, &content, 4).unwrap();
    assert_eq!((manifest.blocks(), manifest.sides[1].blocks), (content.len() as u64, 0));
    assert_eq!(manifest.bytes(), content.values().map(|value| value.len() as u64).sum::<u64>());
    let snapshot = store.open(manifest.number).unwrap();
    assert!(read(&*snapshot).unwrap() == content);
    drop((snapshot, store));
    let store = bench.open();
    let snapshot = store.open(manifest.number).unwrap();
    assert_eq!(*snapshot.manifest(), manifest);
    snapshot.verify().unwrap();
    assert!(read(&*snapshot).unwrap() == content, "another process reads what this one has written");
    assert!(matches!(snapshot.blocks(4).next(), Some(Err(SnapshotError::NoSuchSide { side: 4, sides: 4 }))));
}

pub(super) fn sides_are_read_side_by_side(bench: &dyn Bench) {
    let (store, content) = (bench.open(), content());
    let number = write(&*store, &content, 3).unwrap().number;
    let (one, two) = (store.open(number).unwrap(), store.open(number).unwrap());
    std::thread::scope(|scope| {
        for snapshot in [&one, &two, &one] {
            scope.spawn(|| assert!(read(&**snapshot).unwrap() == content));
        }
    });
    // One that is not read to its end is in nobody's way.
    assert!(one.blocks(0).nth(3).unwrap().is_ok());
    assert!(read(&*two).unwrap() == content);
}

pub(super) fn an_empty_snapshot_is_one_too(bench: &dyn Bench) {
    let store = bench.open();
    for sides in [0, 2] {
        let manifest = write(&*store, &Content::new(), sides).unwrap();
        let snapshot = store.open(manifest.number).unwrap();
        assert_eq!((manifest.blocks(), read(&*snapshot).unwrap().len()), (0, 0));
    }
}

pub(super) fn blocks_that_cannot_be_taken_end_the_snapshot(bench: &dyn Bench) {
    let store = bench.open();
    for (next, value) in [(key(1, 1, 1), 1), (key(1, 1, 0), 1), (key(1, 0, 9), 1), (key(0, 9, 9), 1)] {
        let mut writer = store.begin().unwrap();
        writer.put(key(1, 1, 1), b"first").unwrap();
        let refused = writer.put(next, &vec![0; value]);
        assert!(matches!(refused, Err(SnapshotError::Order { .. })), "{refused:?}");
        assert!(matches!(writer.put(key(9, 9, 9), b"later"), Err(SnapshotError::GivenUp)));
        assert!(matches!(writer.finish(draft(2)), Err(SnapshotError::GivenUp)));
    }
    let mut writer = store.begin().unwrap();
    let refused = writer.put(key(0, 0, 0), &vec![0; MAX_BLOCK_BYTES + 1]);
    assert!(matches!(refused, Err(SnapshotError::TooLarge { .. })), "{refused:?}");
    drop(writer);
    let mut writer = store.begin().unwrap();
    writer.put(key(2, 0, 0), b"of a side that is not in the draft").unwrap();
    let refused = writer.finish(draft(2));
    assert!(matches!(refused, Err(SnapshotError::NoSuchSide { side: 2, sides: 2 })), "{refused:?}");
    assert_eq!(numbers(&*store), [0_u64; 0], "nothing is left of any of them");
    assert_eq!(numbers(&*bench.open()), [0_u64; 0]);
}

pub(super) fn one_at_a_time_and_unfinished_ones_leave_nothing(bench: &dyn Bench) {
    let store = bench.open();
    let mut writer = store.begin().unwrap();
    writer.put(key(0, 0, 0), b"x").unwrap();
    assert!(matches!(store.begin().err(), Some(SnapshotError::Busy)));
    assert_eq!(numbers(&*store), [0_u64; 0], "what is being written is not there yet");
    let number = writer.number();
    assert!(matches!(store.open(number).err(), Some(SnapshotError::NotFound { .. })));
    drop(writer);
    assert!(write(&*store, &content(), 3).unwrap().number > number);
}

pub(super) fn the_newest_comes_first_and_numbers_are_not_given_again(bench: &dyn Bench) {
    let store = bench.open();
    let small = Content::from([(key(0, 0, 0), b"x".to_vec())]);
    let given: Vec<u64> = (0..4).map(|_| write(&*store, &small, 1).unwrap().number.0).collect();
    assert_eq!(given, [1, 2, 3, 4]);
    assert_eq!(numbers(&*store), [4, 3, 2, 1]);
    store.remove(SnapshotNumber(2)).unwrap();
    store.remove(SnapshotNumber(4)).unwrap();
    assert_eq!(numbers(&*store), [3, 1]);
    for number in [2, 4, 99].map(SnapshotNumber) {
        assert!(matches!(store.open(number).err(), Some(SnapshotError::NotFound { .. })));
        assert!(matches!(store.remove(number), Err(SnapshotError::NotFound { .. })));
        assert!(matches!(store.set_aside(number), Err(SnapshotError::NotFound { .. })));
    }
    assert_eq!(write(&*store, &small, 1).unwrap().number.0, 5, "4 was given before");
    store.set_aside(SnapshotNumber(5)).unwrap();
    assert_eq!(write(&*bench.open(), &small, 1).unwrap().number.0, 6, "5 is set aside");
}

pub(super) fn set_aside_ones_are_kept_out_of_the_way(bench: &dyn Bench) {
    let store = bench.open();
    let number = write(&*store, &content(), 3).unwrap().number;
    let other = write(&*store, &content(), 3).unwrap().number;
    let path = store.set_aside(number).unwrap();
    assert!(matches!(store.open(number).err(), Some(SnapshotError::NotFound { .. })));
    for store in [store, bench.open()] {
        let listed = store.list().unwrap();
        assert_eq!(listed.len(), 2);
        assert!(matches!(listed[0].state, ListedState::Whole(_)) && listed[0].number == other, "{listed:?}");
        assert!(matches!(listed[1].state, ListedState::SetAside) && listed[1].number == number, "{listed:?}");
        assert_eq!(listed[1].path, path);
    }
    let store = bench.open();
    store.remove_set_aside(number).unwrap();
    store.remove_set_aside(other).unwrap();
    assert_eq!(numbers(&*store), [other.0], "only what was set aside is gone");
}

pub(super) fn damage_is_told_and_harms_no_other(bench: &dyn Bench) {
    let (store, content) = (bench.open(), content());
    let [one, two] = [0, 1].map(|_| write(&*store, &content, 3).unwrap().number);
    drop(store);
    bench.damage(two);
    let store = bench.open();
    let damaged = store.open(two).and_then(|snapshot| read(&*snapshot));
    assert!(matches!(damaged, Err(SnapshotError::Damaged { number, .. }) if number == two), "{damaged:?}");
    let verified = store.open(two).and_then(|snapshot| snapshot.verify());
    assert!(matches!(verified, Err(SnapshotError::Damaged { .. })), "{verified:?}");
    assert!(read(&*store.open(one).unwrap()).unwrap() == content);
    assert_eq!(write(&*store, &content, 3).unwrap().number, SnapshotNumber(3));
}

/// Runs the suite on what `$bench` makes.
macro_rules! conformance_suite {
    ($bench:expr) => {
        conformance_suite! { $bench;
            r9_3_what_was_written_is_read => what_was_written_is_read;
            sides_are_read_side_by_side => sides_are_read_side_by_side;
            an_empty_snapshot_is_one_too => an_empty_snapshot_is_one_too;
            blocks_that_cannot_be_taken_end_the_snapshot => blocks_that_cannot_be_taken_end_the_snapshot;
            one_at_a_time_and_unfinished_ones_leave_nothing => one_at_a_time_and_unfinished_ones_leave_nothing;
            the_newest_comes_first_and_numbers_are_not_given_again =>
                the_newest_comes_first_and_numbers_are_not_given_again;
            set_aside_ones_are_kept_out_of_the_way => set_aside_ones_are_kept_out_of_the_way;
            r9_4_damage_is_told_and_harms_no_other => damage_is_told_and_harms_no_other;
        }
    };
    ($bench:expr; $($name:ident => $check:ident;)*) => {
        $(
            #[test]
            fn $name() {
                crate::snapshot::conformance::$check(&$bench);
            }
        )*
    };
}
pub(super) use conformance_suite;
