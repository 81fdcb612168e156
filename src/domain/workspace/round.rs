//! One round: what `begin` found out, and what the accounts are to answer (I1).
//!
//! An account that sleeps is woken in `begin`: it is built as it was *before* the round touches its index, and
//! travels in the round's task. Built later, it would already contain the round.

use std::sync::Arc;

use hashbrown::HashMap;

use super::super::account::{Account, AccountList, AccountOp};
use super::super::expectation::Expectation;
use super::super::ids::{Id, Position};
use super::super::reply::{Effect, Reply};
use super::super::rules::Rules;
use super::super::run::Trip;
use super::super::time::Millis;

/// A round between `begin` and `finish`.
#[derive(Debug)]
pub struct Round {
    /// A task for each account that a scoring or a resolve touched.
    pub tasks: Vec<AccountTask>,
    /// Every awake account has to go to sleep: what accounts keep has changed.
    pub reset_accounts: bool,
    /// Awake accounts that have to go to sleep: their windows have lost something.
    pub let_go: Vec<Id>,
    pub(super) steps: Vec<EventStep>,
    pub(super) replies: Vec<(u64, Reply)>,
    pub(super) effects: Vec<Effect>,
    pub(super) rules_changed: bool,
    pub(super) epoch_before: u64,
    slots: HashMap<u32, usize>,
}

/// The work of one account.
#[derive(Debug)]
pub struct AccountTask {
    pub account: Id,
    /// The account as it was before the round, if it was asleep. From now on the workspace counts it as awake.
    pub wake: Option<Account>,
    pub list: AccountList,
}

/// Where and when an event stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    pub position: Position,
    pub receipt: Millis,
    pub time: Millis,
}

/// One event's part in the round: a score that came, changed or moved.
#[derive(Debug)]
pub(super) struct EventStep {
    pub position: Position,
    pub receipt: Millis,
    pub conversation: u32,
    pub account: Option<u32>,
    /// The account's name as of this event.
    pub account_name: Option<Arc<str>>,
    pub scoring: bool,
    /// The expectation, where it was frozen without asking the account.
    pub expectation: Option<Expectation>,
    pub workspace_trip: Option<Box<Trip>>,
}

/// The result of a round.
#[derive(Debug)]
pub struct Applied {
    /// By seq, in order.
    pub replies: Vec<(u64, Reply)>,
    pub effects: Vec<Effect>,
    pub rules_changed: bool,
    pub breakers_changed: bool,
}

impl Round {
    pub(super) fn new(epoch_before: u64) -> Self {
        Self {
            tasks: Vec::new(),
            reset_accounts: false,
            let_go: Vec::new(),
            steps: Vec::new(),
            replies: Vec::new(),
            effects: Vec::new(),
            rules_changed: false,
            epoch_before,
            slots: HashMap::new(),
        }
    }

    /// Whether the account takes part in the round already.
    pub(super) fn involves(&self, number: u32) -> bool {
        self.slots.contains_key(&number)
    }

    /// Adds an account to the round, before anything of the round touches it.
    pub(super) fn involve(&mut self, number: u32, account: Id, wake: Option<Account>, rules: &Arc<Rules>) {
        self.slots.insert(number, self.tasks.len());
        let list = AccountList { rules: Arc::clone(rules), ops: Vec::new() };
        self.tasks.push(AccountTask { account, wake, list });
    }

    /// Adds a step to the list of an account that takes part.
    pub(super) fn ask(&mut self, number: u32, op: AccountOp) {
        if let Some(&slot) = self.slots.get(&number) {
            self.tasks[slot].list.ops.push(op);
        }
    }
}
