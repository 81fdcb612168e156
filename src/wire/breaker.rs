//! Circuit breakers (R3.4 to R3.6), what made them trip, and their history (R7.5).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{Asked, Body, Fields};
use super::scope_key;
use super::values::{ScopeKey, Score, Timestamp};
use crate::domain::ids::Id;
use crate::domain::view::{self, BreakerScope, BreakerView};

/// Characters of a note.
const MAX_NOTE: usize = 2_000;
/// Characters of the reason of a breaker that is tripped by hand.
const MAX_REASON: usize = 500;

/// A breaker, and what stands behind its own members.
macro_rules! breakers {
    ($($(#[$meta:meta])* $name:ident { $($(#[$of:meta])* $field:ident: $type:ty,)* })+) => {$(
        $(#[$meta])*
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            pub id: Id,
            /// What it stops: `account:acc_<uuid>`, `workspace:ws_<uuid>`, `channel:<name>` or `intent:<name>`.
            #[schema(pattern = r"^((account:acc|workspace:ws)_[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(channel|intent):[\s\S]{1,255})$")]
            pub scope_key: String,
            pub reason: String,
            pub triggered_at: Timestamp,
            /// Who acknowledged it first: `api-key:<id>`, or a JWT's subject or `client:<id>`.
            #[schema(required)]
            pub acknowledged_by: Option<String>,
            #[schema(required)]
            pub acknowledged_at: Option<Timestamp>,
            #[schema(required)]
            pub resolved_at: Option<Timestamp>,
            $($(#[$of])* pub $field: $type,)*
        }

        impl $name {
            fn with(view: BreakerView, $($field: $type),*) -> Self {
                Self {
                    id: view.id,
                    scope_key: view.scope_key,
                    reason: view.reason,
                    triggered_at: Timestamp(view.triggered_at),
                    acknowledged_by: view.acknowledged_by,
                    acknowledged_at: view.acknowledged_at.map(Timestamp),
                    resolved_at: view.resolved_at.map(Timestamp),
                    $($field,)*
                }
            }
        }
    )+};
}

breakers! {
    /// An open stop on an account, the workspace, a channel or an intent, or one that was.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
    #[schema(examples(json!({
        "id": "0191b5a2-7c3e-8d11-9f00-00000000cb01",
        "scopeKey": "account:acc_0191b5a2-7c3e-7d11-9f00-00000000acc1",
        "reason": "3 consecutive conversations scored below composite threshold (3.0) for account Nordic Parts ApS",
        "triggeredAt": "2026-03-15T14:35:00.000Z", "acknowledgedBy": null, "acknowledgedAt": null, "resolvedAt": null
    })))]
    Breaker {}

    /// A breaker with what made it trip and what was done to it.
    #[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
    BreakerDetail {
        /// As the account that it pauses is called now; null while no event has named it, and for other scopes.
        #[schema(required)]
        account_name: Option<String>,
        state: BreakerState,
        trigger: BreakerTrigger,
        /// The run that tripped it, newest first; empty for one that was tripped by hand.
        evidence: Vec<Evidence>,
        /// In the order in which it was done.
        history: Vec<HistoryEntry>,
    }

    /// A breaker in the history of all.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
    BreakerRow {
        /// As the account that it pauses is called now; null while no event has named it, and for other scopes.
        #[schema(required)]
        account_name: Option<String>,
        state: BreakerState,
        trigger: BreakerTrigger,
        /// From the trip on.
        #[schema(required, minimum = 0)]
        seconds_to_acknowledge: Option<u64>,
        /// From the trip on.
        #[schema(required, minimum = 0)]
        seconds_to_resolve: Option<u64>,
    }
}

impl From<BreakerView> for Breaker {
    fn from(view: BreakerView) -> Self {
        Self::with(view)
    }
}

impl From<view::BreakerDetail> for BreakerDetail {
    fn from(detail: view::BreakerDetail) -> Self {
        let view::BreakerDetail { breaker, account_name, state, trigger, evidence, history } = detail;
        let evidence = evidence.into_iter().map(Into::into).collect();
        let history = history.into_iter().map(Into::into).collect();
        let name = account_name.map(|name| name.to_string());
        Self::with(breaker, name, state.into(), trigger.into(), evidence, history)
    }
}

impl From<view::BreakerRow> for BreakerRow {
    fn from(row: view::BreakerRow) -> Self {
        let view::BreakerRow { breaker, account_name, state, trigger, .. } = row;
        let view::BreakerRow { seconds_to_acknowledge, seconds_to_resolve, .. } = row;
        let name = account_name.map(|name| name.to_string());
        Self::with(breaker, name, state.into(), trigger.into(), seconds_to_acknowledge, seconds_to_resolve)
    }
}

/// Where a breaker is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BreakerState {
    Triggered,
    Acknowledged,
    Resolved,
}

