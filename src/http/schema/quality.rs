//! Answers of the eight endpoints, of the gate and of erasures; the body of a PATCH and of a note.

use utoipa::ToSchema;

use super::leaf::{Count, Id, Rate, Score, Timestamp};

/// The conversations and breakers of a period.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[schema(examples(json!({
    "periodStart": "2026-02-24T00:00:00.000Z", "periodEnd": "2026-03-25T23:59:59.999Z",
    "conversationsScored": 342, "averageComposite": 3.85, "averageOutcome": 3.9, "averageProcess": 3.7,
    "averageEnvironment": 3.95, "averageConfidence": 0.82, "averageDisconfirmation": 0.12,
    "circuitBreakersTriggered": 2, "resolutionRate": 0.88
})))]
pub struct QualityStats {
    /// The first instant that belongs to the period.
    pub period_start: Timestamp,
    /// The last one.
    pub period_end: Timestamp,
    pub conversations_scored: Count,
    /// Null where nothing was scored, as all averages are.
    #[schema(required)]
    pub average_composite: Option<Score>,
    #[schema(required)]
    pub average_outcome: Option<Score>,
    #[schema(required)]
    pub average_process: Option<Score>,
    #[schema(required)]
    pub average_environment: Option<Score>,
    #[schema(required)]
    pub average_confidence: Option<Rate>,
    #[schema(required)]
    pub average_disconfirmation: Option<Rate>,
    pub circuit_breakers_triggered: Count,
    /// Conversations that ended resolved and are no resolution failures, of all that were scored.
    #[schema(required)]
    pub resolution_rate: Option<Rate>,
}

/// The score of a conversation.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
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

/// The health of an account: its latest scored conversations.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
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
    #[schema(inline)]
    pub churn_risk: ChurnRisk,
    /// Low conversations in a row, from the newest back.
    #[schema(minimum = 0, maximum = 100)]
    pub consecutive_low: u32,
    #[schema(inline)]
    pub trend: Trend,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum ChurnRisk {
    Critical,
    High,
    Medium,
    Low,
}

/// Of the composites of the newest conversations.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum Trend {
    Improving,
    Stable,
    Declining,
}

/// An open stop on an account or a workspace, or one that was.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[schema(examples(json!({
    "id": "0191b5a2-7c3e-8d11-9f00-00000000cb01", "scopeKey": "account:acc_0191b5a2-7c3e-7d11-9f00-00000000acc1",
    "reason": "3 consecutive conversations scored below composite threshold (3.0) for account Nordic Parts ApS",
    "triggeredAt": "2026-03-15T14:35:00.000Z", "acknowledgedBy": null, "acknowledgedAt": null, "resolvedAt": null
})))]
pub struct Breaker {
    pub id: Id,
    /// What it stops: `account:acc_<uuid>` or `workspace:ws_<uuid>`.
    #[schema(pattern = "^(account:acc|workspace:ws)_[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
    pub scope_key: String,
    pub reason: String,
    pub triggered_at: Timestamp,
    /// Who acknowledged it first: `api-key:<id>`, or the subject of a JWT.
    #[schema(required)]
    pub acknowledged_by: Option<String>,
    #[schema(required)]
    pub acknowledged_at: Option<Timestamp>,
    #[schema(required)]
    pub resolved_at: Option<Timestamp>,
}

/// The active breakers, newest first.
#[derive(ToSchema)]
pub struct BreakerList {
    pub items: Vec<Breaker>,
    pub total: Count,
}

/// A word on why.
#[derive(ToSchema)]
#[schema(examples(json!({"note": "Called the customer; the order is on its way."})))]
pub struct Note {
    /// Goes to the breaker's history.
    #[schema(required = false, max_length = 2000)]
    pub note: String,
}

