//! `demo` (R10.2): a server on a temporary directory, and a day in the life of six accounts.

mod client;
mod play;
mod script;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use self::client::Client;
use self::play::{News, account_id};
use self::script::{ACCOUNTS, NORDIC_PARTS};
use super::exit::{Exit, Failure};
use super::serve::{Signals, runtime};
use super::workspace::TENANT_SCOPES;
use super::{logging, output};
use crate::app::{Server, ServerError};
use crate::clock;
use crate::config::{Config, LogConfig, LogFormat};
use crate::domain::ids::{Id, Side};
use crate::domain::system::{KeySecret, NewKey};
use crate::ids::RandomIds;
use crate::offline::{Absent, system_offline};
use crate::storage::FileOptions;

/// Lines that may wait for a slow terminal.
const NEWS_WAITING: usize = 64;

/// See it work: a server with a lifelike stream of conversations, one account of which goes bad
#[derive(Debug, clap::Args)]
pub struct Args {
    /// End after so many seconds [default: at Ctrl-C]
    #[arg(long, value_name = "N")]
    seconds: Option<u64>,
}

pub fn run(args: &Args, quiet: bool) -> Result<(), Failure> {
    let logs = logging::start(&LogConfig { format: LogFormat::Human, level: "warn".into(), otlp_endpoint: "".into() })?;
    let directory = tempfile::Builder::new().prefix("tripswitch-demo-").tempdir()?;
    let config = config(directory.path());
    let made = make_workspace(&config)?;
    let runtime = runtime()?;
    let done = runtime.block_on(demo(config, &made, args.seconds.map(Duration::from_secs), quiet));
    drop(runtime);
    logs.end();
    directory.close()?;
    done
}

fn config(directory: &Path) -> Config {
    let mut config = Config::default();
    config.storage.data_dir = directory.to_owned();
    // No proxy has to go elsewhere.
    config.server.drain = Duration::ZERO;
    config.webhooks.allow_private = true;
    config.journal.segment_mib = 4;
    config.admin.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config
}

struct Made {
    workspace: Id,
    key: KeySecret,
}

fn make_workspace(config: &Config) -> Result<Made, Failure> {
    let options = FileOptions { segment_bytes: config.journal.segment_bytes() };
    let mut system = system_offline(&config.storage.data_dir, Absent::Make, &options, &RandomIds, clock::wall())?;
    let workspace = system.create_workspace("Demo support", "demo", None)?;
    let (_, key) = system.create_key(NewKey {
        name: "demo".into(),
        tenant: Some("demo".into()),
        workspace: Some(workspace),
        side: Side::Live,
        scopes: TENANT_SCOPES.into(),
        expires_at: None,
    })?;
    Ok(Made { workspace, key })
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

async fn demo(config: Config, made: &Made, limit: Option<Duration>, quiet: bool) -> Result<(), Failure> {
    let mut signals = Signals::new()?;
    let directory = config.storage.data_dir.display().to_string();
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
        done = show(&client, &directory, quiet) => done,
        () = stop => Ok(()),
    };
    server.stop().await;
    output::note(quiet, format_args!("Stopped; {directory} is removed."));
    done
}

async fn show(client: &Client, directory: &str, quiet: bool) -> Result<(), Failure> {
    introduce(client, directory)?;
    let count = play::history(client, clock::wall()).await?;
    output::note(
        quiet,
        format_args!(
            "\n{count} conversations of the last weeks are in. Now live; {} has a bad day:\n",
            ACCOUNTS[NORDIC_PARTS]
        ),
    );
    let (tell, mut news) = mpsc::channel(NEWS_WAITING);
    let live = play::live(client.clone(), tell);
    let listen = async {
        while let Some(news) = news.recv().await {
            match news {
                News::Line(line) if quiet => drop(line),
                News::Line(line) => output::line(line)?,
                News::Tripped { id, reason } => tripped(client, &id, &reason)?,
            }
        }
        Err::<(), _>(Failure::new(Exit::Failed, "the demo's stream ended"))
    };
    tokio::try_join!(live, listen).map(drop)
}

fn introduce(client: &Client, directory: &str) -> Result<(), Failure> {
    let Client { base, key, workspace, .. } = client;
    let account = account_id(NORDIC_PARTS);
    output::line(format_args!(
        "Tripswitch demo on {base} (data in {directory}; Ctrl-C ends it and removes them)\n\
         workspace  {workspace}\n\
         key        {key}\n\n\
         Look at it from another terminal: the account's health, the breakers, the gate.\n\n\
         curl -s -H 'Authorization: Bearer {key}' '{base}/api/accounts/{account}/quality'\n\
         curl -s -H 'Authorization: Bearer {key}' '{base}/api/workspaces/{workspace}/quality/circuit-breakers'\n\
         curl -s -H 'Authorization: Bearer {key}' '{base}/api/workspaces/{workspace}/quality/gate?accountId={account}'\n\n\
         Or follow all that happens: curl -sN -H 'Authorization: Bearer {key}' '{base}/api/workspaces/{workspace}/quality/stream'"
    ))
}

fn tripped(client: &Client, id: &str, reason: &str) -> Result<(), Failure> {
    let Client { base, key, workspace, .. } = client;
    let url = format!("{base}/api/workspaces/{workspace}/quality/circuit-breakers/{id}");
    output::line(format_args!(
        "\nBREAKER TRIPPED: {reason}\n\
         The AI is paused for this account until somebody looks why, acknowledges and then resolves it:\n\n\
         curl -s -H 'Authorization: Bearer {key}' '{url}'\n\
         curl -s -X POST -H 'Authorization: Bearer {key}' '{url}/acknowledge'\n\
         curl -s -X POST -H 'Authorization: Bearer {key}' '{url}/resolve'\n"
    ))
}
