//! Use cases on a data directory that no server holds: each takes its lock first, so that the next server
//! finds nothing that it could not have written itself.

pub mod restore;
pub mod snapshots;
mod system;

use crate::clock::StartRefused;
use crate::domain::ids::{Position, WorkspaceKey};
use crate::domain::system::SystemRefusal;
use crate::erasures::ErasuresError;
use crate::journal::AppendError;
use crate::recovery::RecoveryError;
use crate::snapshot::SnapshotError;
use crate::storage::OpenError;

pub use system::{ACTOR, Absent, OfflineSystem, system_offline};

/// Why nothing, or nothing more, was written.
#[derive(Debug, thiserror::Error)]
pub enum OfflineError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Clock(#[from] StartRefused),
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
    #[error(transparent)]
    Append(#[from] AppendError),
    #[error(transparent)]
    Refused(#[from] SystemRefusal),
    #[error(transparent)]
    Snapshots(#[from] SnapshotError),
    #[error(transparent)]
    Erasures(#[from] ErasuresError),
    #[error("a circuit breaker of the workspace is active: --force deletes it all the same")]
    BreakersActive,
    /// A server skips the event at its start (I6).
    #[error("event {at} of workspace {} cannot be applied: start the server, which passes it over", key.id)]
    NotApplied { key: WorkspaceKey, at: Position },
}
