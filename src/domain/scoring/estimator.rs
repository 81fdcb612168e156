//! From observations to dimensions: the mean of a Beta posterior per dimension, on 1–5, and the
//! exact account of how it came about (R5.5).

use serde::Serialize;

use super::catalogue::{Profile, SignalWeight};
use super::{Estimate, Observation, ObservedKind};
use crate::domain::event::Quantum;
use crate::domain::hex;
use crate::domain::score::{Dimension, Hundredths, serialize_number};

/// From this presence on a signal counts in `signalCount`: the first quantum at or above 0.05.
const COUNTED_PRESENCE: Quantum = 3_277;

/// A value that misses a tie of hundredths by less than this is one: the exact fraction behind it is
/// made of a few short decimals, binary floats are not.
const TIE_TOLERANCE: f64 = 1e-9;

/// 0–1.
pub(super) fn from_quantum(quantum: Quantum) -> f64 {
    f64::from(quantum) / f64::from(Quantum::MAX)
}

/// The nearest quantum of a value within 0–1, half up; outside it saturates.
pub(super) fn to_quantum(value: f64) -> Quantum {
    (value * f64::from(Quantum::MAX) + 0.5).floor() as Quantum
}

/// Dimensions, composite, confidence and signal count. Sums run in the order of `observations`,
/// which [`observe`](super::task::signals::observe) makes the same everywhere.
pub fn estimate(profile: &Profile, observations: &[Observation]) -> Estimate {
    let mut evidence = 0.0;
    let mut signal_count = 0_u16;
    for observation in observations {
        evidence += weight(profile, observation).weight * from_quantum(observation.presence);
        signal_count = signal_count.saturating_add(u16::from(observation.presence >= COUNTED_PRESENCE));
    }
    let dimensions = [0, 1, 2].map(|d| {
        let (good, total) = posterior(profile, observations, d);
        1.0 + 4.0 * good / total
    });
    let composite = weighted_sum(&profile.composite_weights, &dimensions);
    Estimate { dimensions, composite, confidence: evidence / (evidence + profile.prior_strength), signal_count }
}

/// Pseudo-counts of good, and of all, in dimension `d`.
fn posterior(profile: &Profile, observations: &[Observation], d: usize) -> (f64, f64) {
    let mut good = profile.prior_strength * profile.priors[d];
    let mut total = profile.prior_strength;
    for observation in observations {
        let SignalWeight { weight, loadings } = weight(profile, observation);
        let counts = loadings[d] * weight * from_quantum(observation.presence);
        good += counts * from_quantum(observation.goodness);
        total += counts;
    }
    (good, total)
}

fn weight(profile: &Profile, observation: &Observation) -> SignalWeight {
    match &observation.signal {
        ObservedKind::Catalogue(kind) => profile.weight_of(*kind),
        ObservedKind::Own(own) => SignalWeight { weight: own.weight, loadings: own.loadings },
    }
}

fn weighted_sum(weights: &[f64; 3], values: &[f64; 3]) -> f64 {
    weights[0] * values[0] + weights[1] * values[1] + weights[2] * values[2]
}

/// What each observation adds to each dimension, in points of the 1–5 scale: their sum over the
/// observations is s_d − (1 + 4·m_d).
pub fn contributions(profile: &Profile, observations: &[Observation]) -> Vec<[f64; 3]> {
    let totals = [0, 1, 2].map(|d| posterior(profile, observations, d).1);
    let contribution = |observation: &Observation| {
        let SignalWeight { weight, loadings } = weight(profile, observation);
        let (presence, goodness) = (from_quantum(observation.presence), from_quantum(observation.goodness));
        [0, 1, 2].map(|d| 4.0 * loadings[d] * weight * presence * (goodness - profile.priors[d]) / totals[d])
    };
    observations.iter().map(contribution).collect()
}

/// The composite of dimensions that are already hundredths (imports), half up as the exact fraction
/// would be.
pub fn composite_of(weights: [f64; 3], dimensions: [Hundredths; 3]) -> Hundredths {
    half_up(weighted_sum(&weights, &dimensions.map(|dimension| f64::from(dimension.0))))
}

