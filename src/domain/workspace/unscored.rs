//! Conversations without a score: how many, and why (R6.7).

use std::collections::BTreeMap;

use super::super::time::{HOUR, Millis};
use super::super::view::WhyUnscored;
use super::Workspace;
use super::conversations::Course;

/// How many there are for each reason, by the hour of the last event that changed their lives. In no cut: counted anew
/// at load.
#[derive(Clone, Debug, Default)]
pub struct UnscoredCounts(BTreeMap<i64, [u64; 3]>);

/// The hour (UTC, counted from 1970) in which a conversation was left without a score, and why.
pub type Lack = (i64, WhyUnscored);

impl UnscoredCounts {
    /// A conversation lacks a score otherwise than before, or no more.
    pub fn change(&mut self, before: Option<Lack>, after: Option<Lack>) {
        if before == after {
            return;
        }
        if let Some((hour, why)) = before
            && let Some(counts) = self.0.get_mut(&hour)
        {
            counts[why as usize] -= 1;
            if *counts == [0; 3] {
                self.0.remove(&hour);
            }
        }
        if let Some((hour, why)) = after {
            self.0.entry(hour).or_default()[why as usize] += 1;
        }
    }

    /// Over all hours that have a part in `from..=to`.
    fn between(&self, from: Millis, to: Millis) -> [u64; 3] {
        let hours = self.0.range(from.div_euclid(HOUR)..=to.div_euclid(HOUR));
        hours.fold([0; 3], |sum, (_, counts)| [0, 1, 2].map(|why: usize| sum[why] + counts[why]))
    }
}

impl Workspace {
    /// Why a conversation has no score; none for one that has, or of which nothing but its id is known.
    pub(super) fn lack(&self, number: u32) -> Option<Lack> {
        if !self.conversations.is_unscored(number) {
            return None;
        }
        let (at, is_over) = match self.conversations.course(number) {
            Course::Unlived => return None,
            Course::Living(life) => (life.last_change, life.is_over()),
            Course::Settled(left) => (left.last_change, true),
        };
        let why = match self.conversations.voices(number) {
            _ if !is_over => WhyUnscored::Open,
            voices if voices.are_automatic() => WhyUnscored::OnlyAutomatic,
            _ => WhyUnscored::NoCustomerMessage,
        };
        Some((at.div_euclid(HOUR), why))
    }

    /// R6.7: conversations without a score, of which the last event came in the hours of `from..=to`, by reason.
    pub fn unscored(&self, from: Millis, to: Millis) -> [u64; 3] {
        self.unscored_counts.between(from, to)
    }

    /// Counts all of them, after a load.
    pub(super) fn count_unscored(&mut self) {
        for number in self.conversations.numbers() {
            let lack = self.lack(number);
            self.unscored_counts.change(None, lack);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r6_7_whole_hours_count_from_the_one_in_which_the_range_begins() {
        let mut counts = UnscoredCounts::default();
        let at = |hour: i64, why| Some((hour, why));
        counts.change(None, at(1, WhyUnscored::Open));
        counts.change(None, at(2, WhyUnscored::OnlyAutomatic));
        counts.change(None, at(2, WhyUnscored::Open));
        assert_eq!(counts.between(HOUR + 1, 2 * HOUR), [2, 0, 1]);
        counts.change(at(2, WhyUnscored::Open), at(3, WhyUnscored::NoCustomerMessage));
        assert_eq!((counts.between(0, 3 * HOUR - 1), counts.between(0, 3 * HOUR)), ([1, 0, 1], [1, 1, 1]));
        counts.change(at(1, WhyUnscored::Open), None);
        assert_eq!((counts.between(Millis::MIN, Millis::MAX), counts.0.len()), ([0, 1, 1], 2));
    }
}
