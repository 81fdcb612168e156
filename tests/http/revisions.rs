//! `/api/conversations/{conversationId}/quality/revisions` (R5.5b).

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::world::{ACCOUNT, WORKSPACE, World, at, conversation, conversation_id, event};

const HOUR: i64 = 3_600_000;

async fn revisions(world: &World, n: u32) -> Value {
    world.server.get(&(conversation(n) + "/revisions"), &world.key).await.expect(200)
}

/// An imported score, now; `again` tells one of a conversation from another.
fn scored(n: u32, score: f64, again: u32) -> Value {
    let data = json!({"conversationId": conversation_id(n), "accountId": ACCOUNT, "resolved": true, "signalCount": 7,
        "outcomeScore": score, "processScore": score, "environmentScore": 2.5, "confidence": 0.8});
    event(&format!("scored-{n}-{again}"), "conversation.scored", data)
}

/// What a list says of one, in the order of its members.
fn shown(second: u32, position: &str, scores: [f64; 4], confidence: f64, overridden: bool) -> Value {
    let [composite, outcome, process, environment] = scores;
    json!({"at": format!("2026-03-25T10:00:0{second}.000Z"), "position": position, "compositeScore": composite,
        "outcomeScore": outcome, "processScore": process, "environmentScore": environment, "confidence": confidence,
        "signalCount": 7, "overridden": overridden, "modelVersion": "support-2"})
}

#[tokio::test]
async fn r5_5b_the_scorings_of_a_conversation_newest_first() {
    let world = World::start().await;
    world.send(WORKSPACE, &world.key, &[scored(2, 4.5, 0), scored(1, 1.5, 0)]).await;
    world.server.clock.advance(1_000);
    world.send(WORKSPACE, &world.key, &[scored(1, 3.5, 1)]).await;
    let said = json!({"outcomeScore": 4.2, "processScore": 4.1, "environmentScore": 4.6, "reason": "I have read it."});
    world.server.clock.advance(1_000);
    let override_path = conversation(1) + "/override";
    world.server.post(&override_path, &world.key, &said).await.expect(200);
    world.server.clock.advance(1_000);
    world.server.ask(Method::DELETE, &override_path, &world.key).send().await.expect(200);

    let found = revisions(&world, 1).await;
    let positions: Vec<_> =
        found["items"].as_array().expect("a list").iter().map(|of| of["position"].clone()).collect();
    let position = |at: usize| positions[at].as_str().expect("a text");
    let expected = [
        shown(3, position(0), [3.17, 3.5, 3.5, 2.5], 0.8, false),
        shown(2, position(1), [4.3, 4.2, 4.1, 4.6], 1.0, true),
        shown(1, position(2), [3.17, 3.5, 3.5, 2.5], 0.8, false),
        shown(0, position(3), [1.83, 1.5, 1.5, 2.5], 0.8, false),
    ];
    assert_eq!(by_number(&found["items"]), by_number(&json!(expected)));
    assert_eq!((&found["total"], position(3).ends_with("-1")), (&json!(4), true), "the second event of its request");
    let admin = world.admin_key().await;
    let trail = world.server.get(&at("audit"), &admin).await.expect(200);
    let actions = trail["data"].as_array().expect("a list");
    for (action, at) in [("score.overridden", 1), ("score.override_taken_back", 0)] {
        let entry = actions.iter().find(|entry| entry["action"] == action);
        assert_eq!(entry.map(|entry| &entry["position"]), Some(&positions[at]), "{action} in {trail}");
    }
    let world = world.restarted().await;
    assert_eq!(revisions(&world, 1).await, found, "R9.2");
}

/// Numbers of the same value are equal, however they are written.
fn by_number(rows: &Value) -> Vec<Vec<(String, String)>> {
    let cell = |value: &Value| value.as_f64().map_or_else(|| value.to_string(), |number| number.to_string());
    let row = |row: &Value| row.as_object().expect("an object").iter().map(|(k, v)| (k.clone(), cell(v))).collect();
    rows.as_array().expect("a list").iter().map(row).collect()
}

#[tokio::test]
async fn r5_5b_a_hundred_are_listed_and_all_are_counted() {
    let world = World::start().await;
    for again in 0..5 {
        let events: Vec<_> = (0..50).map(|n| scored(n % 2, 1.0 + f64::from(again) / 2.0, 50 * again + n)).collect();
        world.send(WORKSPACE, &world.key, &events).await;
    }
    let found = revisions(&world, 1).await;
    let items = found["items"].as_array().expect("a list");
    assert_eq!((items.len(), &found["total"], &items[0]["outcomeScore"]), (100, &json!(125), &json!(3)));
    let composites: Vec<_> = items.iter().map(|of| of["outcomeScore"].as_f64().expect("a score")).collect();
    assert!(composites.is_sorted_by(|newer, older| newer >= older));
    let score = world.server.get(&conversation(1), &world.key).await.expect(200);
    assert_eq!(score["compositeScore"], items[0]["compositeScore"]);
}

#[tokio::test]
async fn r5_5b_scorings_go_with_their_effects_and_the_score_stays() {
    let world = World::start().await;
    world.send(WORKSPACE, &world.key, &[scored(1, 1.5, 0)]).await;
    world.server.clock.advance(20 * HOUR);
    world.send(WORKSPACE, &world.key, &[scored(1, 2.5, 1)]).await;
    assert_eq!(revisions(&world, 1).await["total"], 2);
    world.server.clock.advance(20 * HOUR);
    world.send(WORKSPACE, &world.key, &[scored(2, 4.5, 0)]).await;
    let found = revisions(&world, 1).await;
    assert_eq!((&found["total"], &found["items"][0]["outcomeScore"]), (&json!(1), &json!(2.5)));
    world.server.clock.advance(20 * HOUR);
    world.send(WORKSPACE, &world.key, &[scored(2, 4.5, 1)]).await;
    assert_eq!(revisions(&world, 1).await, json!({"items": [], "total": 0}));
    world.server.get(&conversation(1), &world.key).await.expect(200);
}

#[tokio::test]
async fn r4_10_the_scorings_of_an_erased_conversation_are_nobodys() {
    let world = World::start().await;
    let nil = |again: u32| {
        let mut of_nil = scored(3, 4.5, again);
        of_nil["data"]["conversationId"] = json!("00000000-0000-0000-0000-000000000000");
        of_nil
    };
    world.send(WORKSPACE, &world.key, &[scored(1, 1.5, 0), scored(1, 2.5, 1), scored(2, 4.5, 0), nil(0)]).await;
    let admin = world.admin_key().await;
    let gone = at(&format!("conversations/{}", conversation_id(1)));
    world.server.ask(Method::DELETE, &gone, &admin).send().await.expect(200);
    world.server.get(&(conversation(1) + "/revisions"), &world.key).await.fails(404, "not_found");
    let of_nil = "/api/conversations/00000000-0000-0000-0000-000000000000/quality/revisions";
    assert_eq!(world.server.get(of_nil, &world.key).await.expect(200), json!({"items": [], "total": 0}));
    assert_eq!(revisions(&world, 2).await["total"], 1);
    world.send(WORKSPACE, &world.key, &[scored(1, 3.5, 2)]).await;
    let found = revisions(&world, 1).await;
    assert_eq!((&found["total"], &found["items"][0]["outcomeScore"]), (&json!(1), &json!(3.5)), "another conversation");
}
