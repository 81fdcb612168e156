//! Rows of lists: of accounts and of conversations (R6.6), and what each list has as its columns.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::audit::AuditEntry;
use super::breaker::BreakerRow;
use super::quality::{AccountHealth, ConversationQuality};
use super::settings::SettingsHistoryEntry;
use super::statistics::SeriesBucket;
use super::values::{Timestamp, joined};
use crate::domain::effect::ScoredView;
use crate::domain::ids::Id;
use crate::domain::workspace::account_list;
use crate::domain::workspace::conversation_list;

/// Something that a table has one line for: a JSON object whose members are the columns. One that is left out is empty.
pub trait Row: Serialize {
    /// The names of all members, in the order of the columns.
    const COLUMNS: &'static [&'static str];
}

/// An account in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRow {
    #[serde(flatten)]
    pub health: AccountHealth,
    #[serde(flatten)]
    pub more: AccountMore,
}

// What a list says of an account beside its health.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountMore {
    /// The last that an event gave it; null while none has.
    #[schema(required)]
    pub name: Option<String>,
    /// `scoredAt` of its newest conversation, however old; null while there is none.
    #[schema(required)]
    pub last_scored_at: Option<Timestamp>,
    /// Its own breaker that is active; null while there is none.
    #[schema(required)]
    pub active_breaker_id: Option<Id>,
}

impl Row for AccountRow {
    const COLUMNS: &'static [&'static str] = &[
        "accountId",
        "name",
        "churnRisk",
        "rollingComposite",
        "rollingOutcome",
        "rollingProcess",
        "rollingEnvironment",
        "resolutionRate",
        "conversationCount",
        "consecutiveLow",
        "trend",
        "lastScoredAt",
        "activeBreakerId",
    ];
}

impl From<account_list::AccountRow> for AccountRow {
    fn from(row: account_list::AccountRow) -> Self {
        let account_list::AccountRow { health, name, last_scored_at, active_breaker, .. } = row;
        let more = AccountMore {
            name: name.map(|name| name.to_string()),
            last_scored_at: last_scored_at.map(Timestamp),
            active_breaker_id: active_breaker,
        };
        Self { health: health.into(), more }
    }
}

impl utoipa::PartialSchema for AccountRow {
    fn schema() -> RefOr<Schema> {
        joined::<AccountHealth, AccountMore>("An account in a list: its health, its name and its breaker.").into()
    }
}

impl ToSchema for AccountRow {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        AccountHealth::schemas(schemas);
        AccountMore::schemas(schemas);
    }
}

/// A scored conversation in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationRow {
    #[serde(flatten)]
    pub quality: ConversationQuality,
    #[serde(flatten)]
    pub more: ConversationMore,
}

// What a list says of a conversation beside its score.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConversationMore {
    /// Null where it has none.
    #[schema(required)]
    pub account_id: Option<Id>,
    /// As the account is called now; null while no event has named it.
    #[schema(required, value_type = Option<String>)]
    pub account_name: Option<Arc<str>>,
    /// It ended resolved.
    pub resolved: bool,
    /// The composite is below the threshold in force.
    pub low: bool,
    /// The name of the scoring profile.
    pub model_version: String,
    /// A person's scores are in force.
    pub overridden: bool,
}

impl Row for ConversationRow {
    const COLUMNS: &'static [&'static str] = &[
        "conversationId",
        "accountId",
        "accountName",
        "scoredAt",
        "compositeScore",
        "outcomeScore",
        "processScore",
        "environmentScore",
        "resolved",
        "low",
        "confidence",
        "disconfirmation",
        "signalCount",
        "modelVersion",
        "overridden",
    ];
}

impl From<conversation_list::ConversationRow> for ConversationRow {
    fn from(row: conversation_list::ConversationRow) -> Self {
        let conversation_list::ConversationRow { view, account_name, .. } = row;
        let ScoredView { quality, account, resolved, low, model_version, overridden } = view;
        let more = ConversationMore { account_id: account, account_name, resolved, low, model_version, overridden };
        Self { quality: quality.into(), more }
    }
}

impl utoipa::PartialSchema for ConversationRow {
    fn schema() -> RefOr<Schema> {
        joined::<ConversationQuality, ConversationMore>("A scored conversation in a list.").into()
    }
}

impl ToSchema for ConversationRow {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        ConversationQuality::schemas(schemas);
        ConversationMore::schemas(schemas);
    }
}

impl Row for BreakerRow {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "scopeKey",
        "accountName",
        "state",
        "trigger",
        "reason",
        "triggeredAt",
        "acknowledgedBy",
        "acknowledgedAt",
        "resolvedAt",
        "secondsToAcknowledge",
        "secondsToResolve",
    ];
}

impl Row for AuditEntry {
    const COLUMNS: &'static [&'static str] =
        &["position", "at", "actor", "action", "target", "outcome", "code", "details", "count", "lastAt"];
}

impl Row for SettingsHistoryEntry {
    const COLUMNS: &'static [&'static str] = &["position", "at", "actor", "source", "before", "after"];
}

impl Row for SeriesBucket {
    const COLUMNS: &'static [&'static str] = &[
        "start",
        "end",
        "conversationsScored",
        "averageComposite",
        "averageOutcome",
        "averageProcess",
        "averageEnvironment",
        "averageConfidence",
        "averageDisconfirmation",
        "circuitBreakersTriggered",
        "resolutionRate",
        "histogram",
    ];
}

macro_rules! pages {
    ($($(#[doc = $doc:literal])+ $name:ident of $row:ident;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            #[schema(max_items = 100)]
            pub data: Vec<$row>,
            /// Absent on the last page.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schema(nullable = false, pattern = "^[A-Za-z0-9_-]+$")]
            pub next_cursor: Option<String>,
        }
    )+};
}

pages! {
    /// Accounts in the order that was asked for.
    AccountPage of AccountRow;
    /// Conversations in the order that was asked for.
    ConversationPage of ConversationRow;
}
