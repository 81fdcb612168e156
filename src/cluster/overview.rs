//! The cluster, to be shown; and the one thing that an operator sets in it.

use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::kv::Operation;
use bytes::Bytes;
use futures::StreamExt;
use tokio::time::timeout;

use crate::cluster::bucket::{Bucket, StoreError, Written};
use crate::cluster::keys::{self, META, MetaValue};
use crate::cluster::view::View;
use crate::domain::partition::Partition;
use crate::wire::cluster as wire;

/// How long is waited for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Nodes and partitions at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// By name.
    pub nodes: Vec<NodeStatus>,
    /// From the system's on.
    pub partitions: Vec<PartitionStatus>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeStatus {
    pub name: String,
    pub url: String,
    pub version: String,
    /// Whether it takes no partition any more.
    pub draining: bool,
    /// How many it owns.
    pub partitions: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionStatus {
    pub partition: Partition,
    /// Its owner.
    pub node: Option<String>,
    /// The ownership's; 0 where there is none.
    pub epoch: u64,
    /// Whether the owner answers requests.
    pub ready: bool,
}

impl Overview {
    pub(super) fn of(view: &View) -> Self {
        let status = |(number, _): (u16, _)| {
            let partition = Partition(number);
            let owner = view.owner(partition);
            PartitionStatus {
                partition,
                node: owner.map(|owner| owner.node.to_string()),
                epoch: owner.map_or(0, |owner| owner.epoch),
                ready: owner.is_some_and(|owner| owner.ready),
            }
        };
        let partitions: Vec<_> = (0..).zip(&view.parts).map(status).collect();
        let nodes = view.nodes.iter().map(|(name, node)| NodeStatus {
            name: name.to_string(),
            url: node.url.to_string(),
            version: node.version.clone(),
            draining: view.is_draining(name),
            partitions: partitions.iter().filter(|part| part.node.as_deref() == Some(&**name)).count(),
        });
        Self { nodes: nodes.collect(), partitions }
    }
}

impl From<Overview> for wire::Cluster {
    fn from(Overview { nodes, partitions }: Overview) -> Self {
        let nodes = nodes.into_iter().map(|node| wire::Node {
            name: node.name,
            url: node.url,
            version: node.version,
            draining: node.draining,
            partitions: u32::try_from(node.partitions).unwrap_or(u32::MAX),
        });
        let partitions = partitions.into_iter().map(|part| wire::Partition {
            partition: part.partition.0,
            node: part.node,
            epoch: part.epoch,
            ready: part.ready,
            last_group: None,
            tail_groups: None,
        });
        Self { nodes: nodes.collect(), partitions: partitions.collect() }
    }
}

/// The cluster `name` as its store has it, seen from outside; none where there is no such cluster.
pub async fn overview(jetstream: &Context, name: &str) -> Result<Option<Overview>, StoreError> {
    let Some(bucket) = Bucket::existing(jetstream, name).await? else { return Ok(None) };
    let meta = bucket.read(META, PATIENCE).await?.value;
    let meta: Option<MetaValue> = meta.and_then(|meta| serde_json::from_slice(&meta).ok());
    let Some(meta) = meta else { return Ok(None) };
    let mut view = View::new(meta.partitions);
    let listed = timeout(PATIENCE, list(&bucket, &mut view)).await;
    listed.map_err(|_| StoreError::new("the cluster's keys cannot be listed", "no answer in time"))??;
    Ok(Some(Overview::of(&view)))
}

async fn list(bucket: &Bucket, view: &mut View) -> Result<(), StoreError> {
    let mut watch = bucket.watch().await?;
    while let Some(entry) = watch.next().await {
        let entry = entry.map_err(|error| StoreError::new("the cluster's keys cannot be listed", error))?;
        let value = (entry.operation == Operation::Put).then_some(&entry.value[..]);
        view.fold(&entry.key, entry.revision, value);
        if entry.seen_current {
            return Ok(());
        }
    }
    Err(StoreError::new("the cluster's keys cannot be listed", "the watch has broken off"))
}

/// Has `node` give everything back and take nothing (`on`), or take its share again. `false` where there is no cluster
/// `name`. Nodes that are not there can be drained, too.
pub async fn drain(jetstream: &Context, name: &str, node: &str, on: bool) -> Result<bool, StoreError> {
    let refused = |why: &str| Err(StoreError::new("the drain cannot be set", why));
    if !keys::is_node_name(node) {
        return refused("that is no name of a node");
    }
    let Some(bucket) = Bucket::existing(jetstream, name).await? else { return Ok(false) };
    let key = keys::drain(node);
    let latest = bucket.read(&key, PATIENCE).await?;
    if latest.value.is_some() == on {
        return Ok(true);
    }
    let written = if on {
        bucket.put(&key, Bytes::from_static(b"{}"), latest.revision, None, PATIENCE).await
    } else {
        bucket.remove(&key, latest.revision, PATIENCE).await
    };
    match written {
        Written::Done(_) => Ok(true),
        Written::Refused => refused("somebody else has just set it"),
        Written::Unknown(why) => refused(&why),
    }
}
