//! Deliberate lies, the negative controls of the crash tests: with any of them a crash test must fail. Only
//! with the feature `faults`, and honest unless `TRIPSWITCH_FAULT` names one. The lie of the journal's disk
//! is with the journal.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use parking_lot::Mutex;

use super::Storage;
use crate::faults::selected;
use crate::journal::{
    AppendError, Footprint, GroupPosition, Journal, JournalRead, ReadError, SealError, StoredGroups, TrimError,
};
use crate::snapshot::{
    BlockKey, Draft, Listed, Manifest, SnapshotError, SnapshotNumber, SnapshotRead, SnapshotStore, SnapshotWriter,
};

/// A group is acknowledged, and 200 ms later it is written.
const ACK_BEFORE_WRITE: &str = "ack-before-write";
/// The journal is trimmed before there is a snapshot in its place.
const TRIM_FIRST: &str = "trim-before-snapshot";
/// A snapshot counts, and nothing that its files hold is synced.
const UNSYNCED: &str = "snapshot-unsynced";

/// The journal with the lie that is selected.
pub(super) fn journal(journal: Box<dyn Journal + Send>) -> Box<dyn Journal + Send> {
    if selected(ACK_BEFORE_WRITE) { Box::new(LyingJournal::new(Arc::new(Mutex::new(journal)), true)) } else { journal }
}

/// The snapshots of `storage` with the lie that is selected.
pub(super) fn snapshots(storage: Storage) -> Storage {
    let Storage { journal, snapshots, torn, root } = storage;
    let (journal, lie): (Box<dyn Journal + Send>, _) = if selected(TRIM_FIRST) {
        let shared = Arc::new(Mutex::new(journal));
        (Box::new(LyingJournal::new(Arc::clone(&shared), false)), Lie::TrimFirst(shared))
    } else if selected(UNSYNCED) {
        (journal, Lie::Unsynced)
    } else {
        return Storage { journal, snapshots, torn, root };
    };
    Storage { journal, snapshots: Arc::new(LyingStore { snapshots, lie }), torn, root }
}

/// A journal that somebody else has in hand, too.
type Shared = Arc<Mutex<Box<dyn Journal + Send>>>;

/// A journal that is shared and, if it is early, acknowledges what is not written.
struct LyingJournal {
    journal: Shared,
    reader: Arc<dyn JournalRead + Send + Sync>,
    is_early: bool,
    /// What was acknowledged last.
    writing: Option<JoinHandle<Result<GroupPosition, AppendError>>>,
}

impl LyingJournal {
    fn new(journal: Shared, is_early: bool) -> Self {
        let reader = journal.lock().reader();
        Self { journal, reader, is_early, writing: None }
    }

    /// The group that was acknowledged last is written.
    fn settle(&mut self) -> Result<(), AppendError> {
        let written = self.writing.take().map(|writing| writing.join().expect("an append does not panic"));
        written.transpose().map(drop)
    }
}

impl Journal for LyingJournal {
    fn append(&mut self, expected_last: GroupPosition, group: &[u8]) -> Result<GroupPosition, AppendError> {
        self.settle()?;
        if !self.is_early {
            return self.journal.lock().append(expected_last, group);
        }
        let (journal, group) = (Arc::clone(&self.journal), group.to_vec());
        self.writing = Some(thread::spawn(move || {
            thread::sleep(Duration::from_millis(200));
            journal.lock().append(expected_last, &group)
        }));
        Ok(expected_last.next())
    }

    fn seal(&mut self) -> Result<(), SealError> {
        self.settle().map_err(|error| SealError { source: error.into() })?;
        self.journal.lock().seal()
    }

    fn trim(&mut self, before: GroupPosition) -> Result<(), TrimError> {
        self.settle().map_err(|error| TrimError { source: error.into() })?;
        self.journal.lock().trim(before)
    }

    fn reader(&self) -> Arc<dyn JournalRead + Send + Sync> {
        Arc::clone(&self.reader)
    }
}

impl JournalRead for LyingJournal {
    fn read(&self, from: GroupPosition) -> Result<StoredGroups, ReadError> {
        self.reader.read(from)
    }

