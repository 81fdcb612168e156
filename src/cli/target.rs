//! Where `workspace`, `key`, `snapshot` and `status` work: on a data directory, or on a running server (R10.4).

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::config_args::ConfigArgs;
use super::exit::{Exit, Failure};
use crate::clock;
use crate::config::Config;
use crate::domain::ids::{Id, Side};
use crate::domain::system::{ApiKey, KeySecret, NewKey, Permission};
use crate::domain::time;
use crate::ids::RandomIds;
use crate::offline::{Absent, OfflineError, OfflineSystem, system_offline};
use crate::snapshot::SnapshotError;
use crate::storage::{FileOptions, OpenError};

/// A data directory, or `--url` of a running server.
#[derive(Debug, clap::Args)]
pub struct TargetArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// A running server, as in http://127.0.0.1:8080
    #[arg(long, value_name = "URL", conflicts_with_all = ["config", "data_dir"])]
    url: Option<String>,
    /// The key to use with --url: a server key; for workspaces and keys also one with the scope admin
    #[arg(long, value_name = "KEY", env = "TRIPSWITCH_ADMIN_KEY", hide_env_values = true)]
    admin_key: Option<KeySecret>,
    /// PEM file of the only authorities to trust with an https --url [default: the system's]
    #[arg(long, value_name = "FILE", requires = "url")]
    ca: Option<PathBuf>,
}

/// A workspace as a data directory and a server show it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceRow {
    pub id: Id,
    pub name: String,
    pub tenant: String,
    pub created_at: String,
}

/// A key as a data directory and a server show it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyRow {
    pub id: Id,
    pub name: String,
    pub key_prefix: String,
    pub tenant: Option<String>,
    pub workspace_id: Option<Id>,
    pub side: Side,
    pub scopes: Vec<Permission>,
    pub created_at: String,
    pub expires_at: Option<String>,
    pub last_used_at: Option<String>,
    pub revoked_at: Option<String>,
}

impl From<&ApiKey> for KeyRow {
    fn from(key: &ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name.to_string(),
            key_prefix: key.key_prefix.to_string(),
            tenant: key.tenant.as_deref().map(str::to_owned),
            workspace_id: key.workspace,
            side: key.side,
            scopes: key.scopes.clone(),
            created_at: time::format(key.created_at),
            expires_at: key.expires_at.map(time::format),
            last_used_at: key.last_used_at.map(time::format),
            revoked_at: key.revoked_at.map(time::format),
        }
    }
}

/// A new key: its secret is shown this once.
#[derive(Debug, Serialize, Deserialize)]
pub struct CreatedKey {
    pub id: Id,
    pub key: KeySecret,
}

static IDS: RandomIds = RandomIds;

/// Where a verb works.
pub enum Place {
    /// The data directory of this configuration.
    Directory(Box<Config>),
    Server(Remote),
}

/// An opened target.
pub enum Target {
    DataDirectory(Box<OfflineSystem<'static>>),
    Server(Remote),
}

impl TargetArgs {
    /// Opens what is there; exit code 66 if nothing is.
    pub fn open(&self) -> Result<Target, Failure> {
        self.open_or(Absent::Refuse)
    }

    /// Opens what is there, or makes a data directory.
    pub fn open_or_make(&self) -> Result<Target, Failure> {
        self.open_or(Absent::Make)
    }

    fn open_or(&self, absent: Absent) -> Result<Target, Failure> {
        match self.place()? {
            Place::Server(remote) => Ok(Target::Server(remote)),
            Place::Directory(config) => {
                let options = FileOptions { segment_bytes: config.journal.segment_bytes() };
                let system = system_offline(&config.storage.data_dir, absent, &options, &IDS, clock::wall())?;
                Ok(Target::DataDirectory(Box::new(system)))
            }
        }
    }

    /// Opens nothing.
    pub fn place(&self) -> Result<Place, Failure> {
        let Some(url) = &self.url else {
            return Ok(Place::Directory(Box::new(self.config.load(Vec::new())?.config)));
        };
        let key = self.admin_key.clone().ok_or_else(|| {
            Failure::new(Exit::Denied, "A running server wants a key: give --admin-key or set TRIPSWITCH_ADMIN_KEY.")
        })?;
        Ok(Place::Server(Remote::new(url, key, self.ca.as_deref())?))
    }
}

impl Target {
    pub fn create_workspace(&mut self, name: &str, tenant: &str, id: Option<Id>) -> Result<Id, Failure> {
        match self {
            Self::DataDirectory(system) => Ok(system.create_workspace(name, tenant, id)?),
            Self::Server(remote) => {
                let mut body = json!({"name": name, "tenant": tenant});
                if let Some(id) = id {
                    body["id"] = json!(id);
                }
                Ok(remote.call::<WorkspaceRow>("POST", "workspaces", Some(&body))?.id)
            }
        }
    }

