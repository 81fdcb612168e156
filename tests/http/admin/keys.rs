//! `/api/admin/keys`.

use reqwest::Method;
use serde_json::{Value, json};
use tripswitch::domain::ids::Side;
use tripswitch::domain::system::Permission;
use tripswitch::domain::time::HOUR;

use crate::support::world::{BOUND, FOREIGN, Holder, SIBLING, UNKNOWN, WORKSPACE, World, at};
use crate::support::{Server, Setup};

const PATH: &str = "/api/admin/keys";

fn one(id: &Value) -> String {
    format!("{PATH}/{}", id.as_str().expect("an id"))
}

/// What the list says of a key.
async fn listed(world: &World, admin: &str, id: &Value) -> Option<Value> {
    let list = world.server.get(PATH, admin).await.expect(200);
    let items = list["items"].as_array().expect("a list").clone();
    assert_eq!(list["total"], items.len());
    items.into_iter().find(|item| item["id"] == *id)
}

#[tokio::test]
async fn r2_11_a_key_is_shown_once_works_and_ends_with_its_revocation() {
    let world = World::start().await;
    let admin = world.admin_key().await;
    let body = json!({"name": "pipeline", "workspaceId": WORKSPACE, "scopes": ["quality:read", "events:write"],
        "expiresAt": "2026-03-25T12:00:00+01:00"});
    let reply = world.server.post(PATH, &admin, &body).await;
    let mut made = reply.expect(201);
    assert_eq!(reply.header("cache-control"), "no-store");
    let key = made["key"].as_str().expect("the secret").to_owned();
    assert!(key.starts_with("sf_live_v1_") && key.len() == 43, "{key}");
    made.as_object_mut().unwrap().remove("key");
    let expected = json!({
        "id": made["id"], "name": "pipeline", "keyPrefix": key[..15], "tenant": "one", "workspaceId": WORKSPACE,
        "side": "live", "scopes": ["quality:read", "events:write"], "createdAt": "2026-03-25T10:00:00.000Z",
        "expiresAt": "2026-03-25T11:00:00.000Z", "lastUsedAt": null, "revokedAt": null,
    });
    assert_eq!(made, expected);
    assert_eq!(listed(&world, &admin, &made["id"]).await.as_ref(), Some(&expected), "and the secret never again");

    world.server.clock.advance(1_000);
    world.server.get(&at("csat-config"), &key).await.expect(200);
    let used = listed(&world, &admin, &made["id"]).await.unwrap();
    assert_eq!(used["lastUsedAt"], "2026-03-25T10:00:01.000Z");

    let revoke = |path: String| world.server.ask(Method::DELETE, &path, &admin).send();
    let revoked = revoke(one(&made["id"])).await.expect(200);
    assert_eq!(revoked["revokedAt"], "2026-03-25T10:00:01.000Z");
    world.server.clock.advance(1_000);
    assert_eq!(revoke(one(&made["id"])).await.expect(200), revoked, "idempotent");
    world.server.get(&at("csat-config"), &key).await.fails(401, "unauthorized");
}

#[tokio::test]
async fn r2_11_keys_expire() {
    let world = World::start().await;
    let admin = world.admin_key().await;
    let body = json!({"scopes": ["quality:read"], "test": true, "expiresAt": "2026-03-25T11:00:00Z"});
    let made = world.server.post(PATH, &admin, &body).await.expect(201);
    let key = made["key"].as_str().unwrap();
    assert!(key.starts_with("sf_test_v1_") && made["side"] == "test");
    world.server.clock.advance(HOUR - 1);
    world.server.get(&at("csat-config"), key).await.expect(200);
    world.server.clock.advance(1);
    world.server.get(&at("csat-config"), key).await.fails(401, "unauthorized");
}

#[tokio::test]
async fn r2_14_whose_keys_an_administrator_makes() {
    let world = World::start().await;
    let (tenant, server) = (world.admin_key().await, world.server_key().await);
    let bound = world.make_key(BOUND, &[Permission::Admin]).await.0;
    let scopes = json!(["quality:read"]);
    let post = |key: &str, tenant: Value, workspace: Value| {
        let mut body = json!({"scopes": scopes.clone()});
        for (name, value) in [("tenant", tenant), ("workspaceId", workspace)] {
            if !value.is_null() {
                body[name] = value;
            }
        }
        world.server.ask(Method::POST, PATH, key).json(&body).send()
    };
    let null = || Value::Null;
    assert_eq!(post(&tenant, null(), null()).await.expect(201)["workspaceId"], null());
    post(&tenant, "one".into(), SIBLING.into()).await.expect(201);
    post(&tenant, "two".into(), null()).await.fails(403, "forbidden");
    for id in [FOREIGN, UNKNOWN] {
        post(&tenant, null(), id.into()).await.fails(404, "not_found");
    }
    assert_eq!(post(&bound, null(), null()).await.expect(201)["workspaceId"], WORKSPACE, "its own");
    post(&bound, null(), SIBLING.into()).await.fails(403, "forbidden");
    post(&bound, null(), FOREIGN.into()).await.fails(404, "not_found");
    assert_eq!(post(&server, "three".into(), null()).await.expect(201)["tenant"], "three");
    assert_eq!(post(&server, null(), FOREIGN.into()).await.expect(201)["tenant"], "two");
    post(&server, "one".into(), FOREIGN.into()).await.fails(404, "not_found");
    assert_eq!(post(&server, null(), null()).await.fails(400, "invalid_request").pointers(), ["/tenant"]);
}

