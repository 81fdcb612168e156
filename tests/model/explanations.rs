//! R6.8: why an account has its risk. What the next risks need is checked by doing it: the values are moved as far as is
//! said, and the naive rules judge them.

use tripswitch::domain::health::RiskRule;
use tripswitch::domain::ids::Id;
use tripswitch::domain::risk::{Change, Needs, Next, Step, Value};
use tripswitch::domain::run::RunEnd;
use tripswitch::domain::score::{Hundredths, Ratio};
use tripswitch::domain::time::Millis;
use tripswitch::domain::view::{AccountHealth, BreakerScope, ChurnRisk, Trend};
use tripswitch::domain::workspace::account_explanation::{
    AccountExplanation, Considered, RunBounds, TrendLine, WindowBounds,
};

use crate::broken::Broken;
use crate::compare::{Check, Compared, same};
use crate::health::score;
use crate::naive::{Conversation, Naive};

/// What the rules look at.
#[derive(Clone, Debug)]
struct Grounds {
    health: AccountHealth,
    active: bool,
    /// In hundredths.
    change: Option<(i64, i64)>,
}

fn considered(known: &Conversation) -> Considered {
    let score = score(known);
    Considered {
        conversation: (!known.erased).then_some(known.id),
        composite: score.composite,
        confidence: score.confidence,
        signal_count: score.signal_count,
        scored_at: score.scored_at,
    }
}

/// The least-squares line over x = 0 … n − 1: its change from the first to the last, as a fraction of hundredths.
fn change_of(composites: &[i64]) -> Option<(i64, i64)> {
    let n = composites.len() as i64;
    let sum_x: i64 = (0..n).sum();
    let sum_xx: i64 = (0..n).map(|x| x * x).sum();
    let sum_y: i64 = composites.iter().sum();
    let sum_xy: i64 = (0..n).zip(composites).map(|(x, y)| x * y).sum();
    (n >= 5).then(|| ((n * sum_xy - sum_x * sum_y) * (n - 1), n * sum_xx - sum_x * sum_x))
}

fn equal(ratio: Option<Ratio>, hundredths: Option<(i64, i64)>) -> bool {
    match (ratio, hundredths) {
        (Some(ratio), Some((above, below))) => ratio.numerator * 100 * below == above * ratio.denominator,
        (None, None) => true,
        _ => false,
    }
}

/// All rules but the last two, as R6.5 has them: the risk that each gives.
const RULES: [(RiskRule, ChurnRisk); 10] = [
    (RiskRule::ActiveBreaker, ChurnRisk::Critical),
    (RiskRule::RunTrips, ChurnRisk::Critical),
    (RiskRule::CompositeBelow2, ChurnRisk::Critical),
    (RiskRule::CompositeBelowThreshold, ChurnRisk::High),
    (RiskRule::ResolutionRateBelow60, ChurnRisk::High),
    (RiskRule::CompositeBelow350AndDeclining, ChurnRisk::High),
    (RiskRule::CompositeBelow350, ChurnRisk::Medium),
    (RiskRule::ResolutionRateBelow80, ChurnRisk::Medium),
    (RiskRule::Declining, ChurnRisk::Medium),
    (RiskRule::RunOf2, ChurnRisk::Medium),
];

impl Grounds {
    fn holds(&self, naive: &Naive, rule: RiskRule) -> bool {
        let AccountHealth { rolling_composite, resolution_rate, consecutive_low, trend, .. } = self.health;
        let below = |value: Option<Hundredths>, limit: u16| value.is_some_and(|value| value.0 < limit);
        let declining = trend == Trend::Declining;
        match rule {
            RiskRule::ActiveBreaker => self.active,
            RiskRule::RunTrips => consecutive_low >= u32::from(naive.csat.circuit_breaker_count),
            RiskRule::CompositeBelow2 => below(rolling_composite, 200),
            RiskRule::CompositeBelowThreshold => below(rolling_composite, naive.csat.threshold_low_composite.0),
            RiskRule::ResolutionRateBelow60 => below(resolution_rate, 60),
            RiskRule::CompositeBelow350AndDeclining => below(rolling_composite, 350) && declining,
            RiskRule::CompositeBelow350 => below(rolling_composite, 350),
            RiskRule::ResolutionRateBelow80 => below(resolution_rate, 80),
            RiskRule::Declining => declining,
            RiskRule::RunOf2 => consecutive_low >= 2,
            RiskRule::None | RiskRule::FewConversations => false,
        }
    }

