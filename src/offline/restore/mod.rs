//! Restore: a state of a data directory, as a new data directory (R10.6, R4.10).
//!
//! [`Source::read`] verifies everything it takes; [`write()`] makes the new directory so that it is there whole or
//! not at all, or where that cannot be, so that everybody sees what it is ([`site`]). It has one snapshot, the
//! beginning of a journal of its own, and a new incarnation (R8.1).
//!
//! The snapshot stands at position 0 of the new journal; each side goes on with its next `seq`. What was cut off
//! behind the chosen point is in no file of the new directory.

mod read;
mod site;
#[cfg(test)]
mod tests;
mod write;

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::clock::StartRefused;
use crate::domain::ids::{Id, Position};
use crate::erasures::ErasuresError;
use crate::files;
use crate::journal::ReadError;
use crate::recovery::{PassedOver, RecoveryError, ReplayError};
use crate::snapshot::SnapshotError;
use crate::storage::OpenError;

pub use read::{Compared, Found, Point, Source};
pub use write::{Carried, Replace, Written, check_target, write};

/// Why nothing was restored.
#[derive(Debug, Error)]
pub enum RestoreError {
    /// Exit 66.
    #[error("{} does not exist", .0.display())]
    Missing(PathBuf),
    #[error("{} does not have the name that its snapshot was taken under", .0.display())]
    Renamed(PathBuf),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
    #[error(transparent)]
    Store(#[from] SnapshotError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// Exit 66.
    #[error("the journal holds nothing at or before this point")]
    NoSuchPoint,
    /// Exit 2.
    #[error("a position is one of a workspace, and there are several: name it with --workspace")]
    WhichWorkspace,
    /// Exit 65 or 66.
    #[error("there is no snapshot that can be used{}", told(passed_over))]
    NoSnapshot { passed_over: Vec<PassedOver> },
    #[error("applying event {at} of workspace {workspace} fails with this program")]
    Failed { workspace: Id, at: Position },
    #[error(transparent)]
    Erasures(#[from] ErasuresError),
    /// Exit 73.
    #[error("{} is not empty: name another directory, or empty it (`snapshot restore --force` replaces it)", .0.display())]
    NotEmpty(PathBuf),
    /// Exit 73.
    #[error("{} is a mount point and not empty, so it cannot be kept beside a new one: empty it", .0.display())]
    Mounted(PathBuf),
    /// Exit 78.
    #[error(transparent)]
    Clock(#[from] StartRefused),
    #[error("{}: {source}", path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

impl RestoreError {
    /// For `map_err`.
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self::Io { source: files::explained(&path, source), path }
    }
}

fn told(passed_over: &[PassedOver]) -> String {
    passed_over.iter().map(|passed| format!("; snapshot {}: {}", passed.number, passed.reason)).collect()
}