/// The configuration of a workspace side.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[schema(examples(json!({
    "workspaceId": "0191b5a2-7c3e-7d11-9f00-0123456789ab", "emailInlineEnabled": true, "emailFollowupEnabled": false,
    "linkExpiryDays": 14, "followUpDelayMinutes": 60, "thresholdResolutionFailure": 2, "thresholdLowComposite": 3,
    "circuitBreakerCount": 3, "circuitBreakerWindowHours": 72, "baselineOutcome": null, "baselineProcess": null,
    "baselineEnvironment": null
})))]
pub struct CsatConfig {
    pub workspace_id: Id,
    /// Stored and answered; there are no satisfaction links yet.
    pub email_inline_enabled: bool,
    /// Stored and answered; there are no follow-up mails yet.
    pub email_followup_enabled: bool,
    #[schema(minimum = 1, maximum = 90)]
    pub link_expiry_days: u16,
    #[schema(minimum = 0, maximum = 10_080)]
    pub follow_up_delay_minutes: u16,
    /// A conversation whose composite is below it is a resolution failure.
    pub threshold_resolution_failure: Score,
    /// A conversation whose composite is below it is low.
    pub threshold_low_composite: Score,
    /// Low conversations in a row that trip the breaker of an account.
    #[schema(minimum = 1, maximum = 100)]
    pub circuit_breaker_count: u16,
    /// How far back such a run may reach.
    #[schema(minimum = 1, maximum = 168)]
    pub circuit_breaker_window_hours: u16,
    /// What is expected of every conversation; null: what the account or the workspace has had so far.
    #[schema(required)]
    pub baseline_outcome: Option<Score>,
    #[schema(required)]
    pub baseline_process: Option<Score>,
    #[schema(required)]
    pub baseline_environment: Option<Score>,
}

/// The fields to change; the others stay. An empty object changes nothing.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[schema(examples(json!({"thresholdLowComposite": 3.25, "circuitBreakerCount": 5, "baselineOutcome": null})))]
pub struct CsatConfigPatch {
    #[schema(required = false)]
    pub email_inline_enabled: bool,
    #[schema(required = false)]
    pub email_followup_enabled: bool,
    /// `14.0` is not an integer.
    #[schema(required = false, minimum = 1, maximum = 90)]
    pub link_expiry_days: u16,
    #[schema(required = false, minimum = 0, maximum = 10_080)]
    pub follow_up_delay_minutes: u16,
    #[schema(required = false)]
    pub threshold_resolution_failure: Score,
    #[schema(required = false)]
    pub threshold_low_composite: Score,
    #[schema(required = false, minimum = 1, maximum = 100)]
    pub circuit_breaker_count: u16,
    #[schema(required = false, minimum = 1, maximum = 168)]
    pub circuit_breaker_window_hours: u16,
    /// Null takes the baseline away.
    pub baseline_outcome: Option<Score>,
    pub baseline_process: Option<Score>,
    pub baseline_environment: Option<Score>,
}

/// Whether the AI may answer.
#[derive(ToSchema)]
#[schema(examples(
    json!({"decision": "proceed", "epoch": 0, "breakers": []}),
    json!({"decision": "pause", "epoch": 1, "breakers": ["0191b5a2-7c3e-8d11-9f00-00000000cb01"]})
))]
pub struct Gate {
    #[schema(inline)]
    pub decision: Decision,
    /// Grows with every change of the workspace's breakers.
    pub epoch: Count,
    /// The active breakers that say `pause`.
    pub breakers: Vec<Id>,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum Decision {
    Proceed,
    Pause,
}

/// What was erased of a conversation.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[schema(examples(json!({
    "workspaceId": "0191b5a2-7c3e-7d11-9f00-0123456789ab", "conversationId": "0191b5a2-7c3e-7d11-9f00-00000000c0f1",
    "erasedAt": "2026-03-15T14:35:00.000Z", "goneBy": "2026-03-16T14:35:00.000Z"
})))]
pub struct ConversationErasure {
    pub workspace_id: Id,
    pub conversation_id: Id,
    pub erased_at: Timestamp,
    /// By when older snapshots and journal segments that still hold it are gone.
    pub gone_by: Timestamp,
}

/// What was erased of a contact.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[schema(examples(json!({
    "workspaceId": "0191b5a2-7c3e-7d11-9f00-0123456789ab", "contactId": "anna@example.org",
    "erasedAt": "2026-03-15T14:35:00.000Z", "goneBy": "2026-03-16T14:35:00.000Z"
})))]
pub struct ContactErasure {
    pub workspace_id: Id,
    #[schema(min_length = 1, max_length = 255)]
    pub contact_id: String,
    pub erased_at: Timestamp,
    /// By when older snapshots and journal segments that still hold it are gone.
    pub gone_by: Timestamp,
}
