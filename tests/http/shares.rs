//! What one tenant can use up belongs to that tenant (I5, R4.9): room for bodies and answers, and lists of faults.

use std::io::Write;
use std::num::NonZeroU32;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Method;
use serde_json::{Value, json};
use tripswitch::domain::system::Permission;
use tripswitch::http::{Limits, Pace};
use tripswitch::service::quota::QuotaOptions;

use crate::support::raw::Raw;
use crate::support::world::{ACCOUNT, BOUND, FOREIGN, Holder, WORKSPACE, World, at, low_score};
use crate::support::{Server, Setup};

/// A server that has room for so many bytes under way.
async fn world(in_flight_bytes: u64) -> World {
    World::of(Server::start(Setup { in_flight_bytes, ..Setup::default() }).await).await
}

/// A key of tenant `two`, and where its events go.
async fn neighbour(world: &World) -> (String, String) {
    let holder = Holder { tenant: Some("two"), workspace: Some(FOREIGN), ..BOUND };
    let key = world.make_key(holder, &[Permission::EventsWrite]).await.0;
    (key, at("events").replace(WORKSPACE, FOREIGN))
}

/// A connection on which the head of a request with a body of `declared` bytes was sent; the server has asked for the
/// body.
async fn announced(world: &World, path: &str, key: &str, declared: usize) -> Raw {
    let mut raw = Raw::connect(world.server.address).await;
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n\
         expect: 100-continue\r\ncontent-length: {declared}\r\n\r\n"
    );
    raw.send(head).await;
    assert_eq!(raw.next().await.expect("it may go on").status, 100);
    raw
}

