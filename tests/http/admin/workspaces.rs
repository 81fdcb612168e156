//! `/api/admin/workspaces`.

use reqwest::Method;
use serde_json::{Value, json};
use tripswitch::domain::ids::{Id, Side};
use tripswitch::domain::system::{Permission, SystemRecord};

use crate::support::world::{
    ACCOUNT, BOUND, FOREIGN, Holder, SIBLING, UNKNOWN, WORKSPACE, World, at, id_of, low_score,
};
use crate::support::{Server, Setup};

const PATH: &str = "/api/admin/workspaces";

fn ids(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().expect("a list");
    assert_eq!(list["total"], items.len());
    items.iter().map(|item| item["id"].as_str().expect("an id")).collect()
}

#[tokio::test]
async fn r2_14_an_administrator_has_its_own_tenant() {
    let world = World::start().await;
    let admin = world.admin_key().await;
    assert_eq!(ids(&world.server.get(PATH, &admin).await.expect(200)), [WORKSPACE, SIBLING]);
    let made = world.server.post(PATH, &admin, &json!({"name": "Nordic"})).await.expect(201);
    let id = made["id"].as_str().expect("an id").to_owned();
    let expected = json!({"id": id, "name": "Nordic", "tenant": "one", "createdAt": "2026-03-25T10:00:00.000Z"});
    assert_eq!(made, expected);
    world.server.post(PATH, &admin, &json!({"name": "Drawn", "tenant": "one"})).await.expect(201);
    world.server.post(PATH, &admin, &json!({"name": "x", "tenant": "two"})).await.fails(403, "forbidden");
    assert_eq!(ids(&world.server.get(PATH, &admin).await.expect(200)).len(), 4);
    // The new workspace is in reach of the tenant's keys at once.
    let config = world.server.get(&format!("/api/workspaces/{id}/csat-config"), &world.tenant_key).await;
    assert_eq!(config.expect(200)["workspaceId"], id);
}

#[tokio::test]
async fn r2_14_a_server_key_has_every_tenant() {
    let world = World::start().await;
    let server = world.server_key().await;
    assert_eq!(ids(&world.server.get(PATH, &server).await.expect(200)), [WORKSPACE, SIBLING, FOREIGN]);
    let made = world.server.post(PATH, &server, &json!({"name": "New", "tenant": "three"})).await.expect(201);
    assert_eq!(made["tenant"], "three");
    let body = json!({"name": "Moved", "tenant": "three", "id": format!("ws_{UNKNOWN}")});
    assert_eq!(world.server.post(PATH, &server, &body).await.expect(201)["id"], UNKNOWN);
    for id in [WORKSPACE, FOREIGN, UNKNOWN] {
        let body = json!({"name": "x", "tenant": "one", "id": id});
        world.server.post(PATH, &server, &body).await.fails(409, "workspace_exists");
    }
    let reply = world.server.post(PATH, &server, &json!({"name": "New"})).await;
    assert_eq!(reply.fails(400, "invalid_request").pointers(), ["/tenant"]);
}

#[tokio::test]
async fn r2_14_an_administrator_of_one_workspace_makes_none() {
    let world = World::start().await;
    let bound = world.make_key(BOUND, &[Permission::Admin]).await.0;
    assert_eq!(ids(&world.server.get(PATH, &bound).await.expect(200)), [WORKSPACE]);
    world.server.post(PATH, &bound, &json!({"name": "New"})).await.fails(403, "forbidden");
}

#[tokio::test]
async fn r2_9_bad_workspaces_change_nothing() {
    let world = World::start().await;
    let admin = world.admin_key().await;
    let before = world.server.get(PATH, &admin).await.expect(200);
    let cases: [(Value, &[&str]); 7] = [
        (json!({}), &["/name"]),
        (json!({"name": ""}), &["/name"]),
        (
            json!({"name": "x".repeat(256), "tenant": "", "id": "urn:uuid:x", "colour": 1}),
            &["/name", "/tenant", "/id", "/colour"],
        ),
        (json!({"name": 5}), &["/name"]),
        (json!({"name": "x", "id": null}), &["/id"]),
        (json!({"name": "x", "id": UNKNOWN.replace('-', "")}), &["/id"]),
        (json!({"name": "x", "tenant": "one", "id": "00000000-0000-0000-0000-000000000000"}), &["/id"]),
    ];
    let server = world.server_key().await;
    for (body, pointers) in cases {
        let reply = world.server.post(PATH, &server, &body).await;
        assert_eq!(reply.fails(400, "invalid_request").pointers(), pointers, "{body}");
    }
    let query = world.server.get(&format!("{PATH}?tenant=two"), &admin).await;
    assert_eq!(query.fails(400, "invalid_request").pointers(), ["/tenant"]);
    assert_eq!(world.server.get(PATH, &admin).await.expect(200), before);
    world.server.post(PATH, &admin, &json!({"name": "é".repeat(255)})).await.expect(201);
}

