//! Commands of people on a workspace side. Here only the record is made; `apply` accepts or refuses it by the state
//! (I2). What changes nothing is recorded once and then counted ([`super::repeats`]).

use super::{Principal, Service, ServiceError};
use crate::domain::csat_config::{CsatConfig, CsatPatch};
use crate::domain::ids::{Id, WorkspaceKey};
use crate::domain::record::Command;
use crate::domain::reply::{CommandRefusal, Reply};
use crate::domain::system::Permission;
use crate::domain::view::BreakerView;

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

    /// The side of the workspace whose breaker a person wants to change: an unknown breaker is reported before a
    /// missing scope (R2.8).
    pub async fn breaker_side(
        &self,
        who: &Principal,
        workspace: Id,
        breaker: Id,
    ) -> Result<WorkspaceKey, ServiceError> {
        let key = self.visible(who, workspace)?;
        if !self.engine.read(key, move |workspace| workspace.knows_breaker(breaker)).await? {
            return Err(CommandRefusal::UnknownBreaker.into());
        }
        who.require(&[Permission::QualityWrite])?;
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
        let command = Command::Acknowledge { breaker, note: note.clone() };
        if let Some(Reply::Breaker(known)) = self.repeated_command(who, key, command).await? {
            return Ok(known?);
        }
        Ok(self.engine.acknowledge(key, &who.actor, breaker, note).await??)
    }

    /// R3.6.
    pub async fn resolve(
        &self,
        who: &Principal,
        key: WorkspaceKey,
        breaker: Id,
        note: Option<Box<str>>,
    ) -> Result<BreakerView, ServiceError> {
        let command = Command::Resolve { breaker, note: note.clone() };
        if let Some(Reply::Breaker(known)) = self.repeated_command(who, key, command).await? {
            return Ok(known?);
        }
        Ok(self.engine.resolve(key, &who.actor, breaker, note).await??)
    }
}
