//! One round: what `begin` found out, and what the accounts are to answer (I1).
//!
//! An account that sleeps is woken in `begin`: it is built as it was *before* the round touches its index, and
//! travels in the round's task. Built later, it would already contain the round.

use std::sync::Arc;

use hashbrown::HashMap;

use super::super::account::{Account, AccountList, AccountOp};
use super::super::effect::{Effect, EffectKind};
use super::super::expectation::Expectation;
use super::super::ids::{Id, Position};
use super::super::reply::Reply;
use super::super::rules::Rules;
use super::super::run::Trip;
use super::super::time::Millis;
use super::super::view::BreakerScope;
use super::kept::Score;

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
    pub(super) deliveries_changed: bool,
    pub(super) epoch_before: u64,
    /// What was frozen in this round, by conversation.
    expected: HashMap<u32, Expectation>,
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
    /// The version of `apply` that its frame asks for.
    pub apply: u16,
}

/// One event's part in the round: a score that came, changed or moved, or something else that has effects.
#[derive(Debug)]
pub(super) struct EventStep {
    pub position: Position,
    pub receipt: Millis,
    /// None for what a person did to a breaker.
    pub conversation: Option<u32>,
    pub account: Option<u32>,
    /// The account's name as of this event.
    pub account_name: Option<Arc<str>>,
    /// What the event made the score, but for its disconfirmation.
    pub score: Option<Score>,
    /// The expectation, where it was frozen without asking the account.
    pub expectation: Option<Expectation>,
    /// The effect that comes before all that follow from the score.
    pub before: Option<EffectKind>,
    /// Breakers of other scopes than the account's.
    pub trips: Vec<(BreakerScope, Trip)>,
}

impl EventStep {
    /// A step that only has this effect, and after it the account's risk, if one is asked for it.
    pub fn of_effect(at: Position, receipt: Millis, account: Option<u32>, effect: EffectKind) -> Self {
        Self {
            position: at,
            receipt,
            conversation: None,
            account,
            account_name: None,
            score: None,
            expectation: None,
            before: Some(effect),
            trips: Vec::new(),
        }
    }
}

/// The result of a round.
#[derive(Debug)]
pub struct Applied {
    /// By seq, in order.
    pub replies: Vec<(u64, Reply)>,
    pub effects: Vec<Effect>,
    pub rules_changed: bool,
    pub breakers_changed: bool,
    /// Resources, or what is to be delivered to them.
    pub deliveries_changed: bool,
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
            deliveries_changed: false,
            epoch_before,
            expected: HashMap::new(),
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
        let list = AccountList { number, rules: Arc::clone(rules), ops: Vec::new() };
        self.tasks.push(AccountTask { account, wake, list });
    }

    /// What is expected of a conversation as of a step: what is frozen in it, or was before in this round or before it.
    pub(super) fn expectation(
        &mut self,
        conversation: u32,
        frozen: Option<Expectation>,
        before: Expectation,
    ) -> Expectation {
        match frozen {
            Some(frozen) => *self.expected.entry(conversation).insert(frozen).get(),
            None => self.expected.get(&conversation).copied().unwrap_or(before),
        }
    }

    /// Adds a step to the list of an account that takes part.
    pub(super) fn ask(&mut self, number: u32, op: AccountOp) {
        if let Some(&slot) = self.slots.get(&number) {
            self.tasks[slot].list.ops.push(op);
        }
    }
}
