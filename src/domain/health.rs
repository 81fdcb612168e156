//! Health of an account: averages, trend and churn risk of its window (R6.1–R6.5).

use serde::{Deserialize, Serialize};

use super::ids::Id;
use super::rules::Rules;
use super::run::Scored;
use super::score::Hundredths;
use super::timeline::Key;
use super::view::{AccountHealth, ChurnRisk, Trend};

/// The trend (R6.4) is that of so many conversations.
const TREND_LENGTH: usize = 20;
/// With fewer than these there is none.
const TREND_MINIMUM: usize = 5;

/// A scored conversation as its account keeps it: 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowEntry {
    /// Its number in the workspace.
    pub conversation: u32,
    pub key: Key,
    pub dimensions: [Hundredths; 3],
    pub composite: Hundredths,
    pub signal_count: u16,
    /// In hundredths.
    pub confidence: u8,
    pub resolved: bool,
}

impl WindowEntry {
    /// As a run sees it.
    pub fn scored(&self) -> Scored {
        Scored {
            conversation: self.conversation,
            key: self.key,
            composite: self.composite,
            confidence: Hundredths(self.confidence.into()),
            signal_count: self.signal_count,
        }
    }
}

/// Which rule of R6.5 gives the churn risk. The order of the variants is part of the on-disk format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RiskRule {
    ActiveBreaker,
    /// The run is as long as one that trips a breaker.
    RunTrips,
    CompositeBelow2,
    CompositeBelowThreshold,
    ResolutionRateBelow60,
    CompositeBelow350AndDeclining,
    CompositeBelow350,
    ResolutionRateBelow80,
    Declining,
    RunOf2,
    /// None of the others holds.
    None,
    /// Fewer than three conversations, so only the first three could hold.
    FewConversations,
}

impl RiskRule {
    pub const ALL: [Self; 12] = [
        Self::ActiveBreaker,
        Self::RunTrips,
        Self::CompositeBelow2,
        Self::CompositeBelowThreshold,
        Self::ResolutionRateBelow60,
        Self::CompositeBelow350AndDeclining,
        Self::CompositeBelow350,
        Self::ResolutionRateBelow80,
        Self::Declining,
        Self::RunOf2,
        Self::None,
        Self::FewConversations,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::ActiveBreaker => "active_breaker",
            Self::RunTrips => "consecutive_low_at_count",
            Self::CompositeBelow2 => "composite_below_2",
            Self::CompositeBelowThreshold => "composite_below_threshold",
            Self::ResolutionRateBelow60 => "resolution_rate_below_0_6",
            Self::CompositeBelow350AndDeclining => "composite_below_3_5_and_declining",
            Self::CompositeBelow350 => "composite_below_3_5",
            Self::ResolutionRateBelow80 => "resolution_rate_below_0_8",
            Self::Declining => "declining",
            Self::RunOf2 => "consecutive_low_2",
            Self::None => "none",
            Self::FewConversations => "few_conversations",
        }
    }
}

/// What a window adds up to.
#[derive(Default)]
struct Totals {
    dimensions: [u64; 3],
    composite: u64,
    resolved: u64,
}

impl Totals {
    fn of(rules: &Rules, window: &[WindowEntry]) -> Self {
        window.iter().fold(Self::default(), |mut totals, entry| {
            (0..3).for_each(|d| totals.dimensions[d] += u64::from(entry.dimensions[d].0));
            totals.composite += u64::from(entry.composite.0);
            totals.resolved += u64::from(rules.counts_as_resolved(entry.resolved, entry.composite));
            totals
        })
    }
}

/// `window` ascending.
pub fn of(rules: &Rules, id: Id, window: &[WindowEntry], consecutive_low: usize, active: bool) -> AccountHealth {
    let totals = Totals::of(rules, window);
    let mean = |sum| Hundredths::mean(sum, window.len() as u64);
    let (churn_risk, _) = risk(rules, window, consecutive_low, active);
    AccountHealth {
        account_id: id,
        rolling_composite: mean(totals.composite),
        rolling_outcome: mean(totals.dimensions[0]),
        rolling_process: mean(totals.dimensions[1]),
        rolling_environment: mean(totals.dimensions[2]),
        resolution_rate: mean(100 * totals.resolved),
        conversation_count: window.len() as u32,
        churn_risk,
        consecutive_low: consecutive_low as u32,
        trend: trend(window),
    }
}

/// R6.5, and the rule that gives it. `window` ascending.
pub fn risk(rules: &Rules, window: &[WindowEntry], consecutive_low: usize, active: bool) -> (ChurnRisk, RiskRule) {
    let totals = Totals::of(rules, window);
    let mean = |sum| Hundredths::mean(sum, window.len() as u64);
    let grounds = Grounds {
        composite: mean(totals.composite),
        resolution_rate: mean(100 * totals.resolved),
        conversations: window.len(),
        run: consecutive_low,
        trend: trend(window),
        active,
    };
    grounds.risk(rules)
}

