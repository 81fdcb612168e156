//! R3.1 and R6.7: statistics of ranges of time, whole, in pieces and in groups, from the list of conversations.

use std::cmp::Reverse;

use tripswitch::domain::event::{Body, Sender};
use tripswitch::domain::message::Heard;
use tripswitch::domain::score::Hundredths;
use tripswitch::domain::time::{DAY, HOUR, Millis};
use tripswitch::domain::view::{
    BreakerScope, BreakerState, ComparedGroup, GroupBy, LabelKind, Overview, QualityStats, RangeQuality,
};

use crate::broken::Broken;
use crate::compare::{Check, Compared, same};
use crate::health::score;
use crate::naive::{Arrival, Breaker, Conversation, Naive, Score};
use crate::random::Random;
use crate::real::Real;
use crate::stream::START;

const ALL_GROUPS: [GroupBy; 4] =
    [GroupBy::Label(LabelKind::Channel), GroupBy::Label(LabelKind::Intent), GroupBy::Handler, GroupBy::ModelVersion];

/// A message that a conversation has had, in whatever life of it.
#[derive(Clone, Copy, Debug)]
pub struct Spoken {
    /// None for the customer.
    pub agent: Option<Sender>,
    pub automatic: bool,
    pub time: Millis,
}

impl Spoken {
    fn of(body: &Body, time: Millis) -> Option<Self> {
        let (agent, automatic) = match body {
            Body::MessageReceived(_) => (None, false),
            Body::MessageSent { sender, .. } => (Some(*sender), false),
            Body::Message { sender, heard } => (*sender, matches!(heard, Heard::Automatic)),
            Body::ConversationCreated
            | Body::StatusChanged(_)
            | Body::ConversationResolved(_)
            | Body::AttentionItemCreated(_)
            | Body::SignalObserved { .. }
            | Body::SurveyResponded { .. }
            | Body::ConversationScored(_)
            | Body::AccountUpdated { .. } => return None,
        };
        Some(Self { agent, automatic, time })
    }
}

impl Naive {
    pub fn hear(&mut self, arrival: Arrival, begins_life: bool) {
        let forgets = begins_life && self.breaks(Broken::HandlerOfNewLife);
        let known = self.known_mut(arrival.conversation);
        if forgets {
            known.spoken.clear();
        }
        known.spoken.extend(Spoken::of(&arrival.event.body, arrival.time));
    }

    fn mean(&self, sum: u64, count: u64) -> Option<Hundredths> {
        if self.breaks(Broken::AveragesRoundDown) && count > 0 {
            return Some(Hundredths((sum / count) as u16));
        }
        // Half up: the nearest to sum ÷ count, by whole numbers.
        (count > 0).then(|| Hundredths(((sum * 10 / count + 5) / 10) as u16))
    }

    pub fn average(&self, of: &[&Conversation], value: impl Fn(&Score) -> Hundredths) -> Option<Hundredths> {
        self.mean(of.iter().map(|known| u64::from(value(score(known)).0)).sum(), of.len() as u64)
    }

    /// R6.2.
    pub fn counts_as_resolved(&self, score: &Score) -> bool {
        let failure = self.csat.threshold_resolution_failure;
        let fails = score.composite < failure
            || (score.composite == failure && self.breaks(Broken::ResolutionFailureIsInclusive));
        score.resolved && !fails
    }

    pub fn resolution_rate(&self, of: &[&Conversation]) -> Option<Hundredths> {
        let resolved = of.iter().filter(|known| self.counts_as_resolved(score(known))).count() as u64;
        self.mean(resolved * 100, of.len() as u64)
    }

    fn scored_within(&self, from: Millis, to: Millis) -> Vec<&Conversation> {
        let last = to - Millis::from(self.breaks(Broken::StatsEndExclusive));
        let mut of = self.scored(&BreakerScope::Workspace);
        of.retain(|known| (from..=last).contains(&score(known).scored_at));
        of
    }

    fn triggered_within(&self, from: Millis, to: Millis) -> Vec<&Breaker> {
        self.breakers.iter().filter(|breaker| (from..=to).contains(&breaker.triggered_at)).collect()
    }

