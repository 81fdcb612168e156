//! The newest snapshot that is good (R9.4).

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use parking_lot::Mutex;
use thiserror::Error;

use crate::domain::ids::WorkspaceKey;
use crate::domain::record::APPLY_VERSION;
use crate::domain::system_table::SystemTable;
use crate::domain::workspace::Workspace;
use crate::faults::{FaultPoint, step};
use crate::journal::{GroupPosition, JournalRead};
use crate::snapshot::envelope::EnvelopeError;
use crate::snapshot::{
    JournalId, ListedState, Manifest, ManifestError, SnapshotError, SnapshotNumber, SnapshotRead, SnapshotStore,
};

use super::progress::{Progress, Stage};
use super::replay::panic_text;
use super::versions::{BlockError, SideBlocks, SystemBlocks};

/// Why no snapshot may be used, or none may be passed over.
#[derive(Debug, Error)]
pub enum LoadError {
    #[error(transparent)]
    Store(#[from] SnapshotError),
    #[error("snapshot {number} cannot be used: {source}")]
    Manifest {
        number: SnapshotNumber,
        #[source]
        source: ManifestError,
    },
    #[error("snapshot {number} belongs to journal {found}, and the journal here is {expected}")]
    OtherJournal { number: SnapshotNumber, found: JournalId, expected: JournalId },
    #[error("snapshot {number} needs apply version {found}; this program knows versions up to {APPLY_VERSION}")]
    ApplyVersion { number: SnapshotNumber, found: u16 },
    #[error(
        "snapshot {number} was taken at group {position} of the journal, which ends at group {last}: groups that were acknowledged are missing"
    )]
    JournalBehind { number: SnapshotNumber, position: GroupPosition, last: GroupPosition },
}

/// Why a snapshot is passed over.
#[derive(Debug, Error)]
enum Unusable {
    #[error(transparent)]
    Store(#[from] SnapshotError),
    #[error(transparent)]
    Block(#[from] BlockError),
    #[error("the state could not be built: {0}")]
    Panicked(String),
    #[error("its first side is not the system workspace")]
    System,
}

/// A snapshot that was passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    pub number: SnapshotNumber,
    pub reason: String,
    /// Where it was put; none where nothing may be changed.
    pub moved_to: Option<PathBuf>,
}

/// A snapshot in memory.
pub struct Loaded {
    pub manifest: Manifest,
    pub system: SystemTable,
    pub workspaces: HashMap<WorkspaceKey, Box<Workspace>>,
}

/// Which sides are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    All,
    /// Only the system workspace.
    System,
    /// The system workspace and one side.
    One(WorkspaceKey),
}

/// What to do with a damaged one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damaged {
    SetAside,
    /// For those who only look.
    Leave,
}

/// Loads snapshots of one store.
pub struct Loader<'a> {
    pub store: &'a dyn SnapshotStore,
    pub wanted: Wanted,
    pub damaged: Damaged,
    pub progress: &'a Progress,
}

