//! Credentials, and what they reach (R2.8, R2.11, R2.12, R2.14).

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Service, ServiceError};
use crate::domain::ids::{Id, Side, WorkspaceKey};
use crate::domain::system::{ApiKey, KeySecret, Permission};
use crate::domain::time::Millis;
use crate::issuer::Claims;
use crate::links::Link;

const OTHER_WORKSPACE: &str = "This credential is bound to another workspace.";
const NO_SCOPE: &str = "This credential does not have the scope for this.";
const NO_SERVER_KEY: &str = "This needs a server key.";
const SERVER_KEY: &str = "A server key does not reach tenants' data.";

/// Who is asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// `api-key:<id>` (R2.11); or of a token (R2.13) its `sub`, or `client:<id>`, which no `sub` poses as.
    pub actor: String,
    /// `None` for a server key.
    pub tenant: Option<Box<str>>,
    /// Bound to one workspace, or to all of its tenant's.
    pub workspace: Option<Id>,
    pub side: Side,
    scopes: Vec<Permission>,
    /// The API key that it is of, if it is of one.
    key: Option<Id>,
    pub expires_at: Option<Millis>,
}

impl Principal {
    fn of_key(key: &ApiKey) -> Self {
        Self {
            actor: format!("api-key:{}", key.id),
            tenant: key.tenant.clone(),
            workspace: key.workspace,
            side: key.side,
            scopes: key.scopes.clone(),
            key: Some(key.id),
            expires_at: key.expires_at,
        }
    }

    /// The whole tenant, on the live side (R2.12).
    pub(super) fn of_claims(claims: Claims) -> Self {
        let Claims { actor, tenant, scopes, expires_at } = claims;
        Self {
            actor: actor.into_string(),
            tenant: Some(tenant),
            workspace: None,
            side: Side::Live,
            scopes,
            key: None,
            expires_at: Some(expires_at),
        }
    }

    /// Whoever has opened a satisfaction link (R13.2). It has no scope: what it may do is what the link is for.
    pub(super) fn of_link(link: &Link, tenant: Box<str>) -> Self {
        let Link { key, conversation, ending: _, expires } = *link;
        Self {
            actor: format!("link:{conversation}"),
            tenant: Some(tenant),
            workspace: Some(key.id),
            side: key.side,
            scopes: Vec::new(),
            key: None,
            expires_at: Some(expires),
        }
    }

    pub fn scopes(&self) -> &[Permission] {
        &self.scopes
    }

    pub fn has(&self, scope: Permission) -> bool {
        self.scopes.contains(&scope)
    }

    /// A server key: tenant and workspace null, scope `server`, never one for test sides.
    pub fn is_server(&self) -> bool {
        self.tenant.is_none() && self.side == Side::Live && self.has(Permission::Server)
    }

    /// Any one of the scopes is enough; a server key has none of a tenant's.
    pub fn require(&self, any_of: &[Permission]) -> Result<(), ServiceError> {
        if self.tenant.is_none() {
            return Err(ServiceError::Forbidden(SERVER_KEY));
        }
        if any_of.iter().any(|scope| self.has(*scope)) { Ok(()) } else { Err(ServiceError::Forbidden(NO_SCOPE)) }
    }
}

/// A principal with server rights (R2.14), as required for what belongs to no tenant.
#[derive(Clone, Copy, Debug)]
pub struct Operator(());

impl Operator {
    /// Server keys alone.
    pub fn of(who: &Principal) -> Result<Self, ServiceError> {
        if who.is_server() { Ok(Self(())) } else { Err(ServiceError::Forbidden(NO_SERVER_KEY)) }
    }
}

impl Service {
    /// The principal behind an API key; `None` for an unknown, expired or revoked one.
    pub fn authenticate(&self, token: &str) -> Option<Principal> {
        if !KeySecret::is_well_formed(token) {
            return None;
        }
        let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let table = self.engine.system_table();
        let key = table.key_by_hash(&hash)?;
        let now = self.now();
        let valid = bool::from(key.hash.ct_eq(&hash)) && in_force(key, now);
        if !valid {
            return None;
        }
        self.usage.touch(key.id, now);
        Some(Principal::of_key(key))
    }

    /// Whether a credential that was good once is still so.
    pub(super) fn is_in_force(&self, who: &Principal) -> bool {
        let now = self.now();
        match who.key {
            Some(id) => self.engine.system_table().key(id).is_some_and(|key| in_force(key, now)),
            None => who.expires_at.is_none_or(|expires| now < expires),
        }
    }

    /// The side of a workspace that the principal reaches with any one of the scopes: 404 before
    /// 403, and the same 404 for unknown ones and other tenants' (R2.8).
    pub fn workspace(&self, who: &Principal, id: Id, any_of: &[Permission]) -> Result<WorkspaceKey, ServiceError> {
        let key = self.visible(who, id)?;
        who.require(any_of)?;
        Ok(key)
    }

