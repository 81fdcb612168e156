//! Parameters of paths, query strings and headers.

use utoipa::{IntoParams, ToSchema};

use crate::wire::audit::ActionName;
use crate::wire::breaker::BreakerState;
use crate::wire::effect::EffectName;
use crate::wire::quality::ChurnRisk;
use crate::wire::values;
use crate::wire::webhook::DeliveryState;

#[derive(IntoParams)]
#[into_params(parameter_in = Path, rename_all = "camelCase")]
pub struct InWorkspace {
    #[param(inline)]
    pub workspace_id: values::WorkspaceId,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path, rename_all = "camelCase")]
pub struct OfBreaker {
    #[param(inline)]
    pub breaker_id: values::BreakerId,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path, rename_all = "camelCase")]
pub struct OfConversation {
    #[param(inline)]
    pub conversation_id: values::ConversationId,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path, rename_all = "camelCase")]
pub struct OfAccount {
    #[param(inline)]
    pub account_id: values::AccountId,
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
pub struct OfLanguage {
    /// The code of a language (ISO 639).
    #[param(pattern = "^[a-z]{2,3}$", example = "da")]
    pub language: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path, rename_all = "camelCase")]
pub struct OfKey {
    #[param(inline)]
    pub key_id: values::KeyId,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path, rename_all = "camelCase")]
pub struct OfWebhook {
    #[param(inline)]
    pub webhook_id: values::WebhookId,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path, rename_all = "camelCase")]
pub struct OfBacktest {
    #[param(inline)]
    pub backtest_id: values::BacktestId,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub struct Prefers {
    /// `respond-async`: a 202 at once, however long it takes (RFC 7240).
    #[param(rename = "Prefer", required = false, example = "respond-async")]
    pub prefer: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path, rename_all = "camelCase")]
