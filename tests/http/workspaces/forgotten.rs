//! Breakers that nobody takes care of are announced again (R7.6).

use serde_json::{Value, json};
use tripswitch::domain::effect::{EffectFilter, EffectId, EffectType};
use tripswitch::domain::ids::{Side, WorkspaceKey};
use tripswitch::domain::time::{HOUR, Millis};

use crate::support::world::{WORKSPACE, World, at, id_of};

/// Lets so much time go by; answers how often breakers have been announced as forgotten by then.
async fn after(world: &World, time: Millis) -> usize {
    world.server.clock.advance(time);
    world.server.engine.announce_forgotten().await;
    announced(world).await
}

async fn announced(world: &World) -> usize {
    let key = WorkspaceKey { id: id_of(WORKSPACE), side: Side::Live };
    let filter = EffectFilter { types: [EffectType::BreakerForgotten].into_iter().collect(), account: None };
    let page = world.server.engine.read(key, move |side| side.effects(EffectId::ZERO, &filter, 100)).await;
    page.expect("it answers").effects.len()
}

async fn remind_after(world: &World, hours: Value) {
    world.server.patch(&at("quality/settings"), &world.key, &json!({"forgottenAfterHours": hours})).await.expect(200);
}

#[tokio::test]
async fn r7_6_a_breaker_that_nobody_acknowledges_is_announced_again_every_n_hours() {
    let world = World::start().await;
    remind_after(&world, json!(4)).await;
    let id = world.trip().await;
    assert_eq!(after(&world, 4 * HOUR - 1).await, 0);
    assert_eq!(after(&world, 1).await, 1);
    assert_eq!(after(&world, 4 * HOUR - 1).await, 1);
    assert_eq!(after(&world, 1).await, 2);
    let detail = world.server.get(&at(&format!("quality/circuit-breakers/{id}")), &world.key).await.expect(200);
    let forgotten = json!({"step": "forgotten", "at": "2026-03-25T18:00:00.000Z", "actor": null, "note": null});
    assert_eq!(detail["history"][1], forgotten, "the latest time");
    assert_eq!((detail["history"].as_array().map(Vec::len), &detail["state"]), (Some(2), &json!("triggered")));

    let world = world.restarted().await;
    assert_eq!(after(&world, 4 * HOUR - 1).await, 2, "a restart announces nothing");
    assert_eq!(after(&world, 1).await, 3);
}

#[tokio::test]
async fn r7_6_an_acknowledged_one_is_announced_until_it_is_resolved() {
    let world = World::start().await;
    remind_after(&world, json!(4)).await;
    let id = world.trip().await;
    let step = async |verb: &str| {
        let path = at(&format!("quality/circuit-breakers/{id}/{verb}"));
        world.server.post_nothing(&path, &world.key).await.expect(200);
    };
    assert_eq!(after(&world, 3 * HOUR).await, 0);
    step("acknowledge").await;
    assert_eq!(after(&world, 4 * HOUR - 1).await, 0, "its time begins with the acknowledgement");
    assert_eq!(after(&world, 1).await, 1);
    step("resolve").await;
    assert_eq!(after(&world, 20 * HOUR).await, 1);
}

#[tokio::test]
async fn r7_6_off_by_default_and_where_it_is_switched_off() {
    let world = World::start().await;
    world.trip().await;
    assert_eq!(after(&world, 1_000 * HOUR).await, 0);
    remind_after(&world, json!(720)).await;
    assert_eq!(after(&world, HOUR).await, 1, "it has been forgotten for long");
    remind_after(&world, json!(1)).await;
    assert_eq!(after(&world, HOUR).await, 2);
    remind_after(&world, Value::Null).await;
    assert_eq!(after(&world, 20 * HOUR).await, 2);
}

#[tokio::test]
async fn r7_6_an_announcement_changes_neither_gate_nor_list() {
    let world = World::start().await;
    remind_after(&world, json!(1)).await;
    world.trip().await;
    let before = world.picture().await;
    assert_eq!(after(&world, HOUR).await, 1);
    assert_eq!(world.picture().await, before);
}
