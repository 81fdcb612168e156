//! How everything comes back at a start: the journal is read and applied (R9.2).
//!
//! Twice: first for what must be known before anything is applied (the skips of every workspace,
//! and the system workspace, which names the others), then for the workspaces themselves, side by
//! side. Every thread walks over all frames and decodes its own workspaces' only.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use thiserror::Error;

use crate::actors::replay::{self, PARTITION, Replay, ReplayError};
use crate::actors::{Faults, apply_system};
use crate::domain::ids::{Id, Position, WorkspaceKey};
use crate::domain::record::Frame;
use crate::domain::system_table::SystemTable;
use crate::domain::time::Millis;
use crate::domain::workspace::Workspace;
use crate::journal::codec::{GroupView, RawFrame};
use crate::journal::{Entry, JournalRead};

/// Groups on their way to one thread.
const GROUPS_AHEAD: usize = 8;

/// How far a recovery has come; read by `/readyz` while it runs.
#[derive(Debug, Default)]
pub struct Progress {
    groups: AtomicU64,
    scanned: AtomicU64,
    replayed: AtomicU64,
}

impl Progress {
    /// Groups to go through, groups gone through in the first and in the second pass.
    pub fn read(&self) -> (u64, u64, u64) {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (read(&self.groups), read(&self.scanned), read(&self.replayed))
    }

    /// 0 to 1.
    pub fn share(&self) -> f64 {
        let (groups, scanned, replayed) = self.read();
        if groups == 0 { 0.0 } else { (scanned + replayed) as f64 / (2 * groups) as f64 }
    }
}

/// Why a start is refused (exit 65).
#[derive(Debug, Error)]
pub enum RecoveryError {
    #[error(transparent)]
    Replay(#[from] ReplayError),
    #[error("the journal holds frames of workspace {0}, which the system workspace does not know")]
    UnknownWorkspace(Id),
    #[error("a thread of the recovery died")]
    Thread,
}

/// Everything as it was.
#[derive(Default)]
pub struct Recovered {
    pub system: SystemTable,
    pub workspaces: Vec<(WorkspaceKey, State)>,
    /// For the journal's writer.
    pub last_seqs: HashMap<WorkspaceKey, u64>,
    /// `None` for an empty journal.
    pub last_receipt: Option<Millis>,
}

/// A workspace side after the replay.
pub enum State {
    Ready(Box<Workspace>),
    /// Applying this event failed; it is to be skipped (I6).
    Failed(Position),
}

/// Reads and applies the whole journal.
pub fn recover(reader: &dyn JournalRead, progress: &Progress) -> Result<Recovered, RecoveryError> {
    recover_with(reader, progress, &Faults::from_env())
}

/// As [`recover`], with these faults on.
pub(crate) fn recover_with(
    reader: &dyn JournalRead,
    progress: &Progress,
    faults: &Faults,
) -> Result<Recovered, RecoveryError> {
    let scan = Scan::run(reader, progress)?;
    if let Some(key) = scan.last_seqs.keys().find(|key| !scan.knows(**key)) {
        return Err(RecoveryError::UnknownWorkspace(key.id));
    }
    let workspaces = replay_all(reader, &scan, faults, progress)?;
    Ok(Recovered { system: scan.system, workspaces, last_seqs: scan.last_seqs, last_receipt: scan.last_receipt })
}

/// Only the system workspace: all that the command line needs of a data directory.
pub fn recover_system(reader: &dyn JournalRead) -> Result<Recovered, RecoveryError> {
    let scan = Scan::run(reader, &Progress::default())?;
    let Scan { system, last_seqs, last_receipt, .. } = scan;
    Ok(Recovered { system, workspaces: Vec::new(), last_seqs, last_receipt })
}

/// What the first pass finds.
#[derive(Default)]
struct Scan {
    system: SystemTable,
    skips: HashMap<WorkspaceKey, HashSet<Position>>,
    last_seqs: HashMap<WorkspaceKey, u64>,
    last_receipt: Option<Millis>,
}

impl Scan {
    fn run(reader: &dyn JournalRead, progress: &Progress) -> Result<Self, RecoveryError> {
        let groups = reader.last(PARTITION).0 + 1 - reader.first(PARTITION).0;
        progress.groups.store(groups, Ordering::Relaxed);
        let mut scan = Self::default();
        let mut system_frames = Vec::new();
        replay::for_each_frame(
            reader,
            |raw| scan.take(&raw, &mut system_frames).map(|()| true),
            || {
                progress.scanned.fetch_add(1, Ordering::Relaxed);
            },
        )?;
        let skips = scan.skips.remove(&WorkspaceKey::SYSTEM).unwrap_or_default();
        let skips: HashSet<u64> = skips.into_iter().map(Position::seq).collect();
        for frame in &system_frames {
            // What it answered was told when it was new.
            let _answer = apply_system(&mut scan.system, frame, &skips);
        }
        Ok(scan)
    }