impl Loader<'_> {
    /// The newest good snapshot that `accepts` takes, and those before it that are damaged. What is of
    /// another version or does not fit the journal is an error, not passed over (R9.7).
    pub fn newest(
        &self,
        journal: Option<&dyn JournalRead>,
        accepts: impl Fn(&Manifest) -> bool,
    ) -> Result<(Option<Loaded>, Vec<PassedOver>), LoadError> {
        let mut passed_over = Vec::new();
        for listed in self.store.list()? {
            let number = listed.number;
            let unusable = match listed.state {
                ListedState::SetAside => continue,
                ListedState::Unusable(source @ (ManifestError::UnknownVersion { .. } | ManifestError::Io(_))) => {
                    return Err(LoadError::Manifest { number, source });
                }
                ListedState::Unusable(source @ (ManifestError::Missing | ManifestError::Damaged(_))) => {
                    source.to_string()
                }
                ListedState::Whole(manifest) if !accepts(&manifest) => continue,
                ListedState::Whole(manifest) => {
                    check(&manifest, journal)?;
                    match self.load(number) {
                        Ok(loaded) => return Ok((Some(loaded), passed_over)),
                        Err(Unusable::Store(error)) if !is_damage(&error) => return Err(error.into()),
                        Err(Unusable::Block(BlockError::Envelope(EnvelopeError::UnknownVersion { found, known }))) => {
                            let found = found.into();
                            return Err(SnapshotError::UnknownVersion { number, found, known }.into());
                        }
                        Err(unusable) => unusable.to_string(),
                    }
                }
            };
            let moved_to = match self.damaged {
                Damaged::SetAside => Some(step(FaultPoint::SetAside, || self.store.set_aside(number))?),
                Damaged::Leave => None,
            };
            passed_over.push(PassedOver { number, reason: unusable, moved_to });
        }
        Ok((None, passed_over))
    }

    fn load(&self, number: SnapshotNumber) -> Result<Loaded, Unusable> {
        let snapshot = self.store.open(number)?;
        let manifest = snapshot.manifest().clone();
        let system = (manifest.sides.first()).is_some_and(|side| side.key == WorkspaceKey::SYSTEM);
        if !system {
            return Err(Unusable::System);
        }
        let wanted = |key: WorkspaceKey| match self.wanted {
            Wanted::All => true,
            Wanted::System => false,
            Wanted::One(one) => key == one,
        };
        let sides = (0..).zip(&manifest.sides).skip(1).filter(|(_, side)| wanted(side.key));
        let mut sides: Vec<(u32, u64)> = sides.map(|(index, side)| (index, side.bytes)).collect();
        // The largest first, so that no thread is left alone with it.
        sides.sort_by_key(|&(_, bytes)| std::cmp::Reverse(bytes));
        self.progress.begins(Stage::Loading, sides.iter().map(|(_, bytes)| bytes).sum());
        let table = system_table(&*snapshot)?;
        let workspaces = self.load_sides(&*snapshot, &sides)?;
        Ok(Loaded { manifest, system: table, workspaces })
    }

    /// On a thread a core.
    fn load_sides(
        &self,
        snapshot: &dyn SnapshotRead,
        sides: &[(u32, u64)],
    ) -> Result<HashMap<WorkspaceKey, Box<Workspace>>, Unusable> {
        let (next, loaded) = (AtomicUsize::new(0), Mutex::new(Ok(HashMap::new())));
        let work = || {
            while let Some((side, _)) = sides.get(next.fetch_add(1, Ordering::Relaxed)) {
                let workspace = catch_unwind(AssertUnwindSafe(|| self.load_side(snapshot, *side)))
                    .unwrap_or_else(|panic| Err(Unusable::Panicked(panic_text(&*panic))));
                let mut loaded = loaded.lock();
                match (&mut *loaded, workspace) {
                    (Ok(all), Ok(workspace)) => {
                        all.insert(workspace.key(), workspace);
                    }
                    (_, Err(error)) => *loaded = Err(error),
                    (Err(_), Ok(_)) => return,
                }
            }
        };
        let count = thread::available_parallelism().map_or(1, usize::from).min(sides.len());
        thread::scope(|scope| (0..count).for_each(|_| drop(scope.spawn(work))));
        loaded.into_inner()
    }

    fn load_side(&self, snapshot: &dyn SnapshotRead, side: u32) -> Result<Box<Workspace>, Unusable> {
        let mut blocks = SideBlocks::default();
        for block in snapshot.blocks(side) {
            let block = block?;
            blocks.push(&block.value)?;
            self.progress.step(block.value.len() as u64);
        }
        Ok(Box::new(blocks.finish()?))
    }
}

/// The system workspace stands first.
fn system_table(snapshot: &dyn SnapshotRead) -> Result<SystemTable, Unusable> {
    let mut blocks = SystemBlocks::default();
    for block in snapshot.blocks(0) {
        let block = block?;
        blocks.push(block.key.section, &block.value)?;
    }
    Ok(blocks.finish()?)
}

fn check(manifest: &Manifest, journal: Option<&dyn JournalRead>) -> Result<(), LoadError> {
    let (number, found) = (manifest.number, manifest.apply_version);
    if found > APPLY_VERSION {
        return Err(LoadError::ApplyVersion { number, found });
    }
    let Some(journal) = journal else { return Ok(()) };
    let (found, expected) = (manifest.journal, JournalId(journal.identity()));
    if found != expected {
        return Err(LoadError::OtherJournal { number, found, expected });
    }
    let (position, last) = (manifest.position, journal.last());
    if position > last {
        return Err(LoadError::JournalBehind { number, position, last });
    }
    Ok(())
}

/// It is the snapshot, and not the machine.
fn is_damage(error: &SnapshotError) -> bool {
    match error {
        SnapshotError::Damaged { .. } | SnapshotError::NotFound { .. } => true,
        SnapshotError::Busy
        | SnapshotError::ReadOnly
        | SnapshotError::Full { .. }
        | SnapshotError::UnknownVersion { .. }
        | SnapshotError::InUse { .. }
        | SnapshotError::TooLarge { .. }
        | SnapshotError::Order { .. }
        | SnapshotError::NoSuchSide { .. }
        | SnapshotError::GivenUp
        | SnapshotError::Engine { .. }
        | SnapshotError::Io { .. } => false,
    }
}
