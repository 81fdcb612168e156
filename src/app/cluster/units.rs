//! What happens when this node gets a partition, gives it back or loses it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::super::backend::AppOf;
use super::super::monitor::Watched;
use super::super::node::{Ground, Node, Unit};
use super::super::start::{AppError, warn};
use super::ClusterError;
use crate::actors::{JournalState, SystemSource};
use crate::background::{Stop, every};
use crate::clock::{Clock, check_start};
use crate::cluster::gate_bucket::GateBucket;
use crate::cluster::logs::Logs;
use crate::cluster::shelf::{LEAST_KEPT, Shelf, ShelvedStore};
use crate::cluster::system::{self, SystemView};
use crate::cluster::{Claim, Host, Lease, Member, TakeError};
use crate::domain::partition::Partition;
use crate::domain::time::{MINUTE, Millis};
use crate::http::front::Front;
use crate::http::{App, Router, behind_front};
use crate::journal::nats::{NatsJournal, NatsLog, NatsLogError};
use crate::journal::{Journal, JournalRead};
use crate::recovery::{Progress, Recovered, RecoveryError, recover, recover_within};
use crate::snapshot::{JournalId, SnapshotStore};
use crate::storage;

/// How long a partition may wait for the table of workspaces to come as far as it was when it was claimed.
const SYSTEM_WITHIN: Duration = Duration::from_secs(20);
/// How often it is looked whether the journal of a partition takes records.
const LOOK: Duration = Duration::from_millis(250);
/// Bytes of a log that are replayed sooner than a snapshot is written and fetched.
const SHORT_TAIL: u64 = 16 << 20;
/// How far the wall clock may be behind a partition's last record: the clocks of two machines are not one.
const BEHIND: Millis = MINUTE;

/// What units are made of.
pub(super) struct UnitsParts {
    pub node: Arc<Node>,
    /// This node's.
    pub name: Box<str>,
    pub logs: Logs,
    pub view: Arc<SystemView>,
    pub gates: GateBucket,
    pub data_dir: PathBuf,
    pub routes: Router<App>,
    pub app_of: AppOf,
    pub stop: Stop,
}

/// The units of this node.
pub(super) struct Units {
    parts: UnitsParts,
    member: OnceLock<Weak<Member>>,
    front: OnceLock<Arc<Front>>,
    running: Mutex<HashMap<Partition, Running>>,
}

/// What a member calls.
pub(super) struct NodeHost(pub Arc<Units>);

/// A unit that runs.
struct Running {
    unit: Unit,
    lease: Arc<Lease>,
    /// Of what answers and delivers; with that of the server.
    stop: Stop,
    /// Of what other nodes need of it: as long as it owns its partition.
    over: Stop,
    tasks: Vec<JoinHandle<()>>,
    upkeep: JoinHandle<()>,
}

impl Host for NodeHost {
    fn take(&self, claim: Claim) -> BoxFuture<'_, Result<(), TakeError>> {
        self.0.take(claim).map(|taken| taken.map_err(TakeError::new)).boxed()
    }

    fn prepare(&self, partition: Partition) -> BoxFuture<'_, ()> {
        self.0.prepare(partition).boxed()
    }

    fn release(&self, partition: Partition) -> BoxFuture<'_, ()> {
        self.0.end(partition, true).boxed()
    }

    fn lose(&self, partition: Partition) -> BoxFuture<'_, ()> {
        self.0.end(partition, false).boxed()
    }
}

impl Units {
    pub fn new(parts: UnitsParts) -> Self {
        Self { parts, member: OnceLock::new(), front: OnceLock::new(), running: Mutex::default() }
    }

    /// Whom to tell of a partition that cannot go on.
    pub fn joined(&self, member: &Arc<Member>) {
        self.member.get_or_init(|| Arc::downgrade(member));
    }

    /// From here on requests come by way of `front`.
    pub fn serve_behind(&self, front: &Arc<Front>) {
        let running = self.running.lock();
        self.front.get_or_init(|| Arc::clone(front));
        running.iter().for_each(|(partition, running)| self.open(*partition, running));
    }

