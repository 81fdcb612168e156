//! `demo` (R10.2): a server on a temporary directory with five weeks behind it, and a day in the life of its accounts.

mod choice;
mod client;
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

/// See it work: a server with weeks of conversations behind it, one account of which goes bad as you watch
#[derive(Debug, clap::Args)]
pub struct Args {
    /// End so many seconds after it is ready [default: at Ctrl-C]
    #[arg(long, value_name = "N")]
    seconds: Option<u64>,
}

pub fn run(args: &Args, quiet: bool) -> Result<(), Failure> {
    let logs = logging::start(&LogConfig { format: LogFormat::Human, level: "warn".into(), otlp_endpoint: "".into() })?;
    let runtime = runtime()?;
    // Before there is a directory to be removed. A closed terminal ends the demo, too.
    let signals = runtime.block_on(async { Signals::new(&[SignalKind::hangup()]) })?;
    let directory = tempfile::Builder::new().prefix("tripswitch-demo-").tempdir()?;
    let config = setup::config(directory.path());
    let now = clock::wall();
    let made = setup::make(&config, now - plan::SPAN)?;
    let limit = args.seconds.map(Duration::from_secs);
    let done = runtime.block_on(demo(config, &made, now, limit, signals, quiet));
    drop(runtime);
    logs.end();
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
    let stop = async {
        match limit {
            Some(limit) => tokio::select! {
                () = signals.stop() => {}
                () = tokio::time::sleep(limit) => {}
            },
            None => signals.stop().await,
        }
    };
    let done = tokio::select! {
        done = show(&client, made, &directory, count, quiet) => done,
        () = stop => Ok(()),
    };
    server.stop().await;
    output::note(quiet, format_args!("Stopped; {directory} is removed."));
    done
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
