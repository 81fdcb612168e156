//! Effects for all who stream one side: read once, written once, and handed on.
//!
//! A side has a hub while somebody streams it. Its task waits until the side has new effects, reads those that anybody
//! there wants, and sends them on as one piece. What a reader has not taken yet waits for it, bounded in pieces and
//! counted for its tenant; a reader that falls behind farther has lost its place, and is cut.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{broadcast, watch};

use super::frame::Told;
use crate::actors::{Allowance, BodyPermit, EngineError};
use crate::domain::effect::{EffectFilter, EffectId, EffectType, EffectTypes};
use crate::domain::ids::WorkspaceKey;
use crate::service::Service;

/// Effects that a side is asked for at once: more than most rounds make, since it may answer once a round only.
pub const PAGE: usize = 8_192;
/// Effects of a piece.
const PIECE: usize = 512;
/// Pieces that wait for the slowest reader.
const PIECES: usize = 32;
/// How long is waited before a side is asked again that did not answer.
pub const AGAIN: Duration = Duration::from_millis(200);

/// What a hub hands on.
#[derive(Debug)]
pub enum News {
    Told {
        told: Told,
        /// What it was looked for; a reader that wants more reads for itself.
        types: EffectTypes,
        _permit: Option<BodyPermit>,
    },
    /// There are effects up to here, and no room to keep them: each reads for itself.
    Upto(EffectId),
}

/// The hubs of all sides.
#[derive(Clone, Debug, Default)]
pub struct Hubs(Arc<Mutex<HashMap<WorkspaceKey, Weak<Hub>>>>);

/// One side's.
#[derive(Debug)]
pub struct Hub {
    key: WorkspaceKey,
    hubs: Hubs,
    desk: Mutex<Desk>,
    /// Dropped with the hub, which ends its task.
    _alive: watch::Sender<()>,
}

#[derive(Debug)]
struct Desk {
    /// Everything up to here was handed on.
    at: EffectId,
    /// How many readers want each type.
    wanted: [usize; EffectType::ALL.len()],
    /// None once nothing more comes.
    sender: Option<broadcast::Sender<Arc<News>>>,
}

/// A reader's place at a hub.
#[derive(Debug)]
pub struct Seat {
    hub: Arc<Hub>,
    types: EffectTypes,
    /// What comes behind it is to be received.
    pub from: EffectId,
    receiver: broadcast::Receiver<Arc<News>>,
}

impl Hubs {
    /// A place at the side's hub, which begins at `at` if it has to be made. `None` if nothing more comes of the side.
    pub fn join(
        &self,
        service: &Arc<Service>,
        key: WorkspaceKey,
        room: &Allowance,
        at: EffectId,
        types: EffectTypes,
    ) -> Option<Seat> {
        let hub = {
            let mut hubs = self.0.lock();
            hubs.get(&key).and_then(Weak::upgrade).unwrap_or_else(|| {
                let hub = self.begin(service, key, room, at);
                hubs.insert(key, Arc::downgrade(&hub));
                hub
            })
        };
        let (from, receiver) = {
            let mut desk = hub.desk.lock();
            let receiver = desk.sender.as_ref()?.subscribe();
            types.iter().for_each(|kind| desk.wanted[kind as usize] += 1);
            (desk.at, receiver)
        };
        Some(Seat { hub, types, from, receiver })
    }

    fn begin(&self, service: &Arc<Service>, key: WorkspaceKey, room: &Allowance, at: EffectId) -> Arc<Hub> {
        let (alive, gone) = watch::channel(());
        let sender = Some(broadcast::Sender::new(PIECES));
        let desk = Mutex::new(Desk { at, wanted: Default::default(), sender });
        let hub = Arc::new(Hub { key, hubs: self.clone(), desk, _alive: alive });
        let task = Task { hub: Arc::downgrade(&hub), service: Arc::clone(service), key, room: room.clone() };
        // It ends by itself.
        drop(service.engine.run(task.run(gone)));
        hub
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        let mut hubs = self.hubs.0.lock();
        // There may be another by now.
        if hubs.get(&self.key).is_some_and(|hub| hub.strong_count() == 0) {
            hubs.remove(&self.key);
        }
    }
}

