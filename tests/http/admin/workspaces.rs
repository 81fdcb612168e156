//! `/api/admin/workspaces`.

use serde_json::{Value, json};
use tripswitch::domain::system::Permission;

use crate::support::world::{BOUND, FOREIGN, SIBLING, UNKNOWN, WORKSPACE, World};

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
    let made =
        world.server.post(PATH, &admin, &json!({"name": "Nordic", "id": format!("ws_{UNKNOWN}")})).await.expect(201);
    let expected = json!({"id": UNKNOWN, "name": "Nordic", "tenant": "one", "createdAt": "2026-03-25T10:00:00.000Z"});
    assert_eq!(made, expected);
    world.server.post(PATH, &admin, &json!({"name": "Drawn", "tenant": "one"})).await.expect(201);
    world.server.post(PATH, &admin, &json!({"name": "x", "tenant": "two"})).await.fails(403, "forbidden");
    assert_eq!(ids(&world.server.get(PATH, &admin).await.expect(200)).len(), 4);
    // The new workspace is in reach of the tenant's keys at once.
    let config = world.server.get(&format!("/api/workspaces/{UNKNOWN}/csat-config"), &world.tenant_key).await;
    assert_eq!(config.expect(200)["workspaceId"], UNKNOWN);
}

#[tokio::test]
async fn r2_14_a_server_key_has_every_tenant() {
    let world = World::start().await;
    let server = world.server_key().await;
    assert_eq!(ids(&world.server.get(PATH, &server).await.expect(200)), [WORKSPACE, SIBLING, FOREIGN]);
    let made = world.server.post(PATH, &server, &json!({"name": "New", "tenant": "three"})).await.expect(201);
    assert_eq!(made["tenant"], "three");
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
        (json!({"name": "x", "id": "00000000-0000-0000-0000-000000000000"}), &["/id"]),
    ];
    for (body, pointers) in cases {
        let reply = world.server.post(PATH, &admin, &body).await;
        assert_eq!(reply.fails(400, "invalid_request").pointers(), pointers, "{body}");
    }
    for id in [WORKSPACE, FOREIGN] {
        world.server.post(PATH, &admin, &json!({"name": "x", "id": id})).await.fails(409, "workspace_exists");
    }
    let query = world.server.get(&format!("{PATH}?tenant=two"), &admin).await;
    assert_eq!(query.fails(400, "invalid_request").pointers(), ["/tenant"]);
    assert_eq!(world.server.get(PATH, &admin).await.expect(200), before);
    world.server.post(PATH, &admin, &json!({"name": "é".repeat(255)})).await.expect(201);
}
