//! A journal for those who only look: tools, and whatever works on a copy.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::RwLock;
use serde::Serialize;

use super::super::{Footprint, GroupPosition, JournalRead, ReadError, StoredGroups};
use super::append::FileJournal;
use super::lock::DirectoryLock;
use super::open::index_upto_tail;
use super::read::{FileReader, Index};
use super::scan::{Scan, scan};
use super::{OpenError, directory};

/// A journal that nobody writes while this lives. Others may read it too.
#[derive(Debug)]
pub struct ReadOnlyJournal {
    reader: FileReader,
    torn: Vec<TornTail>,
    /// `None` on a copy that came without its lock file.
    _lock: Option<DirectoryLock>,
}

/// Bytes behind the last group that are not zero: the remains of an unfinished write. The next
/// opening for writing cuts them and keeps them aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TornTail {
    pub file: PathBuf,
    pub offset: u64,
    pub bytes: u64,
}

impl FileJournal {
    /// Opens the journal of `data_dir` to read it; nothing on disk is changed or made.
    ///
    /// Reads every group. [`OpenError::InUse`] while a server holds the directory,
    /// [`OpenError::Missing`] where there is no journal; [`OpenError::Damaged`] and
    /// [`OpenError::UnknownVersion`] as [`open`](Self::open) has them. A torn tail is told and passed
    /// over.
    pub fn open_read_only(data_dir: &Path) -> Result<ReadOnlyJournal, OpenError> {
        let (lock, scan) = scan_read_only(data_dir, &mut |_, _| {})?;
        let Some(origin) = scan.origin else {
            return Err(OpenError::Missing { path: directory(data_dir) });
        };
        let index = Index { origin, segments: index_upto_tail(&scan), last: scan.last };
        let reader = FileReader(Arc::new(RwLock::new(index)));
        Ok(ReadOnlyJournal { reader, torn: torn_tail(&scan), _lock: lock })
    }
}

/// Reads all of the journal of `data_dir` under a shared lock, and changes nothing. `each` sees every
/// group in order.
pub(super) fn scan_read_only(
    data_dir: &Path,
    each: &mut dyn FnMut(GroupPosition, &[u8]),
) -> Result<(Option<DirectoryLock>, Scan), OpenError> {
    let journal_dir = directory(data_dir);
    let lock = DirectoryLock::acquire_read_only(data_dir)?;
    if !journal_dir.is_dir() {
        return Err(OpenError::Missing { path: journal_dir });
    }
    let scan = scan(&journal_dir, each)?;
    Ok((lock, scan))
}

/// What a scan has found behind the last group.
pub(super) fn torn_tail(scan: &Scan) -> Vec<TornTail> {
    let torn = scan.torn.iter().map(|extent| TornTail {
        file: scan.segments[extent.segment].path.clone(),
        offset: extent.offset,
        bytes: extent.length,
    });
    torn.collect()
}

impl ReadOnlyJournal {
    /// The remains of an unfinished write; empty where there are none.
    pub fn torn(&self) -> &[TornTail] {
        &self.torn
    }
}

impl JournalRead for ReadOnlyJournal {
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
