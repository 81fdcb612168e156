//! How many bodies of one tenant are read at once, so that one tenant's flood leaves the others theirs.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dashmap::DashMap;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::actors::EngineError;

/// What one turn takes of a tenant's `2 × cores` permits while it is alone: it may use every core.
const ALONE: usize = 2;
/// What a turn takes while other tenants send: then the tenant uses half of the cores, at least one.
const IN_COMPANY: usize = 4;
/// How long tenants count as in company after requests of two of them came in turn.
const COMPANY: Duration = Duration::from_secs(10);

/// The turns in which bodies are read: a tenant that is alone may use every core; one in company (another tenant's
/// request came within the last ten seconds) half of them.
#[derive(Debug)]
pub struct ReadTurns {
    cores: usize,
    tenants: DashMap<Box<str>, Arc<Semaphore>>,
    company: Company,
}

/// A body of a tenant is being read, until this is dropped.
#[derive(Debug)]
pub struct ReadTurn {
    _permit: OwnedSemaphorePermit,
    /// Other tenants send requests, too.
    pub in_company: bool,
}

impl ReadTurns {
    /// On a machine with so many cores.
    pub fn new(cores: usize) -> Self {
        Self { cores: cores.max(1), tenants: DashMap::new(), company: Company::default() }
    }

    /// Waits until another body of this tenant may be read.
    pub async fn take(&self, tenant: &str, now: Duration) -> Result<ReadTurn, EngineError> {
        let in_company = self.company.is_there(now);
        let wanted = if in_company { IN_COMPANY } else { ALONE }.min(self.permits());
        let permit = self.of(tenant).acquire_many_owned(u32::try_from(wanted).unwrap_or(1)).await;
        Ok(ReadTurn { _permit: permit.map_err(|_| EngineError::ShuttingDown)?, in_company })
    }

    /// Records a tenant's request.
    pub fn seen(&self, tenant: &str, now: impl FnOnce() -> Duration) {
        self.company.seen(tenant, now);
    }

    /// Forgets tenants of whom nothing is being read.
    pub fn forget_idle(&self) {
        self.tenants.retain(|_, turns| Arc::strong_count(turns) > 1);
    }

    const fn permits(&self) -> usize {
        ALONE * self.cores
    }

    fn of(&self, tenant: &str) -> Arc<Semaphore> {
        if let Some(turns) = self.tenants.get(tenant) {
            return Arc::clone(&turns);
        }
        let new = || Arc::new(Semaphore::new(self.permits()));
        Arc::clone(&self.tenants.entry(tenant.into()).or_insert_with(new))
    }
}

impl Default for ReadTurns {
    fn default() -> Self {
        Self::new(std::thread::available_parallelism().map_or(1, usize::from))
    }
}

/// Whether several tenants send requests: not long ago, one's request followed another's.
#[derive(Debug, Default)]
struct Company {
    hasher: RandomState,
    last: AtomicU64,
    /// When, in milliseconds; 0 while there was none.
    until: AtomicU64,
}

impl Company {
    fn seen(&self, tenant: &str, now: impl FnOnce() -> Duration) {
        let tenant = self.hasher.hash_one(tenant).max(1);
        // Mostly it is the same tenant as before, and nothing is written.
        if self.last.load(Ordering::Relaxed) == tenant {
            return;
        }
        let before = self.last.swap(tenant, Ordering::Relaxed);
        if before != 0 && before != tenant {
            self.until.fetch_max(millis(now() + COMPANY), Ordering::Relaxed);
        }
    }

    fn is_there(&self, now: Duration) -> bool {
        millis(now) < self.until.load(Ordering::Relaxed)
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(1);

    /// Turns of a tenant, as many as there are.
    fn all(turns: &ReadTurns, tenant: &str, now: Duration) -> Vec<ReadTurn> {
        let next = || futures::FutureExt::now_or_never(turns.take(tenant, now)).transpose().unwrap();
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn a_tenant_has_every_core_alone_and_half_of_them_in_company() {
        for (cores, in_company) in [(1, 1), (2, 1), (3, 1), (4, 2), (8, 4)] {
            let turns = ReadTurns::new(cores);
            turns.seen("a", || START);
            turns.seen("a", || START);
            assert_eq!(all(&turns, "a", START).len(), cores);
            turns.seen("b", || START);
            assert_eq!(all(&turns, "a", START).len(), in_company, "{cores} cores");
            assert_eq!(all(&turns, "a", START + COMPANY).len(), cores, "the other was not there for long");
        }
    }

    #[test]
    fn a_tenants_turns_are_its_own() {
        let turns = ReadTurns::new(2);
        let held = all(&turns, "a", START);
        assert_eq!(held.len(), 2);
        turns.forget_idle();
        assert_eq!(all(&turns, "a", START).len(), 0, "what is in use is not forgotten");
        assert_eq!(all(&turns, "b", START).len(), 2);
        drop(held);
        turns.forget_idle();
        assert!(turns.tenants.is_empty());
    }
}
