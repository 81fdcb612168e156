//! Erasures (R4.10).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::values::Timestamp;
use crate::domain::ids::Id;

/// What was erased of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({
    "workspaceId": "0191b5a2-7c3e-7d11-9f00-0123456789ab", "conversationId": "0191b5a2-7c3e-7d11-9f00-00000000c0f1",
    "erasedAt": "2026-03-15T14:35:00.000Z", "goneBy": "2026-03-16T14:35:00.000Z"
})))]
pub struct ConversationErasure {
    pub workspace_id: Id,
    pub conversation_id: Id,
    pub erased_at: Timestamp,
    /// By when older snapshots and journal segments that still hold it are gone.
    pub gone_by: Timestamp,
}

/// A workspace that was deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({
    "workspaceId": "0191b5a2-7c3e-7d11-9f00-0123456789ab",
    "erasedAt": "2026-03-15T14:35:00.000Z", "goneBy": "2026-03-16T14:35:00.000Z"
})))]
pub struct WorkspaceErasure {
    pub workspace_id: Id,
    pub erased_at: Timestamp,
    /// By when older snapshots and journal segments that still hold it are gone.
    pub gone_by: Timestamp,
}

/// What was erased of a contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({
    "workspaceId": "0191b5a2-7c3e-7d11-9f00-0123456789ab", "contactId": "anna@example.org",
    "erasedAt": "2026-03-15T14:35:00.000Z", "goneBy": "2026-03-16T14:35:00.000Z"
})))]
pub struct ContactErasure {
    pub workspace_id: Id,
    #[schema(min_length = 1, max_length = 255)]
    pub contact_id: String,
    pub erased_at: Timestamp,
    /// By when older snapshots and journal segments that still hold it are gone.
    pub gone_by: Timestamp,
}
