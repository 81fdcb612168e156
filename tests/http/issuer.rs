//! R2.13 over real sockets: an issuer with RS256 keys, its rotation, its failures, and tokens of all kinds.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tripswitch::app::Server as WholeServer;
use tripswitch::clock;
use tripswitch::config::{AuthConfig, Config};
use tripswitch::domain::ids::Side;
use tripswitch::domain::system::Permission;
use tripswitch::domain::time::{HOUR, MINUTE, SECOND};
use tripswitch::issuer::{Fetch, FetchError, fetch::PATIENCE};

use crate::support::issuer::{Answer, Issuer};
use crate::support::keep::Kept;
use crate::support::signing::{AUDIENCE, CLIENT, ISSUER, Signer, header, payload, refused, with};
use crate::support::world::{ACCOUNT, BOUND, FOREIGN, Holder, SIBLING, WORKSPACE, World, at, conversation};
use crate::support::{NOW, Reply, Server, Setup};

/// Longer than a fetch on this machine can take.
const LONG: Duration = Duration::from_secs(60);
/// Shorter than an issuer that hangs.
const SHORT: Duration = Duration::from_millis(50);

/// A world, an issuer, and its key `k1`.
struct Ground {
    world: World,
    issuer: Issuer,
    signer: Signer,
}

impl Ground {
    async fn start(wait: Duration) -> Self {
        let signer = Signer::generate();
        let issuer = Issuer::start(&[signer.jwk("k1")]).await;
        let world =
            World::of(Server::start(Setup { issuer: Some(issuer.trust(wait)), ..Setup::default() }).await).await;
        Self { world, issuer, signer }
    }

    /// A token of tenant `one`, with the key's name.
    fn token(&self, kid: &str, permissions: &[&str]) -> String {
        self.signer.sign(&header(kid), &self.payload(permissions))
    }

    fn payload(&self, permissions: &[&str]) -> Value {
        payload(self.now(), "kp_1", "one", permissions)
    }

    fn now(&self) -> i64 {
        use tripswitch::clock::Clock;
        self.world.server.clock.now() / SECOND
    }

    async fn get(&self, token: &str) -> Reply {
        let path = at("csat-config");
        self.world.server.ask(Method::GET, &path, token).header("x-request-id", "same").send().await
    }

    async fn status(&self, kid: &str) -> u16 {
        self.get(&self.token(kid, &["quality:read"])).await.status.as_u16()
    }
}

/// Everything a client sees of an answer, but the time.
fn seen(reply: &Reply) -> (u16, Vec<(String, String)>, String) {
    let shown = |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
        (name.to_string(), format!("{value:?}"))
    };
    let headers = reply.headers.iter().map(shown).filter(|(name, _)| name != "date").collect();
    (reply.status.as_u16(), headers, reply.text.clone())
}

#[tokio::test]
async fn r2_13_a_persons_token_reads_writes_and_signs_with_its_subject() {
    let ground = Ground::start(LONG).await;
    let breaker = ground.world.trip().await;
    let token = ground.token("k1", &["quality:read", "quality:write"]);
    let server = &ground.world.server;
    assert_eq!(server.get(&at("quality/stats"), &token).await.expect(200)["conversationsScored"], 3);
    server.get(&conversation(1), &token).await.expect(200);
    server.get(&format!("/api/accounts/{ACCOUNT}/quality"), &token).await.expect(200);
    let acknowledge = at(&format!("quality/circuit-breakers/{breaker}/acknowledge"));
    let acknowledged = server.post_nothing(&acknowledge, &token).await.expect(200);
    assert_eq!(acknowledged["acknowledgedBy"], "kp_1");
    server.ask(Method::POST, &at("events"), &token).text("{}").send().await.fails(403, "forbidden");
    assert_eq!(ground.issuer.requests(), 1);
}

