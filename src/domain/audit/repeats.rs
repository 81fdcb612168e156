//! What was refused or changed nothing: each request once, with how often it came.

use std::sync::Arc;

use super::super::ids::Position;
use super::super::time::Millis;
use super::entry::{AuditEntry, Audited, Repeated};

/// Different ones that a trail keeps at most, each below 4 KiB: names, actors and tenants have at most 255 characters.
pub const KEPT_REPEATS: usize = 1_000;

/// In the order in which they came first. A clone shares them; the next change copies them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Repeats<A>(Arc<Vec<Repeated<A>>>);

impl<A> Default for Repeats<A> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<A> Repeats<A> {
    pub fn as_slice(&self) -> &[Repeated<A>] {
        &self.0
    }

    /// How many came first before this place.
    pub fn before(&self, receipt: Millis, at: Position) -> usize {
        self.0.partition_point(|repeated| (repeated.first.receipt, repeated.first.at) < (receipt, at))
    }
}

impl<A: Audited> Repeats<A> {
    /// Counts a request that came so often. Of too many different ones the one goes that did not come for the longest
    /// time.
    pub fn note(&mut self, entry: AuditEntry<A>, count: u64, last: Millis) {
        let list = Arc::make_mut(&mut self.0);
        let is_like = |known: &&mut Repeated<A>| {
            let first = &known.first;
            first.outcome == entry.outcome && first.actor == entry.actor && first.action.is_like(&entry.action)
        };
        if let Some(known) = list.iter_mut().find(is_like) {
            known.count = known.count.saturating_add(count);
            known.last = known.last.max(last);
            return;
        }
        list.push(Repeated { last: last.max(entry.receipt), first: entry, count });
        if list.len() > KEPT_REPEATS {
            let oldest = list.iter().enumerate().min_by_key(|(_, repeated)| repeated.last).map(|(place, _)| place);
            oldest.map(|place| list.remove(place));
        }
    }

    /// Drops what did not come since `cutoff`.
    pub fn forget(&mut self, cutoff: Millis) {
        if self.is_older(cutoff) {
            Arc::make_mut(&mut self.0).retain(|repeated| repeated.last >= cutoff);
        }
    }

    /// Whether something did not come since `cutoff`.
    pub fn is_older(&self, cutoff: Millis) -> bool {
        self.0.iter().any(|repeated| repeated.last < cutoff)
    }
}
