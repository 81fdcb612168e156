//! Tenants, workspaces and API keys as the system workspace's records left them (I12).
//!
//! Ordered maps throughout, so that two tables made of the same records are equal in every byte.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::audit::{AuditEntry, AuditOutcome, KeyNote, SystemAction, SystemTrails};
use super::ids::{Id, Position, WorkspaceKey};
use super::listing::{Listing, Place};
use super::record::{Frame, Record};
use super::system::{ApiKey, SystemRecord, SystemRefusal, WorkspaceEntry};
use super::time::Millis;

/// Random numbers that were drawn once for a data directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Names this data directory in ETags (R8.1); a restore draws another.
    pub incarnation: Id,
    /// Keys the identity hashes of events (R4.4).
    pub identity_key: [u8; 32],
}

/// The state of the system workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemTable {
    /// The seq of the last frame of the system workspace that is contained.
    applied: u64,
    origin: Option<Origin>,
    workspaces: BTreeMap<Id, Arc<WorkspaceEntry>>,
    /// A tenant exists once it is named: in a workspace or in a key.
    by_tenant: BTreeMap<Box<str>, Vec<Id>>,
    keys: BTreeMap<Id, Arc<ApiKey>>,
    by_hash: BTreeMap<[u8; 32], Id>,
    /// On disk the trails are kept beside the table.
    #[serde(skip)]
    trails: SystemTrails,
    /// The workspaces that were deleted, by the receipt of that: their ids are not used again. On disk beside the
    /// table.
    #[serde(skip)]
    deleted: BTreeMap<Id, Millis>,
    /// Made of the maps when the table is read.
    #[serde(skip)]
    listed_workspaces: Listing,
    #[serde(skip)]
    listed_keys: Listing,
}

/// The result of a record that was not refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Made,
    None,
}

impl SystemTable {
    /// Applies one frame. Returns the result of its record; `None` for the server's own records and for those that
    /// are `skipped` (I6), which change nothing.
    pub fn apply_frame(&mut self, frame: &Frame, skipped: &HashSet<u64>) -> Option<Result<(), SystemRefusal>> {
        self.advance(frame.seq);
        match &frame.record {
            Record::System(_) if skipped.contains(&frame.seq) => None,
            Record::System(record) => Some(self.apply(record, frame.receipt)),
            Record::Events(_)
            | Record::Command { .. }
            | Record::SettingsV1(_)
            | Record::Settings(_)
            | Record::Skip { .. }
            | Record::Delivered { .. }
            | Record::Erasure { .. }
            | Record::ErasedBy { .. }
            | Record::Repeats(_)
            | Record::ErasedContact { .. }
            | Record::Retention { .. } => None,
        }
    }

    /// Applies the record of the frame that [`advance`](Self::advance) named. A refusal changes nothing but the
    /// trail.
    pub fn apply(&mut self, record: &SystemRecord, receipt: Millis) -> Result<(), SystemRefusal> {
        match record {
            SystemRecord::Initialised { incarnation, identity_key } => {
                self.initialise(*incarnation, *identity_key);
                Ok(())
            }
            SystemRecord::WorkspaceCreated { id, name, tenant, actor } => {
                let made = self.create_workspace(*id, name, tenant, receipt);
                let action = SystemAction::WorkspaceCreated { id: *id, name: name.clone(), tenant: tenant.clone() };
                self.note(receipt, actor, action, made)
            }
            SystemRecord::KeyCreated { key, actor } => {
                let made = self.create_key(key);
                self.note(receipt, actor, SystemAction::KeyCreated { id: key.id, key: Box::new(key.into()) }, made)
            }
            SystemRecord::KeyRevoked { id, actor } => {
                let revoked = self.revoke(*id, receipt);
                let key = self.key(*id).map(|key| Box::new(KeyNote::from(key)));
                self.note(receipt, actor, SystemAction::KeyRevoked { id: *id, key }, revoked)
            }
            SystemRecord::WorkspaceDeleted { id, actor } => {
                // One that is unknown leaves no entry: older programs could not read it.
                let WorkspaceEntry { name, tenant, .. } = self.delete_workspace(*id, receipt)?;
                let action = SystemAction::WorkspaceDeleted { id: *id, name, tenant };
                self.note(receipt, actor, action, Ok(Change::Made))
            }
            SystemRecord::KeysUsed(uses) => {
                uses.iter().for_each(|(id, at)| self.used(*id, *at));
                Ok(())
            }
            SystemRecord::Repeats(repeats) => {
                for (place, repeat) in (0..).zip(repeats) {
                    self.trails.repeat(Position::new(self.applied, place), receipt, repeat.clone());
                }
                Ok(())
            }
        }
    }