    fn risk(&self, naive: &Naive) -> (ChurnRisk, RiskRule) {
        // Fewer have no trend.
        let trend = if self.health.conversation_count < 5 { Trend::Stable } else { self.health.trend };
        naive.risk_of(&AccountHealth { trend, ..self.health.clone() }, self.active)
    }

    /// The value in hundredths, if there is one.
    fn now(&self, value: Value) -> Option<(i64, i64)> {
        let whole = |number: i64| Some((100 * number, 1));
        let hundredths = |value: Option<Hundredths>| value.map(|value| (i64::from(value.0), 1));
        match value {
            Value::ActiveBreakers => whole(self.active.into()),
            Value::ConsecutiveLow => whole(self.health.consecutive_low.into()),
            Value::RollingComposite => hundredths(self.health.rolling_composite),
            Value::ResolutionRate => hundredths(self.health.resolution_rate),
            Value::TrendChange => self.change,
            Value::ConversationCount => whole(self.health.conversation_count.into()),
        }
    }

    /// Moved as far as is said, or by so many of its least units less. A value that another change has moved beyond
    /// its bound stays.
    fn moved(&self, change: &Change, short: i64) -> Result<Self, String> {
        let mut then = self.clone();
        let (bound, unit) = match change.value {
            Value::RollingComposite | Value::ResolutionRate => {
                (change.bound.numerator * 100 / change.bound.denominator, 100)
            }
            _ => (change.bound.numerator, change.bound.denominator),
        };
        if change.value == Value::TrendChange {
            let declines = change.needs == Needs::AtMost;
            if (bound, unit) != (-1, 4) || (change.needs != Needs::Above && !declines) {
                return Err(format!("no bound of a trend: {change:?}"));
            }
            let is_short = short != 0;
            then.health.trend = if declines == is_short { Trend::Stable } else { Trend::Declining };
            return Ok(then);
        }
        let edge = match change.needs {
            Needs::Below => bound - 1 + short,
            Needs::AtLeast => bound - short,
            Needs::AtMost | Needs::Above => return Err(format!("a bound of a trend: {change:?}")),
        };
        let beyond = |value: i64| if change.needs == Needs::Below { value.min(edge) } else { value.max(edge) };
        let to = |value: Option<i64>| if short == 0 { value.map_or(edge, beyond) } else { edge };
        let health = &mut then.health;
        let score = |value: Option<Hundredths>| Some(Hundredths(to(value.map(|value| i64::from(value.0))) as u16));
        match change.value {
            Value::ActiveBreakers => then.active = edge > 0,
            Value::ConsecutiveLow => health.consecutive_low = to(Some(health.consecutive_low.into())) as u32,
            Value::RollingComposite => health.rolling_composite = score(health.rolling_composite),
            Value::ResolutionRate => health.resolution_rate = score(health.resolution_rate),
            Value::ConversationCount => health.conversation_count = to(Some(health.conversation_count.into())) as u32,
            Value::TrendChange => {}
        }
        Ok(then)
    }

    fn all_moved<'a>(&self, changes: impl IntoIterator<Item = &'a Change>) -> Result<Self, String> {
        changes.into_iter().try_fold(self.clone(), |then, change| then.moved(change, 0))
    }

    /// What comes of moving one value alone, to wherever a rule begins or ends.
    fn neighbours(&self, naive: &Naive) -> Vec<Self> {
        let with = |change: &dyn Fn(&mut Self)| {
            let mut then = self.clone();
            change(&mut then);
            then
        };
        let mut all = vec![
            with(&|then| then.active = !then.active),
            with(&|then| then.health.trend = Trend::Stable),
            with(&|then| then.health.trend = Trend::Declining),
            with(&|then| then.health.conversation_count = then.health.conversation_count.max(3)),
        ];
        if self.health.conversation_count < 5 {
            // There is no trend.
            all.remove(2);
        }
        all.extend(
            (0..=naive.csat.circuit_breaker_count.into()).map(|run| with(&|then| then.health.consecutive_low = run)),
        );
        if self.health.conversation_count > 0 {
            let some = |value| Some(Hundredths(value));
            let threshold = naive.csat.threshold_low_composite.0;
            for value in [100, 199, 200, threshold - 1, threshold, 349, 350, 500] {
                all.push(with(&|then| then.health.rolling_composite = some(value)));
            }
            for value in [0, 59, 60, 79, 80, 100] {
                all.push(with(&|then| then.health.resolution_rate = some(value)));
            }
        }
        all
    }
}

