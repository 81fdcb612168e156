//! Commands of people on a workspace side. Here only the record is made; `apply` accepts or refuses it by the state
//! (I2). What changes nothing is recorded once and then counted ([`super::repeats`]).

use std::sync::Arc;

use super::{Principal, Service, ServiceError};
use crate::domain::configured::Effective;
use crate::domain::csat_config::{CsatConfig, CsatPatch};
use crate::domain::ids::{Id, WorkspaceKey};
use crate::domain::own_settings::{OwnPatch, OwnSettings};
use crate::domain::record::{Command, Override};
use crate::domain::reply::{CommandRefusal, Reply};
use crate::domain::system::Permission;
use crate::domain::view::{BreakerDetail, BreakerScope, BreakerView, ConversationQuality, Known};
use crate::domain::workspace::Workspace;

impl Service {
    /// R3.8. An empty patch makes no record.
    pub async fn patch_csat_config(
        &self,
        who: &Principal,
        key: WorkspaceKey,
        patch: CsatPatch,
    ) -> Result<CsatConfig, ServiceError> {
        if patch == CsatPatch::default() {
            return self.csat_config(key).await;
        }
        let command = Command::PatchCsatConfig(patch.clone());
        if let Some(Reply::Config(config)) = self.repeated_command(who, key, command).await? {
            return Ok(config);
        }
        Ok(self.engine.patch_csat_config(key, &who.actor, patch).await?)
    }

    /// R6.9: what is set then, and what holds with it. As [`Self::patch_csat_config`].
    pub async fn patch_settings(
        &self,
        who: &Principal,
        key: WorkspaceKey,
        patch: OwnPatch,
    ) -> Result<(OwnSettings, Arc<Effective>), ServiceError> {
        if patch == OwnPatch::default() {
            return self.settings(key).await;
        }
        let command = Command::PatchSettings(patch.clone());
        if self.repeated_command(who, key, command).await?.is_some() {
            // An earlier one may have found no room for the settings that it makes.
            self.engine.settle_settings(key).await?;
            return self.settings(key).await;
        }
        let wanted = self.engine.effective_with(key, &patch).await?;
        let takes = move |workspace: &Workspace| workspace.takes_profile(&wanted.settings.profile);
        if !self.engine.read(key, takes).await? {
            return Err(ServiceError::TooManyProfiles);
        }
        Ok(self.engine.patch_settings(key, &who.actor, patch).await?)
    }

    /// The side of the workspace whose breaker is looked at, or changed: an unknown breaker is reported before a
    /// missing scope (R2.8).
    pub async fn breaker_side(
        &self,
        who: &Principal,
        workspace: Id,
        breaker: Id,
        scope: Permission,
    ) -> Result<WorkspaceKey, ServiceError> {
        let key = self.visible(who, workspace)?;
        if !self.engine.read(key, move |workspace| workspace.knows_breaker(breaker)).await? {
            return Err(CommandRefusal::UnknownBreaker.into());
        }
        who.require(&[scope])?;
        Ok(key)
    }

    /// R3.5.
    pub async fn acknowledge(
        &self,
        who: &Principal,
        key: WorkspaceKey,
        breaker: Id,
        note: Option<Box<str>>,
    ) -> Result<BreakerView, ServiceError> {
        self.change_breaker(who, key, Command::Acknowledge { breaker, note }).await
    }

    /// R3.6.
    pub async fn resolve(
        &self,
        who: &Principal,
        key: WorkspaceKey,
        breaker: Id,
        note: Option<Box<str>>,
    ) -> Result<BreakerView, ServiceError> {
        self.change_breaker(who, key, Command::Resolve { breaker, note }).await
    }

    /// R7.5: a breaker by hand.
    pub async fn trip(
        &self,
        who: &Principal,
        key: WorkspaceKey,
        scope: BreakerScope,
        reason: Box<str>,
    ) -> Result<BreakerView, ServiceError> {
        let scope_key = scope.key(key);
        match self.change_breaker(who, key, Command::Trip { scope, reason }).await {
            Err(ServiceError::Command(CommandRefusal::BreakerActive)) => {
                Err(ServiceError::BreakerActive(self.active_breaker_of(key, scope_key).await?))
            }
            done => done,
        }
    }

    /// The active breaker of a scope; none where it was resolved a moment ago.
    async fn active_breaker_of(&self, key: WorkspaceKey, scope_key: String) -> Result<Option<Id>, ServiceError> {
        let of_scope = move |workspace: &Workspace| {
            let active = workspace.active_breakers();
            active.into_iter().find(|breaker| breaker.scope_key == scope_key).map(|breaker| breaker.id)
        };
        Ok(self.engine.read(key, of_scope).await?)
    }

    /// R7.5: a word for a breaker's history.
    pub async fn note_on(
        &self,
        who: &Principal,
        key: WorkspaceKey,
        breaker: Id,
        note: Box<str>,
    ) -> Result<BreakerDetail, ServiceError> {
        self.change_breaker(who, key, Command::Note { breaker, note }).await?;
        self.breaker(key, breaker).await
    }

    async fn change_breaker(
        &self,
        who: &Principal,
        key: WorkspaceKey,
        command: Command,
    ) -> Result<BreakerView, ServiceError> {
        if let Some(Reply::Breaker(known)) = self.repeated_command(who, key, command.clone()).await? {
            return Ok(known?);
        }
        Ok(self.engine.change_breaker(key, &who.actor, command).await??)
    }

    /// R5.9: a person's scores instead of the model's.
    pub async fn override_score(
        &self,
        who: &Principal,
        key: WorkspaceKey,
        said: Override,
    ) -> Result<ConversationQuality, ServiceError> {
        let conversation = said.conversation;
        self.change_score(who, key, conversation, Command::Override(said)).await
    }

    /// R5.9: the model's scores again.
    pub async fn take_back(
        &self,
        who: &Principal,
        key: WorkspaceKey,
        conversation: Id,
    ) -> Result<ConversationQuality, ServiceError> {
        self.change_score(who, key, conversation, Command::TakeBack { conversation }).await
    }

    /// The score as it is then.
    async fn change_score(
        &self,
        who: &Principal,
        key: WorkspaceKey,
        conversation: Id,
        command: Command,
    ) -> Result<ConversationQuality, ServiceError> {
        let known = match self.repeated_command(who, key, command.clone()).await? {
            Some(Reply::Accepted(known)) => known,
            Some(_) | None => self.engine.ask_for(key, &who.actor, command).await?,
        };
        match known {
            // As it is told to whoever asks for the score: it may be gone since.
            Err(CommandRefusal::UnknownConversation | CommandRefusal::NotScored) => return Err(ServiceError::NoScore),
            outcome => outcome?,
        }
        match self.engine.read(key, move |workspace| workspace.conversation(conversation)).await? {
            Known::Found(quality) => Ok(quality),
            Known::Unknown | Known::NotScored | Known::Gone => Err(ServiceError::NoScore),
        }
    }
}
