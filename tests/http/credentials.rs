//! R2.11, R2.12, R2.14: who gets in, and where to.

use reqwest::Method;
use tripswitch::domain::ids::Side;
use tripswitch::domain::system::{Permission, SystemRecord};
use tripswitch::domain::time::HOUR;

use crate::support::NOW;
use crate::support::world::{ACCOUNT, BOUND, FOREIGN, Holder, UNKNOWN, WORKSPACE, World, at, conversation, low_score};

/// One of each kind of route that takes a credential.
fn routes() -> Vec<(Method, String)> {
    vec![
        (Method::GET, at("quality/stats")),
        (Method::GET, at("quality/circuit-breakers")),
        (Method::POST, at(&format!("quality/circuit-breakers/{UNKNOWN}/acknowledge"))),
        (Method::POST, at(&format!("quality/circuit-breakers/{UNKNOWN}/resolve"))),
        (Method::GET, at("quality/gate")),
        (Method::GET, at("csat-config")),
        (Method::PATCH, at("csat-config")),
        (Method::POST, at("events")),
        (Method::GET, conversation(1)),
        (Method::GET, conversation(1) + "/explanation"),
        (Method::GET, format!("/api/accounts/{ACCOUNT}/quality")),
        (Method::GET, "/api/admin/workspaces".into()),
        (Method::POST, "/api/admin/workspaces".into()),
        (Method::GET, "/api/admin/keys".into()),
        (Method::POST, "/api/admin/keys".into()),
        (Method::DELETE, format!("/api/admin/keys/{UNKNOWN}")),
    ]
}

#[tokio::test]
async fn r2_8_no_unknown_expired_or_revoked_credential_is_the_same_401() {
    let world = World::start().await;
    let (revoked, id) = world.make_key(BOUND, &[Permission::QualityRead]).await;
    let expired = world.make_key(Holder { expires_at: Some(NOW + HOUR), ..BOUND }, &[Permission::QualityRead]).await.0;
    assert_eq!(world.server.get(&at("csat-config"), &revoked).await.status, 200);
    assert_eq!(world.server.get(&at("csat-config"), &expired).await.status, 200);
    let record = SystemRecord::KeyRevoked { id, actor: "test".into() };
    world.server.engine.system(record).await.unwrap().unwrap();
    world.server.clock.advance(HOUR);

    let unknown = format!("sf_live_v1_{}", "x".repeat(32));
    let before = world.fingerprint().await;
    for key in ["", &unknown, &revoked, &expired, "not-a-key", "a.b.c", &world.key[..world.key.len() - 1]] {
        for (method, path) in routes() {
            let reply = world.server.ask(method, &path, key).send().await;
            reply.fails(401, "unauthorized");
            assert_eq!(reply.header("www-authenticate"), "Bearer");
            assert_eq!(reply.json()["error"], "A valid credential is required.");
        }
    }
    assert_eq!(world.fingerprint().await, before);
}

#[tokio::test]
async fn r2_11_other_schemes_and_two_credentials_are_401() {
    let world = World::start().await;
    let path = at("csat-config");
    let basic = world.server.ask(Method::GET, &path, "").header("authorization", &format!("Basic {}", world.key));
    basic.send().await.fails(401, "unauthorized");
    let twice = world.server.ask(Method::GET, &path, &world.key);
    twice.header("authorization", &format!("Bearer {}", world.key)).send().await.fails(401, "unauthorized");
    let lower = world.server.ask(Method::GET, &path, "").header("authorization", &format!("bearer {}", world.key));
    lower.send().await.expect(200);
}

