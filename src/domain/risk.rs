//! The rules of churn risk (R6.5), in their order: which one gives a risk, and what would have to be different for
//! another (R6.8).

use super::health::RiskRule;
use super::rules::Rules;
use super::score::{Hundredths, Ratio};
use super::trend;
use super::view::{ChurnRisk, Trend};

/// With fewer conversations only `critical` and `low` exist.
const FEW: usize = 3;

/// What the rules look at: published values, some of which may not be there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grounds {
    pub composite: Option<Hundredths>,
    pub resolution_rate: Option<Hundredths>,
    pub conversations: usize,
    pub run: usize,
    pub trend: Trend,
    /// What the trend is judged by.
    pub trend_change: Option<Ratio>,
    pub active: bool,
}

/// One thing that a rule asks for.
#[derive(Clone, Copy, Debug)]
enum Condition {
    Active,
    RunOf(usize),
    CompositeBelow(Hundredths),
    RateBelow(Hundredths),
    Declining,
    Few,
}

/// A rule holds if all its conditions do.
#[derive(Clone, Copy, Debug)]
struct Rule {
    risk: ChurnRisk,
    name: RiskRule,
    first: Condition,
    second: Option<Condition>,
}

/// The rules in their order; what none of them holds for is low.
fn in_order(rules: &Rules) -> [Rule; 11] {
    use Condition::{Active, CompositeBelow, Declining, Few, RateBelow, RunOf};
    let threshold = CompositeBelow(rules.csat.threshold_low_composite);
    let below_350 = CompositeBelow(Hundredths(350));
    let rule = |risk, name, first| Rule { risk, name, first, second: None };
    let falling =
        Rule { second: Some(Declining), ..rule(ChurnRisk::High, RiskRule::CompositeBelow350AndDeclining, below_350) };
    [
        rule(ChurnRisk::Critical, RiskRule::ActiveBreaker, Active),
        rule(ChurnRisk::Critical, RiskRule::RunTrips, RunOf(rules.csat.circuit_breaker_count.into())),
        rule(ChurnRisk::Critical, RiskRule::CompositeBelow2, CompositeBelow(Hundredths(200))),
        rule(ChurnRisk::Low, RiskRule::FewConversations, Few),
        rule(ChurnRisk::High, RiskRule::CompositeBelowThreshold, threshold),
        rule(ChurnRisk::High, RiskRule::ResolutionRateBelow60, RateBelow(Hundredths(60))),
        falling,
        rule(ChurnRisk::Medium, RiskRule::CompositeBelow350, below_350),
        rule(ChurnRisk::Medium, RiskRule::ResolutionRateBelow80, RateBelow(Hundredths(80))),
        rule(ChurnRisk::Medium, RiskRule::Declining, Declining),
        rule(ChurnRisk::Medium, RiskRule::RunOf2, RunOf(2)),
    ]
}

/// What would give another risk, as if nothing else changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Next {
    /// None where there is no worse one.
    pub worse: Option<Step>,
    /// None where there is no better one.
    pub better: Option<Step>,
}

/// What leads to a risk. For a worse one, one of the rules is enough, with all its changes. For a better one all have
/// to cease, and of each one change is enough.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub risk: ChurnRisk,
    pub rules: Vec<(RiskRule, Vec<Change>)>,
}

/// How a value would have to change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    pub value: Value,
    pub now: Option<Ratio>,
    pub needs: Needs,
    pub bound: Ratio,
}

/// What the rules look at, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    ActiveBreakers,
    ConsecutiveLow,
    RollingComposite,
    ResolutionRate,
    TrendChange,
    ConversationCount,
}

/// On which side of its bound a value would have to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    Below,
    AtMost,
    AtLeast,
    Above,
}

impl Condition {
    /// A value that is not there fulfils nothing.
    fn holds(self, grounds: &Grounds) -> bool {
        match self {
            Self::Active => grounds.active,
            Self::RunOf(least) => grounds.run >= least,
            Self::CompositeBelow(limit) => grounds.composite.is_some_and(|composite| composite < limit),
            Self::RateBelow(limit) => grounds.resolution_rate.is_some_and(|rate| rate < limit),
            Self::Declining => grounds.trend == Trend::Declining,
            Self::Few => grounds.conversations < FEW,
        }
    }

