//! Scores that are too unsure to count in a run (R7.7).

use serde_json::{Value, json};

use crate::support::world::{ACCOUNT, WORKSPACE, World, at, conversation_id, event};

/// An imported score that is so sure.
fn scored(n: u32, score: f64, confidence: f64, signals: u16) -> Value {
    let data = json!({"conversationId": conversation_id(n), "accountId": ACCOUNT, "resolved": false,
        "outcomeScore": score, "processScore": score, "environmentScore": score, "confidence": confidence,
        "signalCount": signals});
    event(&format!("scored-{n}"), "conversation.scored", data)
}

async fn settle(world: &World, patch: Value) {
    world.server.patch(&at("quality/settings"), &world.key, &patch).await.expect(200);
}

/// The account's run and how many breakers are active.
async fn run(world: &World) -> (u64, u64) {
    let health = world.server.get(&format!("/api/accounts/{ACCOUNT}/quality"), &world.key).await.expect(200);
    let list = world.server.get(&at("quality/circuit-breakers"), &world.key).await.expect(200);
    (health["consecutiveLow"].as_u64().expect("a number"), list["total"].as_u64().expect("a number"))
}

#[tokio::test]
async fn r7_7_what_does_not_count_neither_adds_to_a_run_nor_ends_it() {
    let world = World::start().await;
    settle(&world, json!({"minConfidence": 0.5})).await;
    let story = [
        (scored(1, 1.5, 1.0, 0), 1),
        (scored(2, 1.5, 0.49, 0), 1),
        (scored(3, 4.5, 0.49, 0), 1),
        (scored(4, 1.5, 0.5, 0), 2),
        (scored(5, 1.5, 0.0, 0), 2),
    ];
    for (event, low) in story {
        world.send(WORKSPACE, &world.key, &[event]).await;
        assert_eq!(run(&world).await, (low, 0));
    }
    world.send(WORKSPACE, &world.key, &[scored(6, 1.5, 1.0, 0)]).await;
    assert_eq!(run(&world).await, (3, 1));
    let list = world.server.get(&at("quality/circuit-breakers"), &world.key).await.expect(200);
    let path = at(&format!("quality/circuit-breakers/{}", list["items"][0]["id"].as_str().expect("an id")));
    let detail = world.server.get(&path, &world.key).await.expect(200);
    let evidence: Vec<_> =
        detail["evidence"].as_array().expect("a list").iter().map(|e| &e["conversationId"]).collect();
    assert_eq!(evidence, [&conversation_id(6), &conversation_id(4), &conversation_id(1)]);
}

#[tokio::test]
async fn r7_7_a_good_score_that_counts_ends_the_run() {
    let world = World::start().await;
    settle(&world, json!({"minConfidence": 0.5})).await;
    for (n, score, confidence, low) in [(1, 1.5, 1.0, 1), (2, 1.5, 1.0, 2), (3, 4.5, 0.5, 0), (4, 1.5, 1.0, 1)] {
        world.send(WORKSPACE, &world.key, &[scored(n, score, confidence, 0)]).await;
        assert_eq!(run(&world).await, (low, 0), "conversation {n}");
    }
}

#[tokio::test]
async fn r7_7_signals_are_counted_too_and_both_have_to_be_enough() {
    let world = World::start().await;
    settle(&world, json!({"minConfidence": 0.5, "minSignals": 3})).await;
    for (n, confidence, signals, low) in [(1, 1.0, 2, 0), (2, 0.4, 3, 0), (3, 0.5, 3, 1)] {
        world.send(WORKSPACE, &world.key, &[scored(n, 1.5, confidence, signals)]).await;
        assert_eq!(run(&world).await, (low, 0), "conversation {n}");
    }
}

#[tokio::test]
async fn r7_7_off_by_default_and_a_change_alone_trips_nothing() {
    let world = World::start().await;
    settle(&world, json!({"minConfidence": 0.5})).await;
    let unsure: Vec<_> = (1..=5).map(|n| scored(n, 1.5, 0.1, 0)).collect();
    world.send(WORKSPACE, &world.key, &unsure).await;
    assert_eq!(run(&world).await, (0, 0));
    settle(&world, json!({"minConfidence": null})).await;
    assert_eq!(run(&world).await, (5, 0), "it is read when it is asked; nothing is judged anew");
    world.send(WORKSPACE, &world.key, &[scored(6, 1.5, 0.1, 0)]).await;
    assert_eq!(run(&world).await, (6, 1));
}
