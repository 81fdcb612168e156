//! What operators see of snapshots, of the journal and of the server.

use utoipa::ToSchema;

use super::admin::Side;
use super::leaf::{Count, Id, Size, Timestamp};

/// A snapshot. What its manifest says is null where that cannot be read.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[schema(examples(json!({
    "number": 7, "state": "whole", "reason": null, "path": "/var/lib/tripswitch/snapshots/00000007",
    "createdAt": "2026-03-15T14:35:00.000Z", "tookMillis": 840, "bytes": 73_400_320, "position": 120_345,
    "lastReceipt": "2026-03-15T14:34:59.120Z", "program": "0.1.0", "sides": 4, "conversations": 250_000,
    "accounts": 1_800
})))]
pub struct Snapshot {
    pub number: Count,
    #[schema(inline)]
    pub state: SnapshotState,
    /// Why it is not whole.
    #[schema(required)]
    pub reason: Option<String>,
    /// On the server.
    pub path: String,
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

/// Whether it can be used, as far as was looked. `unknownVersion` was written by a program that this one does not
/// understand, `unreadable` the machine refuses to read, `setAside` was found damaged at a start.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub enum SnapshotState {
    Whole,
    Damaged,
    UnknownVersion,
    Unreadable,
    SetAside,
}

/// Newest first.
#[derive(ToSchema)]
pub struct SnapshotList {
    pub items: Vec<Snapshot>,
    pub total: Count,
}

/// The last snapshot, and what a start would replay behind it.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
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

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct LastSnapshot {
    pub number: Count,
    pub created_at: Timestamp,
    pub took_millis: Size,
    pub bytes: Size,
    pub position: Count,
}

/// What stands in the journal behind a snapshot.
#[derive(ToSchema)]
pub struct Tail {
    pub frames: Count,
    pub events: Count,
    pub bytes: Size,
}

/// Takes no fields.
#[derive(ToSchema)]
#[schema(examples(json!({})), max_properties = 0)]
pub struct Nothing {}

/// How many snapshots to keep.
#[derive(ToSchema)]
#[schema(examples(json!({"keep": 3})))]
pub struct Prune {
    /// The configured number where it is absent.
    #[schema(required = false, minimum = 1, maximum = 100)]
    pub keep: u16,
}

/// What was removed.
#[derive(ToSchema)]
#[schema(examples(json!({"keep": 3, "removed": [4, 3]})))]
pub struct Pruned {
    pub keep: Count,
    /// Numbers, newest first.
    pub removed: Vec<Count>,
}

/// The journal of a running server.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[schema(examples(json!({
    "state": "writable", "fullSince": null, "firstGroup": 1, "lastGroup": 120_345,
    "lastReceipt": "2026-03-15T14:34:59.120Z", "segments": 2, "bytes": 134_217_728, "groupsWritten": 345,
    "framesWritten": 2_310, "bytesWritten": 9_461_760
})))]
pub struct Journal {
    #[schema(inline)]
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

/// `failed` until a restart.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum JournalState {
    Writable,
    Full,
    Failed,
}

/// Everything at a glance.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct ServerStatus {
    pub version: String,
    /// Names the data directory; a restore makes another.
    pub incarnation: Id,
    #[schema(required)]
    pub data_directory: Option<String>,
    #[schema(inline)]
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
    pub identities: Share,
    /// Bytes of requests that wait to be applied.
    pub waiting_bytes: Share,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Phase {
    Opening,
    Loading,
    Replaying,
    Serving,
    Stopping,
}

/// How much of a bound is used.
#[derive(ToSchema)]
#[schema(examples(json!({"used": 120_345, "limit": 100_000_000})))]
pub struct Share {
    pub used: Size,
    pub limit: Size,
}

/// One side of a workspace.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct SideName {
    pub workspace_id: Id,
    #[schema(inline)]
    pub side: Side,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct WorkspacesStatus {
    pub workspaces: Count,
    pub sides_serving: Count,
    pub sides_rebuilding: Vec<SideName>,
    /// Down until a restart.
    pub sides_failed: Vec<SideName>,
}

/// Events that could not be applied, since ever.
#[derive(ToSchema)]
pub struct EventsSkipped {
    pub count: Count,
    #[schema(max_items = 100)]
    pub sides: Vec<SideSkips>,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct SideSkips {
    pub workspace_id: Id,
    #[schema(inline)]
    pub side: Side,
    pub count: Count,
    /// Positions of the last ten, the last one first.
    #[schema(max_items = 10)]
    pub latest: Vec<String>,
}
