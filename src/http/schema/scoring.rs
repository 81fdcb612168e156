//! The sums behind a score.

use utoipa::ToSchema;

use super::leaf::{Id, Rate, Score, Timestamp};

/// What a score is made of. The sums of `scoring` are not rounded: `compositeScore` and the scores of
/// `dimensions` are rounded from its totals.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct ConversationExplanation {
    pub conversation_id: Id,
    /// The name of the scoring profile.
    pub model_version: String,
    /// Over everything that can change a score.
    #[schema(pattern = "^[0-9a-f]{16}$")]
    pub model_hash: String,
    /// The score was made elsewhere.
    pub imported: bool,
    pub composite_score: Score,
    /// Outcome, process, environment.
    #[schema(min_items = 3, max_items = 3)]
    pub dimensions: Vec<PublishedDimension>,
    pub disconfirmation: Rate,
    pub confidence: Rate,
    pub scored_at: Timestamp,
    /// Null for an imported score.
    #[schema(required)]
    pub scoring: Option<Scoring>,
}

/// One dimension as it was published.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct PublishedDimension {
    #[schema(inline)]
    pub dimension: Dimension,
    pub score: Score,
    /// Its part in the composite.
    #[schema(minimum = 0, maximum = 1)]
    pub weight: f64,
    /// What was expected when the conversation was first scored.
    #[schema(required)]
    pub expected: Option<Score>,
    #[schema(required, inline)]
    pub expectation_source: Option<ExpectationSource>,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum Dimension {
    Outcome,
    Process,
    Environment,
}

/// The configured baseline, or the mean of the account's window, or of the workspace.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum ExpectationSource {
    Baseline,
    AccountWindow,
    Workspace,
}

/// The whole sum, before rounding.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct Scoring {
    pub model_version: String,
    #[schema(pattern = "^[0-9a-f]{16}$")]
    pub profile_hash: String,
    /// The weight of the prior, in pseudo-counts.
    #[schema(minimum = 0)]
    pub prior_strength: f64,
    #[schema(min_items = 3, max_items = 3)]
    pub dimensions: Vec<DimensionScoring>,
    /// The sum of the dimensions' `compositePart`s.
    #[schema(minimum = 1, maximum = 5)]
    pub composite: f64,
    #[schema(minimum = 0, maximum = 1)]
    pub confidence: f64,
    #[schema(minimum = 0, maximum = 65_535)]
    pub signal_count: u16,
}

/// One dimension: the prior and the contributions add up to the total.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct DimensionScoring {
    #[schema(inline)]
    pub dimension: Dimension,
    /// The score if nothing had been observed.
    #[schema(minimum = 1, maximum = 5)]
    pub prior: f64,
    /// Those that speak to this dimension.
    pub signals: Vec<SignalShare>,
    pub total: f64,
    #[schema(minimum = 0, maximum = 1)]
    pub composite_weight: f64,
    /// `compositeWeight` × `total`.
    pub composite_part: f64,
}

/// One signal's share in one dimension.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct SignalShare {
    pub signal: String,
    /// There are no public labels to fit it on.
    pub uncalibrated: bool,
    #[schema(minimum = 0, maximum = 1)]
    pub presence: f64,
    #[schema(minimum = 0, maximum = 1)]
    pub goodness: f64,
    /// In pseudo-counts.
    #[schema(minimum = 0)]
    pub weight: f64,
    #[schema(minimum = 0, maximum = 1)]
    pub loading: f64,
    /// In points of the scale from 1 to 5; negative where it speaks against.
    pub contribution: f64,
}
