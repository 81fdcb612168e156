//! What operators see of the engine beside its counters.

use std::time::Duration;

use crate::domain::ids::WorkspaceKey;
use crate::domain::time::Millis;
use crate::domain::view::Skipped;
use crate::journal::Footprint;

use super::engine::Engine;
use super::handle::Status;
use super::status::JournalState;

/// The workspace sides that were ever used, by whether they answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkspacesNow {
    pub serving: usize,
    pub rebuilding: Vec<WorkspaceKey>,
    /// Down until a restart.
    pub failed: Vec<WorkspaceKey>,
    /// The sides that pass over events (I6), by id.
    pub skips: Vec<SideSkips>,
}

/// The events that a side passes over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideSkips {
    pub key: WorkspaceKey,
    pub skipped: Skipped,
}

/// The journal that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalNow {
    pub state: JournalState,
    pub full_since: Option<Millis>,
    /// The oldest group that is kept, and the last one.
    pub first_group: u64,
    pub last_group: u64,
    /// `None` where nothing was ever written.
    pub last_receipt: Option<Millis>,
    pub footprint: Option<Footprint>,
    /// Since the start; bytes without what the storage adds.
    pub groups: u64,
    pub frames: u64,
    pub bytes: u64,
}

impl Engine {
    pub fn workspaces_now(&self) -> WorkspacesNow {
        let mut now = WorkspacesNow::default();
        let mut handles = self.shared.directory.workspaces();
        handles.sort_by_key(|handle| handle.key);
        for handle in handles {
            match handle.status() {
                Status::Serving => now.serving += 1,
                Status::Rebuilding => now.rebuilding.push(handle.key),
                Status::Failed => now.failed.push(handle.key),
            }
            if let Some(skipped) = handle.skipped().filter(|skipped| skipped.count > 0) {
                now.skips.push(SideSkips { key: handle.key, skipped: (*skipped).clone() });
            }
        }
        now
    }

    pub fn journal_now(&self) -> JournalNow {
        let (health, reader) = (self.journal.read(), &self.shared.reader);
        JournalNow {
            state: health.into(),
            full_since: health.full_since,
            first_group: reader.first().0,
            last_group: reader.last().0,
            last_receipt: Some(health.last_receipt).filter(|receipt| *receipt != Millis::MIN),
            footprint: reader.footprint(),
            groups: health.groups,
            frames: health.frames,
            bytes: health.bytes,
        }
    }

    /// Time since an arbitrary instant of this process; never decreases.
    pub fn elapsed(&self) -> Duration {
        self.shared.clock.elapsed()
    }

    /// Nothing is taken any more.
    pub fn is_stopping(&self) -> bool {
        self.shared.is_stopping()
    }

    /// How many snapshots the configuration keeps.
    pub fn snapshots_kept(&self) -> usize {
        self.shared.options.snapshots.keep
    }
}
