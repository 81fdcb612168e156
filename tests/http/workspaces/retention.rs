//! R4.11, as far as readers see it.

use tripswitch::domain::time::DAY;

use crate::support::world::{ACCOUNT, WORKSPACE, World, at, conversation, low_score};

#[tokio::test]
async fn r4_11_a_range_from_before_the_cut_off_says_from_when_on_it_is() {
    let world = World::start().await;
    world.send(WORKSPACE, &world.key, &[low_score(1, ACCOUNT)]).await;
    let stats = async |from: &str| {
        let reply = world.server.get(&at(&format!("quality/stats?from={from}")), &world.key).await;
        (reply.expect(200)["conversationsScored"].as_u64(), reply.header("x-retention-from").to_owned())
    };
    assert_eq!(stats("2026-03-01").await, (Some(1), String::new()));
    world.server.clock.advance(400 * DAY + 1);
    world.server.engine.retain().await;
    assert_eq!(stats("2026-03-25T10:00:00Z").await, (Some(0), "2026-03-25T10:00:00.001Z".to_owned()));
    assert_eq!(stats("2026-03-25T10:00:00.001Z").await, (Some(0), String::new()));
    world.server.get(&conversation(1), &world.key).await.fails(404, "not_found");
    let health = world.server.get(&format!("/api/accounts/{ACCOUNT}/quality"), &world.key).await.expect(200);
    assert_eq!(health["conversationCount"], 0, "the account stays");
}
