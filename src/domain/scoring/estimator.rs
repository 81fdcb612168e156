//! From observations to dimensions: the mean of a Beta posterior per dimension, on 1–5, and the
//! exact account of how it came about (R5.5).

use serde::{Deserialize, Serialize};

use super::catalogue::{Profile, SignalWeight};
use super::{Estimate, Observation, ObservedKind};
use crate::domain::event::Quantum;
use crate::domain::score::{Dimension, Hundredths};

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
/// which [`observe`](super::signals::observe) makes the same everywhere.
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The profile's name.
    pub model_version: Box<str>,
    /// The profile's hash, 16 hexadecimal digits.
    pub profile_hash: Box<str>,
    /// K, in pseudo-counts.
    pub prior_strength: f64,
    pub dimensions: Vec<DimensionExplanation>,
    /// The sum of the dimensions' `compositePart`s.
    pub composite: f64,
    pub confidence: f64,
    pub signal_count: u16,
}

/// One dimension: prior + contributions = total.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DimensionExplanation {
    pub dimension: Dimension,
    /// 1 + 4·m_d: the score if nothing had been observed.
    pub prior: f64,
    /// Those that load on this dimension.
    pub signals: Vec<SignalExplanation>,
    /// s_d.
    pub total: f64,
    /// ω_d.
    pub composite_weight: f64,
    /// ω_d·s_d.
    pub composite_part: f64,
}

/// One signal's share in one dimension.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignalExplanation {
    pub signal: Box<str>,
    /// No public labels to fit it on: operational and own signals.
    pub uncalibrated: bool,
    /// n, 0–1.
    pub presence: f64,
    /// g, 0–1.
    pub goodness: f64,
    /// w, in pseudo-counts.
    pub weight: f64,
    /// L_d, 0–1.
    pub loading: f64,
    /// In points of the 1–5 scale, negative where it speaks against.
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
        profile_hash: profile.hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into(),
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
mod tests {
    use super::super::catalogue::SignalKind;
    use super::*;
    use crate::domain::event::OwnSignal;

    fn seen(kind: SignalKind, presence: f64, goodness: f64) -> Observation {
        let signal = ObservedKind::Catalogue(kind);
        Observation { signal, presence: to_quantum(presence), goodness: to_quantum(goodness) }
    }

    fn own(weight: f64, loadings: [f64; 3], goodness: Quantum) -> Observation {
        let signal = ObservedKind::Own(OwnSignal { name: "deflection".into(), weight, loadings });
        Observation { signal, presence: Quantum::MAX, goodness }
    }

    #[test]
    fn nothing_observed_is_the_prior_without_confidence() {
        let estimate = estimate(&Profile::default(), &[]);
        assert_eq!(estimate.dimensions, [0.52, 0.72, 0.39].map(|prior| 1.0 + 4.0 * (3.0 * prior) / 3.0));
        assert_eq!((estimate.confidence, estimate.signal_count), (0.0, 0));
    }

    #[test]
    fn one_rating_moves_every_dimension_by_its_share() {
        let estimate = estimate(&Profile::default(), &[seen(SignalKind::Rating, 1.0, 1.0)]);
        let expected = [0.52, 0.72, 0.39].map(|m| 1.0 + 4.0 * (3.0 * m + 8.0 / 3.0) / (3.0 + 8.0 / 3.0));
        for (got, expected) in estimate.dimensions.iter().zip(expected) {
            assert!((got - expected).abs() < 1e-12, "{got} {expected}");
        }
        assert!((estimate.confidence - 8.0 / 11.0).abs() < 1e-12);
        assert!((estimate.composite - expected.iter().sum::<f64>() / 3.0).abs() < 1e-12);
    }

