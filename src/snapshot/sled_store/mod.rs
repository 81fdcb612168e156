//! Snapshots in directories, their blocks in sled databases.
//!
//! ```text
//! <root>/<number, 10 digits>/manifest.json   see Manifest; nothing without it is a snapshot
//!                            part-0001/ …    sled databases of about 64 MiB of values each
//! <root>/<number>.tmp/                       being written, or being removed
//! <root>/<number>.bad[-<k>]/                 set aside
//! ```
//!
//! sled repairs what it opens: what looks torn to it, it overwrites with zeroes and forgets. So it
//! never gets to see damage. A part's files are hashed as they lie on disk when the part is complete,
//! and compared before sled opens them; and the blocks that sled then reads are compared once more,
//! side by side, with what was put in. A part that was read once and then opened once after it was
//! written does not change any more but for the number of zeroes at the end of its log, which do not
//! count ([`files`]): sled splits full pages when it comes by them. [`writer`] makes sure of that before
//! a snapshot counts.
//!
//! sled's `flush` does not sync files, so all of them are synced here, and the directories too.
//!
//! A part has 64 MiB of values and blocks have 32 to 64 KiB, because what sled holds in memory goes with the part
//! (150 MB for 64 MiB, 410 for 256), and with blocks of 256 KiB disk space and time double. sled's `Batch`, segments
//! of 2 MiB, `LowSpace` and a larger cache gained nothing; segments without blob files took twice the space. 64 MiB
//! of the disk are always left free: sled hangs where it cannot write a blob. It is closed with a limit of time then,
//! its files are emptied, and after four such failures the store asks for a restart.

mod engine;
mod files;
mod layout;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use crate::faults::{FaultPoint, step};
use crate::files::{hand_over, parent, sync_directory};

use super::{Listed, ListedState, SnapshotError, SnapshotNumber, SnapshotRead, SnapshotStore, SnapshotWriter};
use layout::{Entry, Kind};
use reader::{Handle, Snapshot};
use writer::SledWriter;

/// The store. One at a time may be open for writing: the caller holds the data directory's lock.
#[derive(Clone, Debug)]
pub struct SledStore {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    root: PathBuf,
    read_only: bool,
    writing: AtomicBool,
    /// The highest number that was ever seen.
    highest: Mutex<SnapshotNumber>,
    /// Those that somebody reads: sled opens a database only once.
    opened: Mutex<HashMap<SnapshotNumber, Weak<Snapshot>>>,
}

impl SledStore {
    /// Opens the store in `root`, which is created if need be, and removes what a crash has left of
    /// snapshots that were being written or removed.
    pub fn open(root: &Path) -> Result<Self, SnapshotError> {
        let store = Self::new(root, false);
        store.shared.prepare().map_err(|source| SnapshotError::writing(root, source))?;
        Ok(store)
    }

    /// Opens it for looking and reading; a `root` that does not exist has no snapshots.
    ///
    /// Changes nothing that counts: sled cannot open a database without writing, so reading blocks
    /// needs write permission, takes sled's lock on the part (a second reader gets
    /// [`SnapshotError::InUse`]), and overwrites zeroes with zeroes or cuts them off, which alters nothing that is looked at.
    /// Nothing is copied. [`list`](SnapshotStore::list) opens manifests alone and writes nothing.
    pub fn open_read_only(root: &Path) -> Self {
        Self::new(root, true)
    }

    fn new(root: &Path, read_only: bool) -> Self {
        let shared = Shared {
            root: root.into(),
            read_only,
            writing: AtomicBool::new(false),
            highest: Mutex::new(SnapshotNumber(0)),
            opened: Mutex::default(),
        };
        Self { shared: Arc::new(shared) }
    }
}

impl Shared {
    fn prepare(&self) -> io::Result<()> {
        if !self.root.is_dir() {
            fs::create_dir_all(&self.root)?;
            hand_over(&self.root);
            sync_directory(parent(&self.root))?;
        }
        for entry in layout::scan(&self.root)? {
            if entry.kind == Kind::Temporary {
                tracing::info!(path = %entry.path.display(), "removing what is left of a snapshot");
                fs::remove_dir_all(&entry.path)?;
            }
        }
        sync_directory(&self.root)
    }

    fn scan(&self) -> Result<Vec<Entry>, SnapshotError> {
        let entries = layout::scan(&self.root).map_err(|source| self.io(source))?;
        let mut highest = self.highest.lock();
        *highest = entries.iter().map(|entry| entry.number).fold(*highest, SnapshotNumber::max);
        Ok(entries)
    }

