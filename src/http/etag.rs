//! Answers that a client may have already (RFC 9110, 13.1.2).

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::error::ApiError;

/// `answer`, or 304 where the client has it: `If-None-Match` names `tag`.
pub fn tagged(headers: &HeaderMap, tag: &str, answer: impl FnOnce() -> Response) -> Result<Response, ApiError> {
    let mut response = if names(headers, tag) { StatusCode::NOT_MODIFIED.into_response() } else { answer() };
    let tag = HeaderValue::from_str(tag).map_err(|_| ApiError::internal())?;
    response.headers_mut().insert(header::ETAG, tag);
    Ok(response)
}

/// `If-None-Match` names the tag: a list, weak tags and `*` included.
pub fn names(headers: &HeaderMap, tag: &str) -> bool {
    let sent = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = sent.flat_map(|value| value.split(',')).map(str::trim);
    tags.any(|sent| sent == "*" || sent.strip_prefix("W/").unwrap_or(sent) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r8_1_if_none_match_takes_lists_and_weak_tags() {
        let matches = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::IF_NONE_MATCH, HeaderValue::from_static(value));
            }
            names(&headers, "\"a-1\"")
        };
        for values in [&["\"a-1\""][..], &["W/\"a-1\""], &["\"a-0\", W/\"a-1\""], &["\"x\"", "\"a-1\""], &["*"]] {
            assert!(matches(values), "{values:?}");
        }
        for values in [&[][..], &["\"a-10\""], &["a-1"], &["\"a-\", \"1\""], &[""]] {
            assert!(!matches(values), "{values:?}");
        }
    }
}