    /// Lets it hold, or cease, with as little as possible changed.
    fn set(self, holds: bool, grounds: &mut Grounds) {
        if self.holds(grounds) == holds {
            return;
        }
        let up_to = |limit: Hundredths| Some(if holds { Hundredths(limit.0 - 1) } else { limit });
        match self {
            Self::Active => grounds.active = holds,
            Self::RunOf(least) => grounds.run = if holds { least } else { least - 1 },
            Self::CompositeBelow(limit) => grounds.composite = up_to(limit),
            Self::RateBelow(limit) => grounds.resolution_rate = up_to(limit),
            Self::Declining if holds => {
                grounds.trend = Trend::Declining;
                grounds.conversations = grounds.conversations.max(trend::MINIMUM);
            }
            Self::Declining => grounds.trend = Trend::Stable,
            Self::Few => grounds.conversations = if holds { FEW - 1 } else { FEW },
        }
    }

    /// What has to change for it to hold, or to cease.
    fn change(self, holds: bool, grounds: &Grounds) -> Change {
        let hundredths = |value: Hundredths| Ratio { numerator: value.0.into(), denominator: 100 };
        let (value, now, bound) = match self {
            Self::Active => (Value::ActiveBreakers, Some(count(grounds.active.into())), count(1)),
            Self::RunOf(least) => (Value::ConsecutiveLow, Some(count(grounds.run)), count(least)),
            Self::CompositeBelow(limit) => {
                (Value::RollingComposite, grounds.composite.map(hundredths), hundredths(limit))
            }
            Self::RateBelow(limit) => {
                (Value::ResolutionRate, grounds.resolution_rate.map(hundredths), hundredths(limit))
            }
            Self::Declining => (Value::TrendChange, grounds.trend_change, Ratio { numerator: -1, denominator: 4 }),
            Self::Few => (Value::ConversationCount, Some(count(grounds.conversations)), count(FEW)),
        };
        let needs = match (self, holds) {
            (Self::Active | Self::RunOf(_), true)
            | (Self::CompositeBelow(_) | Self::RateBelow(_) | Self::Few, false) => Needs::AtLeast,
            (Self::Active | Self::RunOf(_), false)
            | (Self::CompositeBelow(_) | Self::RateBelow(_) | Self::Few, true) => Needs::Below,
            (Self::Declining, true) => Needs::AtMost,
            (Self::Declining, false) => Needs::Above,
        };
        Change { value, now, needs, bound }
    }
}

fn count(number: usize) -> Ratio {
    Ratio { numerator: number as i64, denominator: 1 }
}

impl Rule {
    fn conditions(&self) -> impl Iterator<Item = Condition> {
        [Some(self.first), self.second].into_iter().flatten()
    }

    fn holds(&self, grounds: &Grounds) -> bool {
        self.conditions().all(|condition| condition.holds(grounds))
    }
}

impl Grounds {
    /// The first rule that holds, and the risk that it gives.
    pub fn risk(&self, rules: &Rules) -> (ChurnRisk, RiskRule) {
        let first = in_order(rules).into_iter().find(|rule| rule.holds(self));
        first.map_or((ChurnRisk::Low, RiskRule::None), |rule| (rule.risk, rule.name))
    }

    /// R6.8.
    pub fn next(&self, rules: &Rules) -> Next {
        Next { worse: self.worse(rules), better: self.better(rules) }
    }

    /// The mildest of the worse risks that the change of one rule leads to.
    fn worse(&self, rules: &Rules) -> Option<Step> {
        let (now, order) = (self.risk(rules).0, in_order(rules));
        let worse = order.iter().enumerate().filter(|(_, rule)| rule.risk < now);
        let reached = worse.filter_map(|(at, rule)| {
            // A milder rule that stands before it must cease, too.
            let before = order[..at].iter().filter(|other| other.risk > rule.risk);
            let changes = self.brought_about(rules, rule, before)?;
            Some((rule.risk, rule.name, changes))
        });
        let reached: Vec<_> = reached.collect();
        let risk = reached.iter().map(|(risk, ..)| *risk).max()?;
        let rules = reached.into_iter().filter(|(of, ..)| *of == risk).map(|(_, name, changes)| (name, changes));
        Some(Step { risk, rules: rules.collect() })
    }

