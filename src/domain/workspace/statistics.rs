//! Statistics over ranges of time (R3.1, R6.7). `from` and `to` are inclusive.

use std::collections::HashMap;

use super::super::event::Sender;
use super::super::score::Hundredths;
use super::super::time::Millis;
use super::super::view::{BreakerScope, BreakerState, GroupBy, LabelKind, QualityStats, RangeQuality};
use super::Workspace;
use super::tally::{Sums, Tally};

impl Workspace {
    /// R3.1.
    pub fn stats(&self, from: Millis, to: Millis) -> QualityStats {
        self.quality(from, to).stats
    }

    /// R3.1 with the histogram.
    pub fn quality(&self, from: Millis, to: Millis) -> RangeQuality {
        self.quality_of(from, to, &self.sum_between(from, to), self.breakers.triggered(from, to))
    }

    /// R6.7: the quality between neighbours of `bounds`, which ascend: from each on and before the next.
    pub fn series(&self, bounds: &[Millis]) -> Vec<RangeQuality> {
        let part = |item: u32| self.conversations.part(item, &self.rules);
        let sums = self.timeline.series(&self.conversations, bounds, part);
        let of_range = |(range, tally): (&[Millis], &Tally)| {
            let (from, to) = (range[0], range[1] - 1);
            self.quality_of(from, to, &tally.total(), self.breakers.triggered(from, to))
        };
        bounds.windows(2).zip(&sums).map(of_range).collect()
    }

    /// R6.7: the quality of each group that has a conversation in the range, in no order; without a key those that
    /// belong to none. Breakers are those of the group's own scope, so only channels and intents have any.
    pub fn groups(&self, from: Millis, to: Millis, by: GroupBy) -> Vec<(Option<String>, RangeQuality)> {
        let groups = match by {
            GroupBy::Label(kind) => return self.label_groups(from, to, kind),
            GroupBy::Handler => {
                let tally = self.tally_between(from, to);
                let of = |handler: Option<Sender>| tally.sum_where(|group| group.handler == handler);
                [Some(Sender::Ai), Some(Sender::Human), None]
                    .map(|handler| (handler.map(|handler| handler.name().to_owned()), of(handler)))
                    .to_vec()
            }
            GroupBy::ModelVersion => self.model_groups(&self.tally_between(from, to)),
        };
        let groups = groups.into_iter().filter(|(_, sums)| sums.count > 0);
        groups.map(|(key, sums)| (key, self.quality_of(from, to, &sums, 0))).collect()
    }

    fn model_groups(&self, tally: &Tally) -> Vec<(Option<String>, Sums)> {
        let name = |profile: u16| &*self.profiles[usize::from(profile)].name;
        let mut names: Vec<&str> = tally.groups().map(|group| name(group.profile)).collect();
        names.sort_unstable();
        names.dedup();
        let of = |wanted: &str| tally.sum_where(|group| name(group.profile) == wanted);
        names.into_iter().map(|wanted| (Some(wanted.to_owned()), of(wanted))).collect()
    }

    fn label_groups(&self, from: Millis, to: Millis, kind: LabelKind) -> Vec<(Option<String>, RangeQuality)> {
        use super::super::timeline::Sum as _;
        let of_each = |item: u32| self.conversations.part(item, &self.rules).1;
        let sums = self.labels.sums(kind, &self.conversations, (from, to), of_each);
        let mut rest = self.sum_between(from, to);
        sums.iter().for_each(|(_, sums)| rest.subtract(sums));
        let mut tripped: HashMap<&str, u64> = HashMap::new();
        for breaker in self.breakers.triggered_in(from, to) {
            if let BreakerScope::Label(of, name) = &breaker.scope
                && *of == kind
            {
                *tripped.entry(name).or_default() += 1;
            }
        }
        let of_label = |(name, sums): &(std::sync::Arc<str>, Sums)| {
            let breakers = tripped.get(&**name).copied().unwrap_or_default();
            (sums.count > 0 || breakers > 0)
                .then(|| (Some(name.to_string()), self.quality_of(from, to, sums, breakers)))
        };
        let unnamed = (rest.count > 0).then(|| (None, self.quality_of(from, to, &rest, 0)));
        sums.iter().filter_map(of_label).chain(unnamed).collect()
    }

    pub(super) fn quality_of(&self, from: Millis, to: Millis, sums: &Sums, breakers: u64) -> RangeQuality {
        let mean = |sum| Hundredths::mean(sum, sums.count);
        let stats = QualityStats {
            period_start: from,
            period_end: to,
            conversations_scored: sums.count,
            average_composite: mean(sums.composite),
            average_outcome: mean(sums.dimensions[0]),
            average_process: mean(sums.dimensions[1]),
            average_environment: mean(sums.dimensions[2]),
            average_confidence: mean(sums.confidence),
            average_disconfirmation: mean(sums.disconfirmation),
            circuit_breakers_triggered: breakers,
            resolution_rate: mean(100 * sums.resolved),
            retention_from: Some(self.retained_from).filter(|&oldest| from < oldest),
        };
        RangeQuality { stats, histogram: sums.histogram }
    }

    /// R6.7: the breakers that are triggered, those that are acknowledged, both as of now, and how many of those that
    /// triggered in the range are resolved.
    pub fn breaker_states(&self, from: Millis, to: Millis) -> [u64; 3] {
        let mut states = [0; 3];
        for breaker in self.breakers.active() {
            states[usize::from(breaker.state() == BreakerState::Acknowledged)] += 1;
        }
        let is_inside = |at: Millis| (from..=to).contains(&at);
        let still_active = self.breakers.active().filter(|breaker| is_inside(breaker.triggered.0)).count() as u64;
        states[2] = self.breakers.triggered(from, to) - still_active;
        states
    }
}
