//! The issuer's key set (RFC 7517): which of its keys are taken.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::RsaPublicKeyComponents;
use serde::Deserialize;
use serde_json::Value;

use super::fetch::FetchError;

/// Bits of a modulus: fewer are weak, more are refused by the verifying library.
const BITS: std::ops::RangeInclusive<usize> = 2_048..=8_192;
/// Characters of a `kid`.
pub const KID: std::ops::RangeInclusive<usize> = 1..=255;

/// An RSA key as its modulus and its exponent, big-endian.
pub type PublicKey = RsaPublicKeyComponents<Vec<u8>>;

/// RSA keys for RS256 by `kid`; at least one.
#[derive(Debug)]
pub struct KeySet(HashMap<Box<str>, PublicKey>);

/// The members of a key that matter here.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
    n: String,
    e: String,
}

impl KeySet {
    /// Reads a key set. Keys of other kinds and uses, and malformed ones, are passed over; of two with one `kid` the
    /// first counts. A set without a usable key is an error: an issuer that signs tokens has one.
    pub fn read(body: &[u8]) -> Result<Self, FetchError> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let Set { keys } = serde_json::from_slice(body).map_err(|_| FetchError::Malformed)?;
        let mut taken = HashMap::new();
        for key in keys {
            if let Some((kid, key)) = serde_json::from_value(key).ok().and_then(take) {
                taken.entry(kid).or_insert(key);
            }
        }
        if taken.is_empty() { Err(FetchError::NoKey) } else { Ok(Self(taken)) }
    }

    pub fn get(&self, kid: &str) -> Option<&PublicKey> {
        self.0.get(kid)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

fn take(jwk: Jwk) -> Option<(Box<str>, PublicKey)> {
    let Jwk { kty, kid, usage, alg, n, e } = jwk;
    let for_us = kty == "RSA"
        && usage.is_none_or(|usage| usage == "sig")
        && alg.is_none_or(|alg| alg == "RS256")
        && KID.contains(&kid.chars().count());
    if !for_us {
        return None;
    }
    let (modulus, exponent) = (URL_SAFE_NO_PAD.decode(n).ok()?, URL_SAFE_NO_PAD.decode(e).ok()?);
    let (modulus, exponent) = (without_zeros(&modulus), without_zeros(&exponent));
    let fits = BITS.contains(&bits(modulus)) && is_exponent(exponent);
    fits.then(|| (kid.into(), PublicKey { n: modulus.into(), e: exponent.into() }))
}

fn without_zeros(number: &[u8]) -> &[u8] {
    &number[number.iter().take_while(|byte| **byte == 0).count()..]
}

fn bits(number: &[u8]) -> usize {
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

/// Odd, at least 3, at most 32 bits: with 1 anything is a signature of itself.
fn is_exponent(number: &[u8]) -> bool {
    let odd = number.last().is_some_and(|last| last & 1 == 1);
    odd && number.len() <= 4 && number != [1]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issuer::signing::Signer;
    use serde_json::json;

    fn set(keys: Value) -> Result<KeySet, FetchError> {
        KeySet::read(json!({"keys": keys}).to_string().as_bytes())
    }

    #[test]
    fn r2_13_rsa_keys_for_rs256_are_taken_and_others_passed_over() {
        let good = Signer::generate().jwk("a");
        let mut plain = good.clone();
        plain.as_object_mut().unwrap().retain(|name, _| ["kty", "kid", "n", "e"].contains(&name.as_str()));
        assert!(set(json!([plain])).unwrap().get("a").is_some(), "use and alg may be absent");
        let with = |name: &str, value: Value| {
            let mut key = good.clone();
            key[name] = value;
            key
        };
        let modulus = |bytes: usize| json!(URL_SAFE_NO_PAD.encode(vec![0x80; bytes]));
        let mut zeros = vec![0; 4];
        zeros.extend(vec![0x80; 255]);
        let bad = [
            with("kty", json!("oct")),
            with("kty", json!("rsa")),
            with("use", json!("enc")),
            with("alg", json!("RS512")),
            with("kid", json!("")),
            with("kid", json!("k".repeat(256))),
            with("kid", json!(7)),
            with("n", json!("not base64!")),
            with("n", modulus(128)),
            with("n", modulus(255)),
            with("n", json!(URL_SAFE_NO_PAD.encode(zeros))),
            with("n", modulus(1_025)),
            with("e", json!("AQ")),
            with("e", json!("Ag")),
            with("e", json!("")),
            with("e", json!("AQAAAAE")),
            json!("a"),
            json!({}),
        ];
        for key in bad {
            assert!(matches!(set(json!([key])), Err(FetchError::NoKey)), "{key}");
            let other = with("kid", json!("b"));
            assert_eq!(set(json!([key, other])).unwrap().count(), 1, "the others stand");
        }
        let two = set(json!([good, with("e", json!("Aw"))])).unwrap();
        let first = two.get("a").unwrap();
        assert_eq!((two.count(), first.e.as_slice()), (1, &[1, 0, 1][..]), "the first of two with one kid");
    }

    #[test]
    fn r2_13_what_is_no_key_set_replaces_none() {
        for body in ["", "<html>", "[]", "{}", r#"{"keys": {}}"#, "null"] {
            assert!(matches!(KeySet::read(body.as_bytes()), Err(FetchError::Malformed)), "{body}");
        }
        assert!(matches!(set(json!([])), Err(FetchError::NoKey)));
    }
}
