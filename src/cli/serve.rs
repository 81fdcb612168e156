//! `serve` (R10.1).

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::config_args::ConfigArgs;
use super::exit::{Exit, Failure};
use super::target::{erasures_exit, open_exit, recovery_exit, snapshot_exit};
use super::{logging, output, progress};
use crate::app::{AppError, ClusterError, Server, ServerError, machine};
use crate::cluster::JoinError;
use crate::config::Config;
use crate::nats::ConnectError;
use crate::recovery::Progress;
use crate::service::door::SecretError;

/// Run the server
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// Address of the API [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Address of /healthz, /readyz and /metrics [default: 127.0.0.1:9180]
    #[arg(long, value_name = "ADDR")]
    admin_listen: Option<SocketAddr>,
    /// Be a node of the cluster on these NATS servers, as in nats://10.0.0.1:4222,nats://10.0.0.2:4222
    #[arg(long, value_name = "URL,…", value_delimiter = ',')]
    cluster: Vec<String>,
    /// Start although the wall clock is behind the journal, or far ahead of it
    #[arg(long)]
    accept_clock: bool,
}

pub fn run(args: &Args, quiet: bool) -> Result<(), Failure> {
    let flags = [
        args.listen.map(|address| ("--listen", "server.listen", address.to_string())),
        args.admin_listen.map(|address| ("--admin-listen", "admin.listen", address.to_string())),
        (!args.cluster.is_empty()).then(|| ("--cluster", "cluster.servers", format!("{:?}", args.cluster))),
    ];
    let config = args.config.load(flags.into_iter().flatten().collect())?.config;
    let logs = logging::start(&config.log)?;
    let runtime = runtime()?;
    let done = runtime.block_on(serve(&config, args.accept_clock, quiet));
    drop(runtime);
    logs.end();
    done
}

/// Tasks that a thread runs before it looks for sockets that are ready and for what other threads
/// have handed over. tokio's 61 suits tasks that take microseconds; reading a body takes hundreds.
const LOOK_AROUND_EVERY: u32 = 7;

/// The runtime of a server process.
pub fn runtime() -> Result<Runtime, Failure> {
    machine::keep_small_pages();
    let runtime = Builder::new_multi_thread()
        .event_interval(LOOK_AROUND_EVERY)
        .global_queue_interval(LOOK_AROUND_EVERY)
        .on_thread_start(machine::step_back)
        .enable_all()
        .build();
    runtime.map_err(|error| Failure::new(Exit::Failed, error.to_string()))
}

async fn serve(config: &Config, accept_clock: bool, quiet: bool) -> Result<(), Failure> {
    let mut signals = Signals::new(&[])?;
    // From here on SIGHUP does not end the process; one that comes during the start waits.
    let mut hangup = listen(SignalKind::hangup())?;
    let progress = Arc::new(Progress::default());
    let server = tokio::select! {
        server = Server::start(config, accept_clock, Arc::clone(&progress)) => server?,
        never = progress::show(|| progress.stage().name(), quiet, || progress.share()) => match never {},
        () = signals.stop() => return Ok(()),
    };
    tracing::info!(address = %server.address(), admin = %server.admin_address(), "ready");
    output::line(format_args!("listening on {}", server.url()))?;
    loop {
        tokio::select! {
            () = signals.stop() => break,
            _ = hangup.recv() => reload(&server),
        }
    }
    tracing::info!("stopping");
    server.stop().await;
    Ok(())
}

/// SIGHUP: the certificate may have changed. Nothing else is read again.
fn reload(server: &Server) {
    match server.reload() {
        Ok(true) => tracing::info!("the certificate was read again"),
        Ok(false) => tracing::info!("SIGHUP changes nothing: there is no certificate to read again"),
        Err(error) => tracing::error!(%error, "the certificate could not be read again; the old one stays"),
    }
}

fn listen(kind: SignalKind) -> Result<Signal, Failure> {
    signal(kind).map_err(|error| Failure::new(Exit::Failed, error.to_string()))
}

/// SIGINT, SIGTERM and others that shall end a process in order.
pub struct Signals(Vec<Signal>);

impl Signals {
    /// From here on these signals do not end the process by themselves. Has to be called within a runtime.
    pub fn new(others: &[SignalKind]) -> Result<Self, Failure> {
        let kinds = [SignalKind::interrupt(), SignalKind::terminate()];
        kinds.iter().chain(others).map(|kind| listen(*kind)).collect::<Result<_, _>>().map(Self)
    }

    /// Done at the next of them.
    pub async fn stop(&mut self) {
        futures::future::select_all(self.0.iter_mut().map(|signal| Box::pin(signal.recv()))).await;
    }
}

impl From<ServerError> for Failure {
    fn from(error: ServerError) -> Self {
        let exit = match &error {
            ServerError::App(AppError::Open(error)) => open_exit(error),
            ServerError::App(AppError::Recovery(error)) => recovery_exit(error),
            ServerError::App(AppError::Erasures(error)) => erasures_exit(error),
            ServerError::App(AppError::Snapshots(error)) => snapshot_exit(error),
            ServerError::App(AppError::Secret(error)) => secret_exit(error),
            ServerError::App(AppError::Cluster(error)) => cluster_exit(error),
            ServerError::App(AppError::Clock(_) | AppError::Mail(_)) | ServerError::Tls(_) | ServerError::Mail(_) => {
                Exit::Configuration
            }
            ServerError::App(
                AppError::Start(_) | AppError::Webhooks(_) | AppError::Shelf(_) | AppError::Interrupted,
            )
            | ServerError::Listen { .. }
            | ServerError::Threads(_)
            | ServerError::Issuer(_) => Exit::Failed,
        };
        Self::of(exit, &error)
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        let error = ClusterError::Connect(error);
        Self::of(cluster_exit(&error), &error)
    }
}

fn cluster_exit(error: &ClusterError) -> Exit {
    match error {
        ClusterError::Connect(ConnectError::Unreachable { .. }) => Exit::Unreachable,
        ClusterError::Connect(_) | ClusterError::Alone { .. } | ClusterError::Proxy(_) => Exit::Configuration,
        ClusterError::Join(JoinError::NameInUse { .. }) => Exit::InUse,
        ClusterError::Join(JoinError::Store(_) | JoinError::NoAnswer) => Exit::Unreachable,
        ClusterError::Join(_) => Exit::Configuration,
        ClusterError::Log(_) | ClusterError::Beside(_) | ClusterError::SystemBehind => Exit::Unreachable,
    }
}

/// The exit code (R10.9) of an error of the file `secret`.
pub fn secret_exit(error: &SecretError) -> Exit {
    match error {
        SecretError::NotAFile(_) | SecretError::BadLength(_) => Exit::Damaged,
        SecretError::TooOpen { .. } => Exit::Configuration,
        SecretError::Io { .. } => Exit::Failed,
    }
}
