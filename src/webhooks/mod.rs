//! Webhooks (R8.3): effects on their way to the endpoints of workspaces.
//!
//! An endpoint is a resource of its side, `endpoint` says what is in it. A `courier` for each side that has enabled
//! ones takes effects there, with `sender` (which formats them by `format` and signs them by `sign`) over `client`,
//! which reaches only addresses that `resolver` lets through. `schedule` says when something is tried again, `slots`
//! whose turn it is, `names` how messages and deliveries are called. How far each endpoint has come is noted in the
//! journal; `answers` has what is only in memory.

pub mod answers;
pub mod client;
pub mod counts;
pub mod courier;
pub mod endpoint;
pub mod format;
pub mod names;
pub mod resolver;
pub mod schedule;
pub mod sender;
mod side;
pub mod sign;
pub mod slots;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use futures::StreamExt;
use futures::stream;
use parking_lot::Mutex;
use tokio::sync::{Notify, RwLock, RwLockWriteGuard, mpsc, oneshot};
use tokio::task::{Id as TaskId, JoinError, JoinSet};

use self::answers::Answers;
use self::counts::WebhookCounts;
use self::courier::source::Source;
use self::courier::{Courier, Noted};
use self::sender::Sender;
use self::side::EngineSide;
use crate::actors::Engine;
use crate::background::Stop;
use crate::domain::ids::WorkspaceKey;
use crate::ids::Ids;
use crate::links::Links;
use crate::sealing::Sealer;

/// When a side is looked at again that could not answer, or whose courier has failed.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// How long a person's command waits for a courier's notes.
const NOTED_WITHIN: Duration = Duration::from_secs(2);
/// Sides that a start asks at a time.
const ASKED: usize = 16;

/// Everything about webhooks that is not in the state.
pub struct Webhooks {
    pub engine: Engine,
    pub sealer: Sealer,
    pub links: Arc<Links>,
    pub ids: Arc<dyn Ids>,
    pub sender: Arc<Sender>,
    pub answers: Arc<Answers>,
    /// Targets may be private addresses, and plain HTTP.
    pub private: bool,
    changed: Changed,
    notes: DashMap<WorkspaceKey, Arc<NotesOf>>,
}

/// What guards the progress of a side.
#[derive(Default)]
pub struct NotesOf {
    /// Held for reading while a courier notes how far it has come, for writing while a person puts that back.
    lock: RwLock<()>,
    /// To the courier that runs.
    courier: Mutex<Option<mpsc::Sender<Noted>>>,
}

impl NotesOf {
    /// Has the courier note what it knows, and note nothing as long as the answer is held.
    pub async fn held(&self) -> RwLockWriteGuard<'_, ()> {
        let courier = self.courier.lock().clone();
        let (noted, done) = oneshot::channel();
        if let Some(courier) = courier
            && courier.try_send(noted).is_ok()
        {
            // One that cannot write says the same again afterwards: nothing is lost.
            drop(tokio::time::timeout(NOTED_WITHIN, done).await);
        }
        self.lock.write().await
    }
}

impl Webhooks {
    pub fn new(
        engine: Engine,
        sealer: Sealer,
        links: Arc<Links>,
        ids: Arc<dyn Ids>,
        sender: Arc<Sender>,
        private: bool,
    ) -> Self {
        let answers = Arc::default();
        let (changed, notes) = (Changed::default(), DashMap::new());
        Self { engine, sealer, links, ids, sender, answers, private, changed, notes }
    }

    /// The endpoints of a side were changed: it may need a courier.
    pub fn changed(&self, key: WorkspaceKey) {
        self.changed.tell(key);
    }

    /// For `/metrics`.
    pub fn counts(&self) -> WebhookCounts {
        self.sender.counts.read()
    }

    pub fn notes_of(&self, key: WorkspaceKey) -> Arc<NotesOf> {
        Arc::clone(&self.notes.entry(key).or_default())
    }

    /// Delivers until the stop.
    pub async fn run(self: Arc<Self>, stop: &Stop) {
        let mut couriers =
            Couriers { webhooks: self, stop: stop.clone(), running: HashMap::new(), tasks: JoinSet::new() };
        couriers.run().await;
    }

