//! What blocks of each version of a snapshot say (R9.7).
//!
//! | version | beside what the one before has |
//! |---|---|
//! | 1 | |
//! | 2 | the audit trails: blocks `Trail` and `Entries` of a side; section [`TRAIL`] of the system workspace |
//! | 3 | another head of a side, with the model in settings and profiles; messages of `support-2` in lives; signals of later models |
//! | 4 | of the system workspace alone, and only where a workspace was ever deleted: the table with the deleted ones behind it, and their entries in the trail |
//!
//! Blocks of version 1 are blocks of version 2: no type had to be frozen for them. The system workspace's trail has a
//! section of its own, so that its other content stays the one block that the table is.

use std::collections::BTreeMap;

use crate::domain::audit::{AuditEntry, SystemAction, Trail};
use crate::domain::ids::Id;
use crate::domain::system_table::SystemTable;
use crate::domain::time::Millis;
use crate::domain::workspace::Workspace;
use crate::domain::workspace::blocks::{Block, RestoreError, TrailHead};
use crate::domain::workspace::restore::Restoring;
use crate::snapshot::envelope::{self, EnvelopeError, VERSION};

/// The section of the system workspace that holds its trail: a [`TrailHead`], then blocks that are lists of entries.
/// The table itself is in section 0, one content in pieces.
pub const TRAIL: u8 = 1;

/// The version of the system workspace's blocks where it knows deleted workspaces.
pub(super) const WITH_DELETED: u16 = 4;

/// Why blocks do not make a state.
#[derive(Debug, thiserror::Error)]
pub enum BlockError {
    #[error("block: {0}")]
    Envelope(#[from] EnvelopeError),
    #[error(transparent)]
    Restore(#[from] RestoreError),
}

/// A content of a version that this program reads.
fn open(bytes: &[u8]) -> Result<(u16, &[u8]), EnvelopeError> {
    match envelope::open(bytes)? {
        (version @ 1..=VERSION, content) => Ok((version, content)),
        (found, _) => Err(EnvelopeError::UnknownVersion { found, known: VERSION }),
    }
}

/// The same of the system workspace.
fn open_system(bytes: &[u8]) -> Result<(u16, &[u8]), EnvelopeError> {
    match envelope::open(bytes)? {
        (version @ 1..=WITH_DELETED, content) => Ok((version, content)),
        (found, _) => Err(EnvelopeError::UnknownVersion { found, known: WITH_DELETED }),
    }
}

/// A side that is being made of its blocks, in their order.
#[derive(Debug, Default)]
pub struct SideBlocks(Restoring);

impl SideBlocks {
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), BlockError> {
        let (version, content) = open(bytes)?;
        self.0.of_version(version);
        Ok(self.0.push(envelope::read::<Block<'_>>(content)?)?)
    }

    pub fn finish(self) -> Result<Workspace, BlockError> {
        Ok(self.0.finish()?)
    }
}

/// The system workspace that is being made of its blocks, in their order.
#[derive(Debug, Default)]
pub struct SystemBlocks {
    table: Vec<u8>,
    head: Option<TrailHead>,
    entries: Vec<AuditEntry<SystemAction>>,
}

impl SystemBlocks {
    pub fn push(&mut self, section: u8, bytes: &[u8]) -> Result<(), BlockError> {
        match (section, self.head) {
            (0, None) => self.table.extend_from_slice(bytes),
            (TRAIL, None) => self.head = Some(envelope::read(open_system(bytes)?.1)?),
            (TRAIL, Some(_)) => self.entries.append(&mut envelope::read(open_system(bytes)?.1)?),
            (_, _) => return Err(RestoreError::Stray("a section of the system workspace").into()),
        }
        Ok(())
    }

    pub fn finish(self) -> Result<SystemTable, BlockError> {
        let Self { table, head, entries } = self;
        let (version, content) = open_system(&table)?;
        let table: SystemTable = if version >= WITH_DELETED {
            let (table, deleted): (SystemTable, BTreeMap<Id, Millis>) = envelope::read(content)?;
            table.with_deleted(deleted)
        } else {
            envelope::read(content)?
        };
        let trail = match head {
            None if version == 1 => Trail::beginning_after(table.applied()),
            Some(TrailHead { after, entries: count }) if version > 1 && count == entries.len() as u64 => {
                let trail = Trail::restored(after, entries, table.applied());
                trail.ok_or(RestoreError::Stray("an entry of the system workspace's trail"))?
            }
            Some(_) | None => return Err(RestoreError::Stray("the system workspace's trail").into()),
        };
        Ok(table.with_trail(trail).with_lists())
    }
}
