//! The machine-readable description (R2.10): OpenAPI 3.1 from the routes and what stands beside them.

pub mod failures;
mod finish;
pub mod params;

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Response};

use self::failures::{Failures, Public};
use self::params::KnownTag;
use super::error::ApiError;
use super::etag::tagged;
use super::params::Query;
use super::router::api;

/// Makes the document, without a server.
pub fn made() -> String {
    finish::text(&finish::finish(api().into_openapi()))
}

/// The document as it is served, printed and committed.
pub fn text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(made);
    &TEXT
}

/// The description of this API
///
/// For everybody: no credential is asked for.
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    tag = "Documentation",
    operation_id = "getOpenApi",
    security(()),
    params(KnownTag),
    responses(
        (
            status = 200,
            description = "OpenAPI 3.1.",
            body = Object,
            headers(("ETag" = String, description = "Changes with the document."))
        ),
        (
            status = 304,
            description = "As `If-None-Match` says.",
            headers(("ETag" = String, description = "The tag."))
        ),
        Failures<(Public,)>
    ),
)]
pub async fn show(headers: HeaderMap, uri: Uri) -> Result<Response, ApiError> {
    static TAG: LazyLock<String> = LazyLock::new(|| format!("\"{}\"", &blake3::hash(text().as_bytes()).to_hex()[..16]));
    let faults = Query::parse(uri.query()).faults(&[]);
    if !faults.is_empty() {
        return Err(ApiError::invalid(faults));
    }
    tagged(&headers, &TAG, || ([(header::CONTENT_TYPE, "application/json")], Body::from(text())).into_response())
}
