//! Supervises all workspaces: what fails is rebuilt, the others go on (I6).

use std::sync::Arc;

use parking_lot::Mutex;
use ractor::{Actor, ActorId, ActorProcessingErr, ActorRef, SupervisionEvent};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::domain::ids::Position;

use super::error::EngineError;
use super::handle::WorkspaceHandle;
use super::messages::tell;
use super::rebuild;
use super::shared::Shared;

/// Supervises the workspaces' actors (and the system workspace's).
pub(crate) struct Supervisor;

/// The engine's parts, which are made after the supervisor.
pub(crate) type SharedSlot = Arc<Mutex<Option<Arc<Shared>>>>;

pub(crate) struct SupervisorState {
    shared: SharedSlot,
    /// Rebuilds under way; each works for one workspace and none waits for another.
    rebuilds: JoinSet<()>,
}

pub(crate) enum SupervisorMsg {
    /// A workspace whose replay failed at the start.
    Rebuild { handle: Arc<WorkspaceHandle>, guilty: Position },
    /// Answers once no rebuild is under way.
    Settle(oneshot::Sender<()>),
}

impl Actor for Supervisor {
    type Msg = SupervisorMsg;
    type State = SupervisorState;
    type Arguments = SharedSlot;

    async fn pre_start(
        &self,
        _: ActorRef<SupervisorMsg>,
        shared: SharedSlot,
    ) -> Result<SupervisorState, ActorProcessingErr> {
        Ok(SupervisorState { shared, rebuilds: JoinSet::new() })
    }

    async fn handle(
        &self,
        _: ActorRef<SupervisorMsg>,
        message: SupervisorMsg,
        state: &mut SupervisorState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            SupervisorMsg::Rebuild { handle, guilty } => state.rebuild(handle, Some(guilty), "replaying it failed"),
            SupervisorMsg::Settle(reply) => {
                while state.rebuilds.join_next().await.is_some() {}
                tell(reply, ());
            }
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<SupervisorMsg>,
        event: SupervisionEvent,
        state: &mut SupervisorState,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorFailed(who, cause) => state.failed(who.get_id(), &cause.to_string()),
            SupervisionEvent::ActorTerminated(who, _, reason) => {
                state.failed(who.get_id(), reason.as_deref().unwrap_or("it stopped"));
            }
            SupervisionEvent::ActorStarted(_) | SupervisionEvent::ProcessGroupChanged(_) => {}
        }
        Ok(())
    }
}

impl SupervisorState {
    /// An actor has ended. One that the engine has stopped itself belongs to no handle any more.
    fn failed(&mut self, who: ActorId, cause: &str) {
        let Some(shared) = self.shared.lock().clone() else { return };
        if shared.system.queue.actor().is_some_and(|system| system.get_id() == who) {
            tracing::error!(cause, "the system workspace failed: it takes no changes until a restart");
            shared.system.queue.close(EngineError::WorkspaceUnavailable);
        } else if let Some(handle) = shared.directory.workspace_of(who) {
            self.rebuild(handle, None, cause);
        }
    }

    fn rebuild(&mut self, handle: Arc<WorkspaceHandle>, guilty: Option<Position>, cause: &str) {
        while self.rebuilds.try_join_next().is_some() {}
        let Some(shared) = self.shared.lock().clone() else { return };
        let guilty = guilty.or_else(|| handle.guilty());
        self.rebuilds.spawn(rebuild::run(shared, handle, guilty, cause.to_owned()));
    }
}
