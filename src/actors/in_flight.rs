//! The bytes under way in the whole server, and whose they are (I5, R4.9): bodies while they arrive and until their
//! events are applied, records of commands, and large answers until they are written.
//!
//! One pool with a bound for each workspace and each tenant. A tenant holds at most as much as it leaves free
//! ("dynamic threshold", Choudhury and Hahne, IEEE/ACM Transactions on Networking 6(2), 1998): one that is alone gets
//! half, each of two a third, and some is always free for whoever comes next. An eighth of the pool stands apart for
//! tenants that hold next to nothing, so that a small request is taken however the rest was filled.

use std::borrow::Borrow;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use dashmap::DashMap;
use parking_lot::Mutex;

use crate::domain::ids::Id;

use super::duplicates::Reservation;
use super::error::EngineError;

/// A workspace's part of the pool, both its sides together (R4.9).
const WORKSPACES_PART: usize = 4;
/// The part that only tenants may use that hold little.
const RESERVE_PART: usize = 8;
/// What little is: one body of the greatest size at the default limits.
const LITTLE_PART: usize = 64;

/// Who holds bytes, by workspace and by tenant. The names are few: whoever holds something has a credential, or is
/// a workspace.
#[derive(Debug)]
pub(crate) struct InFlightBudget {
    pool: Arc<Pool>,
    workspaces: DashMap<Id, Arc<Held>>,
    tenants: DashMap<Box<str>, Arc<Held>>,
}

#[derive(Debug)]
struct Pool {
    limit: usize,
    /// All that is held. The parts of workspaces and tenants change under this lock alone.
    held: Mutex<usize>,
    refused: AtomicU64,
}

/// The bytes that a workspace or a tenant holds.
type Held = AtomicUsize;

/// On whose behalf bytes are held.
#[derive(Clone, Debug)]
pub struct Allowance {
    pool: Arc<Pool>,
    tenant: Arc<Held>,
    /// None for what belongs to no workspace: administration and answers.
    workspace: Option<Arc<Held>>,
}

/// Bytes that are held until this is dropped, and room for the identities of a body's events. A body's permit travels
/// with its record through the journal, and is dropped after the record was applied, whether or not its client still
/// waits.
#[derive(Debug)]
pub struct BodyPermit {
    allowance: Allowance,
    bytes: usize,
    identities: Option<Reservation>,
}

impl InFlightBudget {
    /// At most `limit` bytes are held at any time.
    pub fn new(limit: usize) -> Self {
        let pool = Arc::new(Pool { limit, held: Mutex::new(0), refused: AtomicU64::new(0) });
        Self { pool, workspaces: DashMap::new(), tenants: DashMap::new() }
    }

    /// For a workspace of a tenant.
    pub fn allowance(&self, workspace: Id, tenant: &str) -> Allowance {
        Allowance { workspace: Some(held(&self.workspaces, &workspace, || workspace)), ..self.of_tenant(tenant) }
    }

    /// For what a tenant does that belongs to none of its workspaces.
    pub fn of_tenant(&self, tenant: &str) -> Allowance {
        let tenant = held(&self.tenants, tenant, || tenant.into());
        Allowance { pool: Arc::clone(&self.pool), tenant, workspace: None }
    }

    /// The workspace was deleted; what it still holds comes back to the tenant and the server.
    pub fn forget(&self, workspace: Id) {
        self.workspaces.remove(&workspace);
    }

    /// Bytes held now.
    pub fn held(&self) -> usize {
        *self.pool.held.lock()
    }

    pub fn limit(&self) -> usize {
        self.pool.limit
    }

    /// How often there was no room for somebody.
    pub fn refused(&self) -> u64 {
        self.pool.refused.load(Ordering::Relaxed)
    }
}

/// Mostly it is there, and nothing is locked for writing.
fn held<K: Eq + Hash + Borrow<Q>, Q: Eq + Hash + ?Sized>(
    map: &DashMap<K, Arc<Held>>,
    name: &Q,
    key: impl FnOnce() -> K,
) -> Arc<Held> {
    match map.get(name) {
        Some(held) => Arc::clone(&held),
        None => Arc::clone(&map.entry(key()).or_default()),
    }
}

impl Allowance {
    /// Holds `bytes` within all bounds, or nothing at all.
    pub fn take(&self, bytes: usize) -> Result<BodyPermit, EngineError> {
        let mut permit = BodyPermit { allowance: self.clone(), bytes: 0, identities: None };
        permit.resize(bytes)?;
        Ok(permit)
    }

