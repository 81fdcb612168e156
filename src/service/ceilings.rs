//! How many workspaces and keys a tenant may make for itself (R2.18b). Judged before the record is written; apply takes
//! what the journal has, whatever the configuration is then (I1).

use std::sync::Arc;

use dashmap::DashMap;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::ServiceError;
use crate::domain::system_table::SystemTable;

/// The ceilings, and whose turn it is: of one tenant, one at a time is judged and written, so that none is passed
/// however many come at once.
#[derive(Debug)]
pub struct Ceilings {
    workspaces: usize,
    keys: usize,
    turns: DashMap<Box<str>, Arc<Mutex<()>>>,
}

impl Default for Ceilings {
    fn default() -> Self {
        Self::new(1_000, 10_000)
    }
}

/// Held from the judgement until the record is applied.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    ceilings: &'a Ceilings,
    tenant: Box<str>,
    /// Always there until the end.
    held: Option<OwnedMutexGuard<()>>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        drop(self.held.take());
        self.ceilings.turns.remove_if(&self.tenant, |_, turn| Arc::strong_count(turn) == 1);
    }
}

impl Ceilings {
    /// At most so many of each for every tenant.
    pub fn new(workspaces: usize, keys: usize) -> Self {
        Self { workspaces, keys, turns: DashMap::new() }
    }

    pub(super) async fn turn(&self, tenant: &str) -> Turn<'_> {
        let turn = Arc::clone(&self.turns.entry(tenant.into()).or_default());
        Turn { ceilings: self, tenant: tenant.into(), held: Some(turn.lock_owned().await) }
    }

    pub(super) fn admits_workspace(&self, table: &SystemTable, tenant: &str) -> Result<(), ServiceError> {
        let within = table.workspace_count(Some(tenant)) < self.workspaces;
        if within { Ok(()) } else { Err(ServiceError::TooManyWorkspaces(self.workspaces)) }
    }

    pub(super) fn admits_key(&self, table: &SystemTable, tenant: &str) -> Result<(), ServiceError> {
        let within = table.key_count(Some(tenant)) < self.keys;
        if within { Ok(()) } else { Err(ServiceError::TooManyKeys(self.keys)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_tenant_takes_turns_with_itself_alone_and_leaves_nothing_behind() {
        let ceilings = Ceilings::default();
        let first = ceilings.turn("a").await;
        let mut second = Box::pin(ceilings.turn("a"));
        assert!(futures::poll!(second.as_mut()).is_pending());
        let other = ceilings.turn("b").await;
        drop(first);
        let second = second.await;
        assert_eq!(ceilings.turns.len(), 2);
        drop((second, other));
        assert!(ceilings.turns.is_empty());
    }
}
