//! A scope that has more than one account: the workspace, a channel or an intent.

use std::collections::VecDeque;

use super::super::super::breaker::Breaker;
use super::super::super::rules::Rules;
use super::super::super::run::{self, LastResolve, Scored};
use super::super::super::time::Millis;
use super::super::cut::Cut;
use super::super::kept::Score;
use super::play::Judge;

/// Its newest conversations, as many as a run is looked for in.
pub struct Broad<'a> {
    cut: &'a Cut,
    rules: &'a Rules,
    /// Ascending by key.
    entries: VecDeque<Scored>,
    /// How many of them count and are low.
    low: usize,
    last_resolve: Option<LastResolve>,
    active: bool,
    /// Room for a run.
    run: Vec<Scored>,
}

impl<'a> Broad<'a> {
    pub fn new(cut: &'a Cut, rules: &'a Rules) -> Self {
        Self { cut, rules, entries: VecDeque::new(), low: 0, last_resolve: None, active: false, run: Vec::new() }
    }

    fn put(&mut self, scored: Scored) {
        self.low += usize::from(self.is_low(&scored));
        match self.entries.back() {
            Some(newest) if newest.key > scored.key => {
                let at = self.entries.partition_point(|other| other.key < scored.key);
                self.entries.insert(at, scored);
            }
            Some(_) | None => self.entries.push_back(scored),
        }
        if self.entries.len() > self.rules.run_horizon(true) {
            let oldest = self.entries.pop_front();
            self.low -= usize::from(oldest.is_some_and(|oldest| self.is_low(&oldest)));
        }
    }

    fn is_low(&self, scored: &Scored) -> bool {
        self.rules.counts(*scored) && self.rules.is_low(scored.composite)
    }

    /// Whether no run has to be looked for: most scores are not low, and end every run; and where few count, a run
    /// would be looked for in all of them.
    fn has_no_run(&self) -> bool {
        let ends = |newest: &Scored| self.rules.counts(*newest) && !self.rules.is_low(newest.composite);
        self.low < self.rules.run_that_trips(true) || self.entries.back().is_none_or(ends)
    }
}

impl Judge for Broad<'_> {
    fn scored(&mut self, number: u32, score: &Score, receipt: Millis, judge: bool) -> Option<usize> {
        self.put(score.scored(number));
        if !judge || self.active || self.has_no_run() {
            return None;
        }
        let Self { cut, rules, entries, last_resolve, run, .. } = self;
        run.clear();
        let newest_first = entries.iter().rev().copied();
        run.extend(run::consecutive_low(rules, *last_resolve, rules.run_horizon(true), newest_first));
        self.active = run::trips(rules, run, rules.run_that_trips(true), receipt)
            && run::spans_accounts(run, |number| cut.conversations.account(number));
        self.active.then_some(self.run.len())
    }

    fn tripped(&mut self, _: &Breaker) {
        self.active = true;
    }

    fn resolved(&mut self, last: LastResolve) {
        self.active = false;
        self.last_resolve = Some(last);
    }
}
