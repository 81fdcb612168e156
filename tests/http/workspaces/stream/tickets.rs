//! `…/quality/stream/ticket` (R8.2b).

use reqwest::Method;
use tripswitch::domain::system::Permission;

use crate::process::Home;
use crate::support::sse::Sse;
use crate::support::world::{ACCOUNT, BOUND, SIBLING, WORKSPACE, World, at, low_score};

const TICKET: &str = "quality/stream/ticket";

async fn ticket(world: &World, key: &str) -> String {
    let made = world.server.post_nothing(&at(TICKET), key).await.expect(201);
    assert_eq!(made["expiresAt"], "2026-03-25T10:00:30.000Z");
    made["ticket"].as_str().expect("a text").to_owned()
}

fn with(ticket: &str) -> String {
    at(&format!("quality/stream?ticket={ticket}"))
}

#[tokio::test]
async fn r8_2b_a_ticket_opens_one_stream_with_its_owners_rights() {
    let world = World::start().await;
    let ticket = ticket(&world, &world.key).await;
    let mut stream = Sse::open(&world.server, &with(&ticket), "", None).await;
    world.send(WORKSPACE, &world.key, &[low_score(1, ACCOUNT)]).await;
    let first = stream.events(1).await.remove(0);
    world.server.get(&with(&ticket), "").await.fails(401, "unauthorized");
    // Where it was, in the query string.
    let other = self::ticket(&world, &world.key).await;
    let path = format!("{}&lastEventId=0-0.0&types=conversation.scored", with(&other));
    let mut again = Sse::open(&world.server, &path, "", None).await;
    assert_eq!(again.events(1).await, [first]);
}

#[tokio::test]
async fn r8_2b_a_ticket_is_for_half_a_minute_its_workspace_and_nothing_else() {
    let world = World::start().await;
    let late = ticket(&world, &world.tenant_key).await;
    world.server.clock.advance(30_000);
    world.server.get(&with(&late), "").await.fails(401, "unauthorized");
    let made = world.server.post_nothing(&at(TICKET), &world.tenant_key).await.expect(201);
    let elsewhere = made["ticket"].as_str().expect("a text");
    let path = format!("/api/workspaces/{SIBLING}/quality/stream?ticket={elsewhere}");
    world.server.get(&path, "").await.fails(401, "unauthorized");
    for path in ["quality/gate", "quality/stats"] {
        let path = at(&format!("{path}?ticket={elsewhere}"));
        world.server.get(&path, "").await.fails(401, "unauthorized");
    }
    world.server.post_nothing(&format!("{}?ticket={elsewhere}", at(TICKET)), "").await.fails(401, "unauthorized");
    world.server.get(&with("nothing"), "").await.fails(401, "unauthorized");
    let reply = world.server.get(&with(elsewhere), &world.key).await;
    assert_eq!(reply.status.as_u16(), 200, "its key opens the stream");
    let none = world.make_key(BOUND, &[Permission::EventsWrite]).await.0;
    world.server.post_nothing(&at(TICKET), &none).await.fails(403, "forbidden");
}

#[tokio::test]
async fn r8_2b_a_revoked_keys_tickets_open_nothing_and_its_streams_end() {
    let world = World::start().await;
    let admin = world.admin_key().await;
    let (key, id) = world.make_key(BOUND, &[Permission::QualityRead]).await;
    let (used, unused) = (ticket(&world, &key).await, ticket(&world, &key).await);
    let mut stream = Sse::open(&world.server, &with(&used), "", None).await;
    world.server.ask(Method::DELETE, &format!("/api/admin/keys/{id}"), &admin).send().await.expect(200);
    stream.ends("revoked").await;
    world.server.get(&with(&unused), "").await.fails(401, "unauthorized");
}

#[tokio::test]
async fn r8_2b_the_log_has_one_line_at_the_end_of_a_stream_and_no_ticket() {
    let home = Home::new();
    let served = home.serve(&[("TRIPSWITCH__LOG__FORMAT", "json"), ("TRIPSWITCH__LOG__LEVEL", "tripswitch=trace")]);
    let client = tripswitch::outgoing::client().no_proxy().build().expect("a plain client");
    let make = client.post(format!("{}{}", served.url, home.at(TICKET))).bearer_auth(&home.key);
    let made: serde_json::Value = make.send().await.expect("an answer").json().await.expect("JSON");
    let ticket = made["ticket"].as_str().expect("a text").to_owned();
    let url = format!("{}{}?ticket={ticket}", served.url, home.at("quality/stream"));
    let mut answer = client.get(url).header("x-request-id", "a-stream").send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 200);
    let hello = answer.chunk().await.expect("a chunk").expect("not the end");
    assert!(hello.starts_with(b"retry: "), "{hello:?}");
    assert!(!home.logged().contains("a-stream"), "not before it ends");
    assert_eq!(served.stop(), Some(0));
    let mut text = hello.to_vec();
    while let Ok(Some(more)) = answer.chunk().await {
        text.extend_from_slice(&more);
    }
    assert!(text.ends_with(b"event: end\ndata: {\"reason\":\"stopping\"}\n\n"));
    let log = home.logged();
    assert!(!log.contains(&ticket) && log.matches("a-stream").count() == 1, "{log}");
}
