//! What operators see of the server and of its journal (R10.5, R10.10).

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::failure::Failure;
use super::snapshot::SnapshotStatus;
use super::values::{Count, Size, Timestamp};
use crate::domain::ids::{Id, Side, WorkspaceKey};
use crate::domain::time::Millis;

/// Everything at a glance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerStatus {
    pub version: String,
    /// Names the data directory; a restore makes another.
    pub incarnation: Id,
    #[schema(required, value_type = Option<String>)]
    pub data_directory: Option<PathBuf>,
    /// The server's name in its cluster; absent where it is alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub node: Option<Box<str>>,
    pub phase: Phase,
    pub now: Timestamp,
    pub started_at: Timestamp,
    pub uptime_seconds: Count,
    /// Sentences, as `/readyz` of the second listener has them.
    pub warnings: Vec<String>,
    /// Wall clock minus server time, where a step was too large to follow.
    #[schema(required)]
    pub clock_step_not_followed_millis: Option<i64>,
    pub workspaces: WorkspacesStatus,
    pub events_skipped: EventsSkipped,
    pub journal: Journal,
    pub snapshots: SnapshotStatus,
    /// Event identities that are remembered.
    pub identities: Usage,
    /// Bytes of requests that wait to be applied.
    pub waiting_bytes: Usage,
}

/// The journal of a running server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({
    "state": "writable", "fullSince": null, "firstGroup": 1, "lastGroup": 120_345,
    "lastReceipt": "2026-03-15T14:34:59.120Z", "segments": 2, "bytes": 134_217_728, "groupsWritten": 345,
    "framesWritten": 2_310, "bytesWritten": 9_461_760
})))]
pub struct Journal {
    pub state: JournalState,
    #[schema(required)]
    pub full_since: Option<Timestamp>,
    /// The oldest group that is kept.
    pub first_group: Count,
    pub last_group: Count,
    #[schema(required)]
    pub last_receipt: Option<Timestamp>,
    #[schema(required)]
    pub segments: Option<Count>,
    /// On disk, the empty part of the last segments included.
    #[schema(required)]
    pub bytes: Option<Size>,
    /// Since the start, as the two that follow.
    pub groups_written: Count,
    pub frames_written: Count,
    pub bytes_written: Size,
}

/// How much of a bound is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Share, examples(json!({"used": 120_345, "limit": 100_000_000})))]
pub struct Usage {
    pub used: Size,
    pub limit: Size,
}

// The workspaces, and the sides of them that were ever used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkspacesStatus {
    pub workspaces: Count,
    pub sides_serving: Count,
    pub sides_rebuilding: Vec<SideName>,
    /// Down until a restart.
    pub sides_failed: Vec<SideName>,
}

/// One side of a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SideName {
    pub workspace_id: Id,
    pub side: Side,
}

impl From<WorkspaceKey> for SideName {
    fn from(WorkspaceKey { id, side }: WorkspaceKey) -> Self {
        Self { workspace_id: id, side }
    }
}

/// Events that could not be applied, since ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventsSkipped {
    pub count: Count,
    #[schema(max_items = 100)]
    pub sides: Vec<SideSkips>,
}

// Those of one side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SideSkips {
    pub workspace_id: Id,
    pub side: Side,
    pub count: Count,
    /// Positions of the last ten, the last one first.
    #[schema(max_items = 10)]
    pub latest: Vec<String>,
}

/// `/readyz` of the second listener.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Readiness {
    /// False is 503.
    pub ready: bool,
    pub phase: Phase,
    /// Of the phase, 0 to 1.
    pub progress: f64,
    pub journal: JournalState,
    pub workspaces_rebuilding: usize,
    /// Down until a restart.
    pub workspaces_failed: usize,
    /// Wall clock minus server time, where a step was too large to follow (R2.16).
    pub clock_step_not_followed: Option<Millis>,
    /// Share of the ceiling of event identities that is used.
    pub duplicates_share: f64,
    /// How much of its share of it the tenant uses that uses most.
    pub duplicates_tenant_share: f64,
    pub warnings: Vec<&'static str>,
}

/// The same where it is not ready, with the members of a failure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NotReady<'a> {
    #[serde(flatten)]
    pub readiness: Readiness,
    #[serde(flatten)]
    pub failure: Failure<'a>,
}

/// `/healthz` of the second listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Health {
    pub status: &'static str,
}

// Where the server is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Opening,
    Loading,
    Replaying,
    Serving,
    Stopping,
}

impl Phase {
    /// As JSON has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Loading => "loading",
            Self::Replaying => "replaying",
            Self::Serving => "serving",
            Self::Stopping => "stopping",
        }
    }
}

/// `failed` until a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JournalState {
    Writable,
    Full,
    Failed,
}

impl JournalState {
    /// As JSON has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Writable => "writable",
            Self::Full => "full",
            Self::Failed => "failed",
        }
    }
}
