//! Workspaces and API keys (R2.11, R2.14).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::{Array, ArrayBuilder, Ref, RefOr, Schema};

use super::body::{Asked, Body, Fields};
use super::values::{Instant, Timestamp, WorkspaceId, names};
use crate::domain::ids::{Id, IdKind, Side};
use crate::domain::system::WorkspaceEntry;
use crate::domain::system::{self, KeySecret, Permission};

/// Characters of a name or of a tenant.
const MAX_NAME: usize = 255;
/// What a key is called that was made without a name.
const UNNAMED: &str = "API key";

/// The scopes that can be given over HTTP.
const GIVEN: [Permission; 4] =
    [Permission::QualityRead, Permission::QualityWrite, Permission::EventsWrite, Permission::Admin];

// Both its sides share it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({
    "id": "0191b5a2-7c3e-7d11-9f00-0123456789ab", "name": "Support", "tenant": "acme",
    "createdAt": "2026-03-15T14:35:00.000Z"
})))]
pub struct Workspace {
    pub id: Id,
    pub name: Box<str>,
    pub tenant: Box<str>,
    pub created_at: Timestamp,
}

impl From<WorkspaceEntry> for Workspace {
    fn from(WorkspaceEntry { id, name, tenant, created_at }: WorkspaceEntry) -> Self {
        Self { id, name, tenant, created_at: Timestamp(created_at) }
    }
}

// A workspace to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(examples(json!({"name": "Support"}), json!({"name": "Support", "tenant": "acme"})))]
pub struct NewWorkspace {
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
    /// The administrator's own where it is absent; a server key must name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 255)]
    pub tenant: Option<String>,
    /// Drawn where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = WorkspaceId)]
    pub id: Option<Id>,
}

impl Body for NewWorkspace {
    fn read(fields: &mut Fields<'_>, _: Asked) -> Self {
        Self {
            name: fields.required("name", |fields, name| fields.text(name, 1, MAX_NAME)).unwrap_or_default(),
            tenant: fields.text("tenant", 1, MAX_NAME),
            id: fields.id("id", IdKind::Workspace),
        }
    }
}

/// An API key without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({
    "id": "0191b5a2-7c3e-7d11-9f00-00000000ce11", "name": "pipeline", "keyPrefix": "sf_live_v1_a1B2",
    "tenant": "acme", "workspaceId": null, "side": "live", "scopes": ["quality:read", "events:write"],
    "createdAt": "2026-03-15T14:35:00.000Z", "expiresAt": null, "lastUsedAt": null, "revokedAt": null
})))]
pub struct ApiKey {
    pub id: Id,
    pub name: Box<str>,
    /// The prefix and four characters, for people to tell keys apart.
    #[schema(pattern = "^sf_(live|test)_v1_[A-Za-z0-9]{4}$")]
    pub key_prefix: Box<str>,
    /// Null for a server key.
    #[schema(required)]
    pub tenant: Option<Box<str>>,
    /// The workspace it is bound to; null: all of its tenant's.
    #[schema(required)]
    pub workspace_id: Option<Id>,
    pub side: Side,
    pub scopes: Vec<Permission>,
    pub created_at: Timestamp,
    #[schema(required)]
    pub expires_at: Option<Timestamp>,
    /// To within a minute.
    #[schema(required)]
    pub last_used_at: Option<Timestamp>,
    #[schema(required)]
    pub revoked_at: Option<Timestamp>,
}

impl From<system::ApiKey> for ApiKey {
    fn from(key: system::ApiKey) -> Self {
        let system::ApiKey { id, name, key_prefix, hash: _, tenant, workspace, side, scopes, .. } = key;
        Self {
            id,
            name,
            key_prefix,
            tenant,
            workspace_id: workspace,
            side,
            scopes,
            created_at: Timestamp(key.created_at),
            expires_at: key.expires_at.map(Timestamp),
            last_used_at: key.last_used_at.map(Timestamp),
            revoked_at: key.revoked_at.map(Timestamp),
        }
    }
}

/// A key with its secret, which is shown this once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({
    "id": "0191b5a2-7c3e-7d11-9f00-00000000ce11", "key": "sf_live_v1_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6",
    "name": "pipeline", "keyPrefix": "sf_live_v1_a1B2", "tenant": "acme", "workspaceId": null, "side": "live",
    "scopes": ["quality:read", "events:write"], "createdAt": "2026-03-15T14:35:00.000Z", "expiresAt": null,
    "lastUsedAt": null, "revokedAt": null
})))]
pub struct CreatedKey {
    pub id: Id,
    /// Only its SHA-256 is kept.
    #[schema(value_type = String, pattern = "^sf_(live|test)_v1_[A-Za-z0-9]{32}$")]
    pub key: KeySecret,
    pub name: Box<str>,
    #[schema(pattern = "^sf_(live|test)_v1_[A-Za-z0-9]{4}$")]
    pub key_prefix: Box<str>,
    #[schema(value_type = String)]
    pub tenant: Option<Box<str>>,
    #[schema(required)]
    pub workspace_id: Option<Id>,
    pub side: Side,
    #[schema(value_type = Vec<GivenScope>)]
    pub scopes: Vec<Permission>,
    pub created_at: Timestamp,
    #[schema(required)]
    pub expires_at: Option<Timestamp>,
    #[schema(required)]
    pub last_used_at: Option<Timestamp>,
    #[schema(required)]
    pub revoked_at: Option<Timestamp>,
}

