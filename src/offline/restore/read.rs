//! A state out of a data directory or a snapshot of it, as of its end or of an earlier point.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::domain::ids::{Id, Position, Side, WorkspaceKey};
use crate::domain::record::{APPLY_VERSION, Frame};
use crate::domain::system::SystemRecord;
use crate::domain::system_table::SystemTable;
use crate::domain::time::Millis;
use crate::domain::workspace::Workspace;
use crate::erasures::ErasureList;
use crate::journal::JournalRead;
use crate::journal::codec::GroupView;
use crate::portable::Imported;
use crate::recovery::until::{AsOf, Limit, NoJournal, Until, UpTo};
use crate::recovery::{
    Damaged, PassedOver, Progress, Recovered, RecoveredSide, Recovery, ReplayError, Tail, recover_system,
};
use crate::snapshot::{ListedState, Manifest, SnapshotNumber, SnapshotStore};
use crate::storage::{OpenError, ReadOnly, snapshots_in, snapshots_to_read};

use super::RestoreError;

/// The actor of what a restore deletes again.
const RESTORED: &str = "data-directory";

/// The point up to which a state is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// The end of what is there.
    End,
    Time(Millis),
    /// Of the workspace; of the only one where none is named.
    Position {
        workspace: Option<Id>,
        side: Side,
        at: Position,
    },
}

/// A data directory, or a copy of a part of it, opened to be read.
pub struct Source {
    /// None where only snapshots were kept.
    journal: Option<Box<dyn JournalRead + Send + Sync>>,
    store: Arc<dyn SnapshotStore>,
    /// The one that was named.
    only: Option<SnapshotNumber>,
    /// Where `erasures` and `secret` may lie.
    pub data_dir: PathBuf,
}

/// A side, loaded and replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compared {
    pub key: WorkspaceKey,
    pub seq: u64,
    /// Whether both gave the same state.
    pub is_same: bool,
}

/// What was read.
pub struct Found {
    pub system: SystemTable,
    pub workspaces: Vec<Box<Workspace>>,
    pub last_receipt: Option<Millis>,
    /// The snapshot that it began with.
    pub snapshot: Option<SnapshotNumber>,
    /// What was replayed from the journal after it.
    pub tail: Tail,
    pub passed_over: Vec<PassedOver>,
}