/// How far the published dimensions fall short of what was expected, as a share of the scale (0 to
/// 1.00): Σ ω_d·max(0, e_d − s_d)/4 ÷ Σ ω_d over the dimensions with an expectation; 0 where none
/// has one, or those that have weigh nothing.
pub fn disconfirmation(weights: [f64; 3], expected: [Option<Hundredths>; 3], published: [Hundredths; 3]) -> Hundredths {
    let (mut shortfall, mut total) = (0.0, 0.0);
    for ((weight, expected), published) in weights.into_iter().zip(expected).zip(published) {
        if let Some(expected) = expected {
            shortfall += weight * f64::from(expected.0.saturating_sub(published.0));
            total += weight;
        }
    }
    if total > 0.0 { half_up(shortfall / (4.0 * total)) } else { Hundredths(0) }
}

/// `value` in hundredths, at least 0.
fn half_up(value: f64) -> Hundredths {
    Hundredths((value + 0.5 + TIE_TOLERANCE).floor() as u16)
}

/// The exact sum behind each number of a score (R5.5), before rounding.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The profile's name.
    pub model_version: Box<str>,
    /// The profile's hash, 16 hexadecimal digits.
    pub profile_hash: Box<str>,
    /// K, in pseudo-counts.
    #[serde(serialize_with = "serialize_number")]
    pub prior_strength: f64,
    pub dimensions: Vec<DimensionExplanation>,
    /// The sum of the dimensions' `compositePart`s.
    #[serde(serialize_with = "serialize_number")]
    pub composite: f64,
    #[serde(serialize_with = "serialize_number")]
    pub confidence: f64,
    pub signal_count: u16,
}

/// One dimension: prior + contributions = total.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DimensionExplanation {
    pub dimension: Dimension,
    /// 1 + 4·m_d: the score if nothing had been observed.
    #[serde(serialize_with = "serialize_number")]
    pub prior: f64,
    /// Those that load on this dimension.
    pub signals: Vec<SignalExplanation>,
    /// s_d.
    #[serde(serialize_with = "serialize_number")]
    pub total: f64,
    /// ω_d.
    #[serde(serialize_with = "serialize_number")]
    pub composite_weight: f64,
    /// ω_d·s_d.
    #[serde(serialize_with = "serialize_number")]
    pub composite_part: f64,
}

/// One signal's share in one dimension.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignalExplanation {
    pub signal: Box<str>,
    /// No public labels to fit it on: operational and own signals.
    pub uncalibrated: bool,
    /// n, 0–1.
    #[serde(serialize_with = "serialize_number")]
    pub presence: f64,
    /// g, 0–1.
    #[serde(serialize_with = "serialize_number")]
    pub goodness: f64,
    /// w, in pseudo-counts.
    #[serde(serialize_with = "serialize_number")]
    pub weight: f64,
    /// L_d, 0–1.
    #[serde(serialize_with = "serialize_number")]
    pub loading: f64,
    /// In points of the 1–5 scale, negative where it speaks against.
    #[serde(serialize_with = "serialize_number")]
    pub contribution: f64,
}

/// Spells out [`estimate`] on the same arguments.
pub fn explain(profile: &Profile, observations: &[Observation]) -> Explanation {
    let estimate = estimate(profile, observations);
    let contributions = contributions(profile, observations);
    let dimension = |dimension: Dimension| {
        let d = dimension as usize;
        let rows = observations.iter().zip(&contributions);
        DimensionExplanation {
            dimension,
            prior: 1.0 + 4.0 * profile.priors[d],
            signals: rows.filter_map(|(observation, parts)| signal(profile, observation, d, parts[d])).collect(),
            total: estimate.dimensions[d],
            composite_weight: profile.composite_weights[d],
            composite_part: profile.composite_weights[d] * estimate.dimensions[d],
        }
    };
    Explanation {
        model_version: profile.name.clone(),
        profile_hash: hex::encode(&profile.hash).into(),
        prior_strength: profile.prior_strength,
        dimensions: Dimension::ALL.into_iter().map(dimension).collect(),
        composite: estimate.composite,
        confidence: estimate.confidence,
        signal_count: estimate.signal_count,
    }
}

fn signal(profile: &Profile, observation: &Observation, d: usize, contribution: f64) -> Option<SignalExplanation> {
    let SignalWeight { weight, loadings } = weight(profile, observation);
    let (name, uncalibrated) = match &observation.signal {
        ObservedKind::Catalogue(kind) => (kind.name().into(), kind.is_operational()),
        ObservedKind::Own(own) => (own.name.clone(), true),
    };
    (loadings[d] > 0.0).then(|| SignalExplanation {
        signal: name,
        uncalibrated,
        presence: from_quantum(observation.presence),
        goodness: from_quantum(observation.goodness),
        weight,
        loading: loadings[d],
        contribution,
    })
}

#[cfg(test)]
mod tests;
