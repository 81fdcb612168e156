//! Workspaces and API keys.

use utoipa::ToSchema;

use super::leaf::{Count, Id, Instant, Timestamp, WorkspaceId};

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[schema(examples(json!({
    "id": "0191b5a2-7c3e-7d11-9f00-0123456789ab", "name": "Support", "tenant": "acme",
    "createdAt": "2026-03-15T14:35:00.000Z"
})))]
pub struct Workspace {
    pub id: Id,
    pub name: String,
    pub tenant: String,
    pub created_at: Timestamp,
}

/// Oldest first.
#[derive(ToSchema)]
pub struct WorkspaceList {
    pub items: Vec<Workspace>,
    pub total: Count,
}

#[derive(ToSchema)]
#[schema(examples(json!({"name": "Support"}), json!({"name": "Support", "tenant": "acme"})))]
pub struct NewWorkspace {
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
    /// The administrator's own where it is absent; a server key must name it.
    #[schema(required = false, min_length = 1, max_length = 255)]
    pub tenant: String,
    /// Drawn where it is absent.
    #[schema(required = false)]
    pub id: WorkspaceId,
}

/// An API key without its secret.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[schema(examples(json!({
    "id": "0191b5a2-7c3e-7d11-9f00-00000000ce11", "name": "pipeline", "keyPrefix": "sf_live_v1_a1B2",
    "tenant": "acme", "workspaceId": null, "side": "live", "scopes": ["quality:read", "events:write"],
    "createdAt": "2026-03-15T14:35:00.000Z", "expiresAt": null, "lastUsedAt": null, "revokedAt": null
})))]
pub struct ApiKey {
    pub id: Id,
    pub name: String,
    /// The prefix and four characters, for people to tell keys apart.
    #[schema(pattern = "^sf_(live|test)_v1_[A-Za-z0-9]{4}$")]
    pub key_prefix: String,
    /// Null for a server key.
    #[schema(required)]
    pub tenant: Option<String>,
    /// The workspace it is bound to; null: all of its tenant's.
    #[schema(required)]
    pub workspace_id: Option<Id>,
    #[schema(inline)]
    pub side: Side,
    #[schema(inline)]
    pub scopes: Vec<Scope>,
    pub created_at: Timestamp,
    #[schema(required)]
    pub expires_at: Option<Timestamp>,
    /// To within a minute.
    #[schema(required)]
    pub last_used_at: Option<Timestamp>,
    #[schema(required)]
    pub revoked_at: Option<Timestamp>,
}

/// A key with its secret, which is shown this once.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[schema(examples(json!({
    "id": "0191b5a2-7c3e-7d11-9f00-00000000ce11", "key": "sf_live_v1_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6",
    "name": "pipeline", "keyPrefix": "sf_live_v1_a1B2", "tenant": "acme", "workspaceId": null, "side": "live",
    "scopes": ["quality:read", "events:write"], "createdAt": "2026-03-15T14:35:00.000Z", "expiresAt": null,
    "lastUsedAt": null, "revokedAt": null
})))]
pub struct CreatedKey {
    pub id: Id,
    /// Only its SHA-256 is kept.
    #[schema(pattern = "^sf_(live|test)_v1_[A-Za-z0-9]{32}$")]
    pub key: String,
    pub name: String,
    #[schema(pattern = "^sf_(live|test)_v1_[A-Za-z0-9]{4}$")]
    pub key_prefix: String,
    pub tenant: String,
    #[schema(required)]
    pub workspace_id: Option<Id>,
    #[schema(inline)]
    pub side: Side,
    #[schema(inline)]
    pub scopes: Vec<GivenScope>,
    pub created_at: Timestamp,
    #[schema(required)]
    pub expires_at: Option<Timestamp>,
    #[schema(required)]
    pub last_used_at: Option<Timestamp>,
    #[schema(required)]
    pub revoked_at: Option<Timestamp>,
}

/// Oldest first; revoked and expired ones included.
#[derive(ToSchema)]
pub struct KeyList {
    pub items: Vec<ApiKey>,
    pub total: Count,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[schema(examples(json!({"name": "pipeline", "scopes": ["quality:read", "events:write"]})))]
pub struct NewKey {
    #[schema(required = false, min_length = 1, max_length = 255, default = "API key")]
    pub name: String,
    /// The administrator's own where it is absent; a server key names it, or a workspace.
    #[schema(required = false, min_length = 1, max_length = 255)]
    pub tenant: String,
    /// Binds the key to this workspace.
    #[schema(required = false)]
    pub workspace_id: WorkspaceId,
    /// Each at most once.
    #[schema(inline, schema_with = scopes)]
    pub scopes: Vec<GivenScope>,
    /// Whether the key sees the test sides of workspaces instead of the live ones.
    #[schema(required = false, default = false)]
    pub test: bool,
    /// In the future.
    #[schema(required = false)]
    pub expires_at: Instant,
}

fn scopes() -> utoipa::openapi::Array {
    use utoipa::PartialSchema;
    utoipa::openapi::ArrayBuilder::new()
        .items(GivenScope::schema())
        .min_items(Some(1))
        .unique_items(true)
        .description(Some("Each at most once."))
        .build()
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum Side {
    Live,
    Test,
}

/// A scope that can be given over HTTP.
#[derive(ToSchema)]
pub enum GivenScope {
    #[schema(rename = "quality:read")]
    QualityRead,
    #[schema(rename = "quality:write")]
    QualityWrite,
    #[schema(rename = "events:write")]
    EventsWrite,
    #[schema(rename = "admin")]
    Admin,
}

/// `server` stands in server keys alone.
#[derive(ToSchema)]
pub enum Scope {
    #[schema(rename = "quality:read")]
    QualityRead,
    #[schema(rename = "quality:write")]
    QualityWrite,
    #[schema(rename = "events:write")]
    EventsWrite,
    #[schema(rename = "admin")]
    Admin,
    #[schema(rename = "server")]
    Server,
}
