//! A reader that comes back goes on where it was.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tripswitch::domain::time::DAY;

use super::kinds;
use crate::support::sse::{Event, Sse};
use crate::support::world::{ACCOUNT, SIBLING, UNKNOWN, WORKSPACE, World, at, conversation_id, event, low_score};

const STREAM: &str = "quality/stream";

#[tokio::test]
async fn r8_2_from_every_place_a_reader_gets_the_rest() {
    let world = World::start().await;
    let mut stream = Sse::open(&world.server, &at(STREAM), &world.key, None).await;
    let begun = stream.last_id.clone();
    world.trip().await;
    let all = stream.until("breaker.triggered").await;
    for (n, id) in [begun.as_str()].into_iter().chain(all.iter().map(|event| event.id.as_str())).enumerate() {
        let mut again = Sse::open(&world.server, &at(STREAM), &world.key, Some(id)).await;
        assert_eq!(again.last_id, id);
        assert_eq!(again.events(all.len() - n).await, all[n..]);
        // The header goes before the query string, which a browser sends as it was at first.
        let path = at(&format!("{STREAM}?lastEventId={}", all[0].id));
        let mut again = Sse::open(&world.server, &path, &world.key, Some(id)).await;
        assert_eq!(again.events(all.len() - n).await, all[n..]);
    }
    let path = at(&format!("{STREAM}?lastEventId={}", all[1].id));
    let mut again = Sse::open(&world.server, &path, &world.key, None).await;
    assert_eq!(again.events(all.len() - 2).await, all[2..]);
}

#[tokio::test]
async fn r8_2_r9_2_after_a_restart_as_well() {
    let world = World::start().await;
    let mut stream = Sse::open(&world.server, &at(STREAM), &world.key, None).await;
    let begun = stream.last_id.clone();
    world.trip().await;
    let all = stream.until("breaker.triggered").await;
    drop(stream);
    let world = world.restarted().await;
    let mut again = Sse::open(&world.server, &at(STREAM), &world.key, Some(&begun)).await;
    assert_eq!(again.events(all.len()).await, all);
}

#[tokio::test]
async fn r8_2_an_id_that_is_not_known_gets_the_present_and_goes_on() {
    let world = World::start().await;
    let mut stream = Sse::open(&world.server, &at(STREAM), &world.key, None).await;
    let breaker = world.trip().await;
    let newest = stream.until("breaker.triggered").await.pop().expect("an event").id;
    let list = world.server.get(&at("quality/circuit-breakers"), &world.key).await.expect(200);
    let present = json!({"epoch": 1, "breakers": list["items"], "total": 1});
    for id in ["999-0.1", "nonsense", "12-3", "ü"] {
        let mut again = Sse::open(&world.server, &at(STREAM), &world.key, Some(id)).await;
        let reset = again.events(1).await.remove(0);
        assert_eq!(reset, Event { kind: "reset".into(), id: newest.clone(), data: present.clone() }, "{id}");
    }
    // Of an account, those that pause it.
    for (account, breakers) in [(ACCOUNT, 1), (UNKNOWN, 0)] {
        let path = at(&format!("{STREAM}?accountId={account}&types=breaker.resolved"));
        let mut again = Sse::open(&world.server, &path, &world.key, Some("x")).await;
        assert_eq!(again.events(1).await[0].data["total"], breakers);
    }
    let mut again = Sse::open(&world.server, &at(STREAM), &world.key, Some("x")).await;
    world
        .server
        .post_nothing(&at(&format!("quality/circuit-breakers/{breaker}/acknowledge")), &world.key)
        .await
        .expect(200);
    assert_eq!(kinds(&again.events(2).await), ["reset", "breaker.acknowledged"]);
}

#[tokio::test]
async fn r8_2_what_is_not_kept_any_more_is_a_reset() {
    let world = World::start().await;
    let stream = Sse::open(&world.server, &at(STREAM), &world.key, None).await;
    let begun = stream.last_id.clone();
    world.send(WORKSPACE, &world.key, &[low_score(1, ACCOUNT)]).await;
    let mut again = Sse::open(&world.server, &at(STREAM), &world.key, Some(&begun)).await;
    assert_eq!(kinds(&again.events(1).await), ["conversation.scored"]);
    world.server.clock.advance(DAY + 1);
    world.send(WORKSPACE, &world.key, &[low_score(2, ACCOUNT)]).await;
    let mut again = Sse::open(&world.server, &at(STREAM), &world.key, Some(&begun)).await;
    assert_eq!(kinds(&again.events(1).await), ["reset"]);
    // Of types that lost nothing, nothing is missing.
    let path = at(&format!("{STREAM}?types=breaker.triggered"));
    let mut rare = Sse::open(&world.server, &path, &world.key, Some(&begun)).await;
    let more: Vec<_> = (3..=5).map(|n| low_score(n, ACCOUNT)).collect();
    world.send(WORKSPACE, &world.key, &more).await;
    assert_eq!(kinds(&rare.events(1).await), ["breaker.triggered"]);
}

