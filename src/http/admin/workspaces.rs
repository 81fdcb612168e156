//! `/api/admin/workspaces`.

use axum::extract::State;
use axum::response::Response;

use crate::http::App;
use crate::http::answer::{created, ok};
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::http::openapi::failures::{Caller, Failures, JsonBody, MakesWorkspace, Writes};
use crate::http::payload::Payload;
use crate::service::admin::Admin;
use crate::wire::admin::{NewWorkspace, Workspace};
use crate::wire::list::WorkspaceList;

/// List workspaces
#[utoipa::path(
    get,
    path = "/workspaces",
    tag = "Administration",
    operation_id = "listWorkspaces",
    security(("credential" = ["admin"]), ("credential" = ["server"])),
    responses(
        (status = 200, description = "The workspaces that the credential reaches.", body = WorkspaceList),
        Failures<(Caller,)>
    ),
)]
pub async fn list(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let admin = Admin::of(&call.who)?;
    call.only(&[])?;
    Ok(ok(&WorkspaceList::from_iter(app.service.list_workspaces(admin))))
}

/// Make a workspace
///
/// Administrators that are bound to a workspace make none.
#[utoipa::path(
    post,
    path = "/workspaces",
    tag = "Administration",
    operation_id = "createWorkspace",
    security(("credential" = ["admin"]), ("credential" = ["server"])),
    request_body = NewWorkspace,
    responses(
        (status = 201, description = "The workspace.", body = Workspace),
        Failures<(Caller, JsonBody, Writes, MakesWorkspace)>
    ),
)]
pub async fn create(State(app): State<App>, call: Call, payload: Payload) -> Result<Response, ApiError> {
    let admin = Admin::of(&call.who)?;
    call.only(&[])?;
    let new = payload.json::<NewWorkspace>(&app, &call).await?;
    Ok(created(&Workspace::from(app.service.create_workspace(admin, new).await?)))
}