    fn next_number(&self) -> Result<SnapshotNumber, SnapshotError> {
        self.scan()?;
        let mut highest = self.highest.lock();
        highest.0 += 1;
        Ok(*highest)
    }

    /// The directory of a snapshot that is to be changed.
    fn existing(&self, number: SnapshotNumber) -> Result<PathBuf, SnapshotError> {
        if self.read_only {
            return Err(SnapshotError::ReadOnly);
        }
        // Whatever is changed here was seen: its number is not given again.
        self.scan()?;
        let path = layout::whole(&self.root, number);
        if path.is_dir() { Ok(path) } else { Err(SnapshotError::NotFound { number }) }
    }

    /// Takes the name away first, so that a crash in the middle leaves nothing that looks whole.
    fn discard(&self, path: &Path, number: SnapshotNumber) -> io::Result<()> {
        let doomed = layout::temporary(&self.root, number);
        if path != doomed {
            if doomed.exists() {
                fs::remove_dir_all(&doomed)?;
            }
            step(FaultPoint::Removed, || {
                fs::rename(path, &doomed)?;
                sync_directory(&self.root)
            })?;
        }
        fs::remove_dir_all(&doomed)?;
        sync_directory(&self.root)
    }

    fn io(&self, source: io::Error) -> SnapshotError {
        SnapshotError::io(&self.root, source)
    }
}

impl SnapshotStore for SledStore {
    fn begin(&self) -> Result<Box<dyn SnapshotWriter>, SnapshotError> {
        if self.shared.read_only {
            return Err(SnapshotError::ReadOnly);
        }
        let claim = Claim::take(&self.shared)?;
        let number = self.shared.next_number()?;
        Ok(Box::new(SledWriter::begin(claim, number)?))
    }

    fn list(&self) -> Result<Vec<Listed>, SnapshotError> {
        let listed = self.shared.scan()?.into_iter().filter_map(|Entry { number, path, kind }| {
            let state = match kind {
                Kind::Whole => match layout::read_manifest(&path, number) {
                    Ok(manifest) => ListedState::Whole(Box::new(manifest)),
                    Err(error) => ListedState::Unusable(error),
                },
                Kind::SetAside => ListedState::SetAside,
                Kind::Temporary => return None,
            };
            Some(Listed { number, path, state })
        });
        Ok(listed.collect())
    }

    fn open(&self, number: SnapshotNumber) -> Result<Arc<dyn SnapshotRead>, SnapshotError> {
        let mut opened = self.shared.opened.lock();
        if let Some(snapshot) = opened.get(&number).and_then(Weak::upgrade) {
            return Ok(Arc::new(Handle(snapshot)));
        }
        let snapshot = Arc::new(Snapshot::open(layout::whole(&self.shared.root, number), number)?);
        opened.retain(|_, snapshot| snapshot.strong_count() > 0);
        opened.insert(number, Arc::downgrade(&snapshot));
        Ok(Arc::new(Handle(snapshot)))
    }

    fn remove(&self, number: SnapshotNumber) -> Result<(), SnapshotError> {
        let path = self.shared.existing(number)?;
        self.shared.opened.lock().remove(&number);
        self.shared.discard(&path, number).map_err(|source| SnapshotError::io(path, source))
    }

    fn set_aside(&self, number: SnapshotNumber) -> Result<PathBuf, SnapshotError> {
        let path = self.shared.existing(number)?;
        self.shared.opened.lock().remove(&number);
        let aside = layout::free_aside(&self.shared.root, number);
        let moved = fs::rename(&path, &aside).and_then(|()| sync_directory(&self.shared.root));
        moved.map(|()| aside).map_err(|source| SnapshotError::io(path, source))
    }

    fn remove_set_aside(&self, number: SnapshotNumber) -> Result<(), SnapshotError> {
        if self.shared.read_only {
            return Err(SnapshotError::ReadOnly);
        }
        for entry in self.shared.scan()? {
            if entry.kind == Kind::SetAside && entry.number == number {
                let removed = self.shared.discard(&entry.path, number);
                removed.map_err(|source| SnapshotError::io(entry.path, source))?;
            }
        }
        Ok(())
    }
}

/// The right to write a snapshot, held by one at a time.
#[derive(Debug)]
struct Claim(Arc<Shared>);

impl Claim {
    fn take(shared: &Arc<Shared>) -> Result<Self, SnapshotError> {
        match shared.writing.compare_exchange(false, true, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => Ok(Self(Arc::clone(shared))),
            Err(_) => Err(SnapshotError::Busy),
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.0.writing.store(false, Ordering::Release);
    }
}
