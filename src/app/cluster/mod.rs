//! A node of a cluster: a unit for each partition that it owns, and one of no partition for what every node answers
//! itself.

mod units;

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use self::units::{NodeHost, Units, UnitsParts};
use super::backend::Serving;
use super::monitor::{Standing, Watched};
use super::node::{Ground, Node, Unit, data_dir};
use super::start::{AppError, Parts};
use crate::actors::SystemSource;
use crate::background::Stop;
use crate::clock::Clock;
use crate::cluster::erasures::ErasureBucket;
use crate::cluster::gate_bucket::GateBucket;
use crate::cluster::logs::Logs;
use crate::cluster::system::SystemView;
use crate::cluster::{JoinError, Member, MemberOptions, Place};
use crate::config::{ClusterConfig, Config};
use crate::domain::partition::Partition;
use crate::http::front::{Front, FrontParts, Proxy};
use crate::http::{Router, fronted};
use crate::ids::Ids;
use crate::journal::memory::MemoryLog;
use crate::journal::nats::NatsLogError;
use crate::nats::{ConnectError, Connection, NatsOptions, connect};
use crate::recovery::Recovered;
use crate::service::cluster::Membership;
use crate::snapshot::memory::MemorySnapshots;
use crate::storage::{self, Lock};
use crate::wire::cluster::Cluster;

/// How long the start waits in silence for somebody to own the system partition.
const SILENCE: Duration = Duration::from_secs(10);

/// How often a cluster is tried to be joined whose servers do not answer, and the pause between: an election takes up
/// to 9 s.
const JOIN_ATTEMPTS: u32 = 20;
const JOIN_PAUSE: Duration = Duration::from_secs(2);

