//! `/api/admin/keys`.

use axum::extract::State;
use axum::response::Response;

use crate::domain::ids::IdKind;
use crate::http::App;
use crate::http::answer::{created, in_turn, ok, unstored};
use crate::http::call::Call;
use crate::http::cursor::List;
use crate::http::error::ApiError;
use crate::http::openapi::failures::{Caller, Failures, Ids, JsonBody, MakesKey, OfTenants, Writes};
use crate::http::openapi::params::{AdminList, OfKey};
use crate::http::paging::cursor_behind;
use crate::http::payload::Payload;
use crate::service::admin::{Admin, Listed};
use crate::wire::admin::{ApiKey, CreatedKey, NewKey};
use crate::wire::list::KeyList;

/// List API keys
#[utoipa::path(
    get,
    path = "/keys",
    tag = "Administration",
    operation_id = "listKeys",
    security(("credential" = ["admin"]), ("credential" = ["server"])),
    params(AdminList),
    responses(
        (status = 200, description = "The keys that the credential reaches.", body = KeyList),
        Failures<(Caller, OfTenants)>
    ),
)]
pub async fn list(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    Admin::of(&call.who)?;
    let after = call.after(List::Keys)?;
    in_turn(&app, &call, move |service, who| {
        let Listed { items, total, next } = service.list_keys(Admin::of(who)?, after);
        let items = items.into_iter().map(Into::into).collect();
        let next_cursor = next.map(|place| cursor_behind(List::Keys, place));
        Ok(KeyList { items, total: total.into(), next_cursor })
    })
    .await
}

/// Make an API key
///
/// An administrator that is bound to a workspace makes keys for that one.
#[utoipa::path(
    post,
    path = "/keys",
    tag = "Administration",
    operation_id = "createKey",
    security(("credential" = ["admin"]), ("credential" = ["server"])),
    request_body = NewKey,
    responses(
        (
            status = 201,
            description = "The key with its secret, which is not shown again.",
            body = CreatedKey,
            headers(("Cache-Control" = String, description = "`no-store`."))
        ),
        Failures<(Caller, JsonBody, Writes, MakesKey)>
    ),
)]
pub async fn create(State(app): State<App>, call: Call, payload: Payload) -> Result<Response, ApiError> {
    let admin = Admin::of(&call.who)?;
    call.only(&[])?;
    let new = payload.json::<NewKey>(&app, &call).await?;
    Ok(unstored(created(&CreatedKey::from(app.service.create_key(admin, new.into()).await?))))
}

/// Revoke an API key
///
/// At once. Again, nothing changes.
#[utoipa::path(
    delete,
    path = "/keys/{keyId}",
    tag = "Administration",
    operation_id = "revokeKey",
    security(("credential" = ["admin"]), ("credential" = ["server"])),
    params(OfKey),
    responses((status = 200, description = "The revoked key.", body = ApiKey), Failures<(Caller, Ids, Writes)>),
)]
pub async fn revoke(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let [id] = call.ids([("keyId", IdKind::Key)])?;
    app.service.may_revoke(&call.who, id)?;
    call.only(&[])?;
    let key = app.service.revoke_key(&call.who, id).await?;
    Ok(ok(&ApiKey::from(key)))
}
