//! The memory of event identities, against its limit and its shares (R4.4). What one tenant can use up belongs to that
//! tenant: beyond its share its events are refused and nobody else's.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use dashmap::DashMap;

use crate::domain::ids::Side;
use crate::domain::time::{HOUR, Millis};

use super::error::EngineError;

/// One part in so many of the server's identities is what a tenant may hold: a half.
const TENANTS_PART: u64 = 2;
/// What all the test sides of a tenant may hold together: a hundredth. A key for tests is easily given away.
const TEST_PART: u64 = 100;

/// Whose room for identities is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryShare {
    Server,
    /// The tenant's, its test sides included.
    Tenant,
    /// That of all test sides of the tenant.
    TestSides,
}

impl fmt::Display for MemoryShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server => "The memory of event identities is full.",
            Self::Tenant => "The tenant's share of the memory of event identities is used up.",
            Self::TestSides => {
                "The share that the tenant's test sides have of the memory of event identities is used up."
            }
        })
    }
}

/// Identities that are remembered or under way, against a bound.
#[derive(Debug)]
struct Tally {
    used: AtomicU64,
    limit: u64,
    /// When old identities were last let go of because it was full.
    relieved_at: AtomicI64,
}

impl Tally {
    fn new(limit: u64) -> Self {
        Self { used: AtomicU64::new(0), limit, relieved_at: Millis::MIN.into() }
    }

    /// Takes room unless all is used. A request is taken whole, so the bound is passed by what one request has at most.
    fn take(&self, events: u64) -> bool {
        let more = |used| (used < self.limit).then(|| used + events);
        self.used.try_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    fn moved(&self, before: u64, now: u64) {
        if now >= before {
            self.used.fetch_add(now - before, Ordering::Relaxed);
        } else {
            self.used.fetch_sub(before - now, Ordering::Relaxed);
        }
    }

    fn used_ratio(&self) -> f64 {
        self.used.load(Ordering::Relaxed) as f64 / self.limit as f64
    }
}

/// What one tenant uses.
#[derive(Debug)]
struct TenantUse {
    all: Tally,
    test: Tally,
}

/// The memory of event identities of the whole server.
#[derive(Debug)]
pub(crate) struct DuplicateMemory {
    server: Arc<Tally>,
    /// What sides have published after their rounds.
    held: AtomicU64,
    tenants: DashMap<Box<str>, Arc<TenantUse>>,
}

/// What a side of a tenant uses the memory by.
#[derive(Clone, Debug)]
pub(crate) struct DuplicateShare {
    server: Arc<Tally>,
    tenant: Arc<TenantUse>,
    side: Side,
}

/// Room for the identities of one request, from its admission until its events are applied: then the side has counted
/// those that it remembers.
#[derive(Debug)]
pub(crate) struct Reservation {
    share: DuplicateShare,
    events: u64,
}

impl DuplicateMemory {
    pub fn new(limit: u64) -> Self {
        Self { server: Arc::new(Tally::new(limit.max(1))), held: AtomicU64::new(0), tenants: DashMap::new() }
    }

    /// What a side of `tenant` uses it by.
    pub fn share(&self, tenant: &str, side: Side) -> DuplicateShare {
        let part = |of: u64| Tally::new((self.server.limit / of).max(1));
        let made = || Arc::new(TenantUse { all: part(TENANTS_PART), test: part(TEST_PART) });
        let tenant = Arc::clone(&self.tenants.entry(tenant.into()).or_insert_with(made));
        DuplicateShare { server: Arc::clone(&self.server), tenant, side }
    }

    /// Counts that a side that held `before` identities holds `now`.
    pub fn moved(&self, share: &DuplicateShare, before: u64, now: u64) {
        share.tallies().into_iter().flatten().for_each(|(tally, _)| tally.moved(before, now));
        self.held.fetch_add(now.wrapping_sub(before), Ordering::Relaxed);
    }

    pub fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    pub fn limit(&self) -> u64 {
        self.server.limit
    }

    /// How much of its share the tenant uses that uses most of one.
    pub fn largest_share_used(&self) -> f64 {
        let used = |tenant: &TenantUse| tenant.all.used_ratio().max(tenant.test.used_ratio());
        self.tenants.iter().map(|entry| used(&entry)).fold(0.0, f64::max)
    }
}

impl DuplicateShare {
    /// Those that it counts in, the narrowest first: who is refused by its own share never touches what others use.
    fn tallies(&self) -> [Option<(&Tally, MemoryShare)>; 3] {
        let test = match self.side {
            Side::Live => None,
            Side::Test => Some((&self.tenant.test, MemoryShare::TestSides)),
        };
        [test, Some((&self.tenant.all, MemoryShare::Tenant)), Some((&*self.server, MemoryShare::Server))]
    }

    /// Takes room for so many events within all bounds, or none at all.
    pub fn reserve(&self, events: usize) -> Result<Reservation, EngineError> {
        let events = events as u64;
        let mut taken: Vec<&Tally> = Vec::with_capacity(3);
        for (tally, share) in self.tallies().into_iter().flatten() {
            if !tally.take(events) {
                taken.into_iter().for_each(|tally| tally.moved(events, 0));
                return Err(EngineError::DuplicateMemoryFull(share));
            }
            taken.push(tally);
        }
        Ok(Reservation { share: self.clone(), events })
    }

