//! What is for another node's partition is passed on, once.

use reqwest::Method;
use serde_json::json;
use tripswitch::domain::system::{Permission, SystemRecord};
use tripswitch::http::Web;

use super::{Node, pair};
use crate::support::sse::Sse;
use crate::support::world::{ACCOUNT, BOUND, Holder, WORKSPACE, World, at, conversation_id};

#[tokio::test]
async fn r11_2_a_request_is_answered_wherever_it_comes_in() {
    let (owner, entry, unit) = pair(WORKSPACE).await;
    let id = entry.world.trip().await;
    let path = at(&format!("quality/gate?accountId={ACCOUNT}"));
    for node in [&owner, &entry] {
        let gate = node.world.server.get(&path, &unit.key).await;
        assert_eq!(gate.expect(200), json!({"decision": "pause", "epoch": 1, "breakers": [id]}));
        let known = node.world.server.ask(Method::GET, &path, &unit.key).header("if-none-match", gate.header("etag"));
        assert_eq!(known.send().await.status.as_u16(), 304);
    }
    let acknowledge = at(&format!("quality/circuit-breakers/{id}/acknowledge"));
    entry.world.server.post_nothing(&acknowledge, &unit.key).await.expect(200);
    let asked = entry.world.server.ask(Method::HEAD, &path, &unit.key).send().await;
    assert_eq!((asked.status.as_u16(), asked.text.as_str()), (200, ""));
    entry.world.server.get(&at("quality/stats?x=y"), &unit.key).await.fails(400, "invalid_request");
    entry.world.server.get(&at("quality/stats"), "sf_live_v1_x").await.fails(401, "unauthorized");
    entry.world.server.get(&at("quality/nothing"), &unit.key).await.fails(404, "not_found");
    assert_eq!(entry.world.server.ask(Method::PUT, &at("events"), &unit.key).send().await.status.as_u16(), 405);
    assert_eq!(unit.server.engine.sides().len(), 1);
    assert!(owner.world.server.engine.sides().is_empty() && entry.world.server.engine.sides().is_empty());
}

#[tokio::test]
async fn an_answer_that_was_passed_on_has_every_header_once() {
    let origin = "https://app.example.com";
    let web = || Web { origins: [origin.parse().unwrap()].into(), ..Web::default() };
    let (owner, entry, unit) = (Node::start_with(web()).await, Node::start_with(web()).await, World::start().await);
    owner.takes(WORKSPACE, &unit);
    entry.believes(WORKSPACE, &owner.url);
    for (path, status) in [(at("quality/stats"), 200), (at("quality/stats?x=y"), 400)] {
        let ask = |node: &Node| {
            let asked = node.world.server.ask(Method::GET, &path, &unit.key).header("x-request-id", "r-1");
            asked.header("origin", origin).send()
        };
        let (here, there) = (ask(&owner).await, ask(&entry).await);
        there.expect(status);
        assert_eq!(there.header("x-request-id"), "r-1");
        let told = |headers: &reqwest::header::HeaderMap| {
            let timeless = headers.iter().filter(|(name, _)| *name != "date");
            let mut told: Vec<_> = timeless.map(|(name, value)| (name.clone(), value.clone())).collect();
            told.sort_by(|a, b| (a.0.as_str(), a.1.as_bytes()).cmp(&(b.0.as_str(), b.1.as_bytes())));
            told
        };
        assert_eq!(told(&here.headers), told(&there.headers), "as if it had been asked there");
    }
}

#[tokio::test]
async fn held_gates_and_streams_pass_through() {
    let (owner, entry, unit) = pair(WORKSPACE).await;
    let mut stream = Sse::open(&entry.world.server, &at("quality/stream"), &unit.key, None).await;
    let path = at("quality/gate?waitEpoch=0&timeoutSeconds=60");
    let held = entry.world.server.get(&path, &unit.key);
    let (held, id) = tokio::join!(held, owner.world.trip());
    assert_eq!(held.expect(200)["epoch"], 1);
    let told = stream.until("breaker.triggered").await;
    let last = told.last().expect("the breaker is told");
    assert!(last.data.to_string().contains(&id), "{}", last.data);
}

#[tokio::test]
async fn a_hop_counts_only_if_a_node_has_written_it_and_goes_no_further() {
    let (owner, entry, unit) = pair(WORKSPACE).await;
    let forged = format!("{} 17 192.0.2.7", "0".repeat(64));
    for value in [forged.as_str(), "17", ""] {
        let asked = entry.world.server.ask(Method::GET, &at("quality/stats"), &unit.key);
        asked.header("tripswitch-hop", value).send().await.expect(200);
    }
    // Two nodes of which each holds that the other has it.
    owner.front.remove(super::partition(WORKSPACE));
    owner.believes(WORKSPACE, &entry.url);
    for node in [&owner, &entry] {
        let reply = node.world.server.get(&at("quality/stats"), &unit.key).await;
        assert_eq!(reply.fails(503, "partition_moving").header("retry-after"), "1");
    }
}

#[tokio::test]
async fn what_is_of_no_workspace_is_answered_where_it_is_asked() {
    let entry = Node::start().await;
    let server = &entry.world.server;
    let key = &entry.world.key;
    for path in ["/api/me", "/api/sign-in", "/api/openapi.json"] {
        server.get(path, key).await.expect(200);
    }
    server.get("/api/workspaces/x/quality/stats", key).await.fails(400, "invalid_id");
    server.get("/api/conversations/x/quality", key).await.fails(400, "invalid_id");
    server.get("/api/nothing", key).await.fails(404, "not_found");
    server.get(&at("quality/stats"), key).await.fails(503, "partition_moving");
    let operator = entry.world.server_key().await;
    server.get("/api/admin/status", &operator).await.expect(200);
    for path in ["/api/admin/snapshots", "/api/admin/journal", "/api/admin/export"] {
        server.get(path, &operator).await.fails(409, "clustered");
        server.get(path, key).await.fails(403, "forbidden");
        server.get(path, "sf_live_v1_x").await.fails(401, "unauthorized");
    }
}

#[tokio::test]
async fn links_and_deleted_workspaces_go_to_their_partition() {
    let (_owner, entry, unit) = pair(WORKSPACE).await;
    entry.world.trip().await;
    let path = format!("/api/conversations/{}/satisfaction-link", conversation_id(1));
    let made = entry.world.server.post_nothing(&path, &unit.key).await.expect(201);
    let url = made["url"].as_str().unwrap();
    let token = &url[url.find("/s/").unwrap()..];
    let (status, page) = entry.world.server.get_bytes(token).await;
    assert_eq!((status, String::from_utf8(page).unwrap().contains("<form")), (200, true));
    let (status, page) = entry.world.server.get_bytes("/s/nothing").await;
    assert_eq!((status, String::from_utf8(page).unwrap().contains("<html")), (404, true));

    let (admin, id) = unit.make_key(Holder { workspace: None, ..BOUND }, &[Permission::Admin]).await;
    let key = unit.server.engine.system_table().key(id).expect("it was made").clone();
    let same = SystemRecord::KeyCreated { key, actor: "test".into() };
    entry.world.server.engine.system(same).await.expect("the engine runs").expect("a fresh key");
    let path = format!("/api/admin/workspaces/{WORKSPACE}");
    entry.world.server.ask(Method::DELETE, &path, &admin).send().await.fails(409, "breakers_active");
    entry.world.server.ask(Method::DELETE, &format!("{path}?force=true"), &admin).send().await.expect(200);
    assert!(unit.server.engine.sides().is_empty());
}