    /// Whether a side has endpoints to deliver to; none where it cannot say.
    async fn delivers(self: &Arc<Self>, key: WorkspaceKey) -> Option<bool> {
        let endpoints = EngineSide::new(Arc::clone(self), key).endpoints().await;
        endpoints.ok().map(|endpoints| !endpoints.is_empty())
    }
}

/// The couriers of all sides: those alone that have something to deliver to have one.
struct Couriers {
    webhooks: Arc<Webhooks>,
    stop: Stop,
    running: HashMap<TaskId, WorkspaceKey>,
    tasks: JoinSet<()>,
}

impl Couriers {
    async fn run(&mut self) {
        let mut later: HashSet<WorkspaceKey> = HashSet::new();
        let all = stream::iter(self.webhooks.engine.sides());
        let webhooks = &Arc::clone(&self.webhooks);
        let asked = all.map(|key| async move { (key, webhooks.delivers(key).await) }).buffer_unordered(ASKED);
        let mut asked = std::pin::pin!(asked);
        while let Some((key, delivers)) = self.stop.run_until_cancelled(asked.next()).await.flatten() {
            self.consider(key, delivers, &mut later);
        }
        let stop = self.stop.clone();
        loop {
            let key = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(ended) = self.tasks.join_next_with_id() => match self.ended(ended) {
                    Ok(key) => Some(key),
                    Err(key) => {
                        later.insert(key);
                        None
                    }
                },
                key = self.webhooks.changed.next() => Some(key),
                () = tokio::time::sleep(LOOK_AGAIN), if !later.is_empty() => {
                    take_one(&mut later)
                }
            };
            if let Some(key) = key {
                let delivers = self.webhooks.delivers(key).await;
                self.consider(key, delivers, &mut later);
            }
        }
        while self.tasks.join_next().await.is_some() {}
    }

    /// Whose courier has ended; the error is one that has failed.
    fn ended(&mut self, ended: Result<(TaskId, ()), JoinError>) -> Result<WorkspaceKey, WorkspaceKey> {
        let (id, is_well) = ended.map_or_else(|error| (error.id(), false), |(id, ())| (id, true));
        let key = self.running.remove(&id).expect("every task is known");
        if !is_well {
            tracing::error!(workspace = %key.id, "the delivery to a workspace's webhooks has failed, and begins anew");
        }
        if is_well { Ok(key) } else { Err(key) }
    }

    /// Starts a courier where one is missing.
    fn consider(&mut self, key: WorkspaceKey, delivers: Option<bool>, later: &mut HashSet<WorkspaceKey>) {
        match delivers {
            Some(true) if !self.running.values().any(|running| *running == key) => self.start(key),
            Some(_) => {}
            // A deleted workspace never answers again.
            None if self.webhooks.engine.system_table().workspace(key.id).is_some() => drop(later.insert(key)),
            None => {}
        }
    }

    fn start(&mut self, key: WorkspaceKey) {
        let webhooks = &self.webhooks;
        let table = webhooks.engine.system_table();
        let tenant: Arc<str> = table.workspace(key.id).map_or("", |entry| &entry.tenant).into();
        let (sender, answers) = (Arc::clone(&webhooks.sender), Arc::clone(&webhooks.answers));
        let news = webhooks.engine.watch_effects(key);
        let courier = Courier::new(Arc::new(EngineSide::new(Arc::clone(webhooks), key)), sender, answers, key, tenant);
        let stop = self.stop.clone();
        let (ask, asked) = mpsc::channel(1);
        *webhooks.notes_of(key).courier.lock() = Some(ask);
        let task = self.tasks.spawn(async move { courier.run(news, asked, &stop).await });
        self.running.insert(task.id(), key);
    }
}

/// Any one of them.
fn take_one(keys: &mut HashSet<WorkspaceKey>) -> Option<WorkspaceKey> {
    let key = keys.iter().next().copied()?;
    keys.take(&key)
}

/// Sides whose endpoints were changed.
#[derive(Default)]
struct Changed {
    sides: Mutex<HashSet<WorkspaceKey>>,
    wake: Notify,
}

impl Changed {
    fn tell(&self, key: WorkspaceKey) {
        self.sides.lock().insert(key);
        self.wake.notify_one();
    }

    async fn next(&self) -> WorkspaceKey {
        loop {
            let next = take_one(&mut self.sides.lock());
            match next {
                Some(key) => return key,
                None => self.wake.notified().await,
            }
        }
    }
}
