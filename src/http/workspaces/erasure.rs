//! `…/conversations/{conversationId}` and `…/contacts/{contactId}` (R4.10).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use crate::domain::ids::{Id, IdKind};
use crate::domain::system::Permission;
use crate::domain::time::{self, Millis};
use crate::http::App;
use crate::http::call::Call;
use crate::http::envelope::json;
use crate::http::error::ApiError;
use crate::http::openapi::failures::{Caller, Erases, Failures, Ids, Reads, Writes};
use crate::http::schema::params::{InWorkspace, OfContact, OfConversation};
use crate::http::schema::quality as schema;
use crate::service::erasure::ErasureTimes;

/// Characters of a contact's id (R4.6).
const MAX_CONTACT: usize = 255;

/// What was erased, and when everything that still holds it is gone.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Erasure<'a> {
    workspace_id: Id,
    #[serde(flatten)]
    erased: Named<'a>,
    #[serde(serialize_with = "time::serialize")]
    erased_at: Millis,
    #[serde(serialize_with = "time::serialize")]
    gone_by: Millis,
}

#[derive(Serialize)]
enum Named<'a> {
    #[serde(rename = "conversationId")]
    Conversation(Id),
    #[serde(rename = "contactId")]
    Contact(&'a str),
}

/// Erase a conversation
///
/// Comment, names, contact and what was kept of messages go; the numbers stay without the id, so statistics do not
/// change.
#[utoipa::path(
    delete,
    path = "/conversations/{conversationId}",
    tag = "Erasure",
    operation_id = "eraseConversation",
    security(("credential" = ["admin"])),
    params(InWorkspace, OfConversation),
    responses((status = 200, description = "What was erased, and by when it is gone everywhere.", body = schema::ConversationErasure), Failures<(Caller, Ids, Reads, Writes, Erases)>),
)]
pub async fn conversation(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let [workspace, id] = call.ids([("workspaceId", IdKind::Workspace), ("conversationId", IdKind::Conversation)])?;
    let key = app.service.erasable(&call.who, workspace, id).await?;
    call.only(&[])?;
    let times = app.service.erase_conversation(&call.who, key, id).await?;
    Ok(answer(workspace, Named::Conversation(id), times))
}

/// Erase a contact
///
/// Its id, its comments and what was kept of its messages go, wherever they stand in the workspace. A contact that
/// is unknown is erased all the same: older files may hold it.
#[utoipa::path(
    delete,
    path = "/contacts/{contactId}",
    tag = "Erasure",
    operation_id = "eraseContact",
    security(("credential" = ["admin"])),
    params(InWorkspace, OfContact),
    responses((status = 200, description = "What was erased, and by when it is gone everywhere.", body = schema::ContactErasure), Failures<(Caller, Ids, Reads, Writes, Erases)>),
)]
pub async fn contact(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let (workspace, contact) = call.id_and_text(("workspaceId", IdKind::Workspace), "contactId", MAX_CONTACT)?;
    let key = app.service.workspace(&call.who, workspace, &[Permission::Admin])?;
    call.only(&[])?;
    let times = app.service.erase_contact(&call.who, key, contact).await?;
    Ok(answer(workspace, Named::Contact(contact), times))
}

fn answer(workspace_id: Id, erased: Named<'_>, times: ErasureTimes) -> Response {
    let ErasureTimes { erased_at, gone_by } = times;
    json(StatusCode::OK, &Erasure { workspace_id, erased, erased_at, gone_by })
}