/// What went wrong below.
type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a node does not take part in its cluster.
#[derive(Debug, Error)]
pub enum ClusterError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Join(#[from] JoinError),
    #[error(transparent)]
    Log(#[from] NatsLogError),
    #[error("what the cluster keeps in NATS beside its logs cannot be opened: {0}")]
    Beside(#[source] Cause),
    #[error(
        "{path} holds the journal of a server that was alone: `tripswitch cluster import` brings it into a cluster, whose \
         nodes have data directories of their own"
    )]
    Alone { path: String },
    #[error("other nodes cannot be reached from here: {0}")]
    Proxy(#[source] Cause),
    #[error("this node does not know all tenants and workspaces yet")]
    SystemBehind,
}

/// A node that takes part.
pub(super) struct ClusterNode {
    units: Arc<Units>,
    member: Arc<Member>,
    /// What every node answers itself.
    own: Unit,
    tasks: Vec<JoinHandle<()>>,
    upkeep: JoinHandle<()>,
    /// Ends the membership: partitions are given back in order.
    leave: Stop,
    membership: JoinHandle<()>,
    /// Ends what is followed of the cluster; after everything else.
    end: Stop,
    _lock: Lock,
}

/// What a node has where a server alone has its journal and its snapshots: nothing that outlives it. Its data directory
/// has the secret, its part of the list of erasures, and its snapshots of partitions.
pub(super) fn parts(config: &Config, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Result<(Parts, Lock), AppError> {
    let path = data_dir(config);
    if storage::has_journal(&path)? {
        return Err(ClusterError::Alone { path: path.display().to_string() }.into());
    }
    let lock = Lock::exclusive(&path)?;
    let (journal, snapshots) = (MemoryLog::default().writer(), MemorySnapshots::default());
    let parts = Parts::over(Box::new(journal), Arc::new(snapshots), &path, clock, ids)?;
    Ok((parts, lock))
}

/// To the servers of NATS that `options` names.
pub async fn connection(options: &ClusterConfig) -> Result<Connection, ConnectError> {
    connect(&NatsOptions {
        servers: options.servers.iter().map(ToString::to_string).collect(),
        credentials: options.credentials_file.clone(),
        ca: options.ca_file.clone(),
        name: format!("tripswitch {}", options.node),
    })
    .await
}

impl ClusterNode {
    /// Joins the cluster, and waits until the node knows tenants and workspaces. Answers what is to be served.
    pub async fn start(
        options: &ClusterConfig,
        node: Node,
        lock: Lock,
        serving: Serving,
    ) -> Result<(Self, Router), AppError> {
        let (node, end, leave) = (Arc::new(node), Stop::new(), Stop::new());
        let parts = units_parts(options, Arc::clone(&node), &serving, &end).await?;
        let (view, gates, logs) = (Arc::clone(&parts.view), Arc::clone(&parts.gates.gates), parts.logs.clone());
        let units = Arc::new(Units::new(parts));
        let member = join(options, &node, &logs, &units).await?;
        units.joined(&member);
        let (runs, leaves) = (Arc::clone(&member), leave.clone());
        let membership = tokio::spawn(async move { runs.run(&leaves).await });
        follow(&logs, &view, &end).await?;
        initialised(&view).await;
        let own = own_unit(&node, &view, membership_of(options, &member)).await?;
        let (tasks, upkeep) = (own.tasks(&serving.stop), own.upkeep());
        let front = Arc::new(Front::new(FrontParts {
            node: (serving.app_of)(Arc::clone(&own.service), serving.stop.clone()),
            partitions: options.partitions,
            places: Arc::clone(&member) as _,
            gates,
            proxy: proxy(options)?,
            hop_key: node.secret.hop_key(),
            clock: Arc::clone(&node.clock),
        }));
        units.serve_behind(&front);
        let router = fronted(serving.routes, front);
        Ok((Self { units, member, own, tasks, upkeep, leave, membership, end, _lock: lock }, router))
    }

    /// Everything that runs here, for `/metrics`: first what says whether the node is ready.
    pub fn watched(&self) -> impl Fn() -> Vec<Watched> + Send + Sync + 'static {
        let (member, units) = (Arc::clone(&self.member), Arc::clone(&self.units));
        let own = Watched { serves: Arc::new(move || member.node_lease().holds()), ..self.own.watched() };
        move || std::iter::once(own.clone()).chain(units.watched()).collect()
    }

    /// The node's part in the cluster, for `/metrics`.
    pub fn standing(&self) -> impl Fn() -> Standing + Send + Sync + 'static {
        let member = Arc::clone(&self.member);
        move || Standing::of(&member)
    }

    /// Gives all partitions back in order. Nothing is served any more.
    pub async fn stop(self) {
        self.leave.cancel();
        drop(self.membership.await);
        for task in self.tasks {
            drop(task.await);
        }
        self.own.engine.shutdown().await;
        drop(self.upkeep.await);
        self.end.cancel();
    }
}

/// Waits for servers that have just started, or that have lost their leader, for a while.
async fn join(
    options: &ClusterConfig,
    node: &Node,
    logs: &Logs,
    units: &Arc<Units>,
) -> Result<Arc<Member>, ClusterError> {
    let mut left = JOIN_ATTEMPTS;
    loop {
        left -= 1;
        let host = Arc::new(NodeHost(Arc::clone(units)));
        let (jetstream, clock) = (logs.connection.jetstream.clone(), Arc::clone(&node.clock));
        match Member::join(jetstream, member_options(options, node.secret.id()), host, clock).await {
            Err(error @ (JoinError::Store(_) | JoinError::NoAnswer)) if left > 0 => {
                tracing::warn!(error = chain(&error), "the cluster cannot be joined yet; it is tried again");
                sleep(JOIN_PAUSE).await;
            }
            joined => return Ok(joined?),
        }
    }
}

/// An error with its causes, which say what the servers have answered.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string);
    causes.collect::<Vec<_>>().join(": ")
}

