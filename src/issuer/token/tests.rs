use crate::issuer::jwks::PublicKey;
use serde_json::{Value, json};

use super::*;
use crate::issuer::jwks::KeySet;
use crate::issuer::signing::{AUDIENCE, CLIENT, ISSUER, Signer, encode, header, payload, refused, with};

/// 2026-03-25T10:00:00Z, in seconds.
const NOW: i64 = 1_774_432_800;

fn rules() -> Rules {
    Rules { issuer: ISSUER.into(), audience: vec!["https://other.example.org".into(), AUDIENCE.into()] }
}

struct Ground {
    signer: Signer,
    key: PublicKey,
}

impl Ground {
    fn new() -> Self {
        let signer = Signer::generate();
        let set = KeySet::read(json!({"keys": [signer.jwk("k1")]}).to_string().as_bytes()).unwrap();
        Self { key: set.get("k1").unwrap().clone(), signer }
    }

    fn judge(&self, token: &str, now: Millis) -> Result<Claims, TokenFault> {
        let read = read(token, &rules(), now)?;
        if read.kid() == "k1" { read.verify(&self.key) } else { Err(TokenFault::UnknownKey) }
    }

    /// A good token but for one claim.
    fn claim(&self, member: &str, value: Value) -> Result<Claims, TokenFault> {
        let body = with(&payload(NOW, "kp_1", "one", &["quality:read"]), member, value);
        self.judge(&self.signer.sign(&header("k1"), &body), NOW * SECOND)
    }

    fn header(&self, header: &Value) -> Result<Claims, TokenFault> {
        self.judge(&self.signer.sign(header, &payload(NOW, "kp_1", "one", &[])), NOW * SECOND)
    }
}

#[test]
fn r2_13_a_good_token_says_who_of_which_tenant_with_which_scopes() {
    let ground = Ground::new();
    let body = payload(NOW, "kp_1", "one", &["quality:write", "quality:read", "deploy:prod", "server", "quality:read"]);
    let claims = |body: &Value| ground.judge(&ground.signer.sign(&header("k1"), body), NOW * SECOND).unwrap();
    let (read, write) = (Permission::QualityRead, Permission::QualityWrite);
    // An hour, as it says, and the leeway of a minute.
    let expires_at = (NOW + 3_660) * SECOND;
    let expected = Claims { actor: "kp_1".into(), tenant: "one".into(), scopes: vec![read, write], expires_at };
    assert_eq!(claims(&body), expected);
    let listed = with(&body, "scp", json!(["openid", "events:write", "quality:read"]));
    assert_eq!(claims(&listed).scopes, [read, write, Permission::EventsWrite]);
    let spaced = with(&body, "scp", json!("openid admin  server"));
    assert_eq!(claims(&spaced).scopes, [read, write, Permission::Admin]);
    let none = with(&with(&body, "scp", Value::Null), "permissions", Value::Null);
    assert_eq!(claims(&none).scopes, []);
}

#[test]
fn r2_13_everything_else_is_refused() {
    let ground = Ground::new();
    for (name, token) in refused(&ground.signer, "k1", NOW) {
        assert!(ground.judge(&token, NOW * SECOND).is_err(), "{name}");
    }
}

#[test]
fn r2_13_each_refusal_is_for_its_own_reason() {
    let ground = Ground::new();
    let head = |member: &str, value: Value| ground.header(&with(&header("k1"), member, value)).unwrap_err();
    assert_eq!(head("alg", json!("none")), TokenFault::Algorithm);
    assert_eq!(head("kid", json!("k2")), TokenFault::UnknownKey);
    assert_eq!(head("kid", json!("")), TokenFault::KeyId);
    assert_eq!(head("typ", json!("id_token")), TokenFault::Type);
    for member in ["jwk", "jku", "x5u", "x5c", "crit"] {
        assert_eq!(head(member, json!({})), TokenFault::HeaderMember);
        let mut null = header("k1");
        null[member] = Value::Null;
        assert_eq!(ground.header(&null).unwrap_err(), TokenFault::HeaderMember, "a null {member} is one");
    }
    let claim = |member: &str, value: Value| ground.claim(member, value).unwrap_err();
    assert_eq!(claim("iss", json!("https://x")), TokenFault::Issuer);
    assert_eq!(claim("aud", json!([CLIENT])), TokenFault::Audience);
    assert_eq!(claim("nonce", json!("x")), TokenFault::IdToken);
    assert_eq!(claim("exp", Value::Null), TokenFault::NoExpiry);
    assert_eq!(claim("sub", json!("api-key:x")), TokenFault::Subject);
    assert_eq!(claim("org_code", Value::Null), TokenFault::Tenant);
    let forged = Signer::generate().sign(&header("k1"), &payload(NOW, "kp_1", "one", &[]));
    assert_eq!(ground.judge(&forged, NOW * SECOND), Err(TokenFault::Signature));
}

