//! `/api/admin/keys`.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;

use super::{Items, MAX_NAME};
use crate::domain::ids::{Id, IdKind, Side};
use crate::domain::system::{ApiKey, KeySecret, NewKey, Permission};
use crate::domain::time::{self, Millis};
use crate::http::App;
use crate::http::call::Call;
use crate::http::envelope::json;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::openapi::failures::{Caller, Failures, Ids, JsonBody, MakesKey, Writes};
use crate::http::payload::Payload;
use crate::http::schema::admin as schema;
use crate::http::schema::params::OfKey;
use crate::service::Fault;
use crate::service::admin::Admin;

/// What a key is called that was made without a name.
const UNNAMED: &str = "API key";

/// A key as R2.11 lists it; `key` stands only in the answer that makes it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeyView {
    id: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<KeySecret>,
    name: Box<str>,
    key_prefix: Box<str>,
    tenant: Option<Box<str>>,
    workspace_id: Option<Id>,
    side: Side,
    scopes: Vec<Permission>,
    #[serde(serialize_with = "time::serialize")]
    created_at: Millis,
    #[serde(serialize_with = "time::serialize_option")]
    expires_at: Option<Millis>,
    #[serde(serialize_with = "time::serialize_option")]
    last_used_at: Option<Millis>,
    #[serde(serialize_with = "time::serialize_option")]
    revoked_at: Option<Millis>,
}

impl KeyView {
    fn new(api_key: ApiKey, key: Option<KeySecret>) -> Self {
        let ApiKey { id, name, key_prefix, tenant, workspace, side, scopes, .. } = api_key;
        let ApiKey { created_at, expires_at, last_used_at, revoked_at, .. } = api_key;
        Self {
            id,
            key,
            name,
            key_prefix,
            tenant,
            workspace_id: workspace,
            side,
            scopes,
            created_at,
            expires_at,
            last_used_at,
            revoked_at,
        }
    }
}

/// List API keys
#[utoipa::path(
    get,
    path = "/keys",
    tag = "Administration",
    operation_id = "listKeys",
    security(("credential" = ["admin"]), ("credential" = ["server"])),
    responses((status = 200, description = "The keys that the credential reaches.", body = schema::KeyList), Failures<(Caller,)>),
)]
pub async fn list(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let admin = Admin::of(&call.who)?;
    call.only(&[])?;
    let keys = app.service.list_keys(admin).into_iter().map(|key| KeyView::new(key, None)).collect();
    Ok(json(StatusCode::OK, &Items::new(keys)))
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
    request_body = schema::NewKey,
    responses((status = 201, description = "The key with its secret, which is not shown again.", body = schema::CreatedKey, headers(("Cache-Control" = String, description = "`no-store`."))), Failures<(Caller, JsonBody, Writes, MakesKey)>),
)]
pub async fn create(State(app): State<App>, call: Call, payload: Payload) -> Result<Response, ApiError> {
    let admin = Admin::of(&call.who)?;
    call.only(&[])?;
    let new = read(&payload.json().await?, app.service.now())?;
    let (key, secret) = app.service.create_key(admin, new).await?;
    let mut response = json(StatusCode::CREATED, &KeyView::new(key, Some(secret)));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
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
    responses((status = 200, description = "The revoked key.", body = schema::ApiKey), Failures<(Caller, Ids, Writes)>),
)]
pub async fn revoke(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let [id] = call.ids([("keyId", IdKind::Key)])?;
    app.service.may_revoke(&call.who, id)?;
    call.only(&[])?;
    let key = app.service.revoke_key(&call.who, id).await?;
    Ok(json(StatusCode::OK, &KeyView::new(key, None)))
}

fn read(body: &[u8], now: Millis) -> Result<NewKey, ApiError> {
    let mut fields = Fields::parse(body)?;
    let new = NewKey {
        name: fields.text("name", 1, MAX_NAME).map_or_else(|| UNNAMED.into(), Into::into),
        tenant: fields.text("tenant", 1, MAX_NAME).map(Into::into),
        workspace: fields.id("workspaceId", IdKind::Workspace),
        scopes: fields.required("scopes", |fields, name| fields.list(name, scope)).unwrap_or_default(),
        side: if fields.boolean("test") == Some(true) { Side::Test } else { Side::Live },
        expires_at: fields.instant("expiresAt"),
    };
    let repeated = new.scopes.iter().enumerate().any(|(at, scope)| new.scopes[..at].contains(scope));
    if repeated {
        fields.fault("scopes", "must not name a scope twice");
    }
    if new.expires_at.is_some_and(|expires| expires <= now) {
        fields.fault("expiresAt", "must be in the future");
    }
    let nameless = new.scopes.is_empty();
    fields.finish()?;
    if nameless {
        return Err(ApiError::invalid(vec![Fault::at("scopes", "must name at least one scope")]));
    }
    Ok(new)
}

/// A scope that can be given over HTTP.
fn scope(text: &str) -> Result<Permission, String> {
    match serde_json::from_str(text) {
        Ok(
            scope @ (Permission::QualityRead | Permission::QualityWrite | Permission::EventsWrite | Permission::Admin),
        ) => Ok(scope),
        Ok(Permission::Server) => Err("is for server keys, which are made on the data directory only".to_owned()),
        Err(_) => Err("must be one of quality:read, quality:write, events:write, admin".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r2_14_scopes_are_distinct_known_and_never_server() {
        let new = read(br#"{"scopes": ["quality:read", "admin"], "test": true}"#, 0).unwrap();
        assert_eq!((new.scopes, new.side), (vec![Permission::QualityRead, Permission::Admin], Side::Test));
        let pointers = |body: &str| -> Vec<String> {
            read(body.as_bytes(), 1_800_000_000_000)
                .unwrap_err()
                .details
                .iter()
                .map(|fault| fault.pointer.clone())
                .collect()
        };
        assert_eq!(pointers("{}"), ["/scopes"]);
        assert_eq!(pointers(r#"{"scopes": []}"#), ["/scopes"]);
        assert_eq!(pointers(r#"{"scopes": "admin"}"#), ["/scopes"]);
        assert_eq!(pointers(r#"{"scopes": ["admin", "admin"]}"#), ["/scopes"]);
        assert_eq!(pointers(r#"{"scopes": ["admin", "server", "x", 1]}"#), ["/scopes/1", "/scopes/2", "/scopes/3"]);
        assert_eq!(
            pointers(r#"{"scopes": ["admin"], "name": "", "expiresAt": "2026-02-30T00:00:00Z"}"#),
            ["/name", "/expiresAt"]
        );
        assert_eq!(pointers(r#"{"scopes": ["x"], "expiresAt": "2020-01-01T00:00:00Z"}"#), ["/scopes/0", "/expiresAt"]);
    }
}