    fn note(
        &mut self,
        receipt: Millis,
        actor: &str,
        action: SystemAction,
        came_to: Result<Change, SystemRefusal>,
    ) -> Result<(), SystemRefusal> {
        let outcome = match came_to {
            Ok(Change::Made) => AuditOutcome::Done,
            Ok(Change::None) => AuditOutcome::Unchanged,
            Err(refusal) => AuditOutcome::Refused(refusal.into()),
        };
        let at = Position::new(self.applied, 0);
        self.trails.push(AuditEntry { at, receipt, actor: Some(actor.into()), action, outcome });
        came_to.map(|_| ())
    }

    /// A later record gives a new incarnation (a restore); the identity key stays, or every known
    /// identity would be forgotten.
    fn initialise(&mut self, incarnation: Id, identity_key: [u8; 32]) {
        let identity_key = self.origin.map_or(identity_key, |origin| origin.identity_key);
        self.origin = Some(Origin { incarnation, identity_key });
    }

    fn create_workspace(&mut self, id: Id, name: &str, tenant: &str, at: Millis) -> Result<Change, SystemRefusal> {
        if let Some(refusal) = self.refuses_workspace(id) {
            return Err(refusal);
        }
        let entry = WorkspaceEntry { id, name: name.into(), tenant: tenant.into(), created_at: at };
        self.workspaces.insert(id, Arc::new(entry));
        self.listed_workspaces.add(Some(tenant), (at, id));
        self.by_tenant.entry(tenant.into()).or_default().push(id);
        Ok(Change::Made)
    }

    /// The workspace goes, and the keys that are bound to it.
    fn delete_workspace(&mut self, id: Id, at: Millis) -> Result<WorkspaceEntry, SystemRefusal> {
        let entry = self.workspaces.remove(&id).ok_or(SystemRefusal::UnknownWorkspace)?;
        self.listed_workspaces.remove(Some(&entry.tenant), (entry.created_at, id));
        if let Some(ids) = self.by_tenant.get_mut(&entry.tenant) {
            ids.retain(|other| *other != id);
        }
        let bound: Vec<Id> = self.keys.values().filter(|key| key.workspace == Some(id)).map(|key| key.id).collect();
        for key in bound.iter().filter_map(|id| self.keys.remove(id)) {
            self.by_hash.remove(&key.hash);
            self.listed_keys.remove(key.tenant.as_deref(), (key.created_at, key.id));
        }
        self.deleted.insert(id, at);
        Ok((*entry).clone())
    }

    fn create_key(&mut self, key: &ApiKey) -> Result<Change, SystemRefusal> {
        if self.keys.contains_key(&key.id) || self.by_hash.contains_key(&key.hash) {
            return Err(SystemRefusal::KeyExists);
        }
        if let Some(bound) = key.workspace
            && self.workspaces.get(&bound).is_none_or(|entry| key.tenant.as_ref() != Some(&entry.tenant))
        {
            return Err(SystemRefusal::UnknownWorkspace);
        }
        if let Some(tenant) = &key.tenant {
            self.by_tenant.entry(tenant.clone()).or_default();
        }
        self.by_hash.insert(key.hash, key.id);
        self.listed_keys.add(key.tenant.as_deref(), (key.created_at, key.id));
        self.keys.insert(key.id, Arc::new(key.clone()));
        Ok(Change::Made)
    }

    /// The first revocation counts.
    fn revoke(&mut self, id: Id, at: Millis) -> Result<Change, SystemRefusal> {
        let key = self.keys.get_mut(&id).ok_or(SystemRefusal::UnknownKey)?;
        if key.revoked_at.is_some() {
            return Ok(Change::None);
        }
        Arc::make_mut(key).revoked_at = Some(at);
        Ok(Change::Made)
    }

    fn used(&mut self, id: Id, at: Millis) {
        if let Some(key) = self.keys.get_mut(&id)
            && key.last_used_at.is_none_or(|before| before < at)
        {
            Arc::make_mut(key).last_used_at = Some(at);
        }
    }

    pub fn applied(&self) -> u64 {
        self.applied
    }

    /// Counts the frame with this seq as contained, whether its record was refused or not.
    pub fn advance(&mut self, seq: u64) {
        self.applied = seq;
    }

    /// Who did what to workspaces and keys.
    pub fn trails(&self) -> &SystemTrails {
        &self.trails
    }

    /// The same table with these trails, which were kept beside it.
    #[must_use]
    pub fn with_trails(self, trails: SystemTrails) -> Self {
        Self { trails, ..self }
    }

