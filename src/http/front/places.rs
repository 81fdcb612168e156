//! Where partitions are, as the front sees it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::cluster::{Member, Place};
use crate::domain::partition::Partition;

/// The map of the cluster; never blocks.
pub trait Places: Send + Sync + 'static {
    /// Where a partition is.
    fn place(&self, partition: Partition) -> Place;

    /// When whoever had the partition was last known to be well, by [`Clock::elapsed`](crate::clock::Clock::elapsed);
    /// `None` if that was never.
    fn seen(&self, partition: Partition) -> Option<Duration>;

    /// Whether this node is in the cluster, as far as it can know: what it has of tenants and keys may be old otherwise.
    fn is_in(&self) -> bool;

    /// Told whenever the place of any partition may have become another.
    fn moves(&self) -> watch::Receiver<()>;
}

impl Places for Member {
    fn place(&self, partition: Partition) -> Place {
        self.place(partition)
    }

    fn seen(&self, partition: Partition) -> Option<Duration> {
        self.seen(partition)
    }

    fn is_in(&self) -> bool {
        self.node_lease().holds()
    }

    fn moves(&self) -> watch::Receiver<()> {
        self.changes()
    }
}

/// Ends when the partition is no longer at `url`.
pub async fn left(places: Arc<dyn Places>, partition: Partition, url: Arc<str>) {
    let mut changes = places.moves();
    while matches!(places.place(partition), Place::At { url: now, .. } if now == url) {
        if changes.changed().await.is_err() {
            // Nobody would tell any more: the node is going down.
            return std::future::pending().await;
        }
    }
}