    /// What makes a rule the first that holds; none if that is not to be had, since another rule goes with it.
    fn brought_about<'a>(
        &self,
        rules: &Rules,
        rule: &Rule,
        before: impl Iterator<Item = &'a Rule>,
    ) -> Option<Vec<Change>> {
        let mut then = *self;
        before.for_each(|other| other.first.set(false, &mut then));
        rule.conditions().for_each(|condition| condition.set(true, &mut then));
        let impossible = then.composite.is_some_and(|composite| composite < Hundredths::MIN_SCORE);
        if impossible || then.risk(rules) != (rule.risk, rule.name) {
            return None;
        }
        let unmet = rule.conditions().filter(|condition| !condition.holds(self));
        let mut changes: Vec<_> = unmet.map(|condition| condition.change(true, self)).collect();
        if then.conversations > self.conversations {
            let more = Condition::Few.change(false, self);
            changes.push(Change { bound: count(then.conversations), ..more });
        }
        Some(changes)
    }

    /// The risk there is once all rules have ceased that hold and are as bad as the present risk.
    fn better(&self, rules: &Rules) -> Option<Step> {
        let (now, _) = self.risk(rules);
        if now == ChurnRisk::Low {
            return None;
        }
        let mut then = *self;
        let holding = in_order(rules).into_iter().filter(|rule| rule.risk <= now && rule.holds(self));
        let ceasing = holding.map(|rule| {
            rule.first.set(false, &mut then);
            (rule.name, rule.conditions().map(|condition| condition.change(false, self)).collect())
        });
        let ceasing = ceasing.collect();
        Some(Step { risk: then.risk(rules).0, rules: ceasing })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn healthy() -> Grounds {
        Grounds {
            composite: Some(Hundredths(420)),
            resolution_rate: Some(Hundredths(95)),
            conversations: 10,
            run: 0,
            trend: Trend::Stable,
            trend_change: Some(Ratio { numerator: -1, denominator: 10 }),
            active: false,
        }
    }

    /// The changes, moved as far as all of them ask for and no further.
    fn after(grounds: &Grounds, changes: &[Change]) -> Grounds {
        let mut then = *grounds;
        for Change { value, needs, bound, .. } in changes {
            let edge = match needs {
                Needs::Below => bound.numerator - 1,
                Needs::AtLeast | Needs::AtMost | Needs::Above => bound.numerator,
            };
            match value {
                Value::ActiveBreakers => then.active = edge == 1,
                Value::ConsecutiveLow => then.run = edge as usize,
                // Two rules may ask for it.
                Value::RollingComposite if *needs == Needs::AtLeast => {
                    then.composite = then.composite.max(Some(Hundredths(edge as u16)));
                }
                Value::RollingComposite => then.composite = Some(Hundredths(edge as u16)),
                Value::ResolutionRate => then.resolution_rate = Some(Hundredths(edge as u16)),
                Value::TrendChange if *needs == Needs::AtMost => then.trend = Trend::Declining,
                Value::TrendChange => then.trend = Trend::Stable,
                Value::ConversationCount => then.conversations = edge as usize,
            }
        }
        then
    }

    fn rules(threshold: u16, count: u16) -> Rules {
        let mut rules = Rules::default();
        rules.csat.threshold_low_composite = Hundredths(threshold);
        rules.csat.circuit_breaker_count = count;
        rules
    }

    fn names(step: &Step) -> (ChurnRisk, Vec<RiskRule>) {
        (step.risk, step.rules.iter().map(|(rule, _)| *rule).collect())
    }

    #[test]
    fn r6_5_the_seeds_example_is_medium() {
        let grounds = Grounds {
            composite: Some(Hundredths(385)),
            resolution_rate: Some(Hundredths(88)),
            run: 2,
            trend: Trend::Declining,
            ..healthy()
        };
        assert_eq!(grounds.risk(&Rules::default()), (ChurnRisk::Medium, RiskRule::Declining));
        let next = grounds.next(&Rules::default());
        let worse = [
            RiskRule::CompositeBelowThreshold,
            RiskRule::ResolutionRateBelow60,
            RiskRule::CompositeBelow350AndDeclining,
        ];
        assert_eq!(names(&next.worse.unwrap()), (ChurnRisk::High, worse.into()));
        let better = next.better.unwrap();
        assert_eq!(names(&better), (ChurnRisk::Low, [RiskRule::Declining, RiskRule::RunOf2].into()));
        let run = Change { value: Value::ConsecutiveLow, now: Some(count(2)), needs: Needs::Below, bound: count(2) };
        assert_eq!(better.rules[1].1, [run]);
    }

    #[test]
    fn r6_8_only_what_still_lacks_is_named() {
        let falling = Grounds { trend: Trend::Declining, ..healthy() };
        let worse = falling.next(&Rules::default()).worse.unwrap();
        let (_, changes) =
            worse.rules.iter().find(|(rule, _)| *rule == RiskRule::CompositeBelow350AndDeclining).unwrap();
        assert_eq!(changes.iter().map(|change| change.value).collect::<Vec<_>>(), [Value::RollingComposite]);
    }

    #[test]
    fn r6_8_with_few_conversations_more_are_needed() {
        let few = Grounds { conversations: 2, composite: Some(Hundredths(250)), ..healthy() };
        let next = few.next(&Rules::default());
        assert_eq!(next.better, None);
        let worse = next.worse.unwrap();
        let more =
            Change { value: Value::ConversationCount, now: Some(count(2)), needs: Needs::AtLeast, bound: count(3) };
        assert_eq!((worse.risk, &worse.rules[0]), (ChurnRisk::High, &(RiskRule::CompositeBelowThreshold, vec![more])));
    }

    #[test]
    fn r6_8_a_breaker_alone_leads_back_to_where_the_account_would_be() {
        let paused = Grounds { active: true, ..healthy() };
        let next = paused.next(&Rules::default());
        assert_eq!(next.worse, None);
        assert_eq!(names(&next.better.unwrap()), (ChurnRisk::Low, vec![RiskRule::ActiveBreaker]));
    }

    #[test]
    fn r6_8_a_rule_that_another_hides_is_not_offered() {
        // Below 3.5 this account is below its threshold, too, which is worse.
        let next = healthy().next(&rules(400, 2));
        assert_eq!(
            names(&next.worse.unwrap()),
            (ChurnRisk::Medium, vec![RiskRule::ResolutionRateBelow80, RiskRule::Declining])
        );
    }

    proptest! {
        #[test]
        fn r6_8_what_is_said_to_give_a_risk_gives_it(
            composite in proptest::option::of(100_u16..=500), rate in proptest::option::of(0_u16..=100),
            conversations in 0_usize..12, run in 0_usize..6, falls: bool, active: bool,
            threshold in 100_u16..=500, count in 1_u16..6,
        ) {
            let grounds = Grounds {
                composite: composite.map(Hundredths),
                resolution_rate: rate.map(Hundredths),
                conversations,
                run,
                trend: if falls && conversations >= trend::MINIMUM { Trend::Declining } else { Trend::Stable },
                trend_change: None,
                active,
            };
            let rules = rules(threshold, count);
            let ((now, _), next) = (grounds.risk(&rules), grounds.next(&rules));
            prop_assert_eq!(next.worse.is_none(), now == ChurnRisk::Critical);
            prop_assert_eq!(next.better.is_none(), now == ChurnRisk::Low);
            if let Some(step) = next.worse {
                prop_assert!(step.risk < now);
                for (rule, changes) in step.rules {
                    prop_assert_eq!(after(&grounds, &changes).risk(&rules), (step.risk, rule));
                }
            }
            if let Some(step) = next.better {
                let firsts: Vec<_> = step.rules.iter().map(|(_, changes)| changes[0]).collect();
                let lasts: Vec<_> = step.rules.iter().map(|(_, changes)| changes[changes.len() - 1]).collect();
                for changes in [firsts, lasts] {
                    prop_assert!(after(&grounds, &changes).risk(&rules).0 > now);
                }
                for missing in 0..step.rules.len() {
                    let others = step.rules.iter().enumerate().filter(|(at, _)| *at != missing);
                    let others: Vec<_> = others.flat_map(|(_, (_, changes))| changes.clone()).collect();
                    let kept = step.rules[missing].0;
                    let is_other = |change: &Change| step.rules[missing].1.iter().all(|own| own.value != change.value);
                    let others: Vec<_> = others.into_iter().filter(is_other).collect();
                    prop_assert_eq!(after(&grounds, &others).risk(&rules).0, now, "{:?} still holds", kept);
                }
            }
        }
    }
}
