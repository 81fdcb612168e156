//! What a calibration to a workspace's own ratings would be, and what it would bring (R5.10, R13.3).

use serde::Serialize;
use utoipa::ToSchema;

use super::calibration::Calibration;
use super::values::Score;
use crate::domain::calibrated::Moved;
use crate::domain::calibration::agreement as domain;
use crate::domain::calibration::{self, Answers};
use crate::domain::score::serialize_number;
use crate::domain::scoring::profile::Profile;

/// What ratings come to: what is offered, or why nothing is.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CalibrationOffer {
    pub verdict: OfferVerdict,
    /// How many ratings are used: at most the newest 10,000.
    #[schema(minimum = 0, maximum = 10_000)]
    pub ratings: u32,
    /// Of how many accounts.
    #[schema(minimum = 0, maximum = 10_000)]
    pub accounts: u32,
    /// How many they are worth where no account decides alone.
    #[serde(serialize_with = "serialize_number")]
    #[schema(minimum = 0)]
    pub effective_ratings: f64,
    /// The shift.
    pub level: OfferPart,
    pub spread: OfferPart,
    pub weights: OfferPart,
    /// Null where there are too few ratings.
    #[schema(required)]
    pub measured: Option<Measured>,
    /// What is offered; null unless the verdict is `offered`.
    #[schema(required)]
    pub calibration: Option<Calibration>,
    /// The weights that would move by more than a fifth.
    pub moved: Vec<MovedWeight>,
    pub answers: OfferAnswers,
}

/// Whether something is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OfferVerdict {
    /// There are too few ratings, or of too few accounts.
    TooFew,
    /// Ratings do not go with the scores: a level would only hide that.
    Unrelated,
    /// Nothing is better by more than noise.
    WithinNoise,
    Offered,
}

/// How far one part has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OfferPart {
    pub state: OfferPartState,
    /// At least so many ratings are missing. 0 unless the state is `missing`.
    pub missing_ratings: u32,
    /// So many accounts are missing that they come from.
    pub missing_accounts: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OfferPartState {
    Missing,
    WithinNoise,
    Fitted,
}

/// Figures on conversations of accounts that were not fitted to, of five parts in turn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Measured {
    /// By the profile as it is.
    pub before: Agreement,
    /// By the calibration; by what was tried, where nothing is offered.
    pub after: Agreement,
    /// From the one to the other.
    pub gain: Gain,
    /// What the weights bring beyond the level; null where they were not fitted.
    #[schema(required)]
    pub weights_gain: Option<Gain>,
    /// How many of the rated conversations are below 3.00, without what their ratings say.
    pub low_before: u32,
    pub low_after: u32,
    /// The score of a conversation of which nothing is known.
    #[serde(serialize_with = "serialize_number")]
    pub nothing_known_before: f64,
    #[serde(serialize_with = "serialize_number")]
    pub nothing_known_after: f64,
}

/// How far scores that do not know the ratings agree with them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Agreement {
    pub pairs: u32,
    /// The mean of score − rating.
    #[serde(serialize_with = "serialize_number")]
    #[schema(minimum = -4, maximum = 4)]
    pub bias: f64,
    #[serde(serialize_with = "serialize_number")]
    #[schema(minimum = 0, maximum = 4)]
    pub mean_absolute_error: f64,
    /// How alike the orders of scores and ratings are; null where all are the same.
    #[serde(serialize_with = "optional_number")]
    #[schema(required, minimum = -1, maximum = 1)]
    pub spearman: Option<f64>,
    /// Its 95 % interval; null below 10 pairs.
    #[schema(required, min_items = 2, max_items = 2)]
    pub spearman_interval: Option<[f64; 2]>,
    /// The share of ratings of 4 and 5.
    #[serde(serialize_with = "serialize_number")]
    #[schema(minimum = 0, maximum = 1)]
    pub satisfied: f64,
    /// The share of ratings of 1 and 2.
    #[serde(serialize_with = "serialize_number")]
    #[schema(minimum = 0, maximum = 1)]
    pub dissatisfied: f64,
}

/// How much of the squared error goes away.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Gain {
    /// Below 0 where the error grows.
    #[serde(serialize_with = "serialize_number")]
    #[schema(maximum = 1)]
    pub share: f64,
    /// 95 %, by how much accounts differ.
    #[schema(min_items = 2, max_items = 2)]
    pub interval: [f64; 2],
    /// The gain over its standard error; more than 1.3 counts.
    #[serde(serialize_with = "serialize_number")]
    #[schema(minimum = -999, maximum = 999)]
    pub t: f64,
}

