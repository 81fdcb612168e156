//! Lists that are answered whole (R2.6).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::admin::{ApiKey, Workspace};
use super::breaker::Breaker;
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

lists! {
    /// Oldest first.
    WorkspaceList of Workspace;
    /// Oldest first; revoked and expired ones included.
    KeyList of ApiKey;
    /// The active breakers, newest first.
    BreakerList of Breaker;
    /// Newest first.
    SnapshotList of Snapshot;
}