/// One rule is enough, with all its changes; with one of them not quite there, it is not.
fn worse(naive: &Naive, grounds: &Grounds, step: Option<&Step>) -> Check {
    let now = grounds.risk(naive).0;
    let reached = grounds.neighbours(naive).into_iter().map(|then| then.risk(naive).0).filter(|risk| *risk < now).max();
    let Some(step) = step else { return same("a worse risk, of one value moved", None, reached) };
    if step.risk >= now || step.rules.is_empty() || reached.is_some_and(|reached| reached > step.risk) {
        return Err(format!("a milder one of the worse risks is {reached:?}: {step:?} of {grounds:?}"));
    }
    for (rule, changes) in &step.rules {
        let then = grounds.all_moved(changes)?;
        same(&format!("the risk after {changes:?} of {grounds:?}"), then.risk(naive), (step.risk, *rule))?;
        for (at, change) in changes.iter().enumerate() {
            let others = changes.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, change)| change);
            let almost = grounds.all_moved(others)?.moved(change, 1)?;
            if almost.risk(naive) == (step.risk, *rule) {
                return Err(format!("{change:?} asks for too much of {grounds:?}"));
            }
        }
    }
    let named: Vec<RiskRule> = step.rules.iter().map(|(rule, _)| *rule).collect();
    for then in grounds.neighbours(naive) {
        let (risk, rule) = then.risk(naive);
        if risk == step.risk && !named.contains(&rule) {
            return Err(format!("{rule:?} gives {risk:?}, too: {step:?} of {grounds:?}"));
        }
    }
    Ok(())
}

/// All rules have to cease that hold and are as bad; of each one change is enough.
fn better(naive: &Naive, grounds: &Grounds, step: Option<&Step>) -> Check {
    let now = grounds.risk(naive).0;
    let Some(step) = step else { return same("a better risk", ChurnRisk::Low, now) };
    let few = grounds.health.conversation_count < 3;
    let holding = RULES.iter().filter(|(rule, risk)| *risk <= now && grounds.holds(naive, *rule));
    let holding: Vec<RiskRule> =
        holding.filter(|(_, risk)| !few || *risk == ChurnRisk::Critical).map(|(rule, _)| *rule).collect();
    same("rules that hold", &step.rules.iter().map(|(rule, _)| *rule).collect::<Vec<_>>(), &holding)?;
    let firsts: Vec<Change> = step.rules.iter().filter_map(|(_, changes)| changes.first().copied()).collect();
    let then = grounds.all_moved(&firsts)?;
    same(&format!("the risk after {firsts:?} of {grounds:?}"), then.risk(naive).0, step.risk)?;
    for choice in 0..2 {
        let chosen = step.rules.iter().filter_map(|(_, changes)| changes.get(choice.min(changes.len() - 1)).copied());
        let chosen: Vec<Change> = chosen.collect();
        if grounds.all_moved(&chosen)?.risk(naive).0 <= now {
            return Err(format!("no better after {chosen:?} of {grounds:?}"));
        }
        for (at, change) in chosen.iter().enumerate() {
            let others = chosen.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, change)| change);
            let rest = grounds.all_moved(others)?;
            // What another rule asks for may let this one cease as well.
            if rest.holds(naive, step.rules[at].0) && rest.moved(change, 1)?.risk(naive).0 > now {
                return Err(format!("{change:?} asks for too much of {grounds:?}"));
            }
        }
    }
    Ok(())
}

impl Naive {
    fn window_bounds(&self, account: Id, now: Millis) -> WindowBounds {
        let window = self.window(account, now);
        let newest = window.first().map_or(now, |known| score(known).scored_at);
        WindowBounds {
            from: now - self.settings.model.window_span(),
            to: newest.max(now),
            conversations: window.len() as u32,
            most_conversations: self.settings.model.window_size.into(),
            oldest: window.last().map(|known| score(known).scored_at),
        }
    }

