//! Circuit breakers (R3.4 to R3.6).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{Asked, Body, Fields};
use super::values::Timestamp;
use crate::domain::ids::Id;
use crate::domain::view::BreakerView;

/// Characters of a note.
const MAX_NOTE: usize = 2_000;

/// An open stop on an account or a workspace, or one that was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
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
    /// Who acknowledged it first: `api-key:<id>`, or a JWT's subject or `client:<id>`.
    #[schema(required)]
    pub acknowledged_by: Option<String>,
    #[schema(required)]
    pub acknowledged_at: Option<Timestamp>,
    #[schema(required)]
    pub resolved_at: Option<Timestamp>,
}

impl From<BreakerView> for Breaker {
    fn from(view: BreakerView) -> Self {
        Self {
            id: view.id,
            scope_key: view.scope_key,
            reason: view.reason,
            triggered_at: Timestamp(view.triggered_at),
            acknowledged_by: view.acknowledged_by,
            acknowledged_at: view.acknowledged_at.map(Timestamp),
            resolved_at: view.resolved_at.map(Timestamp),
        }
    }
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
