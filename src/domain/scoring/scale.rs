//! The scale that scores are told on, and how sure they are.
//!
//! The posterior means of a model are not on the scale on which people rate. One monotone map, the same for the three
//! dimensions, takes them there: a line, bent near the ends so that few conversations reach them. An explanation
//! shows what the ends add or take in a row `limit`, and what a rating does in a row `rating`. Between the two stands
//! the workspace's [`Level`](super::level::Level), in a row `level`.

use serde::{Deserialize, Serialize};

use super::catalogue::SignalKind;
use super::observation::{Observation, ObservedKind};
use crate::domain::quantum::from_quantum;

/// From posterior means to published dimensions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    pub slope: f64,
    pub offset: f64,
    /// The line bends from this distance to an end on; 0: it does not bend.
    pub ease: f64,
    /// The best that a dimension can be where the customer has not said that they are glad.
    pub unsaid_end: f64,
    /// Whether the customer's rating decides if the composite is low, and structure without words never does (R5.7,
    /// R5.8).
    pub guards: bool,
    /// The goodness of ratings 1 to 5, 0–1; between them a straight line.
    pub ratings: [f64; 5],
}

/// The composite of a conversation rated 1 or 2 is at most this.
const LOW_END: f64 = 2.99;
/// The composite of a conversation rated 4 or 5, or of which only the structure is known, is at least this.
const FINE_BEGIN: f64 = 3.0;
pub(super) const BEST: f64 = 5.0;
pub(super) const WORST: f64 = 1.0;
/// Goodness of ratings in even steps.
const EVEN: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];

impl Scale {
    /// The scale before there were models: posterior means are published as they are.
    pub const FIRST: Self = Self { slope: 1.0, offset: 0.0, ease: 0.0, unsaid_end: BEST, guards: false, ratings: EVEN };

    /// `task-1`'s, which was fitted on the scale of its raters.
    pub const fn of_task() -> Self {
        Self { guards: true, ..Self::FIRST }
    }

    /// In a fixed order.
    pub fn numbers(&self) -> [f64; 10] {
        let [one, two, three, four, five] = self.ratings;
        let guards = f64::from(u8::from(self.guards));
        [self.slope, self.offset, self.ease, self.unsaid_end, guards, one, two, three, four, five]
    }

    /// The inverse of [`numbers`](Self::numbers).
    pub fn from_numbers([slope, offset, ease, unsaid_end, guards, ratings @ ..]: [f64; 10]) -> Self {
        Self { slope, offset, ease, unsaid_end, guards: guards != 0.0, ratings }
    }

    /// The goodness of a rating that was observed as a share of the way from 1 to 5.
    pub fn rated(&self, part: f64) -> f64 {
        let at = 4.0 * part.clamp(0.0, 1.0);
        let below = (at.floor() as usize).min(3);
        let (low, high) = (self.ratings[below], self.ratings[below + 1]);
        low + (high - low) * (at - below as f64)
    }

    /// The straight part of the map.
    pub fn line(&self, mean: f64) -> f64 {
        self.slope * mean + self.offset
    }

    /// What is published for a value of the line.
    pub fn bent(&self, value: f64, customer_is_glad: bool) -> f64 {
        let end = if customer_is_glad { BEST } else { self.unsaid_end };
        self.eased(value).clamp(WORST, end)
    }

    /// How steep the map is there: 1 where it is straight, 0 at its ends.
    pub fn steepness(&self, value: f64, customer_is_glad: bool) -> f64 {
        if self.bent(value, customer_is_glad) != self.eased(value) {
            return 0.0;
        }
        let (over, under) = self.beyond(value);
        if self.ease > 0.0 { 1.0 - (over + under) / (2.0 * self.ease) } else { 1.0 }
    }

    /// How far behind the beginnings of the bends, at most to their ends.
    fn beyond(&self, value: f64) -> (f64, f64) {
        let ease = self.ease;
        let over = (value - (BEST - ease)).clamp(0.0, 2.0 * ease);
        let under = (WORST + ease - value).clamp(0.0, 2.0 * ease);
        (over, under)
    }

    /// Straight in the middle. Near an end it is a parabola whose slope falls from 1 to 0: it reaches the end where
    /// the line is as far beyond it as the bend began before it.
    fn eased(&self, value: f64) -> f64 {
        let ease = self.ease;
        if ease <= 0.0 {
            return value;
        }
        let (over, under) = self.beyond(value);
        value.clamp(WORST + ease, BEST - ease) + (over - over * over / (4.0 * ease))
            - (under - under * under / (4.0 * ease))
    }
}

