//! `/api/admin/cluster`.

use serde_json::json;
use tripswitch::service::cluster::Membership;
use tripswitch::wire::cluster::{Cluster, Node, Partition};

use crate::support::world::World;
use crate::support::{Server, Setup};

const CLUSTER: &str = "/api/admin/cluster";

fn seen() -> Cluster {
    let (name, url) = ("one".to_owned(), "https://one.example:8080".to_owned());
    let node = Node { name, url, version: "0.1.0".into(), draining: true, partitions: 1 };
    let part = |partition, node: Option<&str>, epoch, ready| Partition {
        partition,
        node: node.map(str::to_owned),
        epoch,
        ready,
        last_group: None,
        tail_groups: None,
    };
    Cluster { nodes: vec![node], partitions: vec![part(0, Some("one"), 7, true), part(1, None, 0, false)] }
}

#[tokio::test]
async fn r11_4_a_node_shows_the_cluster_as_it_sees_it() {
    let membership = Membership { node: "one".into(), cluster: Box::new(seen) };
    let world = World::of(Server::start(Setup { membership: Some(membership), ..Setup::default() }).await).await;
    let server = world.server_key().await;
    let expected = json!({
        "nodes": [{
            "name": "one", "url": "https://one.example:8080", "version": "0.1.0", "draining": true, "partitions": 1,
        }],
        "partitions": [
            {"partition": 0, "node": "one", "epoch": 7, "ready": true},
            {"partition": 1, "node": null, "epoch": 0, "ready": false},
        ],
    });
    assert_eq!(world.server.get(CLUSTER, &server).await.expect(200), expected);
    assert_eq!(world.server.get("/api/admin/status", &server).await.expect(200)["node"], "one");
    let faulty = world.server.get(&format!("{CLUSTER}?x=1"), &server).await;
    faulty.fails(400, "invalid_request");
}

#[tokio::test]
async fn r11_4_a_server_that_is_alone_says_so() {
    let world = World::start().await;
    let reply = world.server.get(CLUSTER, &world.server_key().await).await;
    let failure = reply.fails(404, "not_clustered").json();
    assert_eq!(failure["error"], "This server is alone: it is no node of a cluster.");
}
