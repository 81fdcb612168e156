//! The undisturbed twin of a data directory: its whole journal, replayed without any snapshot.

use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tripswitch::domain::ids::Side;
use tripswitch::domain::system_table::SystemTable;
use tripswitch::recovery::{Progress, Recovered, RecoveredSide, recover};
use tripswitch::snapshot::memory::MemorySnapshots;
use tripswitch::snapshot::{ListedState, SnapshotNumber, SnapshotStore};
use tripswitch::storage::{ReadOnly, snapshots_in, snapshots_to_read};

use super::journal::{recovered, segments};
use super::process::{Home, NO_SPAWN};

/// All of a state: of each side its seq and its hash.
#[derive(PartialEq)]
pub struct Whole {
    pub system: SystemTable,
    pub sides: Vec<(u128, bool, u64, [u8; 32])>,
}

impl fmt::Debug for Whole {
    /// Without the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "system at {}, sides {:?}", self.system.applied(), self.sides)
    }
}

impl Whole {
    pub fn of(recovered: Recovered) -> Self {
        let side = |(key, state)| match state {
            RecoveredSide::Ready(workspace) => {
                let key: tripswitch::domain::ids::WorkspaceKey = key;
                (key.id.0, key.side == Side::Live, workspace.applied(), workspace.state_hash())
            }
            RecoveredSide::Failed(at) => panic!("applying event {at} failed"),
        };
        let mut sides: Vec<_> = recovered.workspaces.into_iter().map(side).collect();
        sides.sort_unstable();
        Self { system: recovered.system, sides }
    }
}

/// Every segment that a journal has ever had: linked to from beside, so that trims do not matter.
#[derive(Debug)]
pub struct Kept {
    root: PathBuf,
}

impl Kept {
    pub fn beside(home: &Home) -> Self {
        let root = home.root().join("kept");
        fs::create_dir_all(root.join("journal")).unwrap();
        Self { root }
    }

    /// Links to new segments. To be called whenever a server has ended, before the next one starts: a segment that
    /// was made and removed in between would be missing from the twin's journal.
    pub fn follow(&self, data: &Path) {
        for segment in segments(data) {
            let link = self.root.join("journal").join(segment.file_name().unwrap());
            let inode = |path: &Path| fs::metadata(path).map(|metadata| metadata.ino()).ok();
            if inode(&link) != inode(&segment) {
                // A spare one may have been made anew.
                let _none = fs::remove_file(&link);
                fs::hard_link(&segment, &link).unwrap();
            }
        }
    }

    /// The twin.
    pub fn whole(&self) -> Whole {
        without_snapshots(&self.root)
    }

    /// What a start would recover is what the twin has; answers the number of the snapshot that it would
    /// begin with. All snapshots that are there are whole.
    pub fn compare(&self, data: &Path) -> Option<SnapshotNumber> {
        self.follow(data);
        let recovered = recovered(data);
        assert!(recovered.passed_over.is_empty(), "{:?}", recovered.passed_over);
        let number = recovered.snapshot.as_ref().map(|manifest| manifest.number);
        assert_eq!(Whole::of(recovered), self.whole());
        verify_all(data);
        number
    }
}

/// What the whole journal of a data directory gives, without any snapshot.
pub fn without_snapshots(data: &Path) -> Whole {
    let _no_child = NO_SPAWN.read();
    let ReadOnly { journal, .. } = ReadOnly::open(data).unwrap();
    assert_eq!(journal.first().0, 1, "the twin has everything");
    let recovered = recover(&*journal, &MemorySnapshots::default(), &Progress::default()).unwrap();
    assert!(recovered.snapshot.is_none());
    Whole::of(recovered)
}

/// The store in a data directory, for looking only.
pub fn store(data: &Path) -> Arc<dyn SnapshotStore> {
    snapshots_to_read(&snapshots_in(data))
}

/// Numbers of the snapshots with a good manifest, newest first.
pub fn numbers(data: &Path) -> Vec<u64> {
    let listed = store(data).list().unwrap().into_iter();
    listed.filter(|listed| matches!(listed.state, ListedState::Whole(_))).map(|listed| listed.number.0).collect()
}

fn verify_all(data: &Path) {
    let _no_child = NO_SPAWN.read();
    let store = store(data);
    for listed in store.list().unwrap() {
        match listed.state {
            ListedState::Whole(_) => store.open(listed.number).unwrap().verify().unwrap(),
            ListedState::SetAside => {}
            ListedState::Unusable(error) => panic!("snapshot {}: {error}", listed.number),
        }
    }
}

/// The directory of a snapshot.
pub fn directory(data: &Path, number: u64) -> PathBuf {
    snapshots_in(data).join(format!("{number:010}"))
}

/// All files below a directory, sorted.
pub fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files_below(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}
