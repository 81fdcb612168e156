//! The way to one endpoint: what is to be delivered, what may be tried now, and what has to wait for it. Without a
//! clock and without a network.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use super::notes::Notes;
use super::scope::Scope;
use super::source::Listed;
use crate::domain::delivery::{Attempt, MOST_OPEN, Outcome, Progress};
use crate::domain::effect::{EffectId, EffectPage, EffectTypes};
use crate::domain::ids::{Id, WorkspaceKey};
use crate::domain::time::{Millis, SECOND};
use crate::webhooks::endpoint::Endpoint;
use crate::webhooks::sender::Sent;
use crate::webhooks::slots::Health;
use crate::webhooks::{names, schedule};

/// Requests to one endpoint at a time, once it has taken one; one until then, and while it fails.
const AT_A_TIME: usize = 8;
/// When something is looked at again that could not be read.
const LOOK_AGAIN: Millis = SECOND;

/// What came of a try.
#[derive(Clone, Debug)]
pub enum Tried {
    Sent(Sent),
    /// The effect is not kept any more.
    Lost,
    /// The workspace could not be asked.
    Unread,
}

/// What there is to do after a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// It is over, or waits.
    Nothing,
    /// It was given up.
    Abandoned,
    /// When it is tried again.
    Again(Millis),
    /// The receiver wants nothing any more.
    Gone,
}

/// An endpoint with what is under way to it.
pub struct Route {
    pub listed: Listed,
    key: WorkspaceKey,
    /// Everything that it wants up to here is known.
    upto: EffectId,
    /// There is more behind it.
    more: bool,
    open: BTreeMap<EffectId, Open>,
    /// Of each order of delivery what is open, the oldest first. Only the first may be tried.
    orders: HashMap<Scope, VecDeque<EffectId>>,
    /// Of the first ones those that are not under way, by when they may be tried.
    waiting: BTreeSet<(Millis, EffectId)>,
    under_way: HashSet<EffectId>,
    /// What the last try says of it.
    health: Health,
    /// The last try has arrived.
    takes: bool,
    pub notes: Notes,
}

/// A delivery that is not over.
struct Open {
    attempts: Vec<Attempt>,
    scope: Scope,
    next: Millis,
}

impl Route {
    /// Goes on where the notes say. `scopes`: of what is open.
    pub fn resume(
        listed: Listed,
        key: WorkspaceKey,
        progress: Progress,
        scopes: &HashMap<EffectId, Scope>,
        under_way: HashSet<EffectId>,
    ) -> Self {
        let has_failed = progress.open.values().any(|attempts| !attempts.is_empty());
        let health = if has_failed { Health::Poor } else { Health::Good };
        let mut route = Self {
            listed,
            key,
            upto: progress.upto,
            more: true,
            open: BTreeMap::new(),
            orders: HashMap::new(),
            waiting: BTreeSet::new(),
            under_way,
            health,
            takes: false,
            notes: Notes::after(progress.upto),
        };
        for (effect, attempts) in progress.open {
            // One whose effect is gone is tried, and then found to be lost.
            let scope = scopes.get(&effect).cloned().unwrap_or(Scope::Workspace);
            route.add(effect, attempts, scope);
        }
        route
    }

    pub fn id(&self) -> Id {
        self.listed.id
    }

    pub fn endpoint(&self) -> Arc<Endpoint> {
        Arc::clone(&self.listed.endpoint)
    }

    pub fn types(&self) -> EffectTypes {
        self.listed.endpoint.types
    }

    pub const fn upto(&self) -> EffectId {
        self.upto
    }

    pub const fn health(&self) -> Health {
        self.health
    }

    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// Whether there is something that a restart must not forget.
    pub fn has_outcomes(&self) -> bool {
        self.notes.are_due()
    }

    /// Whether there is anything to note.
    pub fn has_moved(&self) -> bool {
        self.notes.are_any(self.upto)
    }

    /// What is under way, for the route that takes its place.
    pub fn into_under_way(self) -> HashSet<EffectId> {
        self.under_way
    }

