//! Why an account has the risk that it has (R6.8).

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::quality::ChurnRisk;
use super::values::{Count, Rate, Score, Timestamp, one_of};
use crate::domain::health::RiskRule;
use crate::domain::ids::Id;
use crate::domain::workspace::account_explanation as domain;

/// What gives an account its risk.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountExplanation {
    pub account_id: Id,
    pub churn_risk: ChurnRisk,
    pub rule: RuleName,
    /// Since when a conversation has to be scored to be in the window.
    pub window_from: Timestamp,
    /// Conversations in the window.
    pub conversation_count: Count,
    /// Low conversations in a row, from the newest back.
    #[schema(max_items = 100)]
    pub run: Vec<InRun>,
    /// Those on the way that are too unsure to count as low or as not low.
    #[schema(max_items = 100)]
    pub left_out: Vec<LeftOut>,
}

/// The rule that gives the risk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RuleName(pub RiskRule);

impl Serialize for RuleName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl utoipa::PartialSchema for RuleName {
    fn schema() -> RefOr<Schema> {
        one_of(RiskRule::ALL.map(RiskRule::name)).description(Some("The rule that gave the risk.")).into()
    }
}

impl ToSchema for RuleName {
    fn name() -> Cow<'static, str> {
        "RiskRule".into()
    }
}

/// A low conversation of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InRun {
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
        let in_run = |one: domain::Considered| InRun {
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
        Self {
            account_id: found.account_id,
            churn_risk: found.churn_risk.into(),
            rule: RuleName(found.rule),
            window_from: Timestamp(found.window_from),
            conversation_count: found.conversation_count.into(),
            run: found.run.into_iter().map(in_run).collect(),
            left_out: found.left_out.into_iter().map(left_out).collect(),
        }
    }
}
