//! What a client sees of a full disk, a failed journal, an end and a restart (R9.2, R9.5, R2.15).

use serde_json::json;
use tripswitch::domain::time::DAY;
use tripswitch::journal::memory::Injected;

use crate::support::world::{ACCOUNT, WORKSPACE, World, at, conversation, low_score};

#[tokio::test]
async fn r9_5_a_full_disk_refuses_writes_and_nothing_else() {
    let world = World::start().await;
    let breaker = world.trip().await;
    let before = world.fingerprint().await;
    world.server.log.answer(Some(Injected::Full));
    let event = low_score(4, ACCOUNT);
    world.server.post(&at("events"), &world.key, &event).await.fails(507, "disk_full");
    let patch = json!({"circuitBreakerCount": 5});
    world.server.patch(&at("csat-config"), &world.key, &patch).await.fails(507, "disk_full");
    let acknowledge = at(&format!("quality/circuit-breakers/{breaker}/acknowledge"));
    world.server.post_nothing(&acknowledge, &world.key).await.fails(507, "disk_full");
    assert_eq!(world.fingerprint().await, before, "reads and the gate go on");

    world.server.log.answer(None);
    let body = world.server.post(&at("events"), &world.key, &event).await.expect(202);
    assert_eq!((&body["accepted"], &body["duplicates"]), (&1.into(), &0.into()), "the refused one left no identity");
    world.server.post_nothing(&acknowledge, &world.key).await.expect(200);
}

#[tokio::test]
async fn r9_5_a_failed_journal_refuses_writes_until_a_restart() {
    let world = World::start().await;
    world.trip().await;
    let before = world.fingerprint().await;
    world.server.log.answer(Some(Injected::Poisoned));
    for _ in 0..2 {
        world.server.post(&at("events"), &world.key, &low_score(4, ACCOUNT)).await.fails(503, "journal_failed");
        world.server.log.answer(None);
    }
    assert_eq!(world.fingerprint().await, before);
}

#[tokio::test]
async fn r2_15_a_workspace_that_cannot_answer_is_503_and_never_404() {
    let world = World::start().await;
    world.trip().await;
    let gate = world.server.get(&at("quality/gate"), &world.key).await.expect(200);
    world.server.engine.clone().shutdown().await;
    for path in [conversation(1), conversation(77), format!("/api/accounts/{ACCOUNT}/quality")] {
        for key in [&world.key, &world.tenant_key] {
            world.server.get(&path, key).await.fails(503, "shutting_down");
        }
    }
    world.server.get(&at("quality/stats"), &world.key).await.fails(503, "shutting_down");
    world.server.post(&at("events"), &world.key, &low_score(4, ACCOUNT)).await.fails(503, "shutting_down");
    assert_eq!(world.server.get(&at("quality/gate"), &world.key).await.expect(200), gate, "the gate waits for nobody");
}

#[tokio::test]
async fn r9_2_after_a_restart_every_answer_is_what_it_was() {
    let world = World::start().await;
    let breaker = world.trip().await;
    world.server.patch(&at("csat-config"), &world.key, &json!({"linkExpiryDays": 30})).await.expect(200);
    let acknowledge = at(&format!("quality/circuit-breakers/{breaker}/acknowledge"));
    world.server.post_nothing(&acknowledge, &world.key).await.expect(200);
    let before = world.fingerprint().await;
    let tag = world.server.get(&at("quality/gate"), &world.key).await.header("etag").to_owned();

    let world = world.restarted().await;
    assert_eq!(world.fingerprint().await, before);
    assert_eq!(world.server.get(&at("quality/gate"), &world.key).await.header("etag"), tag, "R8.1");
    let path = format!("/api/workspaces/{WORKSPACE}/events");
    let again = world.server.post(&path, &world.key, &low_score(1, ACCOUNT)).await.expect(202);
    assert_eq!(again, json!({"accepted": 0, "duplicates": 1, "rejected": []}), "R4.4");
}

#[tokio::test]
async fn r5_5_an_explanation_is_gone_after_90_days_and_the_score_is_not() {
    let world = World::start().await;
    world.send(WORKSPACE, &world.key, &[low_score(1, ACCOUNT)]).await;
    let explanation = conversation(1) + "/explanation";
    world.server.clock.advance(90 * DAY - 1);
    world.server.get(&explanation, &world.key).await.expect(200);
    world.server.clock.advance(1);
    world.server.get(&explanation, &world.key).await.fails(410, "gone");
    world.server.get(&conversation(1), &world.key).await.expect(200);
}
