//! Fetching the issuer's key set over HTTP.

use std::time::Duration;

use futures::future::BoxFuture;
use reqwest::{Client, StatusCode, Url};

use crate::outgoing;

/// From the connection's opening to the last byte.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// A key set has a few keys of half a kilobyte each.
const MAX_BYTES: usize = 64 << 10;

/// Where key sets come from.
pub trait Fetch: Send + Sync {
    /// The bytes of the issuer's key set. Ends within a few seconds.
    fn fetch(&self) -> BoxFuture<'_, Result<Vec<u8>, FetchError>>;
}

/// Why there is no key set.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("the issuer cannot be reached")]
    Http(#[source] reqwest::Error),
    #[error("the issuer answered {0}")]
    Status(u16),
    #[error("the issuer's answer has more than {MAX_BYTES} bytes")]
    TooLarge,
    #[error("the issuer's answer is not a key set")]
    Malformed,
    /// An issuer that signs tokens has at least one.
    #[error("no key in the issuer's key set can be used: RSA of 2,048 bits or more, for RS256, with a kid")]
    NoKey,
}

impl FetchError {
    /// The innermost cause, which names what the system said.
    pub fn cause(&self) -> String {
        let mut cause: &dyn std::error::Error = self;
        while let Some(source) = cause.source() {
            cause = source;
        }
        cause.to_string()
    }
}

/// GET on one address: within bounds of time and of 64 KiB, redirects are not followed.
pub struct HttpFetch {
    client: Client,
    url: Url,
}

impl HttpFetch {
    /// `patience`: [`PATIENCE`], as a rule. `https` only, but for a host on this machine, which is reached
    /// without a proxy. The error is one of the machine: no certificates to trust, as a rule.
    pub fn new(url: Url, patience: Duration) -> Result<Self, reqwest::Error> {
        let builder = outgoing::client().timeout(patience).redirect(reqwest::redirect::Policy::none());
        let builder = if is_loopback(&url) { builder.no_proxy() } else { builder.https_only(true) };
        Ok(Self { client: builder.build()?, url })
    }

    async fn get(&self) -> Result<Vec<u8>, FetchError> {
        let mut response = self.client.get(self.url.clone()).send().await.map_err(FetchError::Http)?;
        if response.status() != StatusCode::OK {
            return Err(FetchError::Status(response.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(FetchError::Http)? {
            if body.len() + piece.len() > MAX_BYTES {
                return Err(FetchError::TooLarge);
            }
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }
}

impl Fetch for HttpFetch {
    fn fetch(&self) -> BoxFuture<'_, Result<Vec<u8>, FetchError>> {
        Box::pin(self.get())
    }
}

/// Whether the host is this machine, as far as its name says: `localhost`, 127.0.0.0/8, `::1`.
pub fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    bare == "localhost" || bare.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        let is = |url: &str| is_loopback(&url.parse().unwrap());
        assert!(is("http://localhost:1/") && is("http://127.0.0.9/") && is("http://[::1]:8/x"));
        for url in ["http://example.com/", "http://localhost.example.com/", "http://10.0.0.1/", "http://127.0.0.1.x.y/"]
        {
            assert!(!is(url), "{url}");
        }
    }
}
