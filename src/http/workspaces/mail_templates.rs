//! `…/mail-templates` (R13.2b).

use axum::extract::State;
use axum::response::Response;

use crate::domain::ids::{IdKind, WorkspaceKey};
use crate::domain::message::LanguageCode;
use crate::domain::system::Permission;
use crate::http::App;
use crate::http::answer::ok;
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::http::openapi::failures::{Caller, ChangesTemplate, Failures, Ids, JsonBody, Reads, Writes};
use crate::http::openapi::params::{InWorkspace, OfLanguage};
use crate::http::payload::Payload;
use crate::wire::failure::Fault;
use crate::wire::mail_template::{MailTemplate, MailTemplateList, NewMailTemplate};

/// Characters of a language's code.
const MAX_LANGUAGE: usize = 3;

/// List mail templates
///
/// What follow-up mails say, by language: the workspace's own, and what is built in where it has none.
#[utoipa::path(
    get,
    path = "/mail-templates",
    tag = "Ratings",
    operation_id = "listMailTemplates",
    security(("credential" = ["quality:read"])),
    params(InWorkspace),
    responses((status = 200, description = "All of them.", body = MailTemplateList), Failures<(Caller, Ids, Reads)>),
)]
pub async fn list(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let key = call.workspace(&app, &[Permission::QualityRead])?;
    call.only(&[])?;
    Ok(ok(&MailTemplateList::from(app.service.mail_templates(key).await?)))
}

/// Show a mail template
#[utoipa::path(
    get,
    path = "/mail-templates/{language}",
    tag = "Ratings",
    operation_id = "getMailTemplate",
    security(("credential" = ["quality:read"])),
    params(InWorkspace, OfLanguage),
    responses((status = 200, description = "The template.", body = MailTemplate), Failures<(Caller, Ids, Reads)>),
)]
pub async fn show(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let (key, language) = of_path(&app, &call, Permission::QualityRead)?;
    Ok(ok(&app.service.mail_template(key, language).await?))
}

/// Set a mail template
///
/// For mails in this language, from the next one on. All faults are reported at once. At most 50 languages for each side
/// of a workspace.
#[utoipa::path(
    put,
    path = "/mail-templates/{language}",
    tag = "Ratings",
    operation_id = "setMailTemplate",
    security(("credential" = ["admin"])),
    params(InWorkspace, OfLanguage),
    request_body = NewMailTemplate,
    responses(
        (status = 200, description = "The template.", body = MailTemplate),
        Failures<(Caller, Ids, JsonBody, Reads, Writes, ChangesTemplate)>
    ),
)]
pub async fn put(State(app): State<App>, call: Call, payload: Payload) -> Result<Response, ApiError> {
    let (key, language) = of_path(&app, &call, Permission::Admin)?;
    let new = payload.json::<NewMailTemplate>(&app, &call).await?;
    Ok(ok(&app.service.put_mail_template(&call.who, key, language, new).await?))
}

/// Remove a mail template
///
/// Mails in this language are then as they are built in, or in another language.
#[utoipa::path(
    delete,
    path = "/mail-templates/{language}",
    tag = "Ratings",
    operation_id = "deleteMailTemplate",
    security(("credential" = ["admin"])),
    params(InWorkspace, OfLanguage),
    responses(
        (status = 200, description = "The template as it was.", body = MailTemplate),
        Failures<(Caller, Ids, Reads, Writes)>
    ),
)]
pub async fn delete(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let (key, language) = of_path(&app, &call, Permission::Admin)?;
    Ok(ok(&app.service.delete_mail_template(&call.who, key, language).await?))
}

/// Which language of which side, where nothing else is asked for in the address.
fn of_path(app: &App, call: &Call, needs: Permission) -> Result<(WorkspaceKey, LanguageCode), ApiError> {
    let (workspace, code) = call.id_and_text(("workspaceId", IdKind::Workspace), "language", MAX_LANGUAGE)?;
    let language = LanguageCode::new(code)
        .ok_or_else(|| ApiError::invalid(vec![Fault::at("language", "must be two or three lower-case letters")]))?;
    let key = app.service.workspace(&call.who, workspace, &[needs])?;
    call.only(&[])?;
    Ok((key, language))
}
