//! Section 6: windows, runs and health, from the whole list of conversations.

use tripswitch::domain::health::RiskRule;
use tripswitch::domain::ids::Id;
use tripswitch::domain::score::Hundredths;
use tripswitch::domain::time::{HOUR, Millis};
use tripswitch::domain::view::{
    AccountHealth, BreakerScope, BreakerView, ChurnRisk, ConversationQuality, Gate, Known, LabelKind, Trend,
};
use tripswitch::domain::workspace::GateQuestion;

use crate::broken::Broken;
use crate::naive::{Breaker, Conversation, Naive, Score};
use crate::real::Explained;

impl Naive {
    /// The scored conversations of a scope, newest first.
    pub fn scored(&self, scope: &BreakerScope) -> Vec<&Conversation> {
        let mut scored: Vec<_> = self
            .conversations
            .iter()
            .filter(|known| known.score.is_some())
            .filter(|known| match scope {
                BreakerScope::Account(id) => known.attachment.account() == Some(*id),
                BreakerScope::Workspace => true,
                BreakerScope::Label(kind, name) => known.labels[*kind as usize].as_ref() == Some(name),
            })
            .collect();
        scored.sort_by_key(|known| std::cmp::Reverse(order(known)));
        scored
    }

    /// R6.1, newest first, as of `now`.
    pub fn window(&self, account: Id, now: Millis) -> Vec<&Conversation> {
        self.window_without(account, now, None)
    }

    /// The window as it would be if `absent` were not of this account.
    pub fn window_without(&self, account: Id, now: Millis, absent: Option<Id>) -> Vec<&Conversation> {
        let since = now - self.settings.model.window_span() + Millis::from(self.breaks(Broken::WindowDaysExclusive));
        let mut newest = self.scored(&BreakerScope::Account(account));
        newest.retain(|known| Some(known.id) != absent);
        newest.retain(|known| !self.fallen_out.contains(&(account, known.id)));
        newest.truncate(self.window_size());
        newest.retain(|known| score(known).scored_at >= since);
        newest
    }

    /// Those that the windows would hold were they not bounded by days, with their account.
    pub fn windows(&self) -> Vec<(Id, Id)> {
        let newest = |account: Id| {
            let scored = self.scored(&BreakerScope::Account(account));
            scored.into_iter().take(usize::from(self.settings.model.window_size)).map(move |known| (account, known.id))
        };
        self.accounts.iter().flat_map(|(account, _)| newest(*account)).collect()
    }

    /// Counts the conversations that came back into a window because another left it.
    pub fn note_returned(&mut self, before: &[(Id, Id)]) {
        let after = self.windows();
        let (size, left) = (before.len(), before.iter().any(|entry| !after.contains(entry)));
        if size > 0 && left && after.iter().any(|entry| !before.contains(entry)) {
            self.coverage.count("next older one counts again");
        }
    }

    fn window_size(&self) -> usize {
        let size = usize::from(self.settings.model.window_size);
        match self.broken {
            Some(Broken::WindowOneLess) => size - 1,
            Some(Broken::WindowOneMore) => size + 1,
            _ => size,
        }
    }

    /// For [`Broken::NextOlderNeverReturns`]: whatever is out of a window now stays out.
    pub fn note_fallen_out(&mut self) {
        let size = usize::from(self.settings.model.window_size);
        let accounts: Vec<Id> = self.accounts.iter().map(|(id, _)| *id).collect();
        for account in accounts {
            let mut newest: Vec<Id> =
                self.scored(&BreakerScope::Account(account)).iter().map(|known| known.id).collect();
            newest.retain(|id| !self.fallen_out.contains(&(account, *id)));
            self.fallen_out.extend(newest.iter().skip(size).map(|id| (account, *id)));
        }
    }

    pub fn run_span(&self) -> Millis {
        Millis::from(self.csat.circuit_breaker_window_hours) * HOUR
    }

    pub fn factor(&self, scope: &BreakerScope) -> u32 {
        match scope {
            BreakerScope::Account(_) => 1,
            BreakerScope::Label(..) if self.breaks(Broken::LabelWithoutFactor) => 1,
            BreakerScope::Workspace | BreakerScope::Label(..) => {
                u32::from(self.settings.model.workspace_factor) - u32::from(self.breaks(Broken::WorkspaceFactorOneLess))
            }
        }
    }

