//! Snapshots as operators see them (R10.5).

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{Asked, Body, Fields};
use super::values::{Count, Size, Timestamp};

/// As `[snapshots] keep` in the configuration.
const MAX_KEEP: u16 = 100;

/// A snapshot. What its manifest says is null where that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({
    "number": 7, "state": "whole", "reason": null, "path": "/var/lib/tripswitch/snapshots/00000007",
    "createdAt": "2026-03-15T14:35:00.000Z", "tookMillis": 840, "bytes": 73_400_320, "position": 120_345,
    "lastReceipt": "2026-03-15T14:34:59.120Z", "program": "0.1.0", "sides": 4, "conversations": 250_000,
    "accounts": 1_800
})))]
pub struct Snapshot {
    pub number: Count,
    pub state: SnapshotState,
    /// Why it is not whole.
    #[schema(required)]
    pub reason: Option<String>,
    /// On the server.
    #[schema(value_type = String)]
    pub path: PathBuf,
    #[schema(required)]
    pub created_at: Option<Timestamp>,
    #[schema(required)]
    pub took_millis: Option<Size>,
    /// Of all blocks, without what the storage adds.
    #[schema(required)]
    pub bytes: Option<Size>,
    /// The last group of the journal of which it holds every frame.
    #[schema(required)]
    pub position: Option<Count>,
    #[schema(required)]
    pub last_receipt: Option<Timestamp>,
    /// The version of the program that wrote it.
    #[schema(required)]
    pub program: Option<String>,
    /// Workspace sides in it.
    #[schema(required)]
    pub sides: Option<Count>,
    #[schema(required)]
    pub conversations: Option<Count>,
    #[schema(required)]
    pub accounts: Option<Count>,
}

impl Snapshot {
    /// One of which nothing else is known.
    pub const fn unusable(number: u64, path: PathBuf, state: SnapshotState, reason: String) -> Self {
        Self {
            number: Count(number),
            state,
            reason: Some(reason),
            path,
            created_at: None,
            took_millis: None,
            bytes: None,
            position: None,
            last_receipt: None,
            program: None,
            sides: None,
            conversations: None,
            accounts: None,
        }
    }

    /// The same snapshot after it was read and found to be no good.
    #[must_use]
    pub fn damaged(self, reason: String) -> Self {
        Self { state: SnapshotState::Damaged, reason: Some(reason), ..self }
    }
}

/// Whether it can be used, as far as was looked. `unknownVersion` was written by a program that this one does not
/// understand, `unreadable` the machine refuses to read, `setAside` was found damaged at a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum SnapshotState {
    Whole,
    Damaged,
    UnknownVersion,
    Unreadable,
    SetAside,
}

/// The last snapshot, and what a start would replay behind it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotStatus {
    #[schema(required)]
    pub last: Option<LastSnapshot>,
    /// One is being written.
    pub running: bool,
    /// Of that one.
    #[schema(minimum = 0, maximum = 1)]
    pub progress: f64,
    pub tail: Tail,
    /// Attempts that failed since the start.
    pub failures: Count,
    /// What the last of them said, if none has worked since.
    #[schema(required)]
    pub failure: Option<String>,
    /// A damaged one was passed over at the start.
    pub passed_over: bool,
}

// The newest that a start would begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastSnapshot {
    pub number: Count,
    pub created_at: Timestamp,
    pub took_millis: Size,
    pub bytes: Size,
    pub position: Count,
}

/// What stands in the journal behind a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tail {
    pub frames: Count,
    pub events: Count,
    pub bytes: Size,
}

/// How many snapshots to keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(examples(json!({"keep": 3})))]
pub struct Prune {
    /// The configured number where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 100)]
    pub keep: Option<u16>,
}

impl Body for Prune {
    fn read(fields: &mut Fields<'_>, _: Asked) -> Self {
        Self { keep: fields.integer("keep", 1, MAX_KEEP) }
    }
}

/// What was removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(examples(json!({"keep": 3, "removed": [4, 3]})))]
pub struct Pruned {
    pub keep: Count,
    /// Numbers, newest first.
    pub removed: Vec<Count>,
}
