//! Where `workspace` and `key` work: on a data directory, or on a running server (R10.4).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::config_args::ConfigArgs;
use super::exit::{Exit, Failure};
use crate::app::offline::{NewKey, OfflineError, OfflineSystem};
use crate::app::system_offline;
use crate::clock;
use crate::domain::ids::{Id, Side};
use crate::domain::system::{ApiKey, Scope};
use crate::domain::time;
use crate::ids::RandomIds;
use crate::journal::file::{FileOptions, OpenError};

/// A data directory, or `--url` of a running server.
#[derive(Debug, clap::Args)]
pub struct TargetArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// A running server, as in http://127.0.0.1:8080
    #[arg(long, value_name = "URL", conflicts_with_all = ["config", "data_dir"])]
    url: Option<String>,
    /// The key to use with --url: a server key, or one with the scope admin
    #[arg(long, value_name = "KEY", env = "TRIPSWITCH_ADMIN_KEY", hide_env_values = true)]
    admin_key: Option<String>,
}

/// A workspace as both sides tell it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceRow {
    pub id: Id,
    pub name: String,
    pub tenant: String,
    pub created_at: String,
}

/// A key as both sides tell it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyRow {
    pub id: Id,
    pub name: String,
    pub key_prefix: String,
    pub tenant: Option<String>,
    pub workspace_id: Option<Id>,
    pub side: Side,
    pub scopes: Vec<Scope>,
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

/// A key that was made: its secret is shown this once.
#[derive(Debug, Serialize, Deserialize)]
pub struct CreatedKey {
    pub id: Id,
    pub key: String,
}

static IDS: RandomIds = RandomIds;

/// An opened target.
pub enum Target {
    DataDirectory(Box<OfflineSystem<'static>>),
    Server(Remote),
}

impl TargetArgs {
    pub fn open(&self) -> Result<Target, Failure> {
        let Some(url) = &self.url else {
            let config = self.config.load(Vec::new())?.config;
            let options = FileOptions { segment_bytes: config.journal.segment_bytes() };
            let system = system_offline(&config.storage.data_dir, &options, &IDS, clock::wall())?;
            return Ok(Target::DataDirectory(Box::new(system)));
        };
        let key = self.admin_key.clone().ok_or_else(|| {
            Failure::new(Exit::Denied, "A running server wants a key: give --admin-key or set TRIPSWITCH_ADMIN_KEY.")
        })?;
        Ok(Target::Server(Remote::new(url, key)?))
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
                let row = |entry: &crate::domain::system_table::WorkspaceEntry| WorkspaceRow {
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

#[derive(Deserialize)]
struct Items<T> {
    items: Vec<T>,
}

/// `/api/admin/…` of a running server.
pub struct Remote {
    base: String,
    key: String,
    client: reqwest::Client,
    runtime: tokio::runtime::Runtime,
}

impl Remote {
    fn new(url: &str, key: String) -> Result<Self, Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::new(Exit::Failed, error.to_string());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| failed(&e))?;
        let client = reqwest::Client::builder()
            .timeout(std::time::Duration::from_secs(30))
            .no_proxy()
            .build()
            .map_err(|e| failed(&e))?;
        Ok(Self { base: format!("{}/api/admin", url.trim_end_matches('/')), key, client, runtime })
    }

    fn call<T: serde::de::DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T, Failure> {
        let url = format!("{}/{path}", self.base);
        let method = method.parse().map_err(|_| Failure::new(Exit::Failed, "not a method"))?;
        let request = self.client.request(method, &url).bearer_auth(&self.key);
        let request = if let Some(body) = body { request.json(body) } else { request };
        let answer = self.runtime.block_on(async {
            let response = request.send().await?;
            Ok::<_, reqwest::Error>((response.status().as_u16(), response.bytes().await?))
        });
        let (status, bytes) = answer.map_err(|error| {
            let exit = if error.is_builder() { Exit::Usage } else { Exit::Unreachable };
            Failure::new(exit, format!("{url}: {}", innermost(&error)))
        })?;
        if (200..300).contains(&status) {
            let unread =
                |error| Failure::new(Exit::Failed, format!("{url} answered what this program cannot read: {error}"));
            return serde_json::from_slice(&bytes).map_err(unread);
        }
        let exit = match status {
            401 | 403 => Exit::Denied,
            503 => Exit::Unreachable,
            _ => Exit::Failed,
        };
        Err(Failure::new(exit, refusal(status, &bytes)))
    }
}

/// The sentence of R2.7, and what it points at.
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

/// Where a data directory stands in R10.9.
pub fn open_exit(error: &OpenError) -> Exit {
    match error {
        OpenError::InUse { .. } => Exit::InUse,
        OpenError::Damaged { .. } | OpenError::UnknownVersion { .. } => Exit::Damaged,
        OpenError::Missing { .. } => Exit::NoInput,
        OpenError::SegmentSize { .. } => Exit::Configuration,
        OpenError::Io { .. } => Exit::Failed,
    }
}

impl From<OfflineError> for Failure {
    fn from(error: OfflineError) -> Self {
        let exit = match &error {
            OfflineError::Open(error) => open_exit(error),
            OfflineError::Clock(_) => Exit::Configuration,
            OfflineError::Recovery(_) => Exit::Damaged,
            OfflineError::Append(_) | OfflineError::Refused(_) => Exit::Failed,
        };
        let hint = if exit == Exit::InUse { ": a server is running on it; use --url and --admin-key" } else { "" };
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
        let remote = Remote::new("http://127.0.0.1:9/", "k".into()).unwrap();
        let failure = remote.call::<Value>("GET", "keys", None).unwrap_err();
        assert_eq!(failure.exit, Exit::Unreachable);
        assert!(failure.message.starts_with("http://127.0.0.1:9/api/admin/keys: "), "{failure}");
    }
}