impl From<view::BreakerState> for BreakerState {
    fn from(state: view::BreakerState) -> Self {
        match state {
            view::BreakerState::Triggered => Self::Triggered,
            view::BreakerState::Acknowledged => Self::Acknowledged,
            view::BreakerState::Resolved => Self::Resolved,
        }
    }
}

/// What tripped a breaker: a run of low conversations, or somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BreakerTrigger {
    Automatic,
    Manual,
}

impl From<view::TriggerKind> for BreakerTrigger {
    fn from(trigger: view::TriggerKind) -> Self {
        match trigger {
            view::TriggerKind::Automatic => Self::Automatic,
            view::TriggerKind::Manual => Self::Manual,
        }
    }
}

/// A conversation of the run that tripped a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// Null once it is erased.
    #[schema(required)]
    pub conversation_id: Option<Id>,
    /// As it was then.
    pub composite_score: Score,
    /// Null in breakers from before it was kept.
    #[schema(required)]
    pub scored_at: Option<Timestamp>,
}

impl From<view::EvidenceView> for Evidence {
    fn from(view: view::EvidenceView) -> Self {
        Self {
            conversation_id: view.conversation,
            composite_score: Score(view.composite),
            scored_at: view.scored_at.map(Timestamp),
        }
    }
}

/// Something done to a breaker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct HistoryEntry {
    pub step: HistoryStep,
    pub at: Timestamp,
    /// `api-key:<id>`, or a JWT's subject or `client:<id>`; null: the server.
    #[schema(required)]
    pub actor: Option<String>,
    #[schema(required)]
    pub note: Option<String>,
}

impl From<view::HistoryEntry> for HistoryEntry {
    fn from(entry: view::HistoryEntry) -> Self {
        let view::HistoryEntry { step, at, actor, note } = entry;
        Self { step: step.into(), at: Timestamp(at), actor, note }
    }
}

/// `forgotten`: the latest time that it was announced again because nobody had done the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum HistoryStep {
    Triggered,
    Acknowledged,
    Noted,
    Forgotten,
    Resolved,
}

impl From<view::HistoryStep> for HistoryStep {
    fn from(step: view::HistoryStep) -> Self {
        match step {
            view::HistoryStep::Triggered => Self::Triggered,
            view::HistoryStep::Acknowledged => Self::Acknowledged,
            view::HistoryStep::Noted => Self::Noted,
            view::HistoryStep::Forgotten => Self::Forgotten,
            view::HistoryStep::Resolved => Self::Resolved,
        }
    }
}

/// All breakers that were asked for, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BreakerPage {
    pub data: Vec<BreakerRow>,
    /// Absent on the last page. A page may have fewer breakers than its limit, even none, and have another behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, pattern = "^[A-Za-z0-9_-]+$")]
    pub next_cursor: Option<String>,
}

/// A word on why.
#[derive(Clone, Debug, Default, PartialEq, Eq, ToSchema)]
#[schema(examples(json!({"note": "Called the customer; the order is on its way."})))]
pub struct Note {
    /// Goes to the breaker's history.
    #[schema(required = false, nullable = false, max_length = 2000)]
    pub note: Option<String>,
}

impl Body for Note {
    fn read(fields: &mut Fields<'_>, _: Asked) -> Self {
        Self { note: fields.text("note", 0, MAX_NOTE) }
    }
}

/// A word for a breaker's history.
#[derive(Clone, Debug, PartialEq, Eq, ToSchema)]
#[schema(examples(json!({"note": "The supplier says Thursday."})))]
pub struct NewNote {
    #[schema(min_length = 1, max_length = 2000)]
    pub note: String,
}

impl Body for NewNote {
    fn read(fields: &mut Fields<'_>, _: Asked) -> Self {
        Self { note: fields.required("note", |fields, name| fields.text(name, 1, MAX_NOTE)).unwrap_or_default() }
    }
}

/// A breaker to be tripped by hand.
#[derive(Clone, Debug, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({
    "scopeKey": "account:acc_0191b5a2-7c3e-7d11-9f00-00000000acc1", "reason": "The customer called and is upset."
})))]
pub struct NewBreaker {
    #[schema(value_type = ScopeKey)]
    pub scope_key: BreakerScope,
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

impl Body for NewBreaker {
    fn read(fields: &mut Fields<'_>, asked: Asked) -> Self {
        let workspace = asked.workspace.unwrap_or(Id::NIL);
        let parse = |text: &str| scope_key::parse(text, workspace);
        let scope = fields.required("scopeKey", |fields, name| fields.parsed(name, parse));
        let reason = fields.required("reason", |fields, name| fields.text(name, 1, MAX_REASON));
        // What is missing is a fault already.
        Self { scope_key: scope.unwrap_or(BreakerScope::Workspace), reason: reason.unwrap_or_default() }
    }
}
