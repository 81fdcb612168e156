//! The server under load: a release binary on a directory of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::client::Client;

const BINARY: &str = env!("CARGO_BIN_EXE_tripswitch");

/// A data directory with a server key, removed at the end.
pub struct Bench {
    directory: tempfile::TempDir,
    server_key: String,
}

impl Bench {
    pub fn prepare() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let output = Command::new(BINARY)
            .args(["key", "create", "--server", "-o", "json", "--data-dir"])
            .arg(directory.path())
            .output()
            .expect("the binary runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let key: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        Self { directory, server_key: key["key"].as_str().expect("a key").to_owned() }
    }

    /// Answers when the server says that it is ready.
    pub fn start(&self) -> Server {
        let mut child = Command::new(BINARY)
            .args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--data-dir"])
            .arg(self.directory.path())
            .env("TRIPSWITCH__LOG__LEVEL", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("the ready line");
        let address = line.trim().rsplit('/').next().and_then(|a| a.parse().ok()).expect("an address");
        Server { child, address, server_key: self.server_key.clone() }
    }

    pub fn bytes_on_disk(&self) -> u64 {
        fn size(path: &Path) -> u64 {
            let Ok(entries) = std::fs::read_dir(path) else { return 0 };
            let entries = entries.flatten().map(|entry| match entry.metadata() {
                Ok(meta) if meta.is_dir() => size(&entry.path()),
                Ok(meta) => meta.len(),
                Err(_) => 0,
            });
            entries.sum()
        }
        size(self.directory.path())
    }
}

/// A running server.
pub struct Server {
    child: Child,
    address: SocketAddr,
    server_key: String,
}

/// Who the load is sent for.
pub struct Tenant {
    pub key: String,
    pub workspaces: Vec<String>,
}

impl Server {
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Makes the workspaces and a key for all of them.
    pub fn set_up(&self, workspaces: usize) -> Tenant {
        let mut client = Client::connect(self.address);
        let mut create = |path: &str, body: String| {
            let status = client.post(path, &self.server_key, body.as_bytes());
            assert!((200..300).contains(&status), "{path} was answered {status}: {}", client.body());
            serde_json::from_str::<Value>(&client.body()).expect("JSON")
        };
        let text = |value: &Value, name: &str| value[name].as_str().expect("a text").to_owned();
        let ids = (0..workspaces)
            .map(|n| text(&create("/api/admin/workspaces", format!(r#"{{"name":"Load {n}","tenant":"load"}}"#)), "id"));
        let workspaces = ids.collect();
        let scopes = r#"["quality:read","quality:write","events:write"]"#;
        let key = create("/api/admin/keys", format!(r#"{{"name":"load","tenant":"load","scopes":{scopes}}}"#));
        Tenant { key: text(&key, "key"), workspaces }
    }

    /// Resident bytes of the process.
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) << 10
    }

    /// kill -9.
    pub fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already dead after `kill`.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