    pub fn watched(&self) -> Vec<Watched> {
        self.running.lock().values().map(|running| running.unit.watched()).collect()
    }

    /// Opens the log, keeps all others from it, brings the state back and serves it.
    async fn take(self: &Arc<Self>, claim: Claim) -> Result<(), AppError> {
        let Claim { partition, epoch, lease } = claim;
        let UnitsParts { node, name, logs, .. } = &self.parts;
        let log = logs.open(partition).await.map_err(ClusterError::Log)?;
        let journal = own(&log, epoch, name, &lease).await?;
        let (own, source) = (self.snapshots(partition)?, self.system_source(partition).await?);
        let shelf = logs.shelf(partition);
        let load = tokio::task::spawn_blocking({
            let (reader, store, clock) = (journal.reader(), Arc::clone(&own), Arc::clone(&node.clock));
            let (shelf, source) = (shelf.clone(), source.clone());
            move || load(&*reader, &*store, &shelf, &source, &*clock)
        });
        let recovered = load.await.map_err(|_| AppError::Interrupted)??;
        warn(&recovered, &node.settings);
        let keep = usize::try_from(node.config.snapshots.keep).unwrap_or(LEAST_KEPT);
        let snapshots = Arc::new(ShelvedStore::new(own, shelf, keep));
        let ground = Ground { recovered, journal: Box::new(journal), snapshots, system: source, membership: None };
        let unit = node.start(ground).await?;
        let running = self.run(partition, unit, lease);
        let mut all = self.running.lock();
        self.open(partition, &running);
        all.insert(partition, running);
        Ok(())
    }

    /// The node's own snapshots of a partition.
    fn snapshots(&self, partition: Partition) -> Result<Arc<dyn SnapshotStore>, AppError> {
        let root = self.parts.data_dir.join("partitions").join(partition.to_string()).join("snapshots");
        Ok(storage::snapshots(&root)?)
    }

    /// Where the unit of a partition has the system workspace from: a table that knows all that the system partition had
    /// before the partition was claimed, and so every workspace that has records here.
    async fn system_source(&self, partition: Partition) -> Result<SystemSource, AppError> {
        if partition == Partition::SYSTEM {
            return Ok(SystemSource::Own);
        }
        let UnitsParts { view, logs, .. } = &self.parts;
        let known = async {
            view.initialised().await;
            let log = logs.open(Partition::SYSTEM).await.map_err(ClusterError::Log)?;
            let (_, last) = log.bounds().await.map_err(ClusterError::Log)?;
            view.reached(last).await;
            Ok::<_, AppError>(())
        };
        timeout(SYSTEM_WITHIN, known).await.map_err(|_| ClusterError::SystemBehind)??;
        Ok(SystemSource::Followed(Arc::clone(view) as _))
    }

    /// Starts what goes on beside the requests of a unit.
    fn run(self: &Arc<Self>, partition: Partition, unit: Unit, lease: Arc<Lease>) -> Running {
        let (stop, over) = (self.parts.stop.child_token(), Stop::new());
        let mut tasks = unit.tasks(&stop);
        let (units, engine, stops) = (Arc::downgrade(self), unit.engine.clone(), over.clone());
        tasks.push(tokio::spawn(async move {
            let mut looks = every(LOOK, &stops);
            while looks.next().await {
                if engine.journal_state() == JournalState::Failed {
                    tracing::warn!(%partition, "the log takes no more records from this node: the partition is given up");
                    let member = units.upgrade().and_then(|units| units.member.get().and_then(Weak::upgrade));
                    member.iter().for_each(|member| member.gave_up(partition));
                    return;
                }
            }
        }));
        let (gates, engine, stops) = (self.parts.gates.clone(), unit.engine.clone(), over.clone());
        tasks.push(tokio::spawn(async move { gates.follow(&engine, &stops).await }));
        tasks.push(if partition == Partition::SYSTEM {
            let Logs { connection, name, .. } = self.parts.logs.clone();
            tokio::spawn(system::serve(connection.client, name, unit.engine.clone(), over.clone()))
        } else {
            let (service, mut changes, stops) = (Arc::clone(&unit.service), self.parts.view.subscribe(), over.clone());
            tokio::spawn(async move {
                while let Some(Ok(())) = stops.run_until_cancelled(changes.changed()).await {
                    service.rights_changed();
                }
            })
        });
        let upkeep = unit.upkeep();
        Running { unit, lease, stop, over, tasks, upkeep }
    }

