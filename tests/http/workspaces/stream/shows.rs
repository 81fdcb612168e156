//! What a stream shows, and to whom.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tripswitch::domain::effect::EffectId;
use tripswitch::http::{Limits, Streams, Web, Wire};
use tripswitch::ids::SeededIds;

use super::kinds;
use crate::metrics::Watched;
use crate::support::sse::{Event, Sse};
use crate::support::world::{ACCOUNT, BOUND, SIBLING, UNKNOWN, WORKSPACE, World, at, conversation, event, low_score};
use crate::support::{NOW, Server, Setup};

const STREAM: &str = "quality/stream";

fn read_time(millis: i64) -> String {
    tripswitch::domain::time::format(millis)
}

#[tokio::test]
async fn r8_2_effects_come_in_order_as_they_happen() {
    let world = World::start().await;
    let mut stream = Sse::open(&world.server, &at(STREAM), &world.key, None).await;
    assert_eq!((stream.retry, stream.last_id.as_str()), (Some(2_000), "0-0.0"), "said at once");
    assert_eq!(stream.header("cache-control"), "no-store");
    assert_eq!(stream.header("x-accel-buffering"), "no");
    let breaker = world.trip().await;
    let events = stream.until("breaker.triggered").await;
    let scored = "conversation.scored";
    assert_eq!(kinds(&events), [scored, "account.risk_changed", scored, scored, "breaker.triggered"]);
    let ids: Vec<EffectId> = events.iter().map(|event| event.id.parse().expect("an id")).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    assert_eq!((ids[3].at, ids[4].number), (ids[4].at, 2), "both of the third event");
    for (n, event) in (1..).zip(events.iter().filter(|event| event.kind == scored)) {
        assert_eq!(
            (&event.data["type"], &event.data["timestamp"]),
            (&event.kind.clone().into(), &read_time(NOW).into())
        );
        let mut data = event.data["data"].clone();
        let members = data.as_object_mut().expect("an object");
        let more: Vec<_> = ["accountId", "resolved", "low", "overridden"].map(|name| members.remove(name)).into();
        let more: Vec<Value> = more.into_iter().map(|value| value.expect("it is there")).collect();
        assert_eq!(more, [json!(ACCOUNT), json!(false), json!(true), json!(false)]);
        assert!(members.remove("modelVersion").is_some_and(|name| name.is_string()));
        assert_eq!(data, world.server.get(&conversation(n), &world.key).await.expect(200), "R3.2");
    }
    let list = world.server.get(&at("quality/circuit-breakers"), &world.key).await.expect(200);
    let mut shown = list["items"][0].clone();
    (shown["state"], shown["note"]) = ("triggered".into(), Value::Null);
    assert_eq!(events[4].data["data"], shown, "R3.4");
    assert_eq!(events[4].data["data"]["id"], breaker);
    let change = json!({"accountId": ACCOUNT, "from": "low", "to": "critical", "rule": "composite_below_2"});
    assert_eq!(events[1].data["data"], change);
}

#[tokio::test]
async fn r8_2a_what_people_do_is_shown_with_their_words() {
    let world = World::start().await;
    let mut stream = Sse::open(
        &world.server,
        &at("quality/stream?types=breaker.acknowledged,breaker.resolved,settings.changed"),
        &world.key,
        None,
    )
    .await;
    let breaker = world.trip().await;
    for (verb, note) in [("acknowledge", json!({"note": "Ich sehe es.\r\nJetzt."})), ("resolve", json!({}))] {
        let path = at(&format!("quality/circuit-breakers/{breaker}/{verb}"));
        world.server.post(&path, &world.key, &note).await.expect(200);
    }
    world.server.patch(&at("csat-config"), &world.key, &json!({"thresholdLowComposite": 3.25})).await.expect(200);
    let events = stream.events(3).await;
    assert_eq!(kinds(&events), ["breaker.acknowledged", "breaker.resolved", "settings.changed"]);
    let data = |n: usize| &events[n].data["data"];
    assert_eq!((&data(0)["state"], &data(0)["note"]), (&"acknowledged".into(), &"Ich sehe es.\r\nJetzt.".into()));
    assert_eq!(data(0)["resolvedAt"], Value::Null, "as it was then");
    assert_eq!((&data(1)["state"], &data(1)["note"]), (&"resolved".into(), &Value::Null));
    let change = json!([{"name": "thresholdLowComposite", "before": 3, "after": 3.25}]);
    assert_eq!(data(2)["changes"], change);
    assert!(data(2)["actor"].as_str().is_some_and(|actor| actor.starts_with("api-key:")));
}

