//! A program that the demo runs beside itself: it can be started, killed, stopped in order and started again.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use crate::cli::exit::{Exit, Failure};

/// How long a stop in order may take before the process is killed.
const PATIENCE: Duration = Duration::from_secs(15);
/// Between two looks whether a process has ended.
const LOOK: Duration = Duration::from_millis(20);
/// Of a process that has ended by itself so many lines of its log are told.
const LAST_LINES: usize = 5;

/// Killed when it is dropped.
pub struct Process {
    pub name: String,
    command: Command,
    log: PathBuf,
    running: Option<Child>,
}

impl Process {
    /// Works in `directory`, which it gets its log in.
    pub fn new(name: String, program: &Path, args: &[&str], directory: &Path) -> Result<Self, Failure> {
        let log = directory.join("log");
        let mut command = Command::new(program);
        command.args(args).current_dir(directory).stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(File::create(&log)?);
        // What is set for the demo's user is not meant for its parts.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TRIPSWITCH__")) {
            command.env_remove(name);
        }
        // Ctrl-C goes to all processes of a terminal's group. These stop when the demo stops them, in order.
        command.process_group(0);
        Ok(Self { name, command, log, running: None })
    }

    /// Starts it; `ready` waits for it.
    pub fn start(&mut self) -> Result<(), Failure> {
        let failed = |error| Failure::new(Exit::Failed, format!("{} could not be started: {error}", self.name));
        self.running = Some(self.command.spawn().map_err(failed)?);
        Ok(())
    }

    /// Waits for the line that it prints when it is ready. Can be asked for once after each start.
    pub async fn ready(&mut self) -> Result<(), Failure> {
        let Some(output) = self.running.as_mut().and_then(|child| child.stdout.take()) else { return Ok(()) };
        let read = spawn_blocking(move || {
            let mut line = String::new();
            BufReader::new(output).read_line(&mut line).map(|length| length > 0)
        });
        if matches!(read.await, Ok(Ok(true))) { Ok(()) } else { Err(self.failure("did not become ready")) }
    }

    /// Fails where it has ended by itself.
    pub fn check(&mut self) -> Result<(), Failure> {
        match self.running.as_mut().map(Child::try_wait) {
            Some(Ok(Some(status))) => Err(self.failure(&format!("has ended by itself ({status})"))),
            Some(Ok(None) | Err(_)) | None => Ok(()),
        }
    }

    /// As a crash would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.running.take() {
            // An error says that it has ended already.
            drop(child.kill());
            drop(child.wait());
        }
    }

    /// Asks it to stop in order; `stopped` waits for it.
    pub fn stop(&self) {
        if let Some(child) = &self.running {
            // An error says that it has ended already.
            let _ = kill_process(Pid::from_child(child), Signal::TERM);
        }
    }

    /// Waits until it has ended, and kills it where that takes too long.
    pub async fn stopped(&mut self) {
        let ended = async {
            while let Some(Ok(None)) = self.running.as_mut().map(Child::try_wait) {
                sleep(LOOK).await;
            }
        };
        if timeout(PATIENCE, ended).await.is_err() {
            tracing::warn!(name = self.name, "did not stop in time and is killed");
        }
        self.kill();
    }

    /// With what it said last.
    pub fn failure(&self, what: &str) -> Failure {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        let said = lines[lines.len().saturating_sub(LAST_LINES)..].join("\n");
        Failure::new(Exit::Failed, format!("{} {what}; the end of its log:\n{said}", self.name))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