#[tokio::test]
async fn r2_14_whose_keys_an_administrator_sees_and_revokes() {
    let world = World::start().await;
    let (tenant, server) = (world.admin_key().await, world.server_key().await);
    let bound = world.make_key(BOUND, &[Permission::Admin]).await.0;
    let reader = world.make_key(BOUND, &[Permission::QualityRead]).await.0;
    let of = async |tenant, workspace| {
        let holder = Holder { tenant: Some(tenant), workspace, side: Side::Live, expires_at: None };
        json!(world.make_key(holder, &[Permission::QualityRead]).await.1.to_string())
    };
    let (own, sibling, foreign) =
        (of("one", Some(WORKSPACE)).await, of("one", Some(SIBLING)).await, of("two", None).await);
    for (admin, sees) in [(&tenant, [true, true, false]), (&bound, [true, false, false]), (&server, [true, true, true])]
    {
        for (id, seen) in [&own, &sibling, &foreign].into_iter().zip(sees) {
            assert_eq!(listed(&world, admin, id).await.is_some(), seen);
        }
    }
    let revoke = |key: &str, id: &Value| world.server.ask(Method::DELETE, &one(id), key).send();
    revoke(&tenant, &foreign).await.fails(404, "not_found");
    revoke(&tenant, &UNKNOWN.into()).await.fails(404, "not_found");
    revoke(&bound, &sibling).await.fails(403, "forbidden");
    revoke(&reader, &own).await.fails(403, "forbidden");
    revoke(&reader, &foreign).await.fails(404, "not_found");
    for id in [&own, &sibling, &foreign] {
        assert!(listed(&world, &server, id).await.unwrap()["revokedAt"].is_null());
    }
    let reply = world.server.ask(Method::DELETE, &format!("{}?force=1", one(&own)), &tenant).send().await;
    reply.fails(400, "invalid_request");
    assert!(listed(&world, &server, &own).await.unwrap()["revokedAt"].is_null());
    revoke(&bound, &own).await.expect(200);
    revoke(&tenant, &sibling).await.expect(200);
    revoke(&server, &foreign).await.expect(200);
    let reply = world.server.ask(Method::DELETE, &format!("{PATH}/x"), &tenant).send().await;
    assert_eq!(reply.fails(400, "invalid_id").pointers(), ["/keyId"]);
}

#[tokio::test]
async fn r2_12_an_administrator_of_the_test_side_has_its_keys_alone() {
    let world = World::start().await;
    let (live, server) = (world.admin_key().await, world.server_key().await);
    let test_side = Holder { side: Side::Test, ..BOUND };
    let test = world.make_key(Holder { workspace: None, ..test_side }, &[Permission::Admin]).await.0;
    let bound = world.make_key(test_side, &[Permission::Admin]).await.0;
    let reader = world.make_key(test_side, &[Permission::QualityRead]).await.0;
    let (of_live, of_test) = (
        json!(world.make_key(BOUND, &[Permission::QualityRead]).await.1.to_string()),
        json!(world.make_key(test_side, &[Permission::QualityRead]).await.1.to_string()),
    );
    let make = |key: &str, test: bool| {
        let body = json!({"scopes": ["quality:read"], "test": test});
        world.server.ask(Method::POST, PATH, key).json(&body).send()
    };
    let before = world.server.get(PATH, &server).await.expect(200)["total"].clone();
    for key in [&test, &bound] {
        make(key, false).await.fails(403, "forbidden");
        world.server.post(PATH, key, &json!({"scopes": ["admin"]})).await.fails(403, "forbidden");
    }
    assert_eq!(world.server.get(PATH, &server).await.expect(200)["total"], before);
    for (key, side) in [(&test, true), (&bound, true), (&live, true), (&live, false)] {
        assert_eq!(make(key, side).await.expect(201)["side"], if side { "test" } else { "live" });
    }
    for (key, sees) in [(&test, [false, true]), (&bound, [false, true]), (&live, [true, true])] {
        for (id, seen) in [&of_live, &of_test].into_iter().zip(sees) {
            assert_eq!(listed(&world, key, id).await.is_some(), seen);
        }
    }
    let revoke =
        |key: &str, id: &Value| world.server.ask(Method::DELETE, &one(id), key).header("x-request-id", "same").send();
    for key in [&test, &bound, &reader] {
        let (other, unknown) = (revoke(key, &of_live).await, revoke(key, &UNKNOWN.into()).await);
        other.fails(404, "not_found");
        assert_eq!(other.text, unknown.text);
    }
    revoke(&reader, &of_test).await.fails(403, "forbidden");
    assert!(listed(&world, &live, &of_live).await.unwrap()["revokedAt"].is_null());
    revoke(&test, &of_test).await.expect(200);
    revoke(&live, &of_live).await.expect(200);
}