    /// R3.1.
    fn stats_of(&self, of: &[&Conversation], breakers: usize, (from, to): (Millis, Millis)) -> QualityStats {
        QualityStats {
            period_start: from,
            period_end: to,
            conversations_scored: of.len() as u64,
            average_composite: self.average(of, |score| score.composite),
            average_outcome: self.average(of, |score| score.dimensions[0]),
            average_process: self.average(of, |score| score.dimensions[1]),
            average_environment: self.average(of, |score| score.dimensions[2]),
            average_confidence: self.average(of, |score| score.confidence),
            average_disconfirmation: self.average(of, |score| score.disconfirmation),
            circuit_breakers_triggered: breakers as u64,
            resolution_rate: self.resolution_rate(of),
            retention_from: (from < self.retained_from).then_some(self.retained_from),
        }
    }

    fn quality_of(&self, of: &[&Conversation], breakers: usize, range: (Millis, Millis)) -> RangeQuality {
        let edge = u16::from(self.breaks(Broken::HistogramEdgeBelow));
        let mut histogram = [0; 8];
        for known in of {
            let composite = score(known).composite.0;
            // 5.00 has no class of its own.
            let class = ((composite - edge).saturating_sub(100) / 50).min(7);
            if composite < 500 || !self.breaks(Broken::HistogramWithoutFive) {
                histogram[usize::from(class)] += 1;
            }
        }
        RangeQuality { stats: self.stats_of(of, breakers, range), histogram }
    }

    pub fn range_quality(&self, from: Millis, to: Millis) -> RangeQuality {
        self.quality_of(&self.scored_within(from, to), self.triggered_within(from, to).len(), (from, to))
    }

    pub fn series(&self, bounds: &[Millis]) -> Vec<RangeQuality> {
        let last = 1 - Millis::from(self.breaks(Broken::SeriesEndInclusive));
        let of_bucket = |range: &[Millis]| {
            let mut of_bucket = self.range_quality(range[0], range[1] - last);
            of_bucket.stats.period_end = range[1] - 1;
            of_bucket
        };
        bounds.windows(2).map(of_bucket).collect()
    }

    /// Who wrote the last message of an agent, by position.
    fn handler(&self, known: &Conversation) -> Option<Sender> {
        let by_time = self.breaks(Broken::HandlerByTime);
        let counts = |spoken: &&Spoken| !spoken.automatic || self.breaks(Broken::AutomaticHandles);
        let mut agents: Vec<_> = known.spoken.iter().filter(counts).filter(|spoken| spoken.agent.is_some()).collect();
        agents.sort_by_key(|spoken| if by_time { spoken.time } else { 0 });
        let last = if self.breaks(Broken::FirstHandlerStays) { agents.first() } else { agents.last() };
        last.and_then(|spoken| spoken.agent)
    }

    fn group(&self, known: &Conversation, by: GroupBy) -> Option<String> {
        match by {
            GroupBy::Label(kind) => known.labels[kind as usize].as_deref().map(str::to_owned),
            GroupBy::Handler => self.handler(known).map(|handler| handler.name().to_owned()),
            GroupBy::ModelVersion if self.breaks(Broken::ModelInForce) => Some(self.settings.profile.name.to_string()),
            GroupBy::ModelVersion => Some(score(known).profile.name.to_string()),
        }
    }

    /// By key; each with the breakers of its own scope.
    pub fn groups(&self, from: Millis, to: Millis, by: GroupBy) -> Vec<(Option<String>, RangeQuality)> {
        let of = self.scored_within(from, to);
        let tripped = self.triggered_within(from, to);
        let scopes: Vec<_> = tripped.iter().filter_map(|breaker| group_of_scope(&breaker.scope, by)).collect();
        let mut keys: Vec<_> = of.iter().map(|known| self.group(known, by)).collect();
        if !self.breaks(Broken::GroupOfBreakersAlone) {
            keys.extend(scopes.iter().cloned().map(Some));
        }
        keys.sort();
        keys.dedup();
        let quality = |key: Option<String>| {
            let theirs: Vec<_> = of.iter().copied().filter(|known| self.group(known, by) == key).collect();
            let breakers = scopes.iter().filter(|scope| Some(*scope) == key.as_ref()).count();
            let breakers = if self.breaks(Broken::GroupsShareBreakers) { tripped.len() } else { breakers };
            let quality = self.quality_of(&theirs, breakers, (from, to));
            (key, quality)
        };
        keys.into_iter().map(quality).collect()
    }

