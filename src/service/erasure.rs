//! Erasure of conversations and contacts (R4.10).

use std::sync::Arc;

use super::{Principal, Service, ServiceError};
use crate::actors::EngineError;
use crate::domain::audit::{AuditOutcome, SideAction};
use crate::domain::ids::{Id, WorkspaceKey};
use crate::domain::life::ContactMark;
use crate::domain::system::Permission;
use crate::domain::time::Millis;
use crate::erasures::{Erased, ErasureEntry};

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

    /// Runs to its end whether or not the caller still waits.
    async fn erase(
        self: &Arc<Self>,
        who: &Principal,
        key: WorkspaceKey,
        erased: Erased,
    ) -> Result<(ErasureTimes, bool), ServiceError> {
        let (service, who) = (Arc::clone(self), who.clone());
        self.engine.run(async move { service.erase_here(&who, key, erased).await }).await?
    }

    /// On the kept list first, then in the journal: every erasure that was answered is on the list. One of a contact
    /// that the state knows nothing of need not be in the journal each time.
    async fn erase_here(
        &self,
        who: &Principal,
        key: WorkspaceKey,
        erased: Erased,
    ) -> Result<(ErasureTimes, bool), ServiceError> {
        let erased_at = self.now();
        let table = self.engine.system_table();
        let origin = table.origin().ok_or(EngineError::WorkspaceUnavailable)?;
        let entry = ErasureEntry::new(erased_at, key, erased, &origin.identity_key);
        let tenant = &table.workspace(key.id).ok_or(ServiceError::UnknownWorkspace)?.tenant;
        self.erasures.append(tenant, entry).ok_or(EngineError::Overloaded)?.wait().await?;
        let times = ErasureTimes { erased_at, gone_by: erased_at.saturating_add(self.erase_within) };
        if self.repeats_erasure(who, key, erased).await? {
            return Ok((times, false));
        }
        let found = self.engine.erase(key, erased.record_by(&who.actor)).await?;
        Ok((times, found))
    }

    /// Whether the erasure finds nothing and its like was recorded a moment ago. Unknown conversations are told before.
    async fn repeats_erasure(&self, who: &Principal, key: WorkspaceKey, erased: Erased) -> Result<bool, ServiceError> {
        let Erased::Contact(mark) = erased else { return Ok(false) };
        let is_known = self.engine.read(key, move |workspace| workspace.knows_contact(mark)).await?;
        Ok(!is_known && self.repeats_on(who, key, SideAction::ContactErased, AuditOutcome::Unchanged))
    }
}
