//! `demo --cluster` (R10.2): NATS servers and nodes on this machine, one of which is killed again and again while events
//! come in; and whether anything is lost.

mod load;
mod nodes;
mod process;
mod servers;
mod show;

use std::time::Duration;

use tokio::signal::unix::SignalKind;
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval, sleep};

use self::load::Load;
use self::nodes::{Node, Nodes, Places};
use self::servers::Servers;
use self::show::{Show, counts};
use super::client::Client;
use super::{over, setup};
use crate::cli::cluster::system::ClusterSystem;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output;
use crate::cli::serve::{Signals, runtime};
use crate::config::ClusterConfig;
use crate::domain::ids::Id;
use crate::domain::system::KeySecret;

/// The first node is killed after so long, and then another one after each period.
const FIRST: Duration = Duration::from_secs(5);
const PERIOD: Duration = Duration::from_secs(20);
/// A killed node is started again so long after others serve its partitions.
const AWAY: Duration = Duration::from_secs(3);

/// The workspace of the demo, with its keys.
pub struct Made {
    workspace: Id,
    key: KeySecret,
    server_key: KeySecret,
}

/// How long it goes on.
#[derive(Clone, Copy)]
pub struct Length {
    /// Ends after so many kills.
    pub kills: Option<u32>,
    pub time: Option<Duration>,
}

pub fn run(nodes: usize, length: Length, quiet: bool) -> Result<(), Failure> {
    let program = servers::program()?;
    let runtime = runtime()?;
    // Before there is something to be removed. A closed terminal ends the demo, too.
    let mut signals = runtime.block_on(async { Signals::new(&[SignalKind::hangup()]) })?;
    let directory = tempfile::Builder::new().prefix("tripswitch-demo-").tempdir()?;
    let mut servers = Servers::new(&program, directory.path())?;
    let mut nodes = Nodes::new(nodes, &servers.options, directory.path())?;
    let done = runtime.block_on(async {
        let done = tokio::select! {
            done = play(&mut servers, &mut nodes, length, quiet) => done,
            () = signals.stop() => Ok(()),
        };
        output::note(quiet, format_args!("Stopping …"));
        // Nodes give back what they own while there are servers to write it to.
        nodes.stop().await;
        servers.stop().await;
        done
    });
    drop(runtime);
    let place = directory.path().display().to_string();
    directory.close()?;
    output::note(quiet, format_args!("Stopped; {place} is removed."));
    done
}

/// From the first start until the last kill, or until the time is over, which counts from when all is ready.
async fn play(servers: &mut Servers, nodes: &mut Nodes, length: Length, quiet: bool) -> Result<(), Failure> {
    output::note(quiet, format_args!("Starting three NATS servers and {} nodes …", nodes.all.len()));
    servers.start()?;
    let places = Places::new(servers.connect().await?, &servers.options);
    nodes.start()?;
    nodes.ready().await?;
    places.all_served().await?;
    let made = make(&servers.options).await?;
    let clients = nodes.all.iter().map(|node| Client::new(&node.url, made.key.expose(), made.workspace.uuid()));
    let load = Load::new(clients.collect::<Result<_, _>>()?);
    load.known().await?;
    let show = Show::new(quiet);
    show.introduce(&made, nodes)?;
    tokio::select! {
        done = load.run() => done,
        done = kill_in_turn(servers, nodes, length.kills, &places, &load, &show) => done,
        () = over(length.time) => Ok(()),
        never = show.states(|| load.tally()) => match never {},
    }
}

/// A workspace and its keys, made as `workspace create` makes them on a cluster.
async fn make(cluster: &ClusterConfig) -> Result<Made, Failure> {
    let cluster = cluster.clone();
    let made = spawn_blocking(move || {
        let system = ClusterSystem::open(&cluster)?;
        let workspace = system.create_workspace(setup::NAME, setup::TENANT, Some(setup::WORKSPACE.into()))?;
        let (_, key) = system.create_key(setup::key(workspace))?;
        let (_, server_key) = system.create_key(setup::server_key())?;
        Ok(Made { workspace, key, server_key })
    });
    made.await.map_err(|error| Failure::of(Exit::Failed, &error))?
}

async fn kill_in_turn(
    servers: &mut Servers,
    nodes: &mut Nodes,
    kills: Option<u32>,
    places: &Places,
    load: &Load,
    show: &Show,
) -> Result<(), Failure> {
    sleep(FIRST).await;
    let mut period = interval(PERIOD);
    period.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let turns = (0..nodes.all.len()).cycle();
    let count = kills.map_or(usize::MAX, |kills| kills as usize);
    for turn in turns.take(count) {
        period.tick().await;
        servers.check()?;
        nodes.check()?;
        kill(&mut nodes.all[turn], places, show).await?;
        check(load, show).await?;
    }
    Ok(())
}

/// Kills a node, and starts it again when others serve what it had.
async fn kill(Node { process, .. }: &mut Node, places: &Places, show: &Show) -> Result<(), Failure> {
    let held = places.of(&process.name).await?;
    process.kill();
    let (name, count) = (&process.name, held.len());
    show.tell(format_args!("{name} is killed, with {count} partitions"))?;
    let taken = places.served_again(&held).await?.as_secs_f64();
    show.tell(format_args!("{count} partitions have moved, and are served again after {taken:.1} s"))?;
    sleep(AWAY).await;
    process.start()?;
    process.ready().await?;
    show.tell(format_args!("{} is back", process.name))
}

/// Whether the workspace has what was accepted: no conversation less, and none more.
async fn check(load: &Load, show: &Show) -> Result<(), Failure> {
    let there = load.check().await?;
    let tally = load.tally();
    show.tell(counts(tally))?;
    let accepted = tally.conversations;
    if there == accepted {
        return show
            .tell(format_args!("nothing is lost: {accepted} conversations were accepted, and {there} are there"));
    }
    Err(Failure::new(Exit::Failed, format!("{accepted} conversations were accepted, and {there} are there")))
}