    pub fn workspaces(&self) -> Result<Vec<WorkspaceRow>, Failure> {
        match self {
            Self::DataDirectory(system) => {
                let mut entries: Vec<_> = system.table().workspaces().collect();
                entries.sort_by_key(|entry| (entry.created_at, entry.id));
                let row = |entry: &crate::domain::system::WorkspaceEntry| WorkspaceRow {
                    id: entry.id,
                    name: entry.name.to_string(),
                    tenant: entry.tenant.to_string(),
                    created_at: time::format(entry.created_at),
                };
                Ok(entries.into_iter().map(row).collect())
            }
            Self::Server(remote) => Ok(remote.call::<Items<WorkspaceRow>>("GET", "workspaces", None)?.items),
        }
    }

    /// `new.scopes` may hold `server` on a data directory only.
    pub fn create_key(&mut self, new: NewKey) -> Result<CreatedKey, Failure> {
        match self {
            Self::DataDirectory(system) => {
                let (key, secret) = system.create_key(new)?;
                Ok(CreatedKey { id: key.id, key: secret })
            }
            Self::Server(remote) => {
                let mut body = json!({"name": new.name, "scopes": new.scopes, "test": new.side == Side::Test});
                let members = [
                    ("tenant", new.tenant.map(|tenant| json!(tenant))),
                    ("workspaceId", new.workspace.map(|id| json!(id))),
                    ("expiresAt", new.expires_at.map(|at| json!(time::format(at)))),
                ];
                for (name, value) in members {
                    if let Some(value) = value {
                        body[name] = value;
                    }
                }
                remote.call("POST", "keys", Some(&body))
            }
        }
    }

    pub fn keys(&self) -> Result<Vec<KeyRow>, Failure> {
        match self {
            Self::DataDirectory(system) => {
                let mut keys: Vec<_> = system.table().keys().collect();
                keys.sort_by_key(|key| (key.created_at, key.id));
                Ok(keys.into_iter().map(KeyRow::from).collect())
            }
            Self::Server(remote) => Ok(remote.call::<Items<KeyRow>>("GET", "keys", None)?.items),
        }
    }

    pub fn revoke_key(&mut self, id: Id) -> Result<(), Failure> {
        match self {
            Self::DataDirectory(system) => Ok(system.revoke_key(id)?),
            Self::Server(remote) => remote.call::<Value>("DELETE", &format!("keys/{id}"), None).map(drop),
        }
    }
}

/// A small list (R2.6).
#[derive(Deserialize)]
pub struct Items<T> {
    pub items: Vec<T>,
}

/// `/api/admin/…` of a running server.
pub struct Remote {
    base: String,
    key: KeySecret,
    client: reqwest::Client,
    runtime: tokio::runtime::Runtime,
}

/// How long an answer may take that needs no work.
const PATIENCE: Duration = Duration::from_secs(30);

/// The answer of a server.
pub struct Answer {
    url: String,
    pub status: u16,
    body: Vec<u8>,
}

impl Answer {
    /// The body of a 2xx, parsed.
    pub fn read<T: serde::de::DeserializeOwned>(&self) -> Result<T, Failure> {
        let Self { url, status, body } = self;
        if (200..300).contains(status) {
            let unread =
                |error| Failure::new(Exit::Failed, format!("{url} answered what this program cannot read: {error}"));
            return serde_json::from_slice(body).map_err(unread);
        }
        let exit = match status {
            401 | 403 => Exit::Denied,
            503 => Exit::Unreachable,
            _ => Exit::Failed,
        };
        Err(Failure::new(exit, refusal(*status, body)))
    }
}

impl Remote {
    fn new(url: &str, key: KeySecret, ca: Option<&Path>) -> Result<Self, Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::new(Exit::Failed, error.to_string());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| failed(&e))?;
        let client = reqwest::Client::builder().connect_timeout(PATIENCE).no_proxy();
        let client = match ca {
            Some(file) => client.tls_certs_only(authorities(file)?),
            // A machine without any certificate authority can still reach a server without TLS.
            None if url.starts_with("http://") => client.tls_certs_only([]),
            None => client,
        };
        let client = client.build().map_err(|e| failed(&innermost(&e)))?;
        Ok(Self { base: format!("{}/api/admin", url.trim_end_matches('/')), key, client, runtime })
    }

    /// Runs a future that waits for a server.
    pub fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Asks for what is ready.
    pub fn call<T: serde::de::DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T, Failure> {
        self.run(self.ask(method, path, body, Some(PATIENCE)))?.read()
    }

    /// Asks; without `patience` it waits for as long as the server works.
    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        patience: Option<Duration>,
    ) -> Result<Answer, Failure> {
        let url = format!("{}/{path}", self.base);
        let method = method.parse().map_err(|_| Failure::new(Exit::Failed, "not a method"))?;
        let request = self.client.request(method, &url).bearer_auth(self.key.expose());
        let request = if let Some(body) = body { request.json(body) } else { request };
        let request = if let Some(patience) = patience { request.timeout(patience) } else { request };
        let answer = async {
            let response = request.send().await?;
            Ok::<_, reqwest::Error>((response.status().as_u16(), response.bytes().await?))
        };
        match answer.await {
            Ok((status, body)) => Ok(Answer { url, status, body: body.into() }),
            Err(error) => {
                let exit = if error.is_builder() { Exit::Usage } else { Exit::Unreachable };
                Err(Failure::new(exit, format!("{url}: {}", innermost(&error))))
            }
        }
    }
}