impl Source {
    /// `path`: a data directory, a copy of one with or without its journal, or one snapshot's directory.
    pub fn open(path: &Path) -> Result<Self, RestoreError> {
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => {}
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(RestoreError::io(path)(error)),
            Ok(_) | Err(_) => return Err(RestoreError::Missing(path.to_path_buf())),
        }
        if path.join("manifest.json").is_file() {
            let number = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
            let (Some(number), Some(root)) = (number, path.parent()) else {
                return Err(RestoreError::Renamed(path.to_path_buf()));
            };
            let (store, only) = (snapshots_to_read(root), Some(SnapshotNumber(number)));
            return Ok(Self { journal: None, store, only, data_dir: root.to_path_buf() });
        }
        let store = snapshots_to_read(&snapshots_in(path));
        let journal = match ReadOnly::open(path) {
            Ok(ReadOnly { journal, .. }) => Some(journal),
            Err(OpenError::Missing { .. }) if !store.list()?.is_empty() => None,
            Err(error) => return Err(error.into()),
        };
        Ok(Self { journal, store, only: None, data_dir: path.to_path_buf() })
    }

    /// Begins with this snapshot and no other.
    #[must_use]
    pub fn with_snapshot(mut self, number: Option<SnapshotNumber>) -> Self {
        self.only = number.or(self.only);
        self
    }

    fn reader(&self) -> &dyn JournalRead {
        match &self.journal {
            Some(journal) => &**journal,
            None => &NoJournal,
        }
    }

    /// Reads, checks and applies everything up to `point`.
    pub fn read(&self, point: Point, progress: &Progress) -> Result<Found, RestoreError> {
        let Some(limit) = self.limit(point)? else {
            // A snapshot that was named stands for itself, whatever the journal has behind it.
            let alone = self.only.is_some() || self.journal.is_none();
            let reader = if alone { &NoJournal } else { self.reader() };
            return self.recover(reader, !alone, &|manifest| self.is_wanted(manifest), progress);
        };
        let is_before = |manifest: &Manifest| {
            let receipt = manifest.last_receipt;
            match point {
                Point::Time(time) => receipt.is_none_or(|receipt| receipt <= time),
                // A cut may have frames of later groups; those that were received before the limit count.
                Point::Position { .. } | Point::End => receipt.is_none_or(|receipt| receipt < limit.receipt),
            }
        };
        let upto = UpTo { journal: self.reader(), limit };
        self.recover(&upto, true, &|manifest| self.is_wanted(manifest) && is_before(manifest), progress)
    }

    fn is_wanted(&self, manifest: &Manifest) -> bool {
        self.only.is_none_or(|only| only == manifest.number)
    }

    /// None for everything.
    fn limit(&self, point: Point) -> Result<Option<Limit>, RestoreError> {
        let until = match point {
            Point::End => return Ok(None),
            Point::Time(time) => Until::Time(time),
            Point::Position { workspace, side, at } => {
                let id = workspace.map_or_else(|| self.only_workspace(), Ok)?;
                Until::Position { key: WorkspaceKey { id, side }, at }
            }
        };
        match until.locate(self.reader())? {
            Some(limit) => Ok(Some(limit)),
            None => Err(RestoreError::NoSuchPoint),
        }
    }

    fn only_workspace(&self) -> Result<Id, RestoreError> {
        let system = recover_system(self.reader(), &*self.store)?.system;
        let mut all = system.workspaces().map(|entry| entry.id);
        match (all.next(), all.next()) {
            (Some(only), None) => Ok(only),
            (_, _) => Err(RestoreError::WhichWorkspace),
        }
    }

    fn recover(
        &self,
        reader: &dyn JournalRead,
        has_journal: bool,
        accepts: &dyn Fn(&Manifest) -> bool,
        progress: &Progress,
    ) -> Result<Found, RestoreError> {
        let store = &*self.store;
        let recovery =
            Recovery { reader, store, progress, damaged: Damaged::Leave, accepts, has_journal, followed: None };
        let recovered = recovery.run()?;
        if !has_journal && recovered.snapshot.is_none() {
            return Err(RestoreError::NoSnapshot { passed_over: recovered.passed_over });
        }
        Found::of(recovered)
    }

    /// Loads a snapshot, and replays what led to it from the one before it, or from the journal's
    /// beginning. None: there is nothing to replay it from.
    pub fn compare(&self, number: SnapshotNumber, progress: &Progress) -> Result<Option<Vec<Compared>>, RestoreError> {
        let accepts = |manifest: &Manifest| manifest.number == number;
        let loaded = self.recover(&NoJournal, false, &accepts, progress)?;
        let reader = self.reader();
        let has_older = self
            .store
            .list()?
            .iter()
            .any(|listed| matches!(&listed.state, ListedState::Whole(manifest) if manifest.number < number));
        let keys = loaded.workspaces.iter().map(|workspace| workspace.key()).chain([WorkspaceKey::SYSTEM]);
        if self.journal.is_none() || !(has_older || begins_with(reader, keys.collect())?) {
            return Ok(None);
        }
        let mut seqs: HashMap<_, _> =
            loaded.workspaces.iter().map(|workspace| (workspace.key(), workspace.applied())).collect();
        seqs.insert(WorkspaceKey::SYSTEM, loaded.system.applied());
        let last_seq = move |key: WorkspaceKey| seqs.get(&key).copied().unwrap_or(0);
        let as_of = AsOf { journal: reader, last_seq };
        let replayed = self.recover(&as_of, true, &|manifest| manifest.number < number, progress)?;
        let of = |key: WorkspaceKey| replayed.workspaces.iter().find(|workspace| workspace.key() == key);
        let sides = loaded.workspaces.iter().map(|workspace| {
            let key = workspace.key();
            let is_same = of(key).is_some_and(|other| {
                other.state_hash() == workspace.state_hash() && other.trail().agrees_with(workspace.trail())
            });
            Compared { key, seq: workspace.applied(), is_same }
        });
        let (seq, is_same) = (loaded.system.applied(), loaded.system.agrees_with(&replayed.system));
        let system = Compared { key: WorkspaceKey::SYSTEM, seq, is_same };
        Ok(Some(std::iter::once(system).chain(sides).collect()))
    }
}

