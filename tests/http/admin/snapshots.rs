//! `/api/admin/snapshots`.

use reqwest::Method;
use serde_json::{Value, json};
use tripswitch::domain::ids::Side;
use tripswitch::domain::system::Permission;
use tripswitch::snapshot::{SnapshotNumber, SnapshotStore};

use crate::support::world::{BOUND, Holder, World};

const PATH: &str = "/api/admin/snapshots";

/// Method and path of everything that asks for a server key.
const OPERATIONS: [(Method, &str); 8] = [
    (Method::POST, PATH),
    (Method::GET, PATH),
    (Method::GET, "/api/admin/snapshots/status"),
    (Method::POST, "/api/admin/snapshots/prune"),
    (Method::POST, "/api/admin/snapshots/1/verify"),
    (Method::GET, "/api/admin/journal"),
    (Method::GET, "/api/admin/status"),
    (Method::GET, "/api/admin/cluster"),
];

fn verify(number: u64) -> String {
    format!("{PATH}/{number}/verify")
}

async fn numbers(world: &World, key: &str) -> Vec<(u64, String)> {
    let list = world.server.get(PATH, key).await.expect(200);
    let items = list["items"].as_array().expect("a list");
    assert_eq!(list["total"], items.len());
    let one = |item: &Value| {
        (item["number"].as_u64().expect("a number"), item["state"].as_str().expect("a state").to_owned())
    };
    items.iter().map(one).collect()
}

fn whole(numbers: &[u64]) -> Vec<(u64, String)> {
    numbers.iter().map(|number| (*number, "whole".to_owned())).collect()
}

#[tokio::test]
async fn r2_14_every_other_credential_is_refused_before_anything_is_looked_at() {
    let world = World::start().await;
    let test_side = Holder { tenant: None, workspace: None, side: Side::Test, expires_at: None };
    let others = [
        world.key.clone(),
        world.admin_key().await,
        world.make_key(Holder { workspace: None, ..BOUND }, &[Permission::Server]).await.0,
        world.make_key(test_side, &[Permission::Server]).await.0,
    ];
    for (method, path) in OPERATIONS {
        let ask = |key: &str| {
            let path = format!("{path}?x=1");
            world.server.ask(method.clone(), &path, key).header("content-type", "image/png").bytes("{")
        };
        ask("").send().await.fails(401, "unauthorized");
        for key in &others {
            ask(key).send().await.fails(403, "forbidden");
        }
    }
    let malformed = |key| world.server.ask(Method::POST, "/api/admin/snapshots/x/verify", key).send();
    malformed("").await.fails(401, "unauthorized");
    assert_eq!(malformed(&world.key).await.fails(400, "invalid_id").pointers(), ["/number"]);
    assert!(world.server.snapshots.list().unwrap().is_empty(), "nothing was done");
}

#[tokio::test]
async fn r10_5_a_snapshot_is_answered_when_it_is_whole_listed_and_verified() {
    let world = World::start().await;
    let server = world.server_key().await;
    assert_eq!(numbers(&world, &server).await, []);
    let status = world.server.get(&format!("{PATH}/status"), &server).await.expect(200);
    assert_eq!((&status["last"], &status["running"], &status["failures"]), (&Value::Null, &false.into(), &0.into()));
    world.trip().await;
    let made = world.server.post_nothing(PATH, &server).await.expect(201);
    let expected = json!({
        "number": 1, "state": "whole", "reason": null, "path": "memory/1", "createdAt": "2026-03-25T10:00:00.000Z",
        "tookMillis": 0, "bytes": made["bytes"], "position": made["position"],
        "lastReceipt": "2026-03-25T10:00:00.000Z", "program": env!("CARGO_PKG_VERSION"), "sides": 1,
        "conversations": 3, "accounts": 1,
    });
    assert_eq!(made, expected);
    assert!(made["bytes"].as_u64() > Some(0) && made["position"].as_u64() > Some(0), "{made}");
    assert_eq!(world.server.get(PATH, &server).await.expect(200), json!({"items": [made], "total": 1}));
    assert_eq!(world.server.post_nothing(&verify(1), &server).await.expect(200), made);
    let status = world.server.get(&format!("{PATH}/status"), &server).await.expect(200);
    assert_eq!((&status["last"]["number"], &status["tail"]["events"]), (&1.into(), &0.into()));
    assert_eq!(status["last"]["createdAt"], "2026-03-25T10:00:00.000Z", "R2.3");
    let second = world.server.post(PATH, &server, &json!({})).await.expect(201);
    assert_eq!(second["number"], 2);
    assert_eq!(numbers(&world, &server).await, whole(&[2, 1]), "newest first");
}

