//! The ordered, durable log of groups, and what writes and reads it.
//!
//! [`Journal`] is the plug (I8): it carries opaque groups of bytes. [`codec`] says what is in a
//! group, [`writer`] fills them, the journal in files, [`nats`] and [`memory`] keep them.
//!
//! A journal is named by a random number in its headers; positions are compared within one name only. Checksums are
//! CRC-32C, by the processor's own instruction where it has one.
//!
//! A trim removes whole segments. Whoever needs every older byte gone (an erasure, R4.10) asks for a new segment
//! first: a *seal*. Seals and trims stand in the writer's queue among the records. What was cut from a tail and kept
//! aside goes with the segment of the group behind which it was cut.

pub mod codec;
#[cfg(test)]
mod conformance;
pub(crate) mod file;
pub mod memory;
pub mod nats;
pub mod writer;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use thiserror::Error;

/// The largest group that any journal takes, in bytes. Some take less: see [`Journal::max_group_bytes`].
pub const MAX_GROUP_BYTES: usize = 64 << 20;

/// Where a group stands in its journal: dense from 1. Serves to read and to trim the log, nothing
/// else (I3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct GroupPosition(pub u64);

impl GroupPosition {
    /// Before every group.
    pub const ZERO: Self = Self(0);

    /// The position after this one.
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for GroupPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A group that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredGroup {
    pub position: GroupPosition,
    pub group: Vec<u8>,
}

/// Groups in order, without a gap.
pub type StoredGroups = Box<dyn Iterator<Item = Result<StoredGroup, ReadError>> + Send>;

/// The cause of a failure, from the layer that a journal is built on.
pub type Cause = Box<dyn StdError + Send + Sync>;

/// The writing side of a log of groups.
///
/// The contract, which `conformance` runs on every implementation:
///
/// - **A group is whole or absent.** A crash, a power cut or a full store at any instant leaves
///   every acknowledged group, in order, and nothing of one that is not whole.
/// - **`Ok` means stable.** When `append` answers a position, the group outlives the machine's loss
///   of power, and every later `read` shows it.
/// - **Positions are dense**: the first group has position 1, and `append` answers
///   `expected_last + 1`.
/// - **One writer at a time.** `append` compares `expected_last` with the journal's last group
///   and refuses with [`AppendError::Fenced`] when they differ: the caller is no longer the owner
///   (or never was). Nothing is written then.
/// - **An error other than `Unknown` and `Poisoned` means that nothing was written**, and nothing
///   will appear later.
/// - **After [`AppendError::Unknown`]** the group may be there, may appear, or not. The owner reads
///   the tail for its own group before anything else: if it finds it, it was stored; if it finds
///   another, it is fenced; if it finds none, it may append the same group with the same
///   `expected_last` again, which then is stored once in any case.
/// - **After [`AppendError::Poisoned`]** this handle takes no more groups. Whether the group is
///   stored is what the next opening says.
pub trait Journal: JournalRead + Send {
    /// The largest group that this journal takes, in bytes; never more than [`MAX_GROUP_BYTES`].
    fn max_group_bytes(&self) -> usize {
        MAX_GROUP_BYTES
    }

    /// Stores `group` (at most [`max_group_bytes`](Self::max_group_bytes)) behind `expected_last`.
    fn append(&mut self, expected_last: GroupPosition, group: &[u8]) -> Result<GroupPosition, AppendError>;

    /// Begins a new unit of storage: the next group is the first in it, so that a later [`trim`](Self::trim) can
    /// remove every group before that one. Does nothing if no group was appended since the last seal. A seal that no
    /// group has followed is forgotten when the journal is opened anew.
    ///
    /// After an error the next group goes where it would have gone without the call.
    fn seal(&mut self) -> Result<(), SealError>;

    /// Removes groups before `before`: all that were stored before the last [`seal`](Self::seal) at or before it, and
    /// as many others as the implementation likes. The last group always stays. Nothing of what is removed is left,
    /// not even what openings have put aside.
    fn trim(&mut self, before: GroupPosition) -> Result<(), TrimError>;

    /// The reading side alone, for other threads.
    fn reader(&self) -> Arc<dyn JournalRead + Send + Sync>;
}

/// The reading side of a log of groups.
pub trait JournalRead {
    /// The groups from `from` to the last one that is stored at the time of the call.
    ///
    /// `from` at or before [`first`](Self::first) − 1 is [`ReadError::Trimmed`]; behind the last
    /// group there is simply nothing.
    fn read(&self, from: GroupPosition) -> Result<StoredGroups, ReadError>;

    /// The oldest group that is kept; the position of the first group to come where there is none.
    fn first(&self) -> GroupPosition;

    /// The last group; [`GroupPosition::ZERO`] where there is none.
    fn last(&self) -> GroupPosition;

    /// Names the log: a random number that was drawn when it was created and never changes. A position means
    /// something only together with it.
    fn identity(&self) -> u128;

    /// The storage that it takes now, for people; `None` where that is not known.
    fn footprint(&self) -> Option<Footprint> {
        None
    }
}

/// What a journal takes of its storage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Footprint {
    /// Units, see [`Journal::seal`].
    pub units: usize,
    /// Bytes, those that are set aside for groups to come among them.
    pub bytes: u64,
}

/// Why a group was not taken.
#[derive(Debug, Error)]
pub enum AppendError {
    #[error("another writer owns the journal: its last group is {last}")]
    Fenced { last: GroupPosition },
    #[error("it is not known whether the journal stored the group")]
    Unknown {
        #[source]
        source: Cause,
    },
    /// Nothing changed; a later append may work.
    #[error("the journal's storage takes nothing more for now")]
    Full {
        #[source]
        source: Cause,
    },
    #[error("the journal takes no more groups until the server is restarted")]
    Poisoned {
        #[source]
        source: Option<Cause>,
    },
    #[error("a group of {bytes} bytes exceeds the limit of {most}")]
    TooLarge { bytes: usize, most: usize },
}

/// Why groups could not be read.
#[derive(Debug, Error)]
pub enum ReadError {
    #[error("the groups before {first} are no longer kept")]
    Trimmed { first: GroupPosition },
    #[error("group {position} is damaged ({place})")]
    Damaged { position: GroupPosition, place: String },
    #[error("the journal could not be read")]
    Storage {
        #[source]
        source: Cause,
    },
}

/// Why no new unit of storage was begun.
#[derive(Debug, Error)]
#[error("the journal could not begin a new unit of storage")]
pub struct SealError {
    #[source]
    pub source: Cause,
}

/// Why groups could not be let go.
#[derive(Debug, Error)]
#[error("the journal could not be trimmed")]
pub struct TrimError {
    #[source]
    pub source: Cause,
}