    /// The side whose administration the principal may look into: with the scope `admin`, or with a server
    /// key, which administers every tenant's workspaces (R2.14).
    pub fn administered(&self, who: &Principal, id: Id) -> Result<WorkspaceKey, ServiceError> {
        if !who.is_server() {
            return self.workspace(who, id, &[Permission::Admin]);
        }
        let known = self.engine.system_table().workspace(id).is_some();
        if known { Ok(WorkspaceKey { id, side: who.side }) } else { Err(ServiceError::UnknownWorkspace) }
    }

    /// As [`Self::workspace`], before scopes are looked at.
    pub(super) fn visible(&self, who: &Principal, id: Id) -> Result<WorkspaceKey, ServiceError> {
        let table = self.engine.system_table();
        let entry = table.workspace(id).ok_or(ServiceError::UnknownWorkspace)?;
        match &who.tenant {
            None => return Err(ServiceError::Forbidden(SERVER_KEY)),
            Some(tenant) if *tenant != entry.tenant => return Err(ServiceError::UnknownWorkspace),
            Some(_) => {}
        }
        match who.workspace {
            Some(bound) if bound != id => Err(ServiceError::Forbidden(OTHER_WORKSPACE)),
            Some(_) | None => Ok(WorkspaceKey { id, side: who.side }),
        }
    }

    /// The workspaces that a principal reaches, oldest first; none for a server key.
    pub fn reach(&self, who: &Principal) -> Vec<WorkspaceKey> {
        let table = self.engine.system_table();
        let ids = match (&who.tenant, &who.workspace) {
            (None, _) => &[],
            (Some(_), Some(bound)) => std::slice::from_ref(bound),
            (Some(tenant), None) => table.workspaces_of(tenant),
        };
        ids.iter().map(|id| WorkspaceKey { id: *id, side: who.side }).collect()
    }
}

fn in_force(key: &ApiKey, now: Millis) -> bool {
    key.revoked_at.is_none() && key.expires_at.is_none_or(|expires| now < expires)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> ApiKey {
        ApiKey {
            id: Id(1),
            name: "k".into(),
            key_prefix: "sf_live_v1_abcd".into(),
            hash: [0; 32],
            tenant: Some("t".into()),
            workspace: None,
            side: Side::Live,
            scopes: vec![Permission::QualityRead],
            created_at: 0,
            expires_at: Some(100),
            last_used_at: None,
            revoked_at: None,
        }
    }

    #[test]
    fn r2_11_a_key_is_in_force_until_it_expires_or_is_revoked() {
        assert!(in_force(&key(), 99));
        assert!(!in_force(&key(), 100));
        assert!(in_force(&ApiKey { expires_at: None, ..key() }, i64::MAX));
        assert!(!in_force(&ApiKey { revoked_at: Some(1), ..key() }, 50));
    }

    #[test]
    fn r2_14_a_server_key_has_no_tenants_rights() {
        let server = Principal::of_key(&ApiKey {
            tenant: None,
            scopes: vec![Permission::Server, Permission::QualityRead],
            ..key()
        });
        assert!(server.is_server());
        assert!(matches!(server.require(&[Permission::QualityRead]), Err(ServiceError::Forbidden(_))));
        let tenants = Principal::of_key(&key());
        assert!(tenants.require(&[Permission::EventsWrite, Permission::QualityRead]).is_ok());
        assert!(matches!(tenants.require(&[Permission::QualityWrite]), Err(ServiceError::Forbidden(_))));
        let tenants = ApiKey { scopes: vec![Permission::Server], ..key() };
        let test_side = ApiKey { tenant: None, side: Side::Test, ..tenants.clone() };
        for other in [key(), tenants, test_side] {
            let who = Principal::of_key(&other);
            assert!(!who.is_server() && matches!(Operator::of(&who), Err(ServiceError::Forbidden(_))), "{other:?}");
        }
        assert!(Operator::of(&server).is_ok());
    }

    #[test]
    fn r2_12_r2_14_a_tokens_principal_is_its_tenants_on_the_live_side_and_never_a_server() {
        let claims = Claims {
            actor: "kp_1".into(),
            tenant: "t".into(),
            scopes: vec![Permission::Admin, Permission::Server],
            expires_at: 9,
        };
        let who = Principal::of_claims(claims);
        assert_eq!(who.expires_at, Some(9));
        assert_eq!((who.actor.as_str(), who.tenant.as_deref()), ("kp_1", Some("t")));
        assert_eq!((who.workspace, who.side), (None, Side::Live));
        assert!(!who.is_server() && Operator::of(&who).is_err());
    }
}
