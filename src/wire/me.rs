//! Whom a credential stands for (R2.14c).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::values::{Count, Timestamp};
use crate::domain::ids::{Id, Side};
use crate::domain::system::Permission;

/// Who asks, and what the credential reaches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({
    "actor": "api-key:0191b5a2-7c3e-7d11-9f00-00000000ce11", "tenant": "acme", "side": "live",
    "scopes": ["quality:read"], "workspaceId": null,
    "workspaces": [{"id": "0191b5a2-7c3e-7d11-9f00-0123456789ab", "name": "Support"}], "total": 1, "expiresAt": null
})))]
pub struct Me {
    /// As it stands beside what the credential does.
    pub actor: Box<str>,
    /// Null for a server key.
    #[schema(required)]
    pub tenant: Option<Box<str>>,
    /// Which side of its workspaces it sees.
    pub side: Side,
    pub scopes: Vec<Permission>,
    /// The workspace it is bound to; null: all of its tenant's.
    #[schema(required)]
    pub workspace_id: Option<Id>,
    /// Those it reaches, by name, at most a thousand.
    #[schema(max_items = 1_000)]
    pub workspaces: Vec<NamedWorkspace>,
    /// How many it reaches.
    pub total: Count,
    /// When the key or the token ends; null: never.
    #[schema(required)]
    pub expires_at: Option<Timestamp>,
}

/// A workspace, as people call it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NamedWorkspace {
    pub id: Id,
    pub name: Box<str>,
}