    #[test]
    fn r5_5_contributions_add_up_to_the_score_before_rounding() {
        let mut profile = Profile::default();
        profile.composite_weights = [0.5, 0.2, 0.3];
        let observations = [
            seen(SignalKind::SentimentMean, 1.0, 0.37),
            seen(SignalKind::Praise, 0.4866, 1.0),
            seen(SignalKind::Rejection, 0.614, 0.0),
            seen(SignalKind::ResolutionFailed, 1.0, 0.0),
            own(7.5, [0.0, 1.0, 0.0], 40_000),
        ];
        let explanation = explain(&profile, &observations);
        let estimate = estimate(&profile, &observations);
        for (part, total) in explanation.dimensions.iter().zip(estimate.dimensions) {
            let sum = part.prior + part.signals.iter().map(|signal| signal.contribution).sum::<f64>();
            assert!((sum - total).abs() < 1e-12, "{:?}: {sum} {total}", part.dimension);
            assert_eq!(part.total, total);
        }
        let parts: f64 = explanation.dimensions.iter().map(|part| part.composite_part).sum();
        assert!((parts - estimate.composite).abs() < 1e-12);
        let names = |d: usize| explanation.dimensions[d].signals.iter().map(|s| &*s.signal).collect::<Vec<_>>();
        assert_eq!(names(1), ["sentiment_mean", "rejection", "deflection"]);
        assert_eq!(
            explanation.dimensions[0].signals.iter().map(|s| s.uncalibrated).collect::<Vec<_>>(),
            [false, false, false, true]
        );
    }

    #[test]
    fn an_explanation_is_written_in_camel_case() {
        let json = serde_json::to_value(explain(&Profile::default(), &[seen(SignalKind::Rating, 1.0, 0.5)])).unwrap();
        assert_eq!(json["modelVersion"], "support-en-1");
        assert_eq!(json["dimensions"][2]["dimension"], "environment");
        assert_eq!(json["dimensions"][0]["signals"][0]["uncalibrated"], true);
        assert!(json["dimensions"][0]["compositePart"].is_f64() && json["profileHash"].as_str().unwrap().len() == 16);
    }

    #[test]
    fn a_signal_counts_from_a_presence_of_a_twentieth() {
        let count = |presence| {
            let signal = ObservedKind::Catalogue(SignalKind::Effort);
            estimate(&Profile::default(), &[Observation { signal, presence, goodness: 0 }]).signal_count
        };
        assert_eq!((count(3_276), count(3_277)), (0, 1));
        assert!(from_quantum(3_276) < 0.05 && from_quantum(3_277) >= 0.05);
    }

    #[test]
    fn r2_4_a_composite_of_imported_scores_rounds_half_up_like_the_exact_fraction() {
        let third = [1.0 / 3.0; 3];
        let of = |weights, dims: [u16; 3]| composite_of(weights, dims.map(Hundredths)).0;
        for sum in 300..=1_500_u16 {
            let dims = [sum.div_ceil(3).min(500), (sum + 1) / 3, sum - sum.div_ceil(3).min(500) - (sum + 1) / 3];
            assert_eq!(u32::from(of(third, dims)), (2 * u32::from(sum) + 3) / 6, "{dims:?}");
        }
        // 0.7·a + 0.1·b + 0.2·c in tenths: every tie goes up.
        for (a, b, c) in (100..=500).step_by(7).flat_map(|a| (100..=500).step_by(3).map(move |b| (a, b, 600 - b))) {
            let tenths = 7 * u32::from(a) + u32::from(b) + 2 * u32::from(c);
            assert_eq!(u32::from(of([0.7, 0.1, 0.2], [a, b, c])), (tenths + 5) / 10, "{a} {b} {c}");
        }
    }

    #[test]
    fn disconfirmation_is_the_weighted_shortfall_over_the_dimensions_with_an_expectation() {
        let third = [1.0 / 3.0; 3];
        let of = |weights, expected: [u16; 3], published: [u16; 3]| {
            let expected = expected.map(|e| (e > 0).then_some(Hundredths(e)));
            disconfirmation(weights, expected, published.map(Hundredths)).0
        };
        assert_eq!(of(third, [0, 0, 0], [100, 100, 100]), 0);
        assert_eq!(of(third, [500, 500, 500], [100, 100, 100]), 100);
        assert_eq!(of(third, [400, 0, 300], [300, 100, 400]), 13, "100 / 4 / 2 = 12.5");
        assert_eq!(of(third, [302, 0, 0], [300, 100, 100]), 1, "2 / 4 = 0.5");
        assert_eq!(of(third, [301, 0, 0], [300, 100, 100]), 0);
        assert_eq!(of([0.0, 0.5, 0.5], [500, 0, 0], [100, 100, 100]), 0, "it weighs nothing");
        for shortfall in 0..=1_200_u16 {
            let parts = [shortfall.min(400), shortfall.saturating_sub(400).min(400), shortfall.saturating_sub(800)];
            let expected = parts.map(|part| 100 + part);
            assert_eq!(u32::from(of(third, expected, [100; 3])), (u32::from(shortfall) + 6) / 12, "{shortfall}");
        }
    }
}
