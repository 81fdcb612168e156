//! Bounds on what waits (I5, R4.9): bytes are counted from the door until they are applied.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use dashmap::DashMap;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::domain::ids::Id;

use super::error::EngineError;

/// The server's bytes, of which one workspace, both its sides together, holds at most a quarter.
#[derive(Debug)]
pub(crate) struct Admission {
    server: Arc<Semaphore>,
    limit: usize,
    shares: DashMap<Id, Arc<Semaphore>>,
}

/// Bytes taken by one record. Travels with the record through the journal and is given back when
/// it is dropped: after the record was applied, whether or not its client still waits.
#[derive(Debug)]
pub(crate) struct Permit {
    _workspace: OwnedSemaphorePermit,
    _server: OwnedSemaphorePermit,
}

impl Admission {
    /// At most `limit` bytes wait at any time.
    pub fn new(limit: usize) -> Self {
        let limit = limit.min(Semaphore::MAX_PERMITS);
        Self { server: Arc::new(Semaphore::new(limit)), limit, shares: DashMap::new() }
    }

    /// The share of one workspace.
    pub fn share(&self, workspace: Id) -> Arc<Semaphore> {
        let new = || Arc::new(Semaphore::new(self.limit / 4));
        Arc::clone(&self.shares.entry(workspace).or_insert_with(new))
    }

    /// Takes `bytes` from `share` and from the server's, or nothing at all.
    pub fn admit(&self, share: &Arc<Semaphore>, bytes: usize) -> Result<Permit, EngineError> {
        let bytes = u32::try_from(bytes.max(1)).map_err(|_| EngineError::Overloaded)?;
        let take =
            |from: &Arc<Semaphore>| Arc::clone(from).try_acquire_many_owned(bytes).map_err(|_| EngineError::Overloaded);
        Ok(Permit { _workspace: take(share)?, _server: take(&self.server)? })
    }

    /// Bytes that wait now.
    pub fn waiting(&self) -> usize {
        self.limit.saturating_sub(self.server.available_permits())
    }

    pub const fn limit(&self) -> usize {
        self.limit
    }
}

/// How many event identities the server remembers, against its ceiling (R4.4). The workspaces
/// publish what they hold after every round, so the ceiling may be overshot by what is in flight.
#[derive(Debug)]
pub(crate) struct DuplicateMemory {
    held: AtomicU64,
    limit: u64,
}

impl DuplicateMemory {
    pub const fn new(limit: u64) -> Self {
        Self { held: AtomicU64::new(0), limit }
    }

    /// Whether more events may come in.
    pub fn admit(&self) -> Result<(), EngineError> {
        if self.held() < self.limit { Ok(()) } else { Err(EngineError::DuplicateMemoryFull) }
    }

    /// A workspace that held `before` identities holds `now`.
    pub fn moved(&self, before: u64, now: u64) {
        if now >= before {
            self.held.fetch_add(now - before, Ordering::Relaxed);
        } else {
            self.held.fetch_sub(before - now, Ordering::Relaxed);
        }
    }

    pub fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    pub const fn limit(&self) -> u64 {
        self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r4_9_a_workspace_holds_at_most_a_quarter_and_a_refusal_takes_nothing() {
        let admission = Admission::new(400);
        let (one, two) = (admission.share(Id(1)), admission.share(Id(2)));
        let held = admission.admit(&one, 100).unwrap();
        assert_eq!(admission.admit(&one, 1).unwrap_err(), EngineError::Overloaded);
        assert!(admission.admit(&admission.share(Id(1)), 1).is_err(), "its other side has no share of its own");
        assert_eq!(admission.waiting(), 100);
        let _rest: Vec<_> = (3..6).map(|id| admission.admit(&admission.share(Id(id)), 100).unwrap()).collect();
        assert_eq!(admission.admit(&two, 1).unwrap_err(), EngineError::Overloaded, "the server's share is spent");
        assert_eq!(two.available_permits(), 100, "what the workspace's share gave was given back");
        drop(held);
        assert!(admission.admit(&two, 100).is_ok());
    }

    #[test]
    fn r4_4_the_ceiling_of_identities_is_judged_on_what_workspaces_publish() {
        let memory = DuplicateMemory::new(10);
        memory.moved(0, 9);
        assert_eq!(memory.admit(), Ok(()));
        memory.moved(9, 12);
        assert_eq!(memory.admit(), Err(EngineError::DuplicateMemoryFull));
        memory.moved(12, 3);
        assert_eq!((memory.admit(), memory.held()), (Ok(()), 3));
    }
}
