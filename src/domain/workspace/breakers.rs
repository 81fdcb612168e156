//! A workspace's breakers, in the order in which they tripped, and what people do to them.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::super::breaker::{Breaker, BreakerAction, MOST_NOTES};
use super::super::chunks::Chunks;
use super::super::ids::{Id, Position};
use super::super::reply::CommandRefusal;
use super::super::run::LastResolve;
use super::super::time::Millis;
use super::super::view::{BreakerFilter, BreakerScope, Gate, LabelKind};

/// All breakers of a workspace side.
#[derive(Clone, Debug, Default)]
pub struct Breakers {
    list: Chunks<Breaker>,
    by_id: HashMap<Id, u32>,
    /// Numbers of the active ones, oldest first.
    active: Vec<u32>,
    /// The workspace's own active breaker. Set when the run is judged, which is before the round's breakers are added
    /// to the list.
    pub workspace_active: Option<Id>,
    pub workspace_last_resolve: Option<LastResolve>,
    /// Grows with every change (R8.1).
    pub epoch: u64,
}

/// The result of what a person asked of a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    Changed,
    Unchanged,
}

impl Breakers {
    pub fn get(&self, id: Id) -> Option<&Breaker> {
        self.by_id.get(&id).map(|&number| self.list.get(number))
    }

    pub fn trigger(&mut self, breaker: Breaker) {
        self.enter(breaker);
        self.epoch += 1;
    }

    /// Adds a breaker after those that tripped before it.
    pub fn enter(&mut self, breaker: Breaker) {
        let (id, is_active) = (breaker.id, breaker.is_active());
        let number = self.list.push(breaker);
        self.by_id.insert(id, number);
        if is_active {
            self.active.push(number);
        }
    }

    /// Takes in a breaker of the workspace that tripped before: it is active, or was resolved.
    pub fn tripped_workspace(&mut self, breaker: Id, resolved: Option<LastResolve>) {
        let before = self.workspace_last_resolve.map(|last| last.position);
        match resolved {
            None => self.workspace_active = Some(breaker),
            Some(last) if before.is_none_or(|before| before < last.position) => {
                self.workspace_last_resolve = Some(last);
            }
            Some(_) => {}
        }
    }

    /// What acknowledging it now would come to.
    pub fn on_acknowledge(&self, id: Id) -> Result<Done, CommandRefusal> {
        let breaker = self.get(id).ok_or(CommandRefusal::UnknownBreaker)?;
        match (&breaker.resolved, &breaker.acknowledged) {
            (Some(_), _) => Err(CommandRefusal::BreakerResolved),
            (None, Some(_)) => Ok(Done::Unchanged),
            (None, None) => Ok(Done::Changed),
        }
    }

    /// What resolving it now would come to.
    pub fn on_resolve(&self, id: Id) -> Result<Done, CommandRefusal> {
        let breaker = self.get(id).ok_or(CommandRefusal::UnknownBreaker)?;
        match (&breaker.resolved, &breaker.acknowledged) {
            (Some(_), _) => Ok(Done::Unchanged),
            (None, None) => Err(CommandRefusal::BreakerNotAcknowledged),
            (None, Some(_)) => Ok(Done::Changed),
        }
    }

    /// What another note of it would come to now.
    pub fn on_note(&self, id: Id) -> Result<Done, CommandRefusal> {
        let breaker = self.get(id).ok_or(CommandRefusal::UnknownBreaker)?;
        if breaker.notes.len() < MOST_NOTES { Ok(Done::Changed) } else { Err(CommandRefusal::TooManyNotes) }
    }

    fn of_mut(&mut self, id: Id) -> Option<(u32, &mut Breaker)> {
        let number = *self.by_id.get(&id)?;
        Some((number, self.list.get_mut(number)))
    }

    /// R3.5.
    pub fn acknowledge(&mut self, id: Id, step: BreakerAction) -> Result<Done, CommandRefusal> {
        let done = self.on_acknowledge(id)?;
        if done == Done::Changed
            && let Some((_, breaker)) = self.of_mut(id)
        {
            breaker.acknowledged = Some(step);
            self.epoch += 1;
        }
        Ok(done)
    }

    /// R3.6.
    pub fn resolve(&mut self, id: Id, step: BreakerAction) -> Result<Done, CommandRefusal> {
        let done = self.on_resolve(id)?;
        if done == Done::Unchanged {
            return Ok(done);
        }
        if self.get(id).is_some_and(|breaker| breaker.scope == BreakerScope::Workspace) {
            self.workspace_active = None;
            self.workspace_last_resolve = Some(LastResolve { at: step.at, position: step.position });
        }
        if let Some((number, breaker)) = self.of_mut(id) {
            breaker.resolved = Some(step);
            self.active.retain(|&active| active != number);
            self.epoch += 1;
        }
        Ok(done)
    }

    /// R7.5.
    pub fn note(&mut self, id: Id, note: BreakerAction) -> Result<(), CommandRefusal> {
        self.on_note(id)?;
        if let Some((_, breaker)) = self.of_mut(id) {
            breaker.notes.push(note);
        }
        Ok(())
    }

    /// Those that wait since `until` or longer, at most `most`, are announced now: their ids, the oldest trip first
    /// (R7.6).
    pub fn announce_until(&mut self, until: Millis, most: usize, now: (Millis, Position)) -> Vec<Id> {
        let waits = |number: &u32| self.list.get(*number).waits_since().is_some_and(|since| since <= until);
        let due: Vec<u32> = self.active.iter().copied().filter(waits).take(most).collect();
        due.iter().for_each(|number| self.list.get_mut(*number).announced = Some(now));
        due.iter().map(|number| self.list.get(*number).id).collect()
    }

