//! Which node of a cluster owns which partition.
//!
//! Nodes meet in a bucket of keys in NATS ([`keys`] has their names). A node has a key with its name and address, and
//! one for each partition that it owns; all of them expire unless they are renewed in time ([`kept`]), so that what a
//! dead node had is free soon after. Whoever sees a free partition and has less than its share ([`plan`]) claims it, and
//! who has more gives the surplus back. The bucket takes a write only over the revision that its writer knows: of two
//! that claim at once one is refused.
//!
//! Leases only choose who serves. A process that does not know that its lease is over can still not write: the log of a
//! partition refuses whoever is not its newest owner. That is why a claim carries an epoch.
//!
//! [`gates`] are what every node keeps of the state of all sides.
//!
//! [`Member`] is a node's part in it: [`view`] is what it sees, [`follow`] keeps that up to date, [`deal`] claims and
//! gives back, [`tenure`] is one partition's time with a node.

mod bucket;
mod counts;
mod deal;
pub mod erasures;
mod follow;
pub mod gate_bucket;
pub mod gates;
mod join;
mod kept;
mod keys;
mod lease;
pub mod logs;
mod member;
pub mod moving;
mod overview;
mod patience;
mod plan;
pub mod shelf;
pub mod system;
mod tenure;
#[cfg(test)]
mod tests;
mod view;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use thiserror::Error;

pub use crate::cluster::bucket::StoreError;
pub use crate::cluster::counts::Counts;
pub use crate::cluster::join::JoinError;
pub use crate::cluster::lease::Lease;
pub use crate::cluster::member::Member;
pub use crate::cluster::overview::{NodeStatus, Overview, PartitionStatus, drain, overview};
use crate::domain::partition::Partition;

/// A partition that this node may serve from now on, as long as the lease holds.
#[derive(Clone, Debug)]
pub struct Claim {
    pub partition: Partition,
    /// Larger than that of any owner before.
    pub epoch: u64,
    pub lease: Arc<Lease>,
}

/// Why a partition that was claimed cannot be served; for the log.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct TakeError(Box<dyn Error + Send + Sync>);

impl TakeError {
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

/// What serves partitions. Of one partition only one call is under way at a time, and each future is driven to its end:
/// long ones look at the claim's [`Lease::ended`].
pub trait Host: Send + Sync + 'static {
    /// Opens the partition, shuts out the owner before, loads and serves it. The lease is renewed meanwhile. Whoever
    /// fails leaves nothing behind.
    fn take(&self, claim: Claim) -> BoxFuture<'_, Result<(), TakeError>>;

    /// Does what takes long before it is given back, while it is still served.
    fn prepare(&self, partition: Partition) -> BoxFuture<'_, ()>;

    /// Gives it back in order: no new requests, stop. Others may claim it when this is done. Nothing of it
    /// may be left even where the lease ends on the way.
    fn release(&self, partition: Partition) -> BoxFuture<'_, ()>;

    /// Stops at once, without a snapshot: the lease is over, or the unit itself gave up. Another node may serve already.
    fn lose(&self, partition: Partition) -> BoxFuture<'_, ()>;
}

/// Where requests for a partition go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// This node serves it.
    Here,
    /// Another node does.
    At { node: Arc<str>, url: Arc<str> },
    /// Nobody does at the moment, as far as this node knows.
    Moving,
}

/// How a node takes part.
#[derive(Clone, Debug)]
pub struct MemberOptions {
    /// The cluster's name: what names in NATS begin with.
    pub name: String,
    /// This node's name, which no other has.
    pub node: String,
    /// Where the others reach this node.
    pub url: String,
    /// Of the program, to be shown.
    pub version: String,
    /// How many partitions the cluster has beside the system's; fixed when it is made.
    pub partitions: u16,
    /// On how many servers of NATS the bucket is kept.
    pub replicas: usize,
    /// How long a node that does not answer keeps what it owns: whole seconds, at least one.
    pub lease: Duration,
    /// A fingerprint of the secret, which all nodes have in common.
    pub secret: [u8; 8],
}
