//! What a side keeps that stands for itself: nothing else is built from it, and a clone of it is its cut (I9).
//!
//! A new piece is a field of [`Pieces`], its blocks in [`Pieces::blocks`] and [`PieceParts`], and their variants in
//! [`Block`]. Nothing else of cutting and restoring needs to know of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::audit::{AuditEntry, Repeated, SideAction, Trail};
use super::super::delivery::Progress;
use super::super::effect::{Effect, EffectId};
use super::super::ids::Id;
use super::super::resource::Resource;
use super::blocks::{Block, RestoreError, TrailHead};
use super::deliveries::Deliveries;
use super::resources::Resources;
use super::ring::Ring;

/// So that no block gets large, whatever texts its entries have.
pub const REPEATS_OF_A_BLOCK: usize = 256;

/// In the state, and in a cut of it.
#[derive(Clone, Debug, Default)]
pub struct Pieces {
    /// Who did what.
    pub trail: Trail<SideAction>,
    /// An event named a contact with the mark that there was before marks were keyed.
    pub unkeyed_marks: bool,
    /// The newest effects.
    pub(super) ring: Ring,
    pub(super) resources: Resources,
    /// How far the deliveries to resources have come.
    pub(super) deliveries: Deliveries,
}

impl Pieces {
    /// The trail, in the order of sections.
    pub(super) fn trail_blocks(&self) -> impl Iterator<Item = Block<'_>> {
        let head = std::iter::once_with(|| Block::Trail(TrailHead::from(&self.trail)));
        let done = self.trail.chunks().map(|chunk| Block::Entries(chunk.into()));
        let repeats = self.trail.repeats().chunks(REPEATS_OF_A_BLOCK).map(|chunk| Block::Repeats(chunk.into()));
        let marks = std::iter::once(Block::Marks { unkeyed: self.unkeyed_marks });
        head.chain(done).chain(repeats).chain(marks)
    }

    /// Everything else, in the order of sections.
    pub(super) fn blocks(&self) -> impl Iterator<Item = Block<'_>> {
        let lanes = [&self.ring.frequent, &self.ring.rare];
        let dropped = std::iter::once(Block::Dropped(lanes.map(|lane| lane.dropped)));
        let effects = lanes.into_iter().flat_map(|lane| lane.kept.chunks()).map(|chunk| Block::Effects(chunk.into()));
        let resources = self.resources.values().map(|resource| Block::Resource(Arc::clone(resource)));
        let deliveries = self.deliveries.iter().map(|(id, progress)| Block::Progress(id, Arc::clone(progress)));
        dropped.chain(effects).chain(resources).chain(deliveries)
    }
}

/// The pieces of a side on their way back from blocks.
#[derive(Debug, Default)]
pub(super) struct PieceParts {
    trail: Option<TrailHead>,
    entries: Vec<AuditEntry<SideAction>>,
    repeats: Vec<Repeated<SideAction>>,
    unkeyed_marks: Option<bool>,
    dropped: Option<[EffectId; 2]>,
    effects: Vec<Effect>,
    resources: Vec<Arc<Resource>>,
    progress: BTreeMap<Id, Arc<Progress>>,
}

impl PieceParts {
    /// Takes a block that is a piece's.
    pub fn push(&mut self, block: Block<'_>) -> Result<(), RestoreError> {
        match block {
            Block::Trail(head) => self.trail = Some(head),
            Block::Entries(entries) => self.entries.extend(entries.into_owned().into_iter().map(AuditEntry::renewed)),
            Block::Marks { unkeyed } => self.unkeyed_marks = Some(unkeyed),
            Block::Repeats(repeats) => {
                let renewed = |old: Repeated<_>| Repeated { first: old.first.renewed(), ..old };
                self.repeats.extend(repeats.into_owned().into_iter().map(renewed));
            }
            Block::Dropped(dropped) => self.dropped = Some(dropped),
            Block::Effects(effects) => self.effects.extend(effects.into_owned()),
            Block::Resource(resource) => self.resources.push(resource),
            Block::Progress(id, progress) => {
                self.progress.insert(id, progress);
            }
            _ => return Err(RestoreError::Stray("a block")),
        }
        Ok(())
    }

    /// The pieces of a state at seq `applied`, from blocks of this version of a snapshot. What the version did not
    /// have begins anew.
    pub fn finish(self, version: u16, applied: u64) -> Result<Pieces, RestoreError> {
        let Self { trail, entries, repeats, unkeyed_marks, dropped, effects, resources, progress } = self;
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
        let ring = match dropped {
            None if version < 5 && effects.is_empty() => Ring::beginning_after(applied),
            Some(dropped) => Ring::restored(dropped, effects, applied).ok_or(RestoreError::Stray("an effect"))?,
            None => return Err(RestoreError::Stray("the ring of effects")),
        };
        let mut pieces = Pieces { trail, unkeyed_marks, ring, ..Pieces::default() };
        pieces.take_resources(resources, progress)?;
        Ok(pieces)
    }
}

impl Pieces {
    /// Of an import at seq `applied`: what is still to be delivered is not in it.
    pub fn imported(
        trail: Trail<SideAction>,
        unkeyed_marks: bool,
        applied: u64,
        resources: Vec<Arc<Resource>>,
    ) -> Result<Self, RestoreError> {
        let ring = Ring::beginning_after(applied);
        let mut pieces = Self { trail, unkeyed_marks, ring, ..Self::default() };
        pieces.take_resources(resources, BTreeMap::new())?;
        Ok(pieces)
    }

    /// Takes in resources, and how far deliveries to them had come.
    pub(super) fn take_resources(
        &mut self,
        resources: Vec<Arc<Resource>>,
        mut progress: BTreeMap<Id, Arc<Progress>>,
    ) -> Result<(), RestoreError> {
        for resource in resources {
            let (id, wants) = (resource.id, resource.body.wants);
            match progress.remove(&id) {
                Some(progress) => self.deliveries.enter(id, wants, progress),
                None => self.deliveries.want(id, wants, self.ring.newest()),
            }
            if self.resources.insert(id, resource).is_some() {
                return Err(RestoreError::Stray("a resource's id"));
            }
        }
        if progress.is_empty() { Ok(()) } else { Err(RestoreError::Stray("how far an endpoint has come")) }
    }
}