    /// Since when the breaker waits that waits longest (R7.6).
    pub fn waits_since(&self) -> Option<Millis> {
        self.active().filter_map(Breaker::waits_since).min()
    }

    /// Its place among all, in the order in which they tripped.
    pub fn number(&self, id: Id) -> Option<u32> {
        self.by_id.get(&id).copied()
    }

    /// R7.5: those that `filter` wants, newest first, before the one of the number `before`. Looks at a bounded number
    /// of them: there may be more before the number that comes with the page.
    pub fn page(
        &self,
        filter: &BreakerFilter,
        before: Option<u32>,
        limit: usize,
    ) -> (Vec<(u32, &Breaker)>, Option<u32>) {
        const LOOKED_AT: usize = 10_000;
        let mut page = Vec::new();
        let mut next = before.unwrap_or(u32::MAX).min(self.list.len() as u32);
        for _ in 0..LOOKED_AT {
            if next == 0 || page.len() == limit {
                break;
            }
            next -= 1;
            let breaker = self.list.get(next);
            if breaker.fits(filter) {
                page.push((next, breaker));
            }
        }
        (page, Some(next).filter(|next| *next > 0))
    }

    /// How many are active, and how many of those somebody has acknowledged.
    pub fn active_counts(&self) -> (u64, u64) {
        let acknowledged = self.active().filter(|breaker| breaker.acknowledged.is_some()).count();
        (self.active.len() as u64, acknowledged as u64)
    }

    /// Newest first; of one instant the later trip first (R3.4).
    pub fn active(&self) -> impl Iterator<Item = &Breaker> {
        self.active.iter().rev().map(|&number| self.list.get(number))
    }

    /// In the order in which they tripped.
    pub fn iter(&self) -> impl Iterator<Item = &Breaker> {
        self.list.iter()
    }

    /// Removes a conversation's id from all evidence (R4.10), where the nil id stands for it afterwards; composites
    /// stay. Returns whether it was named.
    pub fn erase_evidence(&mut self, conversation: Id) -> bool {
        let names = |breaker: &Breaker| breaker.names(conversation);
        let numbers: Vec<u32> =
            (0..).zip(self.list.iter()).filter(|(_, breaker)| names(breaker)).map(|(number, _)| number).collect();
        for &number in &numbers {
            let evidence = &mut self.list.get_mut(number).evidence;
            let theirs = evidence.iter_mut().filter(|one| one.conversation == conversation);
            theirs.for_each(|one| one.conversation = Id::NIL);
        }
        !numbers.is_empty()
    }

    /// All as they are now (I9).
    pub fn cut(&mut self) -> Chunks<Breaker> {
        self.list.cut()
    }

    /// How many triggered in `from..=to`.
    pub fn triggered(&self, from: Millis, to: Millis) -> u64 {
        self.numbers_between(from, to).len() as u64
    }

    /// Those that triggered in `from..=to`.
    pub fn triggered_in(&self, from: Millis, to: Millis) -> impl Iterator<Item = &Breaker> {
        self.numbers_between(from, to).map(|number| self.list.get(number as u32))
    }

    /// Triggers are receipts, so the list is in their order.
    fn numbers_between(&self, from: Millis, to: Millis) -> Range<usize> {
        let before = |limit: Millis| self.list.partition_point(|breaker| breaker.triggered.0 < limit);
        before(from)..before(to.saturating_add(1))
    }

    /// What the gate answers from.
    pub fn gate(&self) -> GateState {
        let mut gate = GateState { epoch: self.epoch, ..GateState::default() };
        for breaker in self.active() {
            match &breaker.scope {
                BreakerScope::Workspace => gate.workspace = Some(breaker.id),
                BreakerScope::Account(account) => {
                    gate.accounts.insert(*account, breaker.id);
                }
                BreakerScope::Label(kind, name) => {
                    gate.labels[*kind as usize].insert(name.clone(), breaker.id);
                }
            }
        }
        gate
    }
}

/// The active breakers of a workspace side, for readers that pass no queue (R8.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GateState {
    pub epoch: u64,
    pub workspace: Option<Id>,
    pub accounts: HashMap<Id, Id>,
    /// By name, of channels and of intents.
    pub labels: [HashMap<Arc<str>, Id>; 2],
}

/// What is asked of the gate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GateQuestion<'a> {
    pub account: Option<Id>,
    pub channel: Option<&'a str>,
    pub intent: Option<&'a str>,
}

impl From<Option<Id>> for GateQuestion<'_> {
    fn from(account: Option<Id>) -> Self {
        Self { account, ..Self::default() }
    }
}

impl GateState {
    /// Without an account, channel and intent it speaks of the workspace alone.
    pub fn ask<'a>(&self, question: impl Into<GateQuestion<'a>>) -> Gate {
        let GateQuestion { account, channel, intent } = question.into();
        let account = account.and_then(|account| self.accounts.get(&account).copied());
        let label = |kind: LabelKind, name: Option<&str>| self.labels[kind as usize].get(name?).copied();
        let labels = [label(LabelKind::Channel, channel), label(LabelKind::Intent, intent)];
        let breakers = account.into_iter().chain(self.workspace).chain(labels.into_iter().flatten()).collect();
        Gate { breakers, epoch: self.epoch }
    }
}