    /// Adds to all that is held, or to nothing.
    fn add(&self, bytes: usize) -> Result<(), EngineError> {
        let Pool { limit, held, .. } = &*self.pool;
        let mut all = held.lock();
        let total = all.saturating_add(bytes);
        let tenant = self.tenant.load(Ordering::Relaxed).saturating_add(bytes);
        let workspace = self.workspace.as_ref().map_or(0, |held| held.load(Ordering::Relaxed).saturating_add(bytes));
        let common = limit - limit / RESERVE_PART;
        let fits = tenant <= common.saturating_sub(total) || (tenant <= limit / LITTLE_PART && total <= *limit);
        if !fits || workspace > limit / WORKSPACES_PART {
            return Err(self.refuse());
        }
        *all = total;
        self.tenant.store(tenant, Ordering::Relaxed);
        if let Some(held) = &self.workspace {
            held.store(workspace, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Why nothing is taken; counted.
    pub fn refuse(&self) -> EngineError {
        self.pool.refused.fetch_add(1, Ordering::Relaxed);
        EngineError::Overloaded
    }

    fn give_back(&self, bytes: usize) {
        let mut all = self.pool.held.lock();
        *all -= bytes;
        for held in [Some(&self.tenant), self.workspace.as_ref()].into_iter().flatten() {
            held.fetch_sub(bytes, Ordering::Relaxed);
        }
    }
}

impl BodyPermit {
    /// Holds `bytes` from now on: what is more than it needs is given back, what it lacks is taken. Where that cannot
    /// be had it stays as it was.
    pub fn resize(&mut self, bytes: usize) -> Result<(), EngineError> {
        if bytes > self.bytes {
            self.allowance.add(bytes - self.bytes)?;
        } else if bytes < self.bytes {
            self.allowance.give_back(self.bytes - bytes);
        }
        self.bytes = bytes;
        Ok(())
    }

    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Holds this room, too.
    pub(super) fn hold(&mut self, identities: Reservation) {
        self.identities = Some(identities);
    }
}

impl Drop for BodyPermit {
    fn drop(&mut self) {
        self.allowance.give_back(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Takes single bytes until no more are given.
    fn all(allowance: &Allowance) -> BodyPermit {
        let mut permit = allowance.take(0).unwrap();
        while permit.resize(permit.bytes() + 1).is_ok() {}
        permit
    }

    #[test]
    fn r4_9_a_workspace_holds_a_quarter_and_a_tenant_alone_as_much_as_it_leaves() {
        let budget = InFlightBudget::new(6_400);
        let first = all(&budget.allowance(Id(1), "a"));
        assert_eq!(first.bytes(), 1_600);
        assert!(budget.allowance(Id(1), "a").take(1).is_err(), "its other side has nothing of its own");
        let second = all(&budget.allowance(Id(2), "a"));
        assert_eq!(first.bytes() + second.bytes(), (6_400 - 800) / 2);
        assert_eq!(budget.allowance(Id(3), "a").take(1).unwrap_err(), EngineError::Overloaded);
        drop((first, second));
        assert_eq!(budget.held(), 0);
    }

    #[test]
    fn r4_9_whoever_comes_next_finds_something_and_the_reserve_is_for_those_with_little() {
        let budget = InFlightBudget::new(6_400);
        let tenants: Vec<String> = (0..12).map(|n| format!("tenant {n}")).collect();
        let held: Vec<_> = tenants.iter().map(|tenant| all(&budget.of_tenant(tenant))).collect();
        assert_eq!(held[0].bytes(), 2_800);
        assert!(held.iter().all(|permit| permit.bytes() >= 100), "{held:?}");
        let crowd = budget.held();
        assert!(crowd > 5_600, "some have what they hold from the reserve: {crowd}");
        assert_eq!(budget.of_tenant("tenant 0").take(1).unwrap_err(), EngineError::Overloaded);
    }

    #[test]
    fn r4_9_a_permit_grows_and_shrinks_to_what_its_body_needs() {
        let budget = InFlightBudget::new(6_400);
        let allowance = budget.allowance(Id(1), "a");
        let mut permit = allowance.take(80).unwrap();
        permit.resize(10).unwrap();
        assert_eq!(budget.held(), 10);
        permit.resize(1_600).unwrap();
        assert_eq!(permit.resize(1_601), Err(EngineError::Overloaded));
        assert_eq!((budget.held(), permit.bytes()), (1_600, 1_600), "it stays as it was");
        drop(permit);
        assert_eq!(budget.held(), 0);
        assert_eq!(all(&allowance).bytes(), 1_600);
    }

    proptest! {
        #[test]
        fn r4_9_no_bound_is_ever_passed_and_all_is_given_back(
            asked in proptest::collection::vec((0_u128..6, 0..3_usize, 0..900_usize, any::<bool>()), 1..200)
        ) {
            let budget = InFlightBudget::new(6_400);
            let mut held: Vec<(u128, usize, BodyPermit)> = Vec::new();
            for (workspace, tenant, bytes, lets_go) in asked {
                if lets_go && !held.is_empty() {
                    held.swap_remove(bytes % held.len());
                    continue;
                }
                // A workspace is of one tenant.
                let workspace = workspace * 3 + tenant as u128;
                if let Ok(permit) = budget.allowance(Id(workspace), ["a", "b", "c"][tenant]).take(bytes) {
                    held.push((workspace, tenant, permit));
                }
                let sum = |of: &dyn Fn(&(u128, usize, BodyPermit)) -> bool| {
                    held.iter().filter(|one| of(one)).map(|(_, _, permit)| permit.bytes()).sum::<usize>()
                };
                prop_assert_eq!(budget.held(), sum(&|_| true));
                prop_assert!(budget.held() <= 6_400);
                prop_assert!(sum(&|one| one.0 == workspace) <= 1_600);
                prop_assert!(sum(&|one| one.1 == tenant) <= 2_800);
            }
            drop(held);
            prop_assert_eq!(budget.held(), 0);
        }
    }
}
