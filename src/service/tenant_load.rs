//! What each tenant has under way at a time: its requests, the bodies that are read for it, its bytes. One tenant's
//! flood leaves the others theirs.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use dashmap::DashMap;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Principal, Service, ServiceError};
use crate::actors::{Allowance, EngineError};

/// What one turn takes of a tenant's `2 × cores` permits while it is alone: it may use every core.
const ALONE: usize = 2;
/// What a turn takes while other tenants send: then the tenant uses half of the cores, at least one.
const IN_COMPANY: usize = 4;
/// How long tenants count as in company after requests of two of them came in turn.
const COMPANY: Duration = Duration::from_secs(10);

/// What the tenants have under way.
///
/// Work that takes long (bodies that are read, long answers that are made) is done in turns: a tenant that is alone
/// may use every core; one in company (another tenant's request came within the last ten seconds) half of them.
#[derive(Debug)]
pub struct TenantLoads {
    cores: usize,
    /// Requests that one tenant may have under way, and streams that it may have open.
    most_requests: usize,
    most_streams: usize,
    tenants: DashMap<Box<str>, Arc<TenantLoad>>,
    company: Company,
}

/// What one tenant has under way. Server keys, which belong to none, have one together.
#[derive(Debug)]
pub struct TenantLoad {
    /// Its name; empty for server keys.
    pub tenant: Arc<str>,
    /// For bytes that belong to none of its workspaces.
    pub room: Allowance,
    turns: Arc<Semaphore>,
    requests: AtomicUsize,
    streams: AtomicUsize,
}

/// A request under way, until this is dropped.
#[derive(Debug)]
pub struct Visit(Arc<TenantLoad>);

/// A stream is open, until this is dropped. It is no request under way.
#[derive(Debug)]
pub struct StreamPlace(Arc<TenantLoad>);

/// Work is done for a tenant, until this is dropped.
#[derive(Debug)]
pub struct Turn {
    _permit: OwnedSemaphorePermit,
    _tenant: Arc<TenantLoad>,
    /// Other tenants send requests, too.
    pub in_company: bool,
}

impl TenantLoads {
    /// On a machine with so many cores; of one tenant at most `most_requests` are under way, and `most_streams` open.
    pub fn new(cores: usize, most_requests: usize, most_streams: usize) -> Self {
        let (cores, most_requests) = (cores.max(1), most_requests.max(1));
        Self { cores, most_requests, most_streams, tenants: DashMap::new(), company: Company::default() }
    }

    /// Counts a stream of a tenant; how many it may have where it has as many.
    pub fn stream(&self, load: &Arc<TenantLoad>) -> Result<StreamPlace, usize> {
        let place = StreamPlace(Arc::clone(load));
        let before = load.streams.fetch_add(1, Ordering::Relaxed);
        if before < self.most_streams { Ok(place) } else { Err(self.most_streams) }
    }

    /// Waits until more work may be done for this tenant.
    pub async fn turn(&self, load: &Arc<TenantLoad>, now: Duration) -> Result<Turn, EngineError> {
        let in_company = self.company.is_there(now);
        let wanted = if in_company { IN_COMPANY } else { ALONE }.min(self.permits());
        let permit = Arc::clone(&load.turns).acquire_many_owned(u32::try_from(wanted).unwrap_or(1)).await;
        let permit = permit.map_err(|_| EngineError::ShuttingDown)?;
        Ok(Turn { _permit: permit, _tenant: Arc::clone(load), in_company })
    }

    /// Counts a request of a tenant, if it has not too many under way. `room`: makes what it has for its bytes.
    pub fn enter(
        &self,
        tenant: Option<&str>,
        now: impl FnOnce() -> Duration,
        room: impl FnOnce(&str) -> Allowance,
    ) -> Result<Visit, EngineError> {
        if let Some(tenant) = tenant {
            self.company.seen(tenant, now);
        }
        let visit = Visit(self.of(tenant.unwrap_or_default(), room));
        let before = visit.0.requests.fetch_add(1, Ordering::Relaxed);
        if before < self.most_requests { Ok(visit) } else { Err(visit.0.room.refuse()) }
    }

    /// Forgets tenants that have nothing under way.
    pub fn forget_idle(&self) {
        self.tenants.retain(|_, load| Arc::strong_count(load) > 1);
    }

    const fn permits(&self) -> usize {
        ALONE * self.cores
    }