    pub fn is_low(&self, composite: Hundredths) -> bool {
        let threshold = self.csat.threshold_low_composite;
        composite < threshold || (composite == threshold && self.breaks(Broken::LowIsInclusive))
    }

    /// R7.7.
    pub fn counts(&self, score: &Score) -> bool {
        let edge = u16::from(self.breaks(Broken::MinimaExclusive));
        self.own.min_confidence.is_none_or(|least| score.confidence.0 >= least.0 + edge)
            && self.own.min_signals.is_none_or(|least| score.signal_count >= least + edge)
    }

    /// R6.3, newest first; those that do not count are passed over.
    pub fn run(&self, scope: &BreakerScope) -> Vec<&Conversation> {
        let mut newest_first = self.scored(scope);
        if self.breaks(Broken::HorizonOfCounted) {
            newest_first.retain(|known| self.counts(score(known)));
        }
        let resolves = self
            .breakers
            .iter()
            .filter(|breaker| breaker.scope == *scope)
            .filter_map(|breaker| breaker.resolved.as_ref());
        let latest = if self.breaks(Broken::FirstResolveCounts) {
            resolves.min_by_key(|deed| deed.position)
        } else {
            resolves.max_by_key(|deed| deed.position)
        };
        let looked_at = (if self.breaks(Broken::RunOver99) { 99 } else { 100 }) * self.factor(scope) as usize;
        let uncapped = match scope {
            BreakerScope::Account(_) => self.breaks(Broken::AccountRunUncapped),
            BreakerScope::Workspace | BreakerScope::Label(..) => self.breaks(Broken::WorkspaceRunUncapped),
        };
        let looked_at = if uncapped { usize::MAX } else { looked_at };
        newest_first.truncate(looked_at);
        let newest_of_all = newest_first.first().copied();
        if !self.breaks(Broken::UncountedEndsRun) {
            newest_first.retain(|known| self.counts(score(known)));
        }
        let mut run: Vec<&Conversation> = Vec::new();
        for known in &newest_first {
            let Score { composite, scored_at, position, .. } = score(known);
            let from = newest_of_all.filter(|_| self.breaks(Broken::GapFromUncounted)).unwrap_or(newest_first[0]);
            let gap = score(from).scored_at - scored_at;
            let edge = self.run_span() - Millis::from(self.breaks(Broken::RunEdgeExclusive));
            let by_time =
                latest.is_some_and(|deed| *scored_at <= deed.at) && !self.breaks(Broken::ResolveIgnoredByTime);
            let by_position =
                latest.is_some_and(|deed| *position < deed.position) && !self.breaks(Broken::ResolveIgnoredByPosition);
            if !self.is_low(*composite) || !self.counts(score(known)) || gap > edge || by_time || by_position {
                break;
            }
            run.push(*known);
        }
        run
    }

    /// R6.8: the rule of the risk, the run, and those that were passed over on the way to its end.
    pub fn reasons(&self, account: Id, now: Millis) -> Reasons {
        let scope = BreakerScope::Account(account);
        let run = self.run(&scope);
        let mut counted = 0;
        let mut left_out = Vec::new();
        for known in self.scored(&scope).into_iter().take(100) {
            if !self.counts(score(known)) {
                left_out.push((!known.erased).then_some(known.id));
            } else if counted == run.len() {
                break;
            } else {
                counted += 1;
            }
        }
        let run = run.iter().map(|known| (!known.erased).then_some(known.id)).collect();
        (self.risk(&self.assess(account, now)).1, run, left_out)
    }

    pub fn active(&self, scope: &BreakerScope) -> Option<&Breaker> {
        self.breakers.iter().find(|breaker| breaker.scope == *scope && breaker.resolved.is_none())
    }

    /// R3.4.
    pub fn active_breakers(&self) -> Vec<BreakerView> {
        let active = self.breakers.iter().rev().filter(|breaker| breaker.resolved.is_none());
        let mut views: Vec<_> = active.map(|breaker| self.breaker_view(breaker)).collect();
        if self.breaks(Broken::BreakersOldestFirst) {
            views.reverse();
            views.sort_by_key(|view| std::cmp::Reverse(view.triggered_at));
        }
        views
    }

