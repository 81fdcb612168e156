//! `cluster status|drain|import|export` (R11.4).

pub mod moving;
pub mod status;
pub mod system;

use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::json;
use tokio::runtime::Runtime;

use super::config_args::ConfigArgs;
use super::exit::{Exit, Failure};
use super::output::{self, Format, FormatArgs};
use crate::app;
use crate::cluster;
use crate::config::ClusterConfig;
use crate::nats::Connection;

/// Look at a cluster, and move work between its nodes
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Nodes, and who owns which partition
    Status(StatusArgs),
    /// Have a node give back its partitions and take none, before it is stopped for long
    Drain(DrainArgs),
    /// Bring the data directory of a server that was alone into an empty cluster
    Import(moving::ImportArgs),
    /// Take everything out of a cluster whose nodes are stopped, into a data directory of a server alone
    Export(moving::ExportArgs),
}

#[derive(Debug, Args)]
pub struct StatusArgs {
    #[command(flatten)]
    cluster: ClusterArgs,
    #[command(flatten)]
    format: FormatArgs,
}

#[derive(Debug, Args)]
pub struct DrainArgs {
    /// The node's name, as `cluster status` shows it
    node: String,
    /// Have it take its share again
    #[arg(long)]
    undo: bool,
    #[command(flatten)]
    cluster: ClusterArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// Which cluster: what `[cluster]` says, and on which servers.
#[derive(Debug, Args)]
pub struct ClusterArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Its NATS servers, as in nats://10.0.0.1:4222,nats://10.0.0.2:4222
    #[arg(long = "cluster", value_name = "URL,…", value_delimiter = ',')]
    servers: Vec<String>,
}

impl ClusterArgs {
    /// With the time for which backups are kept (R4.10).
    pub fn load(&self) -> Result<(ClusterConfig, Duration), Failure> {
        let servers =
            (!self.servers.is_empty()).then(|| ("--cluster", "cluster.servers", format!("{:?}", self.servers)));
        let config = self.config.load(servers.into_iter().collect())?.config;
        let backups = config.storage.backups_kept;
        config.cluster.map(|cluster| (cluster, backups)).ok_or_else(|| {
            Failure::new(Exit::Configuration, "No cluster is named: give --cluster, or set cluster.servers.")
        })
    }
}

pub fn run(command: &Command, quiet: bool) -> Result<(), Failure> {
    match command {
        Command::Status(args) => status::run(&args.cluster.load()?.0, args.format.output),
        Command::Import(args) => moving::import(args, quiet),
        Command::Export(args) => moving::export(args, quiet),
        Command::Drain(args) => drain(args, quiet),
    }
}

/// Runs `work` with a connection to the cluster's NATS servers.
fn connected<T, F: Future<Output = Result<T, Failure>>>(
    options: &ClusterConfig,
    work: impl FnOnce(Connection) -> F,
) -> Result<T, Failure> {
    let runtime = Runtime::new().map_err(|error| Failure::of(Exit::Failed, &error))?;
    runtime.block_on(async { work(app::cluster_connection(options).await?).await })
}

/// Of a name that stands for no cluster.
fn unknown(options: &ClusterConfig) -> Failure {
    Failure::new(Exit::NoInput, format!("These servers have no cluster named {:?}.", options.name))
}

fn drain(args: &DrainArgs, quiet: bool) -> Result<(), Failure> {
    let (options, _) = args.cluster.load()?;
    let set = connected(&options, async |Connection { jetstream, .. }| {
        let set = cluster::drain(&jetstream, &options.name, &args.node, !args.undo).await;
        set.map_err(|error| Failure::of(Exit::Failed, &error))
    })?;
    if !set {
        return Err(unknown(&options));
    }
    match args.format.output {
        Format::Json => output::json(&json!({"node": args.node, "draining": !args.undo})),
        Format::Table => {
            let done = if args.undo {
                "takes its share again"
            } else {
                "gives its partitions back; `cluster status` shows how far it is"
            };
            output::note(quiet, format_args!("{} {done}.", args.node));
            Ok(())
        }
    }
}
