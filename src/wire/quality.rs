//! Scores of conversations and the health of accounts (R3.2, R3.3).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::values::{Count, Rate, Score, Timestamp};
use crate::domain::ids::Id;
use crate::domain::view;

/// The score of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({
    "conversationId": "0191b5a2-7c3e-7d11-9f00-00000000c0f1", "outcomeScore": 4.2, "processScore": 3.8,
    "environmentScore": 4.0, "compositeScore": 4, "disconfirmation": 0.15, "confidence": 0.87, "signalCount": 12,
    "scoredAt": "2026-03-15T14:35:00.000Z"
})))]
pub struct ConversationQuality {
    pub conversation_id: Id,
    pub outcome_score: Score,
    pub process_score: Score,
    pub environment_score: Score,
    /// The weighted mean of the three; a plain one unless configured otherwise.
    pub composite_score: Score,
    /// How far the scores stayed behind what was expected; 0 where nothing was.
    pub disconfirmation: Rate,
    /// How much was seen.
    pub confidence: Rate,
    /// Signals behind the score.
    #[schema(minimum = 0, maximum = 65_535)]
    pub signal_count: u16,
    /// When the conversation ended.
    pub scored_at: Timestamp,
}

impl From<view::ConversationQuality> for ConversationQuality {
    fn from(quality: view::ConversationQuality) -> Self {
        Self {
            conversation_id: quality.conversation_id,
            outcome_score: Score(quality.outcome_score),
            process_score: Score(quality.process_score),
            environment_score: Score(quality.environment_score),
            composite_score: Score(quality.composite_score),
            disconfirmation: Rate(quality.disconfirmation),
            confidence: Rate(quality.confidence),
            signal_count: quality.signal_count,
            scored_at: Timestamp(quality.scored_at),
        }
    }
}

/// The health of an account: its latest scored conversations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({
    "accountId": "0191b5a2-7c3e-7d11-9f00-00000000acc1", "rollingComposite": 3.85, "rollingOutcome": 3.9,
    "rollingProcess": 3.7, "rollingEnvironment": 3.95, "resolutionRate": 0.88, "conversationCount": 28,
    "churnRisk": "medium", "consecutiveLow": 2, "trend": "declining"
})))]
pub struct AccountHealth {
    pub account_id: Id,
    /// Null while the window is empty, as the other means and the rate are.
    #[schema(required)]
    pub rolling_composite: Option<Score>,
    #[schema(required)]
    pub rolling_outcome: Option<Score>,
    #[schema(required)]
    pub rolling_process: Option<Score>,
    #[schema(required)]
    pub rolling_environment: Option<Score>,
    #[schema(required)]
    pub resolution_rate: Option<Rate>,
    /// Conversations in the window.
    pub conversation_count: Count,
    pub churn_risk: ChurnRisk,
    /// Low conversations in a row, from the newest back.
    #[schema(minimum = 0, maximum = 100)]
    pub consecutive_low: u32,
    pub trend: Trend,
}

impl From<view::AccountHealth> for AccountHealth {
    fn from(health: view::AccountHealth) -> Self {
        Self {
            account_id: health.account_id,
            rolling_composite: health.rolling_composite.map(Score),
            rolling_outcome: health.rolling_outcome.map(Score),
            rolling_process: health.rolling_process.map(Score),
            rolling_environment: health.rolling_environment.map(Score),
            resolution_rate: health.resolution_rate.map(Rate),
            conversation_count: health.conversation_count.into(),
            churn_risk: health.churn_risk.into(),
            consecutive_low: health.consecutive_low,
            trend: health.trend.into(),
        }
    }
}

// R6.5, riskiest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChurnRisk {
    Critical,
    High,
    Medium,
    Low,
}

impl From<view::ChurnRisk> for ChurnRisk {
    fn from(risk: view::ChurnRisk) -> Self {
        match risk {
            view::ChurnRisk::Critical => Self::Critical,
            view::ChurnRisk::High => Self::High,
            view::ChurnRisk::Medium => Self::Medium,
            view::ChurnRisk::Low => Self::Low,
        }
    }
}

/// Of the composites of the newest conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Trend {
    Improving,
    Stable,
    Declining,
}

impl From<view::Trend> for Trend {
    fn from(trend: view::Trend) -> Self {
        match trend {
            view::Trend::Improving => Self::Improving,
            view::Trend::Stable => Self::Stable,
            view::Trend::Declining => Self::Declining,
        }
    }
}
