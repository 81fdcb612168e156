//! The journal in segment files (I7): one write and one fdatasync per group.
//!
//! ```text
//! <data directory>/lock                              held while a process has the directory open
//! <data directory>/journal/<number>.segment          a header of 512 bytes, groups, zeroes
//! <data directory>/journal/torn-<number>-<offset>.bin  what was cut behind the last group, which is
//!                                                      in that segment; goes when the segment goes
//! ```
//!
//! Segments are created at their full size, zeroed and synced, the next one in the background
//! before it is needed. [`mod@scan`] reads them all at opening and tells a torn tail from damage.

mod append;
mod disk;
mod format;
pub mod inspect;
#[cfg(feature = "faults")]
mod lies;
mod lock;
mod open;
mod read;
mod read_only;
mod scan;
mod segment;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::files;

pub use append::FileJournal;
pub use lock::{DirectoryLock, LOCK, UNFINISHED, check_whole};
pub use open::{FileOptions, Opened};
pub use read_only::TornTail;

/// The journal's directory inside the data directory.
pub(crate) fn directory(data_dir: &Path) -> PathBuf {
    data_dir.join("journal")
}

/// Whether the data directory has a journal, even one of another program's version.
pub(crate) fn exists(data_dir: &Path) -> Result<bool, OpenError> {
    check_whole(data_dir)?;
    let journal_dir = directory(data_dir);
    if !journal_dir.is_dir() {
        return Ok(false);
    }
    let listing = segment::list(&journal_dir).map_err(OpenError::io(&journal_dir))?;
    Ok(!listing.segments.is_empty())
}

/// Why a journal does not open.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Exit 75.
    #[error("{} is in use by another process", path.display())]
    InUse { path: PathBuf },
    /// Exit 65. Never repaired by the program.
    #[error("{} is damaged at byte {offset}: {what}", file.display())]
    Damaged { file: PathBuf, offset: u64, what: String },
    /// Exit 65.
    #[error("{} has format version {found} at byte {offset}; this program knows version {known}", file.display())]
    UnknownVersion { file: PathBuf, offset: u64, found: u16, known: u16 },
    /// Exit 66: there is nothing to look at.
    #[error("{} does not exist", path.display())]
    Missing { path: PathBuf },
    /// Exit 65: whoever began to fill it did not come to the end.
    #[error("{} was left by a restore or an import that did not finish: empty it, and do that again", path.display())]
    Unfinished { path: PathBuf },
    /// Exit 78.
    #[error("{}: {what}", path.display())]
    Unsafe { path: PathBuf, what: &'static str },
    /// Exit 78.
    #[error("a segment has 1 to 1,024 MiB, not {bytes} bytes")]
    SegmentSize { bytes: u64 },
    #[error("{}: {source}", path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

impl OpenError {
    /// For `map_err`.
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self::Io { source: files::explained(&path, source), path }
    }
}