impl Desk {
    fn types(&self) -> EffectTypes {
        EffectType::ALL.into_iter().filter(|kind| self.wanted[*kind as usize] > 0).collect()
    }
}

impl Seat {
    /// What comes next.
    pub async fn next(&mut self) -> Result<Arc<News>, broadcast::error::RecvError> {
        self.receiver.recv().await
    }

    /// Everything up to here was looked at for this reader, if nothing waits for it.
    pub fn reached(&self) -> Option<EffectId> {
        let desk = self.hub.desk.lock();
        self.receiver.is_empty().then_some(desk.at)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut desk = self.hub.desk.lock();
        self.types.iter().for_each(|kind| desk.wanted[kind as usize] -= 1);
    }
}

/// What goes on beside the readers.
struct Task {
    hub: Weak<Hub>,
    service: Arc<Service>,
    key: WorkspaceKey,
    room: Allowance,
}

impl Task {
    /// Until the hub is gone.
    async fn run(self, mut gone: watch::Receiver<()>) {
        tokio::select! {
            _ = gone.changed() => {}
            () = self.hand_on() => {}
        }
    }

    async fn hand_on(&self) {
        let mut newest = self.service.engine.watch_effects(self.key);
        loop {
            let waited = match self.catch_up().await {
                Ok(()) => newest.changed().await,
                Err(EngineError::ShuttingDown) => break,
                Err(cause) => {
                    tracing::debug!(%cause, "effects of a side could not be read");
                    let again = tokio::time::timeout(AGAIN, newest.changed()).await;
                    again.unwrap_or(Some(EffectId::ZERO))
                }
            };
            // The workspace was deleted.
            if waited.is_none() {
                break;
            }
        }
        if let Some(hub) = self.hub.upgrade() {
            hub.desk.lock().sender = None;
        }
    }

    /// Hands on everything that there is, until nothing new is found. While a side has much to do, the question stands
    /// before the next round is begun, and is answered right behind the one that is under way.
    async fn catch_up(&self) -> Result<(), EngineError> {
        loop {
            let Some((at, types)) = self.place() else { return Ok(()) };
            let filter = EffectFilter { types, account: None };
            let page = self.service.effects(self.key, at, filter, PAGE, |page| page).await?;
            if page.upto == at {
                return Ok(());
            }
            for told in Told::pieces(page, PIECE) {
                self.send(told, types);
                tokio::task::yield_now().await;
            }
        }
    }

    fn place(&self) -> Option<(EffectId, EffectTypes)> {
        let hub = self.hub.upgrade()?;
        let desk = hub.desk.lock();
        Some((desk.at, desk.types()))
    }

    fn send(&self, told: Told, types: EffectTypes) {
        let Some(hub) = self.hub.upgrade() else { return };
        let mut desk = hub.desk.lock();
        let (upto, is_news) = (told.upto, told.len() > 0 || told.missed);
        // Whoever came meanwhile and wants more must know.
        let is_narrow = desk.types() != types && upto > desk.at;
        if let Some(sender) = desk.sender.as_ref().filter(|_| is_news || is_narrow) {
            // Fails where nobody listens any more.
            let _ = sender.send(Arc::new(self.news(told, types, sender.len())));
        }
        desk.at = upto;
    }

    /// The first piece that waits is not counted: most are taken at once.
    fn news(&self, told: Told, types: EffectTypes, waiting: usize) -> News {
        let permit = if waiting == 0 { Ok(None) } else { self.room.take(told.len()).map(Some) };
        match permit {
            Ok(permit) if !told.missed => News::Told { told, types, _permit: permit },
            Ok(_) | Err(_) => News::Upto(told.upto),
        }
    }
}