#[tokio::test]
async fn r8_2a_an_end_says_how() {
    let world = World::start().await;
    let mut stream =
        Sse::open(&world.server, &at("quality/stream?types=conversation.resolved"), &world.key, None).await;
    let resolved = |n: u32, data: Value| {
        let mut whole = json!({"conversationId": format!("ext:{n}"), "accountId": "ext:acme"});
        whole.as_object_mut().unwrap().extend(data.as_object().unwrap().clone());
        let kind = if data.get("status").is_some() { "conversation.status_changed" } else { "conversation.resolved" };
        event(&format!("e{n}"), kind, whole)
    };
    let events = [
        resolved(1, json!({"resolution": "ai_resolved"})),
        resolved(2, json!({"resolution": "abandoned"})),
        resolved(3, json!({"status": "resolved"})),
        resolved(4, json!({"status": "closed"})),
    ];
    world.send(WORKSPACE, &world.key, &events).await;
    let shown: Vec<_> =
        stream.events(4).await.into_iter().map(|event| event.data["data"]["resolution"].clone()).collect();
    assert_eq!(shown, ["ai_resolved", "abandoned", "resolved", "closed"]);
}

/// Effects of a workspace that somebody sees who asks so.
async fn seen(world: &World, query: &str, last: &str) -> Vec<Event> {
    let mut stream = Sse::open(&world.server, &at(&format!("quality/stream{query}")), &world.key, None).await;
    act(world).await;
    stream.until(last).await
}

/// Two accounts; the first trips its breaker.
async fn act(world: &World) {
    world.send(WORKSPACE, &world.key, &[low_score(90, UNKNOWN)]).await;
    let external = event(
        "x",
        "conversation.resolved",
        json!({"conversationId": "ext:1", "accountId": "ext:acme", "resolution": "ai_resolved"}),
    );
    world.send(WORKSPACE, &world.key, &[external]).await;
    world.trip().await;
    world.server.patch(&at("csat-config"), &world.key, &json!({"linkExpiryDays": 20})).await.expect(200);
    let other = event(
        "y",
        "conversation.resolved",
        json!({"conversationId": "ext:2", "accountId": "ext:acme", "resolution": "abandoned"}),
    );
    world.send(WORKSPACE, &world.key, &[other]).await;
    world.send(WORKSPACE, &world.key, &[low_score(91, ACCOUNT)]).await;
}

#[tokio::test]
async fn r8_2_only_the_types_and_the_account_that_are_asked_for() {
    let world = World::start().await;
    let all = seen(&world, "", "settings.changed").await;
    assert!(all.len() > 6, "{all:?}");
    let world = World::start().await;
    let some = seen(&world, "?types=breaker.triggered,settings.changed", "settings.changed").await;
    assert_eq!(kinds(&some), ["breaker.triggered", "settings.changed"]);
    let world = World::start().await;
    let query = format!("?accountId=acc_{ACCOUNT}&types=conversation.scored,breaker.triggered,settings.changed");
    let mut stream = Sse::open(&world.server, &at(&format!("quality/stream{query}")), &world.key, None).await;
    act(&world).await;
    let scored = "conversation.scored";
    let events = stream.events(5).await;
    assert_eq!(kinds(&events), [scored, scored, scored, "breaker.triggered", scored]);
    assert!(events.iter().all(|event| event.kind != scored || event.data["data"]["accountId"] == ACCOUNT));
    let world = World::start().await;
    let events = seen(&world, "?accountId=ext:acme&types=conversation.resolved", "conversation.resolved").await;
    assert_eq!(events[0].data["data"]["resolution"], "ai_resolved");
}

#[tokio::test]
async fn r8_2_r7_2_an_account_sees_the_breaker_of_its_workspace() {
    let world = World::start().await;
    let query = format!("quality/stream?accountId={ACCOUNT}&types=breaker.triggered");
    let mut stream = Sse::open(&world.server, &at(&query), &world.key, None).await;
    let accounts = [UNKNOWN, SIBLING];
    for (n, account) in (1..=9).zip(accounts.iter().cycle()) {
        world.send(WORKSPACE, &world.key, &[low_score(n, account)]).await;
    }
    let events = stream.events(1).await;
    assert_eq!(events[0].data["data"]["scopeKey"], format!("workspace:ws_{WORKSPACE}"));
}

#[tokio::test]
async fn r8_2_unknown_repeated_and_broken_parameters() {
    let world = World::start().await;
    let cases: [(&str, &str, &[&str]); 6] = [
        ("accountId=x", "invalid_id", &["/accountId"]),
        ("type=breaker.triggered", "invalid_request", &["/type"]),
        ("types=breaker.triggered,breaker.tripped", "invalid_request", &["/types"]),
        ("types=", "invalid_request", &["/types"]),
        ("types=a,b&x=1", "invalid_request", &["/x", "/types", "/types"]),
        ("types=reset&types=end", "invalid_request", &["/types", "/types"]),
    ];
    for (query, code, pointers) in cases {
        let reply = world.server.get(&at(&format!("quality/stream?{query}")), &world.key).await;
        assert_eq!(reply.fails(400, code).pointers(), pointers, "{query}");
    }
    let reply = world.server.get(&at("quality/stream?types=breaker.tripped"), &world.key).await;
    assert!(reply.text.contains("breaker.tripped"), "{}", reply.text);
}

