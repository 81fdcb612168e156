//! One account: the window of its newest scored conversations, its run of low ones and its
//! breaker (sections 6 and 7). Holds nothing that the workspace cannot rebuild (I3).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::breaker;
use super::expectation::{Expectation, Fallback};
use super::health::{self, RiskRule, WindowEntry};
use super::ids::{Id, Position, WorkspaceKey};
use super::rules::Rules;
use super::run::{self, LastResolve, Scored, Trip};
use super::standing::Assessment;
use super::time::Millis;
use super::timeline::Key;
use super::view::{AccountHealth, BreakerScope, ChurnRisk};

/// The kept part of an account's history, and its breaker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    id: Id,
    workspace: WorkspaceKey,
    /// The newest [`Rules::kept_by_account`], ascending by key. Has room for no more than those.
    entries: Vec<WindowEntry>,
    last_resolve: Option<LastResolve>,
    active: Option<Id>,
}

/// What one round asks of one account, in event order.
#[derive(Clone, Debug)]
pub struct AccountList {
    /// The account's number in its workspace.
    pub number: u32,
    pub rules: Arc<Rules>,
    pub ops: Vec<AccountOp>,
}

/// One step.
#[derive(Clone, Debug)]
pub enum AccountOp {
    Change(Change),
    /// The account's breaker was resolved by a person; `op` names the step in the results.
    Resolved {
        op: u32,
        last: LastResolve,
    },
    /// The account's breaker was tripped by a person.
    Tripped {
        op: u32,
        breaker: Id,
        at: Position,
        receipt: Millis,
    },
}

/// A conversation's score is added, removed or changed.
#[derive(Clone, Debug)]
pub struct Change {
    /// Names the step in the results.
    pub op: u32,
    pub position: Position,
    pub receipt: Millis,
    /// The key under which the conversation's score was until now.
    pub remove: Option<Key>,
    pub put: Option<WindowEntry>,
    /// The next older conversation, which counts again since one has moved away.
    pub moves_in: Option<WindowEntry>,
    /// Set for a scoring that freezes an expectation: what to expect where the account's window says nothing.
    pub expect: Option<Fallback>,
    /// Judge the run after this step.
    pub judge: bool,
}

/// What the steps of one account came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OpResults {
    /// The account's number.
    pub account: u32,
    /// Of the steps that ask for one, in event order.
    pub results: Vec<OpResult>,
    /// What the account comes to behind the last step; none where that step was not judged.
    pub assessment: Option<Assessment>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct OpResult {
    pub op: u32,
    pub expectation: Option<Expectation>,
    pub trip: Option<Box<Trip>>,
    /// As of this step, and the rule that gave it.
    pub risk: Option<(ChurnRisk, RiskRule)>,
}

impl Account {
    /// `entries` ascending by key.
    pub fn new(
        workspace: WorkspaceKey,
        id: Id,
        entries: Vec<WindowEntry>,
        last_resolve: Option<LastResolve>,
        active: Option<Id>,
    ) -> Self {
        Self { id, workspace, entries, last_resolve, active }
    }

    pub fn id(&self) -> Id {
        self.id
    }

    /// Takes the steps of one round. `progress` names the event in work (I6).
    pub fn run(&mut self, list: &AccountList, progress: &AtomicU64) -> OpResults {
        let mut outcomes = OpResults { account: list.number, ..OpResults::default() };
        for op in &list.ops {
            let (result, assessment) = match op {
                AccountOp::Resolved { op, last } => {
                    self.resolved(*last);
                    self.assessed(&list.rules, *op, last.at)
                }
                AccountOp::Tripped { op, breaker, receipt, at: _ } => {
                    self.tripped(*breaker);
                    self.assessed(&list.rules, *op, *receipt)
                }
                AccountOp::Change(change) => {
                    progress.store(change.position.packed(), Ordering::Relaxed);
                    self.change(&list.rules, change)
                }
            };
            outcomes.results.extend(result);
            outcomes.assessment = assessment;
        }
        outcomes
    }

    /// Its breaker was resolved by a person.
    pub fn resolved(&mut self, last: LastResolve) {
        self.active = None;
        self.last_resolve = Some(last);
    }

    /// It has an active breaker from here on.
    pub fn tripped(&mut self, breaker: Id) {
        self.active = Some(breaker);
    }

    /// A conversation is scored for the first time, and nobody asks for the risk. `judge`: judge the run after it.
    pub fn scored(&mut self, rules: &Rules, entry: WindowEntry, receipt: Millis, judge: bool) -> Option<Box<Trip>> {
        self.put(entry, rules.kept_by_account());
        if judge { self.judge(rules, entry.key.1, receipt) } else { None }
    }

