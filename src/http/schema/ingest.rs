//! What became of the events of a request.

use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::failure::Detail;
use super::leaf::{Count, one_of};
use crate::service::door::CODES;

/// How many events were accepted, and which were not.
#[derive(ToSchema)]
#[schema(examples(
    json!({"accepted": 3, "duplicates": 1, "rejected": []}),
    json!({"accepted": 1, "duplicates": 0, "rejected": [{
        "index": 1, "id": "evt-2", "code": "missing_field", "error": "`conversationId` is required.",
        "pointer": "/data/conversationId"
    }]})
))]
pub struct IngestAnswer {
    pub accepted: Count,
    /// Events that were accepted before, in this request too.
    pub duplicates: Count,
    /// In the order of the request.
    pub rejected: Vec<RejectedEvent>,
}

/// An event that was not accepted. It leaves nothing behind.
#[derive(ToSchema)]
pub struct RejectedEvent {
    /// Which event of the request, from 0; blank lines of NDJSON do not count.
    pub index: Count,
    /// The event's own id, where it has a valid one.
    #[schema(required)]
    pub id: Option<String>,
    pub code: RejectionCode,
    /// A sentence for people.
    pub error: String,
    /// JSON pointer into the event.
    #[schema(required)]
    pub pointer: Option<String>,
}

/// The closed list of the door and of `apply`.
pub struct RejectionCode;

impl PartialSchema for RejectionCode {
    fn schema() -> RefOr<Schema> {
        let meanings: String = CODES.iter().map(|(_, name, meaning)| format!("\n- `{name}`: {meaning}")).collect();
        one_of(CODES.map(|(_, name, _)| name)).description(Some(format!("Why:\n{meanings}"))).into()
    }
}

impl ToSchema for RejectionCode {}

/// A failure, and what became of each event.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[schema(examples(json!({
    "error": "Every event of the request was rejected.", "code": "all_rejected",
    "requestId": "0191b5a2-7c3e-7d11-9f00-0000000e0001", "accepted": 0, "duplicates": 0, "rejected": [{
        "index": 0, "id": null, "code": "missing_field", "error": "`id` is required.", "pointer": "/id"
    }]
})))]
pub struct AllRejected {
    pub error: String,
    #[schema(pattern = "^all_rejected$")]
    pub code: String,
    pub request_id: String,
    #[schema(required = false, min_items = 1)]
    pub details: Vec<Detail>,
    #[schema(minimum = 0, maximum = 0)]
    pub accepted: u32,
    #[schema(minimum = 0, maximum = 0)]
    pub duplicates: u32,
    #[schema(min_items = 1)]
    pub rejected: Vec<RejectedEvent>,
}
