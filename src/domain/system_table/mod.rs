//! Tenants, workspaces and API keys as the system workspace's records left them (I12).
//!
//! Ordered maps throughout, so that two tables made of the same records are equal in every byte.

#[cfg(test)]
mod tests;

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
            | Record::LeveledSettings { .. }
            | Record::Rated(_)
            | Record::OptOut { .. }
            | Record::Mails(_)
            | Record::SettingsV2(_)
            | Record::Resource { .. }
            | Record::Deliveries(_)
            | Record::Forgotten
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