    fn first(&self) -> GroupPosition {
        self.reader.first()
    }

    fn last(&self) -> GroupPosition {
        self.reader.last()
    }

    fn identity(&self) -> u128 {
        self.reader.identity()
    }

    fn footprint(&self) -> Option<Footprint> {
        self.reader.footprint()
    }
}

impl Drop for LyingJournal {
    fn drop(&mut self) {
        if let Err(error) = self.settle() {
            tracing::error!(%error, "a group that was acknowledged is not written");
        }
    }
}

/// Of a snapshot.
#[derive(Clone)]
enum Lie {
    /// [`TRIM_FIRST`].
    TrimFirst(Shared),
    /// [`UNSYNCED`].
    Unsynced,
}

/// Snapshots that are not what they seem.
struct LyingStore {
    snapshots: Arc<dyn SnapshotStore>,
    lie: Lie,
}

impl SnapshotStore for LyingStore {
    fn begin(&self) -> Result<Box<dyn SnapshotWriter>, SnapshotError> {
        let (writer, snapshots, lie) = (self.snapshots.begin()?, Arc::clone(&self.snapshots), self.lie.clone());
        Ok(Box::new(LyingWriter { writer, snapshots, lie }))
    }

    fn list(&self) -> Result<Vec<Listed>, SnapshotError> {
        self.snapshots.list()
    }

    fn open(&self, number: SnapshotNumber) -> Result<Arc<dyn SnapshotRead>, SnapshotError> {
        self.snapshots.open(number)
    }

    fn remove(&self, number: SnapshotNumber) -> Result<(), SnapshotError> {
        self.snapshots.remove(number)
    }

    fn set_aside(&self, number: SnapshotNumber) -> Result<PathBuf, SnapshotError> {
        self.snapshots.set_aside(number)
    }

    fn remove_set_aside(&self, number: SnapshotNumber) -> Result<(), SnapshotError> {
        self.snapshots.remove_set_aside(number)
    }
}

struct LyingWriter {
    writer: Box<dyn SnapshotWriter>,
    snapshots: Arc<dyn SnapshotStore>,
    lie: Lie,
}

impl SnapshotWriter for LyingWriter {
    fn number(&self) -> SnapshotNumber {
        self.writer.number()
    }

    fn put(&mut self, key: BlockKey, value: &[u8]) -> Result<(), SnapshotError> {
        self.writer.put(key, value)
    }

    fn finish(self: Box<Self>, draft: Draft) -> Result<Manifest, SnapshotError> {
        let Self { writer, snapshots, lie } = *self;
        match lie {
            Lie::TrimFirst(journal) => {
                let trimmed = journal.lock().trim(draft.position.next());
                trimmed.map_err(|error| SnapshotError::Engine { what: error.to_string() })?;
                writer.finish(draft)
            }
            Lie::Unsynced => {
                let manifest = writer.finish(draft)?;
                let listed = snapshots.list()?.into_iter().find(|listed| listed.number == manifest.number);
                let path = listed.map(|listed| listed.path).unwrap_or_default();
                write_again(&path).map_err(|source| SnapshotError::Io { path, source })?;
                Ok(manifest)
            }
        }
    }
}

/// Writes every file below `path` once more as it is, so that nothing of it is on stable storage.
fn write_again(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        if path.is_dir() {
            write_again(&path)?;
        } else {
            fs::write(&path, fs::read(&path)?)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::memory::MemoryLog;

    #[test]
    fn an_early_journal_acknowledges_what_is_not_written() {
        let log = MemoryLog::default();
        let mut journal = LyingJournal::new(Arc::new(Mutex::new(Box::new(log.writer()))), true);
        assert_eq!(journal.append(GroupPosition::ZERO, b"one").unwrap(), GroupPosition(1));
        assert_eq!(log.writer().last(), GroupPosition::ZERO);
        assert_eq!(journal.append(GroupPosition(1), b"two").unwrap(), GroupPosition(2));
        assert_eq!(log.writer().last(), GroupPosition(1), "the one before is written by then");
        drop(journal);
        assert_eq!(log.writer().last(), GroupPosition(2));
    }
}