pub struct OfDelivery {
    #[param(inline)]
    pub delivery_id: values::DeliveryId,
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
    pub workspace_id: values::WorkspaceId,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct ForAccount {
    /// The account that the conversation belongs to; without it the answer is about the workspace alone.
    #[param(required = false, inline)]
    pub account_id: values::AccountId,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ForLabels {
    /// The channel of the conversation: it may have a breaker of its own.
    #[param(required = false, min_length = 1, max_length = 255, example = "email")]
    pub channel: String,
    /// The intent of the conversation: it may have a breaker of its own.
    #[param(required = false, min_length = 1, max_length = 255, example = "where_is_my_order")]
    pub intent: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Period {
    /// Whole UTC days, today included.
    #[param(required = false, inline)]
    pub period: PeriodName,
    /// The first instant of the period; a date is its first millisecond, UTC. Overrides `period`. Without `to`
    /// the period ends with today.
    #[param(required = false, inline)]
    pub from: values::DateOrInstant,
    /// The last instant of the period; a date is its last millisecond, UTC. Overrides `period`. Without `from`
    /// the period has 30 days.
    #[param(required = false, inline)]
    pub to: values::DateOrInstant,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct Groups {
    /// Also tells the conversations apart: by their channel or intent, by who wrote the last message of an agent
    /// (`handler`), or by the scoring profile.
    #[param(required = false, inline)]
    pub group_by: GroupName,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct Series {
    /// What the range is cut into.
    #[param(required = false, inline)]
    pub bucket: BucketName,
    /// Of the IANA database; letter by letter.
    #[param(required = false, default = "UTC", example = "Europe/Copenhagen")]
    pub time_zone: String,
    /// The first instant of the range; a date is a day of the time zone. Without it the range has 30 days.
    #[param(required = false, inline)]
    pub from: values::DateOrInstant,
    /// The last instant of the range; a date is a day of the time zone. Without it the range ends with today.
    #[param(required = false, inline)]
    pub to: values::DateOrInstant,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct HeldGate {
    /// Holds the answer while this is the epoch. Any other epoch, behind or ahead, is answered at once.
    #[param(required = false, minimum = 0, maximum = 9007199254740991_i64, example = 0)]
    pub wait_epoch: u64,
    /// How long the answer is held at most; then it is what it would be without `waitEpoch`.
    #[param(required = false, minimum = 1, maximum = 60, default = 30)]
    pub timeout_seconds: u64,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct StreamQuery {
    /// Only effects of these types, with commas between.
    #[param(required = false, style = Form, explode = false, min_items = 1)]
    pub types: Vec<EffectName>,
    /// Only what concerns this account: its conversations, its risk, its breakers and the workspace's.
    #[param(required = false, inline)]
    pub account_id: values::AccountId,
    /// As the header `Last-Event-ID`, which goes before it.
    #[param(required = false, example = "12-3.1")]
    pub last_event_id: String,
    /// In place of the header `Authorization`.
    #[param(required = false, pattern = "^[A-Za-z0-9]{32}$")]
    pub ticket: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub struct LastEvent {
    /// The id of the last event that came: what comes behind it is sent.
    #[param(rename = "Last-Event-ID", required = false, example = "12-3.1")]
    pub last_event_id: String,
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
    pub content_encoding: Encoding,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Forced {
    /// Also while a circuit breaker is active, or a side is down.
    #[param(required = false, default = false)]
    pub force: bool,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AdminList {
    /// `nextCursor` of the page before.
    #[param(required = false, pattern = "^[A-Za-z0-9_-]+$")]
    pub cursor: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct BreakerQuery {
    /// Breakers of a page, at most.
    #[param(required = false, minimum = 1, maximum = 100, default = 50)]
    pub limit: u8,
    /// `nextCursor` of the page before.
    #[param(required = false, pattern = "^[A-Za-z0-9_-]+$")]
    pub cursor: String,
    /// Triggered at this instant or later; a date is its first millisecond, UTC.
    #[param(required = false, inline)]
    pub from: values::DateOrInstant,
    /// Triggered at this instant or earlier; a date is its last millisecond, UTC.
    #[param(required = false, inline)]
    pub to: values::DateOrInstant,
    /// Only those in this state.
    #[param(required = false)]
    pub state: BreakerState,
    /// Only those of this scope.
    #[param(required = false, inline)]
    pub scope_key: values::ScopeKey,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Entries of a page.
    #[param(required = false, minimum = 1, maximum = 100, default = 50)]
    pub limit: u8,
    /// `nextCursor` of the page before.
    #[param(required = false, pattern = "^[A-Za-z0-9_-]+$")]
    pub cursor: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AccountListQuery {
    /// `churnRisk`: the riskiest first, then the lower composite; `composite`: the lowest first; `name`: letter by letter;
    /// `lastScoredAt`: the latest first. Of the same by id; those without come last.
    #[param(required = false, inline)]
    pub sort: AccountSort,
    /// Only those with one of these risks, with commas between.
    #[param(required = false, style = Form, explode = false, min_items = 1)]
    pub risk: Vec<ChurnRisk>,
    /// Only those with an active breaker of their own, or only those without.
    #[param(required = false)]
    pub paused: bool,
    /// Only those with this in their name, capital letters or not.
    #[param(required = false, min_length = 1, max_length = 255, example = "nordic")]
    pub q: String,
    /// Accounts of a page. Not for `text/csv` and `application/x-ndjson`, which have all.
    #[param(required = false, minimum = 1, maximum = 100, default = 50)]
    pub limit: u8,
    /// `nextCursor` of the page before, with the same query. Not for `text/csv` and `application/x-ndjson`.
    #[param(required = false, pattern = "^[A-Za-z0-9_-]+$")]
    pub cursor: String,
}

#[derive(ToSchema)]
#[schema(default = "churnRisk", rename_all = "camelCase")]
pub enum AccountSort {
    ChurnRisk,
    Composite,
    Name,
    LastScoredAt,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct ConversationListQuery {
    /// Whether the composite is below the threshold in force.
    #[param(required = false)]
    pub low: bool,
    /// Whether it ended resolved.
    #[param(required = false)]
    pub resolved: bool,
    /// Whether it was over once and was taken up again.
    #[param(required = false)]
    pub reopened: bool,
    /// Only those with at least this confidence.
    #[param(required = false, inline)]
    pub min_confidence: values::Rate,
    /// Only those with at least this composite.
    #[param(required = false, inline)]
    pub min_score: values::Score,
    /// Only those with at most this composite.
    #[param(required = false, inline)]
    pub max_score: values::Score,
    /// Only those of this channel.
    #[param(required = false, min_length = 1, max_length = 255, example = "email")]
    pub channel: String,
    /// Only those of this intent.
    #[param(required = false, min_length = 1, max_length = 255, example = "where_is_my_order")]
    pub intent: String,
    /// Only those scored with this profile.
    #[param(required = false, min_length = 1, max_length = 255, example = "support-2")]
    pub model_version: String,
    /// Scored at this instant or later; a date is its first millisecond, UTC.
    #[param(required = false, inline)]
    pub from: values::DateOrInstant,
    /// Scored at this instant or earlier; a date is its last millisecond, UTC.
    #[param(required = false, inline)]
    pub to: values::DateOrInstant,
    /// What they are put in order by; of the same composite by `scoredAt`.
    #[param(required = false, inline)]
    pub sort: ConversationSort,
    /// `desc`, the newest first, unless `sort` is `composite`: then `asc`, the lowest first.
    #[param(required = false, inline)]
    pub order: SortOrder,
    /// Conversations of a page. Not for `text/csv` and `application/x-ndjson`, which have all.
    #[param(required = false, minimum = 1, maximum = 100, default = 50)]
    pub limit: u8,
    /// `nextCursor` of the page before, with the same query. Not for `text/csv` and `application/x-ndjson`.
    #[param(required = false, pattern = "^[A-Za-z0-9_-]+$")]
    pub cursor: String,
}

#[derive(ToSchema)]
#[schema(default = "scoredAt", rename_all = "camelCase")]
pub enum ConversationSort {
    ScoredAt,
    Composite,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum SortOrder {
    Asc,
    Desc,
}

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
    pub from: values::DateOrInstant,
    /// The last instant; a date is its last millisecond, UTC.
    #[param(required = false, inline)]
    pub to: values::DateOrInstant,
    /// Only what this actor did.
    #[param(required = false, min_length = 1, max_length = 255)]
    pub actor: String,
    /// Only this.
    #[param(required = false)]
    pub action: ActionName,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeliveryQuery {
    /// Only those.
    #[param(required = false, inline)]
    pub state: DeliveryState,
    /// Deliveries of a page.
    #[param(required = false, minimum = 1, maximum = 100, default = 50)]
    pub limit: u8,
    /// `nextCursor` of the page before.
    #[param(required = false, pattern = "^[A-Za-z0-9_-]+$")]
    pub cursor: String,
}

#[derive(ToSchema)]
#[schema(default = "last_30d")]
pub enum PeriodName {
    #[schema(rename = "last_7d")]
    Last7d,
    #[schema(rename = "last_30d")]
    Last30d,
    #[schema(rename = "last_90d")]
    Last90d,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub enum GroupName {
    Channel,
    Intent,
    Handler,
    ModelVersion,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase", default = "day")]
pub enum BucketName {
    Hour,
    Day,
    Week,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum Encoding {
    Identity,
    Gzip,
    Zstd,
}
