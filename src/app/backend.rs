//! What answers requests: one engine that has everything, or a node of a cluster.

use std::sync::Arc;

use tokio::task::JoinHandle;

use super::cluster::{self, ClusterNode};
use super::monitor::{Standing, Watched};
use super::node::{Node, Unit, data_dir};
use super::start::{AppError, Parts, start_alone};
use crate::background::Stop;
use crate::clock::Clock;
use crate::config::Config;
use crate::http::{App, Router, router_of};
use crate::ids::Ids;
use crate::issuer::{HttpFetch, Issuer, IssuerOptions};
use crate::recovery::Progress;
use crate::service::Service;
use crate::service::quota::QuotaOptions;
use crate::storage::{FileOptions, Storage};

/// How a service is served, until the stop.
pub(super) type AppOf = Arc<dyn Fn(Arc<Service>, Stop) -> App + Send + Sync>;

/// What serves the API.
pub(super) struct Serving {
    /// Every route of the API.
    pub routes: Router<App>,
    pub app_of: AppOf,
    /// Of the whole server.
    pub stop: Stop,
}

/// What a backend is started with, besides the configuration.
pub(super) struct Outside {
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub issuer: Option<(IssuerOptions, Arc<HttpFetch>)>,
    pub quotas: QuotaOptions,
    /// R2.16.
    pub accept_clock: bool,
}

pub(super) enum Backend {
    Alone { unit: Unit, upkeep: JoinHandle<()> },
    Node(Box<ClusterNode>),
}

/// A backend, what is to be served, and what goes on beside until the stop.
pub(super) struct Begun {
    pub backend: Backend,
    pub router: Router,
    pub tasks: Vec<JoinHandle<()>>,
}

impl Backend {
    pub async fn start(
        config: &Arc<Config>,
        outside: Outside,
        progress: Arc<Progress>,
        serving: Serving,
    ) -> Result<Begun, AppError> {
        let Outside { clock, ids, issuer, quotas, accept_clock } = outside;
        let stop = serving.stop.clone();
        let (issuer, mut begun) = match &config.cluster {
            Some(options) => {
                let (parts, lock) = cluster::parts(config, clock, ids)?;
                let (node, _) = Node::new(Arc::clone(config), Parts { issuer, quotas, ..parts })?;
                let issuer = node.issuer.clone();
                let (node, router) = ClusterNode::start(options, node, lock, serving).await?;
                (issuer, Begun { backend: Self::Node(Box::new(node)), router, tasks: Vec::new() })
            }
            None => {
                let parts = Parts { issuer, quotas, ..open(config, clock, &ids).await? };
                let (node, (journal, snapshots)) = Node::new(Arc::clone(config), parts)?;
                let unit = start_alone(&node, journal, snapshots, accept_clock, progress).await?;
                let (tasks, upkeep) = (unit.tasks(&stop), unit.upkeep());
                let app = (serving.app_of)(Arc::clone(&unit.service), stop.clone());
                let router = router_of(serving.routes, app);
                (node.issuer, Begun { backend: Self::Alone { unit, upkeep }, router, tasks })
            }
        };
        begun.tasks.extend(issuer.map(|issuer| keep_keys(issuer, stop)));
        Ok(begun)
    }

    /// For the second listener: everything that runs.
    pub fn watched(&self) -> Box<dyn Fn() -> Vec<Watched> + Send + Sync> {
        match self {
            Self::Alone { unit, .. } => {
                let alone = unit.watched();
                Box::new(move || vec![alone.clone()])
            }
            Self::Node(node) => Box::new(node.watched()),
        }
    }

    /// For the second listener: a node's part in its cluster.
    pub fn standing(&self) -> Option<Box<dyn Fn() -> Standing + Send + Sync>> {
        match self {
            Self::Alone { .. } => None,
            Self::Node(node) => Some(Box::new(node.standing())),
        }
    }

    /// Finishes what was accepted. Nothing is served any more.
    pub async fn stop(self) {
        match self {
            Self::Alone { unit, upkeep } => {
                unit.engine.shutdown().await;
                // It ends with the engine.
                drop(upkeep.await);
            }
            Self::Node(node) => node.stop().await,
        }
    }
}

/// Fetches the issuer's keys until the stop.
fn keep_keys(issuer: Arc<Issuer>, stop: Stop) -> JoinHandle<()> {
    tokio::spawn(async move { issuer.keep_keys(&stop).await })
}

/// Opens the data directory, which may take long: every group of the journal is read.
async fn open(config: &Config, clock: Arc<dyn Clock>, ids: &Arc<dyn Ids>) -> Result<Parts, AppError> {
    let (path, ids) = (data_dir(config), Arc::clone(ids));
    let options = FileOptions { segment_bytes: config.journal.segment_bytes() };
    let opened = tokio::task::spawn_blocking(move || {
        let storage = Storage::open(&path, &options, ids.as_ref())?.with_snapshots()?;
        Parts::on(storage, &path, clock, ids)
    });
    opened.await.map_err(|_| AppError::Interrupted)?
}
