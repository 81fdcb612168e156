//! `POST /api/conversations/{conversationId}/satisfaction-link`.

use serde_json::json;
use tripswitch::domain::ids::Side;
use tripswitch::domain::system::Permission;

use super::{helped, page, path_of};
use crate::support::world::{BOUND, Holder, UNKNOWN, WORKSPACE, World, at, conversation_id, event};
use crate::support::{PUBLIC_URL, Server, Setup};

fn maker(conversation: &str) -> String {
    format!("/api/conversations/{conversation}/satisfaction-link")
}

#[tokio::test]
async fn r13_2_a_link_is_made_for_any_conversation_that_an_event_has_named() {
    let world = World::start().await;
    let (key, _) = world.make_key(BOUND, &[Permission::QualityWrite]).await;
    world.server.post_nothing(&maker(&conversation_id(1)), &key).await.fails(404, "not_found");
    let created = event("created", "conversation.created", json!({"conversationId": conversation_id(1)}));
    let external = event("external", "conversation.created", json!({"conversationId": "ext:4711"}));
    world.send(WORKSPACE, &world.key, &[created, external]).await;
    let before = world.fingerprint().await;
    let made = world.server.post_nothing(&maker(&conversation_id(1)), &key).await;
    let body = made.expect(201);
    assert_eq!(made.header("cache-control"), "no-store");
    assert_eq!(body["expiresAt"], "2026-04-08T10:00:00.000Z", "linkExpiryDays is 14");
    let url = body["url"].as_str().expect("an address");
    let token = url.strip_prefix(&format!("{PUBLIC_URL}/s/")).expect("of ours");
    assert!(token.len() == 80 && token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)), "{token}");
    for personal in [conversation_id(1).replace('-', ""), "4711".to_owned()] {
        assert!(!url.contains(&personal));
    }
    let other = path_of(&world.server.post_nothing(&maker("ext:4711"), &key).await.expect(201));
    page(&world.server.get(&other, "").await, 200);
    assert_eq!(world.fingerprint().await, before, "nothing is kept of a link");
}

#[tokio::test]
async fn r13_2_a_link_is_good_as_long_as_the_workspace_says() {
    let world = World::start().await;
    world.send(WORKSPACE, &world.key, &helped(1)).await;
    world.server.patch(&at("csat-config"), &world.key, &json!({"linkExpiryDays": 3})).await.expect(200);
    world.server.clock.advance(999);
    let made = world.server.post_nothing(&maker(&conversation_id(1)), &world.key).await.expect(201);
    assert_eq!(made["expiresAt"], "2026-03-28T10:00:00.000Z", "a whole second");
    let path = path_of(&made);
    world.server.clock.advance(3 * 86_400_000 - 1_000);
    page(&world.server.get(&path, "").await, 200);
    world.server.clock.advance(1);
    page(&world.server.get(&path, "").await, 410);
}

#[tokio::test]
async fn r13_2_a_server_that_customers_cannot_reach_makes_no_links() {
    let server = Server::start(Setup { public_url: "", ..Setup::default() }).await;
    let world = World::of(server).await;
    world.send(WORKSPACE, &world.key, &helped(1)).await;
    let refused = world.server.post_nothing(&maker(&conversation_id(1)), &world.key).await;
    assert!(refused.fails(409, "links_not_configured").text.contains("[ratings] public_url"));
    world.server.post_nothing(&maker(UNKNOWN), &world.key).await.fails(404, "not_found");
    world.server.post_nothing(&(maker(&conversation_id(1)) + "?to=x"), &world.key).await.fails(400, "invalid_request");
}

#[tokio::test]
async fn r13_2_a_link_is_of_one_side() {
    let world = World::start().await;
    let scopes = [Permission::QualityWrite, Permission::EventsWrite];
    let (test, _) = world.make_key(Holder { side: Side::Test, ..BOUND }, &scopes).await;
    world.send(WORKSPACE, &test, &helped(1)).await;
    world.server.post_nothing(&maker(&conversation_id(1)), &world.key).await.fails(404, "not_found");
    let path = path_of(&world.server.post_nothing(&maker(&conversation_id(1)), &test).await.expect(201));
    page(&world.server.get(&path, "").await, 200);
}
