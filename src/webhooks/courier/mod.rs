//! The courier of one workspace side: takes its effects to its endpoints, each endpoint by itself, and notes how far it
//! has come.
//!
//! At least once: what was sent and not noted is sent again after a crash, under the same `webhook-id`. In order within
//! an order of delivery ([`scope`]): what fails holds up what is behind it there, and nothing else.

mod notes;
mod route;
mod scope;
pub mod source;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Sleep, sleep, timeout};

use self::route::{After, Route, Tried};
pub use self::scope::Scope;
use self::source::{Listed, News, Source};
use super::answers::{Answers, LastAnswer};
use super::counts::SideCounts;
use super::endpoint::Endpoint;
use super::names;
use super::sender::Sender;
use crate::actors::EngineError;
use crate::background::Stop;
use crate::domain::effect::EffectId;
use crate::domain::ids::{Id, WorkspaceKey};
use crate::wire::effect::Effect;

/// The least time between two looks at a side where something happens all the time.
const REST: Duration = Duration::from_millis(50);
/// The time from an outcome to its record: one record has all of it.
const NOTE_AFTER: Duration = Duration::from_secs(1);
/// When an endpoint's place is noted that wants nothing of all that happens.
const NOTE_PLACE_AFTER: Duration = Duration::from_secs(30);
/// When a side is asked again that could not answer.
const ASK_AGAIN: Duration = Duration::from_secs(1);
/// The longest sleep: server time may be set meanwhile.
const LONGEST: Duration = Duration::from_secs(60);
/// How long requests under way may take at a stop.
const LAST: Duration = Duration::from_secs(3);

/// Told once everything is noted that is known.
pub type Noted = oneshot::Sender<()>;

/// What came of a try, and whose it was.
struct Done {
    endpoint: Id,
    effect: EffectId,
    tried: Tried,
}

/// Serves the endpoints of a side.
pub struct Courier<S> {
    source: Arc<S>,
    sender: Arc<Sender>,
    answers: Arc<Answers>,
    key: WorkspaceKey,
    tenant: Arc<str>,
    routes: Vec<Route>,
    under_way: JoinSet<Done>,
}

/// What a courier waits for besides the answers of receivers.
struct Timers {
    /// The side may be looked at again.
    rest: std::pin::Pin<Box<Sleep>>,
    is_resting: bool,
    /// When there is something to be noted.
    note: Option<std::pin::Pin<Box<Sleep>>>,
    place: std::pin::Pin<Box<Sleep>>,
}

impl<S: Source> Courier<S> {
    pub fn new(
        source: Arc<S>,
        sender: Arc<Sender>,
        answers: Arc<Answers>,
        key: WorkspaceKey,
        tenant: Arc<str>,
    ) -> Self {
        let (routes, under_way) = (Vec::new(), JoinSet::new());
        Self { source, sender, answers, key, tenant, routes, under_way }
    }

