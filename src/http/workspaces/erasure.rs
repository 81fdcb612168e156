//! `…/conversations/{conversationId}` and `…/contacts/{contactId}` (R4.10).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use crate::domain::ids::{Id, IdKind};
use crate::domain::system::Scope;
use crate::domain::time::{self, Millis};
use crate::http::App;
use crate::http::call::Call;
use crate::http::envelope::json;
use crate::http::error::ApiError;
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

#[utoipa::path(delete, path = "/conversations/{conversationId}")]
pub async fn conversation(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let [workspace, id] = call.ids([("workspaceId", IdKind::Workspace), ("conversationId", IdKind::Conversation)])?;
    let key = app.service.erasable(&call.who, workspace, id).await?;
    call.only(&[])?;
    let times = app.service.erase_conversation(key, id).await?;
    Ok(answer(workspace, Named::Conversation(id), times))
}

#[utoipa::path(delete, path = "/contacts/{contactId}")]
pub async fn contact(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let (workspace, contact) = call.id_and_text(("workspaceId", IdKind::Workspace), "contactId", MAX_CONTACT)?;
    let key = app.service.workspace(&call.who, workspace, &[Scope::Admin])?;
    call.only(&[])?;
    let times = app.service.erase_contact(key, contact).await?;
    Ok(answer(workspace, Named::Contact(contact), times))
}

fn answer(workspace_id: Id, erased: Named<'_>, times: ErasureTimes) -> Response {
    let ErasureTimes { erased_at, gone_by } = times;
    json(StatusCode::OK, &Erasure { workspace_id, erased, erased_at, gone_by })
}
