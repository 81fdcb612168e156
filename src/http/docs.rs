//! The documentation page at `/docs` (R2.10): Swagger UI out of the binary, reading `/api/openapi.json`. It loads
//! nothing from another host, and its policy forbids that too.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa_swagger_ui::{Config, SwaggerFile, serve};

use super::App;
use super::assets::Asset;
use super::error::ApiError;

/// Styles alone stand in elements.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// The page and its files. Addresses are relative: a proxy may put a prefix before them.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/docs", get(async || (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, "docs/")])))
        .route("/docs/", get(async || file("index.html")))
        .route("/docs/{*file}", get(async |uri: Uri| file(uri.path().strip_prefix("/docs/").unwrap_or_default())))
}

/// One of the page's files; 404 for any other name.
fn file(name: &str) -> Result<Response, ApiError> {
    static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| Arc::new(config()));
    let file = serve(name, Arc::clone(&CONFIG)).map_err(|cause| {
        tracing::error!(%cause, "the documentation page could not be made");
        ApiError::internal()
    })?;
    let SwaggerFile { bytes, content_type, gzpipped, .. } = file.ok_or_else(ApiError::not_found)?;
    let mut response = Asset { bytes, content_type, gzipped: gzpipped }.into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    Ok(response)
}

fn config() -> Config<'static> {
    Config::new(["../api/openapi.json"])
        // Without a word about it, the page asks validator.swagger.io about the document.
        .validator_url("none")
        .display_operation_id(true)
        .display_request_duration(true)
        .try_it_out_enabled(true)
}
