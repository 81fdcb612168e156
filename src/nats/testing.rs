//! A NATS server for tests, alone, in a directory of its own, that stores as a cluster's servers do.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::thread::sleep;
use std::time::Duration;

use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use super::{Connection, NatsOptions, connect};

/// The program, as the environment names it, or as it is found in `PATH`.
const PROGRAM: &str = "TRIPSWITCH_NATS_SERVER";
const CONFIGURATION: &str = "server.conf";
const TRIES: u32 = 2_000;

/// A server that is killed at the end.
pub struct TestServer {
    program: PathBuf,
    port: u16,
    directory: TempDir,
    running: Option<Child>,
}

impl TestServer {
    /// `None`, and a line on standard error, where there is no such program. With `CI=true` there has to be one.
    pub fn start() -> Option<Self> {
        Self::start_with("max_payload: 2MB\njetstream { store_dir: store, sync_interval: always }\n")
    }

    /// One with other settings; paths in them are below its own directory.
    pub fn start_with(settings: &str) -> Option<Self> {
        let Some(program) = program() else {
            assert!(env::var("CI").as_deref() != Ok("true"), "tests need nats-server: set {PROGRAM}");
            eprintln!("SKIPPED: no nats-server in PATH, and {PROGRAM} is not set");
            return None;
        };
        let directory = tempfile::tempdir().expect("a directory for the server");
        let port = free_port();
        let written = format!("listen: \"127.0.0.1:{port}\"\nserver_name: test\n{settings}");
        fs::write(directory.path().join(CONFIGURATION), written).expect("room for a file");
        let mut server = Self { program, port, directory, running: None };
        server.run();
        Some(server)
    }

    pub const fn port(&self) -> u16 {
        self.port
    }

    /// How to reach it.
    pub fn options(&self) -> NatsOptions {
        options(self.port)
    }

    /// Connects to it. For tests that are no tasks themselves.
    pub fn connect(&self) -> Connection {
        runtime().block_on(connect(&self.options())).expect("a connection")
    }

    /// Kills it, as a crash would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.running.take() {
            child.kill().expect("it runs");
            child.wait().expect("it was killed");
        }
    }

    /// Starts it on what it has stored, at the same port.
    pub fn run(&mut self) {
        let root = self.directory.path();
        let log = fs::File::create(root.join("server.log")).expect("room for a file");
        let mut command = Command::new(&self.program);
        command.current_dir(root).arg("-c").arg(CONFIGURATION).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let mut child = command.spawn().expect("the program starts");
        for _ in 0..TRIES {
            if greets(self.port) {
                self.running = Some(child);
                return;
            }
            if child.try_wait().expect("the child is ours").is_some() {
                break;
            }
            sleep(Duration::from_millis(5));
        }
        let said = fs::read_to_string(root.join("server.log")).unwrap_or_default();
        panic!("nats-server does not serve: {said}");
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Whether a server says who it is, which it does as soon as it serves.
fn greets(port: u16) -> bool {
    let Ok(stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).is_ok() && line.starts_with("INFO ")
}

/// How to reach a server on this machine.
pub fn options(port: u16) -> NatsOptions {
    NatsOptions {
        servers: vec![format!("nats://127.0.0.1:{port}")],
        name: "tripswitch test".to_owned(),
        ..NatsOptions::default()
    }
}

/// Where connections live: as long as the tests' process, on threads of their own.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
        Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads for a runtime")
    });
    &RUNTIME
}

/// The system gives ports out in turn, so that nobody gets this one soon.
fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}

fn program() -> Option<PathBuf> {
    if let Some(named) = env::var_os(PROGRAM) {
        return Some(named.into());
    }
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|directory| directory.join("nats-server")).find(|program| program.is_file())
}
