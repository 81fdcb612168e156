//! Why the engine has refused or failed.

use thiserror::Error;

use super::duplicates::MemoryShare;

/// Reasons outside the request. Nothing of a refused write is kept, except where the variant says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EngineError {
    /// Too much is waiting (R4.9), or a query waited too long for its turn.
    #[error("Too much is waiting to be processed.")]
    Overloaded,
    /// The memory of event identities is full, or this side's share of it (R4.4).
    #[error("{0}")]
    DuplicateMemoryFull(MemoryShare),
    /// The journal's storage is full (R9.5); a later write may work.
    #[error("The disk is full.")]
    DiskFull,
    /// The journal takes no more records until a restart (I7). Whether this one is kept is what the
    /// next start says.
    #[error("The journal cannot be written.")]
    JournalFailed,
    /// The workspace is being rebuilt after a failure (I6), or stays down until a restart. A write
    /// that was under way may have been stored.
    #[error("The workspace is not available at the moment.")]
    WorkspaceUnavailable,
    /// The partition is changing hands, or nobody has it: a write that was under way may have been stored.
    #[error("The partition is moving to another node.")]
    Moving,
    #[error("The server is shutting down.")]
    ShuttingDown,
    /// A fault of the program; its cause is in the log.
    #[error("An internal error occurred.")]
    Internal,
}
