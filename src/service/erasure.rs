//! Erasure of conversations and contacts (R4.10), and of whole workspaces (R2.17).

use std::sync::Arc;

use super::admin::Admin;
use super::{Principal, Service, ServiceError};
use crate::actors::EngineError;
use crate::domain::ids::{Id, Side, WorkspaceKey};
use crate::domain::life::ContactMark;
use crate::domain::system::{Permission, WorkspaceEntry};
use crate::domain::time::Millis;
use crate::erasures::{self, Erased, ErasureEntry};

/// When it was erased, and by when the last old snapshot and journal segment with it is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErasureTimes {
    pub erased_at: Millis,
    pub gone_by: Millis,
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
        match self.erase(who, key, Erased::Conversation(conversation)).await? {
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
        let (times, _) = self.erase(who, key, Erased::Contact(ContactMark::of(contact))).await?;
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
        let list = Arc::clone(&self.erasures);
        self.engine.run_blocking(move || list.append(entry)).await??;
        match self.engine.delete_workspace(id, actor).await? {
            Ok(()) => Ok(ErasureTimes { erased_at, gone_by: erased_at.saturating_add(self.erase_within) }),
            Err(_) => Err(ServiceError::UnknownWorkspace),
        }
    }

    /// Runs to its end whether or not the caller still waits.
    async fn erase(
        self: &Arc<Self>,
        who: &Principal,
        key: WorkspaceKey,
        erased: Erased,
    ) -> Result<(ErasureTimes, bool), ServiceError> {
        let (service, actor) = (Arc::clone(self), who.actor.clone());
        self.engine.run(async move { service.erase_here(&actor, key, erased).await }).await?
    }

    /// On the kept list first, then in the journal: every erasure that was answered is on the list.
    async fn erase_here(
        &self,
        actor: &str,
        key: WorkspaceKey,
        erased: Erased,
    ) -> Result<(ErasureTimes, bool), ServiceError> {
        let erased_at = self.now();
        let table = self.engine.system_table();
        let origin = table.origin().ok_or(EngineError::WorkspaceUnavailable)?;
        let entry = ErasureEntry::new(erased_at, key, erased, &origin.identity_key);
        let list = Arc::clone(&self.erasures);
        self.engine.run_blocking(move || list.append(entry)).await??;
        let found = self.engine.erase(key, erased.record_by(actor)).await?;
        Ok((ErasureTimes { erased_at, gone_by: erased_at.saturating_add(self.erase_within) }, found))
    }
}
