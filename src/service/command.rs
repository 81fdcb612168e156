//! What people change in a workspace side. The state judges (I2); here only the record is made.

use super::{Principal, Service, ServiceError};
use crate::domain::csat_config::{CsatConfig, CsatPatch};
use crate::domain::ids::{Id, WorkspaceKey};
use crate::domain::record::Command;
use crate::domain::reply::{CommandDone, CommandRefusal};
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
        match self.command(who, key, Command::PatchCsatConfig(patch)).await? {
            CommandDone::Config(config) => Ok(config),
            CommandDone::Breaker(_) => unreachable!("a patch is answered with the configuration"),
        }
    }

    /// The side of the workspace whose breaker a person wants to change: unknown ones are told
    /// before a missing scope (R2.8).
    pub async fn breaker_side(
        &self,
        who: &Principal,
        workspace: Id,
        breaker: Id,
    ) -> Result<WorkspaceKey, ServiceError> {
        let key = self.visible(who, workspace)?;
        if !self.engine.knows_breaker(key, breaker).await? {
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
        self.breaker_command(who, key, Command::Acknowledge { breaker, note }).await
    }

    /// R3.6.
    pub async fn resolve(
        &self,
        who: &Principal,
        key: WorkspaceKey,
        breaker: Id,
        note: Option<Box<str>>,
    ) -> Result<BreakerView, ServiceError> {
        self.breaker_command(who, key, Command::Resolve { breaker, note }).await
    }

    async fn breaker_command(
        &self,
        who: &Principal,
        key: WorkspaceKey,
        command: Command,
    ) -> Result<BreakerView, ServiceError> {
        match self.command(who, key, command).await? {
            CommandDone::Breaker(breaker) => Ok(breaker),
            CommandDone::Config(_) => unreachable!("a breaker's command is answered with the breaker"),
        }
    }

    async fn command(&self, who: &Principal, key: WorkspaceKey, command: Command) -> Result<CommandDone, ServiceError> {
        Ok(self.engine.command(key, &who.actor, command).await??)
    }
}
