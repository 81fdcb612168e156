//! Finds actors: those of workspace sides, and of accounts that are awake.

use std::sync::Arc;

use dashmap::{DashMap, Entry};
use ractor::{ActorId, ActorRef};
use tokio::sync::watch;

use crate::domain::effect::EffectId;
use crate::domain::ids::{Id, WorkspaceKey};

use super::account::AccountCell;
use super::handle::WorkspaceHandle;
use super::messages::AccountMsg;
use super::shared::Shared;

/// Any thread reads the maps. Entries are made by the engine (workspaces, with their first record) and by the workspaces
/// (their accounts).
#[derive(Default)]
pub(crate) struct Directory {
    workspaces: DashMap<WorkspaceKey, Arc<WorkspaceHandle>>,
    /// The watches of sides that are not there yet, while somebody waits for their first change. Locked after
    /// `workspaces` only.
    awaited: DashMap<WorkspaceKey, Arc<Watches>>,
    accounts: DashMap<(WorkspaceKey, Id), AwakeAccount>,
}

/// A running account.
#[derive(Clone)]
pub(crate) struct AwakeAccount {
    pub actor: ActorRef<AccountMsg>,
    pub cell: Arc<AccountCell>,
}

/// What of a side others wait for. Each is a watch of its own, so that a round wakes only those whose matter has changed.
#[derive(Debug, Default)]
pub(crate) struct Watches {
    /// Of the gate (R8.1).
    pub epoch: watch::Sender<u64>,
    /// The newest effect (R8.2).
    pub effects: watch::Sender<Latest>,
}

/// What is known of a side's effects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Latest {
    pub effect: EffectId,
    /// The workspace was deleted: there will be no others.
    pub over: bool,
}

impl Watches {
    /// There is nothing to wait for any more: all who wait are woken.
    pub fn end(&self) {
        self.epoch.send_replace(u64::MAX);
        self.effects.send_modify(|latest| latest.over = true);
    }

    fn is_watched(&self) -> bool {
        self.epoch.receiver_count() > 0 || self.effects.receiver_count() > 0
    }
}

/// Waits for the epoch of a side, whether or not it is there yet.
pub(crate) struct EpochWatch<'a> {
    directory: &'a Directory,
    key: WorkspaceKey,
    /// Always there until the end.
    receiver: Option<watch::Receiver<u64>>,
}

/// Waits for the effects of a side, whether or not it is there yet.
pub struct EffectsWatch {
    shared: Arc<Shared>,
    key: WorkspaceKey,
    /// Always there until the end.
    receiver: Option<watch::Receiver<Latest>>,
}

impl EffectsWatch {
    pub(crate) fn new(shared: Arc<Shared>, key: WorkspaceKey) -> Self {
        let receiver = Some(shared.directory.watches(key, |watches| watches.effects.subscribe()));
        Self { shared, key, receiver }
    }

    /// Waits until there are effects, or there is other news for who delivers them, since it was asked last; the newest
    /// effect. `None`: the workspace was deleted.
    pub async fn changed(&mut self) -> Option<EffectId> {
        let receiver = self.receiver.as_mut()?;
        receiver.changed().await.ok()?;
        let Latest { effect, over } = *receiver.borrow_and_update();
        (!over).then_some(effect)
    }

    /// The newest effect by now.
    pub fn newest(&self) -> EffectId {
        self.receiver.as_ref().map_or(EffectId::ZERO, |receiver| receiver.borrow().effect)
    }
}

impl Drop for EffectsWatch {
    fn drop(&mut self) {
        drop(self.receiver.take());
        self.shared.directory.unwatched(self.key);
    }
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
        self.directory.unwatched(self.key);
    }
}

impl Directory {
    /// To await a change of the gate of a side. Whoever makes the side later goes on with the same epoch.
    pub fn watch_epoch(&self, key: WorkspaceKey) -> EpochWatch<'_> {
        let receiver = self.watches(key, |watches| watches.epoch.subscribe());
        EpochWatch { directory: self, key, receiver: Some(receiver) }
    }

    /// Subscribes to something of a side, whether or not it is there yet.
    fn watches<T>(&self, key: WorkspaceKey, subscribe: impl FnOnce(&Watches) -> T) -> T {
        match self.workspaces.entry(key) {
            Entry::Occupied(side) => subscribe(side.get().watches()),
            // Nobody can make the side meanwhile: its place is locked.
            Entry::Vacant(_) => subscribe(&self.awaited.entry(key).or_default()),
        }
    }

    /// Somebody waits no longer.
    fn unwatched(&self, key: WorkspaceKey) {
        self.awaited.remove_if(&key, |_, watches| !watches.is_watched());
    }

    /// The watches of a side that is being made: those that somebody waits for already, if anybody does.
    pub fn watches_of_new(&self, key: WorkspaceKey) -> Arc<Watches> {
        self.awaited.remove(&key).map(|(_, watches)| watches).unwrap_or_default()
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
        if let Some(watches) = self.awaited.get(&key) {
            watches.end();
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
