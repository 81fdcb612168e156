//! The NATS servers of the demo: three on this machine, which put everything on disk before they acknowledge it.

use std::env;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::process::Process;
use crate::app;
use crate::cli::exit::{Exit, Failure};
use crate::config::ClusterConfig;
use crate::nats::Connection;

/// Names the program; else it is looked for in `PATH`.
const NAMED: &str = "TRIPSWITCH_NATS_SERVER";
const PROGRAM: &str = "nats-server";
/// The oldest version that nodes take.
const OLDEST: (u32, u32) = (2, 14);
const COUNT: usize = 3;
/// Of the workspaces: enough for each node to have some, and few enough to be made in seconds.
const PARTITIONS: u16 = 16;
/// How long the servers may take to find each other.
const PATIENCE: Duration = Duration::from_secs(30);
const BETWEEN_TRIES: Duration = Duration::from_millis(100);

/// Three servers.
pub struct Servers {
    all: Vec<Process>,
    /// How the cluster on them is reached.
    pub options: ClusterConfig,
}

/// The program to start.
pub fn program() -> Result<PathBuf, Failure> {
    let candidates = env::var_os(NAMED).map(PathBuf::from).into_iter();
    let path = env::var_os("PATH").unwrap_or_default();
    let found = candidates.chain(env::split_paths(&path).map(|directory| directory.join(PROGRAM)));
    let mut found = found.filter(|program| version(program).is_some_and(|version| version >= OLDEST));
    found.next().ok_or_else(|| {
        let (major, minor) = OLDEST;
        Failure::new(
            Exit::NoInput,
            format!(
                "The demo of a cluster needs {PROGRAM} {major}.{minor} or newer, and none was found: get it from \
                 https://github.com/nats-io/nats-server/releases, and put it into PATH or its path into {NAMED}."
            ),
        )
    })
}

/// The first two numbers of what it says of itself, as in `nats-server: v2.15.1`.
fn version(program: &Path) -> Option<(u32, u32)> {
    let said = Command::new(program).arg("--version").output().ok()?;
    let said = String::from_utf8(said.stdout).ok()?;
    let (_, version) = said.trim().split_once(": v")?;
    let mut numbers = version.split('.').map_while(|number| number.parse().ok());
    Some((numbers.next()?, numbers.next()?))
}

/// Ports of this machine that are free. Whoever needs one takes it a moment later, and the system gives ports out in
/// turn, so that nobody else gets it meanwhile.
pub fn free_ports(count: usize) -> Result<Vec<u16>, Failure> {
    // All are held until the last is found, so that they differ.
    let held = (0..count).map(|_| TcpListener::bind(("127.0.0.1", 0))).collect::<Result<Vec<_>, _>>()?;
    held.iter().map(|listener| Ok(listener.local_addr()?.port())).collect()
}

impl Servers {
    /// With their files in `directory`. None is started yet.
    pub fn new(program: &Path, directory: &Path) -> Result<Self, Failure> {
        let (ports, routes) = (free_ports(COUNT)?, free_ports(COUNT)?);
        let known: Vec<_> = routes.iter().map(|port| format!("nats-route://127.0.0.1:{port}")).collect();
        let mut all = Vec::new();
        for (number, (port, route)) in (1..).zip(ports.iter().zip(&routes)) {
            let name = format!("nats-{number}");
            let own = directory.join(&name);
            fs::create_dir(&own)?;
            let configuration = format!(
                "server_name: {name}\n\
                 listen: \"127.0.0.1:{port}\"\n\
                 max_payload: 8MB\n\
                 jetstream {{ store_dir: store, sync_interval: always }}\n\
                 cluster {{ name: demo, listen: \"127.0.0.1:{route}\", routes: [{}] }}\n",
                known.join(", ")
            );
            fs::write(own.join("server.conf"), configuration)?;
            all.push(Process::new(name, program, &["-c", "server.conf"], &own)?);
        }
        let options = ClusterConfig {
            servers: ports.iter().map(|port| format!("nats://127.0.0.1:{port}").into()).collect(),
            name: "demo".into(),
            node: "demo".into(),
            advertise: "".into(),
            partitions: PARTITIONS,
            replicas: 3,
            credentials_file: None,
            ca_file: None,
            lease: Duration::from_secs(3),
        };
        Ok(Self { all, options })
    }

    pub fn start(&mut self) -> Result<(), Failure> {
        self.all.iter_mut().try_for_each(Process::start)
    }

    /// Waits until they serve as one, and connects to them.
    pub async fn connect(&mut self) -> Result<Connection, Failure> {
        let mut last = None;
        let connected = timeout(PATIENCE, async {
            loop {
                match app::cluster_connection(&self.options).await {
                    Ok(connection) => return Ok(connection),
                    Err(error) => last = Some(error),
                }
                self.check()?;
                sleep(BETWEEN_TRIES).await;
            }
        });
        match (connected.await, last) {
            (Ok(connected), _) => connected,
            (Err(_), Some(error)) => Err(error.into()),
            (Err(_), None) => Err(Failure::new(Exit::Failed, "the NATS servers do not answer")),
        }
    }

    /// Fails where one has ended by itself.
    pub fn check(&mut self) -> Result<(), Failure> {
        self.all.iter_mut().try_for_each(Process::check)
    }

    pub async fn stop(&mut self) {
        self.all.iter().for_each(Process::stop);
        for server in &mut self.all {
            server.stopped().await;
        }
    }
}
