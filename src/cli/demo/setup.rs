//! What the demo's server starts with: a workspace, and the keys of those who work with it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use uuid::Uuid;

use crate::cli::exit::Failure;
use crate::cli::workspace::TENANT_SCOPES;
use crate::config::Config;
use crate::domain::ids::{Id, Side};
use crate::domain::system::{KeySecret, NewKey, Permission};
use crate::domain::time::Millis;
use crate::ids::RandomIds;
use crate::offline::{Absent, system_offline};
use crate::storage::FileOptions;

/// Always the same, so that what is written about the demo fits it.
pub const WORKSPACE: Uuid = Uuid::from_u128(0xde30_0000_0000_4000_8000_0000_0000_0001);

pub const TENANT: &str = "demo";

/// The workspace's.
pub const NAME: &str = "Demo support";

/// Who acknowledges, resolves and corrects.
const PEOPLE: [&str; 2] = ["Mette Holm", "Jonas Berg"];

/// A workspace with its keys.
pub struct Made {
    pub workspace: Id,
    /// Everything within the workspace.
    pub key: KeySecret,
    pub server_key: KeySecret,
    /// Of the program that sends events and asks the gate.
    pub helpdesk: KeySecret,
    /// Of people, by name.
    pub people: HashMap<&'static str, KeySecret>,
}

pub fn config(directory: &Path) -> Config {
    let mut config = Config::default();
    config.storage.data_dir = directory.to_owned();
    // No proxy has to go elsewhere.
    config.server.drain = Duration::ZERO;
    // The receiver is on this machine.
    config.webhooks.allow_private = true;
    config.journal.segment_mib = 4;
    config.admin.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config
}

/// `now`: when all this was made.
pub fn make(config: &Config, now: Millis) -> Result<Made, Failure> {
    let options = FileOptions { segment_bytes: config.journal.segment_bytes() };
    let mut system = system_offline(&config.storage.data_dir, Absent::Make, &options, &RandomIds, now)?;
    let workspace = system.create_workspace(NAME, TENANT, Some(WORKSPACE.into()))?;
    let (_, key) = system.create_key(key(workspace))?;
    let scopes = [Permission::QualityRead, Permission::EventsWrite];
    let (_, helpdesk) = system.create_key(of_workspace(workspace, "Helpdesk", &scopes))?;
    let mut people = HashMap::new();
    let scopes = [Permission::QualityRead, Permission::QualityWrite];
    for name in PEOPLE {
        people.insert(name, system.create_key(of_workspace(workspace, name, &scopes))?.1);
    }
    let (_, server_key) = system.create_key(server_key())?;
    Ok(Made { workspace, key, server_key, helpdesk, people })
}

/// Everything within the workspace.
pub fn key(workspace: Id) -> NewKey {
    of_workspace(workspace, "Demo", &TENANT_SCOPES)
}

/// Everything that belongs to no workspace.
pub fn server_key() -> NewKey {
    named("Operations", &[Permission::Server])
}

fn of_workspace(workspace: Id, name: &str, scopes: &[Permission]) -> NewKey {
    NewKey { tenant: Some(TENANT.into()), workspace: Some(workspace), ..named(name, scopes) }
}

fn named(name: &str, scopes: &[Permission]) -> NewKey {
    NewKey {
        name: name.into(),
        tenant: None,
        workspace: None,
        side: Side::Live,
        scopes: scopes.into(),
        expires_at: None,
    }
}
