//! Bounds on what waits (I5). Bytes are counted once, from a request's head until its
//! record is applied (R4.9).

use std::sync::Arc;

use dashmap::DashMap;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::domain::ids::Id;

use super::duplicates::Reservation;
use super::error::EngineError;

/// A tenant's part of the server's bytes: one half.
const TENANTS_PART: usize = 2;
/// A workspace's, both its sides together (R4.9).
const WORKSPACES_PART: usize = 4;

/// The bytes that may be in flight in the whole server, of which a tenant holds at most half and a workspace at
/// most a quarter. The contract asks for the quarter only; a tenant with five workspaces could otherwise fill
/// everything with bodies that never come.
#[derive(Debug)]
pub(crate) struct InFlightBudget {
    server: Arc<Semaphore>,
    limit: usize,
    workspaces: DashMap<Id, Arc<Semaphore>>,
    tenants: DashMap<Box<str>, Arc<Semaphore>>,
}

/// What one workspace may hold of the budget; both its sides share it.
#[derive(Clone, Debug)]
pub(crate) struct Allowance {
    workspace: Arc<Semaphore>,
    tenant: Arc<Semaphore>,
    server: Arc<Semaphore>,
}

/// The bytes of one request body, or of a command's record, and room for the identities of its events. It travels with
/// the record through the journal, and gives all back when it is dropped: after the record was applied, whether or not
/// its client still waits.
#[derive(Debug)]
pub struct BodyPermit {
    bytes: [OwnedSemaphorePermit; 3],
    identities: Option<Reservation>,
}

impl InFlightBudget {
    /// At most `limit` bytes are in flight at any time.
    pub fn new(limit: usize) -> Self {
        let limit = limit.min(Semaphore::MAX_PERMITS);
        let (workspaces, tenants) = (DashMap::new(), DashMap::new());
        Self { server: Arc::new(Semaphore::new(limit)), limit, workspaces, tenants }
    }

    /// What `workspace` of `tenant` may hold.
    pub fn allowance(&self, workspace: Id, tenant: &str) -> Allowance {
        let part = |of: usize| move || Arc::new(Semaphore::new(self.limit / of));
        Allowance {
            workspace: Arc::clone(&self.workspaces.entry(workspace).or_insert_with(part(WORKSPACES_PART))),
            tenant: Arc::clone(&self.tenants.entry(tenant.into()).or_insert_with(part(TENANTS_PART))),
            server: Arc::clone(&self.server),
        }
    }

    /// The workspace was deleted; what it still holds comes back to the tenant and the server.
    pub fn forget(&self, workspace: Id) {
        self.workspaces.remove(&workspace);
    }

    /// Bytes in flight now.
    pub fn held(&self) -> usize {
        self.limit.saturating_sub(self.server.available_permits())
    }

    pub const fn limit(&self) -> usize {
        self.limit
    }
}

impl Allowance {
    /// Takes `bytes` within all three bounds, or nothing at all.
    pub fn take(&self, bytes: usize) -> Result<BodyPermit, EngineError> {
        take([&self.workspace, &self.tenant, &self.server], bytes.max(1))
            .map(|bytes| BodyPermit { bytes, identities: None })
    }
}

/// Takes `bytes` from all of them, or from none.
fn take(from: [&Arc<Semaphore>; 3], bytes: usize) -> Result<[OwnedSemaphorePermit; 3], EngineError> {
    let bytes = u32::try_from(bytes).map_err(|_| EngineError::Overloaded)?;
    let [a, b, c] = from.map(|one| Arc::clone(one).try_acquire_many_owned(bytes).map_err(|_| EngineError::Overloaded));
    Ok([a?, b?, c?])
}

impl BodyPermit {
    /// Holds `bytes` from now on: what is more than it needs is given back, what it lacks is taken. Where that cannot
    /// be had it stays as it was.
    pub fn resize(&mut self, bytes: usize) -> Result<(), EngineError> {
        let (now, bytes) = (self.bytes[0].num_permits(), bytes.max(1));
        if bytes > now {
            let more = take(self.bytes.each_ref().map(|held| held.semaphore()), bytes - now)?;
            self.bytes.iter_mut().zip(more).for_each(|(held, more)| held.merge(more));
        } else {
            self.bytes.iter_mut().for_each(|held| drop(held.split(now - bytes)));
        }
        Ok(())
    }

    /// Holds this room, too.
    pub(super) fn hold(&mut self, identities: Reservation) {
        self.identities = Some(identities);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r4_9_a_workspace_holds_a_quarter_a_tenant_half_and_a_refusal_takes_nothing() {
        let budget = InFlightBudget::new(400);
        let (one, two) = (budget.allowance(Id(1), "a"), budget.allowance(Id(2), "a"));
        let first = one.take(100).unwrap();
        assert_eq!(one.take(1).unwrap_err(), EngineError::Overloaded);
        assert!(budget.allowance(Id(1), "a").take(1).is_err(), "its other side has nothing of its own");
        let second = two.take(100).unwrap();
        let third = budget.allowance(Id(3), "a");
        assert_eq!(third.take(1).unwrap_err(), EngineError::Overloaded, "the tenant's half is spent");
        assert_eq!(third.workspace.available_permits(), 100, "what the workspace gave was given back");
        let others: Vec<_> = [4, 5].map(|id| budget.allowance(Id(id), "b").take(100).unwrap()).into();
        assert_eq!(budget.allowance(Id(6), "c").take(1).unwrap_err(), EngineError::Overloaded, "all bytes are spent");
        assert_eq!(budget.held(), 400);
        drop((first, second, others));
        assert_eq!(budget.held(), 0);
        assert!(one.take(100).is_ok());
    }

    #[test]
    fn r4_9_a_permit_grows_and_shrinks_to_what_its_body_needs() {
        let budget = InFlightBudget::new(400);
        let allowance = budget.allowance(Id(1), "a");
        let mut permit = allowance.take(80).unwrap();
        permit.resize(10).unwrap();
        assert_eq!((budget.held(), allowance.tenant.available_permits()), (10, 190));
        permit.resize(100).unwrap();
        assert_eq!((budget.held(), allowance.workspace.available_permits()), (100, 0));
        assert_eq!(permit.resize(101), Err(EngineError::Overloaded));
        assert_eq!((budget.held(), allowance.tenant.available_permits()), (100, 100), "it stays as it was");
        drop(permit);
        assert_eq!((budget.held(), allowance.workspace.available_permits()), (0, 100));
    }
}
