//! What blocks of each version of a snapshot say (R9.7).
//!
//! | version | beside what the one before has |
//! |---|---|
//! | 1 | |
//! | 2 | the audit trails: blocks `Trail` and `Entries` of a side; section [`TRAIL`] of the system workspace |
//! | 3 | another head of a side, with the model in settings and profiles; messages of `support-2` in lives; signals of later models |
//! | 4 | what changed nothing, apart from the trails' entries and counted: blocks `Repeats` of a side, [`TrailBlock::Repeats`]; the marks of contacts; the deleted workspaces, behind the table of the system workspace |
//! | 5 | effects, resources and how far deliveries have come; channels and intents; overrides; settings of a side; other breakers, and another head, with the effects that are kept in settings |
//! | 6 | settings of a side that config.toml has, too, and patches of them in the trails: block `Own` |
//! | 7 | levels of profiles, a calibration and its changes in the trails, ratings, follow-ups, and who opted out |
//!
//! Blocks of version 1 are blocks of version 2: no type had to be frozen for them. The system workspace's trail has a
//! section of its own, so that its other content stays the one block that the table is. Before version 4 it was one trail
//! of all tenants: it is read as their trails.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::audit::{AuditEntry, Repeated, SystemAction, SystemTrails};
use crate::domain::ids::Id;
use crate::domain::system_table::SystemTable;
use crate::domain::time::Millis;
use crate::domain::workspace::Workspace;
use crate::domain::workspace::blocks::{Block, RestoreError, TrailHead};
use crate::domain::workspace::restore::Restoring;
use crate::snapshot::envelope::{self, EnvelopeError, VERSION};

/// The section of the system workspace that holds its trails: a [`TrailHead`], then each a [`TrailBlock`]; before
/// version 4 lists of entries. The table itself is in section 0, one content in pieces.
pub const TRAIL: u8 = 1;

/// A part of the system workspace's trails. The order of the variants is part of the format.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum TrailBlock<'a> {
    /// Those of one tenant in their order.
    Entries(Cow<'a, [AuditEntry<SystemAction>]>),
    Repeats(Cow<'a, [Repeated<SystemAction>]>),
}

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
    repeats: Vec<Repeated<SystemAction>>,
}

impl SystemBlocks {
    pub fn push(&mut self, section: u8, bytes: &[u8]) -> Result<(), BlockError> {
        match (section, self.head) {
            (0, None) => self.table.extend_from_slice(bytes),
            (TRAIL, None) => self.head = Some(envelope::read(open(bytes)?.1)?),
            (TRAIL, Some(_)) => match open(bytes)? {
                (1..=3, content) => self.entries.append(&mut envelope::read(content)?),
                (_, content) => match envelope::read(content)? {
                    TrailBlock::Entries(entries) => self.entries.extend(entries.into_owned()),
                    TrailBlock::Repeats(repeats) => self.repeats.extend(repeats.into_owned()),
                },
            },
            (_, _) => return Err(RestoreError::Stray("a section of the system workspace").into()),
        }
        Ok(())
    }

    pub fn finish(self) -> Result<SystemTable, BlockError> {
        let Self { table, head, entries, repeats } = self;
        let (version, content) = open(&table)?;
        let table = match version {
            1..=3 => envelope::read(content)?,
            _ => {
                let (table, deleted): (SystemTable, BTreeMap<Id, Millis>) = envelope::read(content)?;
                table.with_deleted(deleted)
            }
        };
        let (found, applied) = (entries.len() as u64, table.applied());
        let trails = match (version, head) {
            (1, None) => Some(SystemTrails::beginning_after(applied)),
            (2 | 3, Some(head)) if head.entries == found => SystemTrails::of_one_list(head.after, entries, applied),
            (4.., Some(head)) if head.entries == found => SystemTrails::restored(head.after, entries, repeats, applied),
            (_, _) => return Err(RestoreError::Stray("the system workspace's trails").into()),
        };
        let trails = trails.ok_or(RestoreError::Stray("an entry of the system workspace's trails"))?;
        Ok(table.with_trails(trails).with_lists())
    }
}
