//! Erasure of conversations and contacts (R4.10), and of whole workspaces (R2.17).

use std::sync::Arc;

use super::admin::Admin;
use super::{Principal, Service, ServiceError};
use crate::actors::EngineError;
use crate::domain::audit::{AuditOutcome, SideAction};
use crate::domain::ids::{Id, Side, WorkspaceKey};
use crate::domain::life::ContactMark;
use crate::domain::record::Record;
use crate::domain::system::{Permission, WorkspaceEntry};
use crate::domain::time::Millis;
use crate::erasures::{self, Erased, ErasureEntry, Listed};

/// When it was erased, and by when the last old snapshot and journal segment with it is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErasureTimes {
    pub erased_at: Millis,
    pub gone_by: Millis,
}

/// What somebody asks to erase.
enum Target {
    Conversation(Id),
    /// By its id.
    Contact(Box<str>),
}

impl Service {
    /// The side of the workspace whose conversation is to be erased: an unknown one is reported before a missing
    /// scope (R2.8).
    pub async fn erasable(
        &self,
        who: &Principal,
        workspace: Id,
        conversation: Id,
    ) -> Result<WorkspaceKey, ServiceError> {
        let key = self.visible(who, workspace)?;
        if !self.engine.read(key, move |workspace| workspace.knows_conversation(conversation)).await? {
            return Err(ServiceError::UnknownConversation);
        }
        who.require(&[Permission::Admin])?;
        Ok(key)
    }

    /// Erases a conversation; refused where there is none, or no more.
    pub async fn erase_conversation(
        self: &Arc<Self>,
        who: &Principal,
        key: WorkspaceKey,
        conversation: Id,
    ) -> Result<ErasureTimes, ServiceError> {
        match self.erase(who, key, Target::Conversation(conversation)).await? {
            (times, true) => Ok(times),
            (_, false) => Err(ServiceError::UnknownConversation),
        }
    }

    /// Erases a contact. Older snapshots and segments may hold one that the state knows nothing of, so
    /// it is recorded in any case.
    pub async fn erase_contact(
        self: &Arc<Self>,
        who: &Principal,
        key: WorkspaceKey,
        contact: &str,
    ) -> Result<ErasureTimes, ServiceError> {
        let (times, _) = self.erase(who, key, Target::Contact(contact.into())).await?;
        Ok(times)
    }

    /// Whether the principal may delete this workspace: 404 before 403, as everywhere (R2.8).
    pub fn may_delete(&self, who: &Principal, id: Id) -> Result<(), ServiceError> {
        let table = self.engine.system_table();
        let own = |entry: &&WorkspaceEntry| who.is_server() || who.tenant.as_ref() == Some(&entry.tenant);
        table.workspace(id).filter(own).ok_or(ServiceError::UnknownWorkspace)?;
        Admin::of(who)?.manages_workspaces()
    }

    /// Deletes a workspace with all that both its sides hold (R2.17). Refused while a breaker is active, unless it is
    /// forced. Runs to its end whether or not the caller still waits.
    pub async fn delete_workspace(
        self: &Arc<Self>,
        who: &Principal,
        id: Id,
        force: bool,
    ) -> Result<ErasureTimes, ServiceError> {
        self.may_delete(who, id)?;
        for side in [Side::Live, Side::Test] {
            if !force && self.engine.active_breakers(WorkspaceKey { id, side })? > 0 {
                return Err(ServiceError::BreakersActive);
            }
        }
        let (service, actor) = (Arc::clone(self), who.actor.clone());
        self.engine.run(async move { service.delete_here(&actor, id).await }).await?
    }

    /// On the kept list first, as an erasure.
    async fn delete_here(&self, actor: &str, id: Id) -> Result<ErasureTimes, ServiceError> {
        let erased_at = self.now();
        let table = self.engine.system_table();
        let origin = table.origin().ok_or(EngineError::WorkspaceUnavailable)?;
        let entry = erasures::of_workspace(erased_at, id, &origin.identity_key);
        let tenant = &table.workspace(id).ok_or(ServiceError::UnknownWorkspace)?.tenant;
        self.erasures.append(tenant, entry).ok_or(EngineError::Overloaded)?.wait().await?;
        match self.engine.delete_workspace(id, actor).await? {
            Ok(()) => {
                self.rights.send_replace(());
                self.walks.forget_workspace(id);
                self.intake.forget_workspace(id);
                Ok(ErasureTimes { erased_at, gone_by: erased_at.saturating_add(self.erase_within) })
            }
            Err(_) => Err(ServiceError::UnknownWorkspace),
        }
    }

