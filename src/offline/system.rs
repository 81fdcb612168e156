//! Tenants, workspaces and keys (R10.4).
//!
//! Opens the journal with its lock, replays the system workspace alone and appends new records as the
//! server would: the next server finds nothing that it could not have written itself.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::clock::{check_start, check_wall};
use crate::domain::ids::{Id, Side, WorkspaceKey};
use crate::domain::record::{APPLY_VERSION, Record};
use crate::domain::system::{ApiKey, KeySecret, NewKey, SystemRecord, SystemRefusal, WorkspaceEntry};
use crate::domain::system_table::SystemTable;
use crate::domain::time::Millis;
use crate::erasures::{self, Erasures, ErasuresError, Listed};
use crate::ids::Ids;
use crate::journal::codec::{GroupBuilder, encode_record};
use crate::journal::{GroupPosition, Journal};
use crate::recovery::faults::ApplyFaults;
use crate::recovery::one::OneReplay;
use crate::recovery::recover_system;
use crate::snapshot::SnapshotStore;
use crate::storage::{self, FileOptions, Storage};

use super::OfflineError;

/// The actor of records that are made on the data directory.
pub const ACTOR: &str = "data-directory";

/// The system workspace of a data directory, locked while this lives.
pub struct OfflineSystem<'a> {
    journal: Box<dyn Journal + Send>,
    last: GroupPosition,
    table: SystemTable,
    seq: u64,
    /// The latest receipt, of any frame.
    receipt: Millis,
    wall: Millis,
    ids: &'a dyn Ids,
    snapshots: Arc<dyn SnapshotStore>,
    last_seqs: HashMap<WorkspaceKey, u64>,
    data_dir: PathBuf,
}

/// What to do where there is no data directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// Make and initialise it (R10.4).
    Make,
    /// An error, but for an empty directory, which is initialised all the same (R10.4).
    Refuse,
}

/// Opens `data_dir` and replays its system workspace. `wall` is the wall clock's time, which becomes
/// the receipt of what is appended.
pub fn system_offline<'a>(
    data_dir: &Path,
    absent: Absent,
    options: &FileOptions,
    ids: &'a dyn Ids,
    wall: Millis,
) -> Result<OfflineSystem<'a>, OfflineError> {
    check_wall(wall)?;
    if absent == Absent::Refuse && !storage::has_journal(data_dir)? && !storage::is_empty(data_dir).unwrap_or(false) {
        return Err(storage::missing(data_dir).into());
    }
    let Storage { journal, snapshots, .. } = Storage::open(data_dir, options, ids)?;
    let last = journal.last();
    let recovered = recover_system(&*journal, &*snapshots)?;
    check_start(wall, recovered.last_receipt, false)?;
    let seq = recovered.last_seqs.get(&WorkspaceKey::SYSTEM).copied().unwrap_or(0);
    let receipt = recovered.last_receipt.unwrap_or(wall);
    let (table, last_seqs, data_dir) = (recovered.system, recovered.last_seqs, data_dir.to_path_buf());
    let mut system = OfflineSystem { journal, last, table, seq, receipt, wall, ids, snapshots, last_seqs, data_dir };
    if system.table.origin().is_none() {
        let incarnation = ids.uuid().into();
        system.append(SystemRecord::Initialised { incarnation, identity_key: ids.secret() })?;
    }
    Ok(system)
}

