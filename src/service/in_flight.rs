//! What a tenant and a workspace may have of the door: bytes of bodies under way (R4.9), and turns to have
//! them read, so that one tenant's flood leaves the others theirs.
//!
//! Bytes are counted from the head of a request on, by its `Content-Length`. A tenant has at most half of them
//! (R4.9), since one with five workspaces could fill everything otherwise, with bodies that never come.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dashmap::DashMap;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::actors::{EngineError, Stats};
use crate::domain::ids::Id;

/// Bytes of ingest bodies that may be under way at the same time, until another bound is set.
const BYTES: usize = 256 << 20;
/// A tenant's part of them: one half.
const TENANTS_PART: usize = 2;
/// A workspace's, both its sides together (R4.9).
const WORKSPACES_PART: usize = 4;
/// What one read turn takes of a tenant's `2 × cores` permits while it is alone: it may use every core.
const ALONE: usize = 2;
/// And while others are there: half of the cores, one at least.
const IN_COMPANY: usize = 4;
/// How long tenants count as in company after requests of two of them came in turn.
const COMPANY: Duration = Duration::from_secs(10);

/// The bytes of ingest bodies in flight: the first half of R4.9. Bodies are counted from before they are read until they are
/// answered, by what they may hold at most. (The engine counts what waits for `apply`.)
#[derive(Debug)]
pub struct InFlightBudget {
    bytes: usize,
    cores: usize,
    server: Arc<Semaphore>,
    workspaces: DashMap<Id, Arc<Semaphore>>,
    tenants: DashMap<Box<str>, TenantBudget>,
    company: Company,
    refused: AtomicU64,
}

/// A tenant's.
#[derive(Clone, Debug)]
struct TenantBudget {
    bytes: Arc<Semaphore>,
    read_turns: Arc<Semaphore>,
}

/// The permit of one body, given back when this is dropped.
#[derive(Debug)]
pub struct BodyPermit {
    _bytes: [OwnedSemaphorePermit; 3],
    read_turns: Arc<Semaphore>,
}

/// A body of a tenant is being read, given back when this is dropped.
#[derive(Debug)]
pub struct ReadTurn {
    _permit: OwnedSemaphorePermit,
    /// Other tenants are there.
    pub in_company: bool,
}

impl InFlightBudget {
    /// InFlightBudget for so many bytes, on a machine with so many cores.
    pub fn new(bytes: usize, cores: usize) -> Self {
        let bytes = bytes.min(Semaphore::MAX_PERMITS);
        Self {
            bytes,
            cores: cores.max(1),
            server: Arc::new(Semaphore::new(bytes)),
            workspaces: DashMap::new(),
            tenants: DashMap::new(),
            company: Company::default(),
            refused: AtomicU64::new(0),
        }
    }

    /// A permit for a body of at most `bytes`, in all three bounds or in none.
    pub fn take(&self, tenant: &str, workspace: Id, bytes: usize) -> Result<BodyPermit, EngineError> {
        self.permit(tenant, workspace, bytes).inspect_err(|_| {
            self.refused.fetch_add(1, Ordering::Relaxed);
        })
    }

    fn permit(&self, tenant: &str, workspace: Id, bytes: usize) -> Result<BodyPermit, EngineError> {
        let bytes = u32::try_from(bytes).map_err(|_| EngineError::Overloaded)?;
        let share = self.share(tenant);
        let take = |from: Arc<Semaphore>| from.try_acquire_many_owned(bytes).map_err(|_| EngineError::Overloaded);
        let held = [take(self.workspace(workspace))?, take(share.bytes)?, take(Arc::clone(&self.server))?];
        Ok(BodyPermit { _bytes: held, read_turns: share.read_turns })
    }

    /// Waits until another body of this tenant may be read.
    pub async fn read_turn(&self, permit: &BodyPermit, now: Duration) -> Result<ReadTurn, EngineError> {
        let in_company = self.company.is_there(now);
        let wanted = if in_company { IN_COMPANY } else { ALONE }.min(self.permits());
        let permit = Arc::clone(&permit.read_turns).acquire_many_owned(u32::try_from(wanted).unwrap_or(1)).await;
        Ok(ReadTurn { _permit: permit.map_err(|_| EngineError::ShuttingDown)?, in_company })
    }

    /// What the engine tells of itself, with what is still on its way to it (R4.9's bytes and refusals).
    pub fn counted(&self, mut stats: Stats) -> Stats {
        stats.waiting_bytes = stats.waiting_bytes.max(self.bytes.saturating_sub(self.server.available_permits()));
        stats.counts.overloaded += self.refused.load(Ordering::Relaxed);
        stats
    }

    /// Takes note of a tenant's request.
    pub fn seen(&self, tenant: &str, now: impl FnOnce() -> Duration) {
        self.company.seen(tenant, now);
    }

