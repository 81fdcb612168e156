//! What a page about a workspace begins with (R6.7).

use std::cmp::Reverse;
use std::collections::HashMap;

use super::super::time::Millis;
use super::super::view::{ComparedGroup, GroupBy, Overview, QualityStats};
use super::Workspace;
use super::tally::Sums;

/// Both ends inclusive.
type Range = (Millis, Millis);

impl Workspace {
    /// R6.7: a range beside the one before it.
    pub fn overview(&self, current: Range, previous: Range, by: Option<GroupBy>) -> Overview {
        let (from, to) = current;
        Overview {
            current: self.quality(from, to),
            previous: self.stats(previous.0, previous.1),
            breakers: self.breaker_states(from, to),
            unscored: self.unscored(from, to),
            groups: by.map(|by| self.compared_groups(current, previous, by)),
        }
    }

    /// The largest first, those without a key behind others of their size.
    fn compared_groups(&self, current: Range, previous: Range, by: GroupBy) -> Vec<ComparedGroup> {
        let of = |(from, to): Range| self.groups(from, to, by).into_iter().map(|(key, group)| (key, group.stats));
        let nothing = |(from, to): Range| self.quality_of(from, to, &Sums::default(), 0).stats;
        let mut both: HashMap<Option<String>, [Option<QualityStats>; 2]> = HashMap::new();
        of(current).for_each(|(key, stats)| both.entry(key).or_default()[0] = Some(stats));
        of(previous).for_each(|(key, stats)| both.entry(key).or_default()[1] = Some(stats));
        let groups = both.into_iter().map(|(key, [now, before])| ComparedGroup {
            key,
            by,
            current: now.unwrap_or_else(|| nothing(current)),
            previous: before.unwrap_or_else(|| nothing(previous)),
        });
        let mut groups: Vec<_> = groups.collect();
        groups.sort_by_cached_key(|group| {
            let sizes = [&group.current, &group.previous].map(|stats| stats.conversations_scored);
            (Reverse(sizes), group.key.is_none(), group.key.clone())
        });
        groups
    }
}
