//! Snapshots: the whole state at one place of the journal, kept where a restart finds it (R9.3).
//!
//! [`SnapshotStore`] is the plug: it carries opaque blocks of bytes, and a [`Manifest`] that says
//! what they are. [`envelope`] is what callers put around their blocks; the sled store and
//! [`memory`] keep them. Nothing in here knows what a block holds.
//!
//! Times and everything random come from the caller.
//!
//! Snapshots are whole in themselves, although most workspaces may not have changed since the last one: a part that
//! two snapshots shared would damage both. Until there are as many as are to be kept, the journal stays whole, since
//! a single snapshot is not trusted alone.

#[cfg(test)]
mod conformance;
mod content;
pub mod envelope;
mod manifest;
pub mod memory;
pub(crate) mod sled_store;
mod surplus;

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::files;

pub use content::{Digest, SideContent};
pub use manifest::{Draft, DraftSide, FORMAT, JournalId, Manifest, ManifestError, PartEntry, PartFiles, SideEntry};
pub use surplus::Surplus;

/// The largest block that any store takes, in bytes. Blocks of 32 to 64 KiB are what stores are
/// built for: sled keeps values above 128 KiB in a file each, again for every change of the page.
pub const MAX_BLOCK_BYTES: usize = 16 << 20;

/// Names a snapshot; a later one has a higher number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SnapshotNumber(pub u64);

impl fmt::Display for SnapshotNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a block stands in its snapshot; blocks are ordered by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BlockKey {
    /// Index into [`Manifest::sides`].
    pub side: u32,
    /// A kind of content; its meaning is the caller's.
    pub section: u8,
    /// The block's place in its section.
    pub number: u32,
}

impl BlockKey {
    /// Bytes of a key.
    pub const BYTES: usize = 9;

    /// Side, section, number, big-endian: in this form, too, keys sort as they do as values.
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..4].copy_from_slice(&self.side.to_be_bytes());
        bytes[4] = self.section;
        bytes[5..].copy_from_slice(&self.number.to_be_bytes());
        bytes
    }

    /// The other way; none if there are more or fewer than nine bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (side, rest) = bytes.split_first_chunk::<4>()?;
        let (section, number) = rest.split_first()?;
        let number = <[u8; 4]>::try_from(number).ok()?;
        Some(Self { side: u32::from_be_bytes(*side), section: *section, number: u32::from_be_bytes(number) })
    }

    /// Before all blocks of a side.
    pub const fn first_of(side: u32) -> Self {
        Self { side, section: 0, number: 0 }
    }

    /// Behind all blocks of a side, or its last.
    pub const fn last_of(side: u32) -> Self {
        Self { side, section: u8::MAX, number: u32::MAX }
    }
}

/// A block that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    pub key: BlockKey,
    pub value: Vec<u8>,
}

/// The blocks of one side in ascending order.
pub type Blocks = Box<dyn Iterator<Item = Result<Block, SnapshotError>> + Send>;

/// What went wrong below a store.
pub type Cause = Box<dyn StdError + Send + Sync>;

/// Where snapshots are kept.
///
/// The contract, which `conformance` runs on every implementation:
///
/// - **A snapshot is whole or absent.** A crash, a power cut or a full store at any instant of its
///   writing leaves nothing that [`list`](Self::list) shows, or all of it. So does one in the middle
///   of [`remove`](Self::remove).
/// - **`Ok` means stable.** When [`SnapshotWriter::finish`] answers, the snapshot outlives the
///   machine's loss of power, and all of it has been read back and compared.
/// - **It never changes** after that, and shares nothing with another one: damage to one harms no
///   other.
/// - **Damage is told, never read.** What differs from what was written, by a bit or by a file, ends
///   in [`SnapshotError::Damaged`], before or behind blocks that were read: see
///   [`SnapshotRead::blocks`]. Nothing is repaired.
/// - **A format of another version** is [`SnapshotError::UnknownVersion`], which is not damage
///   (R9.7).
/// - **One is written at a time**: [`begin`](Self::begin) answers [`SnapshotError::Busy`] while a
///   writer exists.
/// - **After [`SnapshotError::Full`]**, as after any error, nothing is left of the snapshot, and a
///   later one may work.
/// - Numbers are given once, in ascending order. A number that was removed or set aside is not given
///   again by this store; one removed before it was opened may be, if it was the highest.
pub trait SnapshotStore: Send + Sync {
    /// Begins a snapshot with the next number.
    fn begin(&self) -> Result<Box<dyn SnapshotWriter>, SnapshotError>;

    /// Everything that is there, newest first. Of each only the manifest is looked at: whether the
    /// blocks are whole is told by reading them.
    fn list(&self) -> Result<Vec<Listed>, SnapshotError>;

    /// Opens a snapshot for reading.
    fn open(&self, number: SnapshotNumber) -> Result<Arc<dyn SnapshotRead>, SnapshotError>;

    /// Removes a snapshot, whatever state it is in. Nobody may be reading it.
    fn remove(&self, number: SnapshotNumber) -> Result<(), SnapshotError>;

    /// Puts a damaged snapshot where no start looks at it, durably, and answers where that is.
    fn set_aside(&self, number: SnapshotNumber) -> Result<PathBuf, SnapshotError>;

    /// Removes what was set aside under this number; nothing there is no error.
    fn remove_set_aside(&self, number: SnapshotNumber) -> Result<(), SnapshotError>;
}

/// A snapshot being written. Dropped unfinished, it leaves nothing.
pub trait SnapshotWriter: Send {
    /// The number it will have.
    fn number(&self) -> SnapshotNumber;