#[tokio::test]
async fn r2_9_bad_keys_change_nothing() {
    let world = World::start().await;
    let admin = world.admin_key().await;
    let before = world.server.get(PATH, &admin).await.expect(200)["total"].clone();
    let cases: [(Value, &[&str]); 9] = [
        (json!({}), &["/scopes"]),
        (json!({"scopes": []}), &["/scopes"]),
        (json!({"scopes": ["quality:read", "quality:read"]}), &["/scopes"]),
        (json!({"scopes": ["server"]}), &["/scopes/0"]),
        (json!({"scopes": ["quality:read", "root", 5]}), &["/scopes/1", "/scopes/2"]),
        (json!({"scopes": ["admin"], "expiresAt": "2026-03-25T10:00:00Z"}), &["/expiresAt"]),
        (json!({"scopes": ["admin"], "expiresAt": "2026-03-26"}), &["/expiresAt"]),
        (
            json!({"scopes": ["admin"], "test": 1, "name": "", "tenant": "x".repeat(256)}),
            &["/name", "/tenant", "/test"],
        ),
        (json!({"scopes": ["admin"], "workspaceId": "x", "key": "sf_live_v1_mine"}), &["/workspaceId", "/key"]),
    ];
    for (body, pointers) in cases {
        let reply = world.server.post(PATH, &admin, &body).await;
        assert_eq!(reply.fails(400, "invalid_request").pointers(), pointers, "{body}");
    }
    assert_eq!(world.server.get(PATH, &admin).await.expect(200)["total"], before);
}

#[tokio::test]
async fn r2_6_each_administrator_pages_through_the_keys_that_it_reaches() {
    let world = World::start().await;
    let (tenant, server) = (world.admin_key().await, world.server_key().await);
    let bound = world.make_key(BOUND, &[Permission::Admin]).await.0;
    let test_side = Holder { side: Side::Test, workspace: None, ..BOUND };
    let test = world.make_key(test_side, &[Permission::Admin]).await.0;
    let others = Holder { tenant: Some("two"), workspace: None, ..BOUND };
    for holder in [BOUND, test_side, others] {
        let scopes = [Permission::QualityRead];
        futures::future::join_all((0..700).map(|_| world.make_key(holder, &scopes))).await;
    }
    // The world's two, the administrators, and those made here.
    for (admin, total) in [(&tenant, 2 + 3 + 1_400), (&bound, 1 + 1 + 700), (&test, 1 + 700), (&server, 2 + 4 + 2_100)]
    {
        let (mut seen, mut path) = (std::collections::BTreeSet::new(), PATH.to_owned());
        loop {
            let page = world.server.get(&path, admin).await.expect(200);
            assert_eq!(page["total"], total);
            let items = page["items"].as_array().expect("a list");
            assert!(items.iter().all(|item| seen.insert(item["id"].to_string())), "each once");
            let Some(cursor) = page.get("nextCursor") else { break };
            assert_eq!(items.len(), 1_000);
            path = format!("{PATH}?cursor={}", cursor.as_str().expect("a text"));
        }
        assert_eq!(seen.len(), total);
    }
}

#[tokio::test]
async fn r2_18b_a_tenant_makes_as_many_keys_as_it_may_and_revoked_ones_count() {
    let setup = Setup { ceilings: (1_000, 6), ..Setup::default() };
    let world = World::of(Server::start(setup).await).await;
    let admin = world.admin_key().await;
    let body = json!({"scopes": ["quality:read"]});
    let replies = futures::future::join_all((0..8).map(|_| world.server.post(PATH, &admin, &body))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 3, "three were there");
    for refused in replies.iter().filter(|reply| reply.status != 201) {
        refused.fails(409, "too_many_keys");
    }
    let made = replies.iter().find(|reply| reply.status == 201).expect("one was made").json();
    world.server.ask(Method::DELETE, &one(&made["id"]), &admin).send().await.expect(200);
    world.server.post(PATH, &admin, &body).await.fails(409, "too_many_keys");
    let server = world.server_key().await;
    let of = |tenant: &str| json!({"scopes": ["quality:read"], "tenant": tenant});
    world.server.post(PATH, &server, &of("one")).await.expect(201);
    world.server.post(PATH, &server, &of("two")).await.expect(201);
}
