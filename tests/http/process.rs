//! The program as a process, for what it says beside its answers.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::support::keep::Kept;

/// A data directory with one workspace, and a key to it.
pub struct Home {
    root: Kept,
    pub workspace: String,
    pub key: String,
}

/// A server that runs, or is killed with its test.
pub struct Served {
    child: Child,
    pub url: String,
}

impl Home {
    pub fn new() -> Self {
        let mut home = Self { root: Kept::new(), workspace: String::new(), key: String::new() };
        let create = ["workspace", "create", "--name", "S", "--tenant", "t", "--with-key", "-o", "json"];
        let made = home.command(&create).output().expect("the program runs");
        let made: Value = serde_json::from_slice(&made.stdout).expect("one line of JSON");
        home.workspace = made["id"].as_str().expect("an id").to_owned();
        home.key = made["key"].as_str().expect("a key").to_owned();
        home
    }

    /// Without the environment's own settings.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tripswitch"));
        command.args(args).current_dir(self.root.path());
        let names = std::env::vars_os().map(|(name, _)| name);
        let foreign =
            |name: &str| ["TRIPSWITCH", "OTEL_", "HTTP_PROXY", "http_proxy"].iter().any(|p| name.starts_with(p));
        for name in names.filter(|name| foreign(&name.to_string_lossy())) {
            command.env_remove(name);
        }
        // Nobody has to be told to go elsewhere.
        command.env("TRIPSWITCH__SERVER__DRAIN_SECONDS", "0");
        command
    }

    fn log(&self) -> PathBuf {
        self.root.path().join("stderr.log")
    }

    /// Serves with these variables; what it logs goes to a file.
    pub fn serve(&self, variables: &[(&str, &str)]) -> Served {
        let log = File::create(self.log()).expect("a file");
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
        command.envs(variables.iter().copied()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().expect("it starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("its output is a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("it says where it listens");
        let url = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("not ready: {}", self.logged()));
        Served { url: url.to_owned(), child }
    }

    pub fn logged(&self) -> String {
        std::fs::read_to_string(self.log()).expect("a log")
    }

    /// A path in the workspace.
    pub fn at(&self, path: &str) -> String {
        format!("/api/workspaces/{}/{path}", self.workspace)
    }
}

impl Served {
    /// Asks it to end, and waits until it has; its exit code.
    pub fn stop(mut self) -> Option<i32> {
        let signalled = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(signalled.expect("a signal").success());
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