#[tokio::test]
async fn r8_2_a_side_that_was_never_used_can_be_streamed() {
    let world = World::start().await;
    let path = format!("/api/workspaces/{SIBLING}/quality/stream");
    let mut stream = Sse::open(&world.server, &path, &world.tenant_key, None).await;
    world.send(SIBLING, &world.tenant_key, &[low_score(1, ACCOUNT)]).await;
    assert_eq!(stream.events(1).await[0].kind, "conversation.scored");
}

#[tokio::test]
async fn r8_2_a_heartbeat_comes_while_nothing_happens_and_says_how_far_the_reader_has_come() {
    let streams = Streams::new(Duration::from_millis(10));
    let world = World::of(Server::start(Setup { streams, ..Setup::default() }).await).await;
    let path = at("quality/stream?types=settings.changed,conversation.resolved");
    let mut stream = Sse::open(&world.server, &path, &world.key, None).await;
    stream.until_comments(2).await;
    assert_eq!(stream.last_id, "0-0.0");
    world.trip().await;
    while stream.last_id == "0-0.0" {
        let comments = stream.comments;
        stream.until_comments(comments + 1).await;
    }
    let mut behind = Sse::open(&world.server, &at(STREAM), &world.key, Some("0-0.0")).await;
    let last = behind.until("breaker.triggered").await.pop().expect("an event").id;
    while stream.last_id != last {
        let comments = stream.comments;
        stream.until_comments(comments + 1).await;
    }
}

#[tokio::test]
async fn r8_2_i5_a_tenant_has_so_many_streams_and_all_of_them_are_told() {
    const MOST: usize = 1_000;
    let watched = Watched::start().await;
    let world = &watched.world;
    let mut streams = Vec::new();
    while streams.len() < MOST {
        let more = (0..50).map(|_| Sse::open(&world.server, &at(STREAM), &world.key, None));
        streams.extend(futures::future::join_all(more).await);
    }
    let page = watched.page().await;
    assert_eq!(page.value("tripswitch_streams_open", &[]), MOST as f64);
    assert_eq!(page.value("tripswitch_http_requests_in_flight", &[]), 0.0, "they are no requests under way");
    let reply = world.server.get(&at(STREAM), &world.tenant_key).await;
    reply.fails(429, "too_many_streams");
    assert_eq!(reply.header("retry-after"), "5");
    world.trip().await;
    for stream in &mut streams {
        assert_eq!(stream.until("breaker.triggered").await.len(), 5);
    }
    drop(streams.pop());
    while watched.page().await.value("tripswitch_streams_open", &[]) >= MOST as f64 {}
    Sse::open(&world.server, &at(STREAM), &world.tenant_key, None).await;
    let page = watched.page().await;
    assert!(page.value("tripswitch_streams_ended_total", &[("reason", "left")]) >= 1.0);
    assert!(page.value("tripswitch_stream_effects_total", &[]) >= 5.0 * MOST as f64);
}

#[tokio::test]
async fn r8_2_pages_of_known_origins_can_read_it() {
    const APP: &str = "https://app.example.com";
    let web = Web { origins: Arc::from([APP.parse().expect("an origin")]), ..Web::default() };
    let wire = Wire { web, ..Wire::new(Limits::default(), Arc::new(SeededIds::new(3))) };
    let world = World::of(Server::start(Setup { wire, ..Setup::default() }).await).await;
    for (origin, told) in [(APP, APP), ("https://evil.example", "")] {
        let ask = world.server.ask(Method::GET, &at(STREAM), &world.key).header("origin", origin);
        let reply = ask.header("last-event-id", "0-0.0").send().await;
        assert_eq!((reply.status.as_u16(), reply.header("access-control-allow-origin")), (200, told));
    }
}

#[tokio::test]
async fn r2_14_only_those_who_may_read_stream() {
    let world = World::start().await;
    let key = world.make_key(BOUND, &[tripswitch::domain::system::Permission::EventsWrite]).await.0;
    world.server.get(&at("quality/stream?types=x"), &key).await.fails(403, "forbidden");
    world.server.get(&at("quality/stream?types=x"), "").await.fails(401, "unauthorized");
    let unknown = format!("/api/workspaces/{UNKNOWN}/quality/stream?types=x");
    world.server.get(&unknown, &key).await.fails(404, "not_found");
}
