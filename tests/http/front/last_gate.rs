//! The gate answers with what was last known where the owner is out of reach (R8.1).

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tripswitch::cluster::Place;
use tripswitch::domain::ids::{Id, Side, WorkspaceKey};
use tripswitch::domain::workspace::GateState;

use super::streaming::played;
use super::{LEASE, Node, pair, partition};
use crate::support::world::{ACCOUNT, UNKNOWN, WORKSPACE, at, id_of};

const LIVE: Side = Side::Live;

fn paused(epoch: u64) -> (WorkspaceKey, GateState) {
    let key = WorkspaceKey { id: id_of(WORKSPACE), side: LIVE };
    let accounts = [(id_of(ACCOUNT), Id(7))].into();
    (key, GateState { epoch, accounts, ..GateState::default() })
}

#[tokio::test]
async fn r8_1_a_gate_out_of_reach_is_answered_as_it_was_last_known() {
    let entry = Node::start().await;
    let (server, key) = (&entry.world.server, &entry.world.key);
    let path = at(&format!("quality/gate?accountId={ACCOUNT}"));
    server.get(&path, key).await.fails(503, "partition_moving");
    let (side, state) = paused(4);
    entry.gates.learn(side, state);
    server.clock.advance(10_000);
    *entry.map.seen.lock().unwrap() = Some(Duration::from_secs(4));
    let held = format!("{path}&waitEpoch=4&timeoutSeconds=60");
    for path in [&path, &held] {
        let reply = server.ask(Method::GET, path, key).header("if-none-match", "*").send().await;
        let body = json!({"decision": "pause", "epoch": 4, "breakers": [Id(7)], "stale": true, "staleSeconds": 6});
        assert_eq!(reply.expect(200), body);
        assert_eq!((reply.header("etag"), reply.header("cache-control")), ("", "no-store"));
    }
    let other = server.get(&at(&format!("quality/gate?accountId={UNKNOWN}")), key).await.expect(200);
    assert_eq!((&other["decision"], &other["stale"]), (&json!("proceed"), &json!(true)));
    server.get(&path, "sf_live_v1_x").await.fails(401, "unauthorized");
    server.get(&format!("{path}&x=y"), key).await.fails(400, "invalid_request");
    server.get(&format!("/api/workspaces/{UNKNOWN}/quality/gate"), key).await.fails(404, "not_found");
    server.get(&at("quality/stats"), key).await.fails(503, "partition_moving");
}

#[tokio::test]
async fn r8_1_a_gate_that_nothing_ever_changed_lets_pass_once_all_gates_are_known() {
    let entry = Node::start().await;
    entry.gates.complete();
    let reply = entry.world.server.get(&at("quality/gate"), &entry.world.key).await;
    let body = json!({"decision": "proceed", "epoch": 0, "breakers": [], "stale": true, "staleSeconds": 0});
    assert_eq!(reply.expect(200), body);
}

#[tokio::test]
async fn r8_1_whoever_has_lost_the_lease_says_so_of_what_it_knows() {
    let (owner, entry, unit) = pair(WORKSPACE).await;
    owner.world.trip().await;
    let path = at("quality/gate");
    assert_eq!(entry.world.server.get(&path, &unit.key).await.expect(200)["stale"], json!(null));
    let (side, state) = paused(1);
    for node in [&owner, &entry] {
        node.gates.learn(side, state.clone());
    }
    owner.world.server.clock.advance(LEASE.as_millis() as i64);
    for node in [&owner, &entry] {
        let body = node.world.server.get(&path, &unit.key).await.expect(200);
        assert_eq!((&body["epoch"], &body["stale"]), (&json!(1), &json!(true)));
    }
}

#[tokio::test]
async fn r8_1_a_held_gate_is_answered_when_its_owner_is_lost() {
    let (entry, owner) = played().await;
    entry.gates.complete();
    let path = at("quality/gate?waitEpoch=0&timeoutSeconds=60");
    let held = entry.world.server.get(&path, &entry.world.key);
    let lost = async {
        let (_held, _) = owner.accept().await.unwrap();
        entry.map.set(partition(WORKSPACE), Place::Moving);
        std::future::pending::<()>().await;
    };
    tokio::select! {
        reply = held => assert_eq!(reply.expect(200)["stale"], json!(true)),
        () = lost => {}
    }
}
