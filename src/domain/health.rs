//! Health of an account: averages, trend and churn risk of its window (R6.1–R6.5).

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

/// A scored conversation as its account keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowEntry {
    /// Its number in the workspace.
    pub conversation: u32,
    pub key: Key,
    pub dimensions: [Hundredths; 3],
    pub composite: Hundredths,
    pub resolved: bool,
}

impl WindowEntry {
    /// As a run sees it.
    pub fn scored(&self) -> Scored {
        Scored { conversation: self.conversation, key: self.key, composite: self.composite }
    }
}

/// `window` ascending.
pub fn of(rules: &Rules, id: Id, window: &[WindowEntry], consecutive_low: usize, active: bool) -> AccountHealth {
    let count = window.len() as u64;
    let mean = |value: &dyn Fn(&WindowEntry) -> u64| Hundredths::mean(window.iter().map(value).sum(), count);
    let resolved = |entry: &WindowEntry| u64::from(rules.counts_as_resolved(entry.resolved, entry.composite));
    let mut health = AccountHealth {
        account_id: id,
        rolling_composite: mean(&|entry| u64::from(entry.composite.0)),
        rolling_outcome: mean(&|entry| u64::from(entry.dimensions[0].0)),
        rolling_process: mean(&|entry| u64::from(entry.dimensions[1].0)),
        rolling_environment: mean(&|entry| u64::from(entry.dimensions[2].0)),
        resolution_rate: mean(&|entry| 100 * resolved(entry)),
        conversation_count: window.len() as u32,
        churn_risk: ChurnRisk::Low,
        consecutive_low: consecutive_low as u32,
        trend: trend(window),
    };
    health.churn_risk = churn_risk(rules, &health, active);
    health
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

/// R6.5, on the published values; a value that is not there fulfils no rule.
fn churn_risk(rules: &Rules, health: &AccountHealth, active: bool) -> ChurnRisk {
    let composite_below = |limit| health.rolling_composite.is_some_and(|composite| composite < limit);
    let rate_below = |limit| health.resolution_rate.is_some_and(|rate| rate < limit);
    let declining = health.trend == Trend::Declining;
    let run = health.consecutive_low;
    if active || run >= u32::from(rules.csat.circuit_breaker_count) || composite_below(Hundredths(200)) {
        ChurnRisk::Critical
    } else if health.conversation_count < 3 {
        ChurnRisk::Low
    } else if composite_below(rules.csat.threshold_low_composite)
        || rate_below(Hundredths(60))
        || (composite_below(Hundredths(350)) && declining)
    {
        ChurnRisk::High
    } else if composite_below(Hundredths(350)) || rate_below(Hundredths(80)) || declining || run >= 2 {
        ChurnRisk::Medium
    } else {
        ChurnRisk::Low
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
            resolved: true,
        };
        (0..).zip(composites).map(entry).collect()
    }

    #[test]
    fn r6_5_the_seeds_example_is_medium() {
        let health = AccountHealth {
            rolling_composite: Some(Hundredths(385)),
            resolution_rate: Some(Hundredths(88)),
            consecutive_low: 2,
            trend: Trend::Declining,
            ..of(&Rules::default(), Id(1), &window(&[400; 10]), 0, false)
        };
        assert_eq!(churn_risk(&Rules::default(), &health, false), ChurnRisk::Medium);
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