    /// Whether a workspace of this id was deleted.
    pub fn is_deleted(&self, id: Id) -> bool {
        self.deleted.contains_key(&id)
    }

    /// The workspaces that were deleted, by the receipt of that.
    pub fn deleted(&self) -> &BTreeMap<Id, Millis> {
        &self.deleted
    }

    /// The same table with these deleted workspaces, which were kept beside it.
    #[must_use]
    pub fn with_deleted(self, deleted: BTreeMap<Id, Millis>) -> Self {
        Self { deleted, ..self }
    }

    /// The same table, which was read from where lists are not kept.
    #[must_use]
    pub fn with_lists(mut self) -> Self {
        (self.listed_workspaces, self.listed_keys) = Default::default();
        for entry in self.workspaces.values() {
            self.listed_workspaces.add(Some(&entry.tenant), (entry.created_at, entry.id));
        }
        for key in self.keys.values() {
            self.listed_keys.add(key.tenant.as_deref(), (key.created_at, key.id));
        }
        self
    }

    /// Whether the tables are equal, and the trails as far as both go back.
    pub fn agrees_with(&self, other: &Self) -> bool {
        let table = |of: &Self| of.clone().with_trails(SystemTrails::default());
        table(self) == table(other) && self.trails.agrees_with(&other.trails)
    }

    /// Why no workspace can be made with this id.
    pub fn refuses_workspace(&self, id: Id) -> Option<SystemRefusal> {
        if id == WorkspaceKey::SYSTEM.id {
            return Some(SystemRefusal::ReservedId);
        }
        (self.workspaces.contains_key(&id) || self.is_deleted(id)).then_some(SystemRefusal::WorkspaceExists)
    }

