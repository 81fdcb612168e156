//! A node's part in a cluster.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use async_nats::jetstream::Context;
use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::background::Stop;
use crate::clock::Clock;
use crate::cluster::bucket::Bucket;
use crate::cluster::counts::{Counters, Counts};
use crate::cluster::join::{self, JoinError};
use crate::cluster::kept::{Kept, Terms};
use crate::cluster::keys::{self, NodeValue, json};
use crate::cluster::lease::{Lease, nanos};
use crate::cluster::overview::Overview;
use crate::cluster::view::View;
use crate::cluster::{Host, MemberOptions, Place, deal, follow};
use crate::domain::partition::Partition;
use crate::ids::{Ids, RandomIds};

/// What a slot says of a partition that was never seen with an owner.
const NEVER: u64 = u64::MAX;

/// A node that has joined; [`run`](Self::run) does what there is to do.
pub struct Member {
    shared: Arc<Shared>,
    /// The node's own key, until [`run`](Self::run) keeps it.
    entered: Mutex<Option<Kept>>,
}

/// What the parts of a member have in common.
pub(super) struct Shared {
    pub terms: Arc<Terms>,
    pub node: Arc<str>,
    pub host: Arc<dyn Host>,
    pub view: ArcSwap<View>,
    /// From the system's partition on.
    slots: Vec<Slot>,
    /// Something has changed that places, claims and releases depend on.
    pub changes: watch::Sender<()>,
    /// What the node's own key says.
    about: watch::Sender<NodeValue>,
    node_lease: ArcSwap<Lease>,
}

/// What a member keeps of a partition.
struct Slot {
    /// This node's own lease of it.
    own: ArcSwapOption<Own>,
    /// When it was last seen with an owner, in nanoseconds of [`Clock::elapsed`].
    seen: AtomicU64,
}

pub(super) struct Own {
    pub lease: Arc<Lease>,
    /// Whether requests are answered.
    pub open: bool,
}

impl Member {
    /// Enters the cluster: makes it, where there is none, agrees with it on what all nodes have in common, and takes
    /// the node's name, for which it may have to wait. To be followed by [`run`](Self::run) at once, since the name
    /// expires.
    pub async fn join(
        jetstream: Context,
        options: MemberOptions,
        host: Arc<dyn Host>,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>, JoinError> {
        join::check(&options)?;
        let bucket = Bucket::open(&jetstream, &options.name, options.replicas).await?;
        join::agree(&bucket, &options).await?;
        let (run, since, counters) = (RandomIds.uuid(), clock.now(), Counters::default());
        let MemberOptions { node, url, version, partitions, lease, .. } = options;
        let about = NodeValue { run, url, version, since, leaving: false };
        let terms = Arc::new(Terms { bucket, clock, length: Duration::from_secs(lease.as_secs()), run, counters });
        let entered = join::enter(&terms, &node, &json(&about).into()).await?;
        let slot = |_| Slot { own: ArcSwapOption::empty(), seen: AtomicU64::new(NEVER) };
        let shared = Shared {
            terms,
            node: node.into(),
            host,
            view: ArcSwap::from_pointee(View::new(partitions)),
            slots: Partition::all(partitions).map(slot).collect(),
            changes: watch::Sender::new(()),
            about: watch::Sender::new(about),
            node_lease: ArcSwap::new(entered.lease.clone()),
        };
        Ok(Arc::new(Self { shared: Arc::new(shared), entered: Mutex::new(Some(entered)) }))
    }

    /// Keeps the node's name, follows the cluster, claims and gives back, until the stop; then gives everything back in
    /// order and removes the node's name. Once; dropped on the way it leaves everything to expire.
    pub async fn run(&self, stop: &Stop) {
        let entered = self.entered.lock().take();
        let entered = entered.expect("a member is run once");
        let (shared, gone) = (&*self.shared, Stop::new());
        let followed = gone.run_until_cancelled(follow::follow(shared));
        let dealt = async {
            deal::deal(&self.shared, stop).await;
            gone.cancel();
        };
        tokio::join!(followed, shared.keep_name(entered, &gone), dealt);
    }

    /// Where requests for `partition` go, as far as this node knows. Never waits.
    pub fn place(&self, partition: Partition) -> Place {
        if self.shared.own(partition).is_some_and(|own| own.open && own.lease.holds()) {
            return Place::Here;
        }
        let view = self.shared.view.load();
        match view.open_at(partition).filter(|(node, _)| **node != self.shared.node) {
            Some((node, url)) => Place::At { node: node.clone(), url: url.clone() },
            None => Place::Moving,
        }
    }

    /// The lease of the node's own name: another one after each time that it was lost.
    pub fn node_lease(&self) -> Arc<Lease> {
        self.shared.node_lease.load_full()
    }

    /// When the lease of `partition`, whosever it is, was last known to be good, by [`Clock::elapsed`]; none where that
    /// never was.
    pub fn seen(&self, partition: Partition) -> Option<Duration> {
        if let Some(own) = self.shared.own(partition) {
            return Some(own.lease.seen());
        }
        let seen = self.shared.slot(partition)?.seen.load(Ordering::Relaxed);
        (seen != NEVER).then(|| Duration::from_nanos(seen))
    }

    /// The unit of `partition` says that it cannot go on: its journal is fenced or has failed. It is lost, and this node
    /// leaves it to others for a while.
    pub fn gave_up(&self, partition: Partition) {
        if let Some(own) = self.shared.own(partition) {
            own.lease.end();
            self.shared.changes.send_replace(());
        }
    }

    /// Told whenever the [`place`](Self::place) of a partition may have become another.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.shared.changes.subscribe()
    }