    fn change(&mut self, rules: &Rules, change: &Change) -> (Option<OpResult>, Option<Assessment>) {
        let expectation = change.expect.as_ref().map(|fallback| {
            let window = self.window(rules, change.receipt).iter().filter(|entry| Some(entry.key) != change.remove);
            fallback.expectation(window.map(|entry| &entry.dimensions))
        });
        if let Some(key) = change.remove {
            self.entries.retain(|entry| entry.key != key);
        }
        for entry in [change.put, change.moves_in].into_iter().flatten() {
            self.put(entry, rules.kept_by_account());
        }
        if !change.judge {
            return (expectation.map(|_| OpResult { op: change.op, expectation, trip: None, risk: None }), None);
        }
        let trip = self.judge(rules, change.position, change.receipt);
        let (result, assessment) = self.assessed(rules, change.op, change.receipt);
        (result.map(|result| OpResult { expectation, trip, ..result }), assessment)
    }

    /// A step that asks for the risk alone.
    fn assessed(&self, rules: &Rules, op: u32, at: Millis) -> (Option<OpResult>, Option<Assessment>) {
        let (assessment, rule) = self.assess(rules, at);
        let risk = Some((assessment.risk, rule));
        (Some(OpResult { op, expectation: None, trip: None, risk }), Some(assessment))
    }

    /// What it comes to as of `at`, and the rule that gives it its risk.
    pub fn assess(&self, rules: &Rules, at: Millis) -> (Assessment, RiskRule) {
        let (window, run, paused) = (self.window(rules, at), self.low_run(rules).count(), self.active.is_some());
        let grounds = health::grounds(rules, window, run, paused);
        let ((risk, rule), rolling_composite) = (grounds.risk(rules), grounds.composite);
        let newest = self.entries.last().map(|entry| entry.key.0);
        // An entry of exactly the window's age is in it.
        let leaves = |oldest: &WindowEntry| oldest.key.0.saturating_add(rules.settings.model.window_span() + 1);
        let until = window.first().map_or(Millis::MAX, leaves);
        (Assessment { risk, rolling_composite, paused, newest, until }, rule)
    }

    /// Adds an entry that is not there yet, if it is among the newest `kept`.
    fn put(&mut self, entry: WindowEntry, kept: usize) {
        let over = (self.entries.len() + 1).saturating_sub(kept);
        let at = self.entries.partition_point(|other| other.key < entry.key);
        if at < over || self.entries.get(at).is_some_and(|other| other.key == entry.key) {
            return;
        }
        self.entries.drain(..over);
        if self.entries.len() == self.entries.capacity() {
            let more = (self.entries.len() / 4).max(1).min(kept - self.entries.len());
            self.entries.reserve_exact(more);
        }
        self.entries.insert(at - over, entry);
    }

    /// R7.1.
    fn judge(&mut self, rules: &Rules, at: Position, receipt: Millis) -> Option<Box<Trip>> {
        let newest = self.entries.last()?;
        // Most scores are not low, so most runs need not be looked for.
        if self.active.is_some() || (rules.counts(newest.scored()) && !rules.is_low(newest.composite)) {
            return None;
        }
        let run: Vec<Scored> = self.low_run(rules).collect();
        if !run::trips(rules, &run, rules.run_that_trips(false), receipt) {
            return None;
        }
        let id = breaker::id_of(self.workspace, at, &BreakerScope::Account(self.id));
        self.active = Some(id);
        Some(Box::new(Trip::new(id, &run)))
    }

    fn low_run<'a>(&'a self, rules: &'a Rules) -> impl Iterator<Item = Scored> + 'a {
        let newest_first = self.entries.iter().rev().map(WindowEntry::scored);
        run::consecutive_low(rules, self.last_resolve, rules.run_horizon(false), newest_first)
    }

    /// The window of R6.1 as of `at`, ascending.
    fn window(&self, rules: &Rules, at: Millis) -> &[WindowEntry] {
        let oldest = at - rules.settings.model.window_span();
        let start = self.entries.len().saturating_sub(usize::from(rules.settings.model.window_size));
        start_from(&self.entries[start..], oldest)
    }

    /// R3.3 as of `now`.
    pub fn health(&self, rules: &Rules, now: Millis) -> AccountHealth {
        health::of(rules, self.id, self.window(rules, now), self.low_run(rules).count(), self.active.is_some())
    }
}

/// Those with `scoredAt` at or after `oldest`.
fn start_from(entries: &[WindowEntry], oldest: Millis) -> &[WindowEntry] {
    &entries[entries.partition_point(|entry| entry.key.0 < oldest)..]
}
