//! `/api/accounts/{accountId}/…`.

use axum::extract::State;
use axum::response::Response;

use super::App;
use super::answer::ok;
use super::call::Call;
use super::error::ApiError;
use super::listing::Form;
use super::openapi::failures::{AnyWorkspace, Caller, Failures, Ids, Reads};
use super::openapi::params::{ConversationListQuery, OfAccount, WhichWorkspace};
use super::workspaces::conversations::Asked;
use crate::domain::ids::IdKind;
use crate::wire::account::AccountExplanation;
use crate::wire::quality::AccountHealth;
use crate::wire::rows::ConversationPage;

/// Health of an account
///
/// 404 for an account that no event has named. Means and rate are null while it has no scored conversation in the
/// window.
#[utoipa::path(
    get,
    path = "/api/accounts/{accountId}/quality",
    tag = "Quality",
    operation_id = "getAccountQuality",
    security(("credential" = ["quality:read"])),
    params(OfAccount, WhichWorkspace),
    responses(
        (status = 200, description = "Its health.", body = AccountHealth),
        Failures<(Caller, Ids, Reads, AnyWorkspace)>
    ),
)]
pub async fn quality(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let (id, workspace) = call.anywhere("accountId", IdKind::Account)?;
    let found = app.service.account(&call.who, &id, workspace).await;
    Ok(ok(&AccountHealth::from(call.in_order(found)?)))
}

/// Why an account has its risk
///
/// The rule that gave it, what would give the next risk up and down, the conversations that the run of low ones is made
/// of, with those that are too unsure to count, and the line of the trend.
#[utoipa::path(
    get,
    path = "/api/accounts/{accountId}/quality/explanation",
    tag = "Quality",
    operation_id = "explainAccountQuality",
    security(("credential" = ["quality:read"])),
    params(OfAccount, WhichWorkspace),
    responses(
        (status = 200, description = "What gives it its risk.", body = AccountExplanation),
        Failures<(Caller, Ids, Reads, AnyWorkspace)>
    ),
)]
pub async fn explanation(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let (id, workspace) = call.anywhere("accountId", IdKind::Account)?;
    let found = app.service.account_explanation(&call.who, &id, workspace).await;
    Ok(ok(&AccountExplanation::from(call.in_order(found)?)))
}

/// The scored conversations of an account
///
/// As the list of a workspace's, of this account alone.
#[utoipa::path(
    get,
    path = "/api/accounts/{accountId}/conversations",
    tag = "Quality",
    operation_id = "listAccountConversations",
    security(("credential" = ["quality:read"])),
    params(OfAccount, WhichWorkspace, ConversationListQuery),
    responses(
        (
            status = 200,
            description = "A page of them, or all.",
            content((ConversationPage = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))
        ),
        Failures<(Caller, Ids, Reads, AnyWorkspace)>
    ),
)]
pub async fn conversations(State(app): State<App>, call: Call, form: Form) -> Result<Response, ApiError> {
    let (name, workspace) = call.anywhere("accountId", IdKind::Account)?;
    let found = app.service.account_side(&call.who, &name, workspace).await;
    let ((key, account), asked) = call.in_order_with(found, || Asked::read(&call, form, &["workspaceId"]))?;
    asked.answer(&app, call, key, Some(account)).await
}
