//! Snapshots (R10.5). Nothing in here makes a directory.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::clock::{Clock, check_wall};
use crate::ids::Ids;
use crate::journal::{Footprint, GroupPosition};
use crate::recovery::load::PassedOver;
use crate::recovery::save::{Moment, SaveProgress, save};
use crate::recovery::{Progress, Recovered, RecoveredSide, recover, recover_system};
use crate::snapshot::{
    JournalId, Listed, ListedState, Manifest, SnapshotError, SnapshotNumber, SnapshotStore, Surplus,
};
use crate::storage::{self, FileOptions, Lock, ReadOnly, Storage, TornTail, check_exists, snapshots_in};

use super::OfflineError;

/// All snapshots, newest first; changes nothing.
pub fn list(data_dir: &Path) -> Result<Vec<Listed>, OfflineError> {
    check_exists(data_dir)?;
    let _lock = Lock::shared(data_dir)?;
    Ok(storage::snapshots_to_read(&snapshots_in(data_dir)).list()?)
}

/// What a start would find.
pub struct DirectoryStatus {
    /// With the system workspace alone.
    pub recovered: Recovered,
    pub snapshots: Vec<Listed>,
    pub first_group: GroupPosition,
    pub last_group: GroupPosition,
    pub footprint: Option<Footprint>,
    /// A torn tail, which a start would cut.
    pub torn: Vec<TornTail>,
}

/// Checks the journal, reads the system workspace and counts what a start would replay; changes
/// nothing, and fails as a start would.
pub fn status(data_dir: &Path) -> Result<DirectoryStatus, OfflineError> {
    let ReadOnly { journal, snapshots, torn } = ReadOnly::open(data_dir)?;
    Ok(DirectoryStatus {
        recovered: recover_system(&*journal, &*snapshots)?,
        snapshots: snapshots.list()?,
        first_group: journal.first(),
        last_group: journal.last(),
        footprint: journal.footprint(),
        torn,
    })
}

/// How far the reading of a snapshot has come.
#[derive(Debug, Default)]
pub struct Reading {
    bytes: AtomicU64,
    total: AtomicU64,
}

impl Reading {
    /// 0 to 1.
    pub fn share(&self) -> f64 {
        let total = self.total.load(Ordering::Relaxed).max(1);
        self.bytes.load(Ordering::Relaxed) as f64 / total as f64
    }
}

/// Reads every block of a snapshot and compares it with the manifest.
pub fn verify(data_dir: &Path, number: SnapshotNumber, reading: &Reading) -> Result<Manifest, OfflineError> {
    check_exists(data_dir)?;
    let _lock = Lock::shared(data_dir)?;
    let snapshot = storage::snapshots_to_read(&snapshots_in(data_dir)).open(number)?;
    let manifest = snapshot.manifest();
    reading.total.store(manifest.bytes(), Ordering::Relaxed);
    for (side, _) in (0..).zip(&manifest.sides) {
        for block in snapshot.blocks(side) {
            reading.bytes.fetch_add(block?.value.len() as u64, Ordering::Relaxed);
        }
    }
    Ok(manifest.clone())
}

/// Removes all but the newest `keep`, and answers which. The journal stays as it is: the next
/// snapshot of a server trims it.
pub fn prune(data_dir: &Path, keep: usize) -> Result<Vec<SnapshotNumber>, OfflineError> {
    check_exists(data_dir)?;
    let _lock = Lock::exclusive(data_dir)?;
    let store = storage::snapshots(&snapshots_in(data_dir))?;
    match Surplus::find(&*store, keep)? {
        Some(surplus) => Ok(surplus.remove(&*store)?),
        None => Ok(Vec::new()),
    }
}

/// How far [`create`] has come.
#[derive(Debug, Default)]
pub struct Creating {
    recovery: Progress,
    saving: SaveProgress,
    is_saving: AtomicBool,
}

impl Creating {
    /// What it does, for people.
    pub fn stage(&self) -> &'static str {
        if self.is_saving.load(Ordering::Relaxed) { "Writing the snapshot" } else { self.recovery.stage().name() }
    }

    /// Of the stage, 0 to 1.
    pub fn share(&self) -> f64 {
        if self.is_saving.load(Ordering::Relaxed) { self.saving.share() } else { self.recovery.share() }
    }
}

/// A snapshot that was made, and what was found on the way.
#[derive(Debug)]
pub struct Created {
    pub manifest: Manifest,
    pub path: PathBuf,
    /// Damaged ones, set aside as a start does.
    pub passed_over: Vec<PassedOver>,
    /// Where the remains of a write that did not finish were put.
    pub torn: Vec<PathBuf>,
}

