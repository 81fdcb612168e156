//! How everything comes back at a start: the newest good snapshot, then the journal behind it (R9.2).
//!
//! The journal is read twice: first for what must be known before anything is applied (the skips of
//! every workspace, and the system workspace, which names the others), then for the workspaces
//! themselves, side by side. Every thread walks over all frames and decodes its own workspaces' only.
//! Frames that the snapshot holds already are passed over.
//!
//! [`save`] is the other way: from the states to a snapshot.

pub(crate) mod faults;
pub mod load;
pub(crate) mod one;
mod progress;
pub(crate) mod replay;
pub mod save;
mod scan;
pub mod until;
pub mod versions;
mod workers;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::domain::ids::{Id, Position, WorkspaceKey};
use crate::domain::system_table::SystemTable;
use crate::domain::time::Millis;
use crate::domain::workspace::Workspace;
use crate::faults::{FaultPoint, step};
use crate::journal::{GroupPosition, JournalRead};
use crate::snapshot::{Manifest, SnapshotStore};

use faults::ApplyFaults;
pub use load::{Damaged, LoadError, PassedOver};
use load::{Loaded, Loader, Wanted};
pub use progress::{Progress, Stage};
pub use replay::ReplayError;
use scan::Scan;

/// Why a start is refused (exit 65).
#[derive(Debug, Error)]
pub enum RecoveryError {
    #[error(transparent)]
    Replay(#[from] ReplayError),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(
        "groups {from} to {} of the journal were trimmed, and no snapshot that can be used holds what was in them{}: restore a backup",
        first.0 - 1, told(passed_over)
    )]
    Missing { from: GroupPosition, first: GroupPosition, passed_over: Vec<PassedOver> },
    #[error("the journal holds frames of workspace {0}, which the system workspace does not know")]
    UnknownWorkspace(Id),
    #[error("a thread of the recovery died")]
    Thread,
}

fn told(passed_over: &[PassedOver]) -> String {
    passed_over.iter().map(|passed| format!(" (snapshot {}: {})", passed.number, passed.reason)).collect()
}

/// Everything as it was.
#[derive(Default)]
pub struct Recovered {
    pub system: SystemTable,
    pub workspaces: Vec<(WorkspaceKey, RecoveredSide)>,
    /// For the journal's writer.
    pub last_seqs: HashMap<WorkspaceKey, u64>,
    /// `None` where nothing was ever written.
    pub last_receipt: Option<Millis>,
    /// The snapshot that it came from.
    pub snapshot: Option<Manifest>,
    /// What was read behind it.
    pub tail: Tail,
    /// Snapshots that could not be used.
    pub passed_over: Vec<PassedOver>,
}

/// What stands in the journal behind a snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tail {
    pub frames: u64,
    pub events: u64,
    /// Of groups, without what the storage adds.
    pub bytes: u64,
}

/// A workspace side after the replay.
pub enum RecoveredSide {
    Ready(Box<Workspace>),
    /// Applying this event failed; it is to be skipped (I6).
    Failed(Position),
}

/// What is recovered from what.
pub struct Recovery<'a> {
    pub reader: &'a dyn JournalRead,
    pub store: &'a dyn SnapshotStore,
    pub progress: &'a Progress,
    pub damaged: Damaged,
    /// Which snapshots come into question.
    pub accepts: &'a dyn Fn(&Manifest) -> bool,
    /// The journal is the one that the snapshots were taken of.
    pub has_journal: bool,
    /// Tenants, workspaces and keys, where another journal holds them.
    pub followed: Option<&'a SystemTable>,
}

/// Loads the newest good snapshot, and reads and applies the journal behind it.
pub fn recover(
    reader: &dyn JournalRead,
    store: &dyn SnapshotStore,
    progress: &Progress,
) -> Result<Recovered, RecoveryError> {
    recover_with(reader, store, progress, &ApplyFaults::from_env())
}

