//! Snapshots of everything, taken while all goes on (I9, R9.3).
//!
//! Each workspace side is cut between two of its rounds. What is written is in shared chunks, so no side waits. A
//! snapshot's place in the journal is the last group of which every cut has all frames: the groups that had reached
//! the queues before the first cut, or the one before the first frame that waited at a cut. A replay passes over
//! later frames that a cut has already; so the sides need no common instant.

mod purge;
mod schedule;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use thiserror::Error;
use tokio::sync::oneshot;

use crate::background::every;
use crate::domain::ids::Id;
use crate::domain::record::Record;
use crate::domain::system_table::SystemTable;
use crate::domain::time::Millis;
use crate::domain::workspace::cut::Cut;
use crate::journal::{GroupPosition, JournalRead};
use crate::measure::Histogram;
use crate::recovery::save::{Moment, SaveProgress, save};
use crate::recovery::{Recovered, Tail};
use crate::snapshot::{JournalId, Listed, Manifest, SnapshotError, SnapshotNumber, SnapshotStore, Surplus};

use super::engine::Engine;
use super::error::EngineError;
use super::handle::{Status, WorkspaceHandle};
use super::messages::{SystemCut, SystemMsg, WorkspaceMsg};
use super::shared::Shared;

pub use purge::Purge;
use schedule::Before;
pub use schedule::SnapshotRules;

/// How often the schedule is looked at.
const TICK: Duration = Duration::from_secs(1);
/// How often it is looked at what must be gone by now (R4.10): every so many ticks.
const PURGE_TICKS: u64 = 600;
/// And after a start, after so many.
const PURGE_FIRST: u64 = 30;

/// Why there is no snapshot.
#[derive(Debug, Error)]
pub enum TakeError {
    /// Its state is not known at the moment.
    #[error("workspace {0} is being rebuilt, or down")]
    Workspace(Id),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Store(#[from] SnapshotError),
    #[error("the thread that wrote it died")]
    Thread,
}

/// A side's part of a snapshot.
pub(crate) struct SideCut {
    pub cut: Cut,
    /// The group of the first frame that waits to be applied.
    pub waiting: Option<GroupPosition>,
}

/// Counts what is in the journal after the last snapshot, as it is written.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// Every frame of groups up to here is in its side's queue, or was applied.
    delivered: AtomicU64,
    frames: AtomicU64,
    events: AtomicU64,
}

impl Written {
    /// A frame of this group is on its way to its queue; those of earlier groups are there.
    pub fn frame(&self, group: GroupPosition, record: &Record) {
        self.delivered.fetch_max(group.0.saturating_sub(1), Ordering::AcqRel);
        self.frames.fetch_add(1, Ordering::Relaxed);
        if let Record::Events(events) = record {
            self.events.fetch_add(events.len() as u64, Ordering::Relaxed);
        }
    }
}

/// An engine's snapshots.
pub(crate) struct Snapshots {
    pub store: Arc<dyn SnapshotStore>,
    /// Read while snapshots and journal are read, written while some of them go.
    pub files: RwLock<()>,
    journal: JournalId,
    rules: SnapshotRules,
    passed_over: bool,
    pub written: Arc<Written>,
    /// Held while a snapshot is taken.
    turn: tokio::sync::Mutex<()>,
    state: Mutex<Taken>,
    progress: SaveProgress,
    /// How long the snapshots since the start took.
    pub seconds: Histogram,
}

/// The snapshots so far.
#[derive(Default)]
struct Taken {
    last: Option<LastSnapshot>,
    before: Before,
    /// What the last snapshot contains: it is subtracted from the counters.
    covered: Tail,
    running: bool,
    failures: u64,
    failure: Option<String>,
}

/// The last snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastSnapshot {
    pub number: SnapshotNumber,
    pub created_at: Millis,
    pub took_millis: u64,
    pub bytes: u64,
    pub position: GroupPosition,
}

