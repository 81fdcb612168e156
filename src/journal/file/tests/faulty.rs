//! A disk that fails on command. It never really syncs: tests read through the page cache.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use super::super::disk::{Disk, DiskFile, RealDisk};
use super::super::read::is_zero;

/// What goes wrong from now on.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// The next write that is not of zeroes keeps so many bytes, and fails.
    pub short_write: Option<usize>,
    /// Writes of zeroes fail.
    pub no_zeroes: bool,
    /// Files cannot be shortened.
    pub no_truncation: bool,
    /// Syncs fail; the last write is lost with it, or not.
    pub no_sync: Option<Loss>,
    /// No space for new segments.
    pub no_space: bool,
    /// Names cannot be made durable.
    pub no_directory_sync: bool,
    /// The directories that were synced.
    pub synced: Vec<PathBuf>,
    /// Counts the writes and syncs of files.
    pub calls: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    Kept,
    Lost,
}

#[derive(Clone, Debug, Default)]
pub struct FaultyDisk(pub Arc<Mutex<Faults>>);

impl FaultyDisk {
    pub fn set(&self, change: impl FnOnce(&mut Faults)) {
        change(&mut self.0.lock());
    }

    pub fn heal(&self) {
        *self.0.lock() = Faults::default();
    }
}

#[derive(Debug)]
struct FaultyFile {
    faults: Arc<Mutex<Faults>>,
    inner: Arc<dyn DiskFile>,
    last_write: Mutex<(u64, usize)>,
}

fn full() -> io::Error {
    io::ErrorKind::StorageFull.into()
}

impl Disk for FaultyDisk {
    fn open(&self, path: &Path, create: bool) -> io::Result<Arc<dyn DiskFile>> {
        let inner = RealDisk.open(path, create)?;
        Ok(Arc::new(FaultyFile { faults: Arc::clone(&self.0), inner, last_write: Mutex::default() }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        let mut faults = self.0.lock();
        if faults.no_directory_sync {
            return Err(io::Error::other("no names"));
        }
        faults.synced.push(path.to_path_buf());
        Ok(())
    }
}

impl DiskFile for FaultyFile {
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut faults = self.faults.lock();
        faults.calls += 1;
        if is_zero(bytes) {
            return if faults.no_zeroes { Err(full()) } else { self.inner.write_all_at(bytes, offset) };
        }
        *self.last_write.lock() = (offset, bytes.len());
        match faults.short_write.take() {
            Some(kept) => {
                self.inner.write_all_at(&bytes[..kept.min(bytes.len())], offset)?;
                Err(full())
            }
            None => self.inner.write_all_at(bytes, offset),
        }
    }

    fn sync(&self) -> io::Result<()> {
        let mut faults = self.faults.lock();
        faults.calls += 1;
        match faults.no_sync {
            None => Ok(()),
            Some(loss) => {
                if loss == Loss::Lost {
                    let (offset, length) = *self.last_write.lock();
                    self.inner.write_all_at(&vec![0; length], offset)?;
                }
                Err(io::Error::other("no sync"))
            }
        }
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        if self.faults.lock().no_truncation {
            Err(io::Error::other("no truncation"))
        } else {
            self.inner.set_len(length)
        }
    }

    fn reserve(&self, length: u64) -> io::Result<()> {
        if self.faults.lock().no_space { Err(full()) } else { self.inner.reserve(length) }
    }
}