    /// A range beside the one before it, with the groups that have something in either, the largest first.
    fn overview(&self, now: (Millis, Millis), before: (Millis, Millis), by: GroupBy) -> Overview {
        let [mut current, previous] = [now, before].map(|(from, to)| self.groups(from, to, by));
        let keys: Vec<_> = current.iter().map(|(key, _)| key.clone()).collect();
        let gone = previous.iter().filter(|(key, _)| !keys.contains(key));
        current.extend(gone.map(|(key, _)| (key.clone(), self.quality_of(&[], 0, now))));
        let then = |key: &Option<String>| {
            let found = previous.iter().find(|(other, _)| other == key);
            found.map_or_else(|| self.quality_of(&[], 0, before), |(_, group)| group.clone())
        };
        let compared = |(key, group): (Option<String>, RangeQuality)| {
            let previous = then(&key).stats;
            ComparedGroup { key, by, current: group.stats, previous }
        };
        let mut groups: Vec<ComparedGroup> = current.into_iter().map(compared).collect();
        groups.sort_by_key(|group| {
            let sizes = [&group.current, &group.previous].map(|stats| Reverse(stats.conversations_scored));
            (sizes, group.key.is_none(), group.key.clone())
        });
        Overview {
            current: self.range_quality(now.0, now.1),
            previous: self.range_quality(before.0, before.1).stats,
            breakers: self.breaker_states(now.0, now.1),
            unscored: self.unscored(now.0, now.1),
            groups: Some(groups),
        }
    }

    /// Open, without a customer's message, of automatic messages only; by the hours of the last event.
    pub fn unscored(&self, from: Millis, to: Millis) -> [u64; 3] {
        let mut counts = [0; 3];
        let hour = |at: Millis| if self.breaks(Broken::UnscoredByMillisecond) { at } else { at.div_euclid(HOUR) };
        for known in self.conversations.iter().filter(|known| known.score.is_none() && is_lived(known)) {
            let by_machines = !known.spoken.is_empty() && known.spoken.iter().all(|spoken| spoken.automatic);
            if (hour(from)..=hour(to)).contains(&hour(known.last_change)) {
                let why = match () {
                    () if !known.settled && !self.life_of(known).terminal => 0,
                    () if by_machines && !self.breaks(Broken::MachinesAreCustomers) => 2,
                    () => 1,
                };
                counts[why] += 1;
            }
        }
        counts
    }

    /// Triggered and acknowledged ones, whenever; and those of the range that are resolved.
    pub fn breaker_states(&self, from: Millis, to: Millis) -> [u64; 3] {
        let mut counts = [0; 3];
        let always = self.breaks(Broken::ResolvedWhenever);
        for breaker in &self.breakers {
            let inside = (from..=to).contains(&breaker.triggered_at);
            match breaker.state() {
                BreakerState::Triggered | BreakerState::Acknowledged
                    if !inside && self.breaks(Broken::ActiveOfRange) => {}
                BreakerState::Triggered => counts[0] += 1,
                BreakerState::Acknowledged => counts[1] += 1,
                BreakerState::Resolved => counts[2] += u64::from(inside || always),
            }
        }
        counts
    }

    fn note_statistics(&mut self, from: Millis, to: Millis) {
        let [open, unheard, automatic] = self.unscored(from, to);
        self.coverage.add("unscored: open", open);
        self.coverage.add("unscored: no customer message", unheard);
        self.coverage.add("unscored: only automatic", automatic);
        for (by, what) in ALL_GROUPS.into_iter().zip(["two channels", "two intents", "two handlers", "two models"]) {
            let named = self.groups(from, to, by).iter().filter(|(key, _)| key.is_some()).count();
            self.coverage.add(what, u64::from(named > 1));
        }
    }

