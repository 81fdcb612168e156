//! Health of an account: averages, trend and churn risk of its window (R6.1–R6.5).

use serde::{Deserialize, Serialize};

use super::ids::Id;
use super::risk::Grounds;
use super::rules::Rules;
use super::run::Scored;
use super::score::Hundredths;
use super::timeline::Key;
use super::trend::{self, Line};
use super::view::{AccountHealth, ChurnRisk, Trend};

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
    let (churn_risk, ..) = risk(rules, window, consecutive_low, active);
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
        trend: line(window).map_or(Trend::Stable, Line::trend),
    }
}

/// R6.5, and the rule that gives it. `window` ascending.
pub fn risk(rules: &Rules, window: &[WindowEntry], consecutive_low: usize, active: bool) -> (ChurnRisk, RiskRule) {
    grounds(rules, window, consecutive_low, active).risk(rules)
}

/// What the rules of R6.5 look at. `window` ascending.
pub fn grounds(rules: &Rules, window: &[WindowEntry], consecutive_low: usize, active: bool) -> Grounds {
    let totals = Totals::of(rules, window);
    let mean = |sum| Hundredths::mean(sum, window.len() as u64);
    let line = line(window);
    Grounds {
        composite: mean(totals.composite),
        resolution_rate: mean(100 * totals.resolved),
        conversations: window.len(),
        run: consecutive_low,
        trend: line.map_or(Trend::Stable, Line::trend),
        trend_change: line.map(Line::change),
        active,
    }
}

/// Those that the trend is made of. `window` ascending.
pub fn trend_points(window: &[WindowEntry]) -> &[WindowEntry] {
    &window[window.len().saturating_sub(trend::LENGTH)..]
}

/// R6.4; none where there are too few.
pub fn line(window: &[WindowEntry]) -> Option<Line> {
    Line::through(trend_points(window).iter().map(|entry| entry.composite))
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
    fn r6_5_fewer_than_three_conversations_are_low_or_critical() {
        let risk = |composites: &[u16], run| of(&Rules::default(), Id(1), &window(composites), run, false).churn_risk;
        assert_eq!(
            (risk(&[250, 250], 2), risk(&[150, 150], 2), risk(&[], 0)),
            (ChurnRisk::Low, ChurnRisk::Critical, ChurnRisk::Low)
        );
        assert_eq!(size_of::<WindowEntry>(), 32);
    }
}
