//! Answers in JSON.

use std::io;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, StreamExt};
use serde::Serialize;

use super::App;
use super::call::Call;
use super::error::ApiError;
use crate::service::{Principal, Service, ServiceError};

/// 200.
pub fn ok<T: Serialize>(value: &T) -> Response {
    json(StatusCode::OK, value)
}

/// 201.
pub fn created<T: Serialize>(value: &T) -> Response {
    json(StatusCode::CREATED, value)
}

/// 202.
pub fn accepted<T: Serialize>(value: &T) -> Response {
    json(StatusCode::ACCEPTED, value)
}

/// An answer with a secret: nobody on its way keeps it.
pub fn unstored(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// 200 with what takes long to make or to write: in a turn of the tenant, not on the thread that answers.
pub async fn in_turn<T: Serialize>(
    app: &App,
    call: &Call,
    make: impl FnOnce(&Service, &Principal) -> Result<T, ServiceError> + Send + 'static,
) -> Result<Response, ApiError> {
    let (service, who) = (Arc::clone(&app.service), call.who.clone());
    let made = move || make(&service, &who).map(|made| ok(&made));
    Ok(app.service.in_turn(call.visit.load(), made).await??)
}

/// 200 with a list of R2.6, whose items are made part by part as the client takes them: `items` gets those of a part. If one cannot be had the connection is cut, since the client has a 200 already.
pub fn whole_list<P, T, F>(total: usize, parts: Vec<P>, items: impl Fn(P) -> F + Send + 'static) -> Response
where
    P: Send + 'static,
    T: Serialize + 'static,
    F: Future<Output = Result<Vec<T>, ServiceError>> + Send + 'static,
{
    let mut first = true;
    let written = stream::iter(parts).then(items).map(move |items| {
        let mut text = Vec::new();
        for item in items.map_err(io::Error::other)? {
            text.push(if std::mem::take(&mut first) { b' ' } else { b',' });
            serde_json::to_writer(&mut text, &item)?;
        }
        Ok::<_, io::Error>(Bytes::from(text))
    });
    let text = |text: String| stream::iter([Ok(Bytes::from(text))]);
    let whole = text(r#"{"items":["#.to_owned()).chain(written).chain(text(format!(r#"],"total":{total}}}"#)));
    let mut response = Response::new(Body::from_stream(whole));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// With this status.
pub fn json<T: Serialize>(status: StatusCode, value: &T) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => {
            let mut response = Response::new(Body::from(body));
            *response.status_mut() = status;
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        }
        Err(cause) => {
            tracing::error!(%cause, "an answer could not be written");
            ApiError::internal().into_response()
        }
    }
}
