//! One workspace side after a failure (I6).

use std::collections::HashSet;

use crate::domain::ids::WorkspaceKey;
use crate::domain::settings::Settings;
use crate::domain::workspace::Workspace;
use crate::journal::codec::RawFrame;
use crate::journal::{GroupPosition, JournalRead};
use crate::snapshot::SnapshotStore;

use super::faults::ApplyFaults;
use super::load::{Damaged, Loader, Wanted};
use super::replay::{self, Replay, ReplayError, Replayed};
use super::{Base, Progress, RecoveryError, begins_at};

/// What the caller wants of it.
pub(crate) struct OneReplay {
    pub key: WorkspaceKey,
    pub name: Box<str>,
    /// The last frame to apply: all frames up to it wait in the side's queue, or were answered.
    pub upto: u64,
    /// The first frame whose request may still wait for an answer.
    pub replies_from: u64,
    pub faults: ApplyFaults,
}

impl OneReplay {
    /// Loads the side from the newest good snapshot, and reads the journal after it twice: once for the skips, then
    /// for everything.
    pub fn run(self, reader: &dyn JournalRead, store: &dyn SnapshotStore) -> Result<Replayed, RecoveryError> {
        let progress = Progress::default();
        let loader = Loader { store, wanted: Wanted::One(self.key), damaged: Damaged::Leave, progress: &progress };
        let Base { loaded, .. } = Base::load(reader, &loader, true, &|_| true)?;
        let from = begins_at(loaded.as_ref());
        let state = loaded.and_then(|mut loaded| loaded.workspaces.remove(&self.key));
        let new = || Box::new(Workspace::new(self.key, self.name.clone(), Settings::default()));
        let mut skipped = HashSet::new();
        self.for_each_own(reader, from, |raw| {
            skipped.extend(replay::skip_of(&raw)?);
            Ok(())
        })?;
        let replay = Replay::new(*state.unwrap_or_else(new), skipped, self.faults.clone());
        let mut replay = replay.keep_replies_from(self.replies_from);
        self.for_each_own(reader, from, |raw| {
            if replay.holds(raw.seq) { Ok(()) } else { replay.push(replay::decode(&raw)?) }
        })?;
        Ok(replay.finish()?)
    }

    fn for_each_own(
        &self,
        reader: &dyn JournalRead,
        from: GroupPosition,
        mut take: impl FnMut(RawFrame<'_>) -> Result<(), ReplayError>,
    ) -> Result<(), ReplayError> {
        replay::for_each_frame(
            reader,
            from,
            |raw| {
                let is_own = raw.key == self.key;
                if is_own && raw.seq <= self.upto {
                    take(raw)?;
                }
                Ok(!is_own || raw.seq < self.upto)
            },
            || {},
        )
    }
}