#[tokio::test]
async fn r2_13_any_subject_is_kept_as_it_is_and_survives_a_restart() {
    let ground = Ground::start(LONG).await;
    let breaker = ground.world.trip().await;
    let sub = format!("<script>\"\\\u{1b}[2J\u{0}\r\n\u{202e}{}", "é".repeat(200));
    let body = with(&ground.payload(&["quality:write"]), "sub", json!(sub));
    let token = ground.signer.sign(&header("k1"), &body);
    let acknowledge = at(&format!("quality/circuit-breakers/{breaker}/acknowledge"));
    let acknowledged = ground.world.server.post_nothing(&acknowledge, &token).await.expect(200);
    assert_eq!(acknowledged["acknowledgedBy"], sub);
    let world = ground.world.restarted().await;
    let list = world.server.get(&at("quality/circuit-breakers"), &world.key).await.expect(200);
    assert_eq!(list["items"][0]["acknowledgedBy"], sub);
}

#[tokio::test]
async fn r2_13_a_clients_token_signs_as_the_client() {
    let ground = Ground::start(LONG).await;
    let breaker = ground.world.trip().await;
    let body = with(&ground.payload(&["quality:write"]), "sub", Value::Null);
    let token = ground.signer.sign(&header("k1"), &body);
    let acknowledge = at(&format!("quality/circuit-breakers/{breaker}/acknowledge"));
    let acknowledged = ground.world.server.post_nothing(&acknowledge, &token).await.expect(200);
    assert_eq!(acknowledged["acknowledgedBy"], format!("client:{CLIENT}"));
}

#[tokio::test]
async fn r2_13_the_largest_token_is_taken_beside_what_a_client_sends_besides() {
    let ground = Ground::start(LONG).await;
    let flags = |filling: usize| {
        let body = with(&ground.payload(&["quality:read"]), "feature_flags", json!("x".repeat(filling)));
        ground.signer.sign(&header("k1"), &body)
    };
    let mut filling = 12_000 - flags(0).len() * 3 / 4;
    while flags(filling + 3).len() <= 16 << 10 {
        filling += 3;
    }
    let (path, token) = (at("csat-config"), flags(filling));
    assert!(token.len() > (16 << 10) - 4, "{}", token.len());
    let ask = |token: &str| ground.world.server.ask(Method::GET, &path, token);
    ask(&token).header("cookie", &"y".repeat(12 << 10)).send().await.expect(200);
    ask(&flags(filling + 3)).send().await.fails(401, "unauthorized");
}

#[tokio::test]
async fn r2_13_the_organisation_is_the_tenant() {
    let ground = Ground::start(LONG).await;
    ground.world.trip().await;
    let of = |org: &str| {
        let body = with(&ground.payload(&["quality:read", "admin"]), "org_code", json!(org));
        ground.signer.sign(&header("k1"), &body)
    };
    let server = &ground.world.server;
    let (one, two, nobody) = (of("one"), of("two"), of("nobody"));
    let stats = |id: &str| format!("/api/workspaces/{id}/quality/stats");
    for (token, reaches) in [(&one, [200, 200, 404]), (&two, [404, 404, 200]), (&nobody, [404, 404, 404])] {
        for (id, status) in [WORKSPACE, SIBLING, FOREIGN].into_iter().zip(reaches) {
            assert_eq!(server.get(&stats(id), token).await.status, status, "{id}");
        }
    }
    server.get(&conversation(1), &one).await.expect(200);
    server.get(&conversation(1), &two).await.fails(404, "not_found");
    server.get(&conversation(1), &nobody).await.fails(404, "not_found");
    let list = server.get("/api/admin/workspaces", &nobody).await.expect(200);
    assert_eq!(list["total"], 0, "a tenant exists once it is named");
}