    /// Adds a block of at most [`MAX_BLOCK_BYTES`]. Keys ascend strictly. After an error the writer
    /// takes nothing more and does not finish.
    fn put(&mut self, key: BlockKey, value: &[u8]) -> Result<(), SnapshotError>;

    /// Makes it durable, reads all of it back, and answers its manifest. Every block's side must be
    /// in `draft`. May take seconds per GiB.
    fn finish(self: Box<Self>, draft: Draft) -> Result<Manifest, SnapshotError>;
}

/// A snapshot that is open. Sides may be read side by side, each in a thread of its own.
pub trait SnapshotRead: Send + Sync {
    fn manifest(&self) -> &Manifest;

    /// The blocks of `side`, an index into [`Manifest::sides`].
    ///
    /// Reading verifies: number, order and BLAKE3 are compared with the manifest's as the blocks go
    /// by, and what differs is an error behind the last of them. **The blocks are known to be good
    /// when the iterator has ended without an error**, and not before; so what was built of them is
    /// kept apart until then. After an error there is nothing more.
    fn blocks(&self, side: u32) -> Blocks;

    /// Reads all blocks of all sides.
    fn verify(&self) -> Result<(), SnapshotError> {
        for (side, _) in (0..).zip(&self.manifest().sides) {
            self.blocks(side).try_for_each(|block| block.map(drop))?;
        }
        Ok(())
    }
}

/// What [`SnapshotStore::list`] tells about one snapshot.
#[derive(Debug)]
pub struct Listed {
    pub number: SnapshotNumber,
    /// Where it is, for people.
    pub path: PathBuf,
    pub state: ListedState,
}

#[derive(Debug)]
pub enum ListedState {
    /// The manifest is good.
    Whole(Box<Manifest>),
    /// The manifest is missing, damaged or of another version; or could not be read at all.
    Unusable(ManifestError),
    /// Was damaged, and set aside.
    SetAside,
}

/// Why a snapshot could not be written, read or moved.
#[derive(Debug, Error)]
pub enum SnapshotError {
    #[error("another snapshot is being written")]
    Busy,
    #[error("the snapshots were opened for reading only")]
    ReadOnly,
    /// Nothing is left of the snapshot; a later one may work.
    #[error("there is no space for the snapshot")]
    Full {
        #[source]
        source: Cause,
    },
    #[error("there is no snapshot {number}")]
    NotFound { number: SnapshotNumber },
    #[error("snapshot {number} is damaged: {what}")]
    Damaged { number: SnapshotNumber, what: String },
    #[error("snapshot {number} has format version {found}; this program knows version {known}")]
    UnknownVersion { number: SnapshotNumber, found: u64, known: u16 },
    /// Another process reads or writes it.
    #[error("{} is in use", path.display())]
    InUse { path: PathBuf },
    #[error("a block of {bytes} bytes exceeds the limit of {MAX_BLOCK_BYTES}")]
    TooLarge { bytes: usize },
    #[error("block {key:?} does not follow {last:?}")]
    Order { last: BlockKey, key: BlockKey },
    #[error("the snapshot has {sides} sides, and none with number {side}")]
    NoSuchSide { side: u32, sides: usize },
    #[error("the snapshot was given up after an error")]
    GivenUp,
    /// The storage engine failed while writing; says nothing about other snapshots.
    #[error("the snapshot's storage failed: {what}")]
    Engine { what: String },
    #[error("{}: {source}", path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

impl SnapshotError {
    /// Of an error while reading a file of snapshot `number`.
    fn reading(number: SnapshotNumber, path: impl Into<PathBuf>, source: io::Error) -> Self {
        let path = path.into();
        if is_environment(&source) {
            return Self::io(path, source);
        }
        Self::Damaged { number, what: format!("{}: {source}", path.display()) }
    }

    /// Of an error while writing.
    fn writing(path: impl Into<PathBuf>, source: io::Error) -> Self {
        if is_full(source.kind()) { Self::Full { source: source.into() } } else { Self::io(path, source) }
    }

    /// Of any other error.
    fn io(path: impl Into<PathBuf>, source: io::Error) -> Self {
        let path = path.into();
        Self::Io { source: files::explained(&path, source), path }
    }
}

/// Whether an error speaks of the process or the machine rather than of the file: rights, open files,
/// memory, room. Everything else that keeps a file from being read makes its snapshot a damaged one.
fn is_environment(error: &io::Error) -> bool {
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    use io::ErrorKind::{Interrupted, OutOfMemory, PermissionDenied, ReadOnlyFilesystem};
    matches!(error.kind(), Interrupted | OutOfMemory | PermissionDenied | ReadOnlyFilesystem)
        || is_full(error.kind())
        || matches!(error.raw_os_error(), Some(ENFILE | EMFILE))
}

/// Whether an error says that there is no room: no block left, a quota, or a limit of the file's size.
fn is_full(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> impl Strategy<Value = BlockKey> {
        (0_u32..3, 0_u8..3, any::<u32>()).prop_map(|(side, section, number)| BlockKey { side, section, number })
    }

    proptest! {
        #[test]
        fn keys_sort_as_bytes_as_they_do_as_values(a in key(), b in key()) {
            prop_assert_eq!(a.cmp(&b), a.to_bytes().cmp(&b.to_bytes()));
            prop_assert_eq!(BlockKey::from_bytes(&a.to_bytes()), Some(a));
        }
    }

    #[test]
    fn a_key_of_another_length_is_none() {
        assert_eq!(BlockKey::from_bytes(&[0; 8]), None);
        assert_eq!(BlockKey::from_bytes(&[0; 10]), None);
    }
}
