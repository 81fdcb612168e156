//! Tenants, workspaces and keys of a cluster, from a command line that may reach its NATS servers: who may do that holds
//! everything that the cluster has, as whoever may read the data directory of a server alone does.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::time::timeout;

use crate::actors::{EngineError, FollowedSystem};
use crate::app;
use crate::background::Stop;
use crate::cli::exit::{Exit, Failure};
use crate::clock;
use crate::cluster::logs::Logs;
use crate::cluster::system::SystemView;
use crate::config::ClusterConfig;
use crate::domain::ids::Id;
use crate::domain::partition::Partition;
use crate::domain::system::{ApiKey, KeySecret, NewKey, SystemRecord};
use crate::domain::system_table::SystemTable;
use crate::ids::{Ids, RandomIds};

/// How long the table of tenants and workspaces may take to be there.
const PATIENCE: Duration = Duration::from_secs(15);
/// The actor of records that are made this way.
const ACTOR: &str = "cluster";

/// The system workspace of a running cluster.
pub struct ClusterSystem {
    runtime: Runtime,
    view: Arc<SystemView>,
    /// Ends what follows it.
    end: Stop,
}

impl ClusterSystem {
    /// Reads the table, and goes on following it. Fails where no node of the cluster runs that could take a record.
    pub fn open(options: &ClusterConfig) -> Result<Self, Failure> {
        let runtime = Runtime::new().map_err(|error| Failure::of(Exit::Failed, &error))?;
        let (view, logs) = runtime.block_on(reached(options))?;
        let (end, followed) = (Stop::new(), Arc::clone(&view));
        let stop = end.clone();
        runtime.spawn(async move {
            match logs.existing(Partition::SYSTEM).await {
                Ok(Some(log)) => followed.follow(&log, &logs.shelf(Partition::SYSTEM), &stop).await,
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "the system partition cannot be read"),
            }
        });
        let known = runtime.block_on(async { timeout(PATIENCE, view.initialised()).await });
        match known {
            Ok(()) => Ok(Self { runtime, view, end }),
            Err(_) => Err(nobody()),
        }
    }

    pub fn table(&self) -> Arc<SystemTable> {
        self.view.table()
    }

    pub fn create_workspace(&self, name: &str, tenant: &str, id: Option<Id>) -> Result<Id, Failure> {
        let id = id.unwrap_or_else(|| RandomIds.uuid().into());
        let (name, tenant) = (name.into(), tenant.into());
        self.submit(SystemRecord::WorkspaceCreated { id, name, tenant, actor: ACTOR.into() })?;
        Ok(id)
    }

    /// The second part is its secret, which nobody can see again.
    pub fn create_key(&self, new: NewKey) -> Result<(ApiKey, KeySecret), Failure> {
        let token = RandomIds.token(KeySecret::TOKEN_LENGTH);
        let (key, secret) = new.mint(RandomIds.uuid().into(), &token, clock::wall());
        self.submit(SystemRecord::KeyCreated { key: key.clone(), actor: ACTOR.into() })?;
        Ok((key, secret))
    }

    /// Again, nothing changes.
    pub fn revoke_key(&self, id: Id) -> Result<(), Failure> {
        match self.table().key(id) {
            Some(key) if key.revoked_at.is_some() => Ok(()),
            Some(_) | None => self.submit(SystemRecord::KeyRevoked { id, actor: ACTOR.into() }),
        }
    }

    fn submit(&self, record: SystemRecord) -> Result<(), Failure> {
        match self.runtime.block_on(self.view.submit(record)) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(refusal)) => Err(Failure::of(Exit::Failed, &refusal)),
            Err(EngineError::Moving) => Err(nobody()),
            Err(error) => Err(Failure::of(Exit::Failed, &error)),
        }
    }
}

impl Drop for ClusterSystem {
    fn drop(&mut self) {
        self.end.cancel();
    }
}

fn nobody() -> Failure {
    Failure::new(Exit::Unreachable, "No node of the cluster has answered: start one first (`tripswitch serve`).")
}

/// A view that nothing has been read into yet, and where to read from.
async fn reached(options: &ClusterConfig) -> Result<(Arc<SystemView>, Logs), Failure> {
    let connection = app::cluster_connection(options).await?;
    let (client, ids) = (connection.client.clone(), Arc::new(RandomIds));
    let logs = Logs::new(connection, &options.name, options.replicas.into(), ids).await;
    let logs = logs.map_err(|error| Failure::new(Exit::Unreachable, error.to_string()))?;
    Ok((Arc::new(SystemView::new(client, &options.name)), logs))
}
