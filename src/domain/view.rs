//! Answers to queries, with exactly the fields of the contract's section 3. `wire` has their JSON.

use super::ids::{Id, Position, WorkspaceKey};
use super::score::Hundredths;
use super::time::Millis;

/// R3.1.
#[derive(Clone, Debug, PartialEq)]
pub struct QualityStats {
    pub period_start: Millis,
    pub period_end: Millis,
    pub conversations_scored: u64,
    pub average_composite: Option<Hundredths>,
    pub average_outcome: Option<Hundredths>,
    pub average_process: Option<Hundredths>,
    pub average_environment: Option<Hundredths>,
    pub average_confidence: Option<Hundredths>,
    pub average_disconfirmation: Option<Hundredths>,
    pub circuit_breakers_triggered: u64,
    pub resolution_rate: Option<Hundredths>,
    /// Conversations older than this were removed, and the period reaches back further (R4.11).
    pub retention_from: Option<Millis>,
}

/// R3.2.
#[derive(Clone, Debug, PartialEq)]
pub struct ConversationQuality {
    pub conversation_id: Id,
    pub outcome_score: Hundredths,
    pub process_score: Hundredths,
    pub environment_score: Hundredths,
    pub composite_score: Hundredths,
    pub disconfirmation: Hundredths,
    pub confidence: Hundredths,
    pub signal_count: u16,
    pub scored_at: Millis,
}

/// What a workspace knows of a conversation.
#[derive(Clone, Debug, PartialEq)]
pub enum Known<T> {
    /// No event has named it.
    Unknown,
    /// Named, but never scored.
    NotScored,
    /// It was there, but is not kept any more (R5.5).
    Gone,
    Found(T),
}

/// R3.3.
#[derive(Clone, Debug, PartialEq)]
pub struct AccountHealth {
    pub account_id: Id,
    pub rolling_composite: Option<Hundredths>,
    pub rolling_outcome: Option<Hundredths>,
    pub rolling_process: Option<Hundredths>,
    pub rolling_environment: Option<Hundredths>,
    pub resolution_rate: Option<Hundredths>,
    pub conversation_count: u32,
    pub churn_risk: ChurnRisk,
    pub consecutive_low: u32,
    pub trend: Trend,
}

/// R6.5, riskiest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChurnRisk {
    Critical,
    High,
    Medium,
    Low,
}

/// R6.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trend {
    Improving,
    Stable,
    Declining,
}

/// R3.4.
#[derive(Clone, Debug, PartialEq)]
pub struct BreakerView {
    pub id: Id,
    /// `account:acc_<uuid>` or `workspace:ws_<uuid>`.
    pub scope_key: String,
    pub reason: String,
    pub triggered_at: Millis,
    pub acknowledged_by: Option<String>,
    pub acknowledged_at: Option<Millis>,
    pub resolved_at: Option<Millis>,
}

/// The scope of a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize, serde::Serialize)]
pub enum BreakerScope {
    Account(Id),
    Workspace,
}

impl BreakerScope {
    /// R2.2's `scopeKey`.
    pub fn key(self, workspace: WorkspaceKey) -> String {
        match self {
            Self::Account(id) => format!("account:acc_{id}"),
            Self::Workspace => format!("workspace:ws_{}", workspace.id),
        }
    }
}

/// The events of a workspace side that `apply` failed on, and that every replay passes over (I6).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// Their number since ever.
    pub count: u64,
    /// The positions of the last of them, the latest first.
    pub latest: Vec<Position>,
}

/// R8.1, without what HTTP adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// Active breakers on the account asked for and on the workspace; `pause` unless empty.
    pub breakers: Vec<Id>,
    pub epoch: u64,
}
