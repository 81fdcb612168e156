//! The first pass over the journal.

use std::collections::{HashMap, HashSet};

use crate::domain::ids::{Position, WorkspaceKey};
use crate::domain::record::Frame;
use crate::domain::system_table::SystemTable;
use crate::domain::time::Millis;
use crate::journal::codec::RawFrame;
use crate::journal::{GroupPosition, JournalRead};

use super::load::Loaded;
use super::progress::{Progress, Stage};
use super::replay::{self, ReplayError};
use super::{RecoveryError, Tail, begins_at};

/// What the first pass finds, besides what the snapshot says.
#[derive(Default)]
pub(super) struct Scan {
    pub system: SystemTable,
    pub skips: HashMap<WorkspaceKey, HashSet<Position>>,
    pub last_seqs: HashMap<WorkspaceKey, u64>,
    pub last_receipt: Option<Millis>,
    /// Where the replay begins.
    pub from: GroupPosition,
    pub tail: Tail,
    /// The next seq of each side whose frames were seen.
    next: HashMap<WorkspaceKey, u64>,
    /// The first gap, of each side that has one. Only a deleted workspace may have one: a snapshot has nothing of it.
    gaps: HashMap<WorkspaceKey, (u64, u64)>,
}

impl Scan {
    /// `followed`: tenants and workspaces, where neither snapshot nor journal has them.
    pub fn run(
        reader: &dyn JournalRead,
        base: Option<&Loaded>,
        followed: Option<&SystemTable>,
        progress: &Progress,
    ) -> Result<Self, RecoveryError> {
        let mut scan = Self { from: begins_at(base), ..Self::default() };
        if let Some(Loaded { manifest, system, .. }) = base {
            scan.system = system.clone();
            scan.last_seqs = manifest.sides.iter().map(|side| (side.key, side.seq)).collect();
            scan.last_receipt = manifest.last_receipt;
        }
        if let Some(followed) = followed {
            scan.system = followed.clone();
        }
        // The second pass takes as long.
        progress.begins(Stage::Replaying, 2 * (reader.last().0 + 1).saturating_sub(scan.from.0));
        let mut system_frames = Vec::new();
        replay::for_each_frame(
            reader,
            scan.from,
            |raw| scan.take(&raw, &mut system_frames).map(|()| true),
            || progress.step(1),
        )?;
        let skips = scan.skips.remove(&WorkspaceKey::SYSTEM).unwrap_or_default();
        let skips: HashSet<u64> = skips.into_iter().map(Position::seq).collect();
        for frame in &system_frames {
            // What `apply` answered was told when the record was new.
            let _answer = scan.system.apply_frame(frame, &skips);
        }
        match scan.gaps.iter().find(|(key, _)| !scan.system.is_deleted(key.id)) {
            Some((&key, &(expected, found))) => Err(ReplayError::Gap { key, expected, found }.into()),
            None => Ok(scan),
        }
    }

    fn take(&mut self, raw: &RawFrame<'_>, system_frames: &mut Vec<Frame>) -> Result<(), ReplayError> {
        let last = self.last_seqs.entry(raw.key).or_insert(0);
        let expected = match self.next.get(&raw.key) {
            Some(next) => *next,
            // The first frames may be in the snapshot already, if it holds only a part of their group.
            None if raw.seq <= *last => raw.seq,
            None => *last + 1,
        };
        if raw.seq != expected {
            self.gaps.entry(raw.key).or_insert((expected, raw.seq));
        }
        self.next.insert(raw.key, raw.seq + 1);
        self.last_receipt = self.last_receipt.max(Some(raw.receipt));
        if raw.seq <= *last {
            return Ok(());
        }
        *last = raw.seq;
        self.tail.frames += 1;
        self.tail.events += raw.events();
        self.tail.bytes += raw.record.len() as u64;
        if let Some(position) = replay::skip_of(raw)? {
            self.skips.entry(raw.key).or_default().insert(position);
        }
        if raw.key == WorkspaceKey::SYSTEM {
            system_frames.push(replay::decode(raw)?);
        }
        Ok(())
    }

    pub fn knows(&self, key: WorkspaceKey) -> bool {
        key == WorkspaceKey::SYSTEM || self.system.workspace(key.id).is_some() || self.is_deleted(key)
    }

    /// Of a workspace that is deleted in the end: whatever the snapshot or the journal has of it is passed over.
    pub fn is_deleted(&self, key: WorkspaceKey) -> bool {
        self.system.is_deleted(key.id)
    }
}
