//! Deliveries of an endpoint, and what became of a test.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::delivery::{self, DeliveryFault};
use crate::domain::ids::Id;
use crate::wire::effect::EffectName;
use crate::wire::values::{Count, Timestamp};

/// `pending`: not tried yet. `failed`: it will be tried again. `abandoned`: it will not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    Pending,
    Delivered,
    Failed,
    Abandoned,
}

impl DeliveryState {
    pub const NAMES: [(&str, Self); 4] = [
        ("pending", Self::Pending),
        ("delivered", Self::Delivered),
        ("failed", Self::Failed),
        ("abandoned", Self::Abandoned),
    ];
}

/// A message on its way to an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({
    "id": "0191b5a2-7c3e-8d11-9f00-0000000de1e0", "webhookId": "0191b5a2-7c3e-7d11-9f00-00000000e0d0",
    "messageId": "0191b5a2-7c3e-8d11-9f00-00000005e55a", "type": "breaker.triggered", "position": "12-3.1",
    "state": "failed",
    "attempts": [{"at": "2026-03-15T14:35:00.020Z", "status": 503, "error": "status", "milliseconds": 112}],
    "nextAttemptAt": "2026-03-15T14:35:05.310Z", "excerpt": "Service Unavailable"
})))]
pub struct Delivery {
    pub id: Id,
    pub webhook_id: Id,
    /// The header `webhook-id`.
    pub message_id: Id,
    /// Null where the effect is not kept any more.
    #[serde(rename = "type")]
    #[schema(required)]
    pub kind: Option<EffectName>,
    /// The effect's id in the stream.
    #[schema(pattern = r"^\d+-\d+\.\d+$")]
    pub position: String,
    pub state: DeliveryState,
    /// In their order.
    pub attempts: Vec<DeliveryAttempt>,
    /// When it is tried again; null where that is not known, or not so.
    #[schema(required)]
    pub next_attempt_at: Option<Timestamp>,
    /// The beginning of what the receiver answered to the last attempt, as long as it is in memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub excerpt: Option<Box<str>>,
}

/// One try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeliveryAttempt {
    pub at: Timestamp,
    /// The status of the answer; null where there was none.
    #[schema(required, minimum = 100, maximum = 999)]
    pub status: Option<u16>,
    /// Why it was a failure; null where it was none.
    #[schema(required)]
    pub error: Option<DeliveryError>,
    pub milliseconds: Count,
}

impl From<delivery::Attempt> for DeliveryAttempt {
    fn from(attempt: delivery::Attempt) -> Self {
        let delivery::Attempt { at, milliseconds, status, fault } = attempt;
        Self { at: Timestamp(at), status, error: fault.map(Into::into), milliseconds: milliseconds.into() }
    }
}

/// `status`: no success. `redirect`: which is not followed. `name`: it has no address. `address`: it may not be
/// connected to. `connect`, `tls`: no connection. `timeout`: no answer in time. `broken`: the connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryError {
    Status,
    Redirect,
    Name,
    Address,
    Connect,
    Tls,
    Timeout,
    Broken,
}

impl From<DeliveryFault> for DeliveryError {
    fn from(fault: DeliveryFault) -> Self {
        match fault {
            DeliveryFault::Status => Self::Status,
            DeliveryFault::Redirect => Self::Redirect,
            DeliveryFault::Name => Self::Name,
            DeliveryFault::Address => Self::Address,
            DeliveryFault::Connect => Self::Connect,
            DeliveryFault::Tls => Self::Tls,
            DeliveryFault::Timeout => Self::Timeout,
            DeliveryFault::Broken => Self::Broken,
        }
    }
}

/// A page of deliveries, the newest effects first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryPage {
    #[schema(max_items = 100)]
    pub data: Vec<Delivery>,
    /// Absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, pattern = "^[A-Za-z0-9_-]+$")]
    pub next_cursor: Option<String>,
}

/// What became of a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({
    "type": "breaker.triggered", "messageId": "0191b5a2-7c3e-7d11-9f00-00000005e55a",
    "attempt": {"at": "2026-03-15T14:35:00.020Z", "status": 200, "error": null, "milliseconds": 48}, "excerpt": "ok"
})))]
pub struct WebhookTest {
    /// What was sent is an example of this type.
    #[serde(rename = "type")]
    pub kind: EffectName,
    /// The header `webhook-id`.
    pub message_id: Id,
    pub attempt: DeliveryAttempt,
    /// The beginning of the receiver's answer.
    #[schema(required)]
    pub excerpt: Option<Box<str>>,
}