/// As [`recover`], with these faults on.
pub(crate) fn recover_with(
    reader: &dyn JournalRead,
    store: &dyn SnapshotStore,
    progress: &Progress,
    faults: &ApplyFaults,
) -> Result<Recovered, RecoveryError> {
    let (damaged, accepts) = (Damaged::SetAside, &|_: &Manifest| true);
    Recovery { reader, store, progress, damaged, accepts, has_journal: true, followed: None }.run_with(faults)
}

/// As [`recover`], of a journal whose workspaces stand in `system`, which another journal holds.
pub fn recover_within(
    reader: &dyn JournalRead,
    store: &dyn SnapshotStore,
    progress: &Progress,
    system: &SystemTable,
) -> Result<Recovered, RecoveryError> {
    let (damaged, accepts) = (Damaged::SetAside, &|_: &Manifest| true);
    Recovery { reader, store, progress, damaged, accepts, has_journal: true, followed: Some(system) }.run()
}

impl Recovery<'_> {
    pub fn run(&self) -> Result<Recovered, RecoveryError> {
        self.run_with(&ApplyFaults::from_env())
    }

    fn run_with(&self, faults: &ApplyFaults) -> Result<Recovered, RecoveryError> {
        let Self { reader, store, progress, damaged, .. } = *self;
        let loader = Loader { store, wanted: Wanted::All, damaged, progress };
        let base = step(FaultPoint::Loaded, || Base::load(reader, &loader, self.has_journal, self.accepts))?;
        let Base { loaded, passed_over } = base;
        if loaded.is_some() {
            progress.has_snapshot();
        }
        let scan = step(FaultPoint::Scanned, || Scan::run(reader, loaded.as_ref(), self.followed, progress))?;
        let (snapshot, states) =
            loaded.map_or((None, HashMap::new()), |loaded| (Some(loaded.manifest), loaded.workspaces));
        if let Some(key) = scan.last_seqs.keys().find(|key| !scan.knows(**key)) {
            return Err(RecoveryError::UnknownWorkspace(key.id));
        }
        let workspaces = step(FaultPoint::Replayed, || workers::replay_all(reader, &scan, states, faults, progress))?;
        let tail = Tail { events: progress.events(), ..scan.tail };
        let Scan { system, last_seqs, last_receipt, .. } = scan;
        Ok(Recovered { system, workspaces, last_seqs, last_receipt, snapshot, tail, passed_over })
    }
}

/// Only the system workspace: all that the command line needs of a data directory.
pub fn recover_system(reader: &dyn JournalRead, store: &dyn SnapshotStore) -> Result<Recovered, RecoveryError> {
    let progress = Progress::default();
    let loader = Loader { store, wanted: Wanted::System, damaged: Damaged::Leave, progress: &progress };
    let Base { loaded, passed_over } = Base::load(reader, &loader, true, &|_| true)?;
    let scan = Scan::run(reader, loaded.as_ref(), None, &progress)?;
    let Scan { system, last_seqs, last_receipt, tail, .. } = scan;
    let snapshot = loaded.map(|loaded| loaded.manifest);
    Ok(Recovered { system, workspaces: Vec::new(), last_seqs, last_receipt, snapshot, tail, passed_over })
}

/// What a replay begins with.
struct Base {
    loaded: Option<Loaded>,
    passed_over: Vec<PassedOver>,
}

impl Base {
    fn load(
        reader: &dyn JournalRead,
        loader: &Loader<'_>,
        has_journal: bool,
        accepts: &dyn Fn(&Manifest) -> bool,
    ) -> Result<Self, RecoveryError> {
        let (loaded, passed_over) = loader.newest(has_journal.then_some(reader), accepts)?;
        let (from, first) = (begins_at(loaded.as_ref()), reader.first());
        if from < first {
            return Err(RecoveryError::Missing { from, first, passed_over });
        }
        Ok(Self { loaded, passed_over })
    }
}

/// The first group that a snapshot does not hold as a whole.
fn begins_at(loaded: Option<&Loaded>) -> GroupPosition {
    loaded.map_or(GroupPosition::ZERO, |loaded| loaded.manifest.position).next()
}
