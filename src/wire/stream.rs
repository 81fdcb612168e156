//! The stream of effects (R8.2): what stands in it beside them, and tickets (R8.2b).

use serde::Serialize;
use utoipa::openapi::{OneOfBuilder, Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::breaker::Breaker;
use super::effect::{Effect, EffectName};
use super::values::{Count, Timestamp};

/// Effects before this are not known: the state to begin anew from. The stream goes on behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(examples(json!({"epoch": 7, "breakers": [], "total": 0})))]
pub struct StreamReset {
    /// As the gate has it.
    pub epoch: Count,
    /// The newest active breakers; with `accountId` those that pause the account.
    #[schema(max_items = 100)]
    pub breakers: Vec<Breaker>,
    /// All of them; the list of active breakers has the others.
    pub total: Count,
}

/// Nothing more comes on this connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(examples(json!({"reason": "stopping"})))]
pub struct StreamEnd {
    pub reason: EndReason,
}

/// Why a stream ends: the server stops, the reader did not keep up, the credential was revoked or has expired, the
/// workspace was deleted or does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EndReason {
    Stopping,
    Slow,
    Revoked,
    Expired,
    Deleted,
    Unavailable,
}

impl EndReason {
    pub const ALL: [Self; 6] =
        [Self::Stopping, Self::Slow, Self::Revoked, Self::Expired, Self::Deleted, Self::Unavailable];

    /// As JSON has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stopping => "stopping",
            Self::Slow => "slow",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Deleted => "deleted",
            Self::Unavailable => "unavailable",
        }
    }
}

/// A stream's credential for clients that cannot set a header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({
    "ticket": "Zk3vQ0cJ8sWm1TtA5uYxE2nRb7LdGh9p", "expiresAt": "2026-03-15T14:35:30.000Z"
})))]
pub struct StreamTicket {
    /// For the query parameter of this name; good for one connection.
    #[schema(pattern = "^[A-Za-z0-9]{32}$")]
    pub ticket: String,
    /// Until then the connection has to be opened; the stream stays.
    pub expires_at: Timestamp,
}

/// What `data:` has: that of an effect, or of the events `reset` and `end`.
pub struct StreamData;

impl PartialSchema for StreamData {
    fn schema() -> RefOr<Schema> {
        ["Effect", "StreamReset", "StreamEnd"]
            .into_iter()
            .fold(OneOfBuilder::new(), |one, name| one.item(Ref::from_schema_name(name)))
            .description(Some(
                "What the `data:` of one event has. Its `event:` is the effect's type; `reset` and `end` have their own.",
            ))
            .into()
    }
}

impl ToSchema for StreamData {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        for (name, schema) in [
            ("EffectType", EffectName::schema()),
            ("Effect", Effect::schema()),
            ("StreamReset", StreamReset::schema()),
            ("StreamEnd", StreamEnd::schema()),
        ] {
            schemas.push((name.to_owned(), schema));
        }
        Effect::schemas(schemas);
        StreamReset::schemas(schemas);
        StreamEnd::schemas(schemas);
    }
}
