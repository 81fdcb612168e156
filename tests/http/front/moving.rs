//! Nobody answers for a partition that is on its way.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tripswitch::clock::Clock;
use tripswitch::cluster::{Lease, Place};

use super::streaming::played;
use super::{LEASE, Node, pair, partition};
use crate::support::world::{WORKSPACE, World, at};

fn lease_is_over(node: &Node) {
    node.world.server.clock.advance(i64::try_from(LEASE.as_millis()).expect("a few seconds"));
}

#[tokio::test]
async fn a_partition_that_nobody_serves_is_503() {
    let entry = Node::start().await;
    let (path, key) = (at("quality/stats"), &entry.world.key);
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    entry.believes(WORKSPACE, &url);
    let ask = || entry.world.server.get(&path, key);
    assert_eq!(ask().await.fails(503, "partition_moving").header("retry-after"), "1");
    // It is ours, and not there yet.
    entry.map.set(partition(WORKSPACE), Place::Here);
    ask().await.fails(503, "partition_moving");
    let unit = World::start().await;
    entry.takes(WORKSPACE, &unit);
    ask().await.expect(200);
    entry.front.remove(partition(WORKSPACE));
    ask().await.fails(503, "partition_moving");
}

#[tokio::test]
async fn a_node_that_has_lost_the_cluster_does_not_say_what_keys_may_do() {
    let entry = Node::start().await;
    let ask = async |path: &str| entry.world.server.get(path, &entry.world.key).await;
    ask("/api/me").await.expect(200);
    entry.map.out.store(true, Ordering::SeqCst);
    for path in ["/api/me", "/api/admin/keys", "/api/admin/workspaces"] {
        ask(path).await.fails(503, "partition_moving");
    }
    ask("/api/openapi.json").await.expect(200);
}

#[tokio::test]
async fn a_node_without_its_lease_answers_nothing() {
    let (owner, entry, unit) = pair(WORKSPACE).await;
    lease_is_over(&owner);
    for node in [&owner, &entry] {
        node.world.server.get(&at("quality/stats"), &unit.key).await.fails(503, "partition_moving");
    }
    owner.takes(WORKSPACE, &unit);
    entry.world.server.get(&at("quality/stats"), &unit.key).await.expect(200);
}

#[tokio::test]
async fn an_answer_that_was_made_after_the_lease_is_not_given() {
    let node = Node::start().await;
    let (entered, goes_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (enters, waits) = (Arc::clone(&entered), Arc::clone(&goes_on));
    let slow = Router::new().fallback(async move || {
        enters.notify_one();
        waits.notified().await;
        "secret"
    });
    let clock = node.world.server.clock.clone();
    let lease = Lease::new(clock.clone(), LEASE, clock.elapsed());
    node.front.add(partition(WORKSPACE), slow, Arc::new(lease));
    node.map.set(partition(WORKSPACE), Place::Here);
    let path = at("quality/stats");
    let over = async {
        entered.notified().await;
        lease_is_over(&node);
        goes_on.notify_one();
    };
    let (reply, ()) = tokio::join!(node.world.server.get(&path, &node.world.key), over);
    assert!(!reply.fails(503, "partition_moving").text.contains("secret"));
}

#[tokio::test]
async fn who_waits_for_a_node_that_says_nothing_is_told_when_its_partition_has_moved() {
    let (entry, silent) = played().await;
    let path = at("quality/stats");
    let asked = entry.world.server.get(&path, &entry.world.key);
    let moved = async {
        let (_held, _) = silent.accept().await.unwrap();
        entry.map.set(partition(WORKSPACE), Place::Moving);
        std::future::pending::<()>().await;
    };
    tokio::select! {
        reply = asked => drop(reply.fails(503, "partition_moving")),
        () = moved => {}
    }
}
