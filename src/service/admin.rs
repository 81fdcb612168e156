//! Workspaces and API keys (R2.11, R2.14).

use std::sync::Arc;

use super::{Principal, Service, ServiceError};
use crate::domain::audit::SystemAction;
use crate::domain::ids::{Id, Side};
use crate::domain::listing::Place;
use crate::domain::system::{ApiKey, KeySecret, NewKey, Permission, SystemRecord, SystemRefusal, WorkspaceEntry};
use crate::domain::system_table::SystemTable;
use crate::wire::admin::NewWorkspace;
use crate::wire::failure::Fault;

const NO_ADMIN: &str = "This credential does not have the scope admin.";
const OTHER_TENANT: &str = "This credential administers its own tenant only.";
const TEST_SIDE: &str = "A credential of the test side administers keys of the test side only.";
const OF_TEST_SIDE: &str = "A credential of the test side neither makes nor deletes workspaces.";
const BOUND: &str = "This credential administers the keys of one workspace only.";

/// Of a list of workspaces or keys, at once (R2.6).
const PAGE: usize = 1_000;

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    pub items: Vec<T>,
    /// Of all pages together.
    pub total: usize,
    /// Behind which the next page begins, if there is one.
    pub next: Option<Place>,
}

impl<T> Listed<T> {
    /// Of what comes from where the page begins on, in order.
    fn page<R>(
        from: impl Iterator<Item = R>,
        total: usize,
        place: impl Fn(&R) -> Place,
        show: impl Fn(R) -> T,
    ) -> Self {
        let mut found: Vec<R> = from.take(PAGE + 1).collect();
        let more = found.len() > PAGE;
        found.truncate(PAGE);
        let next = found.last().filter(|_| more).map(place);
        Self { items: found.into_iter().map(show).collect(), total, next }
    }
}

/// What an administrator reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admin<'a> {
    /// `None`: every tenant.
    tenant: Option<&'a str>,
    workspace: Option<Id>,
    side: Side,
    actor: &'a str,
}

impl<'a> Admin<'a> {
    /// Server keys, and credentials with the scope `admin`.
    pub fn of(who: &'a Principal) -> Result<Self, ServiceError> {
        if who.is_server() || (who.tenant.is_some() && who.has(Permission::Admin)) {
            Ok(Self { tenant: who.tenant.as_deref(), workspace: who.workspace, side: who.side, actor: &who.actor })
        } else {
            Err(ServiceError::Forbidden(NO_ADMIN))
        }
    }

    /// Whether it makes and deletes workspaces: not if it is bound to one, or of the test side.
    pub(super) fn manages_workspaces(&self) -> Result<(), ServiceError> {
        match (self.workspace, self.side) {
            (Some(_), _) => Err(ServiceError::Forbidden(BOUND)),
            (None, Side::Test) => Err(ServiceError::Forbidden(OF_TEST_SIDE)),
            (None, Side::Live) => Ok(()),
        }
    }

    /// The tenant meant: the one sent, or the administrator's own.
    fn tenant_for(&self, sent: Option<Box<str>>) -> Result<Box<str>, ServiceError> {
        match (self.tenant, sent) {
            (Some(own), Some(sent)) if *own != *sent => Err(ServiceError::Forbidden(OTHER_TENANT)),
            (Some(own), _) => Ok(own.into()),
            (None, Some(sent)) => Ok(sent),
            (None, None) => Err(ServiceError::Invalid(vec![Fault::at("tenant", "is required with a server key")])),
        }
    }

    fn sees_tenant(&self, tenant: Option<&str>) -> bool {
        self.tenant.is_none() || self.tenant == tenant
    }

    fn sees_workspace(&self, workspace: Option<Id>) -> bool {
        self.workspace.is_none() || self.workspace == workspace
    }

    fn sees_side(&self, side: Side) -> bool {
        reaches_keys_of(self.side, side)
    }
}

impl Service {
    /// Makes a workspace. Administrators bound to a workspace, and those of the test side, make none; only a server
    /// key chooses its id. Runs to its end whether or not the caller still waits.
    pub async fn create_workspace(
        self: &Arc<Self>,
        admin: Admin<'_>,
        new: NewWorkspace,
    ) -> Result<WorkspaceEntry, ServiceError> {
        admin.manages_workspaces()?;
        let tenant = admin.tenant_for(new.tenant.map(String::into_boxed_str))?;
        if admin.tenant.is_some() && new.id.is_some() {
            return Err(ServiceError::IdNotAllowed);
        }
        let id = new.id.unwrap_or_else(|| self.ids.uuid().into());
        let (name, bound) = (new.name.into_boxed_str(), admin.tenant.is_some());
        if let Some(refusal) = self.engine.system_table().refuses_workspace(id) {
            let action = SystemAction::WorkspaceCreated { id, name: name.clone(), tenant: tenant.clone() };
            if self.repeats_in_system(admin.actor, action, refusal) {
                return Err(refusal.into());
            }
        }
        let record = SystemRecord::WorkspaceCreated { id, name, tenant: tenant.clone(), actor: admin.actor.into() };
        let service = Arc::clone(self);
        let making = async move {
            let _turn = service.ceilings.turn(&tenant).await;
            if bound {
                service.ceilings.admits_workspace(&service.engine.system_table(), &tenant)?;
            }
            Ok(service.engine.system(record).await??)
        };
        self.engine
            .run(making)
            .await?
            .and_then(|()| self.engine.system_table().workspace(id).cloned().ok_or(ServiceError::UnknownWorkspace))
    }