    /// R8.1; `breakers` in no particular order.
    pub fn gate<'a>(&self, question: impl Into<GateQuestion<'a>>) -> Gate {
        let GateQuestion { account, channel, intent } = question.into();
        let of_account = account.and_then(|id| self.active(&BreakerScope::Account(id)));
        let workspace = self.active(&BreakerScope::Workspace);
        let named = [(LabelKind::Channel, channel), (LabelKind::Intent, intent)];
        let labels = named.into_iter().filter_map(|(kind, name)| self.active(&BreakerScope::Label(kind, name?.into())));
        let labels: Vec<_> = labels.filter(|_| !self.breaks(Broken::GateWithoutLabels)).collect();
        let breakers = of_account.into_iter().chain(workspace).chain(labels).filter_map(|breaker| breaker.id);
        Gate { breakers: breakers.collect(), epoch: self.epoch }
    }

    /// R3.3; none for an unknown account.
    pub fn health(&mut self, account: Id, now: Millis) -> Option<AccountHealth> {
        self.accounts.iter().find(|(id, _)| *id == account)?;
        let health = self.assess(account, now);
        let passed_over = self.scored(&BreakerScope::Account(account)).iter().any(|known| !self.counts(score(known)));
        if passed_over && health.consecutive_low > 1 {
            self.coverage.count("passed over in a run");
        }
        let (scored, full) =
            (self.scored(&BreakerScope::Account(account)).len(), usize::from(self.settings.model.window_size));
        let aged_out = health.conversation_count == 0 && scored > 0;
        self.note_health(&health, scored > full, aged_out);
        Some(health)
    }

    pub fn assess(&self, account: Id, now: Millis) -> AccountHealth {
        let window = self.window(account, now);
        let mut health = AccountHealth {
            account_id: account,
            rolling_composite: self.average(&window, |score| score.composite),
            rolling_outcome: self.average(&window, |score| score.dimensions[0]),
            rolling_process: self.average(&window, |score| score.dimensions[1]),
            rolling_environment: self.average(&window, |score| score.dimensions[2]),
            resolution_rate: self.resolution_rate(&window),
            conversation_count: window.len() as u32,
            churn_risk: ChurnRisk::Low,
            consecutive_low: self.run(&BreakerScope::Account(account)).len() as u32,
            trend: self.trend(&window),
        };
        health.churn_risk = self.risk(&health).0;
        health
    }

    fn note_health(&mut self, health: &AccountHealth, full: bool, aged_out: bool) {
        self.coverage.count(match health.churn_risk {
            ChurnRisk::Critical => "risk critical",
            ChurnRisk::High => "risk high",
            ChurnRisk::Medium => "risk medium",
            ChurnRisk::Low => "risk low",
        });
        self.coverage.count(match health.trend {
            Trend::Improving => "trend improving",
            Trend::Stable => "trend stable",
            Trend::Declining => "trend declining",
        });
        if full {
            self.coverage.count("more than the window holds");
        }
        if aged_out {
            self.coverage.count("all older than the window");
        }
        if health.consecutive_low >= 100 {
            self.coverage.count("run of 100");
        }
    }

    /// R6.4.
    pub fn trend(&self, newest_first: &[&Conversation]) -> Trend {
        let last = if self.breaks(Broken::TrendOver19) { 19 } else { 20 };
        let composites: Vec<i64> =
            newest_first.iter().take(last).rev().map(|known| i64::from(score(known).composite.0)).collect();
        trend_of(&composites, self.breaks(Broken::TrendStrict))
    }

    /// R6.5, and the first of its rules that holds (R8.2a).
    pub fn risk(&self, health: &AccountHealth) -> (ChurnRisk, RiskRule) {
        self.risk_of(health, self.active(&BreakerScope::Account(health.account_id)).is_some())
    }

    /// Where its breaker is active or not.
    pub fn risk_of(&self, health: &AccountHealth, is_active: bool) -> (ChurnRisk, RiskRule) {
        let below = |value: Option<Hundredths>, bound: u16| value.is_some_and(|value| value.0 < bound);
        let composite = health.rolling_composite;
        let declining = health.trend == Trend::Declining;
        let run_trips = health.consecutive_low >= u32::from(self.csat.circuit_breaker_count);
        if run_trips && self.breaks(Broken::RunRuleBeforeBreaker) {
            return (ChurnRisk::Critical, RiskRule::RunTrips);
        }
        if is_active {
            return (ChurnRisk::Critical, RiskRule::ActiveBreaker);
        }
        if run_trips {
            return (ChurnRisk::Critical, RiskRule::RunTrips);
        }
        if below(composite, 200) {
            return (ChurnRisk::Critical, RiskRule::CompositeBelow2);
        }
        if health.conversation_count < if self.breaks(Broken::ChurnOfTwo) { 2 } else { 3 } {
            return (ChurnRisk::Low, RiskRule::FewConversations);
        }
        if below(composite, self.csat.threshold_low_composite.0) {
            return (ChurnRisk::High, RiskRule::CompositeBelowThreshold);
        }
        if below(health.resolution_rate, 60) {
            return (ChurnRisk::High, RiskRule::ResolutionRateBelow60);
        }
        if below(composite, 350) {
            return if declining {
                (ChurnRisk::High, RiskRule::CompositeBelow350AndDeclining)
            } else {
                (ChurnRisk::Medium, RiskRule::CompositeBelow350)
            };
        }
        if below(health.resolution_rate, if self.breaks(Broken::ChurnRateEdgeInclusive) { 81 } else { 80 }) {
            return (ChurnRisk::Medium, RiskRule::ResolutionRateBelow80);
        }
        if declining {
            return (ChurnRisk::Medium, RiskRule::Declining);
        }
        if health.consecutive_low >= 2 {
            return (ChurnRisk::Medium, RiskRule::RunOf2);
        }
        (ChurnRisk::Low, RiskRule::None)
    }

    /// R3.2.
    pub fn quality(&self, conversation: Id) -> Known<ConversationQuality> {
        let Some(known) = self.conversation(conversation) else { return Known::Unknown };
        let Some(score) = &known.score else { return Known::NotScored };
        Known::Found(score.quality(conversation))
    }

    /// R5.5, as of `now`.
    pub fn explained(&self, conversation: Id, now: Millis) -> Known<Explained> {
        let Some(known) = self.conversation(conversation) else { return Known::Unknown };
        let Some(in_force) = &known.score else { return Known::NotScored };
        // What there is to explain is the model's.
        let score = known.said.as_ref().and_then(|said| said.model.as_ref()).unwrap_or(in_force);
        let span = self.settings.model.explanation_span() + Millis::from(self.breaks(Broken::ExplanationEdgeInclusive));
        if score.unexplained || now - score.made >= span {
            return Known::Gone;
        }
        Known::Found(Explained {
            account: known.attachment.account().map(|id| (id, self.name_of(id))),
            labels: known.labels.clone(),
            resolved: score.resolved,
            reopened: self.is_reopened(known),
            imported: score.imported,
            composite: score.composite,
            weights: score.weights,
            expectations: known.expectation.expect("scored conversations have one"),
        })
    }
}

