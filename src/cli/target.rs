//! Where `workspace`, `key`, `snapshot`, `status` and `backtest` work: on a data directory, or on a running server (R10.4).

use std::path::PathBuf;

use serde::de::DeserializeOwned;

use super::cluster::system::ClusterSystem;
use super::config_args::ConfigArgs;
use super::exit::{Exit, Failure};
use super::remote::{NOTHING, Remote};
use crate::clock;
use crate::config::Config;
use crate::domain::ids::Id;
use crate::domain::system::{KeySecret, NewKey};
use crate::domain::system_table::SystemTable;
use crate::erasures::ErasuresError;
use crate::ids::RandomIds;
use crate::journal::ReadError;
use crate::offline::{Absent, OfflineError, OfflineSystem, system_offline};
use crate::recovery::{LoadError, RecoveryError, ReplayError};
use crate::snapshot::{ManifestError, SnapshotError};
use crate::storage::{FileOptions, OpenError};
use crate::wire::admin::{self, ApiKey, CreatedKey, NewWorkspace, Workspace};
use crate::wire::erasure::WorkspaceErasure;
use crate::wire::list::{KeyList, WorkspaceList};

/// A data directory, or `--url` of a running server.
#[derive(Debug, clap::Args)]
pub struct TargetArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// A running server, as in http://127.0.0.1:8080
    #[arg(long, value_name = "URL", conflicts_with_all = ["config", "data_dir"])]
    url: Option<String>,
    /// The key to use with --url: a server key; for workspaces and keys also one with the scope admin,
    /// for backtest one with the scope quality:read
    #[arg(long, value_name = "KEY", env = "TRIPSWITCH_ADMIN_KEY", hide_env_values = true)]
    admin_key: Option<KeySecret>,
    /// PEM file of the only authorities to trust with an https --url [default: the system's]
    #[arg(long, value_name = "FILE", requires = "url")]
    ca: Option<PathBuf>,
}

static IDS: RandomIds = RandomIds;

/// Where a verb works.
pub enum Location {
    /// The data directory of this configuration.
    Directory(Box<Config>),
    Server(Remote),
}

/// An opened target.
pub enum Target {
    DataDirectory(Box<OfflineSystem<'static>>),
    Cluster(Box<ClusterSystem>),
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
        match self.location()? {
            Location::Server(remote) => Ok(Target::Server(remote)),
            Location::Directory(config) => {
                if let Some(options) = &config.cluster {
                    return Ok(Target::Cluster(Box::new(ClusterSystem::open(options)?)));
                }
                let options = FileOptions { segment_bytes: config.journal.segment_bytes() };
                let system = system_offline(&config.storage.data_dir, absent, &options, &IDS, clock::wall())?;
                Ok(Target::DataDirectory(Box::new(system)))
            }
        }
    }

    /// Opens nothing.
    pub fn location(&self) -> Result<Location, Failure> {
        let Some(url) = &self.url else {
            let config = self.config.load(Vec::new())?.config;
            clock::check_wall(clock::wall())?;
            return Ok(Location::Directory(Box::new(config)));
        };
        let key = self.admin_key.clone().ok_or_else(|| {
            Failure::new(Exit::Denied, "A running server wants a key: give --admin-key or set TRIPSWITCH_ADMIN_KEY.")
        })?;
        check_key(&key)?;
        Ok(Location::Server(Remote::new(url, key, self.ca.as_deref())?))
    }
}

/// A key is sent in a header, which takes visible characters alone. One that is read from a file brings the line feed
/// at its end along.
fn check_key(key: &KeySecret) -> Result<(), Failure> {
    let what = match key.expose() {
        "" => "The key is empty.",
        key if key.ends_with('\n') => "The key ends with a line feed: take that away.",
        key if !key.bytes().all(|byte| byte.is_ascii_graphic()) => {
            "The key has a blank or another character that no key has."
        }
        _ => return Ok(()),
    };
    Err(Failure::new(Exit::Denied, what))
}

impl Target {
    pub fn create_workspace(&mut self, name: &str, tenant: &str, id: Option<Id>) -> Result<Id, Failure> {
        match self {
            Self::DataDirectory(system) => Ok(system.create_workspace(name, tenant, id)?),
            Self::Cluster(system) => system.create_workspace(name, tenant, id),
            Self::Server(remote) => {
                let new = NewWorkspace { name: name.to_owned(), tenant: Some(tenant.to_owned()), id };
                Ok(remote.call::<Workspace>("POST", "workspaces", Some(&new))?.id)
            }
        }
    }

    pub fn workspaces(&self) -> Result<Vec<Workspace>, Failure> {
        match self {
            Self::DataDirectory(system) => Ok(listed_workspaces(system.table())),
            Self::Cluster(system) => Ok(listed_workspaces(&system.table())),
            Self::Server(remote) => server_workspaces(remote),
        }
    }

    /// Both its sides go, with all that they hold, and the keys that are bound to it.
    pub fn delete_workspace(&mut self, id: Id, force: bool) -> Result<(), Failure> {
        match self {
            Self::DataDirectory(system) => Ok(system.delete_workspace(id, force)?),
            Self::Cluster(_) => Err(Failure::new(Exit::Usage, "A cluster's node deletes a workspace: give its --url.")),
            Self::Server(remote) => {
                let path = format!("workspaces/{id}?force={force}");
                remote.call::<WorkspaceErasure>("DELETE", &path, NOTHING).map(drop)
            }
        }
    }

