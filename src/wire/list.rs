//! Lists with a total: small ones, which are answered whole, and those of administration, a thousand at a time (R2.6).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::admin::{ApiKey, Workspace};
use super::breaker::Breaker;
use super::intake::{EventRate, KeptRejection};
use super::snapshot::Snapshot;
use super::values::Count;

macro_rules! lists {
    ($($(#[doc = $doc:literal])+ $name:ident of $item:ident;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
        pub struct $name {
            pub items: Vec<$item>,
            pub total: Count,
        }

        impl<T: Into<$item>> FromIterator<T> for $name {
            fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
                let items: Vec<_> = items.into_iter().map(Into::into).collect();
                Self { total: items.len().into(), items }
            }
        }
    )+};
}

macro_rules! paged {
    ($($(#[doc = $doc:literal])+ $name:ident of $item:ident;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            #[schema(max_items = 1_000)]
            pub items: Vec<$item>,
            /// Of all pages together.
            pub total: Count,
            /// Absent on the last page.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schema(nullable = false, pattern = "^[A-Za-z0-9_-]+$")]
            pub next_cursor: Option<String>,
        }
    )+};
}

paged! {
    /// Oldest first, at most a thousand at a time.
    WorkspaceList of Workspace;
    /// Oldest first, at most a thousand at a time; revoked and expired ones included.
    KeyList of ApiKey;
}

lists! {
    /// The active breakers, newest first.
    BreakerList of Breaker;
    /// Newest first.
    SnapshotList of Snapshot;
    /// Newest first, at most a hundred.
    RejectionList of KeptRejection;
    /// The last 60 whole minutes and the present one, oldest first.
    EventRateList of EventRate;
}
