//! From observations to dimensions: the mean of a Beta posterior per dimension, on 1–5, and the
//! exact account of how it came about (R5.5).

use super::catalogue::SignalKind;
use super::catalogue::SignalWeight;
use super::observation::{Estimate, Observation, ObservedKind};
use super::profile::Profile;
use super::scale::{Balance, Certainty, SAYS_SO, after_rating, not_low, presence, weighted_sum};
use crate::domain::hex;
use crate::domain::quantum::{Quantum, from_quantum};
use crate::domain::score::{Dimension, Hundredths};

/// From this presence on a signal counts in `signalCount`: the first quantum at or above 0.05.
const COUNTED_PRESENCE: Quantum = 3_277;

/// A value that misses a tie of hundredths by less than this counts as a tie: the exact fraction is made of a few
/// short decimals, which binary floats only approximate.
const TIE_TOLERANCE: f64 = 1e-9;

/// Below this a composite is low on the model's scale, whatever threshold a workspace has configured.
const LOW: f64 = 3.0;

/// How far an observed rating may be from a whole number and still count as one: it comes as a quantum.
const RATING_TOLERANCE: f64 = 0.01;

/// The confidence of a verdict that the customer's rating has decided.
const RATED_CONFIDENCE: f64 = 0.99;

/// Dimensions, composite, confidence and signal count. Sums run in the order of `observations`,
/// which [`observe`](super::observe()) makes the same everywhere.
pub fn estimate(profile: &Profile, observations: &[Observation]) -> Estimate {
    let dimensions = Published::of(profile, observations).rated;
    let composite = weighted_sum(&profile.composite_weights, &dimensions);
    let counted = |seen: &&Observation| seen.presence >= COUNTED_PRESENCE && !is_marker(seen);
    let signal_count = observations.iter().filter(counted).count();
    Estimate {
        dimensions,
        composite,
        confidence: confidence(profile, observations, composite),
        signal_count: u16::try_from(signal_count).unwrap_or(u16::MAX),
    }
}

/// The dimensions, from the posterior means to what is published.
struct Published {
    /// On the scale's line: prior and contributions.
    line: [f64; 3],
    /// After the scale's ends, the workspace's level, and the guard of what only its structure is known of.
    held: [f64; 3],
    /// After the customer's rating.
    rated: [f64; 3],
}

impl Published {
    fn of(profile: &Profile, observations: &[Observation]) -> Self {
        let scale = &profile.scale;
        let line = [0, 1, 2].map(|d| {
            let (good, total) = posterior(profile, observations, d);
            scale.line(1.0 + 4.0 * good / total)
        });
        let is_glad = is_glad(observations);
        let mut held = line.map(|value| profile.level.of(scale.bent(value, is_glad)));
        let mut rated = held;
        if scale.guards {
            if is_low_by_structure(profile, observations, held) {
                held = not_low(held, profile.composite_weights);
            }
            rated = after_rating(held, profile.composite_weights, rating(observations));
        }
        Self { line, held, rated }
    }
}

/// Whether the customer says that they are glad.
fn is_glad(observations: &[Observation]) -> bool {
    SAYS_SO.into_iter().any(|kind| presence(observations, kind) > 0.0)
}

/// Signals that no word has a part in: without a word list they must not make a conversation low (R5.7).
const STRUCTURE: [SignalKind; 5] =
    [SignalKind::Shout, SignalKind::LeftOpen, SignalKind::NoAnswer, SignalKind::UserRepeats, SignalKind::AgentRepeats];

/// Whether the conversation's language is unknown and only its structure makes it low, at the workspace's level.
fn is_low_by_structure(profile: &Profile, observations: &[Observation], held: [f64; 3]) -> bool {
    let is_of = |seen: &Observation, kinds: &[SignalKind]| match &seen.signal {
        ObservedKind::Catalogue(kind) => kinds.contains(kind),
        ObservedKind::Own(_) => false,
    };
    if !observations.iter().any(|seen| is_of(seen, &[SignalKind::LanguageUnknown]))
        || weighted_sum(&profile.composite_weights, &held) >= LOW
    {
        return false;
    }
    let rest: Vec<Observation> = observations.iter().filter(|seen| !is_of(seen, &STRUCTURE)).cloned().collect();
    let without = [0, 1, 2].map(|d| {
        let (good, total) = posterior(profile, &rest, d);
        profile.level.of(profile.scale.bent(profile.scale.line(1.0 + 4.0 * good / total), false))
    });
    weighted_sum(&profile.composite_weights, &without) >= LOW
}

/// The customer's rating, 1–5, if one was observed and lies near a whole number.
fn rating(observations: &[Observation]) -> Option<u8> {
    let is_rating =
        |seen: &&Observation| seen.signal == ObservedKind::Catalogue(SignalKind::Rating) && seen.presence > 0;
    let value = 1.0 + 4.0 * from_quantum(observations.iter().find(is_rating)?.goodness);
    let whole = (value + 0.5).floor();
    ((value - whole).abs() < RATING_TOLERANCE).then_some(whole as u8)
}

/// A marker: it tells how much to trust the other signals, and nothing about the conversation.
fn is_marker(seen: &Observation) -> bool {
    matches!(seen.signal, ObservedKind::Catalogue(kind) if kind.is_marker())
}