impl From<(system::ApiKey, KeySecret)> for CreatedKey {
    fn from((made, key): (system::ApiKey, KeySecret)) -> Self {
        let made = ApiKey::from(made);
        let ApiKey { id, name, key_prefix, tenant, workspace_id, side, scopes, .. } = made;
        let ApiKey { created_at, expires_at, last_used_at, revoked_at, .. } = made;
        Self {
            id,
            key,
            name,
            key_prefix,
            tenant,
            workspace_id,
            side,
            scopes,
            created_at,
            expires_at,
            last_used_at,
            revoked_at,
        }
    }
}

// A key to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({"name": "pipeline", "scopes": ["quality:read", "events:write"]})))]
pub struct NewKey {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 255, default = "API key")]
    pub name: Option<Box<str>>,
    /// The administrator's own where it is absent; a server key names it, or a workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 255)]
    pub tenant: Option<Box<str>>,
    /// Binds the key to this workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = WorkspaceId)]
    pub workspace_id: Option<Id>,
    /// Each at most once.
    #[schema(schema_with = scopes)]
    pub scopes: Vec<Permission>,
    /// Whether the key sees the test sides of workspaces instead of the live ones.
    #[schema(required = false, default = false)]
    pub test: bool,
    /// In the future.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = Instant)]
    pub expires_at: Option<Timestamp>,
}

impl From<system::NewKey> for NewKey {
    fn from(new: system::NewKey) -> Self {
        let system::NewKey { name, tenant, workspace, side, scopes, expires_at } = new;
        Self {
            name: Some(name),
            tenant,
            workspace_id: workspace,
            scopes,
            test: side == Side::Test,
            expires_at: expires_at.map(Timestamp),
        }
    }
}

impl From<NewKey> for system::NewKey {
    fn from(new: NewKey) -> Self {
        let NewKey { name, tenant, workspace_id, scopes, test, expires_at } = new;
        Self {
            name: name.unwrap_or_else(|| UNNAMED.into()),
            tenant,
            workspace: workspace_id,
            side: if test { Side::Test } else { Side::Live },
            scopes,
            expires_at: expires_at.map(|expires| expires.0),
        }
    }
}

impl Body for NewKey {
    fn read(fields: &mut Fields<'_>, asked: Asked) -> Self {
        let new = Self {
            name: fields.text("name", 1, MAX_NAME).map(Into::into),
            tenant: fields.text("tenant", 1, MAX_NAME).map(Into::into),
            workspace_id: fields.id("workspaceId", IdKind::Workspace),
            scopes: fields.required("scopes", given).unwrap_or_default(),
            test: fields.boolean("test").unwrap_or(false),
            expires_at: fields.instant("expiresAt").map(Timestamp),
        };
        if new.expires_at.is_some_and(|expires| expires <= Timestamp(asked.now)) {
            fields.fault("expiresAt", "must be in the future");
        }
        new
    }
}

/// Elements of a list of scopes that are looked at: more than there are scopes, so that a repeated one is named.
const MOST_SCOPES: usize = 16;

/// At least one scope that can be given over HTTP, each once.
fn given(fields: &mut Fields<'_>, name: &str) -> Option<Vec<Permission>> {
    let scopes = fields.list(name, MOST_SCOPES, scope)?;
    if scopes.is_empty() {
        fields.fault(name, "must name at least one scope");
    }
    if scopes.iter().enumerate().any(|(at, scope)| scopes[..at].contains(scope)) {
        fields.fault(name, "must not name a scope twice");
    }
    Some(scopes)
}

fn scope(text: &str) -> Result<Permission, String> {
    match serde_json::from_str(text) {
        Ok(scope) if GIVEN.contains(&scope) => Ok(scope),
        Ok(_) => Err("is for server keys, which are made on the data directory only".to_owned()),
        Err(_) => Err("must be one of quality:read, quality:write, events:write, admin".to_owned()),
    }
}

/// A scope that can be given over HTTP.
pub struct GivenScope;

impl utoipa::PartialSchema for GivenScope {
    fn schema() -> RefOr<Schema> {
        names(GIVEN).description(Some("A scope that can be given over HTTP.")).into()
    }
}

impl ToSchema for GivenScope {}

fn scopes() -> Array {
    ArrayBuilder::new()
        .items(Ref::from_schema_name("GivenScope"))
        .min_items(Some(1))
        .unique_items(true)
        .description(Some("Each at most once."))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::body::{Asked, BodyError, read};

    #[test]
    fn r2_14_scopes_are_distinct_known_and_never_server() {
        let new = read::<NewKey>(br#"{"scopes": ["quality:read", "admin"], "test": true}"#, Asked::default()).unwrap();
        assert_eq!((new.scopes, new.test), (vec![Permission::QualityRead, Permission::Admin], true));
        let pointers =
            |body: &str| match read::<NewKey>(body.as_bytes(), Asked { now: 1_800_000_000_000, ..Asked::default() }) {
                Err(BodyError::Faults(faults)) => faults.into_iter().map(|fault| fault.pointer).collect::<Vec<_>>(),
                other => panic!("{other:?}"),
            };
        assert_eq!(pointers("{}"), ["/scopes"]);
        assert_eq!(pointers(r#"{"scopes": []}"#), ["/scopes"]);
        assert_eq!(pointers(r#"{"scopes": "admin"}"#), ["/scopes"]);
        assert_eq!(pointers(r#"{"scopes": ["admin", "admin"]}"#), ["/scopes"]);
        assert_eq!(pointers(r#"{"scopes": ["admin", "server", "x", 1]}"#), ["/scopes/1", "/scopes/2", "/scopes/3"]);
        assert_eq!(
            pointers(r#"{"scopes": ["admin"], "name": "", "expiresAt": "2026-02-30T00:00:00Z"}"#),
            ["/name", "/expiresAt"]
        );
        assert_eq!(pointers(r#"{"scopes": ["x"], "expiresAt": "2020-01-01T00:00:00Z"}"#), ["/scopes/0", "/expiresAt"]);
    }
}
