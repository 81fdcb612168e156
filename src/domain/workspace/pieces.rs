//! What a side keeps that stands for itself: nothing else is built from it, and a clone of it is its cut (I9).
//!
//! A new piece is a field of [`Pieces`], its blocks in [`Pieces::blocks`] and [`PieceParts`], and their variants in
//! [`Block`]. Nothing else of cutting and restoring needs to know of it.

use super::super::audit::{AuditEntry, Repeated, SideAction, Trail};
use super::blocks::{Block, RestoreError, TrailHead};

/// So that no block gets large, whatever texts its entries have.
pub const REPEATS_OF_A_BLOCK: usize = 256;

/// In the state, and in a cut of it.
#[derive(Clone, Debug, Default)]
pub struct Pieces {
    /// Who did what.
    pub trail: Trail<SideAction>,
    /// An event named a contact with the mark that there was before marks were keyed.
    pub unkeyed_marks: bool,
}

impl Pieces {
    /// Everything, in the order of sections.
    pub(super) fn blocks(&self) -> impl Iterator<Item = Block<'_>> {
        let head = std::iter::once_with(|| Block::Trail(TrailHead::from(&self.trail)));
        let done = self.trail.chunks().map(|chunk| Block::Entries(chunk.into()));
        let repeats = self.trail.repeats().chunks(REPEATS_OF_A_BLOCK).map(|chunk| Block::Repeats(chunk.into()));
        let marks = std::iter::once(Block::Marks { unkeyed: self.unkeyed_marks });
        head.chain(done).chain(repeats).chain(marks)
    }
}

/// The pieces of a side on their way back from blocks.
#[derive(Debug, Default)]
pub(super) struct PieceParts {
    trail: Option<TrailHead>,
    entries: Vec<AuditEntry<SideAction>>,
    repeats: Vec<Repeated<SideAction>>,
    unkeyed_marks: Option<bool>,
}

impl PieceParts {
    /// Takes a block that is a piece's.
    pub fn push(&mut self, block: Block<'_>) -> Result<(), RestoreError> {
        match block {
            Block::Trail(head) => self.trail = Some(head),
            Block::Entries(entries) => self.entries.extend(entries.into_owned()),
            Block::Marks { unkeyed } => self.unkeyed_marks = Some(unkeyed),
            Block::Repeats(repeats) => self.repeats.extend(repeats.into_owned()),
            _ => return Err(RestoreError::Stray("a block")),
        }
        Ok(())
    }

    /// The pieces of a state at seq `applied`, from blocks of this version of a snapshot. What the version did not
    /// have begins anew.
    pub fn finish(self, version: u16, applied: u64) -> Result<Pieces, RestoreError> {
        let Self { trail, entries, repeats, unkeyed_marks } = self;
        let found = entries.len() as u64;
        let trail = match trail {
            None if version == 1 && found == 0 => Some(Trail::beginning_after(applied)),
            Some(head) if version > 1 && head.entries == found => match version {
                2 | 3 => {
                    let (after, entries) = Trail::whole_part(head.after, entries);
                    Trail::restored(after, entries, repeats, applied)
                }
                _ => Trail::restored(head.after, entries, repeats, applied),
            },
            Some(head) if version > 1 => {
                return Err(RestoreError::Count { what: "entries of the trail", expected: head.entries, found });
            }
            Some(_) | None => return Err(RestoreError::Stray("the trail")),
        };
        let trail = trail.ok_or(RestoreError::Stray("an entry of the trail"))?;
        // Whatever older versions have was made before marks were keyed.
        let unkeyed_marks = if version < 4 { Some(true) } else { unkeyed_marks };
        let unkeyed_marks = unkeyed_marks.ok_or(RestoreError::Stray("what is known of marks"))?;
        Ok(Pieces { trail, unkeyed_marks })
    }
}
