//! Statistics of workspaces: over a period (R3.1), compared with the one before, and as a series (R6.7).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::values::{Count, Number, Rate, Score, Timestamp};
use crate::domain::score::{Hundredths, Ratio};
use crate::domain::view;

/// The numbers of R3.1, and what stands before and behind them.
macro_rules! statistics {
    ($($(#[$meta:meta])* $name:ident {
        $($(#[$of:meta])* $before:ident: $kind:ty,)* ..
        $(#[$with:meta])* circuit_breakers_triggered: $breakers:ty,
        $($(#[$of_more:meta])* $behind:ident: $more:ty,)*
    })+) => {$(
        $(#[$meta])*
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            $($(#[$of])* pub $before: $kind,)*
            pub conversations_scored: Count,
            /// Null where nothing was scored, as all averages are.
            #[schema(required)]
            pub average_composite: Option<Score>,
            #[schema(required)]
            pub average_outcome: Option<Score>,
            #[schema(required)]
            pub average_process: Option<Score>,
            #[schema(required)]
            pub average_environment: Option<Score>,
            #[schema(required)]
            pub average_confidence: Option<Rate>,
            #[schema(required)]
            pub average_disconfirmation: Option<Rate>,
            $(#[$with])*
            pub circuit_breakers_triggered: $breakers,
            /// Conversations that ended resolved and are no resolution failures, of all that were scored.
            #[schema(required)]
            pub resolution_rate: Option<Rate>,
            $($(#[$of_more])* pub $behind: $more,)*
        }

        impl $name {
            fn with(
                stats: &view::QualityStats,
                $($before: $kind,)*
                circuit_breakers_triggered: $breakers,
                $($behind: $more,)*
            ) -> Self {
                Self {
                    $($before,)*
                    conversations_scored: stats.conversations_scored.into(),
                    average_composite: stats.average_composite.map(Score),
                    average_outcome: stats.average_outcome.map(Score),
                    average_process: stats.average_process.map(Score),
                    average_environment: stats.average_environment.map(Score),
                    average_confidence: stats.average_confidence.map(Rate),
                    average_disconfirmation: stats.average_disconfirmation.map(Rate),
                    circuit_breakers_triggered,
                    resolution_rate: stats.resolution_rate.map(Rate),
                    $($behind,)*
                }
            }
        }
    )+};
}

statistics! {
    /// The conversations and breakers of a period.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
    #[schema(examples(json!({
        "periodStart": "2026-02-24T00:00:00.000Z", "periodEnd": "2026-03-25T23:59:59.999Z",
        "conversationsScored": 342, "averageComposite": 3.85, "averageOutcome": 3.9, "averageProcess": 3.7,
        "averageEnvironment": 3.95, "averageConfidence": 0.82, "averageDisconfirmation": 0.12,
        "circuitBreakersTriggered": 2, "resolutionRate": 0.88
    })))]
    QualityStats {
        /// The first instant that belongs to the period.
        period_start: Timestamp,
        /// The last one.
        period_end: Timestamp,
        ..
        circuit_breakers_triggered: Count,
    }

    /// The conversations of a group, and the breakers of the channel or intent that it is.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
    GroupStats {
        ..
        /// Absent where breakers do not belong to groups.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        circuit_breakers_triggered: Option<Count>,
    }

    /// The conversations and breakers of a part of a series.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
    SeriesBucket {
        /// The first instant that belongs to it.
        start: Timestamp,
        /// The last one.
        end: Timestamp,
        ..
        circuit_breakers_triggered: Count,
        /// Conversations by composite: 1.00 to 1.49, 1.50 to 1.99, and so on; 4.50 to 5.00.
        #[schema(value_type = Vec<Count>, min_items = 8, max_items = 8)]
        histogram: [Count; 8],
    }
}

impl From<view::QualityStats> for QualityStats {
    fn from(stats: view::QualityStats) -> Self {
        let (start, end) = (Timestamp(stats.period_start), Timestamp(stats.period_end));
        Self::with(&stats, start, end, stats.circuit_breakers_triggered.into())
    }
}

impl From<view::RangeQuality> for SeriesBucket {
    fn from(view::RangeQuality { stats, histogram }: view::RangeQuality) -> Self {
        let (start, end) = (Timestamp(stats.period_start), Timestamp(stats.period_end));
        Self::with(&stats, start, end, stats.circuit_breakers_triggered.into(), histogram.map(Count))
    }
}

/// Statistics of parts of a range, one behind the other: empty ones, too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Series {
    #[schema(min_items = 1, max_items = 1_000)]
    pub buckets: Vec<SeriesBucket>,
}

/// What a page about a workspace begins with.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Overview {
    pub current: QualityStats,
    /// Of the range before, which is as long.
    pub previous: QualityStats,
    pub change: StatsChange,
    /// The current conversations by composite: 1.00 to 1.49, 1.50 to 1.99, and so on; 4.50 to 5.00.
    #[schema(value_type = Vec<Count>, min_items = 8, max_items = 8)]
    pub histogram: [Count; 8],
    pub accounts: AccountsByRisk,
    pub breakers: BreakersByState,
    pub unscored: UnscoredByReason,
    /// Only where groups are asked for: those that have something in either range, the largest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub groups: Option<Vec<Group>>,
}

impl Overview {
    /// `accounts` by risk, the riskiest first.
    pub fn of(overview: view::Overview, accounts: [u64; 4]) -> Self {
        let view::Overview { current, previous, breakers, unscored, groups } = overview;
        let [critical, high, medium, low] = accounts.map(Count);
        let [triggered, acknowledged, resolved] = breakers.map(Count);
        let [open, no_customer_message, only_automatic] = unscored.map(Count);
        Self {
            change: StatsChange::between(&previous, &current.stats),
            current: current.stats.into(),
            previous: previous.into(),
            histogram: current.histogram.map(Count),
            accounts: AccountsByRisk { critical, high, medium, low },
            breakers: BreakersByState { triggered, acknowledged, resolved },
            unscored: UnscoredByReason { open, no_customer_message, only_automatic },
            groups: groups.map(|groups| groups.into_iter().map(Into::into).collect()),
        }
    }
}

/// `current` less `previous`; null where either is.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatsChange {
    pub conversations_scored: Number,
    #[schema(required)]
    pub average_composite: Option<Number>,
    #[schema(required)]
    pub average_outcome: Option<Number>,
    #[schema(required)]
    pub average_process: Option<Number>,
    #[schema(required)]
    pub average_environment: Option<Number>,
    #[schema(required)]
    pub average_confidence: Option<Number>,
    #[schema(required)]
    pub average_disconfirmation: Option<Number>,
    pub circuit_breakers_triggered: Number,
    #[schema(required)]
    pub resolution_rate: Option<Number>,
}

impl StatsChange {
    fn between(before: &view::QualityStats, now: &view::QualityStats) -> Self {
        let count = |before: u64, now: u64| {
            let numerator = now.cast_signed() - before.cast_signed();
            Number(Ratio { numerator, denominator: 1 })
        };
        let mean = |before: Option<Hundredths>, now: Option<Hundredths>| {
            let (before, now) = before.zip(now)?;
            let numerator = i64::from(now.0) - i64::from(before.0);
            Some(Number(Ratio { numerator, denominator: 100 }))
        };
        Self {
            conversations_scored: count(before.conversations_scored, now.conversations_scored),
            average_composite: mean(before.average_composite, now.average_composite),
            average_outcome: mean(before.average_outcome, now.average_outcome),
            average_process: mean(before.average_process, now.average_process),
            average_environment: mean(before.average_environment, now.average_environment),
            average_confidence: mean(before.average_confidence, now.average_confidence),
            average_disconfirmation: mean(before.average_disconfirmation, now.average_disconfirmation),
            circuit_breakers_triggered: count(before.circuit_breakers_triggered, now.circuit_breakers_triggered),
            resolution_rate: mean(before.resolution_rate, now.resolution_rate),
        }
    }
}

/// All accounts by their churn risk, as of now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AccountsByRisk {
    pub critical: Count,
    pub high: Count,
    pub medium: Count,
    pub low: Count,
}

/// The active breakers as of now, and those that were triggered in the range and are resolved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct BreakersByState {
    pub triggered: Count,
    pub acknowledged: Count,
    pub resolved: Count,
}

/// Conversations without a score whose last event came in the range, in whole hours, by the reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnscoredByReason {
    /// They have not ended.
    pub open: Count,
    /// They ended, and the customer had said nothing.
    pub no_customer_message: Count,
    /// They ended, and machines had written all of their messages.
    pub only_automatic: Count,
}

/// The conversations that have something in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Group {
    /// The channel, the intent, `ai` or `human`, or the name of the scoring profile. Null for those that have none.
    #[schema(required)]
    pub key: Option<String>,
    pub current: GroupStats,
    pub previous: GroupStats,
}

impl From<view::ComparedGroup> for Group {
    fn from(group: view::ComparedGroup) -> Self {
        let view::ComparedGroup { key, by, current, previous } = group;
        let stats = |of: view::QualityStats| {
            let breakers = Count(of.circuit_breakers_triggered);
            GroupStats::with(&of, Some(breakers).filter(|_| matches!(by, view::GroupBy::Label(_))))
        };
        Self { key, current: stats(current), previous: stats(previous) }
    }
}