/// Something happens: scores, ends, changes of the configuration, breakers that trip and are resolved.
async fn step(world: &World, n: u32, random: &mut StdRng) {
    let account = [ACCOUNT, SIBLING, UNKNOWN][random.random_range(0..3)];
    let ended = |n: u32| {
        let data = json!({"conversationId": conversation_id(n), "accountId": account, "resolution": "ai_resolved"});
        event(&format!("end-{n}"), "conversation.resolved", data)
    };
    match random.random_range(0..8) {
        0..=3 => {
            let batch: Vec<Value> = (0..=random.random_range(0..300)).map(|k| ended(1_000 * n + k)).collect();
            world.send(WORKSPACE, &world.key, &batch).await;
        }
        4 | 5 => world.send(WORKSPACE, &world.key, &[low_score(1_000 * n, account)]).await,
        6 => {
            let patch = json!({"linkExpiryDays": 1 + n % 90});
            world.server.patch(&at("csat-config"), &world.key, &patch).await.expect(200);
        }
        _ => resolve_all(world).await,
    }
}

async fn resolve_all(world: &World) {
    let list = world.server.get(&at("quality/circuit-breakers"), &world.key).await.expect(200);
    for breaker in list["items"].as_array().expect("items") {
        for verb in ["acknowledge", "resolve"] {
            let path = at(&format!("quality/circuit-breakers/{}/{verb}", breaker["id"].as_str().expect("an id")));
            world.server.post_nothing(&path, &world.key).await.expect(200);
        }
    }
}

/// The conversation and the value that come last.
const LAST: u32 = 999_999;
const LAST_DELAY: u32 = 10_080;

async fn act(world: &World, seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    for n in 1..=50 {
        step(world, n, &mut random).await;
    }
    world.send(WORKSPACE, &world.key, &[low_score(LAST, ACCOUNT)]).await;
    let patch = json!({"followUpDelayMinutes": LAST_DELAY});
    world.server.patch(&at("csat-config"), &world.key, &patch).await.expect(200);
}

fn is_last(event: &Event) -> bool {
    let data = &event.data["data"];
    let is_score = event.kind == "conversation.scored" && data["conversationId"] == conversation_id(LAST);
    is_score || is_last_of_all(event)
}

fn is_last_of_all(event: &Event) -> bool {
    event.data["data"]["changes"][0]["after"] == LAST_DELAY
}

/// Leaves at random, and comes back to where it was.
async fn restless(world: &World, query: &str, begun: &str, mut random: StdRng) -> Vec<Event> {
    let (path, mut seen, mut id) = (at(&format!("{STREAM}{query}")), Vec::new(), begun.to_owned());
    loop {
        let mut stream = Sse::open(&world.server, &path, &world.key, Some(&id)).await;
        for _ in 0..random.random_range(0..400) {
            let event = stream.next().await.expect("it goes on");
            seen.push(event);
            if seen.last().is_some_and(is_last) {
                return seen;
            }
        }
        id = stream.last_id.clone();
    }
}

async fn stays(world: &World, mut stream: Sse) -> Vec<Event> {
    let mut seen = Vec::new();
    while !seen.last().is_some_and(is_last_of_all) {
        seen.push(stream.next().await.unwrap_or_else(|| panic!("it goes on: {}", world.server.address)));
    }
    seen
}

fn of_account(event: &Event) -> bool {
    let data = &event.data["data"];
    let scopes = [format!("account:acc_{ACCOUNT}"), format!("workspace:ws_{WORKSPACE}")];
    data["accountId"] == ACCOUNT || scopes.iter().any(|scope| data["scopeKey"] == *scope)
}

/// A query, and what it lets through.
type Wanted = (&'static str, fn(&Event) -> bool);

#[tokio::test]
async fn r8_2_who_comes_and_goes_sees_exactly_what_one_sees_who_stays() {
    const WANTED: [Wanted; 4] = [
        ("?types=conversation.scored,breaker.triggered", |event| {
            ["conversation.scored", "breaker.triggered"].contains(&event.kind.as_str())
        }),
        ("?accountId=aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa", of_account),
        ("?types=settings.changed", |event| event.kind == "settings.changed"),
        ("", |_| true),
    ];
    for seed in 1..=3 {
        let world = World::start().await;
        let stream = Sse::open(&world.server, &at(STREAM), &world.key, None).await;
        let begun = stream.last_id.clone();
        let all_queries = || WANTED.into_iter().chain(WANTED).zip(1..);
        let readers =
            all_queries().map(|((query, _), n)| restless(&world, query, &begun, StdRng::seed_from_u64(100 * seed + n)));
        let readers = futures::future::join_all(readers);
        let ((), all, seen) = futures::join!(act(&world, seed), stays(&world, stream), readers);
        assert!(all.len() > 1_000, "{}", all.len());
        for (((query, wants), _), seen) in all_queries().zip(seen) {
            let mut expected: Vec<_> = all.iter().filter(|event| wants(event)).collect();
            let last = expected.iter().position(|event| is_last(event)).expect("everybody sees a last one");
            expected.truncate(last + 1);
            assert!(expected.len() == seen.len() && expected.into_iter().eq(&seen), "seed {seed}, {query}");
        }
    }
}
