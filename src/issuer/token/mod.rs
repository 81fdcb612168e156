//! A token: its form, what it claims, its signature (RFC 7515, 7519, 9068).
//!
//! Pure. [`read`] judges everything that needs no key; only [`Unverified::verify`] hands out claims.
//!
//! Which algorithm signed a token is never read from the token: the signature is checked as RS256, whatever it says.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::RSA_PKCS1_2048_8192_SHA256;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};

use super::jwks::{KID, PublicKey};
use crate::domain::reading::normal;
use crate::domain::system::Permission;
use crate::domain::time::{Millis, SECOND};

/// Bytes of a token. Those that carry many feature flags have more than 8 KiB.
const MAX_TOKEN: usize = 16 << 10;
/// Characters of an actor and of `org_code`.
const TEXT: std::ops::RangeInclusive<usize> = 1..=255;
/// Bytes of a signature by a key of 2,048 to 8,192 bits.
const SIGNATURE: std::ops::RangeInclusive<usize> = 256..=1_024;
/// Before the id of a client that is no person.
const CLIENT: &str = "client:";
/// How far the issuer's clock may be off (R2.13).
const LEEWAY: Millis = 60 * SECOND;

/// Whose tokens are taken.
#[derive(Clone, Debug)]
pub struct Rules {
    pub issuer: Box<str>,
    /// One of these must stand in `aud`.
    pub audience: Vec<Box<str>>,
}

/// What a good token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// `sub`, opaque, 1–255 characters, any of them; or of a token without one the client that it was made for.
    pub actor: Box<str>,
    /// `org_code`, 1–255 characters.
    pub tenant: Box<str>,
    /// Those of a tenant's four scopes that `permissions` or `scp` name, in the order of the enum, each once.
    pub scopes: Vec<Permission>,
    /// `exp` with its leeway.
    pub expires_at: Millis,
}

/// Why a token is refused. Never contains a part of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    #[error("it has more than {MAX_TOKEN} bytes")]
    TooLong,
    #[error("it is not three parts of base64url, the first two JSON objects with members of the right types")]
    Form,
    #[error("alg is not RS256")]
    Algorithm,
    #[error("typ is neither JWT nor at+jwt")]
    Type,
    #[error("the header has jwk, jku, x5u, x5c or crit")]
    HeaderMember,
    #[error("kid is missing, empty or too long")]
    KeyId,
    #[error("no key of the issuer has this kid")]
    UnknownKey,
    #[error("the signature is wrong")]
    Signature,
    #[error("iss is not the configured issuer")]
    Issuer,
    #[error("aud has none of the configured audiences")]
    Audience,
    #[error("it has at_hash, c_hash or nonce: an ID token")]
    IdToken,
    #[error("exp is missing")]
    NoExpiry,
    #[error("it has expired")]
    Expired,
    #[error("nbf or iat lies ahead")]
    NotYetValid,
    #[error("sub is empty, too long, or a name that this program uses; or there is none, and no client that fits")]
    Subject,
    #[error("org_code is missing or too long")]
    Tenant,
}

/// A token whose signature has not been checked yet.
pub struct Unverified<'a> {
    /// What is signed.
    message: &'a str,
    signature: &'a str,
    kid: String,
    claims: Claims,
}

impl Unverified<'_> {
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The claims, if the signature is one by `key` with RS256, whatever algorithm the token names.
    pub fn verify(self, key: &PublicKey) -> Result<Claims, TokenFault> {
        let signature = URL_SAFE_NO_PAD.decode(self.signature).map_err(|_| TokenFault::Signature)?;
        let genuine = key.verify(&RSA_PKCS1_2048_8192_SHA256, self.message.as_bytes(), &signature);
        genuine.map(|()| self.claims).map_err(|_| TokenFault::Signature)
    }
}

/// Whether a member is present, even as `null`.
#[derive(Default)]
struct Present(bool);

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self(true))
    }
}

/// Members that name a key, or ask for extensions that are not understood (RFC 7515, 4.1), are refused.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    #[serde(default)]
    jwk: Present,
    #[serde(default)]
    jku: Present,
    #[serde(default)]
    x5u: Present,
    #[serde(default)]
    x5c: Present,
    #[serde(default)]
    crit: Present,
}

