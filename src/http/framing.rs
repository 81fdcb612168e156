//! Why a request is refused although hyper can read it: a proxy in front of the server might have read it as another
//! one (RFC 9112, 3.2 and 6.3), or its request line is too long.

use axum::extract::Request;
use axum::http::{Version, header};

use super::error::ApiError;

/// What only the bytes of a request show; set by the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misread {
    /// Its body could end in two places.
    AmbiguousBody,
    /// Its request line is too long.
    LongLine,
}

/// Why the request is refused, and its connection closed.
pub fn fault(request: &Request) -> Option<ApiError> {
    match request.extensions().get() {
        Some(Misread::AmbiguousBody) => {
            return Some(ApiError::malformed_request("The request gives the length of its body twice."));
        }
        Some(Misread::LongLine) => return Some(ApiError::of_parser(414)),
        None => {}
    }
    let headers = request.headers();
    let hosts = headers.get_all(header::HOST).iter().count();
    if hosts > 1 || (hosts == 0 && request.version() == Version::HTTP_11) {
        return Some(ApiError::malformed_request("The request must have exactly one header Host."));
    }
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let chunked = |value: &axum::http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"chunked");
    match (codings.next(), codings.next()) {
        (None, _) => None,
        (Some(coding), None) if chunked(coding) => None,
        (Some(_), _) => Some(ApiError::unsupported_coding()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn status(version: Version, headers: &[(&str, &str)]) -> Option<u16> {
        let mut request = Request::builder().version(version);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        fault(&request.body(Body::empty()).unwrap()).map(|failure| failure.status.as_u16())
    }

    #[test]
    fn r2_8_a_request_has_one_host_and_one_known_coding() {
        assert_eq!(status(Version::HTTP_11, &[("host", "x")]), None);
        assert_eq!(status(Version::HTTP_11, &[("host", "")]), None);
        assert_eq!(status(Version::HTTP_11, &[]), Some(400));
        assert_eq!(status(Version::HTTP_10, &[]), None);
        assert_eq!(status(Version::HTTP_10, &[("host", "x"), ("host", "x")]), Some(400));
        assert_eq!(status(Version::HTTP_11, &[("host", "x"), ("transfer-encoding", "Chunked")]), None);
        assert_eq!(status(Version::HTTP_11, &[("host", "x"), ("transfer-encoding", "gzip, chunked")]), Some(501));
        let twice = [("host", "x"), ("transfer-encoding", "gzip"), ("transfer-encoding", "chunked")];
        assert_eq!(status(Version::HTTP_11, &twice), Some(501));
    }
}