    /// Forgets whose share is not in use.
    pub fn forget_idle(&self) {
        self.workspaces.retain(|_, share| Arc::strong_count(share) > 1);
        self.tenants.retain(|_, share| Arc::strong_count(&share.bytes) > 1 || Arc::strong_count(&share.read_turns) > 1);
    }

    const fn permits(&self) -> usize {
        ALONE * self.cores
    }

    fn workspace(&self, id: Id) -> Arc<Semaphore> {
        let new = || Arc::new(Semaphore::new(self.bytes / WORKSPACES_PART));
        Arc::clone(&self.workspaces.entry(id).or_insert_with(new))
    }

    fn share(&self, tenant: &str) -> TenantBudget {
        if let Some(share) = self.tenants.get(tenant) {
            return share.clone();
        }
        let new = || TenantBudget {
            bytes: Arc::new(Semaphore::new(self.bytes / TENANTS_PART)),
            read_turns: Arc::new(Semaphore::new(self.permits())),
        };
        self.tenants.entry(tenant.into()).or_insert_with(new).clone()
    }
}

impl Default for InFlightBudget {
    fn default() -> Self {
        Self::new(BYTES, std::thread::available_parallelism().map_or(1, usize::from))
    }
}

/// Whether several tenants are there: somebody's request came right behind somebody else's, not long ago.
#[derive(Debug, Default)]
struct Company {
    hasher: RandomState,
    last: AtomicU64,
    /// Milliseconds; nobody's yet at zero.
    until: AtomicU64,
}

impl Company {
    fn seen(&self, tenant: &str, now: impl FnOnce() -> Duration) {
        let tenant = self.hasher.hash_one(tenant).max(1);
        // Mostly it is the one of before, and nothing is written.
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

    /// How many bodies of a tenant with a permit may be read at once.
    fn read_turns(budget: &InFlightBudget, permit: &BodyPermit, now: Duration) -> usize {
        let mut held = Vec::new();
        while let Some(Ok(read_turn)) = futures::FutureExt::now_or_never(budget.read_turn(permit, now)) {
            held.push(read_turn);
        }
        held.len()
    }

    #[test]
    fn r4_9_a_workspace_holds_a_quarter_a_tenant_a_half_and_a_refusal_takes_nothing() {
        let budget = InFlightBudget::new(400, 2);
        let one = budget.take("a", Id(1), 100).unwrap();
        assert_eq!(budget.take("a", Id(1), 1).unwrap_err(), EngineError::Overloaded);
        let two = budget.take("a", Id(2), 100).unwrap();
        assert_eq!(budget.take("a", Id(3), 1).unwrap_err(), EngineError::Overloaded, "the tenant's half is spent");
        assert_eq!(budget.workspace(Id(3)).available_permits(), 100, "what the workspace gave was given back");
        let others: Vec<_> = [4, 5].map(|id| budget.take("b", Id(id), 100).unwrap()).into();
        assert_eq!(budget.take("c", Id(6), 1).unwrap_err(), EngineError::Overloaded, "the server's bytes are spent");
        drop((one, two));
        budget.take("c", Id(6), 100).unwrap();
        drop(others);
        budget.forget_idle();
        assert_eq!((budget.workspaces.len(), budget.tenants.len()), (0, 0));
    }

    #[test]
    fn a_tenant_has_every_core_alone_and_half_of_them_in_company() {
        for (cores, in_company) in [(1, 1), (2, 1), (3, 1), (4, 2), (8, 4)] {
            let budget = InFlightBudget::new(400, cores);
            let permit = budget.take("a", Id(1), 1).unwrap();
            budget.seen("a", || START);
            budget.seen("a", || START);
            assert_eq!(read_turns(&budget, &permit, START), cores);
            budget.seen("b", || START);
            assert_eq!(read_turns(&budget, &permit, START), in_company, "{cores} cores");
            assert_eq!(read_turns(&budget, &permit, START + COMPANY), cores, "the other was not there for long");
        }
    }

    #[test]
    fn a_tenants_turns_are_its_own() {
        let budget = InFlightBudget::new(400, 2);
        let (a, b) = (budget.take("a", Id(1), 1).unwrap(), budget.take("b", Id(2), 1).unwrap());
        let held: Vec<_> = std::iter::from_fn(|| {
            let read_turn = futures::FutureExt::now_or_never(budget.read_turn(&a, START));
            read_turn.transpose().unwrap()
        })
        .collect();
        assert_eq!(held.len(), 2);
        budget.forget_idle();
        assert_eq!(read_turns(&budget, &a, START), 0, "what is in use is not forgotten");
        assert_eq!(read_turns(&budget, &b, START), 2);
    }
}