    /// Whether what is full with `share` is what this side counts in, too.
    pub fn is_within(&self, share: MemoryShare, of: &Self) -> bool {
        match share {
            MemoryShare::Server => true,
            MemoryShare::Tenant => Arc::ptr_eq(&self.tenant, &of.tenant),
            MemoryShare::TestSides => self.side == Side::Test && Arc::ptr_eq(&self.tenant, &of.tenant),
        }
    }

    /// Whether old identities are to be let go of now in what is full: once an hour.
    pub fn is_relief_due(&self, full: MemoryShare, now: Millis) -> bool {
        let found = self.tallies().into_iter().flatten().find(|(_, share)| *share == full);
        found.is_some_and(|(Tally { relieved_at, .. }, _)| {
            let last = relieved_at.load(Ordering::Relaxed);
            let due = now.saturating_sub(last) >= HOUR;
            due && relieved_at.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        })
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.share.tallies().into_iter().flatten().for_each(|(tally, _)| tally.moved(self.events, 0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: [EngineError; 3] = [
        EngineError::DuplicateMemoryFull(MemoryShare::Server),
        EngineError::DuplicateMemoryFull(MemoryShare::Tenant),
        EngineError::DuplicateMemoryFull(MemoryShare::TestSides),
    ];

    /// What a refusal says.
    fn refused(share: &DuplicateShare) -> Option<EngineError> {
        share.reserve(1).err()
    }

    #[test]
    fn r4_4_a_tenant_holds_half_and_its_test_sides_a_hundredth() {
        let memory = DuplicateMemory::new(1_000);
        let live = ["a", "b", "c"].map(|tenant| memory.share(tenant, Side::Live));
        let test = ["a", "b"].map(|tenant| memory.share(tenant, Side::Test));
        memory.moved(&test[0], 0, 10);
        assert_eq!((refused(&test[0]), refused(&live[0]), refused(&test[1])), (Some(FULL[2]), None, None));
        memory.moved(&live[0], 0, 490);
        assert_eq!((refused(&live[0]), refused(&live[1])), (Some(FULL[1]), None));
        assert_eq!(memory.largest_share_used(), 1.0);
        memory.moved(&live[1], 0, 500);
        assert_eq!((refused(&live[2]), memory.held()), (Some(FULL[0]), 1_000));
        memory.moved(&live[1], 500, 499);
        assert_eq!((refused(&live[2]), refused(&live[1]), refused(&live[0])), (None, None, Some(FULL[1])));
    }

    #[test]
    fn r4_4_what_is_under_way_counts_and_a_refusal_takes_nothing() {
        let memory = DuplicateMemory::new(1_000);
        let (live, test) = (memory.share("a", Side::Live), memory.share("a", Side::Test));
        let under_way = test.reserve(1_000).unwrap();
        assert_eq!((refused(&test), refused(&live)), (Some(FULL[2]), Some(FULL[1])), "one request passes the bounds");
        assert_eq!(refused(&memory.share("b", Side::Live)), Some(FULL[0]));
        drop(under_way);
        let first = live.reserve(400).unwrap();
        let second = live.reserve(400).unwrap();
        assert_eq!((refused(&live), refused(&test), memory.held()), (Some(FULL[1]), Some(FULL[1]), 0));
        assert_eq!(memory.server.used.load(Ordering::Relaxed), 800, "refusals gave back what they took");
        // Applied: remembered, and no longer under way.
        memory.moved(&live, 0, 400);
        drop((first, second));
        assert_eq!((refused(&live), memory.held(), memory.largest_share_used()), (None, 400, 0.8));
    }

    #[test]
    fn r4_4_many_at_once_pass_a_share_by_one_request_at_most() {
        let memory = DuplicateMemory::new(10_000);
        let share = memory.share("a", Side::Live);
        let taken: Vec<_> = std::thread::scope(|scope| {
            let one = || (0..100).filter_map(|_| share.reserve(70).ok()).collect::<Vec<_>>();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(one)).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(taken.len(), 72, "71 requests of 70 leave room for one more");
    }

    #[test]
    fn r4_4_relief_is_hourly_and_for_those_that_share_what_is_full() {
        let memory = DuplicateMemory::new(1_000);
        let (a, b) = (memory.share("a", Side::Live), memory.share("b", Side::Test));
        assert!(a.is_relief_due(MemoryShare::Tenant, 0) && !a.is_relief_due(MemoryShare::Tenant, HOUR - 1));
        assert!(b.is_relief_due(MemoryShare::Tenant, 1), "another tenant's");
        assert!(a.is_relief_due(MemoryShare::Tenant, HOUR) && a.is_relief_due(MemoryShare::Server, HOUR));
        assert!(!b.is_relief_due(MemoryShare::Server, HOUR), "the server has one");
        assert!(b.is_within(MemoryShare::Server, &a) && !b.is_within(MemoryShare::Tenant, &a));
        assert!(a.is_within(MemoryShare::Tenant, &a) && !a.is_within(MemoryShare::TestSides, &a));
    }
}