fn confidence(profile: &Profile, observations: &[Observation], composite: f64) -> f64 {
    let mut seen = Balance::default();
    let mut evidence = 0.0;
    for observation in observations {
        let counts = weight(profile, observation).weight * from_quantum(observation.presence);
        let goodness = goodness(profile, observation);
        evidence += counts;
        seen.good += counts * goodness;
        seen.bad += counts * (1.0 - goodness);
    }
    match &profile.certainty {
        Certainty::Evidence => evidence / (evidence + profile.prior_strength),
        Certainty::Verdict(_) if matches!(rating(observations), Some(1 | 2 | 4 | 5)) => RATED_CONFIDENCE,
        Certainty::Verdict(fit) => fit.confidence(composite, seen, observations),
    }
}

/// Pseudo-counts of good, and of all, in dimension `d`.
fn posterior(profile: &Profile, observations: &[Observation], d: usize) -> (f64, f64) {
    let mut good = profile.prior_strength * profile.priors[d];
    let mut total = profile.prior_strength;
    for observation in observations {
        let SignalWeight { weight, loadings } = weight(profile, observation);
        let counts = loadings[d] * weight * from_quantum(observation.presence);
        good += counts * goodness(profile, observation);
        total += counts;
    }
    (good, total)
}

/// g, 0–1.
fn goodness(profile: &Profile, observation: &Observation) -> f64 {
    let observed = from_quantum(observation.goodness);
    match &observation.signal {
        ObservedKind::Catalogue(SignalKind::Rating) => profile.scale.rated(observed),
        ObservedKind::Catalogue(_) | ObservedKind::Own(_) => observed,
    }
}

fn weight(profile: &Profile, observation: &Observation) -> SignalWeight {
    match &observation.signal {
        ObservedKind::Catalogue(kind) => profile.weight_of(*kind),
        ObservedKind::Own(own) => SignalWeight { weight: own.weight, loadings: own.loadings },
    }
}

/// What each observation adds to each dimension, in points of the published scale. Their sum is the distance between the
/// prior and the posterior mean on the scale's line, with the workspace's spread.
pub fn contributions(profile: &Profile, observations: &[Observation]) -> Vec<[f64; 3]> {
    let totals = [0, 1, 2].map(|d| posterior(profile, observations, d).1);
    let contribution = |observation: &Observation| {
        let SignalWeight { weight, loadings } = weight(profile, observation);
        let (presence, goodness) = (from_quantum(observation.presence), goodness(profile, observation));
        [0, 1, 2].map(|d| {
            let part = profile.scale.slope * 4.0 * loadings[d] * weight * presence;
            part * (goodness - profile.priors[d]) / totals[d] * profile.level.spread
        })
    };
    observations.iter().map(contribution).collect()
}

/// The composite of dimensions that are hundredths already (imports), rounded half up as the exact fraction would be.
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
#[derive(Clone, Debug, PartialEq)]
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

/// One dimension: prior + contributions = total. A row `level` has the shift of a workspace's level, a row `limit` what
/// the scale's ends add or take, the row `rating` also what the rating's decision adds.
#[derive(Clone, Debug, PartialEq)]
pub struct DimensionExplanation {
    pub dimension: Dimension,
    /// The score if nothing had been observed, before the workspace's shift.
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
#[derive(Clone, Debug, PartialEq)]
pub struct SignalExplanation {
    pub signal: Box<str>,
    /// There were no labels to fit it to: operational and own signals.
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

/// The sum that [`estimate`] makes of the same arguments, in full.
pub fn explain(profile: &Profile, observations: &[Observation]) -> Explanation {
    let estimate = estimate(profile, observations);
    let published = Published::of(profile, observations);
    let contributions = contributions(profile, observations);
    let dimension = |dimension: Dimension| {
        let d = dimension as usize;
        let rows = observations.iter().zip(&contributions);
        let mut signals: Vec<_> =
            rows.filter_map(|(observation, parts)| signal(profile, observation, d, parts[d])).collect();
        add(&mut signals, "level", profile.level.shift);
        add(&mut signals, "limit", published.held[d] - profile.level.line(published.line[d]));
        add(&mut signals, SignalKind::Rating.name(), published.rated[d] - published.held[d]);
        DimensionExplanation {
            dimension,
            prior: profile.level.spread(profile.scale.line(1.0 + 4.0 * profile.priors[d])),
            signals,
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

/// Adds a contribution that no weight explains to the row of this name, or to a new one.
fn add(rows: &mut Vec<SignalExplanation>, name: &str, contribution: f64) {
    if contribution == 0.0 {
        return;
    }
    match rows.iter_mut().find(|row| &*row.signal == name) {
        Some(row) => row.contribution += contribution,
        None => rows.push(SignalExplanation {
            signal: name.into(),
            uncalibrated: false,
            presence: 1.0,
            goodness: f64::from(u8::from(contribution > 0.0)),
            weight: 0.0,
            loading: 0.0,
            contribution,
        }),
    }
}

fn signal(profile: &Profile, observation: &Observation, d: usize, contribution: f64) -> Option<SignalExplanation> {
    let SignalWeight { weight, loadings } = weight(profile, observation);
    let (name, uncalibrated) = match &observation.signal {
        ObservedKind::Catalogue(kind) => (kind.name().into(), kind.is_uncalibrated()),
        ObservedKind::Own(own) => (own.name.clone(), true),
    };
    (loadings[d] > 0.0).then(|| SignalExplanation {
        signal: name,
        uncalibrated,
        presence: from_quantum(observation.presence),
        goodness: goodness(profile, observation),
        weight,
        loading: loadings[d],
        contribution,
    })
}

mod slopes;

pub use slopes::slopes;

#[cfg(test)]
mod tests;