#[tokio::test]
async fn r2_14_scopes_come_from_both_claims_and_never_make_a_server() {
    let ground = Ground::start(LONG).await;
    let server = &ground.world.server;
    let token = |permissions: Value, scp: Value| {
        let body = with(&with(&ground.payload(&[]), "permissions", permissions), "scp", scp);
        ground.signer.sign(&header("k1"), &body)
    };
    let keys = "/api/admin/keys";
    for (permissions, scp) in [
        (json!(["quality:read", "admin"]), Value::Null),
        (json!(["quality:read"]), json!(["openid", "admin"])),
        (json!([]), json!("admin openid quality:read")),
    ] {
        let token = token(permissions, scp);
        server.get(&at("csat-config"), &token).await.expect(200);
        server.get(keys, &token).await.expect(200);
        server.patch(&at("csat-config"), &token, &json!({})).await.fails(403, "forbidden");
    }
    let everything = json!(["server", "admin", "quality:read", "quality:write", "events:write", "*"]);
    let all = token(everything.clone(), everything);
    for path in ["/api/admin/snapshots", "/api/admin/status", "/api/admin/journal", "/api/admin/export"] {
        server.get(path, &all).await.fails(403, "forbidden");
    }
    server.post(keys, &all, &json!({"tenant": "two", "scopes": ["admin"]})).await.fails(403, "forbidden");
    server.post(keys, &all, &json!({"scopes": ["server"]})).await.fails(400, "invalid_request");
    let nothing = token(json!(["other:thing"]), Value::Null);
    server.get(&at("csat-config"), &nothing).await.fails(403, "forbidden");
}

#[tokio::test]
async fn r2_12_tokens_see_the_live_side() {
    let ground = Ground::start(LONG).await;
    let test_side = Holder { side: Side::Test, ..BOUND };
    let test_key = ground.world.make_key(test_side, &[Permission::QualityRead, Permission::QualityWrite]).await.0;
    let server = &ground.world.server;
    server.patch(&at("csat-config"), &test_key, &json!({"circuitBreakerCount": 9})).await.expect(200);
    let config = server.get(&at("csat-config"), &ground.token("k1", &["quality:read"])).await.expect(200);
    assert_eq!(config["circuitBreakerCount"], 3);
}

#[tokio::test]
async fn r2_13_every_refusal_is_the_same_401() {
    let ground = Ground::start(LONG).await;
    let none = seen(&ground.get("").await);
    assert_eq!((none.0, ground.issuer.requests()), (401, 0));
    assert_eq!(ground.status("k1").await, 200);
    let before = ground.world.fingerprint().await;
    let mut tokens = refused(&ground.signer, "k1", ground.now());
    tokens.push(("an unknown kid".into(), ground.token("k2", &["quality:read"])));
    tokens.push(("an unknown key".into(), format!("sf_live_v1_{}", "x".repeat(32))));
    for (name, token) in tokens {
        assert_eq!(seen(&ground.get(&token).await), none, "{name}");
    }
    assert_eq!(ground.world.fingerprint().await, before);
    assert_eq!(ground.status("k1").await, 200);
}

#[tokio::test]
async fn r2_13_a_token_ends_a_minute_after_its_time() {
    let ground = Ground::start(LONG).await;
    let token = ground.token("k1", &["quality:read"]);
    let clock = &ground.world.server.clock;
    clock.set(NOW - 60 * SECOND);
    ground.get(&token).await.expect(200);
    clock.set(NOW - 60 * SECOND - 1);
    ground.get(&token).await.fails(401, "unauthorized");
    clock.set(NOW + HOUR + 60 * SECOND - 1);
    ground.get(&token).await.expect(200);
    clock.set(NOW + HOUR + 60 * SECOND);
    ground.get(&token).await.fails(401, "unauthorized");
}

