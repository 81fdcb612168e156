//! What a data directory is kept in: the journal in files, under the directory's lock, and snapshots in
//! sled. The only place that names either; everybody else has the traits.

#[cfg(feature = "faults")]
mod lies;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::ids::Ids;
use crate::journal::file::{self, DirectoryLock, FileJournal, Opened, check_whole};
use crate::journal::{Journal, JournalRead};
use crate::snapshot::sled_store::SledStore;
use crate::snapshot::{SnapshotError, SnapshotStore};

pub use crate::journal::file::{FileOptions, LOCK, OpenError, TornTail, UNFINISHED, inspect};

/// A data directory that this process has to itself.
pub struct Storage {
    pub journal: Box<dyn Journal + Send>,
    /// To be read, until [`with_snapshots`](Self::with_snapshots).
    pub snapshots: Arc<dyn SnapshotStore>,
    /// Where the remains of a write that did not finish were put aside (R9.4).
    pub torn: Vec<PathBuf>,
    root: PathBuf,
}

impl Storage {
    /// Locks the directory and checks every group of its journal; makes both where there is none.
    pub fn open(data_dir: &Path, options: &FileOptions, ids: &dyn Ids) -> Result<Self, OpenError> {
        let Opened { journal, torn } = FileJournal::open(data_dir, options, ids)?;
        let journal: Box<dyn Journal + Send> = Box::new(journal);
        #[cfg(feature = "faults")]
        let journal = lies::journal(journal);
        let root = snapshots_in(data_dir);
        Ok(Self { journal, snapshots: snapshots_to_read(&root), torn, root })
    }

    /// Snapshots may be written and removed, too. Makes the place where they are kept, and removes what a
    /// crash has left there.
    pub fn with_snapshots(self) -> Result<Self, SnapshotError> {
        let storage = Self { snapshots: snapshots(&self.root)?, ..self };
        #[cfg(feature = "faults")]
        let storage = lies::snapshots(storage);
        Ok(storage)
    }
}

/// A data directory that nobody writes while this lives; others may read it, too. Nothing is changed.
pub struct ReadOnly {
    pub journal: Box<dyn JournalRead + Send + Sync>,
    pub snapshots: Arc<dyn SnapshotStore>,
    /// The remains of a write that did not finish: a start cuts them.
    pub torn: Vec<TornTail>,
}

impl ReadOnly {
    /// Checks every group of the journal. [`OpenError::Missing`] where there is none.
    pub fn open(data_dir: &Path) -> Result<Self, OpenError> {
        let journal = FileJournal::open_read_only(data_dir)?;
        let torn = journal.torn().to_vec();
        Ok(Self { journal: Box::new(journal), snapshots: snapshots_to_read(&snapshots_in(data_dir)), torn })
    }
}

/// What keeps others from a data directory while it lives.
pub struct Lock {
    /// `None` where no process has ever opened the directory.
    _held: Option<DirectoryLock>,
}

impl Lock {
    /// For work on what the directory has beside its journal.
    pub fn exclusive(data_dir: &Path) -> Result<Self, OpenError> {
        Ok(Self { _held: Some(DirectoryLock::acquire(data_dir)?) })
    }

    /// Shared with others that only read; nothing is made.
    pub fn shared(data_dir: &Path) -> Result<Self, OpenError> {
        Ok(Self { _held: DirectoryLock::acquire_read_only(data_dir)? })
    }
}

/// Where a data directory has its snapshots.
pub fn snapshots_in(data_dir: &Path) -> PathBuf {
    data_dir.join("snapshots")
}

/// The snapshots in `root`, to be written and removed. The caller has the directory's lock.
pub fn snapshots(root: &Path) -> Result<Arc<dyn SnapshotStore>, SnapshotError> {
    Ok(Arc::new(SledStore::open(root)?))
}

/// The snapshots in `root`, to be looked at and read; none where there is no `root`.
pub fn snapshots_to_read(root: &Path) -> Arc<dyn SnapshotStore> {
    Arc::new(SledStore::open_read_only(root))
}

/// Whether the data directory has a journal, even one of another program's version.
pub fn has_journal(data_dir: &Path) -> Result<bool, OpenError> {
    file::exists(data_dir)
}

/// [`OpenError::Missing`] where there is no place for a journal.
pub fn check_exists(data_dir: &Path) -> Result<(), OpenError> {
    check_whole(data_dir)?;
    if file::directory(data_dir).is_dir() { Ok(()) } else { Err(missing(data_dir)) }
}

/// Whether a directory is as good as empty: what a fresh file system has (`lost+found`), and a lock that is left, say
/// nothing about data.
pub fn is_empty(data_dir: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(data_dir)? {
        let entry = entry?;
        let counts = entry.file_name() != LOCK && !(entry.file_name() == "lost+found" && entry.file_type()?.is_dir());
        if counts {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The error of a data directory that is not there.
pub fn missing(data_dir: &Path) -> OpenError {
    OpenError::Missing { path: file::directory(data_dir) }
}
