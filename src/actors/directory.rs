//! Finds actors: those of workspace sides, and of accounts that are awake.

use std::sync::Arc;

use dashmap::DashMap;
use ractor::{ActorId, ActorRef};

use crate::domain::ids::{Id, WorkspaceKey};

use super::account::AccountCell;
use super::handle::WorkspaceHandle;
use super::messages::AccountMsg;

/// Any thread reads both maps. Entries are made by the engine (workspaces, on first use) and by the workspaces (their
/// accounts).
#[derive(Default)]
pub(crate) struct Directory {
    workspaces: DashMap<WorkspaceKey, Arc<WorkspaceHandle>>,
    accounts: DashMap<(WorkspaceKey, Id), AwakeAccount>,
}

/// A running account.
#[derive(Clone)]
pub(crate) struct AwakeAccount {
    pub actor: ActorRef<AccountMsg>,
    pub cell: Arc<AccountCell>,
}

impl Directory {
    pub fn workspace(&self, key: WorkspaceKey) -> Option<Arc<WorkspaceHandle>> {
        self.workspaces.get(&key).map(|found| Arc::clone(&found))
    }

    /// The handle, made by `make` if there is none; `make` runs at most once a key.
    pub fn workspace_or_insert(
        &self,
        key: WorkspaceKey,
        make: impl FnOnce() -> Arc<WorkspaceHandle>,
    ) -> Arc<WorkspaceHandle> {
        Arc::clone(&self.workspaces.entry(key).or_insert_with(make))
    }

    pub fn workspaces(&self) -> Vec<Arc<WorkspaceHandle>> {
        self.workspaces.iter().map(|entry| Arc::clone(&entry)).collect()
    }

    /// The side whose actor this is now.
    pub fn workspace_of(&self, actor: ActorId) -> Option<Arc<WorkspaceHandle>> {
        let is_it = |handle: &WorkspaceHandle| handle.queue.actor().is_some_and(|own| own.get_id() == actor);
        self.workspaces.iter().find(|entry| is_it(entry)).map(|entry| Arc::clone(&entry))
    }

    pub fn account(&self, key: WorkspaceKey, id: Id) -> Option<AwakeAccount> {
        self.accounts.get(&(key, id)).map(|found| found.clone())
    }

    pub fn account_woke(&self, key: WorkspaceKey, id: Id, account: AwakeAccount) {
        self.accounts.insert((key, id), account);
    }

    pub fn account_sleeps(&self, key: WorkspaceKey, id: Id) {
        self.accounts.remove(&(key, id));
    }

    /// A failed workspace's accounts died with it.
    pub fn forget_accounts(&self, key: WorkspaceKey) {
        self.accounts.retain(|(workspace, _), _| *workspace != key);
    }

    pub fn accounts_awake(&self) -> usize {
        self.accounts.len()
    }
}