    /// The cluster as this node sees it.
    pub fn overview(&self) -> Overview {
        Overview::of(&self.shared.view.load())
    }

    /// What has happened to this node's partitions.
    pub fn counts(&self) -> Counts {
        self.shared.terms.counters.read()
    }
}

impl Shared {
    fn slot(&self, partition: Partition) -> Option<&Slot> {
        self.slots.get(usize::from(partition.0))
    }

    /// This node's lease of `partition`.
    pub fn own(&self, partition: Partition) -> Option<Arc<Own>> {
        self.slot(partition)?.own.load_full()
    }

    pub fn set_own(&self, partition: Partition, own: Option<Own>) {
        if let Some(slot) = self.slot(partition) {
            slot.own.store(own.map(Arc::new));
        }
        self.changes.send_replace(());
    }

    /// An owner of `partition` has just renewed its lease.
    pub fn note_seen(&self, partition: Partition) {
        if let Some(slot) = self.slot(partition) {
            slot.seen.store(nanos(self.terms.clock.elapsed()), Ordering::Relaxed);
        }
    }

    /// Whether the node's name is its own at the moment.
    pub fn is_there(&self) -> bool {
        self.node_lease.load().holds()
    }

    /// Tells the others that this node is about to stop.
    pub fn leave(&self) {
        self.about.send_modify(|about| about.leaving = true);
    }

    /// Keeps the node's name until it has gone, and takes it again when it was lost.
    async fn keep_name(&self, mut kept: Kept, gone: &Stop) {
        let value = |about: &NodeValue| Bytes::from(json(about));
        let (values, mut newest) = watch::channel(value(&self.about.borrow()));
        let mut about = self.about.subscribe();
        let passed_on = async {
            while about.changed().await.is_ok() {
                values.send_replace(value(&about.borrow_and_update()));
            }
        };
        let keeping = async {
            loop {
                let Some(lost) = gone.run_until_cancelled(kept.keep(&mut newest)).await else { break };
                tracing::warn!(
                    node = &*self.node,
                    ?lost,
                    "this node has lost its place in the cluster, and tries again"
                );
                let Some(again) = gone.run_until_cancelled(self.take_name()).await else { break };
                tracing::info!(node = &*self.node, "this node is in the cluster again");
                kept = again;
                self.node_lease.store(kept.lease.clone());
                self.changes.send_replace(());
            }
            kept.remove().await;
        };
        tokio::select! {
            () = keeping => {}
            () = passed_on => {}
        }
    }

    /// Takes the node's name as soon as it is free and the cluster answers.
    async fn take_name(&self) -> Kept {
        let key = keys::node(&self.node);
        loop {
            let value = json(&*self.about.borrow()).into();
            if let Some(kept) = Kept::claim(&self.terms, key.clone(), value, 0).await {
                return kept;
            }
            sleep(self.terms.pace()).await;
        }
    }
}