#[test]
fn r2_13_a_token_of_16_kib_and_not_a_byte_more() {
    let ground = Ground::new();
    let of = |filling: usize| {
        let body = with(&payload(NOW, "kp_1", "one", &[]), "x", json!("x".repeat(filling)));
        ground.signer.sign(&header("k1"), &body)
    };
    // Three more bytes are four more letters.
    let most = ((16 << 10) - of(0).len()) / 4 * 3;
    let most = (most - 3..most + 3).rev().find(|filling| of(*filling).len() <= 16 << 10).unwrap();
    assert!(ground.judge(&of(most), NOW * SECOND).is_ok());
    assert_eq!(ground.judge(&of(most + 1), NOW * SECOND), Err(TokenFault::TooLong));
}

#[test]
fn r2_13_members_have_names() {
    let ground = Ground::new();
    assert_eq!(ground.header(&json!(["RS256", "k1", "JWT"])), Err(TokenFault::Form));
}

#[test]
fn r2_13_what_cannot_be_a_signature_asks_for_no_key() {
    let ground = Ground::new();
    let good = ground.signer.sign(&header("k1"), &payload(NOW, "kp_1", "one", &[]));
    let (message, _) = good.rsplit_once('.').unwrap();
    let early = |signature: &str| read(&format!("{message}.{signature}"), &rules(), NOW * SECOND).map(drop);
    assert_eq!(early(&encode([7; 256])), Ok(()));
    for length in [0, 3, 255, 1_025] {
        assert_eq!(early(&encode(vec![7; length])), Err(TokenFault::Signature), "{length}");
    }
    assert_eq!(early(&(encode([7; 256]) + "==")), Err(TokenFault::Form));
}

#[test]
fn r2_13_types_of_access_tokens_in_any_case() {
    let ground = Ground::new();
    for typ in ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt"] {
        assert!(ground.header(&with(&header("k1"), "typ", json!(typ))).is_ok(), "{typ}");
    }
    assert!(ground.header(&with(&header("k1"), "typ", Value::Null)).is_ok());
}

#[test]
fn r2_13_a_minute_of_leeway_to_the_millisecond() {
    let ground = Ground::new();
    let at = |member: &str, seconds: Value, now: Millis| {
        let body = with(&payload(NOW, "kp_1", "one", &[]), member, seconds);
        ground.judge(&ground.signer.sign(&header("k1"), &body), now).map(drop)
    };
    let now = NOW * SECOND;
    assert_eq!(at("exp", json!(NOW), now + 59_999), Ok(()));
    assert_eq!(at("exp", json!(NOW), now + 60_000), Err(TokenFault::Expired));
    assert_eq!(at("exp", json!(NOW as f64 + 0.5), now + 60_499), Ok(()));
    assert_eq!(at("exp", json!(NOW as f64 + 0.5), now + 60_500), Err(TokenFault::Expired));
    for member in ["nbf", "iat"] {
        assert_eq!(at(member, json!(NOW + 60), now), Ok(()), "{member}");
        assert_eq!(at(member, json!(NOW + 60), now - 1), Err(TokenFault::NotYetValid), "{member}");
    }
}

#[test]
fn r2_13_numbers_without_sense_are_judged_without_a_panic() {
    let ground = Ground::new();
    for far in [json!(1e308), json!(i64::MAX), json!(u64::MAX)] {
        assert!(ground.claim("exp", far.clone()).is_ok(), "{far}");
        assert_eq!(ground.claim("nbf", far.clone()), Err(TokenFault::NotYetValid), "{far}");
        assert_eq!(ground.claim("iat", far.clone()), Err(TokenFault::NotYetValid), "{far}");
    }
    for past in [json!(-1e308), json!(i64::MIN), json!(0)] {
        assert_eq!(ground.claim("exp", past.clone()), Err(TokenFault::Expired), "{past}");
        assert!(ground.claim("nbf", past.clone()).is_ok(), "{past}");
    }
    let body = payload(NOW, "kp_1", "one", &[]).to_string();
    for number in ["1e999", "NaN", "Infinity", "01", "-"] {
        let body = body.replace(&format!("\"exp\":{}", NOW + 3_600), &format!("\"exp\":{number}"));
        assert!(body.contains(number));
        let token = format!("{}.{}.AAAA", encode(header("k1").to_string()), encode(body));
        assert_eq!(ground.judge(&token, NOW * SECOND), Err(TokenFault::Form), "{number}");
    }
}

