//! The kept list of erasures (R4.10): what was erased, so that a restored backup loses it again, and
//! when, so that what still holds it is gone in time.
//!
//! The list keeps no ids: an entry has a hash, keyed with the identity key of the data directory, of
//! what was erased. Whoever holds a state can tell which of its conversations and contacts are meant;
//! a contact is known by its [`ContactMark`], since that is all that some parts of a state have of it.
//!
//! The list is bounded: an entry goes when no backup that is as old is restored any more ([`Keeping`]), a repeat
//! replaces the earlier entry, and one workspace side has at most [`MOST_OF_A_SIDE`] of them. One thread writes it
//! ([`Erasures`]): what waits is written and synced at once.

mod disk;
mod file;
mod list;
#[cfg(test)]
mod tests;
mod writer;
#[cfg(test)]
mod writer_tests;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::ids::{Id, Side, WorkspaceKey};
use crate::domain::life::ContactMark;
use crate::domain::record::Record;
use crate::domain::time::{MINUTE, Millis};

pub use file::{ErasuresError, read_list, write_list};
pub use list::{ErasureList, Keeping, MOST_OF_A_SIDE};
pub use writer::{CommonList, Erasures, Listed, WAITING_OF_A_TENANT};

/// An erasure is on the list before it is in the journal, and is taken to be applied within this time.
pub const SLACK: Millis = 5 * MINUTE;

/// What is erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erased {
    Conversation(Id),
    Contact(ContactMark),
}

/// The entry of a workspace that is deleted (R2.17): both its sides.
pub fn of_workspace(at: Millis, id: Id, identity_key: &[u8; 32]) -> ErasureEntry {
    let mut hasher = blake3::Hasher::new_keyed(identity_key);
    hasher.update(b"tripswitch deletion").update(&id.0.to_be_bytes());
    let hash = Hash(hasher.finalize().into());
    ErasureEntry { at, workspace: id, side: Side::Live, kind: Kind::Workspace, hash }
}

impl Erased {
    /// What erases it again.
    pub const fn record(self) -> Record {
        match self {
            Self::Conversation(id) => Record::Erasure { conversation: Some(id), contact: None },
            Self::Contact(mark) => Record::Erasure { conversation: None, contact: Some(mark) },
        }
    }

    const fn kind(self) -> Kind {
        match self {
            Self::Conversation(_) => Kind::Conversation,
            Self::Contact(_) => Kind::Contact,
        }
    }

    /// BLAKE3 over workspace, side, kind and id, keyed with the data directory's identity key.
    fn hash(self, identity_key: &[u8; 32], key: WorkspaceKey) -> Hash {
        let mut hasher = blake3::Hasher::new_keyed(identity_key);
        hasher.update(b"tripswitch erasure");
        hasher.update(&key.id.0.to_be_bytes());
        let side = match key.side {
            Side::Live => 0,
            Side::Test => 1,
        };
        match self {
            Self::Conversation(id) => hasher.update(&[side, 0]).update(&id.0.to_be_bytes()),
            Self::Contact(mark) => hasher.update(&[side, 1]).update(&mark.to_bytes()),
        };
        Hash(hasher.finalize().into())
    }
}

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Conversation,
    Contact,
    /// A whole one, both its sides.
    Workspace,
}

/// One erasure that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErasureEntry {
    /// Server time, no later than the receipt of the record that erases.
    pub at: Millis,
    pub workspace: Id,
    pub side: Side,
    pub kind: Kind,
    pub hash: Hash,
}

impl ErasureEntry {
    pub fn new(at: Millis, key: WorkspaceKey, erased: Erased, identity_key: &[u8; 32]) -> Self {
        let WorkspaceKey { id: workspace, side } = key;
        Self { at, workspace, side, kind: erased.kind(), hash: erased.hash(identity_key, key) }
    }

    /// Different for different erasures, and the same for a repeat: letters, digits, `-` and `.`.
    pub fn name(&self) -> String {
        let side = match self.side {
            Side::Live => "live",
            Side::Test => "test",
        };
        let kind = match self.kind {
            Kind::Conversation => "conversation",
            Kind::Contact => "contact",
            Kind::Workspace => "workspace",
        };
        format!("{}.{side}.{kind}.{}", self.workspace, blake3::Hash::from_bytes(self.hash.0).to_hex())
    }

    const fn side(&self) -> WorkspaceKey {
        WorkspaceKey { id: self.workspace, side: self.side }
    }
}

/// Stands for what was erased. 64 hexadecimal digits in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hash([u8; 32]);

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        blake3::Hash::from_hex(text).map(|hash| Self(hash.into())).map_err(serde::de::Error::custom)
    }
}