#[tokio::test]
async fn r9_4_a_damaged_snapshot_is_told_by_its_verification() {
    let world = World::start().await;
    let server = world.server_key().await;
    world.trip().await;
    for _ in 0..2 {
        world.server.post_nothing(PATH, &server).await.expect(201);
    }
    world.server.snapshots.damage(SnapshotNumber(1));
    assert_eq!(numbers(&world, &server).await, whole(&[2, 1]), "a list looks at manifests alone");
    let found = world.server.post_nothing(&verify(1), &server).await.expect(200);
    assert_eq!((&found["state"], &found["number"]), (&"damaged".into(), &1.into()));
    assert!(found["reason"].as_str().is_some_and(|reason| reason.contains("damaged")), "{found}");
    assert_eq!(world.server.post_nothing(&verify(2), &server).await.expect(200)["state"], "whole");
    world.server.snapshots.set_aside(SnapshotNumber(1)).unwrap();
    assert_eq!(numbers(&world, &server).await, [(2, "whole".to_owned()), (1, "setAside".to_owned())]);
    assert_eq!(world.server.post_nothing(&verify(1), &server).await.expect(200)["state"], "setAside");
    for unknown in [3, u64::MAX] {
        let reply = world.server.ask(Method::POST, &format!("{}?x=1", verify(unknown)), &server).send().await;
        reply.fails(404, "not_found");
    }
    for malformed in ["-1", "1.0", "", "%2B1", "18446744073709551616"] {
        let reply = world.server.post_nothing(&format!("{PATH}/{malformed}/verify"), &server).await;
        reply.fails(400, "invalid_id");
    }
}

#[tokio::test]
async fn r9_4_pruning_keeps_the_newest_and_by_default_as_many_as_configured() {
    let world = World::start().await;
    let server = world.server_key().await;
    let prune = format!("{PATH}/prune");
    for _ in 0..3 {
        world.server.post_nothing(PATH, &server).await.expect(201);
    }
    let pruned = world.server.post_nothing(&prune, &server).await.expect(200);
    assert_eq!(pruned, json!({"keep": 3, "removed": []}));
    let pruned = world.server.post(&prune, &server, &json!({"keep": 1})).await.expect(200);
    assert_eq!(pruned, json!({"keep": 1, "removed": [2, 1]}));
    assert_eq!(numbers(&world, &server).await, whole(&[3]));
    let kept = world.server.post(&prune, &server, &json!({"keep": 2})).await.expect(200);
    assert_eq!(kept["removed"], json!([]), "there are fewer than that");
}

#[tokio::test]
async fn r9_5_a_full_disk_is_507_and_the_next_one_works() {
    let world = World::start().await;
    let server = world.server_key().await;
    world.trip().await;
    let before = world.fingerprint().await;
    world.server.snapshots.fill(true);
    world.server.post_nothing(PATH, &server).await.fails(507, "disk_full");
    let status = world.server.get(&format!("{PATH}/status"), &server).await.expect(200);
    assert_eq!((&status["failures"], &status["running"]), (&1.into(), &false.into()));
    assert!(status["failure"].is_string(), "{status}");
    assert_eq!(numbers(&world, &server).await, []);
    assert_eq!(world.fingerprint().await, before);
    world.server.snapshots.fill(false);
    world.server.post_nothing(PATH, &server).await.expect(201);
    let status = world.server.get(&format!("{PATH}/status"), &server).await.expect(200);
    assert_eq!(status["failure"], Value::Null);
}

#[tokio::test]
async fn r2_9_unknown_parameters_and_members_change_nothing() {
    let world = World::start().await;
    let server = world.server_key().await;
    world.server.post_nothing(PATH, &server).await.expect(201);
    for (method, path) in OPERATIONS {
        let reply = world.server.ask(method.clone(), &format!("{path}?keep=1"), &server).send().await;
        assert_eq!(reply.fails(400, "invalid_request").pointers(), ["/keep"], "{method} {path}");
        if method == Method::POST {
            let ask = || world.server.ask(method.clone(), path, &server);
            let reply = ask().json(&json!({"colour": 1})).send().await;
            assert_eq!(reply.fails(400, "invalid_request").pointers(), ["/colour"], "{path}");
            ask().text("{").send().await.fails(400, "malformed_json");
            ask().bytes("{}").send().await.fails(415, "unsupported_media_type");
        }
    }
    for keep in [json!(0), json!(101), json!(1.5), json!("1"), json!(null)] {
        let reply = world.server.post(&format!("{PATH}/prune"), &server, &json!({"keep": keep})).await;
        assert_eq!(reply.fails(400, "invalid_request").pointers(), ["/keep"]);
    }
    world.server.get(&verify(1), &server).await.fails(405, "method_not_allowed");
    assert_eq!(numbers(&world, &server).await, whole(&[1]));
}

#[tokio::test]
async fn r2_8_a_server_that_stops_takes_no_snapshot() {
    let world = World::start().await;
    let server = world.server_key().await;
    world.server.engine.clone().shutdown().await;
    world.server.post_nothing(PATH, &server).await.fails(503, "shutting_down");
    assert_eq!(numbers(&world, &server).await, whole(&[1]), "the one of the shutdown");
}