#[tokio::test]
async fn r2_13_a_rotated_key_is_fetched_and_a_withdrawn_one_goes() {
    let ground = Ground::start(LONG).await;
    assert_eq!(ground.status("k1").await, 200);
    ground.issuer.publish(&[ground.signer.jwk("k1"), ground.signer.jwk("k2")]);
    assert_eq!(ground.status("k2").await, 401, "not twice in a minute");
    ground.world.server.clock.advance(MINUTE);
    assert_eq!(ground.status("k2").await, 200);
    ground.issuer.publish(&[ground.signer.jwk("k2"), ground.signer.jwk("k3")]);
    ground.world.server.clock.advance(MINUTE);
    assert_eq!(ground.status("k1").await, 200, "known, and within the hour");
    assert_eq!(ground.status("k3").await, 200);
    assert_eq!(ground.status("k1").await, 401);
    // Another key under a name that was seen before: the old one opens nothing any more.
    let next = Signer::generate();
    ground.issuer.publish(&[next.jwk("k2")]);
    ground.world.server.clock.advance(MINUTE);
    assert_eq!(ground.status("x").await, 401);
    assert_eq!(ground.status("k2").await, 401);
    let token = next.sign(&header("k2"), &ground.payload(&["quality:read"]));
    ground.get(&token).await.expect(200);
    assert_eq!(ground.issuer.requests(), 4);
}

#[tokio::test]
async fn r2_13_a_thousand_unknown_kids_are_one_fetch_a_minute() {
    let ground = Ground::start(LONG).await;
    assert_eq!(ground.status("k1").await, 200);
    let unknown = seen(&ground.get("").await);
    for round in 1..=2 {
        for n in 0..500 {
            let pair = [format!("{round}-{n}"), format!("\u{0}{n}")].map(|kid| ground.token(&kid, &["admin"]));
            let (a, b) = tokio::join!(ground.get(&pair[0]), ground.get(&pair[1]));
            assert_eq!([seen(&a), seen(&b)], [unknown.clone(), unknown.clone()]);
        }
        assert_eq!(ground.issuer.requests(), round);
        assert_eq!(ground.status("k1").await, 200);
        ground.world.server.clock.advance(MINUTE);
    }
}

#[tokio::test]
async fn r2_13_an_issuer_that_is_down_takes_nobodys_key_away() {
    let ground = Ground::start(LONG).await;
    assert_eq!(ground.status("k1").await, 200);
    ground.issuer.stop().await;
    for _ in 0..3 {
        ground.world.server.clock.advance(HOUR);
        assert_eq!((ground.status("k1").await, ground.status("k2").await), (200, 401));
    }
    ground.issuer.resume().await;
    for answer in [Answer::Body(500, "{\"keys\": []}".into()), Answer::Body(200, "<html>".into())] {
        ground.issuer.answers(answer);
        ground.world.server.clock.advance(MINUTE);
        assert_eq!((ground.status("k2").await, ground.status("k1").await), (401, 200));
    }
    ground.issuer.publish(&[ground.signer.jwk("k2")]);
    ground.world.server.clock.advance(MINUTE);
    assert_eq!((ground.status("k2").await, ground.status("k1").await), (200, 401));
    assert_eq!(ground.issuer.requests(), 4);
}

#[tokio::test]
async fn r2_13_an_issuer_that_was_never_up_is_a_503_for_tokens_alone() {
    let ground = Ground::start(LONG).await;
    ground.issuer.stop().await;
    let token = ground.token("k1", &["quality:read"]);
    let reply = ground.get(&token).await;
    reply.fails(503, "identity_unavailable");
    assert_eq!(reply.header("retry-after"), "60");
    ground.get(&ground.world.key).await.expect(200);
    let forged = Signer::generate().sign(&header("k1"), &ground.payload(&[]));
    ground.get(&forged).await.fails(503, "identity_unavailable");
    // What no key could make good is a 401 all the same.
    let early = |name: &str| ["alg", "claim", "HS256"].iter().any(|start| name.starts_with(start));
    for (name, token) in refused(&ground.signer, "k1", ground.now()).into_iter().filter(|(name, _)| early(name)) {
        assert_eq!(ground.get(&token).await.status, 401, "{name}");
    }
    ground.issuer.resume().await;
    ground.world.server.clock.advance(59_001);
    let reply = ground.get(&token).await;
    reply.fails(503, "identity_unavailable");
    assert_eq!((reply.header("retry-after"), ground.issuer.requests()), ("1", 0));
    ground.world.server.clock.advance(999);
    ground.get(&token).await.expect(200);
}