    /// Goes on until there is no enabled endpoint left, the side is gone, or the stop.
    /// `asked`: to note what it knows.
    pub async fn run(mut self, mut news: impl News, mut asked: mpsc::Receiver<Noted>, stop: &Stop) {
        let mut timers = Timers::new();
        let mut look = true;
        loop {
            let looked = if std::mem::take(&mut look) { self.look().await } else { Ok(()) };
            let read = match looked {
                Ok(()) => self.read_on().await,
                Err(error) => Err(error),
            };
            let asks_again = read.is_err();
            if self.routes.is_empty() && !asks_again {
                break;
            }
            self.begin();
            self.publish();
            timers.note_soon(self.routes.iter().any(|route| route.notes.are_due()));
            let sleeps = if asks_again { ASK_AGAIN } else { self.sleeps() };
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(done) = self.under_way.join_next() => {
                    self.done(done).await;
                }
                is_there = news.changed(), if !timers.is_resting => {
                    if !is_there {
                        break;
                    }
                    look = true;
                    timers.rest();
                }
                Some(noted) = asked.recv() => {
                    self.note(Route::has_moved).await;
                    noted.send(()).ok();
                }
                () = &mut timers.rest, if timers.is_resting => timers.is_resting = false,
                () = note_timer(&mut timers.note) => {
                    timers.note = None;
                    self.note(Route::has_outcomes).await;
                }
                () = &mut timers.place => {
                    timers.place.set(sleep(NOTE_PLACE_AFTER));
                    self.note(Route::has_moved).await;
                }
                () = sleep(sleeps) => look = asks_again,
            }
        }
        self.end().await;
    }

    /// Looks which endpoints there are, and how they are.
    async fn look(&mut self) -> Result<(), EngineError> {
        let listed = self.source.endpoints().await?;
        let is_listed: HashSet<Id> = listed.iter().map(|listed| listed.id).collect();
        for mut route in std::mem::take(&mut self.routes) {
            if is_listed.contains(&route.id()) {
                route.look();
                self.routes.push(route);
            } else {
                self.write(&mut route).await;
            }
        }
        for listed in listed {
            self.keep_up(listed).await?;
        }
        Ok(())
    }

    /// Has a route to this endpoint: as it is now, and from where its notes say if that was changed.
    async fn keep_up(&mut self, listed: Listed) -> Result<(), EngineError> {
        let known = self.routes.iter().position(|route| route.id() == listed.id);
        if let Some(at) = known {
            if self.routes[at].listed.turns == listed.turns {
                self.routes[at].listed = listed;
                return Ok(());
            }
            let mut route = self.routes.swap_remove(at);
            self.write(&mut route).await;
            self.routes.push(route);
        }
        let known = known.map(|_| self.routes.len() - 1);
        let Some(progress) = self.source.progress(listed.id).await? else { return Ok(()) };
        let mut scopes = HashMap::new();
        let open: Vec<_> = progress.open.keys().copied().collect();
        for some in open.chunks(notes::MOST_NOTED) {
            scopes.extend(self.source.scopes(some.to_vec()).await?);
        }
        let under_way = known.map(|at| self.routes.swap_remove(at).into_under_way()).unwrap_or_default();
        let listed = Listed { turns: progress.turns, ..listed };
        self.routes.push(Route::resume(listed, self.key, progress, &scopes, under_way));
        Ok(())
    }

    /// A page for each endpoint that has room for it.
    async fn read_on(&mut self) -> Result<(), EngineError> {
        for route in self.routes.iter_mut().filter(|route| route.reads_on()) {
            let page = self.source.effects(route.upto(), route.types()).await?;
            route.take(&page);
        }
        Ok(())
    }

    /// Sends what may be sent now.
    fn begin(&mut self) {
        let now = self.sender.now();
        for route in &mut self.routes {
            for effect in route.begin(now) {
                let attempt = Attempt {
                    source: Arc::clone(&self.source),
                    sender: Arc::clone(&self.sender),
                    tenant: Arc::clone(&self.tenant),
                    key: self.key,
                    endpoint: route.endpoint(),
                    health: route.health(),
                };
                let id = route.id();
                self.under_way.spawn(async move { Done { endpoint: id, effect, tried: attempt.make(effect).await } });
            }
        }
    }

    /// How long there is nothing to do of its own.
    fn sleeps(&self) -> Duration {
        if self.routes.iter().any(Route::reads_on) {
            return Duration::ZERO;
        }
        let Some(next) = self.routes.iter().filter_map(Route::next).min() else { return LONGEST };
        let pause = next.saturating_sub(self.sender.now());
        Duration::from_millis(u64::try_from(pause).unwrap_or(0)).min(LONGEST)
    }

    /// Notes what came of a try.
    async fn done(&mut self, done: Result<Done, tokio::task::JoinError>) {
        // A try that panicked is made again after a restart of this courier.
        let Done { endpoint, effect, tried } = match done {
            Ok(done) => done,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        };
        let Some(route) = self.routes.iter_mut().find(|route| route.id() == endpoint) else { return };
        let excerpt = if let Tried::Sent(sent) = &tried { Some(sent.excerpt.clone()) } else { None };
        let after = route.tried(effect, tried, self.sender.now());
        if let Some(excerpt) = excerpt {
            let next = if let After::Again(next) = after { Some(next) } else { None };
            self.answers.keep(self.key, endpoint, effect, LastAnswer { excerpt, next });
        }
        match after {
            After::Nothing | After::Again(_) => {}
            After::Abandoned => self.sender.counts.abandoned(),
            After::Gone => {
                // What is open is given up with the change: the answer is to be seen there.
                self.note(Route::has_outcomes).await;
                self.disable(endpoint).await;
            }
        }
    }

    async fn disable(&self, id: Id) {
        match self.source.disable(id).await {
            Ok(()) => {
                tracing::info!(workspace = %self.key.id, webhook = %id, "a receiver has answered 410; its webhook is disabled");
                self.sender.counts.disabled();
            }
            // The next answer says the same.
            Err(error) => tracing::warn!(workspace = %self.key.id, webhook = %id, %error, "a webhook was not disabled"),
        }
    }

    fn publish(&self) {
        let counts = SideCounts {
            endpoints: self.routes.len(),
            lagging: self.routes.iter().filter(|route| route.listed.lagging).count(),
            open: self.routes.iter().map(Route::open).sum(),
        };
        self.sender.counts.publish(self.key, counts);
    }

    /// Writes the notes of those routes.
    async fn note(&mut self, which: impl Fn(&Route) -> bool) {
        for mut route in std::mem::take(&mut self.routes) {
            if which(&route) {
                self.write(&mut route).await;
            }
            self.routes.push(route);
        }
    }

    /// Writes what there is to note of a route; keeps it where it cannot be written.
    async fn write(&self, route: &mut Route) {
        let before = route.notes.noted_upto();
        let notes = route.notes.take(route.id(), route.upto());
        match self.source.note(notes.clone(), route.listed.turns).await {
            Ok(()) => {}
            Err(error) => {
                tracing::debug!(workspace = %self.key.id, %error, "deliveries could not be noted");
                route.notes.put_back(notes, before);
            }
        }
    }

    /// Waits a little for what is under way, cuts the rest, and notes what there is.
    async fn end(mut self) {
        let mut last = std::pin::pin!(sleep(LAST));
        while !self.under_way.is_empty() {
            tokio::select! {
                Some(done) = self.under_way.join_next() => self.done(done).await,
                () = &mut last => break,
            }
        }
        self.under_way.shutdown().await;
        drop(timeout(LAST, self.note(Route::has_moved)).await);
        self.sender.counts.publish(self.key, SideCounts::default());
    }
}