impl Header {
    fn check(&self) -> Result<(), TokenFault> {
        if self.alg != "RS256" {
            return Err(TokenFault::Algorithm);
        }
        let refused = [&self.jwk, &self.jku, &self.x5u, &self.x5c, &self.crit];
        if refused.iter().any(|member| member.0) {
            return Err(TokenFault::HeaderMember);
        }
        // A media type: case does not matter, and `application/` may be left out.
        let typ = self.typ.as_deref().map(str::to_ascii_lowercase);
        let typ = typ.as_deref().map(|typ| typ.strip_prefix("application/").unwrap_or(typ));
        if typ.is_some_and(|typ| typ != "jwt" && typ != "at+jwt") {
            return Err(TokenFault::Type);
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// Times are seconds since 1970, with or without decimals (RFC 7519, 2).
#[derive(Deserialize)]
struct Payload {
    iss: Option<String>,
    aud: Option<OneOrMany>,
    exp: Option<f64>,
    nbf: Option<f64>,
    iat: Option<f64>,
    sub: Option<String>,
    azp: Option<String>,
    client_id: Option<String>,
    org_code: Option<String>,
    permissions: Option<Vec<String>>,
    scp: Option<OneOrMany>,
    #[serde(default)]
    at_hash: Present,
    #[serde(default)]
    c_hash: Present,
    #[serde(default)]
    nonce: Present,
}

impl Payload {
    fn check_recipient(&self, rules: &Rules) -> Result<(), TokenFault> {
        if self.iss.as_deref() != Some(&*rules.issuer) {
            return Err(TokenFault::Issuer);
        }
        let meant = |audience: &String| rules.audience.iter().any(|ours| **ours == **audience);
        let for_us = match &self.aud {
            Some(OneOrMany::One(audience)) => meant(audience),
            Some(OneOrMany::Many(audiences)) => audiences.iter().any(meant),
            None => false,
        };
        if !for_us {
            return Err(TokenFault::Audience);
        }
        if self.at_hash.0 || self.c_hash.0 || self.nonce.0 { Err(TokenFault::IdToken) } else { Ok(()) }
    }

    /// In milliseconds as `f64`: exact for every time that makes sense, and defined for all others.
    fn check_times(&self, now: Millis) -> Result<(), TokenFault> {
        let (now, leeway) = (now as f64, LEEWAY as f64);
        let millis = |seconds: f64| seconds * SECOND as f64;
        let Some(exp) = self.exp else { return Err(TokenFault::NoExpiry) };
        if now >= millis(exp) + leeway {
            return Err(TokenFault::Expired);
        }
        let ahead = |time: &f64| now < millis(*time) - leeway;
        if [self.nbf, self.iat].iter().flatten().any(ahead) { Err(TokenFault::NotYetValid) } else { Ok(()) }
    }

    fn claims(self) -> Result<Claims, TokenFault> {
        let fits = |text: &String| TEXT.contains(&text.chars().count());
        // Machine-to-machine tokens have no `sub`.
        let client =
            || Some(self.azp.or(self.client_id).filter(|id| !id.is_empty())?).map(|id| format!("{CLIENT}{id}"));
        let actor = self.sub.map_or_else(client, |sub| (!is_reserved(&sub)).then_some(sub));
        let actor = actor.filter(fits).ok_or(TokenFault::Subject)?;
        let tenant = self.org_code.filter(fits).ok_or(TokenFault::Tenant)?;
        let mut scopes: Vec<Permission> = self.permissions.iter().flatten().filter_map(|name| scope(name)).collect();
        match &self.scp {
            Some(OneOrMany::One(names)) => scopes.extend(names.split(' ').filter_map(scope)),
            Some(OneOrMany::Many(names)) => scopes.extend(names.iter().filter_map(|name| scope(name))),
            None => {}
        }
        scopes.sort_unstable_by_key(|scope| *scope as u8);
        scopes.dedup();
        // A float becomes the nearest integer that there is.
        let expires_at = (self.exp.unwrap_or_default() * SECOND as f64) as Millis;
        let expires_at = expires_at.saturating_add(LEEWAY);
        Ok(Claims { actor: actor.into(), tenant: tenant.into(), scopes, expires_at })
    }
}

/// Reads a token and judges everything as of `now`, except the signature.
pub fn read<'a>(token: &'a str, rules: &Rules, now: Millis) -> Result<Unverified<'a>, TokenFault> {
    if token.len() > MAX_TOKEN {
        return Err(TokenFault::TooLong);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(TokenFault::Form)?;
    let (header, payload) = message.split_once('.').ok_or(TokenFault::Form)?;
    // A dot is no letter of base64url: a fourth part fails there.
    let header: Header = part(header)?;
    header.check()?;
    let kid = header.kid.filter(|kid| KID.contains(&kid.chars().count())).ok_or(TokenFault::KeyId)?;
    let payload: Payload = part(payload)?;
    payload.check_recipient(rules)?;
    payload.check_times(now)?;
    let claims = payload.claims()?;
    let bytes = URL_SAFE_NO_PAD.decode(signature).map_err(|_| TokenFault::Form)?;
    if !SIGNATURE.contains(&bytes.len()) {
        return Err(TokenFault::Signature);
    }
    Ok(Unverified { message, signature, kid, claims })
}

fn part<T: DeserializeOwned>(text: &str) -> Result<T, TokenFault> {
    let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenFault::Form)?;
    // A struct is read from an array as well.
    if json.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(TokenFault::Form);
    }
    serde_json::from_slice(&json).map_err(|_| TokenFault::Form)
}

/// One of a tenant's four scopes. `server` never comes from a token (R2.14); other names are not ours.
fn scope(name: &str) -> Option<Permission> {
    match name {
        "quality:read" => Some(Permission::QualityRead),
        "quality:write" => Some(Permission::QualityWrite),
        "events:write" => Some(Permission::EventsWrite),
        "admin" => Some(Permission::Admin),
        _ => None,
    }
}

/// Actors that are no people: a `sub` that reads like one would pose as it in breakers and records. What nobody sees
/// (marks of direction, joiners) makes no difference, nor do full-width letters.
fn is_reserved(sub: &str) -> bool {
    let seen = normal(sub).trim().to_lowercase();
    let poses = ["api-key:", CLIENT].iter().any(|kind| seen.starts_with(kind));
    poses || seen.is_empty() || ["cluster", "data-directory", "import"].contains(&seen.as_str())
}

#[cfg(test)]
mod tests;
