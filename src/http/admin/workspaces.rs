//! `/api/admin/workspaces`.

use axum::extract::State;
use axum::response::Response;

use crate::http::App;
use crate::http::answer::{created, in_turn};
use crate::http::call::Call;
use crate::http::cursor::List;
use crate::http::error::ApiError;
use crate::http::openapi::failures::{Caller, Failures, JsonBody, MakesWorkspace, Writes};
use crate::http::openapi::params::AdminList;
use crate::http::paging::cursor_behind;
use crate::http::payload::Payload;
use crate::service::admin::{Admin, Listed};
use crate::wire::admin::{NewWorkspace, Workspace};
use crate::wire::list::WorkspaceList;

/// List workspaces
#[utoipa::path(
    get,
    path = "/workspaces",
    tag = "Administration",
    operation_id = "listWorkspaces",
    security(("credential" = ["admin"]), ("credential" = ["server"])),
    params(AdminList),
    responses(
        (status = 200, description = "The workspaces that the credential reaches.", body = WorkspaceList),
        Failures<(Caller,)>
    ),
)]
pub async fn list(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    Admin::of(&call.who)?;
    let after = call.after(List::Workspaces)?;
    in_turn(&app, &call, move |service, who| {
        let Listed { items, total, next } = service.list_workspaces(Admin::of(who)?, after);
        let items = items.into_iter().map(Into::into).collect();
        let next_cursor = next.map(|place| cursor_behind(List::Workspaces, place));
        Ok(WorkspaceList { items, total: total.into(), next_cursor })
    })
    .await
}

/// Make a workspace
///
/// Administrators that are bound to a workspace, and those of the test side, make none. The server draws the id; only
/// a server key may choose it.
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