    /// Why the run goes no further back.
    fn run_end(&self, account: Id, length: usize) -> RunEnd {
        let scope = BreakerScope::Account(account);
        let scored = self.scored(&scope);
        let counting: Vec<_> = scored.iter().take(100).filter(|known| self.counts(score(known))).collect();
        let Some(next) = counting.get(length).map(|known| score(known)) else {
            return if scored.len() > 100 { RunEnd::Horizon } else { RunEnd::Oldest };
        };
        let of_newest = score(counting[0]).scored_at;
        if !self.is_low(next.composite) {
            RunEnd::NotLow
        } else if of_newest - next.scored_at > self.run_span() && !self.breaks(Broken::RunEndsByResolve) {
            RunEnd::BreakerWindow
        } else {
            RunEnd::LatestResolve
        }
    }

    fn run_bounds(&self, account: Id) -> RunBounds {
        let scope = BreakerScope::Account(account);
        let length = self.run(&scope).len();
        let mut counting = self.scored(&scope).into_iter().take(100).filter(|known| self.counts(score(known)));
        let resolves = self.breakers.iter().filter(|breaker| breaker.scope == scope);
        let latest = resolves.filter_map(|breaker| breaker.resolved.as_ref()).max_by_key(|deed| deed.position);
        RunBounds {
            length: length as u32,
            trips_at: self.csat.circuit_breaker_count.into(),
            window_hours: self.csat.circuit_breaker_window_hours.into(),
            from: counting.next().map(|known| score(known).scored_at - self.run_span()),
            latest_resolve: latest.map(|deed| deed.at),
            horizon: 100,
            ended_by: self.run_end(account, length),
        }
    }

    fn same_trend(&self, found: &TrendLine, window: &[&Conversation]) -> Result<Option<(i64, i64)>, String> {
        let points: Vec<Considered> = window.iter().take(20).rev().map(|known| considered(known)).collect();
        same("points of a trend", &found.points, &points)?;
        let composites: Vec<i64> = points.iter().map(|point| i64::from(point.composite.0)).collect();
        let change = change_of(&composites);
        let is_same = found.trend == self.trend(window)
            && equal(found.change, change)
            && equal(found.slope, change.map(|(above, below)| (above, below * (composites.len() as i64 - 1))));
        if is_same { Ok(change) } else { Err(format!("a trend: {found:?} is {change:?}")) }
    }

    fn note_explanation(&mut self, next: &Next, bounds: &RunBounds) {
        self.coverage.count(match bounds.ended_by {
            RunEnd::NotLow => "run ended by one that is not low",
            RunEnd::BreakerWindow => "run ended by its hours",
            RunEnd::LatestResolve => "run ended by a resolve",
            RunEnd::Horizon => "run ended by the horizon",
            RunEnd::Oldest => "run ended by the oldest",
        });
        for (step, what) in
            [(&next.worse, "rules to a worse risk"), (&next.better, "rules that keep from a better risk")]
        {
            self.coverage.add(what, step.as_ref().map_or(0, |step| step.rules.len() as u64));
        }
    }
}

impl Compared {
    /// As of any moment.
    pub fn explanation_of(&mut self, account: Id, now: Millis) -> Check {
        let found = self.real.workspace().account_explanation(account, now);
        let known = self.naive.accounts.iter().any(|(id, _)| *id == account);
        let Some(found) = found else { return same("explains an account", false, known) };
        let naive = &self.naive;
        let scope = BreakerScope::Account(account);
        let health = naive.assess(account, now);
        let AccountExplanation { account_id, account_name, churn_risk, rule, next, window, run, .. } = &found;
        let AccountExplanation { run_bounds, trend, .. } = &found;
        same("an account's name", account_name, &naive.name_of(account))?;
        let active = naive.active(&scope).is_some();
        same("an account's risk", (*account_id, (*churn_risk, *rule)), (account, naive.risk_of(&health, active)))?;
        same("bounds of a window", window, &naive.window_bounds(account, now))?;
        same("a run", run, &naive.run(&scope).into_iter().map(considered).collect())?;
        same("bounds of a run", run_bounds, &naive.run_bounds(account))?;
        let change = naive.same_trend(trend, &naive.window(account, now))?;
        let grounds = Grounds { health, active, change };
        for step in [&next.worse, &next.better].into_iter().flatten() {
            for change in step.rules.iter().flat_map(|(_, changes)| changes) {
                if !equal(change.now, grounds.now(change.value)) {
                    return Err(format!("what is now: {change:?} of {grounds:?}"));
                }
            }
        }
        worse(naive, &grounds, next.worse.as_ref())?;
        better(naive, &grounds, next.better.as_ref())?;
        let (next, bounds) = (next.clone(), *run_bounds);
        self.naive.note_explanation(&next, &bounds);
        Ok(())
    }
}