/// The journal has all of these sides from their first frame on. One that began with a restored state has
/// not.
fn begins_with(journal: &dyn JournalRead, mut sides: HashSet<WorkspaceKey>) -> Result<bool, RestoreError> {
    for entry in journal.read(journal.first())? {
        let entry = entry?;
        let group = |source| ReplayError::Group { group: entry.position, source };
        for frame in GroupView::new(&entry.group).map_err(group)?.frames() {
            let frame = frame.map_err(group)?;
            if sides.remove(&frame.key) && frame.seq != 1 {
                return Ok(false);
            }
        }
        if sides.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Found {
    /// What an export said.
    pub fn imported(imported: Imported) -> Self {
        let Imported { system, system_position, workspaces, .. } = imported;
        let receipts = workspaces.iter().map(|workspace| workspace.last_applied_at());
        let last_receipt = receipts.chain([system_position.last_receipt]).max().filter(|last| *last != Millis::MIN);
        let workspaces = workspaces.into_iter().map(Box::new).collect();
        Self { system, workspaces, last_receipt, snapshot: None, tail: Tail::default(), passed_over: Vec::new() }
    }

    /// Erases again what was erased after this state, or shortly before its end (R4.10); answers how much
    /// of it was there.
    pub fn erase(&mut self, list: &ErasureList) -> usize {
        let Some(origin) = self.system.origin().copied() else { return 0 };
        let mut erased = self.delete_workspaces(list, &origin.identity_key);
        for workspace in &mut self.workspaces {
            let receipt = self.last_receipt.unwrap_or(Millis::MIN).max(workspace.last_applied_at());
            let records = list.matching(&origin.identity_key, workspace);
            erased += records.len();
            for record in records {
                let (key, seq) = (workspace.key(), workspace.applied() + 1);
                let frame = Frame { key, seq, receipt, apply_version: APPLY_VERSION, record };
                // An erasure scores and judges nothing, so no account is needed.
                let round = workspace.begin(&[frame], &AtomicU64::new(0));
                drop(workspace.finish(round, Vec::new()));
            }
        }
        erased
    }

    /// Deletes again the workspaces that are on the list; answers how many were there.
    fn delete_workspaces(&mut self, list: &ErasureList, identity_key: &[u8; 32]) -> usize {
        let last = self.last_receipt.unwrap_or(Millis::MIN);
        let is_meant = |id: &Id| list.names_workspace(identity_key, *id, last);
        let meant: Vec<Id> = self.system.workspaces().map(|entry| entry.id).filter(is_meant).collect();
        for &id in &meant {
            self.system.advance(self.system.applied() + 1);
            let record = SystemRecord::WorkspaceDeleted { id, actor: RESTORED.into() };
            // It is there, so it is not refused.
            let _done = self.system.apply(&record, last);
        }
        self.workspaces.retain(|workspace| !meant.contains(&workspace.key().id));
        meant.len()
    }

    fn of(recovered: Recovered) -> Result<Self, RestoreError> {
        let Recovered { system, workspaces, last_receipt, snapshot, tail, passed_over, .. } = recovered;
        let mut ready = Vec::with_capacity(workspaces.len());
        for (key, state) in workspaces {
            match state {
                RecoveredSide::Ready(workspace) => ready.push(workspace),
                RecoveredSide::Failed(at) => return Err(RestoreError::Failed { workspace: key.id, at }),
            }
        }
        ready.sort_by_key(|workspace| workspace.key());
        let snapshot = snapshot.map(|manifest| manifest.number);
        Ok(Self { system, workspaces: ready, last_receipt, snapshot, tail, passed_over })
    }
}
