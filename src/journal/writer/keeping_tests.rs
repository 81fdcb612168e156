//! What the writer does for the journal between two groups.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use parking_lot::Mutex;

use super::super::memory::{MemoryJournal, MemoryLog};
use super::super::{AppendError, ReadError, SealError, StoredGroups, TrimError};
use super::tests::{A, Rig};
use super::*;

/// What a journal was asked besides groups.
#[derive(Debug, Default)]
struct Asked {
    /// The last group before each seal that was done.
    sealed: Mutex<Vec<u64>>,
    tries: AtomicU32,
    unable: AtomicBool,
}

struct Observed {
    inner: MemoryJournal,
    asked: Arc<Asked>,
}

impl Journal for Observed {
    fn append(&mut self, last: GroupPosition, group: &[u8]) -> Result<GroupPosition, AppendError> {
        self.inner.append(last, group)
    }

    fn seal(&mut self) -> Result<(), SealError> {
        self.asked.tries.fetch_add(1, Ordering::SeqCst);
        if self.asked.unable.load(Ordering::SeqCst) {
            return Err(SealError { source: "no space".into() });
        }
        self.asked.sealed.lock().push(self.inner.last().0);
        self.inner.seal()
    }

    fn trim(&mut self, before: GroupPosition) -> Result<(), TrimError> {
        self.inner.trim(before)
    }

    fn reader(&self) -> Arc<dyn JournalRead + Send + Sync> {
        self.inner.reader()
    }
}

impl JournalRead for Observed {
    fn read(&self, from: GroupPosition) -> Result<StoredGroups, ReadError> {
        self.inner.read(from)
    }

    fn first(&self) -> GroupPosition {
        self.inner.first()
    }

    fn last(&self) -> GroupPosition {
        self.inner.last()
    }

    fn identity(&self) -> u128 {
        self.inner.identity()
    }
}

fn observed() -> (Rig, Arc<Asked>) {
    let asked = Arc::new(Asked::default());
    let told = Arc::clone(&asked);
    let journal = move |log: &MemoryLog| Box::new(Observed { inner: log.writer(), asked }) as _;
    (Rig::on(MemoryLog::default(), journal, GroupLimits::default()), told)
}

#[test]
fn r4_10_a_seal_stands_between_what_was_submitted_before_and_after_it() {
    let (rig, asked) = observed();
    for payload in 0..40 {
        rig.submit(A, payload);
        if payload % 10 == 4 {
            rig.writer.seal();
        }
    }
    let groups: Vec<_> = (0..40).map(|_| rig.committed().group.0).collect();
    let sealed = asked.sealed.lock().clone();
    // However the rest was put into groups.
    assert_eq!(sealed, [4, 14, 24, 34].map(|last| groups[last]));
    for last in [4, 14, 24, 34] {
        assert!(groups[last] < groups[last + 1], "{groups:?}");
    }
}

#[test]
fn r4_10_a_seal_that_the_storage_cannot_do_is_tried_again_before_every_group_until_it_can() {
    let (rig, asked) = observed();
    asked.unable.store(true, Ordering::SeqCst);
    rig.writer.seal();
    for payload in 0..3 {
        rig.submit(A, payload);
        rig.committed();
    }
    assert_eq!(asked.tries.load(Ordering::SeqCst), 4);
    asked.unable.store(false, Ordering::SeqCst);
    for payload in 3..6 {
        rig.submit(A, payload);
        rig.committed();
    }
    assert_eq!(*asked.sealed.lock(), [3], "once, before the group that follows");
}

#[test]
fn r4_10_a_journal_is_sealed_and_trimmed_although_nothing_more_is_written() {
    let (rig, asked) = observed();
    for payload in 0..5 {
        rig.submit(A, payload);
        rig.committed();
    }
    rig.writer.seal();
    rig.writer.trim(GroupPosition(3));
    rig.writer.trim(GroupPosition(2));
    let log = rig.log.clone();
    rig.writer.stop();
    assert_eq!(*asked.sealed.lock(), [5]);
    assert_eq!(log.writer().first(), GroupPosition(3));
}

#[test]
fn a_writer_that_has_stopped_does_nothing_more_for_its_journal() {
    let (rig, asked) = observed();
    let handle = rig.writer.handle();
    rig.writer.stop();
    handle.seal();
    handle.trim(GroupPosition(1));
    assert_eq!(asked.tries.load(Ordering::SeqCst), 0);
}
