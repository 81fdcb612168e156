//! What was erased goes from older snapshots and from the journal, too (R4.10).
//!
//! At three quarters of the time that an erasure has, if a snapshot or the journal's first group is still as old as
//! the erasure, the journal turns to a new segment, and as many snapshots are taken as are kept. So what holds the
//! erased is removed as any old snapshot and segment is, and there is no second way of removing.

use std::fmt;
use std::sync::Arc;

use crate::domain::system::SystemRecord;
use crate::domain::time::Millis;
use crate::journal::codec::GroupView;
use crate::snapshot::{ListedState, SnapshotError};

use super::super::engine::Engine;
use super::super::handle::Status;
use super::super::shared::Shared;
use super::TakeError;

/// For a time, the earlier time up to which nothing that was written may be left by then.
#[derive(Clone)]
pub struct Purge(Arc<dyn Fn(Millis) -> Option<Millis> + Send + Sync>);

impl Purge {
    pub fn new(due: impl Fn(Millis) -> Option<Millis> + Send + Sync + 'static) -> Self {
        Self(Arc::new(due))
    }
}

impl Default for Purge {
    fn default() -> Self {
        Self::new(|_| None)
    }
}

impl fmt::Debug for Purge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Purge")
    }
}

impl Engine {
    /// Removes what must be gone by now, if a snapshot or the journal still has it: turns to a new segment, and takes
    /// as many snapshots as are kept, so that no older one is left, nor the journal that only those needed. True if
    /// anything had to be removed.
    pub(in super::super) async fn purge(&self) -> Result<bool, TakeError> {
        let Some(before) = (self.shared.options.purge.0)(self.now()) else { return Ok(false) };
        // Where neither a side nor the system workspace is, nothing can be erased.
        if self.shared.system.followed().is_some() && self.shared.directory.workspaces().is_empty() {
            return Ok(false);
        }
        if !self.with_store(move |shared| shared.holds(before)).await? {
            return Ok(false);
        }
        self.shared.writer.seal();
        // The journal's last group always stays, so a later group must follow in the new segment.
        self.write_nothing().await?;
        for _ in 0..self.shared.snapshots.rules.keep.max(1) {
            self.snapshot().await?;
        }
        Ok(true)
    }

    /// Writes a record that changes nothing.
    async fn write_nothing(&self) -> Result<(), TakeError> {
        if self.shared.system.followed().is_none() {
            let _done = self.system(SystemRecord::KeysUsed(Vec::new())).await?;
            return Ok(());
        }
        let side = self.shared.directory.workspaces().into_iter().find(|handle| handle.status() == Status::Serving);
        match side {
            Some(handle) => Ok(self.write_own(&handle, handle.settings_record()).await?),
            None => Ok(()),
        }
    }
}

impl Shared {
    /// Whether a snapshot or the journal holds anything that was written at or before `before`.
    fn holds(&self, before: Millis) -> Result<bool, SnapshotError> {
        let listed = self.snapshots.store.list()?;
        let is_old = |state: &ListedState| match state {
            ListedState::Whole(manifest) => manifest.created_at <= before,
            ListedState::Unusable(_) | ListedState::SetAside => false,
        };
        let first = self.reader.read(self.reader.first()).ok().and_then(|mut groups| groups.next());
        let receipt = first.and_then(Result::ok).and_then(|entry| Some(GroupView::new(&entry.group).ok()?.receipt));
        Ok(listed.iter().any(|listed| is_old(&listed.state)) || receipt.is_some_and(|receipt| receipt <= before))
    }
}
