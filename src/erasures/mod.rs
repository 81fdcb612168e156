//! The kept list of erasures (R4.10): what was erased, so that a restored backup loses it again, and
//! when, so that what still holds it is gone in time.
//!
//! The list keeps no ids: an entry has a hash, keyed with the identity key of the data directory, of
//! what was erased. Whoever holds a state can tell which of its conversations and contacts are meant;
//! a contact is known by its [`ContactMark`], since that is all that some parts of a state have of it.

mod file;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::ids::{Id, Side, WorkspaceKey};
use crate::domain::life::ContactMark;
use crate::domain::record::Record;
use crate::domain::time::{MINUTE, Millis};
use crate::domain::workspace::Workspace;

pub use file::{Erasures, ErasuresError};

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

/// Whether a restored state, whose last frame came at `last_receipt`, has to lose this workspace again: it was deleted
/// after that, or so shortly before it ([`SLACK`]) that the state may not contain it.
pub fn names_workspace(entries: &[ErasureEntry], identity_key: &[u8; 32], id: Id, last_receipt: Millis) -> bool {
    entries.iter().any(|entry| {
        entry.kind == Kind::Workspace
            && entry.workspace == id
            && entry.at.saturating_add(SLACK) >= last_receipt
            && *entry == of_workspace(entry.at, id, identity_key)
    })
}

impl Erased {
    /// What erases it because somebody asked for it.
    pub fn record_by(self, actor: &str) -> Record {
        let actor = actor.into();
        match self {
            Self::Conversation(id) => Record::ErasedBy { actor, conversation: Some(id), contact: None },
            Self::Contact(mark) => Record::ErasedBy { actor, conversation: None, contact: Some(mark) },
        }
    }

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

/// The records that have to be applied to a restored state, so that it loses again what it still holds although it
/// was erased: after the state's last frame, or so shortly before it ([`SLACK`]) that the erasure may not be in it.
/// What came anew after an erasure that the state contains is left alone. `identity_key` is the key with which the
/// entries were made; a restored data directory keeps it.
pub fn matching(entries: &[ErasureEntry], identity_key: &[u8; 32], workspace: &Workspace) -> Vec<Record> {
    let key = workspace.key();
    let is_meant = |entry: &&ErasureEntry| {
        (entry.workspace, entry.side) == (key.id, key.side)
            && entry.at.saturating_add(SLACK) >= workspace.last_applied_at()
    };
    let meant: HashSet<(Kind, Hash)> = entries.iter().filter(is_meant).map(|entry| (entry.kind, entry.hash)).collect();
    let has = |kind| meant.iter().any(|(of, _)| *of == kind);
    let mut found = Vec::new();
    if has(Kind::Conversation) {
        found.extend(workspace.conversation_ids().map(Erased::Conversation));
    }
    if has(Kind::Contact) {
        found.extend(workspace.contact_marks().map(Erased::Contact));
    }
    let mut taken = HashSet::new();
    found.retain(|erased| {
        let name = (erased.kind(), erased.hash(identity_key, key));
        meant.contains(&name) && taken.insert(name)
    });
    found.into_iter().map(Erased::record).collect()
}

/// The time from before which nothing may be left in snapshots and journal (R4.10): whatever holds what was erased
/// must be gone `within` that time after the erasure. `None` while no erasure is that far along.
///
/// An erasure is due when three quarters of its time are over; the latest due one is named, also after its work is
/// done, since a caller that has nothing so old left has nothing to do. Snapshots and parts of the journal from this
/// time or before must go. It lies [`SLACK`] after the entry, so that what was recorded between the entry and its
/// record counts as well.
pub fn due(entries: &[ErasureEntry], now: Millis, within: Millis) -> Option<Millis> {
    let begun = now.saturating_sub(within / 4 * 3);
    let latest = entries.iter().map(|entry| entry.at).filter(|at| *at <= begun).max()?;
    Some(latest.saturating_add(SLACK))
}
