//! `demo` (R10.2): a server on a temporary directory with five weeks behind it, and a day in the life of its accounts;
//! or a cluster, whose nodes are killed while events come in.

mod choice;
mod client;
mod cluster;
mod events;
mod history;
mod live;
mod plan;
mod receiver;
mod setup;
mod tell;
mod texts;

use std::sync::Arc;
use std::time::Duration;

use clap::value_parser;
use tokio::signal::unix::SignalKind;
use tokio::sync::mpsc;

use self::client::Client;
use self::live::News;
use self::receiver::Receiver;
use self::setup::Made;
use super::exit::{Exit, Failure};
use super::serve::{Signals, runtime};
use super::{logging, output};
use crate::app::{Server, ServerError};
use crate::clock;
use crate::config::{Config, LogConfig, LogFormat};
use crate::domain::time::Millis;

/// Lines that may wait for a slow terminal.
const NEWS_WAITING: usize = 64;

/// That the connection to the cluster's own servers ends with them is no news.
const LOGGED: &str = "warn,tripswitch::nats=error";

/// See it work: a server with weeks of conversations behind it, one account of which goes bad as you watch
#[derive(Debug, clap::Args)]
pub struct Args {
    /// End so many seconds after it is ready [default: at Ctrl-C]
    #[arg(long, value_name = "N")]
    seconds: Option<u64>,
    /// A cluster of so many nodes (2 to 5), one of which is killed every 20 seconds while events come in [without N: 3]
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "3", value_parser = value_parser!(u8).range(2..=5))]
    cluster: Option<u8>,
    /// With --cluster: end after so many kills, with exit code 1 if something was lost
    #[arg(long, value_name = "K", requires = "cluster", value_parser = value_parser!(u32).range(1..))]
    kills: Option<u32>,
}

pub fn run(args: &Args, quiet: bool) -> Result<(), Failure> {
    let config = LogConfig { format: LogFormat::Human, level: LOGGED.into(), otlp_endpoint: "".into() };
    let logs = logging::start(&config)?;
    let limit = args.seconds.map(Duration::from_secs);
    let done = match args.cluster {
        Some(nodes) => cluster::run(nodes.into(), cluster::Length { kills: args.kills, time: limit }, quiet),
        None => alone(limit, quiet),
    };
    logs.end();
    done
}

fn alone(limit: Option<Duration>, quiet: bool) -> Result<(), Failure> {
    let runtime = runtime()?;
    // Before there is a directory to be removed. A closed terminal ends the demo, too.
    let signals = runtime.block_on(async { Signals::new(&[SignalKind::hangup()]) })?;
    let directory = tempfile::Builder::new().prefix("tripswitch-demo-").tempdir()?;
    let config = setup::config(directory.path());
    let now = clock::wall();
    let made = setup::make(&config, now - plan::SPAN)?;
    let done = runtime.block_on(demo(config, &made, now, limit, signals, quiet));
    drop(runtime);
    directory.close()?;
    done
}

async fn demo(
    config: Config,
    made: &Made,
    now: Millis,
    limit: Option<Duration>,
    mut signals: Signals,
    quiet: bool,
) -> Result<(), Failure> {
    let directory = config.storage.data_dir.display().to_string();
    let receiver = Receiver::start().await?;
    output::note(quiet, format_args!("Writing five weeks of history …"));
    let count = tokio::select! {
        count = history::write(&config, made, plan::plan(now), &receiver) => count?,
        () = signals.stop() => return Ok(()),
    };
    let server = start(config).await?;
    let client = Client::new(&server.url(), made.key.expose(), made.workspace.uuid())?;
    let done = tokio::select! {
        done = show(&client, made, &directory, count, quiet) => done,
        () = signals.stop() => Ok(()),
        () = over(limit) => Ok(()),
    };
    server.stop().await;
    output::note(quiet, format_args!("Stopped; {directory} is removed."));
    done
}

/// Waits until the time is over, if it is ever.
async fn over(limit: Option<Duration>) {
    match limit {
        Some(limit) => tokio::time::sleep(limit).await,
        None => std::future::pending().await,
    }
}

/// On port 8080 or, if that is taken, a free one.
async fn start(mut config: Config) -> Result<Server, Failure> {
    match Server::start(&config, false, Arc::default()).await {
        Err(ServerError::Listen { .. }) => {
            config.server.listen.set_port(0);
            Ok(Server::start(&config, false, Arc::default()).await?)
        }
        started => Ok(started?),
    }
}

async fn show(client: &Client, made: &Made, directory: &str, count: usize, quiet: bool) -> Result<(), Failure> {
    tell::introduce(client, made, directory)?;
    output::note(quiet, format_args!("{count} conversations of five weeks are in. These are new:\n"));
    let (tell, mut news) = mpsc::channel(NEWS_WAITING);
    let live = live::live(client.with_key(made.helpdesk.expose()), tell);
    let listen = async {
        while let Some(news) = news.recv().await {
            match news {
                News::Line(line) if quiet => drop(line),
                News::Line(line) => output::line(line)?,
                News::Tripped { id, reason } => tell::tripped(client, &id, &reason)?,
            }
        }
        Err::<(), _>(Failure::new(Exit::Failed, "the demo's stream ended"))
    };
    tokio::try_join!(live, listen).map(drop)
}
