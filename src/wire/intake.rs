//! What became of what was sent to a side (R4.12).

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::values::{Count, Timestamp};

/// An event, or a whole request, that was refused. Without its contents: neither texts nor ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(
    json!({
        "at": "2026-03-15T14:35:00.000Z", "code": "missing_field", "error": "`conversationId` is required.",
        "pointer": "/data/conversationId", "type": "message.received",
        "requestId": "0191b5a2-7c3e-7d11-9f00-0000000e0001"
    }),
    json!({
        "at": "2026-03-15T14:35:00.000Z", "code": "malformed_json",
        "error": "The body is not JSON: error at line 1, column 17.", "pointer": null, "type": null,
        "requestId": "0191b5a2-7c3e-7d11-9f00-0000000e0002"
    })
))]
pub struct KeptRejection {
    pub at: Timestamp,
    /// Of an event as its answer had it (`RejectionCode`); of a whole request the `code` of that failure.
    #[schema(pattern = "^[a-z][a-z0-9_]*$")]
    pub code: Cow<'static, str>,
    /// A sentence for people. It may name members, and has nothing of what stood in them.
    pub error: Box<str>,
    /// JSON pointer into the event.
    #[schema(required)]
    pub pointer: Option<Box<str>>,
    /// The event's, if it is one that exists.
    #[serde(rename = "type")]
    #[schema(required)]
    pub kind: Option<Cow<'static, str>>,
    /// Of the request that brought it.
    #[schema(value_type = String)]
    pub request_id: Arc<str>,
}

/// What became of the events of a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(examples(json!({"minute": "2026-03-15T14:35:00.000Z", "accepted": 1200, "duplicates": 3, "rejected": 1})))]
pub struct EventRate {
    /// Its beginning.
    pub minute: Timestamp,
    pub accepted: Count,
    /// Events that were accepted before.
    pub duplicates: Count,
    pub rejected: Count,
}

impl EventRate {
    /// Of a minute in which nothing came.
    pub const fn none(minute: Timestamp) -> Self {
        Self { minute, accepted: Count(0), duplicates: Count(0), rejected: Count(0) }
    }
}
