//! What became of the events of a request (R4.3).

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::failure::{Failure, Fault};
use super::values::{Count, one_of};
use crate::domain::reply::Rejection;

/// How many events were accepted, and which were not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(examples(
    json!({"accepted": 3, "duplicates": 1, "rejected": []}),
    json!({"accepted": 1, "duplicates": 0, "rejected": [{
        "index": 1, "id": "evt-2", "code": "missing_field", "error": "`conversationId` is required.",
        "pointer": "/data/conversationId"
    }]})
))]
pub struct IngestAnswer {
    #[schema(value_type = Count)]
    pub accepted: usize,
    /// Events that were accepted before, in this request too.
    #[schema(value_type = Count)]
    pub duplicates: usize,
    /// In the order of the request.
    pub rejected: Vec<RejectedEvent>,
}

impl IngestAnswer {
    /// Every event of the request was refused.
    pub fn all_rejected(&self) -> bool {
        self.accepted == 0 && self.duplicates == 0
    }
}

/// An event that was not accepted. It leaves nothing behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RejectedEvent {
    /// Which event of the request, from 0; blank lines of NDJSON do not count.
    #[schema(value_type = Count)]
    pub index: usize,
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

/// Why an event is refused: what the door finds, and the three that only `apply` can find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectionCode {
    Malformed,
    UnsupportedSpecversion,
    MissingField,
    InvalidField,
    UnknownType,
    UnknownField,
    TimeInFuture,
    TooOld,
    IdReused,
    AccountMismatch,
    InternalError,
}

impl RejectionCode {
    /// Each with its name and what it means.
    pub const ALL: [(Self, &str, &str); 11] = [
        (Self::Malformed, "malformed", "The event is not a JSON object, or one of its members stands in it twice."),
        (Self::UnsupportedSpecversion, "unsupported_specversion", "`specversion` is not \"1.0\"."),
        (Self::MissingField, "missing_field", "A member that the event needs is absent or null."),
        (Self::InvalidField, "invalid_field", "A member has the wrong type or an impossible value."),
        (Self::UnknownType, "unknown_type", "No event of that `type` exists."),
        (Self::UnknownField, "unknown_field", "`data` has a member that this type does not have."),
        (Self::TimeInFuture, "time_in_future", "`time` lies too far ahead of the server's clock."),
        (Self::TooOld, "too_old", "`time` lies before what the server retains."),
        (Self::IdReused, "id_reused", "The source has already sent another event with this id."),
        (Self::AccountMismatch, "account_mismatch", "The conversation belongs to another account."),
        (Self::InternalError, "internal_error", "The event could not be applied; it was left out."),
    ];

    /// As JSON has it.
    pub const fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// A sentence for people, whatever the event.
    pub const fn meaning(self) -> &'static str {
        Self::ALL[self as usize].2
    }
}

impl Serialize for RejectionCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl PartialSchema for RejectionCode {
    fn schema() -> RefOr<Schema> {
        let meanings: String = Self::ALL.iter().map(|(_, name, meaning)| format!("\n- `{name}`: {meaning}")).collect();
        one_of(Self::ALL.map(|(_, name, _)| name)).description(Some(format!("Why:\n{meanings}"))).into()
    }
}

impl ToSchema for RejectionCode {}

impl From<Rejection> for RejectionCode {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::IdReused => Self::IdReused,
            Rejection::AccountMismatch { .. } => Self::AccountMismatch,
            Rejection::InternalError => Self::InternalError,
        }
    }
}

/// A failure, and what became of each event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({
    "error": "Every event of the request was rejected.", "code": "all_rejected",
    "requestId": "0191b5a2-7c3e-7d11-9f00-0000000e0001", "accepted": 0, "duplicates": 0, "rejected": [{
        "index": 0, "id": null, "code": "missing_field", "error": "`id` is required.", "pointer": "/id"
    }]
})))]
pub struct AllRejected<'a> {
    pub error: Cow<'a, str>,
    #[schema(pattern = "^all_rejected$")]
    pub code: Cow<'a, str>,
    pub request_id: Cow<'a, str>,
    #[serde(skip_serializing_if = "<[Fault]>::is_empty")]
    #[schema(required = false, min_items = 1)]
    pub details: Cow<'a, [Fault]>,
    #[schema(minimum = 0, maximum = 0)]
    pub accepted: u32,
    #[schema(minimum = 0, maximum = 0)]
    pub duplicates: u32,
    #[schema(min_items = 1)]
    pub rejected: Vec<RejectedEvent>,
}

impl<'a> AllRejected<'a> {
    /// `failure` says that all events were refused.
    pub fn new(failure: Failure<'a>, rejected: Vec<RejectedEvent>) -> Self {
        let Failure { error, code, request_id, details } = failure;
        Self { error, code, request_id, details, accepted: 0, duplicates: 0, rejected }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r4_3_the_codes_are_listed_in_their_order() {
        for (at, (code, name, _)) in RejectionCode::ALL.into_iter().enumerate() {
            assert_eq!((code as usize, code.name()), (at, name));
        }
    }
}
