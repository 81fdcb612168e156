//! What would give an account another risk (R6.8).

use serde::Serialize;
use utoipa::ToSchema;

use super::account::RuleName;
use super::quality::ChurnRisk;
use super::values::Number;
use crate::domain::risk;

/// What would give another risk, as if nothing else changed.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct NextRisks {
    /// Any one of the rules gives it, with all its changes. Null where the risk is critical.
    #[schema(required)]
    pub worse: Option<NextRisk>,
    /// All of the rules have to cease; of each, any one change is enough. Null where the risk is low.
    #[schema(required)]
    pub better: Option<NextRisk>,
}

impl From<risk::Next> for NextRisks {
    fn from(next: risk::Next) -> Self {
        Self { worse: next.worse.map(Into::into), better: next.better.map(Into::into) }
    }
}

/// Another risk, and the rules that have to hold, or to cease.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct NextRisk {
    pub risk: ChurnRisk,
    #[schema(min_items = 1)]
    pub rules: Vec<RuleChanges>,
}

impl From<risk::Step> for NextRisk {
    fn from(step: risk::Step) -> Self {
        let rules = step.rules.into_iter().map(|(rule, changes)| RuleChanges {
            rule: RuleName(rule),
            changes: changes.into_iter().map(Into::into).collect(),
        });
        Self { risk: step.risk.into(), rules: rules.collect() }
    }
}

/// A rule, and what has to change for it to hold or to cease.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct RuleChanges {
    pub rule: RuleName,
    #[schema(min_items = 1)]
    pub changes: Vec<ValueChange>,
}

/// How a value has to change: `rollingComposite`, now 3.62, needs to be `below` 3.5.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub struct ValueChange {
    pub value: ValueName,
    /// Null where there is none.
    #[schema(required)]
    pub now: Option<Number>,
    pub needs: Needs,
    pub bound: Number,
}

impl From<risk::Change> for ValueChange {
    fn from(change: risk::Change) -> Self {
        let risk::Change { value, now, needs, bound } = change;
        Self { value: value.into(), now: now.map(Number), needs: needs.into(), bound: Number(bound) }
    }
}

/// Members of the account's health, the active breakers on it, or the change of its trend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ValueName {
    ActiveBreakers,
    ConsecutiveLow,
    RollingComposite,
    ResolutionRate,
    TrendChange,
    ConversationCount,
}

impl From<risk::Value> for ValueName {
    fn from(value: risk::Value) -> Self {
        match value {
            risk::Value::ActiveBreakers => Self::ActiveBreakers,
            risk::Value::ConsecutiveLow => Self::ConsecutiveLow,
            risk::Value::RollingComposite => Self::RollingComposite,
            risk::Value::ResolutionRate => Self::ResolutionRate,
            risk::Value::TrendChange => Self::TrendChange,
            risk::Value::ConversationCount => Self::ConversationCount,
        }
    }
}

/// On which side of its bound a value has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Needs {
    Below,
    AtMost,
    AtLeast,
    Above,
}

impl From<risk::Needs> for Needs {
    fn from(needs: risk::Needs) -> Self {
        match needs {
            risk::Needs::Below => Self::Below,
            risk::Needs::AtMost => Self::AtMost,
            risk::Needs::AtLeast => Self::AtLeast,
            risk::Needs::Above => Self::Above,
        }
    }
}
