//! The program under test as a process: its data directory, its starts and its ends.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use parking_lot::RwLock;
use serde_json::Value;

use super::http::Client;
use super::keep::Kept;
use super::output;

/// How long a start, or a command, may take before the test gives up.
const PATIENCE: Duration = Duration::from_secs(120);

/// A data directory with one workspace and a key to it; configuration and logs lie beside.
#[derive(Debug)]
pub struct Home {
    root: Kept,
    pub workspace: String,
    pub key: String,
    envs: Vec<(String, String)>,
}

/// The name of the workspace of a [`Home`].
pub const WORKSPACE_NAME: &str = "Nordic Support";

impl Home {
    /// Small segments, so that a test crosses from one to the next.
    pub fn new() -> Self {
        let mut home = Self::empty();
        home.settle();
        home
    }

    /// Makes the data directory, the workspace and its key.
    pub fn settle(&mut self) {
        let arguments =
            ["workspace", "create", "--name", WORKSPACE_NAME, "--tenant", "org_nordic", "--with-key", "-o", "json"];
        let output = self.run(&arguments);
        assert!(output.status.success(), "{}", told(&output));
        let made: Value = serde_json::from_slice(&output.stdout).unwrap();
        self.workspace = made["id"].as_str().unwrap().to_owned();
        self.key = made["key"].as_str().unwrap().to_owned();
    }

    /// Without a data directory: the first command makes one.
    pub fn empty() -> Self {
        let small = [("SEGMENT_MIB", "1"), ("GROUP_MAX_BYTES", "1048576")];
        let envs = small.map(|(name, value)| (format!("TRIPSWITCH__JOURNAL__{name}"), value.to_owned())).into();
        let root = Kept::new();
        fs::write(root.path().join("config.toml"), "").unwrap();
        Self { root, workspace: String::new(), key: String::new(), envs }
    }

    /// Holds for every command and start from here on.
    pub fn env(&mut self, name: &str, value: impl Into<String>) {
        self.envs.retain(|(known, _)| known != name);
        self.envs.push((name.to_owned(), value.into()));
    }

    /// Takes back what [`env`](Self::env) has set.
    #[cfg(feature = "faults")]
    pub fn without(&mut self, name: &str) {
        self.envs.retain(|(known, _)| known != name);
    }

    pub fn root(&self) -> &Path {
        self.root.path()
    }

    pub fn data(&self) -> PathBuf {
        self.root().join("data")
    }

    /// What the servers said on standard error, all of them together.
    pub fn log(&self) -> PathBuf {
        self.root().join("stderr.log")
    }

    /// Replaces config.toml.
    pub fn configure(&self, text: &str) {
        fs::write(self.root().join("config.toml"), text).unwrap();
    }

    /// Runs the program with these arguments on this data directory, to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        let command = &mut self.command(arguments);
        let child = spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
        let (id, (sender, receiver)) = (child.id(), mpsc::channel());
        // A test that has given up waits for nothing more.
        thread::spawn(move || sender.send(child.wait_with_output()));
        let output = receiver.recv_timeout(PATIENCE).unwrap_or_else(|_| {
            send_signal("KILL", id);
            panic!("{arguments:?} does not end within {PATIENCE:?}")
        });
        let output = output.unwrap();
        output::note(self.root(), arguments, &output);
        output
    }

    /// The program with these arguments, on this data directory.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.prepare(Command::new(env!("CARGO_BIN_EXE_tripswitch")), arguments)
    }

    /// A server that runs under another program (`wrapper`).
    pub fn serve_under(&self, wrapper: &[&str]) -> Server {
        self.try_serve_under(wrapper).unwrap_or_else(|status| {
            let told = fs::read_to_string(self.log()).unwrap_or_default();
            panic!("{wrapper:?} ended with {status}: {told}")
        })
    }

    /// The same, or how it ended before it was ready.
    pub fn try_serve_under(&self, wrapper: &[&str]) -> Result<Server, ExitStatus> {
        let mut command = Command::new(wrapper[0]);
        command.args(&wrapper[1..]).arg(env!("CARGO_BIN_EXE_tripswitch"));
        let mut server = self.try_serve_with(self.prepare(command, &SERVE))?;
        let lock = fs::read_to_string(self.data().join("lock")).unwrap();
        server.serving = lock.trim().parse().unwrap();
        Ok(server)
    }

    fn prepare(&self, mut command: Command, arguments: &[&str]) -> Command {
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("TRIPSWITCH") {
                command.env_remove(name);
            }
        }
        command.args(arguments).arg("--config").arg(self.root().join("config.toml"));
        command.arg("--data-dir").arg(self.data()).current_dir(self.root());
        // Nobody has to be told to go elsewhere.
        command.env("TRIPSWITCH__SERVER__DRAIN_SECONDS", "0");
        command.envs(self.envs.iter().cloned()).stdin(Stdio::null());
        command
    }

    /// A server that is ready.
    pub fn serve(&self) -> Server {
        self.serve_with(self.command(&SERVE))
    }

    /// A server that is ready, or how it ended before.
    #[cfg(feature = "faults")]
    pub fn try_serve(&self) -> Result<Server, ExitStatus> {
        self.try_serve_with(self.command(&SERVE))
    }

    fn try_serve_with(&self, command: Command) -> Result<Server, ExitStatus> {
        Server::try_start(command, &self.log(), &self.key).map_err(|(status, _)| status)
    }

    /// Starts a server and kills it after `pause`, wherever it is by then.
    pub fn serve_and_kill_after(&self, pause: Duration) {
        let mut child = spawn(self.command(&SERVE).stdout(Stdio::null()).stderr(Stdio::null()));
        thread::sleep(pause);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// A server that `command` starts.
    pub fn serve_with(&self, command: Command) -> Server {
        Server::start(command, &self.log(), &self.key)
    }

    /// A path below the workspace.
    pub fn at(&self, path: &str) -> String {
        format!("/api/workspaces/{}/{path}", self.workspace)
    }
}

