//! URLs that users name as targets of requests.

use std::net::IpAddr;

use reqwest::Url;
use reqwest::header::HeaderValue;

use super::address::is_public;

/// Characters of a URL.
pub const MAX_URL: usize = 2_048;

/// Why a URL is no target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTarget {
    #[error("must be an absolute http:// or https:// URL")]
    Form,
    #[error("must have at most {MAX_URL} characters")]
    TooLong,
    #[error("must not have a user name or password")]
    Credentials,
    #[error("must not have a fragment")]
    Fragment,
    #[error("must begin with https://")]
    NotEncrypted,
    #[error("must not name a private, loopback, link-local or otherwise reserved address ([webhooks] allow_private)")]
    Private,
}

/// Judges the URL that somebody wants to have requests sent to. `private`: also plain HTTP, and addresses that are not
/// of the public Internet. A name is judged when it is resolved.
pub fn check(text: &str, private: bool) -> Result<Url, BadTarget> {
    if text.chars().count() > MAX_URL {
        return Err(BadTarget::TooLong);
    }
    let url: Url = text.parse().map_err(|_| BadTarget::Form)?;
    let plain = url.scheme() == "http";
    // What cannot stand in a header would fail when it is sent.
    if !(plain || url.scheme() == "https") || !url.has_host() || HeaderValue::from_str(url.as_str()).is_err() {
        return Err(BadTarget::Form);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(BadTarget::Credentials);
    }
    if url.fragment().is_some() {
        return Err(BadTarget::Fragment);
    }
    if private {
        return Ok(url);
    }
    if plain {
        return Err(BadTarget::NotEncrypted);
    }
    if is_reachable(&url) { Ok(url) } else { Err(BadTarget::Private) }
}

/// Whether the host is a name that is not this machine's own, or an address of the public Internet.
pub fn is_reachable(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let name = bare.trim_end_matches('.');
    match bare.parse::<IpAddr>() {
        Ok(address) => is_public(address),
        Err(_) => name != "localhost" && !name.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(text: &str) -> Option<BadTarget> {
        check(text, false).err()
    }

    #[test]
    fn r8_3_a_target_is_https_without_credentials() {
        assert_eq!(why("https://hooks.example.com/a?b=c"), None);
        assert_eq!(why("https://bücher.example/"), None);
        for text in ["", "hooks.example.com", "/x", "ftp://example.com/", "https://", "file:///etc/passwd", "data:,x"] {
            assert_eq!(why(text), Some(BadTarget::Form), "{text}");
        }
        assert_eq!(why("https://a@example.com/"), Some(BadTarget::Credentials));
        assert_eq!(why("https://:b@example.com/"), Some(BadTarget::Credentials));
        assert_eq!(why("https://example.com/#x"), Some(BadTarget::Fragment));
        assert_eq!(why("http://example.com/"), Some(BadTarget::NotEncrypted));
        assert_eq!(why(&format!("https://example.com/{}", "x".repeat(2_029))), Some(BadTarget::TooLong));
        assert_eq!(why(&format!("https://example.com/{}", "x".repeat(2_028))), None);
    }

    #[test]
    fn r8_3_an_address_is_judged_however_it_is_written() {
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.0.0.1",
            "0177.0.0.1",
            "127.0.0.1.",
            "%31%32%37.0.0.1",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[fd00:ec2::254]",
            "169.254.169.254",
            "localhost",
            "LOCALHOST",
            "localhost.",
            "a.localhost",
            "１２７.0.0.1",
        ] {
            assert_eq!(why(&format!("https://{host}/x")), Some(BadTarget::Private), "{host}");
            assert!(check(&format!("http://{host}:8080/x"), true).is_ok(), "{host}");
        }
        assert_eq!(why("https://1.1.1.1/"), None);
    }
}