    fn take(&mut self, raw: &RawFrame<'_>, system_frames: &mut Vec<Frame>) -> Result<(), ReplayError> {
        let last = self.last_seqs.entry(raw.key).or_insert(0);
        if raw.seq != *last + 1 {
            return Err(ReplayError::Gap { key: raw.key, expected: *last + 1, found: raw.seq });
        }
        *last = raw.seq;
        self.last_receipt = Some(raw.receipt);
        if let Some(position) = replay::skip_of(raw)? {
            self.skips.entry(raw.key).or_default().insert(position);
        }
        if raw.key == WorkspaceKey::SYSTEM {
            system_frames.push(replay::decode(raw)?);
        }
        Ok(())
    }

    fn knows(&self, key: WorkspaceKey) -> bool {
        key == WorkspaceKey::SYSTEM || self.system.workspace(key.id).is_some()
    }
}

/// The second pass: one thread a core, each with its own workspaces.
fn replay_all(
    reader: &dyn JournalRead,
    scan: &Scan,
    faults: &Faults,
    progress: &Progress,
) -> Result<Vec<(WorkspaceKey, State)>, RecoveryError> {
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..count).map(|index| spawn(scope, Worker { index, count, scan, faults })).collect();
        let read = feed(reader, &workers, progress);
        let mut recovered = Vec::new();
        for (groups, worker) in workers {
            drop(groups);
            recovered.extend(worker.join().map_err(|_| RecoveryError::Thread)??);
        }
        read.map(|()| recovered)
    })
}

type Running<'scope> =
    (SyncSender<Arc<Entry>>, ScopedJoinHandle<'scope, Result<Vec<(WorkspaceKey, State)>, ReplayError>>);

fn spawn<'scope>(scope: &'scope Scope<'scope, '_>, worker: Worker<'scope>) -> Running<'scope> {
    let (sender, receiver) = sync_channel(GROUPS_AHEAD);
    (sender, scope.spawn(move || worker.run(&receiver)))
}

/// Sends every group to every worker. A worker that went away says why when it is joined.
fn feed(reader: &dyn JournalRead, workers: &[Running<'_>], progress: &Progress) -> Result<(), RecoveryError> {
    for entry in reader.read(PARTITION, reader.first(PARTITION)).map_err(ReplayError::from)? {
        let entry = Arc::new(entry.map_err(ReplayError::from)?);
        if workers.iter().any(|(groups, _)| groups.send(Arc::clone(&entry)).is_err()) {
            break;
        }
        progress.replayed.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

struct Worker<'a> {
    index: usize,
    count: usize,
    scan: &'a Scan,
    faults: &'a Faults,
}

/// A workspace in a worker's hands.
enum InWork {
    Replaying(Box<Replay>),
    Failed(Position),
}

impl Worker<'_> {
    fn run(&self, groups: &Receiver<Arc<Entry>>) -> Result<Vec<(WorkspaceKey, State)>, ReplayError> {
        let mut replays: HashMap<WorkspaceKey, InWork> = HashMap::new();
        for entry in groups {
            let codec = |source| ReplayError::Group { group: entry.position, source };
            for raw in GroupView::new(&entry.group).map_err(codec)?.frames() {
                let raw = raw.map_err(codec)?;
                if self.is_own(raw.key) {
                    let running = replays.entry(raw.key).or_insert_with(|| self.begin(raw.key));
                    running.take(|running| running.push(replay::decode(&raw)?))?;
                }
            }
        }
        replays.into_iter().map(|(key, running)| Ok((key, running.finish()?))).collect()
    }

    fn is_own(&self, key: WorkspaceKey) -> bool {
        let spread = (key.id.0 ^ key.id.0 >> 64) as u64 ^ key.side as u64;
        key != WorkspaceKey::SYSTEM && spread % self.count as u64 == self.index as u64
    }

    fn begin(&self, key: WorkspaceKey) -> InWork {
        let name = self.scan.system.workspace(key.id).map_or_else(Box::default, |entry| entry.name.clone());
        let skips = self.scan.skips.get(&key).cloned().unwrap_or_default();
        InWork::Replaying(Box::new(Replay::new(key, name, skips, self.faults.clone())))
    }
}

impl InWork {
    /// Goes on unless it has failed; a failure of `apply` is the workspace's own (I6).
    fn take(&mut self, step: impl FnOnce(&mut Replay) -> Result<(), ReplayError>) -> Result<(), ReplayError> {
        let Self::Replaying(replay) = self else { return Ok(()) };
        match step(replay) {
            Err(ReplayError::Panicked { at, .. }) => {
                *self = Self::Failed(at);
                Ok(())
            }
            done => done,
        }
    }

    fn finish(self) -> Result<State, ReplayError> {
        match self {
            Self::Failed(at) => Ok(State::Failed(at)),
            Self::Replaying(replay) => match replay.finish() {
                Ok(replayed) => Ok(State::Ready(replayed.workspace)),
                Err(ReplayError::Panicked { at, .. }) => Ok(State::Failed(at)),
                Err(other) => Err(other),
            },
        }
    }
}
