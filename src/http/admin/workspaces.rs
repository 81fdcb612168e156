//! `/api/admin/workspaces`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::{Items, MAX_NAME};
use crate::domain::ids::{Id, IdKind};
use crate::domain::system::WorkspaceEntry;
use crate::domain::time::{self, Millis};
use crate::http::App;
use crate::http::call::Call;
use crate::http::envelope::json;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::openapi::failures::{Caller, Failures, JsonBody, MakesWorkspace, Writes};
use crate::http::payload::Payload;
use crate::http::schema::admin as schema;
use crate::service::admin::{Admin, NewWorkspace};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WorkspaceView {
    id: Id,
    name: Box<str>,
    tenant: Box<str>,
    #[serde(serialize_with = "time::serialize")]
    created_at: Millis,
}

impl From<WorkspaceEntry> for WorkspaceView {
    fn from(WorkspaceEntry { id, name, tenant, created_at }: WorkspaceEntry) -> Self {
        Self { id, name, tenant, created_at }
    }
}

/// List workspaces
#[utoipa::path(
    get,
    path = "/workspaces",
    tag = "Administration",
    operation_id = "listWorkspaces",
    security(("credential" = ["admin"]), ("credential" = ["server"])),
    responses((status = 200, description = "The workspaces that the credential reaches.", body = schema::WorkspaceList), Failures<(Caller,)>),
)]
pub async fn list(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let admin = Admin::of(&call.who)?;
    call.only(&[])?;
    let entries = app.service.list_workspaces(admin);
    Ok(json(StatusCode::OK, &Items::new(entries.into_iter().map(WorkspaceView::from).collect())))
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
    request_body = schema::NewWorkspace,
    responses((status = 201, description = "The workspace.", body = schema::Workspace), Failures<(Caller, JsonBody, Writes, MakesWorkspace)>),
)]
pub async fn create(State(app): State<App>, call: Call, payload: Payload) -> Result<Response, ApiError> {
    let admin = Admin::of(&call.who)?;
    call.only(&[])?;
    let body = payload.json().await?;
    let mut fields = Fields::parse(&body)?;
    let name = fields.required("name", |fields, name| fields.text(name, 1, MAX_NAME));
    let tenant = fields.text("tenant", 1, MAX_NAME);
    let id = fields.id("id", IdKind::Workspace);
    fields.finish()?;
    let new = NewWorkspace { name: name.unwrap_or_default(), tenant, id };
    let entry = app.service.create_workspace(admin, new).await?;
    Ok(json(StatusCode::CREATED, &WorkspaceView::from(entry)))
}
