//! `Authorization: Bearer …` (R2.11, R2.13).

use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use super::App;
use super::connection::Peer;
use super::error::ApiError;
use crate::service::{Principal, ServiceError};

/// Who is asking; 401 for none, an unknown, an expired or a revoked credential, without saying
/// which; 503 for a token while no key of its issuer was ever seen; 429 for an address from which too many are refused.
pub async fn principal(app: &App, parts: &Parts) -> Result<Principal, ApiError> {
    let token = bearer(&parts.headers).ok_or_else(ApiError::unauthorized)?;
    let found = app.service.identify(token).await;
    or_refused(app, parts, found).await
}

/// The principal that was found; counts a credential that was refused.
pub async fn or_refused(
    app: &App,
    parts: &Parts,
    found: Result<Principal, ServiceError>,
) -> Result<Principal, ApiError> {
    if let (Err(ServiceError::Unauthorized), Some(Peer(address))) = (&found, parts.extensions.get()) {
        app.service.refused(&address.to_string()).await?;
    }
    Ok(found?)
}

/// The one bearer token; `None` where there are several.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut sent = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (sent.next(), sent.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_matches(' '))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn r2_11_one_bearer_token_and_nothing_else() {
        let of = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, HeaderValue::from_static(value));
            }
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(of(&["Bearer abc"]).as_deref(), Some("abc"));
        assert_eq!(of(&["bearer  abc"]).as_deref(), Some("abc"));
        for values in [&[][..], &["abc"], &["Basic abc"], &["Bearer"], &["Bearer abc", "Bearer abc"]] {
            assert_eq!(of(values), None, "{values:?}");
        }
    }
}
