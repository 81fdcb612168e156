//! Why an account has the risk that it has (R6.8).

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::quality::{ChurnRisk, Trend};
use super::risk::NextRisks;
use super::values::{Count, Number, Rate, Score, Timestamp, one_of};
use crate::domain::health::RiskRule;
use crate::domain::ids::Id;
use crate::domain::run;
use crate::domain::workspace::account_explanation as domain;

/// What gives an account its risk.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountExplanation {
    pub account_id: Id,
    /// The last that an event gave it; null while none has.
    #[schema(required)]
    pub account_name: Option<String>,
    pub churn_risk: ChurnRisk,
    pub rule: RuleName,
    pub next: NextRisks,
    /// Since when a conversation has to be scored to be in the window.
    pub window_from: Timestamp,
    /// Conversations in the window.
    pub conversation_count: Count,
    pub window: WindowBounds,
    /// Low conversations in a row, from the newest back.
    #[schema(max_items = 100)]
    pub run: Vec<Considered>,
    /// Those on the way that are too unsure to count as low or as not low.
    #[schema(max_items = 100)]
    pub left_out: Vec<LeftOut>,
    pub run_bounds: RunBounds,
    pub trend: TrendLine,
}

/// Which conversations are in the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WindowBounds {
    /// Since when a conversation has to be scored to be in it.
    pub from: Timestamp,
    /// Now; later where the newest conversation is ahead of now.
    pub to: Timestamp,
    /// Conversations in it.
    pub conversations: Count,
    /// It has the newest ones, no more than these.
    pub most_conversations: Count,
    /// Null while it is empty.
    #[schema(required)]
    pub oldest_scored_at: Option<Timestamp>,
}

/// How far the run of low conversations may reach back, and how far it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunBounds {
    #[schema(minimum = 0, maximum = 100)]
    pub length: u32,
    /// The length that trips a breaker.
    #[schema(minimum = 1, maximum = 100)]
    pub trips_at: u32,
    /// Hours that all of the run lie in.
    #[schema(minimum = 1, maximum = 168)]
    pub window_hours: u32,
    /// So many hours before the newest conversation that counts; null while there is none.
    #[schema(required)]
    pub from: Option<Timestamp>,
    /// When a breaker of the account was last resolved: what was scored before is in no run.
    #[schema(required)]
    pub latest_resolve: Option<Timestamp>,
    /// How many of the newest conversations are looked at.
    pub horizon: Count,
    pub ended_by: RunEnd,
}

/// Why a run goes back no further: the next older conversation that counts is not low, lies too far before the newest
/// one, or was scored before the latest resolve; or no further back is looked; or there is no older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunEnd {
    NotLow,
    BreakerWindow,
    LatestResolve,
    Horizon,
    Oldest,
}

impl From<run::RunEnd> for RunEnd {
    fn from(end: run::RunEnd) -> Self {
        match end {
            run::RunEnd::NotLow => Self::NotLow,
            run::RunEnd::BreakerWindow => Self::BreakerWindow,
            run::RunEnd::LatestResolve => Self::LatestResolve,
            run::RunEnd::Horizon => Self::Horizon,
            run::RunEnd::Oldest => Self::Oldest,
        }
    }
}

/// The least-squares line through the composites of the newest conversations in the window.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrendLine {
    pub direction: Trend,
    /// From one conversation to the next; not rounded. Null where there are fewer than five.
    #[schema(required)]
    pub slope: Option<Number>,
    /// From the first point to the last; not rounded. From 0.25 on it is improving, from -0.25 down declining.
    #[schema(required)]
    pub change: Option<Number>,
    /// Oldest first.
    #[schema(max_items = 20)]
    pub points: Vec<Considered>,
}

/// A rule of churn risk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RuleName(pub RiskRule);

impl Serialize for RuleName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl utoipa::PartialSchema for RuleName {
    fn schema() -> RefOr<Schema> {
        one_of(RiskRule::ALL.map(RiskRule::name)).description(Some("A rule of churn risk.")).into()
    }
}

impl ToSchema for RuleName {
    fn name() -> Cow<'static, str> {
        "RiskRule".into()
    }
}

/// A conversation of the run, or a point of the trend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Considered {
    /// Null once it is erased.
    #[schema(required)]
    pub conversation_id: Option<Id>,
    pub composite_score: Score,
    pub scored_at: Timestamp,
}

/// A conversation whose score does not count in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeftOut {
    /// Null once it is erased.
    #[schema(required)]
    pub conversation_id: Option<Id>,
    pub composite_score: Score,
    pub confidence: Rate,
    #[schema(minimum = 0, maximum = 65_535)]
    pub signal_count: u16,
    pub scored_at: Timestamp,
}

impl From<domain::AccountExplanation> for AccountExplanation {
    fn from(found: domain::AccountExplanation) -> Self {
        let in_run = |one: domain::Considered| Considered {
            conversation_id: one.conversation,
            composite_score: Score(one.composite),
            scored_at: Timestamp(one.scored_at),
        };
        let left_out = |one: domain::Considered| LeftOut {
            conversation_id: one.conversation,
            composite_score: Score(one.composite),
            confidence: Rate(one.confidence),
            signal_count: one.signal_count,
            scored_at: Timestamp(one.scored_at),
        };
        let domain::AccountExplanation { window, trend, .. } = found;
        Self {
            account_id: found.account_id,
            account_name: found.account_name.map(|name| name.to_string()),
            churn_risk: found.churn_risk.into(),
            rule: RuleName(found.rule),
            next: found.next.into(),
            window_from: Timestamp(window.from),
            conversation_count: window.conversations.into(),
            window: window.into(),
            run: found.run.into_iter().map(in_run).collect(),
            left_out: found.left_out.into_iter().map(left_out).collect(),
            run_bounds: found.run_bounds.into(),
            trend: TrendLine {
                direction: trend.trend.into(),
                slope: trend.slope.map(Number),
                change: trend.change.map(Number),
                points: trend.points.into_iter().map(in_run).collect(),
            },
        }
    }
}

impl From<domain::WindowBounds> for WindowBounds {
    fn from(bounds: domain::WindowBounds) -> Self {
        let domain::WindowBounds { from, to, conversations, most_conversations, oldest } = bounds;
        Self {
            from: Timestamp(from),
            to: Timestamp(to),
            conversations: conversations.into(),
            most_conversations: most_conversations.into(),
            oldest_scored_at: oldest.map(Timestamp),
        }
    }
}

impl From<domain::RunBounds> for RunBounds {
    fn from(bounds: domain::RunBounds) -> Self {
        let domain::RunBounds { length, trips_at, window_hours, from, latest_resolve, horizon, ended_by } = bounds;
        Self {
            length,
            trips_at,
            window_hours,
            from: from.map(Timestamp),
            latest_resolve: latest_resolve.map(Timestamp),
            horizon: horizon.into(),
            ended_by: ended_by.into(),
        }
    }
}