/// Waits for something that a server does by itself.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..PATIENCE.as_millis() / 5 {
        if is_so() {
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
    panic!("within {PATIENCE:?} it did not come to this: {what}")
}

/// The arguments that serve on free ports.
pub const SERVE: [&str; 5] = ["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];

/// What a command said and how it ended.
pub fn told(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{}: {out}{err}", output.status)
}

/// A serving process. Killed when it is dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    key: String,
    stdout: BufReader<ChildStdout>,
    /// The process that serves; another one than the child where it runs under a wrapper.
    serving: u32,
}

impl Server {
    fn start(command: Command, log: &Path, key: &str) -> Self {
        Self::try_start(command, log, key).unwrap_or_else(|(status, line)| {
            let told = fs::read_to_string(log).unwrap_or_default();
            panic!("the server said {line:?} and ended with {status}: {told}")
        })
    }

    fn try_start(mut command: Command, log: &Path, key: &str) -> Result<Self, (ExitStatus, String)> {
        let stderr = File::options().create(true).append(true).open(log).unwrap();
        let mut child = spawn(command.stdout(Stdio::piped()).stderr(stderr));
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut line = String::new();
            let read = stdout.read_line(&mut line);
            // A test that has given up waits for nothing more.
            let _ = sender.send(read.map(|_| (line, stdout)));
        });
        let ready = receiver.recv_timeout(PATIENCE).unwrap_or_else(|_| {
            let _ = child.kill();
            panic!("no server within {PATIENCE:?}: {}", fs::read_to_string(log).unwrap_or_default())
        });
        let (line, stdout) = ready.unwrap();
        let Some(address) = line.trim_end().strip_prefix("listening on http://") else {
            return Err((child.wait().unwrap(), line));
        };
        let serving = child.id();
        Ok(Self { child, address: address.parse().unwrap(), key: key.to_owned(), stdout, serving })
    }

    /// A client with the key of its home.
    pub fn client(&self) -> Client {
        Client::new(self.address, &self.key)
    }

    /// The process that serves.
    pub const fn id(&self) -> u32 {
        self.serving
    }

    /// `kill -9`; answers what it had said on standard output after the first line.
    pub fn kill(mut self) -> String {
        self.end("KILL");
        self.rest()
    }

    /// SIGTERM; how it ended.
    pub fn terminate(mut self) -> ExitStatus {
        send_signal("TERM", self.serving);
        wait_until("the server has ended", || self.child.try_wait().unwrap().is_some());
        self.child.wait().unwrap()
    }

    /// Waits until it ends by itself; how it ended.
    #[cfg(feature = "faults")]
    pub fn ended(mut self) -> ExitStatus {
        wait_until("the server has ended", || self.child.try_wait().unwrap().is_some());
        self.child.wait().unwrap()
    }

    fn end(&mut self, signal: &str) -> ExitStatus {
        send_signal(signal, self.serving);
        self.child.wait().unwrap()
    }

    fn rest(&mut self) -> String {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        rest
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Once it has ended, another process may have its id.
        if let Ok(None) = self.child.try_wait() {
            self.end("KILL");
        }
    }
}

/// Between fork and exec a child holds what this process has open, locks on data directories included. So opening a
/// data directory in this process holds this lock for reading, and making a child holds it for writing.
pub static NO_SPAWN: RwLock<()> = RwLock::new(());

pub fn spawn(command: &mut Command) -> Child {
    let _alone = NO_SPAWN.write();
    command.spawn().unwrap()
}

/// Whether processes can be traced here. If not, it says so on standard error directly, since the output of macros is
/// shown for failing tests only.
pub fn can_trace() -> bool {
    let here = spawn_quietly("strace", &["-o", "/dev/null", "true"]);
    if !here {
        skipped("strace is not installed, or may not trace: a test of the journal's system calls did nothing");
    }
    here
}

/// Says that a test did nothing, and why.
pub fn skipped(why: &str) {
    std::io::stderr().write_all(format!("SKIPPED: {why}\n").as_bytes()).unwrap();
}

/// Runs a program to its end; whether it succeeded.
pub fn spawn_quietly(program: &str, arguments: &[&str]) -> bool {
    let _alone = NO_SPAWN.write();
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

/// Sends a signal to a process that this test has started.
fn send_signal(name: &str, id: u32) {
    let status = spawn(Command::new("kill").arg(format!("-{name}")).arg(id.to_string())).wait().unwrap();
    assert!(status.success(), "kill -{name} {id}: {status}");
}