#[test]
fn r2_13_a_member_that_stands_twice_is_no_choice() {
    let ground = Ground::new();
    let body = payload(NOW, "kp_1", "one", &[]).to_string();
    for (header, body) in [
        (r#"{"alg":"RS256","kid":"k1","kid":"k1"}"#.to_owned(), body.clone()),
        (r#"{"alg":"none","alg":"RS256","kid":"k1"}"#.to_owned(), body.clone()),
        (header("k1").to_string(), body.replacen('{', r#"{"org_code":"two","#, 1)),
    ] {
        let token = format!("{}.{}.AAAA", encode(header), encode(body));
        assert_eq!(ground.judge(&token, NOW * SECOND), Err(TokenFault::Form));
    }
}

#[test]
fn r2_13_the_subject_is_opaque_but_poses_as_nobody() {
    let ground = Ground::new();
    for sub in
        ["a", &"é".repeat(255), "kp_1|x y", "<b>\u{1b}[2J\u{0}\n", "api-keys:x", "importer", "clients:x", "client"]
    {
        assert_eq!(&*ground.claim("sub", json!(sub)).unwrap().actor, sub);
    }
    for sub in [
        "api-key:",
        "Api-Key:11111111-1111-4111-8111-111111111111",
        "\u{0} api-key:x",
        "cluster",
        "data-directory",
        "Import ",
        "\u{200b}api-key:x",
        "\u{202e}\u{2060}api-\u{ad}key:x",
        "ａｐｉ-ｋｅｙ：x",
        "\u{feff}data-directory\u{200d}",
        "\u{200b}",
        "client:0123",
        "Ｃlient\u{200b}:0123",
        "",
    ] {
        assert_eq!(ground.claim("sub", json!(sub)), Err(TokenFault::Subject), "{sub:?}");
    }
    assert_eq!(&*ground.claim("org_code", json!("é".repeat(255))).unwrap().tenant, "é".repeat(255));
}

#[test]
fn r2_13_a_token_without_a_subject_is_its_clients() {
    let ground = Ground::new();
    let nobody = with(&payload(NOW, "kp_1", "one", &["events:write"]), "sub", Value::Null);
    let judge = |body: &Value| ground.judge(&ground.signer.sign(&header("k1"), body), NOW * SECOND);
    let claims = judge(&nobody).unwrap();
    assert_eq!((&*claims.actor, &*claims.tenant), (&*format!("client:{CLIENT}"), "one"));
    let both = with(&nobody, "client_id", json!("other"));
    assert_eq!(judge(&both).unwrap().actor, claims.actor, "azp first");
    let named = with(&both, "azp", Value::Null);
    assert_eq!(&*judge(&named).unwrap().actor, "client:other");
    assert_eq!(&*judge(&with(&named, "sub", json!("kp_2"))).unwrap().actor, "kp_2", "a subject is who acts");
    let longest = with(&named, "client_id", json!("é".repeat(248)));
    assert_eq!(judge(&longest).unwrap().actor.chars().count(), 255);
    for nameless in [
        with(&named, "client_id", Value::Null),
        with(&named, "client_id", json!("")),
        with(&named, "client_id", json!("é".repeat(249))),
        with(&nobody, "sub", json!("")),
    ] {
        assert_eq!(judge(&nameless), Err(TokenFault::Subject), "{nameless}");
    }
    assert_eq!(judge(&with(&nobody, "org_code", Value::Null)), Err(TokenFault::Tenant));
}

#[test]
fn nested_without_end_is_refused_not_followed() {
    let ground = Ground::new();
    let deep = format!("{{\"alg\":\"RS256\",\"kid\":\"k1\",\"x\":{}", "[".repeat(5_000));
    let token = format!("{}.e30.AAAA", encode(deep));
    assert_eq!(ground.judge(&token, NOW * SECOND), Err(TokenFault::Form));
}