    /// Its id and its secret. `new.scopes` may hold `server` on a data directory only.
    pub fn create_key(&mut self, new: NewKey) -> Result<(Id, KeySecret), Failure> {
        match self {
            Self::DataDirectory(system) => {
                let (key, secret) = system.create_key(new)?;
                Ok((key.id, secret))
            }
            Self::Cluster(system) => {
                let (key, secret) = system.create_key(new)?;
                Ok((key.id, secret))
            }
            Self::Server(remote) => {
                let new = admin::NewKey::from(new);
                let CreatedKey { id, key, .. } = remote.call("POST", "keys", Some(&new))?;
                Ok((id, key))
            }
        }
    }

    pub fn keys(&self) -> Result<Vec<ApiKey>, Failure> {
        match self {
            Self::DataDirectory(system) => Ok(listed_keys(system.table())),
            Self::Cluster(system) => Ok(listed_keys(&system.table())),
            Self::Server(remote) => pages(remote, "keys", |page: KeyList| (page.items, page.next_cursor)),
        }
    }

    pub fn revoke_key(&mut self, id: Id) -> Result<(), Failure> {
        match self {
            Self::DataDirectory(system) => Ok(system.revoke_key(id)?),
            Self::Cluster(system) => system.revoke_key(id),
            Self::Server(remote) => remote.call::<ApiKey>("DELETE", &format!("keys/{id}"), NOTHING).map(drop),
        }
    }
}

fn listed_workspaces(table: &SystemTable) -> Vec<Workspace> {
    table.listed_workspaces(None, None).cloned().map(Workspace::from).collect()
}

fn listed_keys(table: &SystemTable) -> Vec<ApiKey> {
    table.listed_keys(None, None).cloned().map(ApiKey::from).collect()
}

/// Those that the key administers.
pub fn server_workspaces(remote: &Remote) -> Result<Vec<Workspace>, Failure> {
    pages(remote, "workspaces", |page: WorkspaceList| (page.items, page.next_cursor))
}

/// All of a list that a server answers in pages.
fn pages<P: DeserializeOwned, T>(
    remote: &Remote,
    path: &str,
    parts: impl Fn(P) -> (Vec<T>, Option<String>),
) -> Result<Vec<T>, Failure> {
    let (mut all, mut next) = parts(remote.call("GET", path, NOTHING)?);
    while let Some(cursor) = next {
        let (more, behind) = parts(remote.call("GET", &format!("{path}?cursor={cursor}"), NOTHING)?);
        all.extend(more);
        next = behind;
    }
    Ok(all)
}

/// The exit code (R10.9) of an error of a data directory.
pub fn open_exit(error: &OpenError) -> Exit {
    match error {
        OpenError::InUse { .. } => Exit::InUse,
        OpenError::Damaged { .. } | OpenError::UnknownVersion { .. } | OpenError::Unfinished { .. } => Exit::Damaged,
        OpenError::Missing { .. } => Exit::NoInput,
        OpenError::SegmentSize { .. } | OpenError::Unsafe { .. } => Exit::Configuration,
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

/// The exit code (R10.9) of a recovery that did not come to its end: damage, unless the machine was in the way.
pub fn recovery_exit(error: &RecoveryError) -> Exit {
    match error {
        RecoveryError::Load(LoadError::Store(error)) => snapshot_exit(error),
        RecoveryError::Load(LoadError::Manifest { source: ManifestError::Io(_), .. })
        | RecoveryError::Replay(ReplayError::Read(ReadError::Storage { .. }))
        | RecoveryError::Thread => Exit::Failed,
        RecoveryError::Load(_)
        | RecoveryError::Replay(_)
        | RecoveryError::Missing { .. }
        | RecoveryError::UnknownWorkspace(_) => Exit::Damaged,
    }
}

/// The exit code (R10.9) of an error of the list of erasures.
pub fn erasures_exit(error: &ErasuresError) -> Exit {
    match error {
        ErasuresError::Damaged { .. } | ErasuresError::UnknownVersion { .. } => Exit::Damaged,
        ErasuresError::Io { .. } | ErasuresError::Full | ErasuresError::SideFull | ErasuresError::Failed => {
            Exit::Failed
        }
    }
}

impl From<OfflineError> for Failure {
    fn from(error: OfflineError) -> Self {
        let exit = match &error {
            OfflineError::Open(error) => open_exit(error),
            OfflineError::Clock(_) => Exit::Configuration,
            OfflineError::Recovery(error) => recovery_exit(error),
            OfflineError::Erasures(error) => erasures_exit(error),
            OfflineError::Append(_)
            | OfflineError::Refused(_)
            | OfflineError::BreakersActive
            | OfflineError::NotApplied { .. } => Exit::Failed,
            OfflineError::Snapshots(error) => snapshot_exit(error),
        };
        let is_held = matches!(&error, OfflineError::Open(OpenError::InUse { .. }));
        let hint = if is_held { ": a server is running on it; use --url and --admin-key" } else { "" };
        let failure = Self::of(exit, &error);
        Self { message: failure.message + hint, ..failure }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r10_9_a_key_that_cannot_be_sent_says_why() {
        let check = |key: &str| check_key(&key.to_owned().into()).map_err(|failure| (failure.exit, failure.message));
        assert_eq!(check("sf_live_v1_abc"), Ok(()));
        for (key, why) in [
            ("sf_live_v1_abc\n", "ends with a line feed"),
            ("sf_live_v1_abc\r\n", "ends with a line feed"),
            ("", "is empty"),
            (" sf_live_v1_abc", "a blank"),
            ("sf_live_v1_äbc", "that no key has"),
        ] {
            let (exit, message) = check(key).unwrap_err();
            assert!(exit == Exit::Denied && message.contains(why) && !message.contains("abc"), "{message}");
        }
    }
}
