//! Tokens signed with keys of their own: good ones, and every bad one somebody may try.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair};
use aws_lc_rs::{hmac, signature::RsaPublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

pub const ISSUER: &str = "https://acme.kinde.com";
pub const AUDIENCE: &str = "https://tripswitch.example.com";
/// A client's id: the `aud` of its ID tokens.
pub const CLIENT: &str = "0123456789abcdef";

/// An RSA key of 2,048 bits.
pub struct Signer(RsaKeyPair);

impl Signer {
    pub fn generate() -> Self {
        Self(RsaKeyPair::generate(KeySize::Rsa2048).expect("a fresh key"))
    }

    /// The public half as a key set names it.
    pub fn jwk(&self, kid: &str) -> Value {
        let parts = RsaPublicKeyComponents::<Vec<u8>>::from(self.0.public_key());
        json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": encode(parts.n), "e": encode(parts.e)})
    }

    /// A token by RS256.
    pub fn sign(&self, header: &Value, payload: &Value) -> String {
        self.sign_by(&RSA_PKCS1_SHA256, header, payload)
    }

    /// The same by RSA with SHA-512.
    pub fn sign_512(&self, header: &Value, payload: &Value) -> String {
        self.sign_by(&RSA_PKCS1_SHA512, header, payload)
    }

    /// The same by RSA-PSS.
    pub fn sign_pss(&self, header: &Value, payload: &Value) -> String {
        self.sign_by(&RSA_PSS_SHA256, header, payload)
    }

    fn sign_by(&self, encoding: &'static dyn RsaEncoding, header: &Value, payload: &Value) -> String {
        let message = message(header, payload);
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0.sign(encoding, &SystemRandom::new(), message.as_bytes(), &mut signature).expect("a signature");
        format!("{message}.{}", encode(signature))
    }

    /// HMAC-SHA-256 with what everybody knows of the key: its DER form.
    pub fn sign_hmac_with_public_key(&self, header: &Value, payload: &Value) -> String {
        let message = message(header, payload);
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.public_key().as_ref());
        format!("{message}.{}", encode(hmac::sign(&key, message.as_bytes())))
    }
}

fn message(header: &Value, payload: &Value) -> String {
    format!("{}.{}", encode(header.to_string()), encode(payload.to_string()))
}

/// base64url without padding.
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The header of a good token.
pub fn header(kid: &str) -> Value {
    json!({"alg": "RS256", "typ": "JWT", "kid": kid})
}

/// What Kinde says of a member of `org`, an hour long from `now` (seconds).
pub fn payload(now: i64, sub: &str, org: &str, permissions: &[&str]) -> Value {
    json!({
        "iss": ISSUER, "aud": [AUDIENCE], "azp": CLIENT, "exp": now + 3_600, "iat": now, "jti": "1", "sub": sub,
        "org_code": org, "permissions": permissions, "scp": ["openid", "profile"],
    })
}

/// `value` with `member` set, or without it for `null`.
pub fn with(value: &Value, member: &str, to: Value) -> Value {
    let mut value = value.clone();
    let members = value.as_object_mut().expect("an object");
    if to.is_null() {
        members.remove(member)
    } else {
        members.insert(member.into(), to)
    };
    value
}

/// A name for each, and the token: all of one who holds the issuer's key (or its public half), but no
/// access token of this API that holds at `now` (seconds).
pub fn refused(signer: &Signer, kid: &str, now: i64) -> Vec<(String, String)> {
    let (head, body) = (header(kid), payload(now, "kp_1", "one", &["quality:read"]));
    let mut tokens = Vec::new();
    for alg in ["none", "None", "NONE", "nOnE", "", "rs256", "RS256 ", "HS256", "RS512", "PS256", "ES256"] {
        let header = with(&head, "alg", json!(alg));
        tokens.push((format!("alg {alg:?}"), signer.sign(&header, &body)));
        tokens.push((format!("alg {alg:?} without a signature"), message(&header, &body) + "."));
    }
    let alg = |alg: &str| with(&head, "alg", json!(alg));
    tokens.push(("HS256 with the public key".into(), signer.sign_hmac_with_public_key(&alg("HS256"), &body)));
    tokens.push(("an HMAC called RS256".into(), signer.sign_hmac_with_public_key(&head, &body)));
    tokens.push(("RS512".into(), signer.sign_512(&alg("RS512"), &body)));
    tokens.push(("PS256".into(), signer.sign_pss(&alg("PS256"), &body)));
    tokens.push(("RS512 called RS256".into(), signer.sign_512(&head, &body)));
    tokens.push(("PS256 called RS256".into(), signer.sign_pss(&head, &body)));
    let intruder = Signer::generate();
    let own_key = with(&head, "jwk", intruder.jwk(kid));
    tokens.push(("a key of its own".into(), intruder.sign(&own_key, &body)));
    tokens.push(("another's signature".into(), intruder.sign(&head, &body)));
    for (member, value) in bad_header_members(signer, kid) {
        tokens.push((format!("header {member} {value}"), signer.sign(&with(&head, member, value), &body)));
    }
    for (member, value) in bad_claims(now) {
        tokens.push((format!("claim {member} {value}"), signer.sign(&head, &with(&body, member, value))));
    }
    let good = signer.sign(&head, &body);
    tokens.extend(broken(&good, &message(&head, &body)));
    tokens
}