    /// Runs to its end whether or not the caller still waits.
    async fn erase(
        self: &Arc<Self>,
        who: &Principal,
        key: WorkspaceKey,
        target: Target,
    ) -> Result<(ErasureTimes, bool), ServiceError> {
        let (service, who) = (Arc::clone(self), who.clone());
        self.engine.run(async move { service.erase_here(&who, key, target).await }).await?
    }

    /// On the kept list first, then in the journal: every erasure that was answered is on the list. One of a contact
    /// that the state knows nothing of need not be in the journal each time.
    async fn erase_here(
        &self,
        who: &Principal,
        key: WorkspaceKey,
        target: Target,
    ) -> Result<(ErasureTimes, bool), ServiceError> {
        let erased_at = self.now();
        let table = self.engine.system_table();
        let origin = table.origin().ok_or(EngineError::WorkspaceUnavailable)?;
        let tenant = &table.workspace(key.id).ok_or(ServiceError::UnknownWorkspace)?.tenant;
        let names = self.names_of(key, &target).await?;
        let entry = |name: &Erased| ErasureEntry::new(erased_at, key, *name, &origin.identity_key);
        let listed: Option<Vec<Listed>> = names.iter().map(|name| self.erasures.append(tenant, entry(name))).collect();
        for listed in listed.ok_or(EngineError::Overloaded)? {
            listed.wait().await?;
        }
        let times = ErasureTimes { erased_at, gone_by: erased_at.saturating_add(self.erase_within) };
        if self.repeats_erasure(who, key, &names).await? {
            return Ok((times, false));
        }
        let found = self.engine.erase(key, record(&who.actor, &names)).await?;
        Ok((times, found))
    }

    /// Whatever the state may know the target by. An event that comes meanwhile knows a contact by its mark of now,
    /// which is the first.
    async fn names_of(&self, key: WorkspaceKey, target: &Target) -> Result<Vec<Erased>, ServiceError> {
        match target {
            Target::Conversation(id) => Ok(vec![Erased::Conversation(*id)]),
            Target::Contact(contact) => {
                let (contact, mark) = (contact.clone(), self.door.contact_mark(key, contact));
                let marks = self.engine.read(key, move |workspace| workspace.marks_of(&contact, mark)).await?;
                Ok(marks.into_iter().map(Erased::Contact).collect())
            }
        }
    }

    /// Whether the erasure finds nothing and its like was recorded a moment ago. Unknown conversations are told before.
    async fn repeats_erasure(
        &self,
        who: &Principal,
        key: WorkspaceKey,
        names: &[Erased],
    ) -> Result<bool, ServiceError> {
        let marks = marks(names);
        if marks.is_empty() {
            return Ok(false);
        }
        let is_known = self.engine.read(key, move |workspace| workspace.knows_contact(&marks)).await?;
        Ok(!is_known && self.repeats_on(who, key, SideAction::ContactErased, AuditOutcome::Unchanged))
    }
}

fn marks(names: &[Erased]) -> Vec<ContactMark> {
    let mark = |name: &Erased| match name {
        Erased::Contact(mark) => Some(*mark),
        Erased::Conversation(_) => None,
    };
    names.iter().filter_map(mark).collect()
}

/// What erases one thing, by all its names, because somebody asked for it.
fn record(actor: &str, names: &[Erased]) -> Record {
    let actor = actor.into();
    match names {
        [Erased::Conversation(id)] => Record::ErasedBy { actor, conversation: Some(*id), contact: None },
        [Erased::Contact(mark)] => Record::ErasedBy { actor, conversation: None, contact: Some(*mark) },
        names => Record::ErasedContact { actor, marks: marks(names) },
    }
}
