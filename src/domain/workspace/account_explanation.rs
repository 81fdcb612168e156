//! Why an account has the risk that it has (R6.8).

use std::sync::Arc;

use super::super::health::{self, RiskRule, WindowEntry};
use super::super::ids::Id;
use super::super::risk::Next;
use super::super::rules::Rules;
use super::super::run::{RunEnd, Scored, consecutive_low, ended_by};
use super::super::score::{Hundredths, Ratio};
use super::super::time::Millis;
use super::super::trend::Line;
use super::super::view::{ChurnRisk, Trend};
use super::Workspace;
use super::accounts::Tripped;

/// What gives an account its risk.
#[derive(Clone, Debug, PartialEq)]
pub struct AccountExplanation {
    pub account_id: Id,
    pub account_name: Option<Arc<str>>,
    pub churn_risk: ChurnRisk,
    /// The rule of R6.5 that gave it.
    pub rule: RiskRule,
    pub next: Next,
    pub window: WindowBounds,
    /// The low ones in a row, the newest first.
    pub run: Vec<Considered>,
    /// Those among them that do not count (R7.7), the newest first.
    pub left_out: Vec<Considered>,
    pub run_bounds: RunBounds,
    pub trend: TrendLine,
}

/// Which conversations are in the window (R6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowBounds {
    /// Since when a conversation has to be scored to be in it.
    pub from: Millis,
    /// Now, or the newest one's `scoredAt` where that is ahead.
    pub to: Millis,
    pub conversations: u32,
    pub most_conversations: u32,
    pub oldest: Option<Millis>,
}

/// How far the run may reach, and how far it does (R6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunBounds {
    pub length: u32,
    /// The length that trips a breaker.
    pub trips_at: u32,
    pub window_hours: u32,
    /// So much before the newest that counts.
    pub from: Option<Millis>,
    pub latest_resolve: Option<Millis>,
    /// How many of the newest are looked at.
    pub horizon: u32,
    pub ended_by: RunEnd,
}

/// The line of R6.4.
#[derive(Clone, Debug, PartialEq)]
pub struct TrendLine {
    pub trend: Trend,
    /// Both none where there are too few points.
    pub slope: Option<Ratio>,
    pub change: Option<Ratio>,
    /// Oldest first.
    pub points: Vec<Considered>,
}

/// A conversation that was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Considered {
    /// None once it is erased.
    pub conversation: Option<Id>,
    pub composite: Hundredths,
    pub confidence: Hundredths,
    pub signal_count: u16,
    pub scored_at: Millis,
}

impl Workspace {
    /// R6.8 as of `now`; none for an account that no event has named.
    pub fn account_explanation(&self, id: Id, now: Millis) -> Option<AccountExplanation> {
        let number = self.accounts.find(id)?;
        let (rules, tripped) = (&*self.rules, self.accounts.tripped(number));
        let newest_first: Vec<WindowEntry> = (self.accounts.scored(number).newest_first())
            .take(rules.kept_by_account())
            .map(|item| self.conversations.placed(item).entry(item))
            .collect();
        let horizon = rules.run_horizon(false);
        let looked_at = || newest_first.iter().map(WindowEntry::scored);
        let run: Vec<Scored> = consecutive_low(rules, tripped.last_resolve, horizon, looked_at()).collect();
        let mut counted = 0;
        let within_reach = looked_at().take(horizon).take_while(|scored| {
            counted += usize::from(rules.counts(*scored));
            counted <= run.len()
        });
        let left_out = within_reach.filter(|scored| !rules.counts(*scored)).map(|scored| self.considered(scored));
        let left_out = left_out.collect();
        let scored = self.accounts.scored(number).len();
        let run_bounds = run_bounds(rules, &tripped, looked_at(), run.len(), scored);

        let window = window(rules, &newest_first, now);
        let bounds = window_bounds(rules, &window, now);
        let grounds = health::grounds(rules, &window, run.len(), tripped.active.is_some());
        let (churn_risk, rule) = grounds.risk(rules);
        Some(AccountExplanation {
            account_id: id,
            account_name: self.accounts.get(number).name.clone(),
            churn_risk,
            rule,
            next: grounds.next(rules),
            window: bounds,
            run: run.into_iter().map(|scored| self.considered(scored)).collect(),
            left_out,
            run_bounds,
            trend: self.trend_line(&window, grounds.trend),
        })
    }

    fn trend_line(&self, window: &[WindowEntry], trend: Trend) -> TrendLine {
        let line = health::line(window);
        let points = health::trend_points(window).iter().map(|entry| self.considered(entry.scored()));
        TrendLine { trend, slope: line.map(Line::slope), change: line.map(Line::change), points: points.collect() }
    }

    fn considered(&self, scored: Scored) -> Considered {
        let Scored { conversation, key, composite, confidence, signal_count } = scored;
        let conversation = Some(conversation).filter(|number| self.conversations.has_id(*number));
        let conversation = conversation.map(|number| self.conversations.id(number));
        Considered { conversation, composite, confidence, signal_count, scored_at: key.0 }
    }
}

/// The window as of `now`, ascending.
fn window(rules: &Rules, newest_first: &[WindowEntry], now: Millis) -> Vec<WindowEntry> {
    let from = now - rules.settings.model.window_span();
    let newest = newest_first.iter().take(rules.settings.model.window_size.into());
    let mut window: Vec<_> = newest.take_while(|entry| entry.key.0 >= from).copied().collect();
    window.reverse();
    window
}

fn window_bounds(rules: &Rules, window: &[WindowEntry], now: Millis) -> WindowBounds {
    WindowBounds {
        from: now - rules.settings.model.window_span(),
        to: window.last().map_or(now, |newest| newest.key.0.max(now)),
        conversations: window.len() as u32,
        most_conversations: rules.settings.model.window_size.into(),
        oldest: window.first().map(|oldest| oldest.key.0),
    }
}

/// Of a run that is `length` long, among the newest of `scored` conversations.
fn run_bounds(
    rules: &Rules,
    tripped: &Tripped,
    newest_first: impl Iterator<Item = Scored>,
    length: usize,
    scored: usize,
) -> RunBounds {
    let horizon = rules.run_horizon(false);
    let mut counting = newest_first.take(horizon).filter(|scored| rules.counts(*scored)).peekable();
    let newest = counting.peek().map(|newest| newest.key.0);
    let next_older = newest.zip(counting.nth(length));
    let end = next_older.and_then(|(newest, older)| ended_by(rules, tripped.last_resolve, newest, older));
    RunBounds {
        length: length as u32,
        trips_at: rules.run_that_trips(false) as u32,
        window_hours: rules.csat.circuit_breaker_window_hours.into(),
        from: newest.map(|newest| newest - rules.breaker_window()),
        latest_resolve: tripped.last_resolve.map(|last| last.at),
        horizon: horizon as u32,
        ended_by: end.unwrap_or(if scored > horizon { RunEnd::Horizon } else { RunEnd::Oldest }),
    }
}
