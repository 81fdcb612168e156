//! The server under load: a release binary on a directory of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::http::{Http, request};
use crate::contender::{Fallible, Rules, Site};
use crate::process::{Process, bytes_under, used};
use crate::workload::workspace_id;

/// A running server.
pub struct Server {
    binary: PathBuf,
    data: PathBuf,
    notes: PathBuf,
    rules: Rules,
    variables: Vec<(&'static str, String)>,
    process: Process,
    address: SocketAddr,
    /// Reads and writes all workspaces.
    key: String,
    /// A server key.
    admin: String,
}

impl Server {
    /// On an empty directory, with its workspaces and a key for all of them.
    pub fn start(site: &Site, rules: Rules, variables: Vec<(&'static str, String)>) -> Fallible<Self> {
        let (binary, data, notes) = (site.binary.clone(), site.directory.join("data"), site.processes.clone());
        let output = program(&binary, rules)
            .args(["key", "create", "--server", "-o", "json", "--data-dir"])
            .arg(&data)
            .output()
            .map_err(|error| format!("{}: {error}", binary.display()))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        let admin = text(&serde_json::from_slice(&output.stdout)?, "key")?;
        let (process, address) = serve(&binary, &data, &notes, rules, &variables)?;
        let mut server = Self { binary, data, notes, rules, variables, process, address, key: String::new(), admin };
        server.set_up(site.workspaces)?;
        Ok(server)
    }

    fn set_up(&mut self, workspaces: usize) -> Fallible<()> {
        for n in 0..workspaces {
            self.workspace("load", n)?;
        }
        self.key = self.key_of("load")?;
        Ok(())
    }

    /// Makes a tenant with this one workspace; its key.
    pub fn tenant(&self, name: &str, workspace: usize) -> Fallible<String> {
        self.workspace(name, workspace)?;
        self.key_of(name)
    }

    fn workspace(&self, tenant: &str, n: usize) -> Fallible<()> {
        let id = workspace_id(n);
        let body = format!(r#"{{"id":"{id}","name":"Load {n}","tenant":"{tenant}"}}"#);
        self.create("/api/admin/workspaces", &body).map(drop)
    }

    fn key_of(&self, tenant: &str) -> Fallible<String> {
        let scopes = r#"["quality:read","quality:write","events:write","admin"]"#;
        let body = format!(r#"{{"name":"load","tenant":"{tenant}","scopes":{scopes}}}"#);
        text(&self.create("/api/admin/keys", &body)?, "key")
    }

    fn create(&self, path: &str, body: &str) -> Fallible<Value> {
        let mut http = Http::connect(self.address)?;
        let status = http.exchange(&request("POST", path, &self.admin, body.as_bytes()))?;
        if !(200..300).contains(&status) {
            return Err(format!("{path}: {status} {}", String::from_utf8_lossy(http.body())).into());
        }
        Ok(serde_json::from_slice(http.body())?)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn key(&self) -> &str {
        &self.key
    }

    pub fn admin(&self) -> &str {
        &self.admin
    }

    pub fn resident(&self) -> u64 {
        self.process.resident()
    }

    pub fn peak(&self) -> u64 {
        self.process.peak()
    }

    /// Without the rest of the journal segments, which are zeroed in advance.
    pub fn bytes_on_disk(&self) -> u64 {
        bytes_under(&self.data, None, used)
    }

    /// Takes a snapshot: what the server says of it.
    pub fn snapshot(&self) -> Fallible<Value> {
        let mut http = Http::connect(self.address)?;
        let status = http.exchange(&request("POST", "/api/admin/snapshots", &self.admin, b""))?;
        let body = String::from_utf8_lossy(http.body());
        if status == 201 { Ok(serde_json::from_str(&body)?) } else { Err(format!("{status} {body}").into()) }
    }

    pub fn kill(&mut self) -> Fallible<()> {
        self.process.kill()
    }

    /// Answers when it says that it is ready.
    pub fn restart(&mut self) -> Fallible<()> {
        (self.process, self.address) = serve(&self.binary, &self.data, &self.notes, self.rules, &self.variables)?;
        Ok(())
    }
}

/// Without the environment's own settings.
fn program(binary: &Path, rules: Rules) -> Command {
    let mut command = Command::new(binary);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TRIPSWITCH")) {
        command.env_remove(name);
    }
    command.env("TRIPSWITCH__LOG__LEVEL", "warn");
    if rules.window() != Rules::default().window() {
        command.env("TRIPSWITCH__MODEL__WINDOW_SIZE", rules.window().to_string());
    }
    command
}

fn serve(
    binary: &Path,
    data: &Path,
    notes: &Path,
    rules: Rules,
    variables: &[(&'static str, String)],
) -> Fallible<(Process, SocketAddr)> {
    let mut command = program(binary, rules);
    command.args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--data-dir"]).arg(data);
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    // Away from the repository's own config.toml.
    command.current_dir(data).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut process = Process::start(&mut command, notes)?;
    let line = process.first_line(Duration::from_secs(300))?;
    let address = line.rsplit('/').next().and_then(|address| address.parse().ok());
    let address = address.ok_or_else(|| format!("the server began with {line:?}"))?;
    Ok((process, address))
}

fn text(value: &Value, name: &str) -> Fallible<String> {
    Ok(value[name].as_str().ok_or_else(|| format!("{name} is missing in {value}"))?.to_owned())
}
