//! The second pass over the journal: a thread for each core, each with its own workspaces.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use crate::domain::ids::{Position, WorkspaceKey};
use crate::domain::record::Record;
use crate::domain::settings::Settings;
use crate::domain::workspace::Workspace;
use crate::journal::codec::{GroupView, RawFrame};
use crate::journal::{GroupPosition, JournalRead, StoredGroup};

use super::faults::ApplyFaults;
use super::progress::Progress;
use super::replay::{self, Replay, ReplayError};
use super::scan::Scan;
use super::{RecoveredSide, RecoveryError};

/// Groups on their way to one thread.
const GROUPS_AHEAD: usize = 8;

/// Applies everything that follows the snapshot, whose states are `states`.
pub(super) fn replay_all(
    reader: &dyn JournalRead,
    scan: &Scan,
    states: HashMap<WorkspaceKey, Box<Workspace>>,
    faults: &ApplyFaults,
    progress: &Progress,
) -> Result<Vec<(WorkspaceKey, RecoveredSide)>, RecoveryError> {
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    let mut shares: Vec<HashMap<_, _>> = (0..count).map(|_| HashMap::new()).collect();
    for (key, workspace) in states.into_iter().filter(|(key, _)| !scan.is_deleted(*key)) {
        shares[place(key, count)].insert(key, workspace);
    }
    std::thread::scope(|scope| {
        let workers = shares.into_iter().enumerate();
        let workers: Vec<_> = workers
            .map(|(index, states)| (Worker { index, count, scan, faults, progress }, states))
            .map(|(worker, states)| spawn(scope, worker, states))
            .collect();
        let read = feed(reader, scan.from, &workers, progress);
        let mut recovered = Vec::new();
        for (groups, worker) in workers {
            drop(groups);
            recovered.extend(worker.join().map_err(|_| RecoveryError::Thread)??);
        }
        read.map(|()| recovered)
    })
}

type Running<'scope> =
    (SyncSender<Arc<StoredGroup>>, ScopedJoinHandle<'scope, Result<Vec<(WorkspaceKey, RecoveredSide)>, ReplayError>>);

fn spawn<'scope>(
    scope: &'scope Scope<'scope, '_>,
    worker: Worker<'scope>,
    states: HashMap<WorkspaceKey, Box<Workspace>>,
) -> Running<'scope> {
    let (sender, receiver) = sync_channel(GROUPS_AHEAD);
    (sender, scope.spawn(move || worker.run(states, &receiver)))
}

/// Which of `count` workers applies a side.
fn place(key: WorkspaceKey, count: usize) -> usize {
    let spread = (key.id.0 ^ key.id.0 >> 64) as u64 ^ key.side as u64;
    (spread % count as u64) as usize
}

/// Sends every group to every worker. Why a worker has gone away is told when it is joined.
fn feed(
    reader: &dyn JournalRead,
    from: GroupPosition,
    workers: &[Running<'_>],
    progress: &Progress,
) -> Result<(), RecoveryError> {
    for entry in reader.read(from).map_err(ReplayError::from)? {
        let entry = Arc::new(entry.map_err(ReplayError::from)?);
        if workers.iter().any(|(groups, _)| groups.send(Arc::clone(&entry)).is_err()) {
            break;
        }
        progress.step(1);
    }
    Ok(())
}

struct Worker<'a> {
    index: usize,
    count: usize,
    scan: &'a Scan,
    faults: &'a ApplyFaults,
    progress: &'a Progress,
}

/// A workspace that a worker is replaying.
enum InWork {
    Replaying(Box<Replay>),
    Failed(Position),
}

impl Worker<'_> {
    fn run(
        &self,
        states: HashMap<WorkspaceKey, Box<Workspace>>,
        groups: &Receiver<Arc<StoredGroup>>,
    ) -> Result<Vec<(WorkspaceKey, RecoveredSide)>, ReplayError> {
        let loaded = states.into_iter().map(|(key, workspace)| (key, self.go_on(workspace)));
        let mut replays: HashMap<WorkspaceKey, InWork> = loaded.collect();
        for entry in groups {
            let codec = |source| ReplayError::Group { group: entry.position, source };
            for raw in GroupView::new(&entry.group).map_err(codec)?.frames() {
                let raw = raw.map_err(codec)?;
                if self.is_own(raw.key) {
                    let running = replays.entry(raw.key).or_insert_with(|| self.begin(raw.key));
                    running.take(|running| self.apply(running, &raw))?;
                }
            }
        }
        replays.into_iter().map(|(key, running)| Ok((key, running.finish()?))).collect()
    }

    fn is_own(&self, key: WorkspaceKey) -> bool {
        key != WorkspaceKey::SYSTEM && place(key, self.count) == self.index && !self.scan.is_deleted(key)
    }

    fn apply(&self, replay: &mut Replay, raw: &RawFrame<'_>) -> Result<(), ReplayError> {
        if replay.holds(raw.seq) {
            return Ok(());
        }
        let frame = replay::decode(raw)?;
        if let Record::Events(events) = &frame.record {
            self.progress.replayed(events.len() as u64);
        }
        replay.push(frame)
    }

    fn begin(&self, key: WorkspaceKey) -> InWork {
        let name = self.scan.system.workspace(key.id).map_or_else(Box::default, |entry| entry.name.clone());
        self.go_on(Box::new(Workspace::new(key, name, Settings::default())))
    }

    fn go_on(&self, workspace: Box<Workspace>) -> InWork {
        let skips = self.scan.skips.get(&workspace.key()).cloned().unwrap_or_default();
        InWork::Replaying(Box::new(Replay::new(*workspace, skips, self.faults.clone())))
    }
}

impl InWork {
    /// Continues unless the workspace has failed; a failure of `apply` concerns that workspace alone (I6).
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

    fn finish(self) -> Result<RecoveredSide, ReplayError> {
        match self {
            Self::Failed(at) => Ok(RecoveredSide::Failed(at)),
            Self::Replaying(replay) => match replay.finish() {
                Ok(replayed) => Ok(RecoveredSide::Ready(replayed.workspace)),
                Err(ReplayError::Panicked { at, .. }) => Ok(RecoveredSide::Failed(at)),
                Err(other) => Err(other),
            },
        }
    }
}
