//! `[auth]`: the issuer of tokens (R2.13), and where people sign in (R2.13b).

use reqwest::Url;

use super::reader::Reader;
use crate::issuer::fetch::is_loopback;

/// An issuer, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthConfig {
    /// `iss`, letter by letter.
    pub issuer: Box<str>,
    /// At least one.
    pub audience: Vec<Box<str>>,
    /// `https`, or on this machine.
    pub jwks_url: Url,
    /// The page, as the issuer knows it; `None`: nobody signs in there.
    pub client_id: Option<Box<str>>,
}

impl AuthConfig {
    /// Scheme, host and port of the issuer.
    pub fn origin(&self) -> Option<Box<str>> {
        address(&self.issuer).map(|url| url.origin().ascii_serialization().into())
    }
}

const EXPECTED: &str = "an address that begins with https:// (http:// for this machine only)";

/// `None` where no issuer is named.
pub fn read(r: &mut Reader) -> Option<AuthConfig> {
    let fits = |text: &str| text.is_empty() || address(text).is_some();
    let issuer = r.text("auth.issuer", "", EXPECTED, fits);
    let audience = r.texts("auth.audience", "a list of texts", |_| true);
    let written = r.text("auth.jwks_url", "", EXPECTED, fits);
    let client_id = r.text("auth.client_id", "", "1 to 255 letters, digits and signs of ASCII", is_client_id);
    let client_id = Some(client_id).filter(|id| !id.is_empty());
    if issuer.is_empty() {
        if client_id.is_some() {
            r.fault("auth.client_id", "needs auth.issuer, too: people sign in there");
        }
        return None;
    }
    if audience.is_empty() || audience.iter().any(|audience| audience.is_empty()) {
        r.fault("auth.audience", "must name at least one audience, and no empty one, where auth.issuer is set");
    }
    let place =
        if written.is_empty() { format!("{}/.well-known/jwks", issuer.trim_end_matches('/')) } else { written.into() };
    Some(AuthConfig { jwks_url: address(&place)?, issuer, audience, client_id })
}

/// Or empty, where there is none.
fn is_client_id(text: &str) -> bool {
    text.len() <= 255 && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A user name or password is refused: it would appear in logs.
pub(super) fn names_nobody(url: &Url) -> bool {
    url.username().is_empty() && url.password().is_none()
}

/// An address that others can be made of by writing on behind it.
pub(super) fn is_base(text: &str) -> bool {
    let is_plain = |url: &Url| names_nobody(url) && url.query().is_none() && url.fragment().is_none();
    let is_of_web = |url: Url| matches!(url.scheme(), "http" | "https") && url.has_host() && is_plain(&url);
    text.bytes().all(|byte| byte.is_ascii_graphic()) && Url::parse(text).is_ok_and(is_of_web)
}

fn address(text: &str) -> Option<Url> {
    let url: Url = text.parse().ok()?;
    let safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
    (safe && names_nobody(&url) && url.fragment().is_none() && url.has_host()).then_some(url)
}