#[tokio::test]
async fn r2_13_a_slow_issuer_is_waited_for_by_unknown_keys_and_not_for_long() {
    let ground = Ground::start(SHORT).await;
    // The first answer may take longer than so short a wait.
    while ground.status("k1").await == 503 {
        ground.world.server.clock.advance(MINUTE);
    }
    let loaded = ground.issuer.requests();
    ground.issuer.answers(Answer::Hangs);
    ground.world.server.clock.advance(MINUTE);
    assert_eq!(ground.status("k2").await, 401);
    let under_way = async {
        while ground.issuer.hanging() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, under_way).await.expect("the answer came before the end of the fetch");
    assert_eq!(ground.status("k1").await, 200);
    ground.world.server.clock.advance(HOUR);
    assert_eq!((ground.status("k3").await, ground.status("k1").await), (401, 200));
    assert_eq!(ground.issuer.requests(), loaded + 1, "one at a time");
    ground.issuer.publish(&[ground.signer.jwk("k1"), ground.signer.jwk("k2")]);
    ground.issuer.release();
    let found = async {
        while ground.status("k2").await != 200 {
            ground.world.server.clock.advance(MINUTE);
        }
    };
    tokio::time::timeout(LONG, found).await.expect("the keys are loaded once the issuer answers");
}

#[tokio::test]
async fn r2_13_a_fetch_has_bounds() {
    let signer = Signer::generate();
    let issuer = Issuer::start(&[signer.jwk("k1")]).await;
    let fetch = async || issuer.fetch(PATIENCE).fetch().await;
    assert!(fetch().await.is_ok());
    issuer.answers(Answer::Redirect("/elsewhere".into()));
    assert!(matches!(fetch().await, Err(FetchError::Status(302))), "redirects are not followed");
    issuer.answers(Answer::Body(404, String::new()));
    assert!(matches!(fetch().await, Err(FetchError::Status(404))));
    issuer.answers(Answer::Body(200, " ".repeat(64 << 10)));
    assert_eq!(fetch().await.unwrap().len(), 64 << 10);
    issuer.answers(Answer::Body(200, " ".repeat((64 << 10) + 1)));
    assert!(matches!(fetch().await, Err(FetchError::TooLarge)));
    issuer.answers(Answer::Hangs);
    assert!(matches!(issuer.fetch(SHORT).fetch().await, Err(FetchError::Http(cause)) if cause.is_timeout()));
    issuer.stop().await;
    let Err(error @ FetchError::Http(_)) = fetch().await else { panic!("nothing listens") };
    assert!(error.cause().contains("refused"), "{}", error.cause());
}

#[tokio::test]
async fn r2_13_a_configured_server_loads_the_keys_and_starts_without_them() {
    let signer = Signer::generate();
    let issuer = Issuer::start(&[signer.jwk("k1")]).await;
    let directory = Kept::new();
    let mut config = Config::default();
    config.storage.data_dir = directory.path().to_owned();
    config.server.listen = "127.0.0.1:0".parse().unwrap();
    config.admin.listen = config.server.listen;
    let jwks_url = issuer.jwks_url().parse().unwrap();
    config.auth =
        Some(AuthConfig { issuer: ISSUER.into(), audience: vec![AUDIENCE.into()], jwks_url, client_id: None });
    let client = tripswitch::outgoing::client().no_proxy().build().unwrap();
    let token = signer.sign(&header("k1"), &payload(clock::wall() / SECOND, "kp_1", "one", &["admin"]));
    for status in [200, 503] {
        let server = WholeServer::start(&config, false, Default::default()).await.unwrap();
        let url = format!("http://{}/api/admin/workspaces", server.address());
        let ask = async || Reply::read(client.get(&url).bearer_auth(&token).send().await.unwrap()).await;
        let mut reply = ask().await;
        // On a busy machine the fetch at the start may outlast a wait for it.
        for _ in 0..10 {
            if reply.status != status {
                reply = ask().await;
            }
        }
        assert_eq!(reply.status, status, "{}", reply.text);
        server.stop().await;
        if status == 200 {
            issuer.stop().await;
        }
    }
}