impl OfflineSystem<'_> {
    /// The system workspace's table.
    pub fn table(&self) -> &SystemTable {
        &self.table
    }

    /// Makes a workspace; a random id where none is given.
    pub fn create_workspace(&mut self, name: &str, tenant: &str, id: Option<Id>) -> Result<Id, OfflineError> {
        let id = id.unwrap_or_else(|| self.ids.uuid().into());
        let record =
            SystemRecord::WorkspaceCreated { id, name: name.into(), tenant: tenant.into(), actor: ACTOR.into() };
        self.append(record)?;
        Ok(id)
    }

    /// Makes a key; the second part is its secret, which nobody can see again.
    pub fn create_key(&mut self, new: NewKey) -> Result<(ApiKey, KeySecret), OfflineError> {
        let token = self.ids.token(KeySecret::TOKEN_LENGTH);
        let (key, secret) = new.mint(self.ids.uuid().into(), &token, self.next_receipt());
        self.append(SystemRecord::KeyCreated { key: key.clone(), actor: ACTOR.into() })?;
        Ok((key, secret))
    }

    /// Revokes a key; again, nothing changes.
    pub fn revoke_key(&mut self, id: Id) -> Result<(), OfflineError> {
        match self.table.key(id) {
            Some(key) if key.revoked_at.is_some() => Ok(()),
            Some(_) | None => self.append(SystemRecord::KeyRevoked { id, actor: ACTOR.into() }),
        }
    }

    /// Deletes a workspace with all that both its sides hold (R2.17). Unless it is forced, both are replayed to see
    /// whether a breaker is active.
    pub fn delete_workspace(&mut self, id: Id, force: bool) -> Result<(), OfflineError> {
        let WorkspaceEntry { name, tenant, .. } =
            self.table.workspace(id).ok_or(SystemRefusal::UnknownWorkspace)?.clone();
        for side in [Side::Live, Side::Test] {
            if !force && self.has_active_breaker(WorkspaceKey { id, side }, &name)? {
                return Err(OfflineError::BreakersActive);
            }
        }
        let origin = self.table.origin().expect("an opened directory has its first record");
        let entry = erasures::of_workspace(self.next_receipt(), id, &origin.identity_key);
        // Nobody else has an entry waiting.
        let listed = Erasures::load(&self.data_dir)?.append(&tenant, entry);
        listed.map_or(Err(ErasuresError::Failed), Listed::wait_here)?;
        self.append(SystemRecord::WorkspaceDeleted { id, actor: ACTOR.into() })
    }

    fn has_active_breaker(&self, key: WorkspaceKey, name: &str) -> Result<bool, OfflineError> {
        let Some(&upto) = self.last_seqs.get(&key) else { return Ok(false) };
        let faults = ApplyFaults::from_env();
        let replay = OneReplay { key, name: name.into(), upto, replies_from: u64::MAX, faults };
        let workspace = replay.run(&*self.journal, &*self.snapshots)?.workspace;
        Ok(workspace.breakers_active().0 > 0)
    }

    fn next_receipt(&self) -> Millis {
        self.receipt.max(self.wall)
    }

    /// Checked before it is written; nobody else can write in between.
    fn append(&mut self, record: SystemRecord) -> Result<(), OfflineError> {
        let receipt = self.next_receipt();
        let mut table = self.table.clone();
        table.advance(self.seq + 1);
        table.apply(&record, receipt)?;
        let bytes = encode_record(&Record::System(record));
        let mut group = GroupBuilder::default();
        group.begin(receipt);
        group.push(WorkspaceKey::SYSTEM, self.seq + 1, APPLY_VERSION, &bytes);
        self.last = self.journal.append(self.last, group.finish())?;
        (self.table, self.seq, self.receipt) = (table, self.seq + 1, receipt);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::domain::system::Permission;
    use crate::ids::SeededIds;
    use crate::storage::OpenError;

    const WALL: Millis = 1_800_000_000_000;

    fn open<'a>(dir: &Path, ids: &'a SeededIds, wall: Millis) -> Result<OfflineSystem<'a>, OfflineError> {
        system_offline(dir, Absent::Make, &FileOptions { segment_bytes: 1 << 20 }, ids, wall)
    }

    #[test]
    fn r10_4_an_empty_directory_is_initialised_and_none_is_made_where_it_must_be_there() {
        let home = tempfile::tempdir().unwrap();
        let (ids, options) = (SeededIds::new(1), FileOptions { segment_bytes: 1 << 20 });
        let look = |dir: &Path| system_offline(dir, Absent::Refuse, &options, &ids, WALL).map(drop);
        let missing = |outcome| matches!(outcome, Err(OfflineError::Open(OpenError::Missing { .. })));
        let dir = home.path().join("data");
        assert!(missing(look(&dir)) && !dir.exists());
        std::fs::create_dir(&dir).unwrap();
        std::fs::write(dir.join("notes.txt"), "x").unwrap();
        assert!(missing(look(&dir)));
        assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 1, "nothing was made");
        std::fs::remove_file(dir.join("notes.txt")).unwrap();
        look(&dir).unwrap();
        assert!(storage::has_journal(&dir).unwrap());
    }

    fn new_key(tenant: Option<&str>, workspace: Option<Id>) -> NewKey {
        let scopes = vec![Permission::QualityRead];
        NewKey {
            name: "k".into(),
            tenant: tenant.map(Into::into),
            workspace,
            side: Side::Test,
            scopes,
            expires_at: None,
        }
    }

    #[test]
    fn r10_4_what_was_made_is_there_at_the_next_opening() {
        let dir = tempfile::tempdir().unwrap();
        let ids = SeededIds::new(1);
        let mut system = open(dir.path(), &ids, WALL).unwrap();
        let id = system.create_workspace("Support", "acme", None).unwrap();
        let (key, secret) = system.create_key(new_key(Some("acme"), Some(id))).unwrap();
        system.revoke_key(key.id).unwrap();
        let before = system.table().clone();
        drop(system);

        let system = open(dir.path(), &ids, WALL + 1).unwrap();
        assert_eq!(*system.table(), before);
        assert_eq!(&*system.table().workspace(id).unwrap().name, "Support");
        let hash: [u8; 32] = Sha256::digest(secret.expose().as_bytes()).into();
        assert_eq!(system.table().key_by_hash(&hash).map(|key| key.revoked_at), Some(Some(WALL)));
        assert!(secret.expose().starts_with("sf_test_v1_") && secret.expose().len() == 43);
        assert_eq!(*key.key_prefix, secret.expose()[..15]);
    }

    #[test]
    fn r9_6_a_held_directory_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let ids = SeededIds::new(1);
        let _held = open(dir.path(), &ids, WALL).unwrap();
        assert!(matches!(open(dir.path(), &ids, WALL), Err(OfflineError::Open(OpenError::InUse { .. }))));
    }

    #[test]
    fn i2_a_refused_record_leaves_the_directory_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let ids = SeededIds::new(1);
        let mut system = open(dir.path(), &ids, WALL).unwrap();
        let id = system.create_workspace("Support", "acme", None).unwrap();
        let (before, last) = (system.table().clone(), system.last);
        assert!(matches!(system.create_workspace("Again", "acme", Some(id)), Err(OfflineError::Refused(_))));
        assert!(matches!(system.create_key(new_key(Some("other"), Some(id))), Err(OfflineError::Refused(_))));
        assert_eq!((system.table(), system.last), (&before, last));
    }

    #[test]
    fn r2_16_a_wall_clock_behind_the_last_receipt_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let ids = SeededIds::new(1);
        drop(open(dir.path(), &ids, WALL).unwrap());
        assert!(matches!(open(dir.path(), &ids, WALL - 1), Err(OfflineError::Clock(_))));
        assert!(matches!(open(&dir.path().join("new"), &ids, -1), Err(OfflineError::Clock(_))));
        assert!(!dir.path().join("new").exists());
        assert!(open(dir.path(), &ids, WALL).is_ok());
    }
}