/// A weight that would be another.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MovedWeight {
    pub signal: &'static str,
    #[serde(serialize_with = "serialize_number")]
    #[schema(minimum = 0, maximum = 10)]
    pub from: f64,
    #[serde(serialize_with = "serialize_number")]
    #[schema(minimum = 0, maximum = 10)]
    pub to: f64,
}

/// Who answers: unhappy customers do so more often.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OfferAnswers {
    /// Conversations with a score.
    pub conversations: u64,
    /// Those of them that were rated.
    pub answered: u64,
    /// Their mean score, without what their ratings say; null where there are none.
    #[schema(required)]
    pub score_of_answered: Option<Score>,
    /// The mean score of all.
    #[schema(required)]
    pub score_of_all: Option<Score>,
}

impl CalibrationOffer {
    pub fn of(offer: &calibration::Offer, profile: &Profile, answers: &Answers) -> Self {
        let moved = offer.calibration.as_ref().map(|calibration| calibration.moved(profile)).unwrap_or_default();
        Self {
            verdict: offer.verdict.into(),
            ratings: offer.ratings,
            accounts: offer.accounts,
            effective_ratings: shown(offer.effective),
            level: offer.level.into(),
            spread: offer.spread.into(),
            weights: offer.weights.into(),
            measured: offer.measured.map(Into::into),
            calibration: offer.calibration.as_ref().map(Into::into),
            moved: moved.into_iter().map(Into::into).collect(),
            answers: (*answers).into(),
        }
    }
}

impl From<calibration::Verdict> for OfferVerdict {
    fn from(verdict: calibration::Verdict) -> Self {
        match verdict {
            calibration::Verdict::TooFew => Self::TooFew,
            calibration::Verdict::Unrelated => Self::Unrelated,
            calibration::Verdict::WithinNoise => Self::WithinNoise,
            calibration::Verdict::Offered => Self::Offered,
        }
    }
}

impl From<calibration::Part> for OfferPart {
    fn from(part: calibration::Part) -> Self {
        let (state, missing_ratings, missing_accounts) = match part {
            calibration::Part::Missing { ratings, accounts } => (OfferPartState::Missing, ratings, accounts),
            calibration::Part::WithinNoise => (OfferPartState::WithinNoise, 0, 0),
            calibration::Part::Fitted => (OfferPartState::Fitted, 0, 0),
        };
        Self { state, missing_ratings, missing_accounts }
    }
}

impl From<calibration::Measured> for Measured {
    fn from(measured: calibration::Measured) -> Self {
        let calibration::Measured { before, after, gain, weights_gain, low, nothing_known } = measured;
        let [nothing_known_before, nothing_known_after] = nothing_known.map(shown);
        Self {
            before: before.into(),
            after: after.into(),
            gain: gain.into(),
            weights_gain: weights_gain.map(Into::into),
            low_before: low[0],
            low_after: low[1],
            nothing_known_before,
            nothing_known_after,
        }
    }
}

impl From<domain::Agreement> for Agreement {
    fn from(agreement: domain::Agreement) -> Self {
        let domain::Agreement { pairs, bias, mean_absolute_error, spearman, satisfied, dissatisfied } = agreement;
        Self {
            pairs,
            bias: shown(bias),
            mean_absolute_error: shown(mean_absolute_error),
            spearman: spearman.map(|spearman| shown(spearman.rho)),
            spearman_interval: spearman.and_then(|spearman| spearman.interval).map(|ends| ends.map(shown)),
            satisfied: shown(satisfied),
            dissatisfied: shown(dissatisfied),
        }
    }
}

impl From<calibration::gain::Gain> for Gain {
    fn from(gain: calibration::gain::Gain) -> Self {
        let calibration::gain::Gain { share, interval, t } = gain;
        Self { share: shown(share), interval: interval.map(shown), t: shown(t) }
    }
}

impl From<Moved> for MovedWeight {
    fn from(Moved { signal, from, to }: Moved) -> Self {
        Self { signal: signal.name(), from, to }
    }
}

impl From<Answers> for OfferAnswers {
    fn from(answers: Answers) -> Self {
        let Answers { conversations, answered, score_of_answered, score_of_all } = answers;
        Self {
            conversations,
            answered,
            score_of_answered: score_of_answered.map(Score),
            score_of_all: score_of_all.map(Score),
        }
    }
}

/// Four decimals.
fn shown(value: f64) -> f64 {
    (value * 10_000.0 + 0.5).floor() / 10_000.0
}

fn optional_number<S: serde::Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serialize_number(value, serializer),
        None => serializer.serialize_none(),
    }
}