    /// Lets requests in; before there is a front there are none.
    fn open(&self, partition: Partition, running: &Running) {
        if let Some(front) = self.front.get() {
            let app = (self.parts.app_of)(Arc::clone(&running.unit.service), running.stop.clone());
            front.add(partition, behind_front(self.parts.routes.clone(), app), Arc::clone(&running.lease));
        }
    }

    /// Whoever has a unit's partition next replays what is behind the newest snapshot: where that is much, takes a new
    /// one.
    async fn prepare(&self, partition: Partition) {
        let engine = self.running.lock().get(&partition).map(|running| running.unit.engine.clone());
        if let Some(engine) = engine.filter(|engine| engine.snapshot_status().tail.bytes > SHORT_TAIL) {
            // What goes wrong is logged; the log has everything.
            drop(engine.snapshot().await);
        }
    }

    /// Ends a unit: in order, or at once.
    async fn end(&self, partition: Partition, in_order: bool) {
        let running = {
            let mut all = self.running.lock();
            self.front.get().iter().for_each(|front| front.remove(partition));
            all.remove(&partition)
        };
        let Some(Running { unit, lease: _, stop, over, tasks, upkeep }) = running else { return };
        stop.cancel();
        over.cancel();
        let engine = unit.engine.clone();
        if in_order {
            join_all(tasks).await;
        } else {
            tasks.iter().for_each(JoinHandle::abort);
        }
        engine.clone().abandon().await;
        engine.give_back();
        drop(upkeep.await);
    }
}

/// Keeps all others from the log. A bucket of the cluster that is new, or was restored, counts from below the epochs that
/// are in the logs: whoever holds the lease goes on from these.
async fn own(log: &NatsLog, epoch: u64, node: &str, lease: &Lease) -> Result<NatsJournal, ClusterError> {
    match log.own(epoch, node, Handle::current(), lease.ended()).await {
        Err(NatsLogError::Superseded { epoch: there, .. }) if lease.holds() => {
            Ok(log.own(there.saturating_add(1), node, Handle::current(), lease.ended()).await?)
        }
        owned => Ok(owned?),
    }
}

/// Brings the state of a partition back from the newest snapshot that the node or the shelf has, and the log behind it.
fn load(
    reader: &dyn JournalRead,
    store: &dyn SnapshotStore,
    shelf: &Shelf,
    source: &SystemSource,
    clock: &dyn Clock,
) -> Result<Recovered, AppError> {
    let journal = JournalId(reader.identity());
    shelf.catch_up(store, journal)?;
    let recovered = match replay(reader, store, source) {
        // What the node has of its own is too old or damaged, and the log was trimmed behind a snapshot on the shelf.
        Err(RecoveryError::Missing { .. }) => {
            for listed in store.list()? {
                store.remove(listed.number)?;
            }
            shelf.catch_up(store, journal)?;
            replay(reader, store, source)?
        }
        recovered => recovered?,
    };
    check_start(clock.now().saturating_add(BEHIND), recovered.last_receipt, false)?;
    Ok(recovered)
}

fn replay(
    reader: &dyn JournalRead,
    store: &dyn SnapshotStore,
    source: &SystemSource,
) -> Result<Recovered, RecoveryError> {
    let progress = Progress::default();
    match source {
        SystemSource::Own => recover(reader, store, &progress),
        SystemSource::Followed(followed) => recover_within(reader, store, &progress, &followed.table()),
    }
}