    fn add(&mut self, effect: EffectId, attempts: Vec<Attempt>, scope: Scope) {
        let next = schedule::next(names::message(self.key, effect), &attempts).unwrap_or(Millis::MIN);
        self.orders.entry(scope.clone()).or_default().push_back(effect);
        self.open.insert(effect, Open { attempts, scope, next });
        self.wait(effect);
    }

    /// Has one that is open be tried when its time comes, if it is the first of its order and not under way.
    fn wait(&mut self, effect: EffectId) {
        let Some(open) = self.open.get(&effect) else { return };
        let first = self.orders.get(&open.scope).and_then(VecDeque::front);
        if first == Some(&effect) && !self.under_way.contains(&effect) {
            self.waiting.insert((open.next, effect));
        }
    }

    /// There may be more to read.
    pub const fn look(&mut self) {
        self.more = true;
    }

    /// Whether there is more to read and room for it.
    pub fn reads_on(&self) -> bool {
        self.more && self.open.len() < MOST_OPEN && !self.notes.is_full()
    }

    /// Takes what comes next, as far as the page has it.
    pub fn take(&mut self, page: &EffectPage) {
        for effect in &page.effects {
            self.notes.add(effect.id, Outcome::Open);
            self.add(effect.id, Vec::new(), Scope::from(effect));
        }
        self.upto = page.upto;
        self.more = page.more;
    }

    const fn places(&self) -> usize {
        if self.takes { AT_A_TIME } else { 1 }
    }

    /// Those that are to be tried now.
    pub fn begin(&mut self, now: Millis) -> Vec<EffectId> {
        let places = self.places();
        let mut begun = Vec::new();
        while self.under_way.len() < places
            && let Some((next, effect)) = self.waiting.first().copied().filter(|(next, _)| *next <= now)
        {
            self.waiting.remove(&(next, effect));
            self.under_way.insert(effect);
            begun.push(effect);
        }
        begun
    }

    /// When the next one may be tried, if there is room for it.
    pub fn next(&self) -> Option<Millis> {
        self.waiting.first().map(|(next, _)| *next).filter(|_| self.under_way.len() < self.places())
    }

    /// A try is over.
    pub fn tried(&mut self, effect: EffectId, tried: Tried, now: Millis) -> After {
        self.under_way.remove(&effect);
        // It was taken away, or is not read again yet.
        let Some(open) = self.open.get_mut(&effect) else { return After::Nothing };
        let sent = match tried {
            Tried::Sent(sent) => sent,
            Tried::Lost => {
                self.close(effect, Outcome::Abandoned(None));
                return After::Abandoned;
            }
            Tried::Unread => {
                open.next = now.saturating_add(LOOK_AGAIN);
                self.wait(effect);
                return After::Nothing;
            }
        };
        self.health = sent.health();
        self.takes = sent.attempt.fault.is_none();
        open.attempts.push(sent.attempt);
        if self.takes {
            self.close(effect, Outcome::Delivered(sent.attempt));
            return After::Nothing;
        }
        match schedule::next_after(names::message(self.key, effect), &open.attempts, sent.put_off) {
            Some(next) => {
                open.next = next;
                self.wait(effect);
                self.notes.add(effect, Outcome::Failed(sent.attempt));
                if sent.gone { After::Gone } else { After::Again(next) }
            }
            None => {
                self.close(effect, Outcome::Abandoned(Some(sent.attempt)));
                if sent.gone { After::Gone } else { After::Abandoned }
            }
        }
    }

    /// The one behind it may be tried.
    fn close(&mut self, effect: EffectId, outcome: Outcome) {
        self.notes.add(effect, outcome);
        let Some(Open { scope, .. }) = self.open.remove(&effect) else { return };
        let Some(order) = self.orders.get_mut(&scope) else { return };
        if order.front() == Some(&effect) {
            order.pop_front();
        } else {
            order.retain(|other| *other != effect);
        }
        match order.front().copied() {
            None => drop(self.orders.remove(&scope)),
            Some(first) => self.wait(first),
        }
    }
}
