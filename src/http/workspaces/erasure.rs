//! `…/conversations/{conversationId}` and `…/contacts/{contactId}` (R4.10).

use axum::extract::State;
use axum::response::Response;

use crate::domain::ids::IdKind;
use crate::domain::system::Permission;
use crate::http::App;
use crate::http::answer::ok;
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::http::openapi::failures::{Caller, Erases, Failures, Ids, Reads, Writes};
use crate::http::openapi::params::{InWorkspace, OfContact, OfConversation};
use crate::service::erasure::ErasureTimes;
use crate::wire::erasure::{ContactErasure, ConversationErasure};
use crate::wire::values::Timestamp;

/// Characters of a contact's id (R4.6).
const MAX_CONTACT: usize = 255;

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
    responses(
        (status = 200, description = "What was erased, and by when it is gone everywhere.", body = ConversationErasure),
        Failures<(Caller, Ids, Reads, Writes, Erases)>
    ),
)]
pub async fn conversation(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let (workspace, id) = call.in_workspace("conversationId", IdKind::Conversation)?;
    let key = app.service.erasable(&call.who, workspace, id).await?;
    call.only(&[])?;
    let ErasureTimes { erased_at, gone_by } = app.service.erase_conversation(&call.who, key, id).await?;
    let (erased_at, gone_by) = (Timestamp(erased_at), Timestamp(gone_by));
    Ok(ok(&ConversationErasure { workspace_id: workspace, conversation_id: id, erased_at, gone_by }))
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
    responses(
        (status = 200, description = "What was erased, and by when it is gone everywhere.", body = ContactErasure),
        Failures<(Caller, Ids, Reads, Writes, Erases)>
    ),
)]
pub async fn contact(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let (workspace, contact) = call.id_and_text(("workspaceId", IdKind::Workspace), "contactId", MAX_CONTACT)?;
    let key = app.service.workspace(&call.who, workspace, &[Permission::Admin])?;
    call.only(&[])?;
    let ErasureTimes { erased_at, gone_by } = app.service.erase_contact(&call.who, key, contact).await?;
    let (erased_at, gone_by) = (Timestamp(erased_at), Timestamp(gone_by));
    Ok(ok(&ContactErasure { workspace_id: workspace, contact_id: contact.to_owned(), erased_at, gone_by }))
}