/// Recovers everything as a start does and writes a snapshot of it. Nothing is appended to the
/// journal, and no other snapshot goes.
pub fn create(
    data_dir: &Path,
    options: &FileOptions,
    ids: &dyn Ids,
    clock: &dyn Clock,
    creating: &Creating,
) -> Result<Created, OfflineError> {
    check_wall(clock.now())?;
    check_exists(data_dir)?;
    let Storage { journal, snapshots, torn, .. } = Storage::open(data_dir, options, ids)?.with_snapshots()?;
    let Recovered { system, workspaces, last_receipt, passed_over, .. } =
        recover(&*journal, &*snapshots, &creating.recovery)?;
    let mut cuts = Vec::with_capacity(workspaces.len());
    for (key, state) in workspaces {
        match state {
            RecoveredSide::Ready(mut workspace) => cuts.push(workspace.cut()),
            RecoveredSide::Failed(at) => return Err(OfflineError::NotApplied { key, at }),
        }
    }
    creating.is_saving.store(true, Ordering::Relaxed);
    let (position, journal) = (journal.last(), JournalId(journal.identity()));
    let moment = Moment { created_at: clock.now(), journal, position, last_receipt, system, cuts };
    let manifest = save(&*snapshots, moment, clock, &creating.saving)?;
    let path = path_of(&*snapshots, manifest.number)?;
    Ok(Created { manifest, path, passed_over, torn })
}

fn path_of(store: &dyn SnapshotStore, number: SnapshotNumber) -> Result<PathBuf, SnapshotError> {
    let is_it = |listed: &Listed| listed.number == number && matches!(listed.state, ListedState::Whole(_));
    let listed = store.list()?.into_iter().find(is_it);
    listed.map(|listed| listed.path).ok_or(SnapshotError::NotFound { number })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::domain::ids::Side;
    use crate::domain::system::{NewKey, Permission};
    use crate::domain::time::Millis;
    use crate::ids::SeededIds;
    use crate::offline::{Absent, system_offline};
    use crate::storage::OpenError;

    const WALL: Millis = 1_800_000_000_000;

    fn options() -> FileOptions {
        FileOptions { segment_bytes: 1 << 20 }
    }

    fn add_key(dir: &Path, ids: &SeededIds) {
        let mut system = system_offline(dir, Absent::Make, &options(), ids, WALL).unwrap();
        let (name, tenant) = ("k".into(), Some("t".into()));
        let scopes = vec![Permission::QualityRead];
        system
            .create_key(NewKey { name, tenant, workspace: None, side: Side::Live, scopes, expires_at: None })
            .unwrap();
    }

    fn make(dir: &Path, ids: &SeededIds) -> Result<Created, OfflineError> {
        create(dir, &options(), ids, &ManualClock::new(WALL), &Creating::default())
    }

    fn numbers(dir: &Path) -> Vec<u64> {
        list(dir).unwrap().iter().map(|listed| listed.number.0).collect()
    }

    #[test]
    fn r10_5_a_snapshot_made_without_a_server_is_what_a_start_begins_with() {
        let (dir, ids) = (tempfile::tempdir().unwrap(), SeededIds::new(1));
        add_key(dir.path(), &ids);
        let before = status(dir.path()).unwrap();
        assert_eq!((before.recovered.tail.frames, before.snapshots.len()), (2, 0));
        let created = make(dir.path(), &ids).unwrap();
        assert_eq!((created.manifest.position, created.manifest.last_receipt), (before.last_group, Some(WALL)));
        let after = status(dir.path()).unwrap();
        assert_eq!(after.recovered.tail.frames, 0);
        assert_eq!(after.recovered.system, before.recovered.system);
        let reading = Reading::default();
        assert_eq!(verify(dir.path(), created.manifest.number, &reading).unwrap(), created.manifest);
        assert!((reading.share() - 1.0).abs() < f64::EPSILON);
        add_key(dir.path(), &ids);
        assert_eq!(status(dir.path()).unwrap().recovered.tail.frames, 1);
    }

    #[test]
    fn r9_4_pruning_without_a_server_leaves_the_journal_alone() {
        let (dir, ids) = (tempfile::tempdir().unwrap(), SeededIds::new(1));
        for _ in 0..3 {
            add_key(dir.path(), &ids);
            make(dir.path(), &ids).unwrap();
        }
        assert_eq!(prune(dir.path(), 4).unwrap(), []);
        assert_eq!(prune(dir.path(), 2).unwrap(), [SnapshotNumber(1)]);
        assert_eq!(numbers(dir.path()), [3, 2]);
        assert_eq!(status(dir.path()).unwrap().first_group, GroupPosition(1));
    }

    #[test]
    fn r10_9_what_is_not_there_is_not_made() {
        let (dir, ids) = (tempfile::tempdir().unwrap(), SeededIds::new(1));
        let missing = |outcome: Result<(), OfflineError>| {
            assert!(matches!(outcome, Err(OfflineError::Open(OpenError::Missing { .. }))), "{outcome:?}");
        };
        let none = dir.path().join("none");
        missing(list(&none).map(drop));
        missing(status(&none).map(drop));
        missing(prune(&none, 1).map(drop));
        missing(make(&none, &ids).map(drop));
        missing(verify(&none, SnapshotNumber(1), &Reading::default()).map(drop));
        assert!(!none.exists());
        add_key(dir.path(), &ids);
        let unknown = verify(dir.path(), SnapshotNumber(1), &Reading::default());
        assert!(matches!(unknown, Err(OfflineError::Snapshots(SnapshotError::NotFound { .. }))));
    }
}