/// The dimensions after the customer's rating has decided: all are moved towards an end by the same share, as far as
/// the composite has to go.
pub fn after_rating(dimensions: [f64; 3], weights: [f64; 3], rating: Option<u8>) -> [f64; 3] {
    match rating {
        Some(1 | 2) => at_most(dimensions, weights, LOW_END),
        Some(4 | 5) => at_least(dimensions, weights, FINE_BEGIN),
        Some(_) | None => dimensions,
    }
}

/// The dimensions moved as far as they must be so that the conversation is not low.
pub fn not_low(dimensions: [f64; 3], weights: [f64; 3]) -> [f64; 3] {
    at_least(dimensions, weights, FINE_BEGIN)
}

fn at_most(dimensions: [f64; 3], weights: [f64; 3], most: f64) -> [f64; 3] {
    let composite = weighted_sum(&weights, &dimensions);
    if composite <= most {
        return dimensions;
    }
    let share = (most - WORST) / (composite - WORST);
    dimensions.map(|dimension| WORST + (dimension - WORST) * share)
}

fn at_least(dimensions: [f64; 3], weights: [f64; 3], least: f64) -> [f64; 3] {
    let composite = weighted_sum(&weights, &dimensions);
    if composite >= least {
        return dimensions;
    }
    let share = (BEST - least) / (BEST - composite);
    dimensions.map(|dimension| BEST - (BEST - dimension) * share)
}

pub(super) fn weighted_sum(weights: &[f64; 3], values: &[f64; 3]) -> f64 {
    weights[0] * values[0] + weights[1] * values[1] + weights[2] * values[2]
}

/// What confidence means.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Certainty {
    /// E / (E + K): how much was seen.
    Evidence,
    /// How often the verdict (low or not) was right for conversations like this: a logistic regression.
    Verdict(VerdictFit),
}

/// Coefficients of the regression, fitted by cross-validation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct VerdictFit {
    pub constant: f64,
    /// Distance of the composite above 3.0 (at most 1.5), times evidence.
    pub above: f64,
    /// Distance below, times evidence.
    pub below: f64,
    /// E / (E + 0.8), with E a third of Σ w·n.
    pub evidence: f64,
    /// How much of what was seen contradicts the rest.
    pub conflict: f64,
    pub low: f64,
    /// Not low, and the customer is glad.
    pub above_glad: f64,
    /// Low although the customer is glad.
    pub below_glad: f64,
    /// Not low, times the strongest sign against it.
    pub above_against: f64,
    pub no_pack: f64,
    pub no_reply: f64,
}

/// The largest distance from 3.0 that counts.
const FAR: f64 = 1.5;
const HALF_EVIDENCE: f64 = 0.8;
const CONFLICT_FLOOR: f64 = 0.3;

/// Signals of a glad customer: without one of them no dimension reaches 5.00.
pub(super) const SAYS_SO: [SignalKind; 4] =
    [SignalKind::Thanks, SignalKind::Praise, SignalKind::Solved, SignalKind::Warm];

/// Signals that speak against a verdict of "not low".
const AGAINST: [SignalKind; 11] = [
    SignalKind::Complaint,
    SignalKind::Giveup,
    SignalKind::Threat,
    SignalKind::HumanAsked,
    SignalKind::Unsolved,
    SignalKind::Retold,
    SignalKind::Waiting,
    SignalKind::AgentRepeats,
    SignalKind::EndsUnresolved,
    SignalKind::Disputed,
    SignalKind::LeftOpen,
];

/// What was seen in favour of a conversation and against it, in pseudo-counts over the three dimensions.
#[derive(Clone, Copy, Debug, Default)]
pub struct Balance {
    pub good: f64,
    pub bad: f64,
}

/// Presence (0–1) of a signal.
pub(super) fn presence(observations: &[Observation], kind: SignalKind) -> f64 {
    let found = observations.iter().find(|seen| seen.signal == ObservedKind::Catalogue(kind));
    found.map_or(0.0, |seen| from_quantum(seen.presence))
}

impl Certainty {
    /// In a fixed order.
    pub fn numbers(&self) -> Vec<f64> {
        match self {
            Self::Evidence => Vec::new(),
            Self::Verdict(fit) => fit.numbers().into(),
        }
    }
}

impl VerdictFit {
    /// In a fixed order.
    pub fn numbers(&self) -> [f64; 11] {
        let Self { constant, above, below, evidence, conflict, low, .. } = *self;
        let Self { above_glad, below_glad, above_against, no_pack, no_reply, .. } = *self;
        [constant, above, below, evidence, conflict, low, above_glad, below_glad, above_against, no_pack, no_reply]
    }

