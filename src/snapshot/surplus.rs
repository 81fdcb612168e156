//! The snapshots that are too many.

use crate::journal::GroupPosition;

use super::{Listed, ListedState, SnapshotError, SnapshotNumber, SnapshotStore};

/// Everything older than the oldest snapshot that is kept: whole ones, and those that were set aside.
/// What cannot be used stays, since a start decides what becomes of it.
#[derive(Debug)]
pub struct Surplus {
    /// Of the oldest that is kept.
    position: GroupPosition,
    whole: Vec<SnapshotNumber>,
    set_aside: Vec<SnapshotNumber>,
}

impl Surplus {
    /// What goes if the newest `keep` (at least one) are kept; `None` as long as there are fewer whole
    /// ones than that.
    pub fn find(store: &dyn SnapshotStore, keep: usize) -> Result<Option<Self>, SnapshotError> {
        let listed = store.list()?;
        let mut whole = listed.iter().filter_map(|listed| match &listed.state {
            ListedState::Whole(manifest) => Some(manifest),
            ListedState::Unusable(_) | ListedState::SetAside => None,
        });
        let Some(oldest) = whole.nth(keep.max(1) - 1) else { return Ok(None) };
        let mut surplus = Self { position: oldest.position, whole: Vec::new(), set_aside: Vec::new() };
        for Listed { number, state, .. } in listed.iter().filter(|listed| listed.number < oldest.number) {
            match state {
                ListedState::Whole(_) => surplus.whole.push(*number),
                ListedState::SetAside => surplus.set_aside.push(*number),
                ListedState::Unusable(_) => {}
            }
        }
        Ok(Some(surplus))
    }

    /// Removes them, and answers which, newest first.
    pub fn remove(&self, store: &dyn SnapshotStore) -> Result<Vec<SnapshotNumber>, SnapshotError> {
        self.whole.iter().try_for_each(|number| store.remove(*number))?;
        self.set_aside.iter().try_for_each(|number| store.remove_set_aside(*number))?;
        let mut removed = [self.whole.as_slice(), &self.set_aside].concat();
        removed.sort_unstable_by(|a, b| b.cmp(a));
        removed.dedup();
        Ok(removed)
    }

    /// The first group of the journal that one of those that are kept may need.
    pub const fn needs_from(&self) -> GroupPosition {
        self.position.next()
    }
}
