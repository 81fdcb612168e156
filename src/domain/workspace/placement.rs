//! Puts a changed score where it belongs: into statistics and the accounts' indexes and windows; then has the
//! breakers judged (R4.7, R6.1, R7.1, R7.2).

use std::sync::Arc;

use super::super::account::{AccountOp, Change};
use super::super::breaker;
use super::super::expectation::{Expectation, Fallback};
use super::super::health::WindowEntry;
use super::super::run::{self, LastResolve, Scored, Trip};
use super::super::scoring::profile::Profile;
use super::super::timeline::{Key, Sum};
use super::super::view::{BreakerScope, LabelKind};
use super::Workspace;
use super::accounts::Tripped;
use super::kept::Score;
use super::round::At;
use super::round::{EventStep, Round};
use super::tally::Sums;

/// What an event did to a conversation's score.
#[derive(Debug)]
pub(super) enum NewScore {
    Keep,
    /// A scoring or re-scoring; with `expect`, a new expectation is frozen.
    Set {
        score: Score,
        expect: bool,
    },
    /// A person's score, whatever the model says.
    Forced {
        score: Score,
    },
    /// It no longer has one.
    Remove,
}

/// A conversation whose account or score may have changed.
#[derive(Debug)]
pub(super) struct Placement {
    pub conversation: u32,
    pub account_before: Option<u32>,
    pub score: NewScore,
}

impl Workspace {
    pub(super) fn place(&mut self, round: &mut Round, at: At, placement: Placement) {
        let Placement { conversation, account_before, score } = placement;
        let old = self.conversations.score(conversation);
        let account = self.conversations.account(conversation);
        let (new, scoring, expect) = match score {
            NewScore::Keep => (old, false, false),
            NewScore::Set { score, expect } => (Some(self.in_force(conversation, score)), true, expect),
            NewScore::Forced { score } => (Some(score), true, false),
            NewScore::Remove if self.outlives_model(conversation) => (old, false, false),
            NewScore::Remove => (None, false, false),
        };
        let moved = account != account_before;
        if !scoring && old == new && !(moved && old.is_some()) {
            return;
        }
        let fallback = expect.then(|| self.fallback(old));
        for account in [account, account_before.filter(|_| moved && old.is_some())].into_iter().flatten() {
            self.involve(round, account);
        }
        self.reindex(conversation, account_before, old, new);
        if moved && let (Some(before), Some(old)) = (account_before, old) {
            let change = self.change(round, at, before, Some(old.key), None);
            round.ask(before, AccountOp::Change(change));
        }
        let judged = scoring || (moved && new.is_some());
        let mut expectation = None;
        if let Some(account) = account {
            let remove = old.filter(|_| !moved).map(|old| old.key);
            let mut change = self.change(round, at, account, remove, new.map(|new| new.entry(conversation)));
            (change.expect, change.judge) = (fallback, judged);
            round.ask(account, AccountOp::Change(change));
        } else {
            expectation = fallback.map(|fallback| fallback.expectation(std::iter::empty()));
        }
        if judged {
            let trips = self.judge_others(at, conversation);
            round.steps.push(EventStep {
                position: at.position,
                receipt: at.receipt,
                conversation: Some(conversation),
                account,
                account_name: account.and_then(|account| self.accounts.get(account).name.clone()),
                score: new.filter(|_| scoring),
                expectation,
                before: None,
                trips,
            });
        }
    }

    /// The means that the workspace's other conversations, within the days of the window, lead to expect.
    fn fallback(&self, old: Option<Score>) -> Fallback {
        let mut sums = self.recent.sums;
        if let Some(old) = old.filter(|old| old.key.0 >= self.recent.from) {
            sums.subtract(&Sums::of(&old, &self.rules));
        }
        Fallback::new(self.rules.csat.baselines(), sums.count, sums.dimensions)
    }

    /// Replaces the score in the record, in statistics and in the accounts' indexes.
    fn reindex(&mut self, item: u32, account_before: Option<u32>, old: Option<Score>, new: Option<Score>) {
        let account = self.conversations.account(item);
        let stays = |a: Option<Score>, b: Option<Score>| a.map(|score| score.key) == b.map(|score| score.key);
        let (in_place, at_home) = (stays(old, new), stays(old, new) && account == account_before);
        if let Some(old) = old {
            let part = self.conversations.part_with(item, &old, &self.rules);
            if old.key.0 >= self.recent.from {
                self.recent.sums.subtract(&part.1);
            }
            if !in_place {
                self.timeline.remove(&self.conversations, item, &part);
                self.labels.leave(&self.conversations, item, &part.1);
            }
            if let Some(before) = account_before.filter(|_| !at_home) {
                self.accounts.belongings(before).scored.remove(&self.conversations, item);
            }
        }
        self.conversations.set_score(item, new);
        let Some(new) = new else { return };
        let part = self.conversations.part_with(item, &new, &self.rules);
        if new.key.0 >= self.recent.from {
            self.recent.sums.add(&part.1);
        }
        let (conversations, rules) = (&self.conversations, &self.rules);
        match old.filter(|_| in_place) {
            Some(old) => {
                let before = conversations.part_with(item, &old, rules);
                self.timeline.adjust(conversations, item, &before, &part);
                self.labels.adjust(conversations, item, &before.1, &part.1);
            }
            None => {
                self.timeline.insert(conversations, item, |item| conversations.part(item, rules));
                self.labels.enter(conversations, item, |item| conversations.part(item, rules).1);
            }
        }
        if let Some(account) = account.filter(|_| !at_home) {
            self.accounts.belongings(account).scored.insert(conversations, item);
        }
    }