impl From<&Manifest> for LastSnapshot {
    fn from(manifest: &Manifest) -> Self {
        Self {
            number: manifest.number,
            created_at: manifest.created_at,
            took_millis: manifest.took_millis,
            bytes: manifest.bytes(),
            position: manifest.position,
        }
    }
}

/// The state of the snapshots.
#[derive(Clone, Debug, PartialEq)]
pub struct SnapshotStatus {
    pub last: Option<LastSnapshot>,
    /// A snapshot is being written.
    pub running: bool,
    /// How much of it is done, 0 to 1.
    pub progress: f64,
    /// Frames, events and bytes that a start would have to replay.
    pub tail: Tail,
    /// Attempts that failed since the start, and the last one's error if none has worked since.
    pub failures: u64,
    pub failure: Option<String>,
    /// A damaged snapshot was passed over at the start.
    pub passed_over: bool,
}

impl SnapshotStatus {
    /// Of two engines of one process: the one whose last snapshot is older, where a single one is told.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let oldest = |status: &Self| status.last.map_or(Millis::MIN, |last| last.created_at);
        let last = if oldest(&self) <= oldest(&other) { self.last } else { other.last };
        Self {
            last,
            running: self.running || other.running,
            progress: self.progress.min(other.progress),
            tail: Tail {
                frames: self.tail.frames + other.tail.frames,
                events: self.tail.events + other.tail.events,
                bytes: self.tail.bytes + other.tail.bytes,
            },
            failures: self.failures + other.failures,
            failure: self.failure.or(other.failure),
            passed_over: self.passed_over || other.passed_over,
        }
    }
}

impl Snapshots {
    /// `recovered` holds everything that `journal` does.
    pub fn new(
        store: Arc<dyn SnapshotStore>,
        journal: &dyn JournalRead,
        rules: SnapshotRules,
        recovered: &Recovered,
        seconds: Histogram,
    ) -> Self {
        let written = Written { delivered: journal.last().0.into(), ..Written::default() };
        written.frames.store(recovered.tail.frames, Ordering::Relaxed);
        written.events.store(recovered.tail.events, Ordering::Relaxed);
        let last = recovered.snapshot.as_ref().map(LastSnapshot::from);
        let took = Duration::from_millis(last.map_or(0, |last| last.took_millis));
        let before = Before { took, bytes: last.map_or(0, |last| last.bytes), ..Before::default() };
        Self {
            store,
            files: RwLock::default(),
            journal: JournalId(journal.identity()),
            rules,
            passed_over: !recovered.passed_over.is_empty(),
            written: Arc::new(written),
            turn: tokio::sync::Mutex::default(),
            state: Mutex::new(Taken { last, before, ..Taken::default() }),
            progress: SaveProgress::default(),
            seconds,
        }
    }
}

/// Goes on until the engine stops.
pub(super) async fn keep(engine: &Engine) {
    let mut ticks = every(TICK, &engine.shared.stopping);
    for tick in 1_u64.. {
        if !ticks.next().await {
            return;
        }
        if engine.is_snapshot_due() {
            // What went wrong is logged and shown.
            drop(engine.snapshot().await);
        }
        if tick % PURGE_TICKS == PURGE_FIRST
            && let Err(error) = engine.purge().await
        {
            tracing::error!(%error, "what was erased is still in a snapshot or in the journal; it is tried again");
        }
    }
}

impl Engine {
    fn is_snapshot_due(&self) -> bool {
        let (now, tail, snapshots) = (self.shared.clock.elapsed(), self.tail(), &self.shared.snapshots);
        snapshots.rules.is_due(now, tail, &snapshots.state.lock().before)
    }

