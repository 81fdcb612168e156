//! The server on one page (R10.5), for those who operate it.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Operator, Service};
use crate::actors::{Engine, JournalNow, JournalState, Phase, SideSkips, SnapshotStatus, WorkspacesNow};
use crate::domain::ids::{Id, Side, WorkspaceKey};
use crate::domain::time::{self, Millis};

/// Workspace sides that pass over events and are named; the count has all.
const NAMED: usize = 100;

/// When a server began to serve.
#[derive(Clone, Copy, Debug)]
pub struct Started {
    at: Millis,
    elapsed: Duration,
}

impl Started {
    pub fn now(engine: &Engine) -> Self {
        Self { at: engine.now(), elapsed: engine.elapsed() }
    }
}

/// Everything at a glance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerStatus {
    pub version: String,
    /// Names the data directory; a restore makes another.
    pub incarnation: Id,
    pub data_directory: Option<PathBuf>,
    pub phase: Phase,
    #[serde(serialize_with = "time::serialize", deserialize_with = "time::deserialize")]
    pub now: Millis,
    #[serde(serialize_with = "time::serialize", deserialize_with = "time::deserialize")]
    pub started_at: Millis,
    pub uptime_seconds: u64,
    /// As `/readyz` has them.
    pub warnings: Vec<String>,
    /// Wall clock minus server time, milliseconds, where a step was too large to follow (R2.16).
    pub clock_step_not_followed_millis: Option<Millis>,
    pub workspaces: WorkspacesView,
    pub events_skipped: SkippedView,
    pub journal: JournalView,
    pub snapshots: SnapshotStatus,
    /// Event identities that are remembered (R4.4).
    pub identities: Share,
    /// Bytes from the door until applied (R4.9).
    pub waiting_bytes: Share,
}

/// How much of a bound is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    pub used: u64,
    pub limit: u64,
}

/// Names one side of a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// The workspaces, and the sides of them that were ever used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkspacesView {
    pub workspaces: usize,
    pub sides_serving: usize,
    pub sides_rebuilding: Vec<SideName>,
    /// Down until a restart.
    pub sides_failed: Vec<SideName>,
}

/// Events that `apply` failed on (I6), since ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SkippedView {
    pub count: u64,
    /// At most a hundred, by id.
    pub sides: Vec<SideSkipsView>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SideSkipsView {
    #[serde(flatten)]
    pub side: SideName,
    pub count: u64,
    /// Positions of the last ten, the last one first.
    pub latest: Vec<String>,
}

/// What a running server knows of its journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JournalView {
    pub state: JournalState,
    #[serde(serialize_with = "time::serialize_option", deserialize_with = "time::deserialize_option")]
    pub full_since: Option<Millis>,
    /// The oldest group that is kept, and the last one.
    pub first_group: u64,
    pub last_group: u64,
    #[serde(serialize_with = "time::serialize_option", deserialize_with = "time::deserialize_option")]
    pub last_receipt: Option<Millis>,
    /// On disk, the empty part of the last segments included; `None` for a journal without files.
    pub segments: Option<usize>,
    pub bytes: Option<u64>,
    /// Since the start.
    pub groups_written: u64,
    pub frames_written: u64,
    pub bytes_written: u64,
}

impl From<JournalNow> for JournalView {
    fn from(now: JournalNow) -> Self {
        Self {
            state: now.state,
            full_since: now.full_since,
            first_group: now.first_group,
            last_group: now.last_group,
            last_receipt: now.last_receipt,
            segments: now.footprint.map(|footprint| footprint.units),
            bytes: now.footprint.map(|footprint| footprint.bytes),
            groups_written: now.groups,
            frames_written: now.frames,
            bytes_written: now.bytes,
        }
    }
}

impl From<&[SideSkips]> for SkippedView {
    fn from(sides: &[SideSkips]) -> Self {
        let named = sides.iter().take(NAMED).map(|SideSkips { key, skipped }| SideSkipsView {
            side: (*key).into(),
            count: skipped.count,
            latest: skipped.latest.iter().map(ToString::to_string).collect(),
        });
        Self { count: sides.iter().map(|side| side.skipped.count).sum(), sides: named.collect() }
    }
}

impl Service {
    pub fn journal_status(&self, _: Operator) -> JournalView {
        self.engine.journal_now().into()
    }

    pub fn server_status(&self, operator: Operator) -> ServerStatus {
        let (engine, started) = (&self.engine, self.started);
        let (readiness, stats) = (engine.readiness(), engine.stats_now());
        let WorkspacesNow { serving, rebuilding, failed, skips } = engine.workspaces_now();
        let named = |keys: Vec<WorkspaceKey>| keys.into_iter().map(SideName::from).collect();
        ServerStatus {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            incarnation: engine.incarnation(),
            data_directory: self.data_dir.clone(),
            phase: readiness.phase,
            now: engine.now(),
            started_at: started.at,
            uptime_seconds: engine.elapsed().saturating_sub(started.elapsed).as_secs(),
            warnings: readiness.warnings.into_iter().map(str::to_owned).collect(),
            clock_step_not_followed_millis: readiness.clock_step_not_followed,
            workspaces: WorkspacesView {
                workspaces: engine.system_table().workspaces().count(),
                sides_serving: serving,
                sides_rebuilding: named(rebuilding),
                sides_failed: named(failed),
            },
            events_skipped: skips.as_slice().into(),
            journal: self.journal_status(operator),
            snapshots: self.snapshot_status(operator),
            identities: Share { used: stats.duplicates_held, limit: stats.duplicates_limit },
            waiting_bytes: Share { used: stats.waiting_bytes as u64, limit: stats.waiting_limit as u64 },
        }
    }
}
