//! The sums behind a score (R5.5).

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

use super::overrides::ScoreOverride;
use super::values::{Rate, Score, Timestamp};
use crate::domain::expectation::ExpectationSource;
use crate::domain::ids::Id;
use crate::domain::score::{Dimension, serialize_number};
use crate::domain::scoring::estimator;
use crate::domain::workspace::query;

/// What a score is made of. The sums of `scoring` are not rounded: `compositeScore` and the scores of
/// `dimensions` are rounded from its totals.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConversationExplanation {
    pub conversation_id: Id,
    /// Null where it has none.
    #[schema(required)]
    pub account_id: Option<Id>,
    /// As the account is called now; null while no event has named it.
    #[schema(required)]
    pub account_name: Option<String>,
    /// The last that an event named; null while none has.
    #[schema(required)]
    pub channel: Option<String>,
    /// The last that an event named; null while none has.
    #[schema(required)]
    pub intent: Option<String>,
    /// It ended resolved.
    pub resolved: bool,
    /// It was over and was taken up again, whether or not it is over now.
    pub reopened: bool,
    /// The name of the scoring profile.
    pub model_version: String,
    /// Over everything that can change a score.
    #[schema(pattern = "^[0-9a-f]{16}$")]
    pub model_hash: String,
    /// The score was made elsewhere.
    pub imported: bool,
    pub composite_score: Score,
    /// Outcome, process, environment.
    #[schema(value_type = Vec<PublishedDimension>, min_items = 3, max_items = 3)]
    pub dimensions: [PublishedDimension; 3],
    pub disconfirmation: Rate,
    pub confidence: Rate,
    pub scored_at: Timestamp,
    /// Null for an imported score.
    #[schema(required)]
    pub scoring: Option<Scoring>,
    /// What a person has said instead; then all other members speak of the score that would be in force without.
    #[serde(rename = "override")]
    #[schema(required)]
    pub overridden: Option<ScoreOverride>,
}

impl ConversationExplanation {
    /// With what a person has said instead.
    pub fn of(found: query::ConversationExplanation, overridden: Option<ScoreOverride>) -> Self {
        let text = |shared: Option<Arc<str>>| shared.map(|shared| shared.to_string());
        Self {
            conversation_id: found.conversation_id,
            account_id: found.account_id,
            account_name: text(found.account_name),
            channel: text(found.channel),
            intent: text(found.intent),
            resolved: found.resolved,
            reopened: found.reopened,
            model_version: found.model_version,
            model_hash: found.model_hash,
            imported: found.imported,
            composite_score: Score(found.composite_score),
            dimensions: found.dimensions.map(Into::into),
            disconfirmation: Rate(found.disconfirmation),
            confidence: Rate(found.confidence),
            scored_at: Timestamp(found.scored_at),
            scoring: found.scoring.map(Into::into),
            overridden,
        }
    }
}

/// One dimension as it was published.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublishedDimension {
    pub dimension: Dimension,
    pub score: Score,
    /// Its part in the composite.
    #[serde(serialize_with = "serialize_number")]
    #[schema(minimum = 0, maximum = 1)]
    pub weight: f64,
    /// What was expected when the conversation was first scored.
    #[schema(required)]
    pub expected: Option<Score>,
    #[schema(required)]
    pub expectation_source: Option<ExpectationSource>,
}

impl From<query::Published> for PublishedDimension {
    fn from(published: query::Published) -> Self {
        let query::Published { dimension, score, weight, expected, expectation_source } = published;
        Self { dimension, score: Score(score), weight, expected: expected.map(Score), expectation_source }
    }
}

/// The whole sum, before rounding.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Scoring {
    pub model_version: Box<str>,
    #[schema(pattern = "^[0-9a-f]{16}$")]
    pub profile_hash: Box<str>,
    /// The weight of the prior, in pseudo-counts.
    #[serde(serialize_with = "serialize_number")]
    #[schema(minimum = 0)]
    pub prior_strength: f64,
    #[schema(min_items = 3, max_items = 3)]
    pub dimensions: Vec<DimensionScoring>,
    /// The sum of the dimensions' `compositePart`s.
    #[serde(serialize_with = "serialize_number")]
    #[schema(minimum = 1, maximum = 5)]
    pub composite: f64,
    #[serde(serialize_with = "serialize_number")]
    #[schema(minimum = 0, maximum = 1)]
    pub confidence: f64,
    #[schema(minimum = 0, maximum = 65_535)]
    pub signal_count: u16,
}

impl From<estimator::Explanation> for Scoring {
    fn from(explanation: estimator::Explanation) -> Self {
        let estimator::Explanation { model_version, profile_hash, dimensions, .. } = explanation;
        let estimator::Explanation { prior_strength, composite, confidence, signal_count, .. } = explanation;
        let dimensions = dimensions.into_iter().map(Into::into).collect();
        Self { model_version, profile_hash, prior_strength, dimensions, composite, confidence, signal_count }
    }
}

/// One dimension: the prior and the contributions add up to the total. Rows of no signal: `level` (the shift of this
/// workspace's level), `limit` (what the ends of the scale add or take away); `rating` has what the rating decides, too.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DimensionScoring {
    pub dimension: Dimension,
    /// The score if nothing had been observed, before the shift of this workspace's level.
    #[serde(serialize_with = "serialize_number")]
    pub prior: f64,
    /// Those that speak to this dimension.
    pub signals: Vec<SignalShare>,
    #[serde(serialize_with = "serialize_number")]
    pub total: f64,
    #[serde(serialize_with = "serialize_number")]
    #[schema(minimum = 0, maximum = 1)]
    pub composite_weight: f64,
    /// `compositeWeight` × `total`.
    #[serde(serialize_with = "serialize_number")]
    pub composite_part: f64,
}

impl From<estimator::DimensionExplanation> for DimensionScoring {
    fn from(explanation: estimator::DimensionExplanation) -> Self {
        let estimator::DimensionExplanation { dimension, prior, signals, total, .. } = explanation;
        let estimator::DimensionExplanation { composite_weight, composite_part, .. } = explanation;
        let signals = signals.into_iter().map(Into::into).collect();
        Self { dimension, prior, signals, total, composite_weight, composite_part }
    }
}

/// One signal's share in one dimension.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignalShare {
    pub signal: Box<str>,
    /// There are no public labels to fit it on.
    pub uncalibrated: bool,
    #[serde(serialize_with = "serialize_number")]
    #[schema(minimum = 0, maximum = 1)]
    pub presence: f64,
    #[serde(serialize_with = "serialize_number")]
    #[schema(minimum = 0, maximum = 1)]
    pub goodness: f64,
    /// In pseudo-counts.
    #[serde(serialize_with = "serialize_number")]
    #[schema(minimum = 0)]
    pub weight: f64,
    #[serde(serialize_with = "serialize_number")]
    #[schema(minimum = 0, maximum = 1)]
    pub loading: f64,
    /// In points of the scale from 1 to 5; negative where it speaks against.
    #[serde(serialize_with = "serialize_number")]
    pub contribution: f64,
}

impl From<estimator::SignalExplanation> for SignalShare {
    fn from(explanation: estimator::SignalExplanation) -> Self {
        let estimator::SignalExplanation { signal, uncalibrated, presence, goodness, .. } = explanation;
        let estimator::SignalExplanation { weight, loading, contribution, .. } = explanation;
        Self { signal, uncalibrated, presence, goodness, weight, loading, contribution }
    }
}
