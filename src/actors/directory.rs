//! Finds actors: those of workspace sides, and of accounts that are awake.

use std::sync::Arc;

use dashmap::{DashMap, Entry};
use ractor::{ActorId, ActorRef};
use tokio::sync::watch;

use crate::domain::ids::{Id, WorkspaceKey};

use super::account::AccountCell;
use super::handle::WorkspaceHandle;
use super::messages::AccountMsg;

/// Any thread reads the maps. Entries are made by the engine (workspaces, with their first record) and by the workspaces
/// (their accounts).
#[derive(Default)]
pub(crate) struct Directory {
    workspaces: DashMap<WorkspaceKey, Arc<WorkspaceHandle>>,
    /// The epochs of sides that are not there yet, while somebody waits for their first change. Locked after
    /// `workspaces` only.
    awaited: DashMap<WorkspaceKey, Arc<watch::Sender<u64>>>,
    accounts: DashMap<(WorkspaceKey, Id), AwakeAccount>,
}

/// A running account.
#[derive(Clone)]
pub(crate) struct AwakeAccount {
    pub actor: ActorRef<AccountMsg>,
    pub cell: Arc<AccountCell>,
}

/// Waits for the epoch of a side, whether or not it is there yet.
pub(crate) struct EpochWatch<'a> {
    directory: &'a Directory,
    key: WorkspaceKey,
    /// Always there until the end.
    receiver: Option<watch::Receiver<u64>>,
}

impl EpochWatch<'_> {
    /// Waits until the epoch is another one, or the side is gone.
    pub async fn other_than(mut self, epoch: u64) {
        if let Some(receiver) = &mut self.receiver {
            drop(receiver.wait_for(|now| *now != epoch).await);
        }
    }
}

impl Drop for EpochWatch<'_> {
    fn drop(&mut self) {
        drop(self.receiver.take());
        self.directory.awaited.remove_if(&self.key, |_, epoch| epoch.receiver_count() == 0);
    }
}

impl Directory {
    /// To await a change of the gate of a side. Whoever makes the side later goes on with the same epoch.
    pub fn watch_epoch(&self, key: WorkspaceKey) -> EpochWatch<'_> {
        let receiver = match self.workspaces.entry(key) {
            Entry::Occupied(side) => side.get().watch_epoch(),
            // Nobody can make the side meanwhile: its place is locked.
            Entry::Vacant(_) => self.awaited.entry(key).or_default().subscribe(),
        };
        EpochWatch { directory: self, key, receiver: Some(receiver) }
    }

    /// The epoch of a side that is being made: the one that somebody waits for already, if anybody does.
    pub fn epoch_of_new(&self, key: WorkspaceKey) -> Arc<watch::Sender<u64>> {
        self.awaited.remove(&key).map(|(_, epoch)| epoch).unwrap_or_default()
    }

    pub fn workspace(&self, key: WorkspaceKey) -> Option<Arc<WorkspaceHandle>> {
        self.workspaces.get(&key).map(|found| Arc::clone(&found))
    }

    /// The handle, made by `make` if there is none and it makes one. The key's place is locked meanwhile.
    pub fn workspace_or_insert(
        &self,
        key: WorkspaceKey,
        make: impl FnOnce() -> Option<Arc<WorkspaceHandle>>,
    ) -> Option<Arc<WorkspaceHandle>> {
        match self.workspaces.entry(key) {
            Entry::Occupied(side) => Some(Arc::clone(side.get())),
            Entry::Vacant(place) => make().map(|made| Arc::clone(&place.insert(made))),
        }
    }

    /// Takes the side out: nobody finds it any more.
    pub fn take(&self, key: WorkspaceKey) -> Option<Arc<WorkspaceHandle>> {
        self.workspaces.remove(&key).map(|(_, handle)| handle)
    }

    /// Wakes who waits for a side that will never be there.
    pub fn wake_awaiting(&self, key: WorkspaceKey) {
        if let Some(epoch) = self.awaited.get(&key) {
            epoch.send_replace(u64::MAX);
        }
    }

    /// How many sides are waited for that are not there yet.
    #[cfg(test)]
    pub fn awaited(&self) -> usize {
        self.awaited.len()
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