    fn of(&self, tenant: &str, room: impl FnOnce(&str) -> Allowance) -> Arc<TenantLoad> {
        if let Some(load) = self.tenants.get(tenant) {
            return Arc::clone(&load);
        }
        let turns = Arc::new(Semaphore::new(self.permits()));
        let (requests, streams) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let new = TenantLoad { tenant: tenant.into(), room: room(tenant), turns, requests, streams };
        Arc::clone(&self.tenants.entry(tenant.into()).or_insert_with(|| Arc::new(new)))
    }
}

impl Visit {
    /// What the tenant of this request has under way.
    pub const fn load(&self) -> &Arc<TenantLoad> {
        &self.0
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

impl StreamPlace {
    /// For bytes that wait for the tenant's streams.
    pub fn room(&self) -> &Allowance {
        &self.0.room
    }
}

impl Drop for StreamPlace {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Service {
    /// Counts a request of this credential, against its rates and against what its tenant has under way.
    pub async fn enter(&self, who: &Principal) -> Result<Visit, ServiceError> {
        let room = |tenant: &str| self.engine.room_of(tenant);
        let visit = self.loads.enter(who.tenant.as_deref(), || self.engine.clock().elapsed(), room)?;
        if let Some(quotas) = &self.quotas {
            quotas.held(quotas.request(&quotas.payer(who, visit.load()))).await?;
        }
        Ok(visit)
    }

    /// Does what may take long in a turn of the tenant, on a thread that answers nobody.
    pub async fn in_turn<T: Send + 'static>(
        &self,
        load: &Arc<TenantLoad>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, EngineError> {
        let _turn = self.loads.turn(load, self.engine.clock().elapsed()).await?;
        self.engine.run_blocking(work).await
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
    use crate::actors::InFlightBudget;

    const START: Duration = Duration::from_secs(1);

    fn enter(loads: &TenantLoads, tenant: &str) -> Result<Visit, EngineError> {
        loads.enter(Some(tenant), || START, |tenant| InFlightBudget::new(1_000).of_tenant(tenant))
    }

    /// Turns of a tenant, as many as there are.
    fn all(loads: &TenantLoads, visit: &Visit, now: Duration) -> Vec<Turn> {
        let next = || futures::FutureExt::now_or_never(loads.turn(visit.load(), now)).transpose().unwrap();
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn a_tenant_has_every_core_alone_and_half_of_them_in_company() {
        for (cores, in_company) in [(1, 1), (2, 1), (3, 1), (4, 2), (8, 4)] {
            let loads = TenantLoads::new(cores, 10, 2);
            let a = enter(&loads, "a").unwrap();
            drop(enter(&loads, "a").unwrap());
            assert_eq!(all(&loads, &a, START).len(), cores);
            let _b = enter(&loads, "b").unwrap();
            assert_eq!(all(&loads, &a, START).len(), in_company, "{cores} cores");
            assert_eq!(all(&loads, &a, START + COMPANY).len(), cores, "the other was not there for long");
        }
    }

    #[test]
    fn a_tenants_turns_are_its_own() {
        let loads = TenantLoads::new(2, 10, 2);
        let a = enter(&loads, "a").unwrap();
        let held = all(&loads, &a, START);
        assert_eq!(held.len(), 2);
        drop(a);
        loads.forget_idle();
        let a = enter(&loads, "a").unwrap();
        assert_eq!(all(&loads, &a, START).len(), 0, "what is in use is not forgotten");
        assert_eq!(all(&loads, &enter(&loads, "b").unwrap(), START).len(), 1, "in company");
        drop((held, a));
        loads.forget_idle();
        assert!(loads.tenants.is_empty());
    }

    #[test]
    fn i5_a_tenant_has_so_many_requests_under_way_and_no_more() {
        let loads = TenantLoads::new(2, 3, 2);
        let held: Vec<_> = (0..3).map(|_| enter(&loads, "a").unwrap()).collect();
        assert_eq!(enter(&loads, "a").unwrap_err(), EngineError::Overloaded);
        enter(&loads, "b").expect("another tenant");
        drop(held);
        enter(&loads, "a").expect("a refusal holds nothing");
    }

    #[test]
    fn i5_a_tenant_has_so_many_streams_open_and_no_more() {
        let loads = TenantLoads::new(2, 3, 2);
        let (a, b) = (enter(&loads, "a").unwrap(), enter(&loads, "b").unwrap());
        let open = [(); 2].map(|()| loads.stream(a.load()).unwrap());
        assert_eq!(loads.stream(a.load()).unwrap_err(), 2);
        loads.stream(b.load()).expect("another tenant");
        drop(open);
        loads.stream(a.load()).expect("a refusal holds nothing");
    }
}