impl Timers {
    fn new() -> Self {
        let place = Box::pin(sleep(NOTE_PLACE_AFTER));
        Self { rest: Box::pin(sleep(Duration::ZERO)), is_resting: false, note: None, place }
    }

    fn rest(&mut self) {
        self.rest.set(sleep(REST));
        self.is_resting = true;
    }

    fn note_soon(&mut self, is_due: bool) {
        if is_due && self.note.is_none() {
            self.note = Some(Box::pin(sleep(NOTE_AFTER)));
        }
    }
}

/// Ends when it is time to note something; never where there is nothing.
async fn note_timer(timer: &mut Option<std::pin::Pin<Box<Sleep>>>) {
    match timer {
        Some(timer) => timer.await,
        None => std::future::pending().await,
    }
}

/// One try, to be made.
struct Attempt<S> {
    source: Arc<S>,
    sender: Arc<Sender>,
    tenant: Arc<str>,
    key: WorkspaceKey,
    endpoint: Arc<Endpoint>,
    health: super::slots::Health,
}

impl<S: Source> Attempt<S> {
    async fn make(&self, effect: EffectId) -> Tried {
        match self.source.effect(effect).await {
            Ok(Some(view)) => {
                let (message, effect) = (names::message(self.key, effect), Effect::from(&view));
                Tried::Sent(
                    self.sender.send(&self.tenant, self.key.id, self.health, &self.endpoint, message, &effect).await,
                )
            }
            Ok(None) => Tried::Lost,
            Err(_) => Tried::Unread,
        }
    }
}

#[cfg(test)]
mod tests;