#[tokio::test]
async fn r2_18_a_tenants_administrator_chooses_no_id_and_learns_of_none() {
    let world = World::start().await;
    let admin = world.admin_key().await;
    let frames = world.server.engine.stats_now().journal.frames;
    let mut answers = Vec::new();
    for id in [WORKSPACE, SIBLING, FOREIGN, UNKNOWN, "00000000-0000-0000-0000-000000000000"] {
        let body = json!({"name": "x", "id": id});
        let reply =
            world.server.ask(Method::POST, PATH, &admin).header("x-request-id", "same").json(&body).send().await;
        assert_eq!(reply.fails(400, "id_not_allowed").pointers(), ["/id"]);
        answers.push(reply.text);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    let other = json!({"name": "x", "tenant": "two", "id": FOREIGN});
    world.server.post(PATH, &admin, &other).await.fails(403, "forbidden");
    assert_eq!(world.server.engine.stats_now().journal.frames, frames, "nothing was written");
}

#[tokio::test]
async fn r2_18_an_administrator_of_the_test_side_makes_no_workspaces_and_sees_them_all() {
    let world = World::start().await;
    let holder = Holder { workspace: None, side: Side::Test, ..BOUND };
    let test = world.make_key(holder, &[Permission::Admin]).await.0;
    for body in [json!({"name": "New"}), json!({"name": "New", "id": FOREIGN})] {
        world.server.post(PATH, &test, &body).await.fails(403, "forbidden");
    }
    assert_eq!(ids(&world.server.get(PATH, &test).await.expect(200)), [WORKSPACE, SIBLING]);
}

#[tokio::test]
async fn r2_6_a_long_list_comes_in_pages_that_follow_each_other() {
    let world = World::start().await;
    let admin = world.admin_key().await;
    let make = |n: u128| SystemRecord::WorkspaceCreated {
        id: Id(n),
        name: "w".into(),
        tenant: if n.is_multiple_of(3) { "two".into() } else { "one".into() },
        actor: "test".into(),
    };
    let all = (1..=3_000).map(|n| world.server.engine.system(make(n)));
    assert!(futures::future::join_all(all).await.into_iter().all(|made| made.is_ok_and(|made| made.is_ok())));
    let mut expected = vec![id_of(WORKSPACE), id_of(SIBLING)];
    expected.extend((1..=3_000).filter(|n| n % 3 != 0).map(Id));
    expected.sort();
    let (mut found, mut path, mut pages) = (Vec::new(), PATH.to_owned(), Vec::new());
    loop {
        let page = world.server.get(&path, &admin).await.expect(200);
        assert_eq!(page["total"], 2_002);
        let items = page["items"].as_array().expect("a list");
        pages.push(items.len());
        found.extend(items.iter().map(|item| id_of(item["id"].as_str().expect("an id"))));
        let Some(cursor) = page.get("nextCursor") else { break };
        path = format!("{PATH}?cursor={}", cursor.as_str().expect("a text"));
    }
    assert_eq!((pages, found), (vec![1_000, 1_000, 2], expected), "all were made at the same time: in order of id");
    let keys = format!("/api/admin/keys?{}", path.split_once('?').expect("a cursor").1);
    let broken = [format!("{PATH}?cursor="), format!("{path}x"), keys, format!("{PATH}?limit=10")];
    for path in &broken {
        world.server.get(path, &admin).await.fails(400, "invalid_request");
    }
}

#[tokio::test]
async fn r2_18b_a_tenant_makes_as_many_workspaces_as_it_may_however_many_it_asks_for_at_once() {
    let setup = Setup { ceilings: (5, 10_000), ..Setup::default() };
    let world = World::of(Server::start(setup).await).await;
    let admin = world.admin_key().await;
    let body = json!({"name": "New"});
    let replies = futures::future::join_all((0..10).map(|_| world.server.post(PATH, &admin, &body))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 3, "two were there");
    for refused in replies.iter().filter(|reply| reply.status != 201) {
        refused.fails(409, "too_many_workspaces");
    }
    let server = world.server_key().await;
    world.server.post(PATH, &server, &json!({"name": "New", "tenant": "one"})).await.expect(201);
    world.server.post(PATH, &admin, &body).await.fails(409, "too_many_workspaces");
    assert_eq!(ids(&world.server.get(PATH, &admin).await.expect(200)).len(), 6);
    world.server.post(PATH, &server, &json!({"name": "New", "tenant": "two"})).await.expect(201);
}

fn path_of(id: &str) -> String {
    format!("{PATH}/{id}")
}

#[tokio::test]
async fn r2_17_a_deleted_workspace_is_not_found_its_keys_are_unknown_and_its_id_is_taken() {
    let world = World::start().await;
    let (admin, server) = (world.admin_key().await, world.server_key().await);
    let delete = |path: String, key: &str| world.server.ask(Method::DELETE, &path, key).send();
    world.trip().await;
    let before = world.server.engine.stats_now().journal.frames;
    delete(path_of(WORKSPACE), &admin).await.fails(409, "breakers_active");
    for query in ["force=1", "force=", "force=true&force=true", "all=true"] {
        delete(format!("{}?{query}", path_of(WORKSPACE)), &admin).await.fails(400, "invalid_request");
    }
    assert_eq!(world.server.engine.stats_now().journal.frames, before, "nothing was written");
    let erased = delete(format!("{}?force=true", path_of(WORKSPACE)), &admin).await.expect(200);
    let expected = json!({"workspaceId": WORKSPACE, "erasedAt": "2026-03-25T10:00:00.000Z",
        "goneBy": "2026-03-26T10:00:00.000Z"});
    assert_eq!(erased, expected);

    let mut world = world;
    for restarted in [false, true] {
        if restarted {
            world = world.restarted().await;
        }
        let delete = |path: String, key: &str| world.server.ask(Method::DELETE, &path, key).send();
        for path in ["quality/gate", "quality/stats", "csat-config", "quality/circuit-breakers"] {
            world.server.get(&at(path), &world.tenant_key).await.fails(404, "not_found");
            world.server.get(&at(path), &world.key).await.fails(401, "unauthorized");
        }
        world.server.post(&at("events"), &world.tenant_key, &json!([])).await.fails(404, "not_found");
        world.server.get(&at("audit"), &server).await.fails(404, "not_found");
        for key in [&admin, &server] {
            delete(path_of(WORKSPACE), key).await.fails(404, "not_found");
        }
        assert_eq!(ids(&world.server.get(PATH, &server).await.expect(200)), [SIBLING, FOREIGN]);
        let again = json!({"name": "Again", "tenant": "one", "id": WORKSPACE});
        world.server.post(PATH, &server, &again).await.fails(409, "workspace_exists");
        let keys = world.server.get("/api/admin/keys", &server).await.text;
        assert!(!keys.contains(WORKSPACE), "{keys}");
        let export = world.server.get("/api/admin/export", &server).await;
        assert!(export.text.contains(SIBLING) && !export.text.contains(WORKSPACE), "{}", export.text);
    }
    world.send(SIBLING, &world.tenant_key, &[low_score(1, ACCOUNT)]).await;
}

#[tokio::test]
async fn r2_17_who_deletes_which_workspaces() {
    let world = World::start().await;
    let admin = world.admin_key().await;
    let bound = world.make_key(BOUND, &[Permission::Admin]).await.0;
    let of_test = Holder { side: Side::Test, workspace: None, ..BOUND };
    let test = world.make_key(of_test, &[Permission::Admin]).await.0;
    let delete =
        |id: &str, key: &str| world.server.ask(Method::DELETE, &path_of(id), key).header("x-request-id", "same").send();
    for key in [&bound, &test, &world.tenant_key] {
        delete(WORKSPACE, key).await.fails(403, "forbidden");
    }
    for key in [&admin, &bound, &test] {
        let (foreign, unknown) = (delete(FOREIGN, key).await, delete(UNKNOWN, key).await);
        foreign.fails(404, "not_found");
        assert_eq!(foreign.text, unknown.text);
    }
    delete("x", &admin).await.fails(400, "invalid_id");
    assert_eq!(ids(&world.server.get(PATH, &admin).await.expect(200)), [WORKSPACE, SIBLING]);
    // The breaker of the test side counts as well.
    let sends = world.make_key(of_test, &[Permission::EventsWrite]).await.0;
    world.send(SIBLING, &sends, &(1..=3).map(|n| low_score(n, ACCOUNT)).collect::<Vec<_>>()).await;
    delete(SIBLING, &admin).await.fails(409, "breakers_active");
    delete(WORKSPACE, &admin).await.expect(200);
    delete(FOREIGN, &world.server_key().await).await.expect(200);
}

#[tokio::test]
async fn r2_17_who_waits_at_the_gate_of_a_deleted_workspace_is_told() {
    let world = World::start().await;
    let admin = world.admin_key().await;
    world.send(SIBLING, &world.tenant_key, &[low_score(1, ACCOUNT)]).await;
    // One side has a record, the other has none.
    for id in [WORKSPACE, SIBLING] {
        let gate = format!("/api/workspaces/{id}/quality/gate?waitEpoch=0&timeoutSeconds=60");
        let held = world.server.get(&gate, &world.tenant_key);
        let delete = world.server.ask(Method::DELETE, &path_of(id), &admin).send();
        let (held, deleted) = futures::join!(held, delete);
        deleted.expect(200);
        held.fails(404, "not_found");
    }
}
