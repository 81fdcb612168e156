//! Conversations and accounts whose workspace is not named, in partitions of several nodes (R2.15).

use reqwest::Method;
use serde_json::json;
use tripswitch::cluster::Place;

use super::{Node, partition};
use crate::support::world::{ACCOUNT, SIBLING, WORKSPACE, World, conversation, conversation_id, low_score};

/// The two workspaces of a tenant, each at another node.
struct Split {
    one: Node,
    two: Node,
    first: World,
    second: World,
}

impl Split {
    async fn start() -> Self {
        assert_ne!(partition(WORKSPACE), partition(SIBLING));
        let (one, two) = (Node::start().await, Node::start().await);
        let (first, second) = (World::start().await, World::start().await);
        one.takes(WORKSPACE, &first);
        one.believes(SIBLING, &two.url);
        two.takes(SIBLING, &second);
        two.believes(WORKSPACE, &one.url);
        Self { one, two, first, second }
    }
}

#[tokio::test]
async fn r2_15_a_conversation_is_found_wherever_it_is() {
    let split = Split::start().await;
    let Split { one, two, first, second } = &split;
    let key = &first.tenant_key;
    one.world.send(WORKSPACE, key, &[low_score(1, ACCOUNT)]).await;
    one.world.send(SIBLING, key, &[low_score(2, ACCOUNT)]).await;
    assert_eq!((first.server.engine.sides().len(), second.server.engine.sides().len()), (1, 1));
    for node in [one, two] {
        for n in [1, 2] {
            let found = node.world.server.get(&conversation(n), key).await.expect(200);
            assert_eq!(found["conversationId"], conversation_id(n));
        }
        node.world.server.get(&conversation(3), key).await.fails(404, "not_found");
        node.world.server.get(&conversation(1), "sf_live_v1_x").await.fails(401, "unauthorized");
        node.world.server.get(&format!("{}?x=y", conversation(1)), key).await.fails(400, "invalid_request");
        let list = format!("/api/accounts/{ACCOUNT}/conversations?limit=x");
        node.world.server.get(&list, key).await.fails(400, "invalid_request");
        let account = format!("/api/accounts/{ACCOUNT}/quality");
        node.world.server.get(&account, key).await.fails(409, "ambiguous_workspace");
        for workspace in [WORKSPACE, SIBLING] {
            node.world.server.get(&format!("{account}?workspaceId={workspace}"), key).await.expect(200);
        }
        // Of one workspace there is one to ask.
        node.world.server.get(&conversation(1), &first.key).await.expect(200);
        node.world.server.get(&conversation(2), &first.key).await.fails(404, "not_found");
    }
}

#[tokio::test]
async fn r2_15_what_changes_something_is_sent_to_the_one_that_has_it() {
    let split = Split::start().await;
    let Split { one, two, first, .. } = &split;
    let key = &first.tenant_key;
    one.world.send(WORKSPACE, key, &[low_score(1, ACCOUNT)]).await;
    one.world.send(SIBLING, key, &[low_score(2, ACCOUNT)]).await;
    let said = json!({"outcomeScore": 5, "processScore": 5, "environmentScore": 5, "reason": "I have read it."});
    for (node, n) in [(one, 1), (one, 2), (two, 1), (two, 2)] {
        let path = format!("{}/override", conversation(n));
        let set = node.world.server.post(&path, key, &said).await.expect(200);
        assert_eq!(set["conversationId"], conversation_id(n));
        node.world.server.ask(Method::DELETE, &path, key).send().await.expect(200);
        let link = format!("/api/conversations/{}/satisfaction-link", conversation_id(n));
        node.world.server.post_nothing(&link, key).await.expect(201);
    }
    let path = format!("{}/override", conversation(3));
    one.world.server.post(&path, key, &said).await.fails(404, "not_found");
}

#[tokio::test]
async fn r2_15_one_that_cannot_answer_is_no_404() {
    let split = Split::start().await;
    let Split { one, first, .. } = &split;
    let key = &first.tenant_key;
    one.world.send(WORKSPACE, key, &[low_score(1, ACCOUNT)]).await;
    one.map.set(partition(SIBLING), Place::Moving);
    one.world.server.get(&conversation(1), key).await.expect(200);
    one.world.server.get(&conversation(3), key).await.fails(503, "partition_moving");
}
