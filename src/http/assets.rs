//! Files of pages that are in the binary.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

/// One file.
pub struct Asset {
    pub bytes: Cow<'static, [u8]>,
    pub content_type: String,
    pub gzipped: bool,
}

impl IntoResponse for Asset {
    fn into_response(self) -> Response {
        let body = match self.bytes {
            Cow::Borrowed(bytes) => Body::from(bytes),
            Cow::Owned(bytes) => Body::from(bytes),
        };
        let mut response = ([(header::CONTENT_TYPE, self.content_type)], body).into_response();
        if self.gzipped {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }
}