    /// The inverse of [`numbers`](Self::numbers).
    pub fn from_numbers(numbers: [f64; 11]) -> Self {
        let [constant, above, below, evidence, conflict, low, rest @ ..] = numbers;
        let [above_glad, below_glad, above_against, no_pack, no_reply] = rest;
        Self {
            constant,
            above,
            below,
            evidence,
            conflict,
            low,
            above_glad,
            below_glad,
            above_against,
            no_pack,
            no_reply,
        }
    }

    /// 0–1.
    pub fn confidence(&self, composite: f64, seen: Balance, observations: &[Observation]) -> f64 {
        let has = |kind: SignalKind| presence(observations, kind) > 0.0;
        let evidence = (seen.good + seen.bad) / 3.0;
        let evidence = evidence / (evidence + HALF_EVIDENCE);
        let (good, bad) = (seen.good / 3.0, seen.bad / 3.0);
        let conflict = good.min(bad) / (good + bad + CONFLICT_FLOOR);
        let is_low = composite < FINE_BEGIN;
        let distance = (composite - FINE_BEGIN).abs().min(FAR) * evidence;
        let glad = SAYS_SO.into_iter().chain([SignalKind::ContentEnd]).any(has);
        let against = AGAINST.into_iter().map(|kind| presence(observations, kind)).fold(0.0, f64::max);
        let when = |condition: bool, coefficient: f64| if condition { coefficient } else { 0.0 };
        let by_distance = if is_low { self.below } else { self.above };
        let z = self.constant
            + by_distance * distance
            + self.evidence * evidence
            + self.conflict * conflict
            + when(is_low, self.low)
            + when(glad, if is_low { self.below_glad } else { self.above_glad })
            + when(!is_low, self.above_against * against)
            + when(has(SignalKind::LanguageUnknown), self.no_pack)
            + when(has(SignalKind::NoReply), self.no_reply);
        1.0 / (1.0 + libm::exp(-z))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCALE: Scale = Scale {
        slope: 2.0,
        offset: -3.0,
        ease: 0.6,
        unsaid_end: 4.9,
        guards: true,
        ratings: [0.0, 0.4, 0.6, 0.8, 1.0],
    };
    const THIRDS: [f64; 3] = [1.0 / 3.0; 3];

    #[test]
    fn r5_8_the_map_is_monotone_straight_in_the_middle_and_bent_at_the_ends() {
        let values: Vec<f64> = (-20..=80).map(|tenth| SCALE.bent(f64::from(tenth) / 10.0, true)).collect();
        assert!(values.is_sorted() && values[0] == 1.0 && values[100] == 5.0);
        for straight in [1.6, 3.0, 4.4] {
            assert!((SCALE.bent(straight, true) - straight).abs() < 1e-12);
        }
        assert!(SCALE.bent(5.0, true) < 5.0 && SCALE.bent(5.6, true) > 4.999);
        assert_eq!(SCALE.bent(9.0, false), 4.9);
        assert_eq!(Scale::FIRST.bent(4.321, false), 4.321);
    }

    #[test]
    fn a_rating_is_as_good_as_the_scale_says() {
        for part in [0.0, 0.1, 0.25, 0.7, 1.0] {
            assert!((Scale::FIRST.rated(part) - part).abs() < 1e-12);
        }
        assert_eq!([0.0, 0.25, 0.5, 1.0].map(|part| SCALE.rated(part)), [0.0, 0.4, 0.6, 1.0]);
        assert!((SCALE.rated(0.125) - 0.2).abs() < 1e-12);
    }

    #[test]
    fn r5_8_a_rating_draws_all_dimensions_as_far_as_it_must() {
        let low = after_rating([5.0, 5.0, 1.0], THIRDS, Some(2));
        assert!((weighted_sum(&THIRDS, &low) - 2.99).abs() < 1e-12 && low[2] == 1.0, "{low:?}");
        let fine = after_rating([1.0, 2.0, 1.0], THIRDS, Some(4));
        assert!((weighted_sum(&THIRDS, &fine) - 3.0).abs() < 1e-12, "{fine:?}");
        assert_eq!(after_rating([1.0, 2.0, 1.0], THIRDS, Some(3)), [1.0, 2.0, 1.0]);
        assert_eq!(after_rating([1.0, 2.0, 1.0], THIRDS, Some(1)), [1.0, 2.0, 1.0]);
    }
}
