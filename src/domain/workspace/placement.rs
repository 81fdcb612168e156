//! Puts a changed score where it belongs: into statistics and the accounts' indexes and windows; then has the
//! breakers judged (R4.7, R6.1, R7.1, R7.2).

use super::super::account::{AccountOp, Change};
use super::super::breaker;
use super::super::expectation::{Expectation, Fallback};
use super::super::health::WindowEntry;
use super::super::run::{self, Scored, Trip};
use super::super::scoring::profile::Profile;
use super::super::timeline::{Key, Keys, Sum};
use super::super::view::BreakerScope;
use super::Workspace;
use super::conversations::Sums;
use super::kept::Score;
use super::round::At;
use super::round::{EventStep, Round};

/// What an event did to a conversation's score.
#[derive(Debug)]
pub(super) enum NewScore {
    Keep,
    /// A scoring or re-scoring; with `expect`, a new expectation is frozen.
    Set {
        score: Score,
        expect: bool,
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
            NewScore::Set { score, expect } => (Some(score), true, expect),
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
            let workspace_trip = self.judge_workspace(at);
            round.steps.push(EventStep {
                position: at.position,
                receipt: at.receipt,
                conversation,
                account,
                account_name: account.and_then(|account| self.accounts.get(account).name.clone()),
                scoring,
                expectation,
                workspace_trip,
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
            let sums = Sums::of(&old, &self.rules);
            if old.key.0 >= self.recent.from {
                self.recent.sums.subtract(&sums);
            }
            if !in_place {
                self.timeline.remove(&self.conversations, item, &sums);
            }
            if let Some(before) = account_before.filter(|_| !at_home) {
                self.accounts.belongings(before).scored.remove(&self.conversations, item);
            }
        }
        self.conversations.set_score(item, new);
        let Some(new) = new else { return };
        let sums = Sums::of(&new, &self.rules);
        if new.key.0 >= self.recent.from {
            self.recent.sums.add(&sums);
        }
        let (conversations, rules) = (&self.conversations, &self.rules);
        match old.filter(|_| in_place) {
            Some(old) => self.timeline.adjust(conversations, item, &Sums::of(&old, rules), &sums),
            None => self.timeline.insert(conversations, item, |item| conversations.sums(item, rules)),
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

    /// R7.2.
    fn judge_workspace(&mut self, at: At) -> Option<Box<Trip>> {
        let newest = self.conversations.key(self.timeline.nth_newest(0)?);
        if self.breakers.workspace_active.is_some() || !run::is_recent(&self.rules, newest, at.receipt) {
            return None;
        }
        let scored = |item: u32| self.conversations.placed(item).scored(item);
        let horizon = self.rules.run_horizon(true);
        let last_resolve = self.breakers.workspace_last_resolve;
        let newest_first = self.timeline.newest_first().map(scored);
        let run: Vec<Scored> = run::consecutive_low(&self.rules, last_resolve, horizon, newest_first).collect();
        if run.len() < self.rules.run_that_trips(true) || !self.spans_accounts(&run) {
            return None;
        }
        let breaker = breaker::id_of(self.key, at.position, BreakerScope::Workspace);
        self.breakers.workspace_active = Some(breaker);
        Some(Box::new(Trip::new(breaker, &run)))
    }

    /// Whether the run has at least two accounts; a conversation without one counts as an account of its own.
    fn spans_accounts(&self, run: &[Scored]) -> bool {
        let account = |scored: &Scored| self.conversations.account(scored.conversation);
        let first = run.first().and_then(account);
        run.len() > 1 && run.iter().skip(1).any(|scored| first.is_none() || account(scored) != first)
    }

    /// The profile in force.
    pub(super) fn profile(&self) -> &Profile {
        &self.rules.settings.profile
    }

    /// A score's expectation was frozen, or its dimensions have changed: computes its disconfirmation.
    pub(super) fn disappoint(&mut self, item: u32, expectation: Option<Expectation>) {
        let Some(old) = self.conversations.score(item) else { return };
        let expectation = expectation.unwrap_or(old.expectation);
        let weights = self.profiles[usize::from(old.profile)].composite_weights;
        let disconfirmation =
            super::super::scoring::estimator::disconfirmation(weights, expectation.values(), old.dimensions);
        let new = Score { expectation, disconfirmation, ..old };
        if new.disconfirmation != old.disconfirmation {
            self.reindex(item, self.conversations.account(item), Some(old), Some(new));
        } else if new.expectation != old.expectation {
            // No index depends on expectations.
            self.conversations.set_score(item, Some(new));
        }
    }
}
