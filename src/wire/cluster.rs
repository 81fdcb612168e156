//! The nodes of a cluster and what they own (R11.4).

use serde::{Deserialize, Serialize};

/// A cluster at one time, as the server that answers sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cluster {
    /// By name.
    pub nodes: Vec<Node>,
    /// From 0 on, which holds tenants, workspaces and keys.
    pub partitions: Vec<Partition>,
}

/// A server that takes part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ClusterNode)]
pub struct Node {
    pub name: String,
    /// Where the others reach it.
    pub url: String,
    /// Of the program.
    pub version: String,
    /// It gives its partitions back, and takes none.
    pub draining: bool,
    /// How many it owns.
    pub partitions: u32,
}

/// A part of the workspaces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ClusterPartition)]
pub struct Partition {
    pub partition: u16,
    /// Who owns it; null while nobody does.
    #[schema(required)]
    pub node: Option<String>,
    /// The number of its ownership: larger than that of any before. 0 while nobody owns it.
    #[schema(minimum = 0)]
    pub epoch: u64,
    /// Whether its owner answers requests.
    pub ready: bool,
    /// The last group of its log; only where the logs were looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0)]
    pub last_group: Option<u64>,
    /// Groups behind its newest snapshot, which a new owner would have to replay; only where the logs were looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0)]
    pub tail_groups: Option<u64>,
}
