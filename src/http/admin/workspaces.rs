//! `/api/admin/workspaces`.

use axum::extract::State;
use axum::response::Response;

use crate::domain::ids::IdKind;
use crate::http::App;
use crate::http::answer::{created, in_turn, ok};
use crate::http::call::Call;
use crate::http::cursor::List;
use crate::http::error::ApiError;
use crate::http::openapi::failures::{
    Caller, DeletesWorkspace, Erases, Failures, Ids, JsonBody, MakesWorkspace, OfTenants, Reads, Writes,
};
use crate::http::openapi::params::{AdminList, Forced, InWorkspace};
use crate::http::paging::cursor_behind;
use crate::http::payload::Payload;
use crate::service::admin::{Admin, Listed};
use crate::service::erasure::ErasureTimes;
use crate::wire::admin::{NewWorkspace, Workspace};
use crate::wire::erasure::WorkspaceErasure;
use crate::wire::list::WorkspaceList;
use crate::wire::values::Timestamp;

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
        Failures<(Caller, OfTenants)>
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

/// Delete a workspace
///
/// Both its sides go, with all that they hold, and the keys that are bound to it. Its id is not used again. While a
/// circuit breaker is active it is refused, unless `force` says otherwise.
#[utoipa::path(
    delete,
    path = "/workspaces/{workspaceId}",
    tag = "Administration",
    operation_id = "deleteWorkspace",
    security(("credential" = ["admin"]), ("credential" = ["server"])),
    params(InWorkspace, Forced),
    responses(
        (status = 200, description = "When it went, and by when it is gone everywhere.", body = WorkspaceErasure),
        Failures<(Caller, Ids, Reads, Writes, Erases, DeletesWorkspace)>
    ),
)]
pub async fn delete(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let [workspace] = call.ids([("workspaceId", IdKind::Workspace)])?;
    app.service.may_delete(&call.who, workspace)?;
    let force = read_force(&call)?;
    let ErasureTimes { erased_at, gone_by } = app.service.delete_workspace(&call.who, workspace, force).await?;
    let (erased_at, gone_by) = (Timestamp(erased_at), Timestamp(gone_by));
    Ok(ok(&WorkspaceErasure { workspace_id: workspace, erased_at, gone_by }))
}

fn read_force(call: &Call) -> Result<bool, ApiError> {
    let query = call.query();
    let mut faults = query.faults(&["force"]);
    let force = query.switch("force", &mut faults).unwrap_or_default();
    if faults.is_empty() { Ok(force) } else { Err(ApiError::invalid(faults)) }
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