    /// Takes a snapshot of everything as it is now; waits for one that is being taken. Afterwards snapshots beyond
    /// those that are kept are removed, and the part of the journal that only they needed.
    pub async fn snapshot(&self) -> Result<Manifest, TakeError> {
        let snapshots = &self.shared.snapshots;
        let _turn = snapshots.turn.lock().await;
        snapshots.state.lock().running = true;
        let began = self.shared.clock.elapsed();
        let outcome = self.take().await;
        let mut taken = snapshots.state.lock();
        taken.running = false;
        match &outcome {
            Ok((manifest, covered)) => {
                let took = self.shared.clock.elapsed().saturating_sub(began);
                let took_millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
                snapshots.seconds.observe(took.as_secs_f64());
                taken.last = Some(LastSnapshot { took_millis, ..manifest.into() });
                taken.before = Before { began, took, bytes: manifest.bytes(), failed: None };
                taken.covered = *covered;
                taken.failure = None;
                tracing::info!(number = %manifest.number, bytes = manifest.bytes(), ?took, "a snapshot was taken");
            }
            Err(error) => {
                let cause = std::error::Error::source(error).map(ToString::to_string);
                tracing::error!(%error, cause, "no snapshot could be taken");
                taken.before.failed = Some(self.shared.clock.elapsed());
                taken.failures += 1;
                taken.failure = Some(error.to_string());
            }
        }
        outcome.map(|(manifest, _)| manifest)
    }

    async fn take(&self) -> Result<(Manifest, Tail), TakeError> {
        let covered = self.written();
        let moment = self.moment().await?;
        let (done, outcome) = oneshot::channel();
        let (shared, background) = (Arc::clone(&self.shared), self.shared.options.background);
        let write = move || {
            background();
            let saved = shared.write_snapshot(moment);
            // The asker may be gone.
            drop(done.send(saved));
        };
        std::thread::Builder::new().name("snapshot".into()).spawn(write).map_err(|_| TakeError::Thread)?;
        let manifest = outcome.await.map_err(|_| TakeError::Thread)??;
        Ok((manifest, covered))
    }

    /// Cuts everything, each side between two of its rounds.
    pub async fn moment(&self) -> Result<Moment, TakeError> {
        let shared = &self.shared;
        let mut position = GroupPosition(shared.snapshots.written.delivered.load(Ordering::Acquire));
        let mut holds_before = |waiting: Option<GroupPosition>| {
            if let Some(GroupPosition(group)) = waiting {
                position = position.min(GroupPosition(group.saturating_sub(1)));
            }
        };
        let created_at = self.now();
        let SystemCut { table, waiting } = self.cut_system().await?;
        holds_before(waiting);
        let mut cuts = Vec::new();
        for handle in shared.directory.workspaces() {
            if table.is_deleted(handle.key.id) {
                continue;
            }
            let cut = match handle.status() {
                Status::Serving => self.cut_side(&handle).await.ok(),
                Status::Rebuilding | Status::Failed => None,
            };
            let SideCut { cut, waiting } = match cut {
                Some(cut) => cut,
                // Deleted meanwhile: a start passes over whatever the journal has of it.
                None if handle.is_retired() => continue,
                None => return Err(TakeError::Workspace(handle.key.id)),
            };
            holds_before(waiting);
            cuts.push(cut);
        }
        let last_receipt = Some(self.journal.read().last_receipt).filter(|receipt| *receipt != Millis::MIN);
        let journal = shared.snapshots.journal;
        // What is followed is in another engine's snapshots.
        let system = if shared.system.followed().is_some() { SystemTable::default() } else { (*table).clone() };
        Ok(Moment { created_at, journal, position, last_receipt, system, cuts })
    }

    pub(super) async fn cut_side(&self, handle: &WorkspaceHandle) -> Result<SideCut, EngineError> {
        let (reply, answer) = oneshot::channel();
        Shared::ask(handle, WorkspaceMsg::Cut(reply))?;
        answer.await.map_err(|_| EngineError::WorkspaceUnavailable)
    }

    async fn cut_system(&self) -> Result<SystemCut, EngineError> {
        let lane = &self.shared.system;
        if lane.followed().is_some() {
            return Ok(SystemCut { table: lane.table(), waiting: None });
        }
        let actor = lane.queue.actor().ok_or(EngineError::WorkspaceUnavailable)?;
        let (reply, answer) = oneshot::channel();
        actor.send_message(SystemMsg::Cut(reply)).map_err(|_| EngineError::WorkspaceUnavailable)?;
        answer.await.map_err(|_| EngineError::WorkspaceUnavailable)
    }