    /// The workspaces that the administrator reaches, oldest first.
    pub fn list_workspaces(&self, admin: Admin<'_>, after: Option<Place>) -> Listed<WorkspaceEntry> {
        let table = self.engine.system_table();
        let seen = |entry: &&WorkspaceEntry| admin.sees_workspace(Some(entry.id));
        let from = table.listed_workspaces(admin.tenant, after).filter(seen);
        // Those that are bound reach one.
        let total = admin.workspace.map_or_else(|| table.workspace_count(admin.tenant), |_| 1);
        Listed::page(from, total, |entry| (entry.created_at, entry.id), Clone::clone)
    }

    /// Makes a key; the second part is its secret, which nobody can see again. Runs to its end whether or not the
    /// caller still waits.
    pub async fn create_key(
        self: &Arc<Self>,
        admin: Admin<'_>,
        new: NewKey,
    ) -> Result<(ApiKey, KeySecret), ServiceError> {
        let (tenant, workspace) = key_scope(&self.engine.system_table(), admin, new.tenant, new.workspace)?;
        if !admin.sees_side(new.side) {
            return Err(ServiceError::Forbidden(TEST_SIDE));
        }
        let new = NewKey { tenant: Some(tenant.clone()), workspace, ..new };
        let (key, secret) = new.mint(self.ids.uuid().into(), &self.ids.token(KeySecret::TOKEN_LENGTH), self.now());
        let record = SystemRecord::KeyCreated { key: key.clone(), actor: admin.actor.into() };
        let (service, bound) = (Arc::clone(self), admin.tenant.is_some());
        let making = async move {
            let _turn = service.ceilings.turn(&tenant).await;
            if bound {
                service.ceilings.admits_key(&service.engine.system_table(), &tenant)?;
            }
            Ok(service.engine.system(record).await??)
        };
        self.engine.run(making).await?.map(|()| (key, secret))
    }

    /// The keys that the administrator reaches, oldest first, revoked and expired ones included.
    pub fn list_keys(&self, admin: Admin<'_>, after: Option<Place>) -> Listed<ApiKey> {
        let table = self.engine.system_table();
        let seen = |key: &&ApiKey| admin.sees_workspace(key.workspace) && admin.sees_side(key.side);
        let total = match (admin.workspace, admin.side) {
            (None, Side::Live) => table.key_count(admin.tenant),
            (Some(_), _) | (None, Side::Test) => table.listed_keys(admin.tenant, None).filter(seen).count(),
        };
        let from = table.listed_keys(admin.tenant, after).filter(seen);
        Listed::page(from, total, |key| (key.created_at, key.id), |key| self.with_last_use(key))
    }

    /// Whether the principal may revoke this key: 404 before 403, as everywhere (R2.8).
    pub fn may_revoke(&self, who: &Principal, id: Id) -> Result<(), ServiceError> {
        let table = self.engine.system_table();
        let own =
            |key: &&ApiKey| who.tenant.is_some() && key.tenant == who.tenant && reaches_keys_of(who.side, key.side);
        let key = table.key(id).filter(|key| who.is_server() || own(key));
        let key = key.ok_or(SystemRefusal::UnknownKey)?;
        let admin = Admin::of(who)?;
        if admin.sees_workspace(key.workspace) { Ok(()) } else { Err(ServiceError::Forbidden(BOUND)) }
    }

    /// Revokes a key; again, nothing changes.
    pub async fn revoke_key(&self, who: &Principal, id: Id) -> Result<ApiKey, ServiceError> {
        self.may_revoke(who, id)?;
        if self.engine.system_table().key(id).is_some_and(|key| key.revoked_at.is_none()) {
            self.engine.system(SystemRecord::KeyRevoked { id, actor: who.actor.as_str().into() }).await??;
            self.rights.send_replace(());
        }
        let table = self.engine.system_table();
        Ok(self.with_last_use(table.key(id).ok_or(SystemRefusal::UnknownKey)?))
    }

    fn with_last_use(&self, key: &ApiKey) -> ApiKey {
        ApiKey { last_used_at: self.usage.last_used(key), ..key.clone() }
    }
}

/// A live administrator reaches the keys of both sides, one of the test side only those of the test side: a key for
/// tests opens no way to live data.
fn reaches_keys_of(own: Side, other: Side) -> bool {
    match own {
        Side::Live => true,
        Side::Test => other == Side::Test,
    }
}

/// Tenant and workspace of a new key: within what the administrator reaches, and the workspace the
/// tenant's own. A server key may name the workspace alone.
fn key_scope(
    table: &SystemTable,
    admin: Admin<'_>,
    tenant: Option<Box<str>>,
    workspace: Option<Id>,
) -> Result<(Box<str>, Option<Id>), ServiceError> {
    let entry = match workspace {
        Some(id) => Some(
            table.workspace(id).filter(|e| admin.sees_tenant(Some(&e.tenant))).ok_or(ServiceError::UnknownWorkspace)?,
        ),
        None => None,
    };
    let tenant = match (admin.tenant, tenant, entry) {
        (None, None, Some(entry)) => entry.tenant.clone(),
        (_, tenant, _) => admin.tenant_for(tenant)?,
    };
    if entry.is_some_and(|entry| entry.tenant != tenant) {
        return Err(ServiceError::UnknownWorkspace);
    }
    let workspace = workspace.or(admin.workspace);
    if admin.sees_workspace(workspace) { Ok((tenant, workspace)) } else { Err(ServiceError::Forbidden(BOUND)) }
}
