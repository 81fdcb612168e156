//! One account that is awake. It holds nothing that its workspace cannot rebuild, so it may be stopped between rounds
//! at any time (I3).
//!
//! Actor and workspace share the account in a cell. It is changed in rounds alone: a short list of steps by the
//! workspace on the spot, since a message to the actor costs about 4 µs and a step about 0.2; a long list by the
//! actor, so that accounts work side by side. A reader tries the cell's lock, and asks the actor if it is taken, so
//! that no reader waits for a thread that does not run. Lifetime, sleep and supervision are the actor's: a panic on
//! the spot costs what one in the actor costs (I6).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64};

use parking_lot::Mutex;
use ractor::{Actor, ActorProcessingErr, ActorRef};

use crate::domain::account::{Account, AccountList, AccountOp, OpResults};
use crate::domain::ids::Position;
use crate::domain::rules::Rules;
use crate::domain::time::Millis;
use crate::domain::view::AccountHealth;

use super::error::EngineError;
use super::faults::Faults;
use super::messages::{AccountMsg, tell};

/// Runs the account's part of each round. A panic in there stops the actor; the share that its
/// workspace awaits is lost with it, and that is how the workspace learns of it (I6).
pub(crate) struct AccountActor;

/// An account that is awake, as its actor and its workspace hold it. Changed in rounds alone, by
/// one of the two.
pub(crate) struct AccountCell {
    /// None once the actor has stopped, or died in the middle of a change.
    account: Mutex<Option<Account>>,
    /// The place of the event in work; 0 before the first of a round.
    pub progress: AtomicU64,
    /// When it was last needed.
    pub used_at: AtomicI64,
}

/// What a reader finds in a cell.
pub(crate) enum Seen {
    Health(AccountHealth),
    /// The account is at work; its actor will answer when it is done.
    Busy,
    /// The account has gone to sleep or died.
    Gone,
}

impl AccountCell {
    pub fn new(account: Account, now: Millis) -> Self {
        Self { account: Mutex::new(Some(account)), progress: AtomicU64::new(0), used_at: AtomicI64::new(now) }
    }

    /// Looks without waiting: a reader that waited for a thread that is not running would hold up
    /// all the others that it serves.
    pub fn look(&self, rules: &Rules, now: Millis) -> Seen {
        match self.account.try_lock().as_deref() {
            None => Seen::Busy,
            Some(None) => Seen::Gone,
            Some(Some(account)) => Seen::Health(account.health(rules, now)),
        }
    }

    /// Takes the steps of a round, unless a reader holds the lock or the account is gone.
    pub fn try_run(&self, list: &AccountList) -> Option<OpResults> {
        self.take_steps(&mut *self.account.try_lock()?, list)
    }

    fn run(&self, list: &AccountList) -> Option<OpResults> {
        self.take_steps(&mut self.account.lock(), list)
    }

    /// The account is taken out meanwhile, so a panic leaves nothing half changed behind.
    fn take_steps(&self, held: &mut Option<Account>, list: &AccountList) -> Option<OpResults> {
        let mut account = held.take()?;
        let outcomes = account.run(list, &self.progress);
        *held = Some(account);
        Some(outcomes)
    }
}

pub(crate) struct AccountState {
    cell: Arc<AccountCell>,
    faults: Faults,
}

impl AccountState {
    pub fn new(cell: Arc<AccountCell>, faults: Faults) -> Self {
        Self { cell, faults }
    }
}

impl Drop for AccountState {
    fn drop(&mut self) {
        *self.cell.account.lock() = None;
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
            AccountMsg::Run { list, share } => {
                state.faults.in_account(&myself.get_cell(), &list).await;
                if let Some(outcomes) = state.cell.run(&list) {
                    share.answer(outcomes);
                }
            }
            AccountMsg::Health { rules, now, reply } => {
                // Between rounds nobody else holds the lock, except to read.
                if let Some(account) = &*state.cell.account.lock() {
                    // A query changes nothing, so a panic in one leaves the account intact.
                    let health = catch_unwind(AssertUnwindSafe(|| account.health(&rules, now)));
                    tell(reply, health.map(Some).map_err(|_| EngineError::WorkspaceUnavailable));
                }
            }
            #[cfg(test)]
            AccountMsg::Inspect(reply) => tell(reply, state.cell.account.lock().clone().map(Box::new)),
        }
        Ok(())
    }
}

/// The position of a list's first step: that event is the guilty one if the account died before it could name
/// another.
pub(crate) fn first_place(list: &AccountList) -> Option<Position> {
    list.ops.first().map(|op| match op {
        AccountOp::Change(change) => change.position,
        AccountOp::Resolved { last, .. } => last.position,
        AccountOp::Tripped { at, .. } => *at,
    })
}
