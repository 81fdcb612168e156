//! One awake account. Between rounds it answers questions about its health; it holds nothing that
//! its workspace cannot rebuild, so it may be stopped between rounds at any time (I3).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use ractor::{Actor, ActorProcessingErr, ActorRef};

use crate::domain::account::{Account, AccountList, AccountOp};
use crate::domain::ids::Position;

use super::error::EngineError;
use super::faults::Faults;
use super::messages::{AccountMsg, tell};

/// Runs the account's part of each round. A panic in there stops the actor; the reply that its
/// workspace awaits is lost with it, and that is how the workspace learns of it (I6).
pub(crate) struct AccountActor;

pub(crate) struct AccountState {
    account: Account,
    /// The place of the event in work, where the workspace can read it after a failure.
    progress: Arc<AtomicU64>,
    faults: Faults,
}

impl AccountState {
    pub fn new(account: Account, progress: Arc<AtomicU64>, faults: Faults) -> Self {
        Self { account, progress, faults }
    }
}

impl Actor for AccountActor {
    type Msg = AccountMsg;
    type State = AccountState;
    type Arguments = AccountState;

    async fn pre_start(
        &self,
        _: ActorRef<AccountMsg>,
        state: AccountState,
    ) -> Result<AccountState, ActorProcessingErr> {
        Ok(state)
    }

    async fn handle(
        &self,
        myself: ActorRef<AccountMsg>,
        message: AccountMsg,
        state: &mut AccountState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            AccountMsg::Run { list, reply } => {
                state.faults.in_account(&myself.get_cell(), &list).await;
                let outcomes = state.account.run(&list, &state.progress);
                // The workspace waits for as long as it lives.
                tell(reply, outcomes);
            }
            AccountMsg::Health { rules, now, reply } => {
                // A question changes nothing, so a panic in one spoils nothing.
                let health = catch_unwind(AssertUnwindSafe(|| state.account.health(&rules, now)));
                tell(reply, health.map(Some).map_err(|_| EngineError::WorkspaceUnavailable));
            }
            #[cfg(test)]
            AccountMsg::Inspect(reply) => tell(reply, Box::new(state.account.clone())),
        }
        Ok(())
    }
}

/// Where the first step of a list stands: the guilty one when the account died before it could
/// name another.
pub(crate) fn first_place(list: &AccountList) -> Option<Position> {
    list.ops.first().map(|op| match op {
        AccountOp::Change(change) => change.position,
        AccountOp::Resolved(last) => last.position,
    })
}
