//! What people ask of a side, and the answer that each gets. `apply` accepts or refuses it (I2).

use std::sync::Arc;

use crate::domain::configured::Effective;
use crate::domain::csat_config::{CsatConfig, CsatPatch};
use crate::domain::ids::{Id, WorkspaceKey};
use crate::domain::own_settings::{OwnPatch, OwnSettings};
use crate::domain::record::{Command, Record};
use crate::domain::reply::{CommandRefusal, Reply};
use crate::domain::resource::{Resource, ResourceRecord};
use crate::domain::view::BreakerView;

use super::engine::{Engine, unlike};
use super::error::EngineError;

impl Engine {
    /// R3.8; the configuration as it is then.
    pub async fn patch_csat_config(
        &self,
        key: WorkspaceKey,
        actor: &str,
        patch: CsatPatch,
    ) -> Result<CsatConfig, EngineError> {
        match self.command(key, actor, Command::PatchCsatConfig(patch)).await? {
            Reply::Config(config) => Ok(config),
            other => Err(unlike(&other)),
        }
    }

    /// R3.5; the breaker as it is then.
    pub async fn acknowledge(
        &self,
        key: WorkspaceKey,
        actor: &str,
        breaker: Id,
        note: Option<Box<str>>,
    ) -> Result<Result<BreakerView, CommandRefusal>, EngineError> {
        self.change_breaker(key, actor, Command::Acknowledge { breaker, note }).await
    }

    /// R3.6; the breaker as it is then.
    pub async fn resolve(
        &self,
        key: WorkspaceKey,
        actor: &str,
        breaker: Id,
        note: Option<Box<str>>,
    ) -> Result<Result<BreakerView, CommandRefusal>, EngineError> {
        self.change_breaker(key, actor, Command::Resolve { breaker, note }).await
    }

    /// R3.5, R3.6, R7.5: a command that a breaker answers, as it is then.
    pub async fn change_breaker(
        &self,
        key: WorkspaceKey,
        actor: &str,
        command: Command,
    ) -> Result<Result<BreakerView, CommandRefusal>, EngineError> {
        match self.command(key, actor, command).await? {
            Reply::Breaker(outcome) => Ok(outcome),
            other => Err(unlike(&other)),
        }
    }

    /// R5.9, R8.3: a command that is done or refused.
    pub async fn ask_for(
        &self,
        key: WorkspaceKey,
        actor: &str,
        command: Command,
    ) -> Result<Result<(), CommandRefusal>, EngineError> {
        match self.command(key, actor, command).await? {
            Reply::Accepted(outcome) => Ok(outcome),
            other => Err(unlike(&other)),
        }
    }

    /// R6.9; what was set, and what holds with it.
    pub async fn patch_settings(
        &self,
        key: WorkspaceKey,
        actor: &str,
        patch: OwnPatch,
    ) -> Result<(OwnSettings, Arc<Effective>), EngineError> {
        let command = Command::PatchSettings(patch);
        match self.write_own_settings(key, Record::Command { actor: actor.into(), command }).await? {
            (Reply::Settings(settings), effective) => Ok((settings, effective)),
            (other, _) => Err(unlike(&other)),
        }
    }

    /// Makes, changes or removes a resource; without an actor it is the server that does.
    pub async fn change_resource(
        &self,
        key: WorkspaceKey,
        actor: Option<&str>,
        record: ResourceRecord,
    ) -> Result<Result<Resource, CommandRefusal>, EngineError> {
        match self.write_counted(key, Record::Resource { actor: actor.map(Into::into), record }).await? {
            Reply::Resource(outcome) => Ok(outcome.map(|resource| *resource)),
            other => Err(unlike(&other)),
        }
    }

    /// Stores what a person asked for; `apply` accepts or refuses it (I2).
    pub async fn command(&self, key: WorkspaceKey, actor: &str, command: Command) -> Result<Reply, EngineError> {
        self.write_counted(key, Record::Command { actor: actor.into(), command }).await
    }
}