    /// Ages of what there is, and beside them.
    fn bounds(&self, rng: &mut Random, last: Millis) -> Vec<Millis> {
        let scored =
            self.conversations.iter().map(|known| known.score.as_ref().map_or(known.last_change, |s| s.scored_at));
        let mut times: Vec<Millis> = scored.chain(self.breakers.iter().map(|breaker| breaker.triggered_at)).collect();
        times.extend([START - 500 * DAY, last + DAY, self.retained_from.max(START - 400 * DAY)]);
        let bound = |_| match rng.below(8) {
            0 => rng.range(START - 100 * DAY, last + DAY),
            1 => times[rng.index(times.len())].div_euclid(HOUR) * HOUR,
            _ => times[rng.index(times.len())] + rng.range(-1, 1),
        };
        let mut bounds: Vec<Millis> = (0..8).map(bound).collect();
        bounds.sort_unstable();
        bounds.dedup();
        bounds
    }
}

/// Something has happened in its life, and not only what came from elsewhere.
fn is_lived(known: &Conversation) -> bool {
    !known.kept.is_empty() || known.ended.is_some() || known.carried.is_some()
}

fn group_of_scope(scope: &BreakerScope, by: GroupBy) -> Option<String> {
    match (scope, by) {
        (BreakerScope::Label(kind, name), GroupBy::Label(of)) if *kind == of => Some(name.to_string()),
        _ => None,
    }
}

impl Compared {
    /// Between times that matter.
    pub fn some_statistics(&mut self) -> Check {
        self.statistics_of(&self.real)?;
        self.naive.note_statistics(START - 500 * DAY, self.last + DAY);
        Ok(())
    }

    /// As [`some_statistics`](Self::some_statistics), of another state that has to be the same.
    pub fn statistics_of(&self, real: &Real) -> Check {
        let mut rng = Random::new(self.frames.len() as u64);
        let bounds = self.naive.bounds(&mut rng, self.last);
        let (from, to) = (bounds[rng.index(bounds.len())], bounds[bounds.len() - 1]);
        self.of_range(real, from, to)?;
        let (now, before) = ((from, to), (bounds[0], from - 1));
        let by = ALL_GROUPS[rng.index(ALL_GROUPS.len())];
        let what = format!("overview by {by:?} of {now:?} beside {before:?}");
        same(&what, real.overview(now, before, by), self.naive.overview(now, before, by))?;
        let whole = real.range_quality(bounds[0], to - 1);
        let real = real.series(&bounds);
        same(&format!("series of {bounds:?}"), &real, &self.naive.series(&bounds))?;
        let sum = |of: &dyn Fn(&RangeQuality) -> u64| real.iter().map(of).sum::<u64>();
        same("scored in all pieces", sum(&|one| one.stats.conversations_scored), whole.stats.conversations_scored)?;
        same(
            "tripped in all pieces",
            sum(&|one| one.stats.circuit_breakers_triggered),
            whole.stats.circuit_breakers_triggered,
        )?;
        let classes = [0, 1, 2, 3, 4, 5, 6, 7].map(|class: usize| sum(&|one| one.histogram[class]));
        same("histograms of all pieces", classes, whole.histogram)
    }

    pub fn statistics(&self, from: Millis, to: Millis) -> Check {
        self.of_range(&self.real, from, to)
    }

    fn of_range(&self, real: &Real, from: Millis, to: Millis) -> Check {
        let of_range = format!("{from}..={to}");
        same("statistics", real.stats(from, to), self.naive.range_quality(from, to).stats)?;
        same("quality", real.range_quality(from, to), self.naive.range_quality(from, to))?;
        for by in ALL_GROUPS {
            let what = format!("groups by {by:?} of {of_range}");
            same(&what, real.groups(from, to, by), self.naive.groups(from, to, by))?;
        }
        same(&format!("unscored of {of_range}"), real.unscored(from, to), self.naive.unscored(from, to))?;
        same("states of breakers", real.breaker_states(from, to), self.naive.breaker_states(from, to))
    }
}