    /// Everything written since the start, and read at the start.
    fn written(&self) -> Tail {
        let written = &self.shared.snapshots.written;
        Tail {
            frames: written.frames.load(Ordering::Relaxed),
            events: written.events.load(Ordering::Relaxed),
            bytes: self.journal.read().bytes + self.replayed_bytes,
        }
    }

    /// What is in the journal after the last snapshot.
    fn tail(&self) -> Tail {
        let (counted, covered) = (self.written(), self.shared.snapshots.state.lock().covered);
        Tail {
            frames: counted.frames.saturating_sub(covered.frames),
            events: counted.events.saturating_sub(covered.events),
            bytes: counted.bytes.saturating_sub(covered.bytes),
        }
    }

    /// Whether anything was written since the last snapshot.
    pub(super) fn has_changed(&self) -> bool {
        self.tail().frames > 0
    }

    pub fn snapshot_status(&self) -> SnapshotStatus {
        let (tail, taken) = (self.tail(), self.shared.snapshots.state.lock());
        SnapshotStatus {
            last: taken.last,
            running: taken.running,
            progress: if taken.running { self.shared.snapshots.progress.share() } else { 1.0 },
            tail,
            failures: taken.failures,
            failure: taken.failure.clone(),
            passed_over: self.shared.snapshots.passed_over,
        }
    }

    /// All snapshots, newest first, those that were set aside among them.
    pub async fn snapshots(&self) -> Result<Vec<Listed>, TakeError> {
        self.with_store(|shared| shared.snapshots.store.list()).await
    }

    /// Reads a whole snapshot and compares it with its manifest.
    pub async fn verify_snapshot(&self, number: SnapshotNumber) -> Result<Manifest, TakeError> {
        self.with_store(move |shared| {
            let _reading = shared.snapshots.files.read();
            let snapshot = shared.snapshots.store.open(number)?;
            snapshot.verify()?;
            Ok(snapshot.manifest().clone())
        })
        .await
    }

    /// Removes all but the newest `keep`, and the part of the journal that only those needed. Returns which.
    pub async fn prune_snapshots(&self, keep: usize) -> Result<Vec<SnapshotNumber>, TakeError> {
        let _turn = self.shared.snapshots.turn.lock().await;
        self.with_store(move |shared| shared.prune(keep)).await
    }

    /// On a thread that may block.
    async fn with_store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T, SnapshotError> + Send + 'static,
    ) -> Result<T, TakeError> {
        let shared = Arc::clone(&self.shared);
        let worked = self.shared.runtime.spawn_blocking(move || work(&shared));
        Ok(worked.await.map_err(|_| TakeError::Thread)??)
    }
}

impl Shared {
    fn write_snapshot(&self, moment: Moment) -> Result<Manifest, SnapshotError> {
        let snapshots = &self.snapshots;
        let manifest = save(snapshots.store.as_ref(), moment, self.clock.as_ref(), &snapshots.progress)?;
        if let Err(error) = self.prune(snapshots.rules.keep) {
            tracing::warn!(%error, "older snapshots could not be removed; the next one tries again");
        }
        Ok(manifest)
    }

    /// Until there are as many as are to be kept, the journal stays as it is: a single snapshot is not
    /// trusted alone.
    fn prune(&self, keep: usize) -> Result<Vec<SnapshotNumber>, SnapshotError> {
        let store = self.snapshots.store.as_ref();
        let Some(surplus) = Surplus::find(store, keep)? else { return Ok(Vec::new()) };
        let _removing = self.snapshots.files.write();
        let removed = surplus.remove(store)?;
        // Only now, since the snapshots that needed it are durably removed.
        self.writer.trim(surplus.needs_from());
        Ok(removed)
    }
}