impl Remote {
    /// Writes the body of a GET to `out` as it comes.
    pub fn download(&self, path: &str, out: &mut dyn Write) -> Result<(), Failure> {
        let url = format!("{}/{path}", self.base);
        let lost = |error: reqwest::Error| Failure::new(Exit::Unreachable, format!("{url}: {}", innermost(&error)));
        self.run(async {
            let mut response = self.client.get(&url).bearer_auth(self.key.expose()).send().await.map_err(lost)?;
            let status = response.status().as_u16();
            if !response.status().is_success() {
                let body = response.bytes().await.map_err(lost)?.into();
                return Answer { url: url.clone(), status, body }.read();
            }
            while let Some(piece) = response.chunk().await.map_err(lost)? {
                out.write_all(&piece)?;
            }
            Ok(out.flush()?)
        })
    }
}

/// The certificates in a PEM file.
fn authorities(file: &Path) -> Result<Vec<reqwest::Certificate>, Failure> {
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let pem = std::fs::read(file).map_err(|error| Failure::new(Exit::NoInput, named(&error)))?;
    let authorities = reqwest::Certificate::from_pem_bundle(&pem);
    let authorities = authorities.map_err(|error| Failure::new(Exit::Failed, named(&innermost(&error))))?;
    if authorities.is_empty() {
        return Err(Failure::new(Exit::Failed, named(&"there is no certificate in it")));
    }
    Ok(authorities)
}

/// The sentence of R2.7, and its details.
fn refusal(status: u16, body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let Some(error) = body["error"].as_str() else { return format!("The server answered {status}.") };
    let details = body["details"].as_array().into_iter().flatten();
    let details =
        details.map(|d| format!("\n  {}: {}", d["pointer"].as_str().unwrap_or(""), d["error"].as_str().unwrap_or("")));
    format!("{error}{}", details.collect::<String>())
}

fn innermost(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), innermost)
}

/// The exit code (R10.9) of an error of a data directory.
pub fn open_exit(error: &OpenError) -> Exit {
    match error {
        OpenError::InUse { .. } => Exit::InUse,
        OpenError::Damaged { .. } | OpenError::UnknownVersion { .. } => Exit::Damaged,
        OpenError::Missing { .. } => Exit::NoInput,
        OpenError::SegmentSize { .. } => Exit::Configuration,
        OpenError::Io { .. } => Exit::Failed,
    }
}

/// The exit code (R10.9) of an error of a snapshot.
pub fn snapshot_exit(error: &SnapshotError) -> Exit {
    match error {
        SnapshotError::Damaged { .. } | SnapshotError::UnknownVersion { .. } => Exit::Damaged,
        SnapshotError::NotFound { .. } => Exit::NoInput,
        SnapshotError::Busy | SnapshotError::InUse { .. } => Exit::InUse,
        SnapshotError::ReadOnly
        | SnapshotError::Full { .. }
        | SnapshotError::TooLarge { .. }
        | SnapshotError::Order { .. }
        | SnapshotError::NoSuchSide { .. }
        | SnapshotError::GivenUp
        | SnapshotError::Engine { .. }
        | SnapshotError::Io { .. } => Exit::Failed,
    }
}

impl From<OfflineError> for Failure {
    fn from(error: OfflineError) -> Self {
        let exit = match &error {
            OfflineError::Open(error) => open_exit(error),
            OfflineError::Clock(_) => Exit::Configuration,
            OfflineError::Recovery(_) => Exit::Damaged,
            OfflineError::Append(_) | OfflineError::Refused(_) | OfflineError::NotApplied { .. } => Exit::Failed,
            OfflineError::Snapshots(error) => snapshot_exit(error),
        };
        let is_held = matches!(&error, OfflineError::Open(OpenError::InUse { .. }));
        let hint = if is_held { ": a server is running on it; use --url and --admin-key" } else { "" };
        Self::new(exit, format!("{error}{hint}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r2_7_a_refusal_tells_all_its_details() {
        let body = br#"{"error": "The body is invalid.", "details": [{"pointer": "/name", "error": "is required"}]}"#;
        assert_eq!(refusal(400, body), "The body is invalid.\n  /name: is required");
        assert_eq!(refusal(502, b"<html>"), "The server answered 502.");
    }

    #[test]
    fn r10_9_an_unreachable_server_is_69() {
        // Port 9 of this host: nothing listens there, so the connection is refused at once.
        let remote = Remote::new("http://127.0.0.1:9/", "k".to_owned().into(), None).unwrap();
        let failure = remote.call::<Value>("GET", "keys", None).unwrap_err();
        assert_eq!(failure.exit, Exit::Unreachable);
        assert!(failure.message.starts_with("http://127.0.0.1:9/api/admin/keys: "), "{failure}");
    }
}
