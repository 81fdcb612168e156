//! Parameters of paths, query strings and headers.

use utoipa::IntoParams;

use super::leaf;

#[derive(IntoParams)]
#[into_params(parameter_in = Path, rename_all = "camelCase")]
pub struct InWorkspace {
    #[param(inline)]
    pub workspace_id: leaf::WorkspaceId,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path, rename_all = "camelCase")]
pub struct OfBreaker {
    #[param(inline)]
    pub breaker_id: leaf::BreakerId,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path, rename_all = "camelCase")]
pub struct OfConversation {
    #[param(inline)]
    pub conversation_id: leaf::ConversationId,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path, rename_all = "camelCase")]
pub struct OfAccount {
    #[param(inline)]
    pub account_id: leaf::AccountId,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path, rename_all = "camelCase")]
pub struct OfContact {
    /// As the producer calls the contact, percent-encoded.
    #[param(min_length = 1, max_length = 255, example = "anna@example.org")]
    pub contact_id: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path, rename_all = "camelCase")]
pub struct OfKey {
    #[param(inline)]
    pub key_id: leaf::KeyId,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub struct OfSnapshot {
    /// Its number.
    #[param(minimum = 0, example = 7)]
    pub number: u64,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct WhichWorkspace {
    /// Says which workspace is meant, where a tenant-wide credential reaches more than one that has it.
    #[param(required = false, inline)]
    pub workspace_id: leaf::WorkspaceId,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct ForAccount {
    /// The account that the conversation belongs to; without it the answer is about the workspace alone.
    #[param(required = false, inline)]
    pub account_id: leaf::AccountId,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Period {
    /// Whole UTC days, today included.
    #[param(required = false, inline)]
    pub period: leaf::PeriodName,
    /// The first instant of the period; a date is its first millisecond, UTC. Overrides `period`. Without `to`
    /// the period ends with today.
    #[param(required = false, inline)]
    pub from: leaf::DateOrInstant,
    /// The last instant of the period; a date is its last millisecond, UTC. Overrides `period`. Without `from`
    /// the period has 30 days.
    #[param(required = false, inline)]
    pub to: leaf::DateOrInstant,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub struct KnownTag {
    /// A list of tags, weak ones too, or `*`: 304 if the answer's is among them.
    #[param(rename = "If-None-Match", required = false)]
    pub if_none_match: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub struct Packing {
    /// How the body is packed.
    #[param(rename = "Content-Encoding", required = false, inline)]
    pub content_encoding: leaf::Encoding,
}
