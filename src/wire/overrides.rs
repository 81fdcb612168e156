//! What people say of a conversation instead of its score (R5.9).

use serde::Serialize;
use utoipa::ToSchema;

use super::body::{Asked, Body, Fields};
use super::values::{Rate, Score, Timestamp};
use crate::domain::ids::Id;
use crate::domain::record::Override;
use crate::domain::score::Hundredths;
use crate::domain::view;
use crate::domain::workspace::OverrideView;

/// Characters of the reason.
const MAX_REASON: usize = 2_000;

/// What a person says of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({
    "outcomeScore": 4, "processScore": 3.5, "environmentScore": 4,
    "reason": "The customer was joking; the order came the same day."
})))]
pub struct NewOverride {
    #[schema(value_type = Score)]
    pub outcome_score: Hundredths,
    #[schema(value_type = Score)]
    pub process_score: Hundredths,
    #[schema(value_type = Score)]
    pub environment_score: Hundredths,
    /// Whether the conversation ended resolved; left out: as it did.
    #[schema(required = false, nullable = false)]
    pub resolved: Option<bool>,
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
}

impl Body for NewOverride {
    fn read(fields: &mut Fields<'_>, _: Asked) -> Self {
        let mut score = |name: &str| fields.required(name, Fields::score).unwrap_or_default();
        let [outcome_score, process_score, environment_score] =
            ["outcomeScore", "processScore", "environmentScore"].map(&mut score);
        Self {
            outcome_score,
            process_score,
            environment_score,
            resolved: fields.boolean("resolved"),
            reason: fields.required("reason", |fields, name| fields.text(name, 1, MAX_REASON)).unwrap_or_default(),
        }
    }
}

impl NewOverride {
    /// What is said of this conversation.
    pub fn of(self, conversation: Id) -> Override {
        let Self { outcome_score, process_score, environment_score, resolved, reason } = self;
        let dimensions = [outcome_score, process_score, environment_score];
        Override { conversation, dimensions, resolved, reason: reason.into() }
    }
}

/// The scores of a person that are in force, and those of the model beside them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScoreOverride {
    pub outcome_score: Score,
    pub process_score: Score,
    pub environment_score: Score,
    pub composite_score: Score,
    /// Null: as the conversation ended.
    #[schema(required)]
    pub resolved: Option<bool>,
    /// `api-key:<id>`, or a JWT's subject or `client:<id>`.
    pub actor: String,
    pub at: Timestamp,
    pub reason: String,
    /// What it would be without; null: without it there would be no score.
    #[schema(required)]
    pub model: Option<ModelScore>,
}

/// The score that would be in force without an override.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelScore {
    pub outcome_score: Score,
    pub process_score: Score,
    pub environment_score: Score,
    pub composite_score: Score,
    pub confidence: Rate,
    #[schema(minimum = 0, maximum = 65_535)]
    pub signal_count: u16,
    pub scored_at: Timestamp,
}

impl ScoreOverride {
    /// Of a conversation whose score in force this is.
    pub fn of(view: OverrideView, in_force: &view::ConversationQuality) -> Self {
        let OverrideView { dimensions, resolved, actor, at, reason, model } = view;
        let [outcome_score, process_score, environment_score] = dimensions.map(Score);
        Self {
            outcome_score,
            process_score,
            environment_score,
            composite_score: Score(in_force.composite_score),
            resolved,
            actor,
            at: Timestamp(at),
            reason,
            model: model.map(Into::into),
        }
    }
}

impl From<view::ConversationQuality> for ModelScore {
    fn from(quality: view::ConversationQuality) -> Self {
        Self {
            outcome_score: Score(quality.outcome_score),
            process_score: Score(quality.process_score),
            environment_score: Score(quality.environment_score),
            composite_score: Score(quality.composite_score),
            confidence: Rate(quality.confidence),
            signal_count: quality.signal_count,
            scored_at: Timestamp(quality.scored_at),
        }
    }
}
