//! The server on one page (R10.5), for its operators.

use std::time::Duration;

use super::{Operator, Service};
use crate::actors::{self, Engine, JournalNow, SideSkips, WorkspacesNow};
use crate::domain::ids::WorkspaceKey;
use crate::domain::time::Millis;
use crate::wire::status::{
    self, EventsSkipped, Journal, JournalState, Phase, Readiness, ServerStatus, SideName, Usage, WorkspacesStatus,
};
use crate::wire::values::{Count, Size, Timestamp};

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

impl From<JournalNow> for Journal {
    fn from(now: JournalNow) -> Self {
        Self {
            state: now.state.into(),
            full_since: now.full_since.map(Timestamp),
            first_group: Count(now.first_group),
            last_group: Count(now.last_group),
            last_receipt: now.last_receipt.map(Timestamp),
            segments: now.footprint.map(|footprint| footprint.units.into()),
            bytes: now.footprint.map(|footprint| Size(footprint.bytes)),
            groups_written: Count(now.groups),
            frames_written: Count(now.frames),
            bytes_written: Size(now.bytes),
        }
    }
}

impl From<actors::Phase> for Phase {
    fn from(phase: actors::Phase) -> Self {
        match phase {
            actors::Phase::Opening => Self::Opening,
            actors::Phase::Loading => Self::Loading,
            actors::Phase::Replaying => Self::Replaying,
            actors::Phase::Serving => Self::Serving,
            actors::Phase::Stopping => Self::Stopping,
        }
    }
}

impl From<actors::JournalState> for JournalState {
    fn from(state: actors::JournalState) -> Self {
        match state {
            actors::JournalState::Writable => Self::Writable,
            actors::JournalState::Full => Self::Full,
            actors::JournalState::Failed => Self::Failed,
        }
    }
}

impl From<actors::Readiness> for Readiness {
    fn from(readiness: actors::Readiness) -> Self {
        let actors::Readiness { ready, progress, workspaces_rebuilding, workspaces_failed, .. } = readiness;
        let actors::Readiness { phase, journal, clock_step_not_followed, warnings, .. } = readiness;
        let actors::Readiness { duplicates_share, duplicates_tenant_share, .. } = readiness;
        let (phase, journal) = (phase.into(), journal.into());
        Self {
            ready,
            phase,
            progress,
            journal,
            workspaces_rebuilding,
            workspaces_failed,
            clock_step_not_followed,
            duplicates_share,
            duplicates_tenant_share,
            warnings,
        }
    }
}

impl From<&[SideSkips]> for EventsSkipped {
    fn from(sides: &[SideSkips]) -> Self {
        let named = sides.iter().take(NAMED).map(|SideSkips { key, skipped }| status::SideSkips {
            workspace_id: key.id,
            side: key.side,
            count: Count(skipped.count),
            latest: skipped.latest.iter().map(ToString::to_string).collect(),
        });
        Self { count: Count(sides.iter().map(|side| side.skipped.count).sum()), sides: named.collect() }
    }
}

impl Service {
    pub fn journal_status(&self, _: Operator) -> Journal {
        self.engine.journal_now().into()
    }

    pub fn server_status(&self, operator: Operator) -> ServerStatus {
        let (engine, started) = (&self.engine, self.started);
        let (readiness, stats) = (engine.readiness(), engine.stats_now());
        let WorkspacesNow { serving, rebuilding, failed, skips } = engine.workspaces_now();
        let usage = |used, limit| Usage { used: Size(used), limit: Size(limit) };
        let named = |keys: Vec<WorkspaceKey>| keys.into_iter().map(SideName::from).collect();
        ServerStatus {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            incarnation: engine.incarnation(),
            data_directory: self.data_dir.clone(),
            node: self.membership.as_ref().map(|membership| membership.node.clone()),
            phase: readiness.phase.into(),
            now: Timestamp(engine.now()),
            started_at: Timestamp(started.at),
            uptime_seconds: engine.elapsed().saturating_sub(started.elapsed).as_secs().into(),
            warnings: readiness.warnings.into_iter().map(str::to_owned).collect(),
            clock_step_not_followed_millis: readiness.clock_step_not_followed,
            workspaces: WorkspacesStatus {
                workspaces: engine.system_table().workspaces().count().into(),
                sides_serving: serving.into(),
                sides_rebuilding: named(rebuilding),
                sides_failed: named(failed),
            },
            events_skipped: skips.as_slice().into(),
            journal: self.journal_status(operator),
            snapshots: self.snapshot_status(operator),
            identities: usage(stats.duplicates_held, stats.duplicates_limit),
            waiting_bytes: usage(stats.waiting_bytes as u64, stats.waiting_limit as u64),
        }
    }
}