/// R6.4, in integers: the least-squares slope over x = 0…n−1 is 12·S / (n·(n²−1)) with
/// S = Σ (x − (n−1)/2)·y, and the line's total change is slope·(n−1) = 12·S / (n·(n+1)).
fn trend(window: &[WindowEntry]) -> Trend {
    let newest = &window[window.len().saturating_sub(TREND_LENGTH)..];
    let n = newest.len() as i64;
    if newest.len() < TREND_MINIMUM {
        return Trend::Stable;
    }
    let twice_s: i64 = newest.iter().zip(0..).map(|(entry, x)| (2 * x - (n - 1)) * i64::from(entry.composite.0)).sum();
    // change ≥ 25 hundredths ⟺ 6·(2S) ≥ 25·n·(n+1)
    let (change, quarter) = (6 * twice_s, 25 * n * (n + 1));
    if change >= quarter {
        Trend::Improving
    } else if change <= -quarter {
        Trend::Declining
    } else {
        Trend::Stable
    }
}

/// What R6.5 looks at: published values, some of which may not be there.
#[derive(Clone, Copy)]
struct Grounds {
    composite: Option<Hundredths>,
    resolution_rate: Option<Hundredths>,
    conversations: usize,
    run: usize,
    trend: Trend,
    active: bool,
}

impl Grounds {
    /// The first rule that holds; a value that is not there fulfils none.
    fn risk(&self, rules: &Rules) -> (ChurnRisk, RiskRule) {
        let composite_below = |limit| self.composite.is_some_and(|composite| composite < limit);
        let rate_below = |limit| self.resolution_rate.is_some_and(|rate| rate < limit);
        let declining = self.trend == Trend::Declining;
        let order = [
            (ChurnRisk::Critical, RiskRule::ActiveBreaker, self.active),
            (ChurnRisk::Critical, RiskRule::RunTrips, self.run >= usize::from(rules.csat.circuit_breaker_count)),
            (ChurnRisk::Critical, RiskRule::CompositeBelow2, composite_below(Hundredths(200))),
            (ChurnRisk::Low, RiskRule::FewConversations, self.conversations < 3),
            (ChurnRisk::High, RiskRule::CompositeBelowThreshold, composite_below(rules.csat.threshold_low_composite)),
            (ChurnRisk::High, RiskRule::ResolutionRateBelow60, rate_below(Hundredths(60))),
            (ChurnRisk::High, RiskRule::CompositeBelow350AndDeclining, composite_below(Hundredths(350)) && declining),
            (ChurnRisk::Medium, RiskRule::CompositeBelow350, composite_below(Hundredths(350))),
            (ChurnRisk::Medium, RiskRule::ResolutionRateBelow80, rate_below(Hundredths(80))),
            (ChurnRisk::Medium, RiskRule::Declining, declining),
            (ChurnRisk::Medium, RiskRule::RunOf2, self.run >= 2),
        ];
        let first = order.into_iter().find(|(_, _, holds)| *holds);
        first.map_or((ChurnRisk::Low, RiskRule::None), |(risk, rule, _)| (risk, rule))
    }
}

#[cfg(test)]
mod tests {
    use super::super::ids::Position;
    use super::*;

    fn window(composites: &[u16]) -> Vec<WindowEntry> {
        let entry = |(seq, &c): (u64, &u16)| WindowEntry {
            conversation: 0,
            key: (0, Position::new(seq, 0)),
            dimensions: [Hundredths(c); 3],
            composite: Hundredths(c),
            signal_count: 5,
            confidence: 50,
            resolved: true,
        };
        (0..).zip(composites).map(entry).collect()
    }

    #[test]
    fn r6_5_the_seeds_example_is_medium() {
        let grounds = Grounds {
            composite: Some(Hundredths(385)),
            resolution_rate: Some(Hundredths(88)),
            conversations: 10,
            run: 2,
            trend: Trend::Declining,
            active: false,
        };
        assert_eq!(grounds.risk(&Rules::default()), (ChurnRisk::Medium, RiskRule::Declining));
        assert_eq!(size_of::<WindowEntry>(), 32);
    }

    #[test]
    fn r6_4_a_change_of_exactly_a_quarter_is_a_trend() {
        // y = 300 + c·x over five: the total change is 4c; 25/4 is not whole, so bend the ends.
        assert_eq!(trend(&window(&[300, 300, 300, 300, 300])), Trend::Stable);
        // 2S = Σ(2x−4)y; needs 6·2S = 25·30 = 750, so 2S = 125: not reachable with even factors;
        // 124 is below and 126 above.
        assert_eq!(trend(&window(&[300, 300, 300, 300, 331])), Trend::Stable);
        assert_eq!(trend(&window(&[300, 300, 300, 301, 331])), Trend::Improving);
        assert_eq!(trend(&window(&[331, 301, 300, 300, 300])), Trend::Declining);
        // Over fifteen, 6·2S = 25·240 exactly at 2S = 1000.
        let mut exact = vec![300; 15];
        (exact[14], exact[13], exact[8]) = (370, 301, 304);
        assert_eq!(trend(&window(&exact)), Trend::Improving);
        exact[8] = 303;
        assert_eq!(trend(&window(&exact)), Trend::Stable);
    }

    #[test]
    fn r6_5_fewer_than_three_conversations_are_low_or_critical() {
        let risk = |composites: &[u16], run| of(&Rules::default(), Id(1), &window(composites), run, false).churn_risk;
        assert_eq!(
            (risk(&[250, 250], 2), risk(&[150, 150], 2), risk(&[], 0)),
            (ChurnRisk::Low, ChurnRisk::Critical, ChurnRisk::Low)
        );
    }
}
