//! What `/readyz` and `/metrics` show of the engine.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::time::Millis;
use crate::journal::writer::Health;
use crate::measure::Histogram;
use crate::recovery::Stage;

use super::counters::Counts;
use super::engine::Engine;
use super::handle::{Held, Status, WorkspaceHandle};
use super::snapshots::SnapshotStatus;

/// Share of the identities' ceiling from which `/readyz` warns (R4.4).
const WARN_SHARE: f64 = 0.8;

/// The phase of the server: starting, serving or stopping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Checking the journal.
    Opening,
    /// Reading a snapshot.
    Loading,
    /// Applying the journal behind it.
    Replaying,
    Serving,
    Stopping,
}

/// Whether writes are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JournalState {
    Writable,
    /// No, for lack of space; the next append may work.
    Full,
    /// No, until a restart.
    Failed,
}

impl From<Health> for JournalState {
    fn from(health: Health) -> Self {
        match health {
            Health { failed: true, .. } | Health { stopped: true, .. } => Self::Failed,
            Health { full_since: Some(_), .. } => Self::Full,
            Health { .. } => Self::Writable,
        }
    }
}

/// R10.10's `/readyz`.
#[derive(Clone, Debug, PartialEq)]
pub struct Readiness {
    /// False makes a 503.
    pub ready: bool,
    pub phase: Phase,
    /// The share of the phase that is done, 0 to 1.
    pub progress: f64,
    pub journal: JournalState,
    pub workspaces_rebuilding: usize,
    /// Down until a restart.
    pub workspaces_failed: usize,
    /// Wall clock minus server time, where the wall clock took a step too large to follow (R2.16).
    pub clock_step_not_followed: Option<Millis>,
    /// Share of the ceiling of event identities that is used.
    pub duplicates_share: f64,
    /// How much of its share of them the tenant uses that uses most.
    pub duplicates_tenant_share: f64,
    pub warnings: Vec<&'static str>,
}

/// R10.10's `/metrics`.
#[derive(Clone, Debug)]
pub struct Stats {
    pub counts: Counts,
    pub journal: Health,
    /// Bytes from the door until applied, and their bound.
    pub waiting_bytes: usize,
    pub waiting_limit: usize,
    /// Requests refused with `overloaded`.
    pub overloaded: u64,
    /// That the system workspace knows, and sides of them that were ever used.
    pub workspaces: usize,
    pub sides: usize,
    pub workspaces_rebuilding: usize,
    pub workspaces_failed: usize,
    pub accounts_awake: usize,
    pub duplicates_held: u64,
    pub duplicates_limit: u64,
    pub clock_step_not_followed: Option<Millis>,
    pub snapshots: SnapshotStatus,
    /// Of all sides together.
    pub held: Held,
    /// Durable frames that are not applied yet, and for how long the oldest of them waits.
    pub unapplied_frames: usize,
    pub apply_lag: Duration,
    pub histograms: Vec<Histogram>,
}

impl Readiness {
    /// During a start, `progress` of this phase done (0 to 1).
    pub fn starting(stage: Stage, progress: f64) -> Self {
        let phase = match stage {
            Stage::Opening => Phase::Opening,
            Stage::Loading => Phase::Loading,
            Stage::Replaying => Phase::Replaying,
        };
        Self {
            ready: false,
            phase,
            progress,
            journal: JournalState::Writable,
            workspaces_rebuilding: 0,
            workspaces_failed: 0,
            clock_step_not_followed: None,
            duplicates_share: 0.0,
            duplicates_tenant_share: 0.0,
            warnings: Vec::new(),
        }
    }
}

impl Stats {
    /// Of two engines of one process: what they share is in both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            journal: self.journal.and(&other.journal),
            sides: self.sides + other.sides,
            workspaces_rebuilding: self.workspaces_rebuilding + other.workspaces_rebuilding,
            workspaces_failed: self.workspaces_failed + other.workspaces_failed,
            accounts_awake: self.accounts_awake + other.accounts_awake,
            snapshots: self.snapshots.and(other.snapshots),
            held: [self.held, other.held].into_iter().sum(),
            unapplied_frames: self.unapplied_frames + other.unapplied_frames,
            apply_lag: self.apply_lag.max(other.apply_lag),
            ..self
        }
    }
}