/// Waits until so many bytes are under way.
async fn until_held(world: &World, bytes: usize) {
    while world.server.engine.stats_now().waiting_bytes != bytes {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn r4_9_what_is_announced_takes_no_room_and_what_has_arrived_does() {
    let world = world(40_000).await;
    let mut open = Vec::new();
    for _ in 0..20 {
        open.push(announced(&world, &at("events"), &world.key, 4_000).await);
    }
    assert_eq!(world.server.engine.stats_now().waiting_bytes, 0);
    // A workspace has a quarter: room for two, once they come, and none for a third.
    for (number, raw) in (1..).zip(open.iter_mut().take(2)) {
        raw.send("[").await;
        until_held(&world, 4_000 * number).await;
    }
    open[2].send("[".repeat(4_000)).await;
    assert_eq!(open[2].next().await.expect("an answer").status, 503);
    assert_eq!(world.server.engine.stats_now().overloaded, 1, "operators see it");
    let (other, path) = neighbour(&world).await;
    world.server.post(&path, &other, &low_score(1, ACCOUNT)).await.expect(202);
    drop(open);
    until_held(&world, 0).await;
    world.server.post(&at("events"), &world.key, &low_score(2, ACCOUNT)).await.expect(202);
}

#[tokio::test]
async fn r4_9_other_bodies_than_events_take_room_of_their_tenant() {
    let world = world(40_000).await;
    let admin = world.admin_key().await;
    let mut open = Vec::new();
    // Alone a tenant holds no more than it leaves: two bodies of 8,000 of the 35,000 that all may use.
    for number in 1..=2 {
        let mut raw = announced(&world, "/api/admin/keys", &admin, 8_000).await;
        raw.send("{").await;
        until_held(&world, 8_000 * number).await;
        open.push(raw);
    }
    let mut third = announced(&world, "/api/admin/keys", &admin, 8_000).await;
    third.send("{".repeat(8_000)).await;
    assert_eq!(third.next().await.expect("an answer").status, 503);
    let (other, path) = neighbour(&world).await;
    world.server.post(&path, &other, &low_score(1, ACCOUNT)).await.expect(202);
}

#[tokio::test]
async fn r4_9_a_body_that_holds_room_and_stops_coming_ends_with_408() {
    let pace = Pace { least: 1_000, span: Duration::from_millis(50) };
    let world = World::start_with(Limits { pace, ..Limits::default() }).await;
    let mut slow = announced(&world, &at("events"), &world.key, 200_000).await;
    slow.send(vec![b' '; 100_000]).await;
    let answer = slow.next().await.expect("an answer");
    assert_eq!(answer.status, 408);
    let failure: Value = serde_json::from_str(&answer.body).expect("JSON");
    assert_eq!((&failure["code"], &failure["error"]), (&json!("request_timeout"), &json!("The body came too slowly.")));
    until_held(&world, 0).await;
}

#[tokio::test]
async fn r4_9_a_packed_body_counts_as_what_it_may_become() {
    // The quarter of a workspace is less than a body may have unpacked.
    let world = world(8 << 20).await;
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(low_score(1, ACCOUNT).to_string().as_bytes()).expect("memory");
    let packed = packed.finish().expect("memory");
    let before = world.fingerprint().await;
    let ask = world.server.ask(Method::POST, &at("events"), &world.key).header("content-encoding", "gzip");
    ask.text(packed).send().await.fails(503, "overloaded");
    assert_eq!(world.fingerprint().await, before);
    world.server.post(&at("events"), &world.key, &low_score(1, ACCOUNT)).await.expect(202);
}

#[tokio::test]
async fn i5_an_answer_that_its_tenant_has_no_room_for_is_503() {
    let world = world(64_000).await;
    let admin = world.admin_key().await;
    for _ in 0..100 {
        world.make_key(BOUND, &[Permission::QualityRead]).await;
    }
    world.server.get(&at("audit?limit=100"), &admin).await.fails(503, "overloaded");
    let page = world.server.get(&at("audit?limit=5"), &admin).await.expect(200);
    assert_eq!(page["data"].as_array().map(Vec::len), Some(5));
    assert_eq!(world.server.engine.stats_now().waiting_bytes, 0);
}

#[tokio::test]
async fn i5_what_takes_long_waits_for_its_tenants_turn_and_what_is_short_is_answered() {
    let world = World::start().await;
    let who = world.server.service.identify(&world.key).await.expect("a good key");
    let visit = world.server.service.enter(&who).await.expect("there is room");
    // A tenant that is alone has a turn for each core of this server, which are two.
    let (began, mut beginnings) = tokio::sync::mpsc::unbounded_channel();
    let end = Arc::new(Barrier::new(3));
    let turns = [(); 2].map(|()| {
        let (service, load) = (Arc::clone(&world.server.service), Arc::clone(visit.load()));
        let (began, end) = (began.clone(), Arc::clone(&end));
        let work = move || {
            began.send(()).expect("the test waits");
            end.wait();
        };
        tokio::spawn(async move { service.in_turn(&load, work).await })
    });
    for _ in 0..2 {
        beginnings.recv().await.expect("a turn begins");
    }
    let long = format!("{{\"linkExpiryDays\": 9{}}}", " ".repeat(20_000));
    let long = world.server.ask(Method::PATCH, &at("csat-config"), &world.key).text(long);
    let long = tokio::spawn(long.send());
    let config =
        world.server.patch(&at("csat-config"), &world.key, &json!({"followUpDelayMinutes": 5})).await.expect(200);
    assert_eq!((&config["linkExpiryDays"], &config["followUpDelayMinutes"]), (&json!(14), &json!(5)));
    world.server.get(&at("quality/gate"), &world.key).await.expect(200);
    assert!(!long.is_finished());
    tokio::task::spawn_blocking(move || end.wait()).await.expect("the turns end");
    let config = long.await.expect("it is answered").expect(200);
    assert_eq!((&config["linkExpiryDays"], &config["followUpDelayMinutes"]), (&json!(9), &json!(5)));
    for turn in turns {
        turn.await.expect("it ends").expect("the engine runs");
    }
}

#[tokio::test]
async fn r2_7_a_hundred_faults_are_named_and_the_others_counted() {
    let world = World::start().await;
    let many: serde_json::Map<String, Value> = (0..5_000).map(|n| (format!("m{n}"), json!(1))).collect();
    let reply = world.server.patch(&at("csat-config"), &world.key, &many.into()).await;
    let details = reply.fails(400, "invalid_request").json()["details"].clone();
    assert_eq!(details.as_array().map(Vec::len), Some(101));
    assert_eq!(details[100], json!({"pointer": "", "error": "and 4900 more"}));

    let query: Vec<_> = (0..1_000).map(|n| format!("p{n}")).collect();
    let reply = world.server.get(&format!("{}?{}", at("csat-config"), query.join("&")), &world.key).await;
    assert_eq!(reply.fails(400, "invalid_request").pointers().len(), 101);

    let admin = world.admin_key().await;
    let scopes = vec![1; 300_000];
    let reply = world.server.post("/api/admin/keys", &admin, &json!({ "scopes": scopes })).await;
    let details = reply.fails(400, "invalid_request").json()["details"].clone();
    assert_eq!(details, json!([{"pointer": "/scopes", "error": "must have at most 16 elements"}]));
}

#[tokio::test]
async fn r3_4_a_long_list_is_written_in_parts_and_is_whole() {
    let world = World::start().await;
    let account = |n: u32| format!("aaaaaaaa-aaaa-4aaa-8aaa-{n:012}");
    for n in 0..70 {
        let lows: Vec<_> = (0..3).map(|low| low_score(10 * n + low, &account(n))).collect();
        world.send(WORKSPACE, &world.key, &lows).await;
        world.server.clock.advance(1_000);
    }
    let reply = world.server.get(&at("quality/circuit-breakers"), &world.key).await;
    assert_eq!(reply.header("content-type"), "application/json");
    let list = reply.expect(200);
    let items = list["items"].as_array().expect("a list").clone();
    assert_eq!((items.len(), &list["total"]), (71, &json!(71)), "one of each account, and the workspace's");
    let at = |item: &Value| item["triggeredAt"].as_str().expect("a time").to_owned();
    assert!(items.windows(2).all(|pair| at(&pair[0]) >= at(&pair[1])), "newest first");
    let gate = world.server.get(&crate::support::world::at("quality/gate"), &world.key).await.expect(200);
    let ids: Vec<_> = items.iter().map(|item| &item["id"]).collect();
    assert!(ids.contains(&&gate["breakers"][0]));
}

#[tokio::test]
async fn r2_8b_an_address_that_sends_too_many_wrong_credentials_is_429_and_good_ones_are_not() {
    let quotas = QuotaOptions { refused: NonZeroU32::new(3), batch: 1_000, ..QuotaOptions::default() };
    let world = World::of(Server::start(Setup { quotas, ..Setup::default() }).await).await;
    let wrong = format!("sf_live_v1_{}", "a".repeat(32));
    for _ in 0..3 {
        world.server.get(&at("csat-config"), &wrong).await.fails(401, "unauthorized");
    }
    let reply = world.server.get(&at("csat-config"), &wrong).await;
    reply.fails(429, "rate_limited");
    assert_eq!(reply.header("retry-after"), "1");
    world.server.get(&at("csat-config"), &world.key).await.expect(200);
    world.server.clock.advance(1_000);
    world.server.get(&at("csat-config"), &wrong).await.fails(401, "unauthorized");
}
