//! The gate (R8.1).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::values::Count;
use crate::domain::ids::Id;
use crate::domain::view;

/// Whether the AI may answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(
    json!({"decision": "proceed", "epoch": 0, "breakers": []}),
    json!({"decision": "pause", "epoch": 1, "breakers": ["0191b5a2-7c3e-8d11-9f00-00000000cb01"]}),
    json!({"decision": "proceed", "epoch": 4, "breakers": [], "stale": true, "staleSeconds": 3})
))]
pub struct Gate {
    pub decision: Decision,
    /// Grows with every change of the workspace's breakers.
    pub epoch: Count,
    /// The active breakers that say `pause`.
    pub breakers: Vec<Id>,
    /// In a cluster, `true` where the node that has the workspace is out of reach and this is the last known state;
    /// absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub stale: Option<bool>,
    /// For how long the state has not been known to be the present one; with `stale` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub stale_seconds: Option<Count>,
}

impl Gate {
    /// What was known so many seconds ago.
    pub fn stale(last: view::Gate, seconds: u64) -> Self {
        Self { stale: Some(true), stale_seconds: Some(seconds.into()), ..last.into() }
    }
}

// What a pipeline is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    Proceed,
    Pause,
}

impl From<view::Gate> for Gate {
    fn from(view::Gate { breakers, epoch }: view::Gate) -> Self {
        let decision = if breakers.is_empty() { Decision::Proceed } else { Decision::Pause };
        Self { decision, epoch: epoch.into(), breakers, stale: None, stale_seconds: None }
    }
}