    /// `None` before the first record of a data directory.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    pub fn workspace(&self, id: Id) -> Option<&WorkspaceEntry> {
        self.workspaces.get(&id).map(Arc::as_ref)
    }

    /// In the order of their ids.
    pub fn workspaces(&self) -> impl ExactSizeIterator<Item = &WorkspaceEntry> {
        self.workspaces.values().map(Arc::as_ref)
    }

    /// A tenant's workspaces, or all, oldest first, from behind `after` on.
    pub fn listed_workspaces(
        &self,
        tenant: Option<&str>,
        after: Option<Place>,
    ) -> impl Iterator<Item = &WorkspaceEntry> {
        self.listed_workspaces.after(tenant, after).filter_map(|(_, id)| self.workspace(id))
    }

    /// How many workspaces a tenant has, or all have.
    pub fn workspace_count(&self, tenant: Option<&str>) -> usize {
        self.listed_workspaces.count(tenant)
    }

    /// A tenant's keys, or all, oldest first, from behind `after` on; revoked and expired ones included.
    pub fn listed_keys(&self, tenant: Option<&str>, after: Option<Place>) -> impl Iterator<Item = &ApiKey> {
        self.listed_keys.after(tenant, after).filter_map(|(_, id)| self.key(id))
    }

    /// How many keys a tenant has, or all have; revoked and expired ones included.
    pub fn key_count(&self, tenant: Option<&str>) -> usize {
        self.listed_keys.count(tenant)
    }

    /// The ids of a tenant's workspaces, oldest first; empty for an unknown tenant.
    pub fn workspaces_of(&self, tenant: &str) -> &[Id] {
        self.by_tenant.get(tenant).map_or(&[], Vec::as_slice)
    }

    pub fn key(&self, id: Id) -> Option<&ApiKey> {
        self.keys.get(&id).map(Arc::as_ref)
    }

    /// The key whose SHA-256 this is. The caller compares the hashes again, in constant time.
    pub fn key_by_hash(&self, hash: &[u8; 32]) -> Option<&Arc<ApiKey>> {
        self.by_hash.get(hash).and_then(|id| self.keys.get(id))
    }

    /// In the order of their ids; revoked and expired ones included.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &ApiKey> {
        self.keys.values().map(Arc::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::Side;

    fn workspace(id: u128, tenant: &str) -> SystemRecord {
        SystemRecord::WorkspaceCreated {
            id: Id(id),
            name: "Support".into(),
            tenant: tenant.into(),
            actor: "cli".into(),
        }
    }

    fn key(id: u128, tenant: Option<&str>, workspace: Option<u128>) -> SystemRecord {
        let key = ApiKey {
            id: Id(id),
            name: "k".into(),
            key_prefix: "sf_live_v1_abcd".into(),
            hash: [id as u8; 32],
            tenant: tenant.map(Into::into),
            workspace: workspace.map(Id),
            side: Side::Live,
            scopes: vec![],
            created_at: 1,
            expires_at: None,
            last_used_at: None,
            revoked_at: None,
        };
        SystemRecord::KeyCreated { key, actor: "cli".into() }
    }

    fn revoked(id: u128) -> SystemRecord {
        SystemRecord::KeyRevoked { id: Id(id), actor: "cli".into() }
    }

    #[test]
    fn i12_refusals_change_nothing() {
        let mut table = SystemTable::default();
        table.apply(&workspace(1, "a"), 10).unwrap();
        table.apply(&key(7, Some("a"), Some(1)), 11).unwrap();
        let table_of = |table: &SystemTable| table.clone().with_trails(SystemTrails::default());
        let before = table_of(&table);
        let cases = [
            (workspace(1, "b"), SystemRefusal::WorkspaceExists),
            (workspace(0, "a"), SystemRefusal::ReservedId),
            (key(7, Some("a"), None), SystemRefusal::KeyExists),
            (key(8, Some("b"), Some(1)), SystemRefusal::UnknownWorkspace),
            (key(8, Some("a"), Some(2)), SystemRefusal::UnknownWorkspace),
            (key(8, None, Some(1)), SystemRefusal::UnknownWorkspace),
            (revoked(9), SystemRefusal::UnknownKey),
        ];
        for (seq, (record, refusal)) in (1..).zip(cases) {
            table.advance(seq);
            assert_eq!(table.apply(&record, 12), Err(refusal), "{record:?}");
            table.advance(before.applied());
            assert_eq!(table_of(&table), before);
            let noted = table.trails().iter().filter_map(|trail| trail.repeats().last()).map(|last| last.first.clone());
            let noted = noted.max_by_key(|entry| entry.at).map(|entry| entry.outcome);
            assert_eq!(noted, Some(AuditOutcome::Refused(refusal.into())), "{record:?}");
        }
    }

    #[test]
    fn the_trail_says_who_made_and_revoked_what_and_no_hash() {
        let mut table = SystemTable::default();
        let records = [workspace(1, "a"), key(7, Some("a"), Some(1)), revoked(7), revoked(7), revoked(9)];
        for (seq, record) in (1..).zip(&records) {
            table.advance(seq);
            let _refused = table.apply(record, 10 + seq as Millis);
        }
        table.advance(6);
        table.apply(&SystemRecord::KeysUsed(vec![(Id(7), 15)]), 16).unwrap();
        let all: Vec<_> = table.trails().iter().flat_map(|trail| trail.before(Millis::MAX, Position::ZERO)).collect();
        let mut found: Vec<_> =
            all.iter().map(|noted| (noted.entry.at.seq(), noted.entry.receipt, noted.entry.outcome)).collect();
        found.sort_unstable_by_key(|(seq, ..)| *seq);
        let unknown = AuditOutcome::Refused(SystemRefusal::UnknownKey.into());
        let outcomes = [AuditOutcome::Done, AuditOutcome::Done, AuditOutcome::Done, AuditOutcome::Unchanged, unknown];
        let expected: Vec<_> = (1..).zip(outcomes).map(|(seq, outcome)| (seq, 10 + seq as Millis, outcome)).collect();
        assert_eq!(found, expected);
        assert!(all.iter().all(|noted| noted.entry.actor.as_deref() == Some("cli")));
        assert!(!format!("{:?}", table.trails()).contains("hash"));
    }

    #[test]
    fn r2_8_entries_concern_their_own_tenants_workspaces() {
        let ours = WorkspaceEntry { id: Id(1), name: "w".into(), tenant: "a".into(), created_at: 0 };
        let actions = |records: &[SystemRecord]| {
            let mut table = SystemTable::default();
            table.apply(&workspace(1, "a"), 0).unwrap();
            for (seq, record) in (1..).zip(records) {
                table.advance(seq);
                let _refused = table.apply(record, 0);
            }
            let all = table.trails().iter().flat_map(|trail| trail.before(Millis::MAX, Position::ZERO));
            let mut all: Vec<_> =
                all.map(|noted| (noted.entry.at, noted.entry.action.concerns(&ours, Side::Live))).collect();
            all.sort_unstable();
            all.into_iter().map(|(_, concerns)| concerns).collect::<Vec<_>>()
        };
        // The first entry is the workspace's own creation.
        assert_eq!(actions(&[workspace(1, "a"), workspace(1, "b"), workspace(2, "a")]), [true, true, false, false]);
        let keys = [
            key(7, Some("a"), Some(1)),
            key(8, Some("a"), None),
            key(9, Some("a"), Some(2)),
            key(10, Some("b"), None),
            key(11, Some("b"), Some(1)),
            key(12, None, None),
        ];
        assert_eq!(actions(&keys), [true, true, true, false, false, false, false]);
        assert_eq!(actions(&[revoked(7)]), [true, false], "whose key it was nobody knows");
    }

    #[test]
    fn r2_17_a_deleted_workspace_takes_its_keys_along_and_leaves_its_id_taken() {
        let mut table = SystemTable::default();
        let deleted = |id| SystemRecord::WorkspaceDeleted { id: Id(id), actor: "ann".into() };
        let records = [
            workspace(1, "a"),
            workspace(2, "a"),
            key(7, Some("a"), Some(1)),
            key(8, Some("a"), Some(2)),
            key(9, Some("a"), None),
            deleted(1),
        ];
        for (seq, record) in (1..).zip(&records) {
            table.advance(seq);
            table.apply(record, 10 * seq as Millis).unwrap();
        }
        assert!(table.workspace(Id(1)).is_none() && table.is_deleted(Id(1)) && !table.is_deleted(Id(2)));
        assert_eq!((table.workspaces_of("a"), table.workspace_count(Some("a"))), (&[Id(2)][..], 1));
        let keys: Vec<_> = table.listed_keys(Some("a"), None).map(|key| key.id.0).collect();
        assert_eq!((keys, table.key_by_hash(&[7; 32]), table.key(Id(7))), (vec![8, 9], None, None));
        let last = table.trails().of(Some("a")).and_then(|trail| trail.newest().cloned());
        let action = SystemAction::WorkspaceDeleted { id: Id(1), name: "Support".into(), tenant: "a".into() };
        assert_eq!(last.clone().map(|entry| (entry.action, entry.receipt)), Some((action, 60)));
        assert_eq!(table.apply(&deleted(1), 70), Err(SystemRefusal::UnknownWorkspace));
        let newest = table.trails().of(Some("a")).and_then(|trail| trail.newest().cloned());
        assert_eq!(newest, last, "again, nothing happens");
        assert_eq!(table.apply(&workspace(1, "b"), 80), Err(SystemRefusal::WorkspaceExists));
        assert_eq!(table.apply(&key(10, Some("a"), Some(1)), 80), Err(SystemRefusal::UnknownWorkspace));
    }

    #[test]
    fn r2_11_the_first_revocation_and_the_latest_use_stand() {
        let mut table = SystemTable::default();
        table.apply(&key(7, Some("a"), None), 10).unwrap();
        table.apply(&revoked(7), 20).unwrap();
        table.apply(&revoked(7), 30).unwrap();
        table.apply(&SystemRecord::KeysUsed(vec![(Id(7), 15), (Id(7), 12), (Id(99), 1)]), 40).unwrap();
        let key = table.key(Id(7)).unwrap();
        assert_eq!((key.revoked_at, key.last_used_at), (Some(20), Some(15)));
        assert_eq!(table.key_by_hash(&[7; 32]).map(|key| key.id), Some(Id(7)));
        assert_eq!(table.key_by_hash(&[8; 32]), None);
    }

    #[test]
    fn r2_15_a_tenants_workspaces_are_its_own() {
        let mut table = SystemTable::default();
        for (id, tenant) in [(3, "a"), (1, "a"), (2, "b")] {
            table.apply(&workspace(id, tenant), 10).unwrap();
        }
        assert_eq!(table.workspaces_of("a"), [Id(3), Id(1)]);
        assert_eq!(table.workspaces_of("b"), [Id(2)]);
        assert!(table.workspaces_of("c").is_empty());
        table.apply(&key(7, Some("a"), None), 11).unwrap();
        let stored = bincode::serde::encode_to_vec(&table, bincode::config::standard()).unwrap();
        let (read, _): (SystemTable, _) =
            bincode::serde::decode_from_slice(&stored, bincode::config::standard()).unwrap();
        assert_eq!(read.with_trails(table.trails().clone()).with_lists(), table, "lists are made anew of what is kept");
    }

    #[test]
    fn r8_1_a_restore_changes_the_incarnation_and_keeps_the_identity_key() {
        let mut table = SystemTable::default();
        let initialised = |n| SystemRecord::Initialised { incarnation: Id(n), identity_key: [n as u8; 32] };
        table.apply(&initialised(1), 1).unwrap();
        table.apply(&initialised(2), 2).unwrap();
        assert_eq!(table.origin(), Some(&Origin { incarnation: Id(2), identity_key: [1; 32] }));
    }
}
