//! The rules, written down as plainly as possible and without regard to speed. Everything that is
//! measured must answer as this does.

use std::collections::HashSet;

use crate::answers::{Health, Statistics, Trip, mean};
use crate::time::{DAY, HOUR};
use crate::workload::Fact;

/// Below it a conversation is low.
pub const LOW: u16 = 300;
/// Below it a conversation did not reach a resolution, whatever it says.
pub const FAILURE: u16 = 200;
/// Conversations and age of an account's window.
pub const WINDOW: usize = 50;
pub const WINDOW_SPAN: i64 = 90 * DAY;
/// A run reaches so far back from its newest, and over no more than so many.
pub const RUN_SPAN: i64 = 72 * HOUR;
pub const RUN_HORIZON: usize = 100;
/// A run of so many trips the breaker.
pub const RUN_THAT_TRIPS: u64 = 3;

/// Whether a conversation counts as resolved.
pub fn counts_as_resolved(fact: &Fact) -> bool {
    fact.resolved && fact.composite() >= FAILURE
}

/// One workspace.
#[derive(Clone, Debug, Default)]
pub struct Oracle {
    seen: HashSet<u32>,
    /// In the order of arrival: a fact's index is its position.
    facts: Vec<Fact>,
    trips: Vec<Trip>,
}

impl Oracle {
    /// Takes a fact that arrives at `receipt`; the trip it causes, if any.
    pub fn take(&mut self, fact: &Fact, receipt: i64) -> Option<Trip> {
        if !self.seen.insert(fact.number) {
            return None;
        }
        self.facts.push(fact.clone());
        let account = fact.account;
        let newest = self.newest_first(account)[0].at;
        let run = self.consecutive_low(account);
        let active = self.trips.iter().any(|trip| trip.account == account);
        if active || run < RUN_THAT_TRIPS || newest < receipt - RUN_SPAN {
            return None;
        }
        let trip = Trip { account, run };
        self.trips.push(trip);
        Some(trip)
    }

    /// Nothing for an account that no fact names.
    pub fn health(&self, account: u32, now: i64) -> Option<Health> {
        let all = self.newest_first(account);
        if all.is_empty() {
            return None;
        }
        let window: Vec<_> = all.into_iter().take(WINDOW).filter(|fact| fact.at >= now - WINDOW_SPAN).collect();
        let count = window.len() as u64;
        let composite = window.iter().map(|fact| u64::from(fact.composite())).sum();
        let resolved = window.iter().filter(|fact| counts_as_resolved(fact)).count() as u64;
        Some(Health {
            count,
            composite: mean(composite, count),
            resolution_rate: mean(100 * resolved, count),
            consecutive_low: self.consecutive_low(account),
        })
    }

    /// Active breakers, by account.
    pub fn trips(&self) -> Vec<Trip> {
        let mut trips = self.trips.clone();
        trips.sort();
        trips
    }

    pub fn statistics(&self, from: i64, to: i64) -> Statistics {
        statistics(self.facts.iter(), from, to)
    }

    /// In the order of arrival, without repeats.
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    fn consecutive_low(&self, account: u32) -> u64 {
        let all = self.newest_first(account);
        let in_run = |fact: &&&Fact| fact.composite() < LOW && all[0].at - fact.at <= RUN_SPAN;
        all.iter().take(RUN_HORIZON).take_while(in_run).count() as u64
    }

    /// By time, then by position.
    fn newest_first(&self, account: u32) -> Vec<&Fact> {
        let mut of_account: Vec<_> = self.facts.iter().filter(|fact| fact.account == account).collect();
        of_account.sort_by_key(|fact| fact.at); // stable: those of one time stay in order
        of_account.reverse();
        of_account
    }
}

