//! A workspace and its accounts in one place, without actors: for replay, tools and tests.

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;

use super::account::Account;
use super::ids::{Id, WorkspaceKey};
use super::record::Frame;
use super::settings::Settings;
use super::time::Millis;
use super::view::AccountHealth;
use super::workspace::{Applied, Workspace};

/// Drives rounds to their end, one account after the other.
#[derive(Clone, Debug)]
pub struct Local {
    pub workspace: Workspace,
    /// The accounts that are awake.
    pub accounts: HashMap<Id, Account>,
}

impl Local {
    pub fn new(key: WorkspaceKey, name: Box<str>, settings: Settings) -> Self {
        Self { workspace: Workspace::new(key, name, settings), accounts: HashMap::new() }
    }

    /// One round: event frames, or one frame of another kind.
    pub fn apply(&mut self, frames: &[Frame]) -> Applied {
        self.apply_with(frames, &AtomicU64::new(0))
    }

    /// As [`apply`](Self::apply); `progress` names the event in work (I6).
    pub fn apply_with(&mut self, frames: &[Frame], progress: &AtomicU64) -> Applied {
        let round_accounts = &mut self.accounts;
        let mut round = self.workspace.begin(frames, progress);
        if round.reset_accounts {
            round_accounts.clear();
        }
        for id in round.let_go.drain(..) {
            round_accounts.remove(&id);
        }
        let mut outcomes = Vec::with_capacity(round.tasks.len());
        for task in &mut round.tasks {
            if let Some(account) = task.wake.take() {
                round_accounts.insert(task.account, account);
            }
            if let Some(account) = round_accounts.get_mut(&task.account) {
                outcomes.push((task.account, account.run(&task.list, progress)));
            }
        }
        self.workspace.finish(round, outcomes)
    }

    /// R3.3; none for an unknown account.
    pub fn health(&mut self, id: Id, now: Millis) -> Option<AccountHealth> {
        if let Some(account) = self.workspace.wake(id) {
            self.accounts.insert(id, account);
        }
        Some(self.accounts.get(&id)?.health(&self.workspace.rules(), now))
    }

    /// Puts an account to sleep; it is rebuilt when it is needed.
    pub fn sleep(&mut self, id: Id) {
        self.accounts.remove(&id);
        self.workspace.sleep(id);
    }
}
