//! The breakers that tripped, or would have: all are counted, and the newest listed.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::super::super::ids::{Id, Position};
use super::super::super::time::Millis;
use super::super::super::view::BreakerScope;
use super::super::cut::Cut;

/// How many are listed.
pub const MOST_LISTED: usize = 1_000;

/// Breakers that tripped.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tripped {
    /// The newest of them, newest first; of one instant the later trip first.
    pub breakers: Vec<TrippedBreaker>,
    pub total: u64,
}

/// One of them.
#[derive(Clone, Debug, PartialEq)]
pub struct TrippedBreaker {
    pub scope: BreakerScope,
    /// As the account is called now.
    pub account_name: Option<Arc<str>>,
    pub triggered_at: Millis,
    /// None: it would be active still.
    pub resolved_at: Option<Millis>,
    /// How long the run was that tripped it.
    pub run: u32,
    /// Until it was resolved, or now.
    pub seconds_active: u64,
}

/// A breaker without its scope.
#[derive(Clone, Copy)]
pub struct Found {
    triggered: (Millis, Position),
    run: usize,
    resolved_at: Option<Millis>,
}

impl Found {
    pub const fn at(triggered: (Millis, Position), run: usize) -> Self {
        Self { triggered, run, resolved_at: None }
    }

    #[must_use]
    pub const fn until(self, resolved_at: Option<Millis>) -> Self {
        Self { resolved_at, ..self }
    }
}

/// Breakers as they are found, in any order.
#[derive(Default)]
pub struct Listing {
    /// The newest, in the order of their trips: an event trips its account's first, then the workspace's, then those of
    /// its channel and its intent, which is the order of scopes.
    newest: BTreeMap<(Position, BreakerScope), Found>,
    total: u64,
}

impl Listing {
    pub fn add(&mut self, found: Found, scope: &BreakerScope) {
        self.total += 1;
        let is_full = self.newest.len() >= MOST_LISTED;
        let oldest = self.newest.first_key_value().map(|((position, _), _)| *position);
        if is_full && oldest.is_some_and(|oldest| found.triggered.1 < oldest) {
            return;
        }
        self.newest.insert((found.triggered.1, scope.clone()), found);
        if self.newest.len() > MOST_LISTED {
            self.newest.pop_first();
        }
    }

    /// As it is told at `now`.
    pub fn shown(self, cut: &Cut, now: Millis) -> Tripped {
        let ids = self.newest.keys().filter_map(|(_, scope)| Some((scope.account()?, None)));
        let mut names: HashMap<Id, Option<Arc<str>>> = ids.collect();
        for account in cut.accounts.iter() {
            if let Some(name) = names.get_mut(&account.id) {
                *name = account.name.clone();
            }
        }
        let breakers = self.newest.into_iter().rev().map(|((_, scope), found)| TrippedBreaker {
            account_name: scope.account().and_then(|id| names.get(&id).cloned().flatten()),
            scope,
            triggered_at: found.triggered.0,
            resolved_at: found.resolved_at,
            run: found.run as u32,
            seconds_active: (found.resolved_at.unwrap_or(now) - found.triggered.0).max(0) as u64 / 1_000,
        });
        Tripped { breakers: breakers.collect(), total: self.total }
    }
}