fn bad_header_members(signer: &Signer, kid: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("jwk", signer.jwk(kid)),
        ("jku", json!("https://acme.kinde.com/.well-known/jwks")),
        ("x5u", json!("https://acme.kinde.com/x5u")),
        ("x5c", json!(["MIIB"])),
        ("crit", json!(["exp"])),
        ("typ", json!("id_token")),
        ("typ", json!("logout+jwt")),
        ("kid", Value::Null),
        ("kid", json!("")),
        ("kid", json!(7)),
        ("kid", json!("k".repeat(256))),
        ("kid", json!("../../etc/passwd")),
        ("kid", json!("' OR 1=1 --\n\u{1b}[2J")),
    ]
}

fn bad_claims(now: i64) -> Vec<(&'static str, Value)> {
    let mut claims = vec![
        ("exp", json!(now - 60)),
        ("exp", json!(now - 86_400)),
        ("exp", json!(-1e308)),
        ("exp", json!((now + 60).to_string())),
        ("exp", Value::Null),
        ("nbf", json!(now + 61)),
        ("nbf", json!(1e308)),
        ("iat", json!(now + 61)),
        ("iss", json!("https://acme.kinde.com/")),
        ("iss", json!("https://evil.kinde.com")),
        ("iss", json!([ISSUER])),
        ("iss", Value::Null),
        ("aud", json!([])),
        ("aud", json!("")),
        ("aud", json!("https://other.example.com")),
        ("aud", json!([CLIENT])),
        ("aud", json!({"0": AUDIENCE})),
        ("aud", Value::Null),
        ("at_hash", json!("x")),
        ("c_hash", json!("x")),
        ("nonce", json!("x")),
        ("permissions", json!("quality:read")),
    ];
    for (member, longest) in [("sub", 255), ("org_code", 255)] {
        claims.extend([(member, json!("")), (member, json!(1))]);
        claims.push((member, json!("é".repeat(longest + 1))));
    }
    claims.push(("org_code", Value::Null));
    let poses = ["api-key:11111111-1111-4111-8111-111111111111", "API-Key:x", " api-key:x", "client:x"];
    for sub in poses.into_iter().chain(["data-directory", "\n"]) {
        claims.push(("sub", json!(sub)));
    }
    claims
}

/// Ways to write a good token badly.
fn broken(good: &str, message: &str) -> Vec<(String, String)> {
    let (_, signature) = good.rsplit_once('.').expect("three parts");
    let mut flipped = signature.to_owned();
    flipped.replace_range(..1, if flipped.starts_with('A') { "B" } else { "A" });
    let named = |name: &str, token: String| (name.to_owned(), token);
    vec![
        named("no signature", format!("{message}.")),
        named("no signature but zeros", format!("{message}.{}", encode([0; 256]))),
        named("two parts", message.to_owned()),
        named("four parts", format!("{good}.x")),
        named("a changed signature", format!("{message}.{flipped}")),
        named("a padded signature", format!("{good}==")),
        named("a shorter signature", good[..good.len() - 4].to_owned()),
        named("standard base64", good.replace('_', "/").replace('-', "+") + "+"),
        named("dots", "..".to_owned()),
        named(
            "an array for a header",
            format!("{}.{}", encode("[\"RS256\"]"), &good[good.find('.').unwrap_or(0) + 1..]),
        ),
        named("too long", format!("{good}{}", "A".repeat(16 << 10))),
    ]
}
