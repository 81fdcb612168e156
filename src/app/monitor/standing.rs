//! A node's part in its cluster, in numbers.

use crate::cluster::{Counts, Member, Place};
use crate::http::monitor::Page;

/// A node's part in its cluster at one time, as the node sees it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Standing {
    pub nodes: usize,
    /// Partitions that this node serves.
    pub owned: usize,
    /// Partitions that nobody serves.
    pub moving: usize,
    /// Whether the lease of the node's own name is good.
    pub holds: bool,
    pub counts: Counts,
}

impl Standing {
    pub fn of(member: &Member) -> Self {
        let overview = member.overview();
        let standing = Self { nodes: overview.nodes.len(), holds: member.node_lease().holds(), ..Self::default() };
        let places = overview.partitions.iter().map(|status| member.place(status.partition));
        let standing = places.fold(standing, |standing, place| match place {
            Place::Here => Self { owned: standing.owned + 1, ..standing },
            Place::At { .. } => standing,
            Place::Moving => Self { moving: standing.moving + 1, ..standing },
        });
        Self { counts: member.counts(), ..standing }
    }

    pub(super) fn show(&self, page: &mut Page) {
        let Self { nodes, owned, moving, holds, counts } = self;
        page.gauge("cluster_nodes", "Nodes of the cluster.", *nodes as f64);
        page.gauge("cluster_partitions_owned", "Partitions that this node serves.", *owned as f64);
        page.gauge("cluster_partitions_moving", "Partitions that nobody serves.", *moving as f64);
        page.gauge("cluster_lease_holds", "Whether this node is in the cluster.", f64::from(u8::from(*holds)));
        let Counts { takes, failed_takes, releases, losses, refused } = *counts;
        page.counter("cluster_takes_total", "Partitions taken and served.", takes);
        page.counter("cluster_failed_takes_total", "Partitions taken that could not be served.", failed_takes);
        page.counter("cluster_releases_total", "Partitions given back in order.", releases);
        page.counter("cluster_losses_total", "Partitions lost: their lease ended, or they gave up.", losses);
        page.counter("cluster_renewals_refused_total", "Renewals of leases that were refused.", refused);
    }
}