/// Opens what the cluster has in NATS.
async fn units_parts(
    options: &ClusterConfig,
    node: Arc<Node>,
    serving: &Serving,
    end: &Stop,
) -> Result<UnitsParts, AppError> {
    let connection = connection(options).await.map_err(ClusterError::Connect)?;
    let (name, replicas) = (&*options.name, usize::from(options.replicas));
    let logs = Logs::new(connection.clone(), name, replicas, Arc::clone(&node.ids)).await;
    let logs = logs.map_err(ClusterError::Beside)?;
    let keep = Duration::from_millis(node.keeping.backups.unsigned_abs());
    let erasures = ErasureBucket::open(&connection.jetstream, name, replicas, keep).await;
    let erasures = erasures.map_err(ClusterError::Beside)?;
    erasures.follow(Arc::clone(&node.erasures), end.clone()).await.map_err(ClusterError::Beside)?;
    node.erasures.keep(node.keeping, node.clock.now());
    let gates = GateBucket::open(&connection.jetstream, name, replicas).await.map_err(ClusterError::Beside)?;
    let (watched, stop) = (gates.clone(), end.clone());
    tokio::spawn(async move { watched.watch(&stop).await });
    Ok(UnitsParts {
        data_dir: data_dir(&node.config),
        view: Arc::new(SystemView::new(connection.client, name)),
        name: options.node.clone(),
        routes: serving.routes.clone(),
        app_of: Arc::clone(&serving.app_of),
        stop: serving.stop.clone(),
        node,
        logs,
        gates,
    })
}

/// What a node of this configuration is, with the fingerprint of its secret.
pub fn member_options(options: &ClusterConfig, secret: [u8; 8]) -> MemberOptions {
    MemberOptions {
        name: options.name.to_string(),
        node: options.node.to_string(),
        url: options.advertise.to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        partitions: options.partitions,
        replicas: options.replicas.into(),
        lease: options.lease,
        secret,
    }
}

/// Follows the system partition until the end.
async fn follow(logs: &Logs, view: &Arc<SystemView>, end: &Stop) -> Result<(), AppError> {
    let log = logs.open(Partition::SYSTEM).await.map_err(ClusterError::Log)?;
    let (shelf, view, end) = (logs.shelf(Partition::SYSTEM), Arc::clone(view), end.clone());
    tokio::spawn(async move { view.follow(&log, &shelf, &end).await });
    Ok(())
}

/// Waits until some node has made the first record.
async fn initialised(view: &SystemView) {
    if tokio::time::timeout(SILENCE, view.initialised()).await.is_err() {
        tracing::warn!("no node has the system partition yet; the start waits for it");
        view.initialised().await;
    }
}

/// The unit without a partition: its engine has no side, and follows the system workspace.
async fn own_unit(node: &Node, view: &Arc<SystemView>, membership: Membership) -> Result<Unit, AppError> {
    let (journal, snapshots) = (MemoryLog::default().writer(), MemorySnapshots::default());
    node.start(Ground {
        recovered: Recovered::default(),
        journal: Box::new(journal),
        snapshots: Arc::new(snapshots),
        system: SystemSource::Followed(Arc::clone(view) as _),
        membership: Some(membership),
    })
    .await
}

fn membership_of(options: &ClusterConfig, member: &Arc<Member>) -> Membership {
    let (node, member) = (options.node.clone(), Arc::clone(member));
    Membership { node, cluster: Box::new(move || seen_by(&member)) }
}

/// The cluster as a node sees it: what it has lost itself is served no longer, whoever is still written down for it.
fn seen_by(member: &Member) -> Cluster {
    let mut cluster = Cluster::from(member.overview());
    for part in &mut cluster.partitions {
        part.ready &= member.place(Partition(part.partition)) != Place::Moving;
    }
    cluster
}

fn proxy(options: &ClusterConfig) -> Result<Proxy, AppError> {
    let trusted = options.ca_file.as_ref().map(fs::read).transpose();
    let trusted = trusted.map_err(|error| ClusterError::Proxy(error.into()))?;
    Ok(Proxy::new(trusted.as_deref()).map_err(|error| ClusterError::Proxy(error.into()))?)
}
