//! `cluster status`: nodes, owners, epochs, and how much of each log a new owner would have to replay.

use std::sync::Arc;

use super::{connected, unknown};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::{self, Format};
use crate::cluster::logs::Logs;
use crate::cluster::overview;
use crate::config::ClusterConfig;
use crate::domain::partition::Partition;
use crate::ids::RandomIds;
use crate::nats::Connection;
use crate::wire::cluster::Cluster;

pub fn run(options: &ClusterConfig, format: Format) -> Result<(), Failure> {
    let cluster = connected(options, async |connection| look(options, connection).await)?;
    match format {
        Format::Json => output::json(&cluster),
        Format::Table => table(cluster),
    }
}

async fn look(options: &ClusterConfig, connection: Connection) -> Result<Cluster, Failure> {
    let seen = overview(&connection.jetstream, &options.name).await;
    let seen = seen.map_err(|error| Failure::of(Exit::Unreachable, &error))?.ok_or_else(|| unknown(options))?;
    let mut cluster = Cluster::from(seen);
    let logs = Logs::new(connection, &options.name, options.replicas.into(), Arc::new(RandomIds)).await;
    let logs = logs.map_err(|error| Failure::new(Exit::Unreachable, error.to_string()))?;
    let kept = logs.newest_snapshots().await.map_err(|error| Failure::of(Exit::Failed, &error))?;
    for part in &mut cluster.partitions {
        let log = logs.existing(Partition(part.partition)).await.map_err(|error| Failure::of(Exit::Failed, &error))?;
        let Some(log) = log else { continue };
        let (_, last) = log.bounds().await.map_err(|error| Failure::of(Exit::Failed, &error))?;
        let snapshot = kept.get(&Partition(part.partition)).map_or(0, |position| position.0);
        part.last_group = Some(last.0);
        part.tail_groups = Some(last.0.saturating_sub(snapshot));
    }
    Ok(cluster)
}

fn table(cluster: Cluster) -> Result<(), Failure> {
    let number = |value: Option<u64>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
    output::table(
        ["node", "partitions", "url", "version", "state"],
        cluster.nodes.into_iter().map(|node| {
            let state = if node.draining { "draining" } else { "taking" };
            [node.name, node.partitions.to_string(), node.url, node.version, state.to_owned()]
        }),
    )?;
    output::line("")?;
    output::table(
        ["partition", "owner", "epoch", "state", "last group", "to replay"],
        cluster.partitions.into_iter().map(|part| {
            let state = if part.ready { "serving" } else { "moving" };
            [
                Partition(part.partition).to_string(),
                part.node.unwrap_or_else(|| "-".to_owned()),
                part.epoch.to_string(),
                state.to_owned(),
                number(part.last_group),
                number(part.tail_groups),
            ]
        }),
    )
}