/// Of facts without repeats.
pub fn statistics<'a>(facts: impl Iterator<Item = &'a Fact>, from: i64, to: i64) -> Statistics {
    let (mut count, mut composite, mut dimensions, mut resolved) = (0, 0, [0; 3], 0);
    for fact in facts.filter(|fact| from <= fact.at && fact.at <= to) {
        count += 1;
        composite += u64::from(fact.composite());
        resolved += u64::from(counts_as_resolved(fact));
        for (sum, dimension) in dimensions.iter_mut().zip(fact.dimensions) {
            *sum += u64::from(dimension);
        }
    }
    Statistics {
        count,
        composite: mean(composite, count),
        dimensions: dimensions.map(|sum| mean(sum, count)),
        resolution_rate: mean(100 * resolved, count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_774_432_800_000;

    struct Account {
        oracle: Oracle,
        sent: u32,
    }

    impl Account {
        fn new() -> Self {
            Self { oracle: Oracle::default(), sent: 0 }
        }

        /// A fact of a composite, so many milliseconds back.
        fn take(&mut self, ago: i64, composite: u16) -> Option<Trip> {
            self.sent += 1;
            let fact = Fact {
                number: self.sent,
                account: 1,
                at: NOW - ago,
                dimensions: [composite; 3],
                resolved: true,
                confidence: 100,
                signals: 0,
            };
            self.oracle.take(&fact, NOW)
        }

        fn health(&self) -> Health {
            self.oracle.health(1, NOW).expect("the account has facts")
        }
    }

    #[test]
    fn a_composite_at_the_threshold_is_not_low() {
        let mut account = Account::new();
        assert_eq!([account.take(3, 299), account.take(2, 300), account.take(1, 299)], [None; 3]);
        assert_eq!(account.health().consecutive_low, 1);
    }

    #[test]
    fn the_third_low_one_trips_once() {
        let mut account = Account::new();
        let trips = [5, 4, 3, 2].map(|ago| account.take(ago, 299));
        assert_eq!(trips, [None, None, Some(Trip { account: 1, run: 3 }), None]);
    }

    #[test]
    fn seventy_two_hours_belong_to_a_run_and_a_millisecond_more_does_not() {
        for (over, trips) in [(0, true), (1, false)] {
            let mut account = Account::new();
            account.take(RUN_SPAN + HOUR + over, 200);
            account.take(2 * HOUR, 200);
            assert_eq!(account.take(HOUR, 200).is_some(), trips);
            assert_eq!(account.health().consecutive_low, if trips { 3 } else { 2 });
        }
    }

    #[test]
    fn the_newest_of_a_run_must_be_recent() {
        for (ago, trips) in [(RUN_SPAN, true), (RUN_SPAN + 1, false)] {
            let mut account = Account::new();
            account.take(ago + 2, 200);
            account.take(ago + 1, 200);
            assert_eq!(account.take(ago, 200).is_some(), trips);
            assert_eq!(account.health().consecutive_low, 3);
        }
    }

    #[test]
    fn a_window_holds_fifty_of_ninety_days() {
        let mut account = Account::new();
        account.take(200, 100);
        for n in 0..50 {
            account.take(100 - n, 500);
        }
        assert_eq!((account.health().count, account.health().composite), (50, Some(500)));
        let mut account = Account::new();
        account.take(WINDOW_SPAN, 400);
        account.take(WINDOW_SPAN + 1, 400);
        assert_eq!(account.health().count, 1);
    }

    #[test]
    fn late_ones_take_their_place_and_equal_times_stand_as_they_came() {
        let mut account = Account::new();
        account.take(1, 400);
        assert_eq!([4, 3, 2].map(|ago| account.take(ago, 200)), [None; 3]);
        account.take(1, 200);
        assert_eq!(account.health().consecutive_low, 1);
    }

    #[test]
    fn a_repeat_changes_nothing() {
        let mut account = Account::new();
        account.take(2, 200);
        account.take(1, 200);
        account.sent -= 1;
        assert_eq!(account.take(1, 200), None);
        assert_eq!(account.health().count, 2);
    }

    #[test]
    fn statistics_include_both_ends() {
        let mut account = Account::new();
        for ago in [30, 20, 10] {
            account.take(ago, 400);
        }
        let count = |from, to| account.oracle.statistics(NOW - from, NOW - to).count;
        assert_eq!([count(30, 10), count(29, 10), count(30, 11), count(29, 11), count(9, 0)], [3, 2, 2, 1, 0]);
        assert_eq!(account.oracle.statistics(NOW, NOW).composite, None);
    }

    #[test]
    fn below_two_nothing_counts_as_resolved() {
        let mut account = Account::new();
        account.take(2, 199);
        account.take(1, 200);
        assert_eq!(account.health().resolution_rate, Some(50));
    }
}
