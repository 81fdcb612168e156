//! Answers to queries, with exactly the fields of the contract's section 3. `wire` has their JSON.

use std::sync::Arc;

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

/// Statistics of a range, with their histogram (R6.7).
#[derive(Clone, Debug, PartialEq)]
pub struct RangeQuality {
    pub stats: QualityStats,
    /// Conversations by composite: 1.0–1.49, 1.5–1.99, … 4.5–5.0.
    pub histogram: [u64; 8],
}

/// What statistics are told apart by (R6.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupBy {
    Label(LabelKind),
    /// `ai` or `human`: who wrote the last message of an agent.
    Handler,
    /// The name of the profile that made the score.
    ModelVersion,
}

/// Statistics of a range beside those of the one before (R6.7).
#[derive(Clone, Debug, PartialEq)]
pub struct Overview {
    pub current: RangeQuality,
    pub previous: QualityStats,
    /// Triggered, acknowledged, resolved.
    pub breakers: [u64; 3],
    /// By [`WhyUnscored`].
    pub unscored: [u64; 3],
    /// Those that have something in either range, the largest first; none where none were asked for.
    pub groups: Option<Vec<ComparedGroup>>,
}

/// A group in both ranges.
#[derive(Clone, Debug, PartialEq)]
pub struct ComparedGroup {
    /// None: those that belong to no other group.
    pub key: Option<String>,
    pub by: GroupBy,
    pub current: QualityStats,
    pub previous: QualityStats,
}

/// Why a conversation has no score (R6.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyUnscored {
    /// It has not ended.
    Open,
    /// It ended, and the customer had said nothing.
    NoCustomerMessage,
    /// It ended, and machines had written all of its messages.
    OnlyAutomatic,
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

/// R6.5, riskiest first. The order of the variants is part of the on-disk format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize, serde::Serialize)]
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

/// The scope of a breaker. The order of the variants is part of the on-disk format.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize, serde::Serialize)]
pub enum BreakerScope {
    Account(Id),
    Workspace,
    /// The conversations of a channel or an intent (R7.8).
    Label(LabelKind, Arc<str>),
}

impl BreakerScope {
    /// R2.2's `scopeKey`.
    pub fn key(&self, workspace: WorkspaceKey) -> String {
        match self {
            Self::Account(id) => format!("account:acc_{id}"),
            Self::Workspace => format!("workspace:ws_{}", workspace.id),
            Self::Label(kind, name) => format!("{}:{name}", kind.name()),
        }
    }

    pub const fn kind(&self) -> ScopeKind {
        match self {
            Self::Account(_) => ScopeKind::Account,
            Self::Workspace => ScopeKind::Workspace,
            Self::Label(LabelKind::Channel, _) => ScopeKind::Channel,
            Self::Label(LabelKind::Intent, _) => ScopeKind::Intent,
        }
    }

    /// The account, if it is an account's.
    pub const fn account(&self) -> Option<Id> {
        match self {
            Self::Account(id) => Some(*id),
            Self::Workspace | Self::Label(..) => None,
        }
    }
}

/// What a breaker stops, without saying which. The order of the variants is part of the on-disk format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
pub enum ScopeKind {
    Account,
    Workspace,
    Channel,
    Intent,
}

impl ScopeKind {
    pub const ALL: [Self; 4] = [Self::Account, Self::Workspace, Self::Channel, Self::Intent];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Workspace => "workspace",
            Self::Channel => "channel",
            Self::Intent => "intent",
        }
    }
}

/// What producers sort conversations by, beside accounts (R7.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize, serde::Serialize)]
pub enum LabelKind {
    Channel,
    Intent,
}

impl LabelKind {
    pub const ALL: [Self; 2] = [Self::Channel, Self::Intent];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Channel => "channel",
            Self::Intent => "intent",
        }
    }
}

/// Where a breaker is in its life (R7.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    Triggered,
    Acknowledged,
    Resolved,
}

/// What tripped it (R7.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TriggerKind {
    Automatic,
    Manual,
}

/// R7.5: a breaker with what made it trip and what was done to it.
#[derive(Clone, Debug, PartialEq)]
pub struct BreakerDetail {
    pub breaker: BreakerView,
    /// As the account that it pauses is called now.
    pub account_name: Option<Arc<str>>,
    pub state: BreakerState,
    pub trigger: TriggerKind,
    /// Newest first.
    pub evidence: Vec<EvidenceView>,
    /// In the order in which it was done.
    pub history: Vec<HistoryEntry>,
}

/// A conversation of the run that tripped a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EvidenceView {
    /// None once it is erased.
    pub conversation: Option<Id>,
    pub composite: Hundredths,
    /// None in breakers from before it was kept.
    pub scored_at: Option<Millis>,
}

/// Something done to a breaker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    pub step: HistoryStep,
    pub at: Millis,
    /// None: the server.
    pub actor: Option<String>,
    pub note: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryStep {
    Triggered,
    Acknowledged,
    Noted,
    /// The latest time that it was announced as forgotten (R7.6).
    Forgotten,
    Resolved,
}

/// R7.5: a breaker in the history of all.
#[derive(Clone, Debug, PartialEq)]
pub struct BreakerRow {
    pub breaker: BreakerView,
    /// As the account that it pauses is called now.
    pub account_name: Option<Arc<str>>,
    pub state: BreakerState,
    pub trigger: TriggerKind,
    pub seconds_to_acknowledge: Option<u64>,
    pub seconds_to_resolve: Option<u64>,
}

/// Which breakers a reader of the history wants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BreakerFilter {
    pub state: Option<BreakerState>,
    pub scope: Option<BreakerScope>,
    /// `triggeredAt`, inclusive.
    pub from: Option<Millis>,
    pub to: Option<Millis>,
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