/// A rule, a run and what was left out of it; without ids that are erased.
pub type Reasons = (RiskRule, Vec<Option<Id>>, Vec<Option<Id>>);

/// The least-squares slope over x = 0 … n − 1, times n − 1, against a quarter, in whole numbers.
pub fn trend_of(composites: &[i64], strict: bool) -> Trend {
    let n = composites.len() as i64;
    if n < 5 {
        return Trend::Stable;
    }
    let sum_x: i64 = (0..n).sum();
    let sum_xx: i64 = (0..n).map(|x| x * x).sum();
    let sum_y: i64 = composites.iter().sum();
    let sum_xy: i64 = (0..n).zip(composites).map(|(x, y)| x * y).sum();
    let change = (n * sum_xy - sum_x * sum_y) * (n - 1);
    let quarter = 25 * (n * sum_xx - sum_x * sum_x);
    if change > quarter || (change == quarter && !strict) {
        Trend::Improving
    } else if change < -quarter || (change == -quarter && !strict) {
        Trend::Declining
    } else {
        Trend::Stable
    }
}

pub fn score(known: &Conversation) -> &Score {
    known.score.as_ref().expect("only scored conversations are listed")
}

/// Its place among others (R6.1).
pub fn order(known: &Conversation) -> (Millis, tripswitch::domain::ids::Position) {
    (score(known).scored_at, score(known).position)
}