impl Readiness {
    /// Of two engines of one process that are both to be ready.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let mut warnings = self.warnings;
        warnings.extend(other.warnings.into_iter().filter(|warning| !warnings.contains(warning)).collect::<Vec<_>>());
        Self {
            workspaces_rebuilding: self.workspaces_rebuilding + other.workspaces_rebuilding,
            workspaces_failed: self.workspaces_failed + other.workspaces_failed,
            warnings,
            ..self
        }
    }
}

impl Engine {
    /// Whether its journal takes records.
    pub fn journal_state(&self) -> JournalState {
        self.journal.read().into()
    }

    pub fn readiness(&self) -> Readiness {
        let stats = self.stats_now();
        let phase = if self.shared.is_stopping() { Phase::Stopping } else { Phase::Serving };
        let journal = JournalState::from(stats.journal);
        let share = stats.duplicates_held as f64 / stats.duplicates_limit.max(1) as f64;
        let tenants = self.shared.duplicates.largest_share_used();
        let warnings = [
            (share >= WARN_SHARE, "the memory of event identities is nearly full"),
            (tenants >= WARN_SHARE, "a tenant has nearly used up its share of the memory of event identities"),
            (stats.clock_step_not_followed.is_some(), "the wall clock took a step that is not followed"),
            (stats.workspaces_rebuilding > 0, "a workspace is being rebuilt"),
            (stats.workspaces_failed > 0, "a workspace is down until a restart"),
            (stats.snapshots.failure.is_some(), "the last snapshot failed"),
            (stats.snapshots.passed_over, "a damaged snapshot was passed over at the start"),
        ];
        Readiness {
            ready: phase == Phase::Serving && journal == JournalState::Writable,
            phase,
            progress: 1.0,
            journal,
            workspaces_rebuilding: stats.workspaces_rebuilding,
            workspaces_failed: stats.workspaces_failed,
            clock_step_not_followed: stats.clock_step_not_followed,
            duplicates_share: share,
            duplicates_tenant_share: tenants,
            warnings: warnings.into_iter().filter(|(holds, _)| *holds).map(|(_, text)| text).collect(),
        }
    }

    /// Counters and gauges as they are.
    pub fn stats_now(&self) -> Stats {
        let shared = &self.shared;
        let handles = shared.directory.workspaces();
        let (unapplied_frames, apply_lag) = self.unapplied(&handles);
        let count = |status| handles.iter().filter(|handle| handle.status() == status).count();
        Stats {
            counts: shared.counters.read(),
            journal: self.journal.read(),
            waiting_bytes: shared.in_flight.held(),
            waiting_limit: shared.in_flight.limit(),
            overloaded: shared.in_flight.refused(),
            sides: handles.len(),
            workspaces: shared.system.table().workspaces().count(),
            workspaces_rebuilding: count(Status::Rebuilding),
            workspaces_failed: count(Status::Failed),
            accounts_awake: shared.directory.accounts_awake(),
            duplicates_held: shared.duplicates.held(),
            duplicates_limit: shared.duplicates.limit(),
            clock_step_not_followed: shared.clock.step_not_followed(),
            snapshots: self.snapshot_status(),
            held: handles.iter().map(|handle| handle.held()).sum(),
            unapplied_frames,
            apply_lag,
            histograms: self.common.histograms(),
        }
    }

    /// On a side that is down nothing waits: its frames were refused.
    fn unapplied(&self, handles: &[Arc<WorkspaceHandle>]) -> (usize, Duration) {
        let waiting = handles.iter().map(|handle| handle.waiting()).chain([self.shared.system.queue.waiting()]);
        let (frames, oldest) =
            waiting.fold((0, None), |(all, oldest), (frames, since)| (all + frames, earlier(oldest, since)));
        let now = self.shared.clock.elapsed();
        (frames, oldest.map_or(Duration::ZERO, |since| now.saturating_sub(since)))
    }
}

fn earlier(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    one.into_iter().chain(other).min()
}
