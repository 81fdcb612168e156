//! The bound on what is remembered of events (I5, R4.4).

use std::sync::atomic::{AtomicU64, Ordering};

use super::error::EngineError;

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

    /// Counts that a workspace that held `before` identities holds `now`.
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
