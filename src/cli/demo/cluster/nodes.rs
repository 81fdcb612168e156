//! The nodes of the demo's cluster: this program as processes of their own, and who owns which partition.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::process::Process;
use super::servers::free_ports;
use crate::cli::exit::{Exit, Failure};
use crate::clock::Stopwatch;
use crate::cluster::{Overview, PartitionStatus, overview};
use crate::config::ClusterConfig;
use crate::ids::{Ids, RandomIds};
use crate::nats::Connection;

/// How long partitions may take until they are served.
const PATIENCE: Duration = Duration::from_secs(60);
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// All of them.
pub struct Nodes {
    pub all: Vec<Node>,
}

pub struct Node {
    pub process: Process,
    pub url: String,
}

impl Nodes {
    /// So many of the cluster, with one secret, and with their files in `directory`. None is started yet.
    pub fn new(count: usize, cluster: &ClusterConfig, directory: &Path) -> Result<Self, Failure> {
        let program = std::env::current_exe()?;
        let secret = RandomIds.secret();
        let mut all = Vec::new();
        for (number, port) in (1..).zip(free_ports(count)?) {
            let name = format!("n{number}");
            let own = directory.join(&name);
            let data = own.join("data");
            fs::create_dir_all(&data)?;
            fs::write(data.join("secret"), secret)?;
            fs::write(own.join("config.toml"), configuration(&name, port, cluster))?;
            let process = Process::new(name, &program, &["serve", "--config", "config.toml"], &own)?;
            all.push(Node { process, url: format!("http://127.0.0.1:{port}") });
        }
        Ok(Self { all })
    }

    pub fn start(&mut self) -> Result<(), Failure> {
        self.all.iter_mut().try_for_each(|node| node.process.start())
    }

    /// Waits until each says that it serves.
    pub async fn ready(&mut self) -> Result<(), Failure> {
        for node in &mut self.all {
            node.process.ready().await?;
        }
        Ok(())
    }

    /// Fails where one has ended by itself.
    pub fn check(&mut self) -> Result<(), Failure> {
        self.all.iter_mut().try_for_each(|node| node.process.check())
    }

    pub async fn stop(&mut self) {
        self.all.iter().for_each(|node| node.process.stop());
        for node in &mut self.all {
            node.process.stopped().await;
        }
    }
}

fn configuration(
    name: &str,
    port: u16,
    ClusterConfig { servers, name: cluster, partitions, .. }: &ClusterConfig,
) -> String {
    format!(
        "[cluster]\nservers = {servers:?}\nname = \"{cluster}\"\nnode = \"{name}\"\npartitions = {partitions}\n\n\
         [server]\nlisten = \"127.0.0.1:{port}\"\ndrain_seconds = 0\n\n\
         [admin]\nlisten = \"127.0.0.1:0\"\n\n\
         [storage]\ndata_dir = \"data\"\n\n\
         [log]\nlevel = \"warn\"\n"
    )
}

/// Who owns what, as the store of the cluster has it.
pub struct Places {
    connection: Connection,
    cluster: Box<str>,
}

impl Places {
    pub fn new(connection: Connection, cluster: &ClusterConfig) -> Self {
        Self { connection, cluster: cluster.name.clone() }
    }

    /// Waits until every partition is served.
    pub async fn all_served(&self) -> Result<(), Failure> {
        self.until(|seen| seen.partitions.iter().all(|part| part.ready)).await.map(drop)
    }

    /// The partitions of a node.
    pub async fn of(&self, node: &str) -> Result<Vec<PartitionStatus>, Failure> {
        let seen = self.until(|_| true).await?;
        Ok(seen.partitions.into_iter().filter(|part| part.node.as_deref() == Some(node)).collect())
    }

    /// Waits until each of these is served by a newer owner, and says how long that took.
    pub async fn served_again(&self, lost: &[PartitionStatus]) -> Result<Duration, Failure> {
        let since = Stopwatch::start();
        let is_served = |seen: &Overview, old: &PartitionStatus| {
            let mut of_it = seen.partitions.iter().filter(|part| part.partition == old.partition);
            of_it.any(|part| part.ready && part.epoch > old.epoch)
        };
        self.until(|seen| lost.iter().all(|old| is_served(seen, old))).await?;
        Ok(since.elapsed())
    }

    async fn until(&self, is_so: impl Fn(&Overview) -> bool) -> Result<Overview, Failure> {
        let looks = async {
            loop {
                // While it moves the store may have no answer for a moment.
                match overview(&self.connection.jetstream, &self.cluster).await {
                    Ok(Some(seen)) if is_so(&seen) => return seen,
                    Ok(_) => {}
                    Err(error) => tracing::debug!(%error, "no overview"),
                }
                sleep(BETWEEN_LOOKS).await;
            }
        };
        let late = |_| Failure::new(Exit::Failed, format!("partitions were not served within {PATIENCE:?}"));
        timeout(PATIENCE, looks).await.map_err(late)
    }
}
