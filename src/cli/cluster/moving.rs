//! `cluster import` and `cluster export`: a single machine's data directory moves into a cluster and out (R11.4).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clap::Args;
use serde_json::json;
use tokio::runtime::Runtime;

use super::super::exit::{Exit, Failure};
use super::super::output::{self, Format, FormatArgs};
use super::super::progress;
use super::super::serve::secret_exit;
use super::super::target::erasures_exit;
use super::ClusterArgs;
use crate::app;
use crate::clock::SystemClock;
use crate::cluster::erasures::ErasureBucket;
use crate::cluster::logs::Logs;
use crate::cluster::moving::{MoveError, Moving, State};
use crate::config::ClusterConfig;
use crate::domain::hex;
use crate::erasures::{self, ErasureList};
use crate::ids::RandomIds;
use crate::offline::restore::{Carried, Found, Point, Replace, Source, check_target, write};
use crate::recovery::save::SaveProgress;
use crate::recovery::{Progress, Tail};
use crate::service::door::{Secret, SecretError};

#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The data directory of the server that was alone; it stays as it is
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    #[command(flatten)]
    cluster: ClusterArgs,
    #[command(flatten)]
    format: FormatArgs,
}

#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The data directory to make
    #[arg(value_name = "DIR")]
    to: PathBuf,
    /// The file `secret` that all nodes have
    #[arg(long, value_name = "FILE")]
    secret: PathBuf,
    #[command(flatten)]
    cluster: ClusterArgs,
    #[command(flatten)]
    format: FormatArgs,
}

pub fn import(args: &ImportArgs, quiet: bool) -> Result<(), Failure> {
    let (options, backups) = args.cluster.load()?;
    let reading = Arc::new(Progress::default());
    let (source, shown) = (Source::open(&args.from)?, Arc::clone(&reading));
    let read = || source.read(Point::End, &reading);
    let found = progress::during(quiet, move || (shown.stage().name(), shown.share()), read)?;
    let Found { system, workspaces, last_receipt, .. } = found;
    let state = State { system, workspaces, last_receipt };
    let list = match erasures::read_list(&args.from.join("erasures")) {
        Err(erasures::ErasuresError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            ErasureList::default()
        }
        list => list.map_err(|error| Failure::of(erasures_exit(&error), &error))?,
    };
    let (hash, conversations) = (state.hash(), state.conversations());
    let secret = Secret::load(&args.from).map_err(|error| match error {
        SecretError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => Failure::new(
            Exit::NoInput,
            format!("{} has no secret yet: start a server on it once.", args.from.display()),
        ),
        error => Failure::of(secret_exit(&error), &error),
    })?;
    with_cluster(&options, backups, &secret, quiet, "Bringing the state in", |moving, done| {
        moving.bring_in(state, &list, &SystemClock::new(), done)
    })?;
    tell(args.format.output, quiet, &hash, conversations, &args.from)
}

pub fn export(args: &ExportArgs, quiet: bool) -> Result<(), Failure> {
    let (options, backups) = args.cluster.load()?;
    check_target(&args.to, Replace::Refuse)?;
    let secret = Secret::load_file(&args.secret).map_err(|error| Failure::of(secret_exit(&error), &error))?;
    let mut list = ErasureList::default();
    let state = with_cluster(&options, backups, &secret, quiet, "Taking the state out", |moving, done| {
        let state = moving.take_out(done)?;
        moving.erasures.entries().map_err(MoveError::Erasures)?.into_iter().for_each(|entry| list.insert(entry));
        Ok(state)
    })?;
    let (hash, conversations) = (state.hash(), state.conversations());
    let State { system, workspaces, last_receipt } = state;
    let (snapshot, tail, passed_over) = (None, Tail::default(), Vec::new());
    let found = Found { system, workspaces, last_receipt, snapshot, tail, passed_over };
    let carried = Carried { secret: Some(args.secret.clone()), erasures: list };
    let writing = Arc::new(SaveProgress::default());
    let (shown, clock) = (Arc::clone(&writing), SystemClock::new());
    progress::during(
        quiet,
        move || ("Writing the snapshot", shown.share()),
        || write(&args.to, found, &carried, Replace::Refuse, &clock, &RandomIds, &writing),
    )?;
    let written = Source::open(&args.to)?.read(Point::End, &Progress::default())?;
    let Found { system, workspaces, last_receipt, .. } = written;
    if (State { system, workspaces, last_receipt }).hash() != hash {
        return Err(Failure::new(Exit::Damaged, "The data directory has another state than the cluster."));
    }
    tell(args.format.output, quiet, &hash, conversations, &args.to)
}

/// Does `work` with a cluster that no node runs in; `done` is to be called after each partition.
fn with_cluster<T>(
    options: &ClusterConfig,
    backups: Duration,
    secret: &Secret,
    quiet: bool,
    doing: &'static str,
    work: impl FnOnce(Moving<'_>, &mut dyn FnMut()) -> Result<T, MoveError>,
) -> Result<T, Failure> {
    let runtime = Runtime::new().map_err(|error| Failure::of(Exit::Failed, &error))?;
    let (name, replicas) = (&*options.name, usize::from(options.replicas));
    let opened = async {
        let connection = app::cluster_connection(options).await?;
        let beside =
            |error: Box<dyn std::error::Error + Send + Sync>| Failure::new(Exit::Unreachable, error.to_string());
        let erasures = ErasureBucket::open(&connection.jetstream, name, replicas, backups).await.map_err(beside)?;
        let logs = Logs::new(connection, name, replicas, Arc::new(RandomIds)).await.map_err(beside)?;
        Ok::<_, Failure>((logs, erasures))
    };
    let (logs, erasures) = runtime.block_on(opened)?;
    let member = app::cluster_member(options, secret.id());
    let (parts, all) = (Arc::new(AtomicU64::new(0)), f64::from(options.partitions) + 1.0);
    let shown = Arc::clone(&parts);
    let look = move || (doing, shown.load(Ordering::Relaxed) as f64 / all);
    let _within = runtime.enter();
    let moved = progress::during(quiet, look, || {
        let moving = Moving { logs: &logs, options: &member, erasures: &erasures, runtime: runtime.handle() };
        work(moving, &mut || _ = parts.fetch_add(1, Ordering::Relaxed))
    });
    moved.map_err(Failure::from)
}

fn tell(format: Format, quiet: bool, hash: &[u8; 32], conversations: u64, path: &Path) -> Result<(), Failure> {
    let hash = hex::encode(hash);
    match format {
        Format::Json => output::json(&json!({"conversations": conversations, "stateHash": hash})),
        Format::Table => {
            output::note(
                quiet,
                format_args!("{}: {conversations} conversations, state {hash} on both sides.", path.display()),
            );
            Ok(())
        }
    }
}

impl From<MoveError> for Failure {
    fn from(error: MoveError) -> Self {
        let exit = match &error {
            MoveError::Running(_) => Exit::InUse,
            MoveError::Missing(_) => Exit::NoInput,
            MoveError::NotEmpty(_) => Exit::NotEmpty,
            MoveError::Differs(_) | MoveError::NotApplied(_) | MoveError::Recovery(_) => Exit::Damaged,
            MoveError::Join(_) => Exit::Configuration,
            MoveError::Erasures(_)
            | MoveError::Store(_)
            | MoveError::Log(_)
            | MoveError::Shelf(_)
            | MoveError::Snapshot(_) => Exit::Failed,
        };
        Self::of(exit, &error)
    }
}