#[tokio::test]
async fn r2_14_each_scope_opens_its_routes_and_no_others() {
    let world = World::start().await;
    let breaker = world.trip().await;
    let acknowledge = at(&format!("quality/circuit-breakers/{breaker}/acknowledge"));
    let (read, write, events) = (Permission::QualityRead, Permission::QualityWrite, Permission::EventsWrite);
    let cases = [
        (Method::GET, at("quality/stats"), vec![read]),
        (Method::GET, at("quality/circuit-breakers"), vec![read]),
        (Method::GET, at("csat-config"), vec![read]),
        (Method::GET, conversation(1), vec![read]),
        (Method::GET, format!("/api/accounts/{ACCOUNT}/quality"), vec![read]),
        (Method::GET, at("quality/gate"), vec![read, events]),
        (Method::POST, acknowledge, vec![write]),
        (Method::PATCH, at("csat-config"), vec![write]),
        (Method::POST, at("events"), vec![events]),
        (Method::GET, "/api/admin/keys".into(), vec![Permission::Admin]),
    ];
    let before = world.fingerprint().await;
    for scope in [read, write, events, Permission::Admin] {
        let key = world.make_key(BOUND, &[scope]).await.0;
        for (method, path, allowed) in &cases {
            if !allowed.contains(&scope) {
                world.server.ask(method.clone(), path, &key).text("{}").send().await.fails(403, "forbidden");
            }
        }
    }
    assert_eq!(world.fingerprint().await, before);
    for (method, path, allowed) in cases {
        for scope in allowed {
            let key = world.make_key(BOUND, &[scope]).await.0;
            let status = world.server.ask(method.clone(), &path, &key).text("{}").send().await.status;
            // An event without members is refused for what it is, not for who sent it.
            assert!(status.is_success() || status == 422, "{scope:?} {path}: {status}");
        }
    }
}

#[tokio::test]
async fn r2_14_a_server_key_reaches_no_tenants_data() {
    let world = World::start().await;
    let breaker = world.trip().await;
    let key = world.server_key().await;
    let acknowledge = at(&format!("quality/circuit-breakers/{breaker}/acknowledge"));
    let before = world.fingerprint().await;
    for (method, path) in routes().into_iter().take(8).chain([(Method::POST, acknowledge)]) {
        world.server.ask(method, &path, &key).text("{}").send().await.fails(403, "forbidden");
    }
    for path in [conversation(1), format!("/api/accounts/{ACCOUNT}/quality")] {
        world.server.get(&path, &key).await.fails(403, "forbidden");
        world.server.get(&format!("{path}?workspaceId={WORKSPACE}"), &key).await.fails(403, "forbidden");
    }
    assert_eq!(world.fingerprint().await, before);
}

#[tokio::test]
async fn r2_12_the_two_sides_share_nothing() {
    let world = World::start().await;
    world.trip().await;
    let scopes = [Permission::QualityRead, Permission::QualityWrite, Permission::EventsWrite];
    let test_key = world.make_key(Holder { side: Side::Test, ..BOUND }, &scopes).await.0;
    let list = world.server.get(&at("quality/circuit-breakers"), &test_key).await.expect(200);
    assert_eq!(list, serde_json::json!({"items": [], "total": 0}));
    world.server.get(&conversation(1), &test_key).await.fails(404, "not_found");
    world.server.patch(&at("csat-config"), &test_key, &serde_json::json!({"circuitBreakerCount": 9})).await.expect(200);
    assert_eq!(world.server.get(&at("csat-config"), &world.key).await.expect(200)["circuitBreakerCount"], 3);
    // The same event is no duplicate on the other side.
    world.send(WORKSPACE, &test_key, &[low_score(1, ACCOUNT)]).await;
}

#[tokio::test]
async fn r2_8_another_tenants_workspace_looks_like_an_unknown_one() {
    let world = World::start().await;
    let admin = world.make_key(Holder { workspace: None, ..BOUND }, &[Permission::Admin]).await.0;
    for key in [&world.key, &world.tenant_key, &admin] {
        for (method, path) in routes().into_iter().take(8) {
            let mut answers = Vec::new();
            for id in [FOREIGN, UNKNOWN] {
                let path = path.replace(WORKSPACE, id);
                let reply = world.server.ask(method.clone(), &path, key).header("x-request-id", "same").send().await;
                reply.fails(404, "not_found");
                answers.push(reply.text);
            }
            assert_eq!(answers[0], answers[1]);
        }
    }
}

#[tokio::test]
async fn r2_11_the_last_use_is_kept_in_memory_and_written_as_one_record() {
    let world = World::start().await;
    let (key, id) = world.make_key(BOUND, &[Permission::QualityRead]).await;
    world.server.clock.advance(1_000);
    world.server.get(&at("csat-config"), &key).await.expect(200);
    let written = || world.server.engine.system_table().key(id).unwrap().last_used_at;
    assert_eq!(written(), None);
    world.server.service.flush_key_usage().await.unwrap();
    assert_eq!(written(), Some(NOW + 1_000));
}
