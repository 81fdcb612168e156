//! How streams end.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpSocket;
use tripswitch::domain::system::Permission;
use tripswitch::http::Streams;

use crate::metrics::Watched;
use crate::support::raw::Raw;
use crate::support::sse::Sse;
use crate::support::world::{ACCOUNT, BOUND, Holder, SIBLING, WORKSPACE, World, at, event, low_score};
use crate::support::{NOW, Server, Setup};

const STREAM: &str = "quality/stream";

#[tokio::test]
async fn r2_7c_r8_2_a_stop_is_the_last_that_a_stream_says() {
    let world = World::start().await;
    let mut stream = Sse::open(&world.server, &at(STREAM), &world.key, None).await;
    let mut other = Sse::open(&world.server, &at("quality/stream?types=breaker.resolved"), &world.key, None).await;
    world.server.ending.drain.cancel();
    world.trip().await;
    stream.until("breaker.triggered").await;
    let stop = tokio::spawn(world.server.stop());
    stream.ends("stopping").await;
    other.ends("stopping").await;
    stop.await.expect("it ends by itself");
}

#[tokio::test]
async fn r8_2_a_stream_ends_with_its_key() {
    let world = World::start().await;
    let admin = world.admin_key().await;
    let (key, id) = world.make_key(BOUND, &[Permission::QualityRead]).await;
    let mut revoked = Sse::open(&world.server, &at(STREAM), &key, None).await;
    let mut stays = Sse::open(&world.server, &at(STREAM), &world.key, None).await;
    world.server.ask(Method::DELETE, &format!("/api/admin/keys/{id}"), &admin).send().await.expect(200);
    revoked.ends("revoked").await;
    world.send(WORKSPACE, &world.key, &[low_score(1, ACCOUNT)]).await;
    stays.events(1).await;
}

#[tokio::test]
async fn r8_2_nothing_is_told_to_a_key_that_has_expired() {
    let world = World::start().await;
    let holder = Holder { expires_at: Some(NOW + 60_000), ..BOUND };
    let (key, _) = world.make_key(holder, &[Permission::QualityRead]).await;
    let mut stream = Sse::open(&world.server, &at(STREAM), &key, None).await;
    world.send(WORKSPACE, &world.key, &[low_score(1, ACCOUNT)]).await;
    stream.until("account.risk_changed").await;
    world.server.clock.advance(60_000);
    world.send(WORKSPACE, &world.key, &[low_score(2, ACCOUNT)]).await;
    stream.ends("expired").await;
}

#[tokio::test]
async fn r8_2_a_key_that_expires_while_nothing_happens_ends_its_stream() {
    let streams = Streams::new(Duration::from_millis(10));
    let world = World::of(Server::start(Setup { streams, ..Setup::default() }).await).await;
    let holder = Holder { expires_at: Some(NOW + 60_000), ..BOUND };
    let (key, _) = world.make_key(holder, &[Permission::QualityRead]).await;
    let mut stream = Sse::open(&world.server, &at(STREAM), &key, None).await;
    stream.until_comments(1).await;
    world.server.clock.advance(60_000);
    stream.ends("expired").await;
}

#[tokio::test]
async fn r2_17_a_stream_ends_with_its_workspace() {
    let world = World::start().await;
    let admin = world.admin_key().await;
    let path = |id: &str| format!("/api/workspaces/{id}/quality/stream");
    // One that was never written to, too.
    world.trip().await;
    let mut used = Sse::open(&world.server, &path(WORKSPACE), &world.tenant_key, None).await;
    let mut unused = Sse::open(&world.server, &path(SIBLING), &world.tenant_key, None).await;
    for id in [WORKSPACE, SIBLING] {
        let delete = format!("/api/admin/workspaces/{id}?force=true");
        world.server.ask(Method::DELETE, &delete, &admin).send().await.expect(200);
    }
    used.ends("deleted").await;
    unused.ends("deleted").await;
    world.server.get(&path(WORKSPACE), &world.tenant_key).await.fails(404, "not_found");
}

/// A score made elsewhere, of nobody's account: one effect.
fn scored(n: usize) -> Value {
    let data = json!({"conversationId": format!("ext:{n}"), "resolved": true, "outcomeScore": 4, "processScore": 4,
        "environmentScore": 4});
    event(&format!("score-{n}"), "conversation.scored", data)
}

#[tokio::test]
async fn r8_2_a_reader_that_does_not_keep_up_is_cut_and_goes_on_later() {
    let watched = Watched::start().await;
    let world = &watched.world;
    let socket = TcpSocket::new_v4().expect("a socket");
    // A client that takes nothing, with little room where its answer waits.
    socket.set_recv_buffer_size(64 << 10).expect("a small buffer");
    let mut raw = Raw::over(socket.connect(world.server.address).await.expect("a connection"));
    let head = format!("GET {} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\r\n", at(STREAM), world.key);
    raw.send(head).await;
    let mut quick = Sse::open(&world.server, &at(STREAM), &world.key, None).await;
    let ended_slow = async || watched.page().await.value("tripswitch_streams_ended_total", &[("reason", "slow")]);
    let (mut sent, mut quick_last) = (0, None);
    while sent < 32_000 {
        let batch: Vec<Value> = (sent..sent + 1_000).map(scored).collect();
        world.send(WORKSPACE, &world.key, &batch).await;
        quick_last = quick.events(1_000).await.pop();
        sent += 1_000;
    }
    assert_eq!(raw.answer().await.status, 200);
    // Now it reads.
    let text = raw.rest().await;
    assert_eq!(ended_slow().await, 1.0);
    assert!(text.ends_with("event: end\ndata: {\"reason\":\"slow\"}\n\n"), "{:?}", &text[text.len() - 200..]);
    let last = text.rsplit("\nid: ").next().and_then(|rest| rest.lines().next()).expect("an id");
    let told = text.matches("\nevent: conversation.").count();
    assert!(told < sent, "{told}");
    let mut again = Sse::open(&world.server, &at(STREAM), &world.key, Some(last)).await;
    let rest = again.events(sent - told).await;
    assert_eq!(rest.last(), quick_last.as_ref());
}