    /// A step for an account whose index has already changed.
    fn change(&self, round: &Round, at: At, account: u32, remove: Option<Key>, put: Option<WindowEntry>) -> Change {
        let moves_in = remove.and_then(|_| {
            let last = self.accounts.scored(account).nth_newest(self.rules.kept_by_account() - 1)?;
            Some(self.conversations.placed(last).entry(last))
        });
        Change {
            op: round.steps.len() as u32,
            position: at.position,
            receipt: at.receipt,
            remove,
            put,
            moves_in: moves_in.filter(|entry| put.is_none_or(|put| put.key != entry.key)),
            expect: None,
            judge: false,
        }
    }

    /// Adds an account to the round as it is now: to be called before anything of it changes.
    pub(super) fn involve(&mut self, round: &mut Round, account: u32) {
        if !round.involves(account) {
            let id = self.accounts.get(account).id;
            let wake = self.wake(id);
            round.involve(account, id, wake, &self.rules);
        }
    }

    /// R7.2, and R7.8 where it is asked for.
    fn judge_others(&mut self, at: At, conversation: u32) -> Vec<(BreakerScope, Trip)> {
        let mut trips = Vec::new();
        if let Some(trip) = self.judge_workspace(at) {
            trips.push((BreakerScope::Workspace, trip));
        }
        let own = &self.rules.own;
        let asked_for = [own.channel_breakers, own.intent_breakers].map(|asked| asked == Some(true));
        if asked_for != [false; 2] {
            let numbers = self.labels.numbers(conversation);
            for kind in LabelKind::ALL.into_iter().filter(|kind| asked_for[*kind as usize]) {
                trips.extend(self.judge_label(at, kind, numbers[kind as usize]));
            }
        }
        trips
    }

    fn judge_workspace(&mut self, at: At) -> Option<Trip> {
        if self.breakers.workspace_active.is_some() {
            return None;
        }
        let run = self.run_over(at, self.breakers.workspace_last_resolve, self.timeline.newest_first())?;
        let breaker = breaker::id_of(self.key, at.position, &BreakerScope::Workspace);
        self.breakers.workspace_active = Some(breaker);
        Some(Trip::new(breaker, &run))
    }

    fn judge_label(&mut self, at: At, kind: LabelKind, number: u16) -> Option<(BreakerScope, Trip)> {
        let scope = BreakerScope::Label(kind, Arc::clone(self.labels.name(kind, number)?));
        let Tripped { active, last_resolve } = self.labels.tripped(kind, number);
        if active.is_some() {
            return None;
        }
        let run = self.run_over(at, last_resolve, self.labels.newest_first(kind, number))?;
        let breaker = breaker::id_of(self.key, at.position, &scope);
        self.labels.trip(kind, number, breaker);
        Some((scope, Trip::new(breaker, &run)))
    }

    /// The run of a scope that has more than one account, if it trips a breaker.
    fn run_over(
        &self,
        at: At,
        last_resolve: Option<LastResolve>,
        newest_first: impl Iterator<Item = u32>,
    ) -> Option<Vec<Scored>> {
        let scored = |item: u32| self.conversations.placed(item).scored(item);
        let horizon = self.rules.run_horizon(true);
        let run = run::consecutive_low(&self.rules, last_resolve, horizon, newest_first.map(scored));
        let run: Vec<Scored> = run.collect();
        let least = self.rules.run_that_trips(true);
        let trips = run::trips(&self.rules, &run, least, at.receipt);
        (trips && run::spans_accounts(&run, |number| self.conversations.account(number))).then_some(run)
    }

    /// The profile in force.
    pub(super) fn profile(&self) -> &Profile {
        &self.rules.settings.profile
    }

    /// A score as it is with this expectation.
    pub(super) fn disappointed(&self, score: Score, expectation: Expectation) -> Score {
        let weights = self.profiles[usize::from(score.profile)].composite_weights;
        let disconfirmation =
            super::super::scoring::estimator::disconfirmation(weights, expectation.values(), score.dimensions);
        Score { expectation, disconfirmation, ..score }
    }

    /// A score's expectation was frozen, or its dimensions have changed: computes its disconfirmation.
    pub(super) fn disappoint(&mut self, item: u32, expectation: Option<Expectation>) {
        let Some(old) = self.conversations.score(item) else { return };
        let new = self.disappointed(old, expectation.unwrap_or(old.expectation));
        if new.disconfirmation != old.disconfirmation {
            self.reindex(item, self.conversations.account(item), Some(old), Some(new));
        } else if new.expectation != old.expectation {
            // No index depends on expectations.
            self.conversations.set_score(item, Some(new));
        }
    }
}
