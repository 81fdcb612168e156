//! `/api/admin/export`.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use futures::stream;

use crate::http::App;
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::http::openapi::failures::{Caller, Failures, OneServer, Reads};
use crate::service::Operator;

/// Export everything
///
/// The portable form, of every tenant. `docs/export.md` describes its lines.
#[utoipa::path(
    get,
    path = "/export",
    tag = "Operation",
    operation_id = "exportAll",
    security(("credential" = ["server"])),
    responses(
        (
            status = 200,
            description = "Everything as NDJSON of facts, made as it is read. Without an end line it is not all.",
            body = String,
            content_type = "application/x-ndjson"
        ),
        Failures<(Caller, Reads, OneServer)>
    ),
)]
pub async fn show(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let operator = Operator::of(&call.who)?;
    call.only(&[])?;
    let pieces = app.service.export(operator).await?;
    let pieces = stream::unfold(pieces, async |mut pieces| pieces.recv().await.map(|piece| (piece, pieces)));
    let mut response = Response::new(Body::from_stream(pieces));
    *response.status_mut() = StatusCode::OK;
    let kind = HeaderValue::from_static("application/x-ndjson");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}
