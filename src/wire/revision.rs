//! How the score of a conversation came to be what it is (R5.5b).

use serde::Serialize;
use utoipa::ToSchema;

use super::values::{Count, Rate, Score, Timestamp};
use crate::domain::workspace::revisions;

/// One scoring of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({
    "at": "2026-03-15T14:35:00.000Z", "position": "12-3", "compositeScore": 2.61, "outcomeScore": 2.2,
    "processScore": 2.64, "environmentScore": 3, "confidence": 0.71, "signalCount": 9, "overridden": false,
    "modelVersion": "support-2"
})))]
pub struct ConversationRevision {
    /// When the server received what made it.
    pub at: Timestamp,
    /// The event or command that made it, in the order of the workspace side.
    #[schema(pattern = r"^\d+-\d+$")]
    pub position: String,
    pub composite_score: Score,
    pub outcome_score: Score,
    pub process_score: Score,
    pub environment_score: Score,
    pub confidence: Rate,
    #[schema(minimum = 0, maximum = 65_535)]
    pub signal_count: u16,
    /// A person's scores were in force.
    pub overridden: bool,
    /// The name of the scoring profile.
    pub model_version: String,
}

/// The newest first.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ConversationRevisionList {
    #[schema(max_items = 100)]
    pub items: Vec<ConversationRevision>,
    /// All that are kept, also those that are not listed.
    pub total: Count,
}

impl From<revisions::Revision> for ConversationRevision {
    fn from(revision: revisions::Revision) -> Self {
        let revisions::Revision { at, receipt, scored } = revision;
        Self {
            at: Timestamp(receipt),
            position: at.to_string(),
            composite_score: Score(scored.quality.composite_score),
            outcome_score: Score(scored.quality.outcome_score),
            process_score: Score(scored.quality.process_score),
            environment_score: Score(scored.quality.environment_score),
            confidence: Rate(scored.quality.confidence),
            signal_count: scored.quality.signal_count,
            overridden: scored.overridden,
            model_version: scored.model_version,
        }
    }
}
