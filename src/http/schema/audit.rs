//! The audit trail.

use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, ToSchema};

use super::admin::{Scope, Side};
use super::leaf::{Count, DateOrInstant, Id, Timestamp, one_of};
use super::quality::CsatConfigPatch;
use crate::domain::audit::{ACTIONS, Refusal};

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Entries of a page.
    #[param(required = false, minimum = 1, maximum = 100, default = 50)]
    pub limit: u8,
    /// `nextCursor` of the page before.
    #[param(required = false, pattern = "^[A-Za-z0-9_-]+$")]
    pub cursor: String,
    /// The first instant; a date is its first millisecond, UTC.
    #[param(required = false, inline)]
    pub from: DateOrInstant,
    /// The last instant; a date is its last millisecond, UTC.
    #[param(required = false, inline)]
    pub to: DateOrInstant,
    /// Only what this actor did.
    #[param(required = false, min_length = 1, max_length = 255)]
    pub actor: String,
    /// Only this.
    #[param(required = false, inline)]
    pub action: ActionName,
}

/// The newest first.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct AuditPage {
    pub data: Vec<AuditEntry>,
    /// Absent on the last page.
    #[schema(required = false, pattern = "^[A-Za-z0-9_-]+$")]
    pub next_cursor: String,
}

/// Who did what, and what it came to.
#[derive(ToSchema)]
#[schema(examples(json!({
    "position": "12-0", "at": "2026-03-15T14:35:00.000Z", "actor": "api-key:0191b5a2-7c3e-7d11-9f00-00000000ce11",
    "action": "csat_config.patched", "target": null, "outcome": "done",
    "details": {"from": {"linkExpiryDays": 14}, "to": {"linkExpiryDays": 30}}
})))]
pub struct AuditEntry {
    /// In the order of the workspace side; behind `system:` in that of workspaces and keys.
    #[schema(pattern = r"^(system:)?\d+-\d+$")]
    pub position: String,
    pub at: Timestamp,
    /// `api-key:<id>`, the subject of a JWT, or `data-directory`; null: the server itself.
    #[schema(required)]
    pub actor: Option<String>,
    #[schema(inline)]
    pub action: ActionName,
    /// The breaker, key or workspace.
    #[schema(required)]
    pub target: Option<Id>,
    #[schema(inline)]
    pub outcome: OutcomeName,
    #[schema(required = false, inline)]
    pub code: RefusalCode,
    pub details: AuditDetails,
}

pub struct ActionName;

impl utoipa::PartialSchema for ActionName {
    fn schema() -> RefOr<Schema> {
        one_of(ACTIONS).into()
    }
}

impl ToSchema for ActionName {}

/// `unchanged`: it was so already.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum OutcomeName {
    Done,
    Unchanged,
    Refused,
}

/// Of a refusal: why.
pub struct RefusalCode;

impl utoipa::PartialSchema for RefusalCode {
    fn schema() -> RefOr<Schema> {
        one_of(Refusal::ALL.map(Refusal::code)).description(Some("Of a refusal: why.")).into()
    }
}

impl ToSchema for RefusalCode {}

/// What the action says; each has its own members.
#[derive(ToSchema)]
pub struct AuditDetails {
    /// `csat_config.patched`: the fields that were sent, as they were.
    #[schema(required = false)]
    pub from: CsatConfigPatch,
    /// `csat_config.patched`: the fields that were sent, as they were sent.
    #[schema(required = false)]
    pub to: CsatConfigPatch,
    /// `breaker.…`: whether it came with a note, which the breaker has.
    #[schema(required = false)]
    pub noted: bool,
    /// `settings.installed`.
    #[schema(required = false)]
    pub settings: AuditSettings,
    /// `event.skipped`: the position of what was passed over.
    #[schema(required = false, pattern = r"^\d+-\d+$")]
    pub event: String,
    /// `workspace.created`.
    #[schema(required = false)]
    pub name: String,
    /// `workspace.created`.
    #[schema(required = false)]
    pub tenant: String,
    /// `key.…`
    #[schema(required = false)]
    pub key: AuditKey,
}

/// What config.toml says; of the scoring profile its name and hash.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct AuditSettings {
    pub window_size: Count,
    pub window_days: Count,
    pub workspace_factor: Count,
    pub settle_days: Count,
    pub duplicate_days: Count,
    pub explanation_days: Count,
    pub retention_days: Count,
    pub max_turns: Count,
    /// Names the secret that hashes were keyed with.
    #[schema(pattern = "^[0-9a-f]{16}$")]
    pub secret_id: String,
    pub profile: String,
    #[schema(pattern = "^[0-9a-f]{16}$")]
    pub profile_hash: String,
}

/// An API key as it was made.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct AuditKey {
    pub name: String,
    pub key_prefix: String,
    #[schema(required)]
    pub tenant: Option<String>,
    /// Null: good for all of its tenant's.
    #[schema(required)]
    pub workspace_id: Option<Id>,
    #[schema(inline)]
    pub side: Side,
    #[schema(inline)]
    pub scopes: Vec<Scope>,
    #[schema(required)]
    pub expires_at: Option<Timestamp>,
}
