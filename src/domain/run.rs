//! The run of low scores that trips a breaker (R6.3, R7.1, R7.2).

use super::breaker::Evidence;
use super::ids::{Id, Position};
use super::rules::Rules;
use super::score::Hundredths;
use super::time::Millis;
use super::timeline::Key;

/// A scored conversation as a run sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scored {
    /// Its number in the workspace.
    pub conversation: u32,
    pub key: Key,
    pub composite: Hundredths,
    pub confidence: Hundredths,
    pub signal_count: u16,
}

/// The resolve that ends a run: its time and its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastResolve {
    pub at: Millis,
    pub position: Position,
}

/// Why a run goes back no further (R6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunEnd {
    /// The next older one is not low.
    NotLow,
    /// It lies too far before the newest.
    BreakerWindow,
    /// It was scored before the latest resolve.
    LatestResolve,
    /// No further back is looked.
    Horizon,
    /// There is no older one.
    Oldest,
}

/// The low ones at the begin of `newest_first`, among at most `horizon` of them, whatever their age (R6.3). Those that
/// do not count are passed over (R7.7).
pub fn consecutive_low<'a>(
    rules: &'a Rules,
    last_resolve: Option<LastResolve>,
    horizon: usize,
    newest_first: impl Iterator<Item = Scored> + 'a,
) -> impl Iterator<Item = Scored> + 'a {
    let mut newest = None;
    let counting = newest_first.take(horizon).filter(|scored| rules.counts(*scored));
    counting.take_while(move |scored| {
        let newest = *newest.get_or_insert(scored.key.0);
        ended_by(rules, last_resolve, newest, *scored).is_none()
    })
}

/// Why one that counts is not part of the run whose newest has this `scoredAt`; none if it is.
pub fn ended_by(rules: &Rules, last_resolve: Option<LastResolve>, newest: Millis, scored: Scored) -> Option<RunEnd> {
    let (at, position) = scored.key;
    if !rules.is_low(scored.composite) {
        Some(RunEnd::NotLow)
    } else if newest - at > rules.breaker_window() {
        Some(RunEnd::BreakerWindow)
    } else {
        let resolved = last_resolve.is_some_and(|last| at <= last.at || position < last.position);
        resolved.then_some(RunEnd::LatestResolve)
    }
}

/// Whether a run that is `least` long trips a breaker. Its newest must be within the window before the receipt, so that
/// imported history trips nothing (R7.1).
pub fn trips(rules: &Rules, run: &[Scored], least: usize, receipt: Millis) -> bool {
    let is_recent = |newest: &Scored| newest.key.0 >= receipt - rules.breaker_window();
    run.len() >= least && run.first().is_some_and(is_recent)
}

/// Whether the run has at least two accounts (R7.2); a conversation without one counts as an account of its own.
/// `account` is that of the conversation with this number.
pub fn spans_accounts(run: &[Scored], account: impl Fn(u32) -> Option<u32>) -> bool {
    let first = run.first().and_then(|scored| account(scored.conversation));
    run.len() > 1 && run.iter().skip(1).any(|scored| first.is_none() || account(scored.conversation) != first)
}

/// A breaker that triggers, with the run that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trip {
    pub breaker: Id,
    /// Newest first.
    pub run: Box<[Scored]>,
}

impl Trip {
    pub fn new(breaker: Id, run: &[Scored]) -> Self {
        Self { breaker, run: run.into() }
    }

    /// The run as the breaker keeps it; `id` names a conversation by its number.
    pub fn evidence(&self, id: impl Fn(u32) -> Id) -> Box<[Evidence]> {
        let evidence = self.run.iter().map(|scored| Evidence {
            conversation: id(scored.conversation),
            composite: scored.composite,
            scored_at: Some(scored.key.0),
        });
        evidence.collect()
    }
}
