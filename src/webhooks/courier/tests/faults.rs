//! Receivers that fail, and how they come back.

use super::*;

const HOUR: u64 = 3_600;

#[tokio::test(start_paused = true)]
async fn r8_3_a_receiver_that_fails_for_a_day_gets_everything_afterwards() {
    let day = Duration::from_secs(24 * HOUR);
    let mut world = World::new(1, move |arrived, _| (Duration::ZERO, answer(if arrived.at < day { 500 } else { 200 })));
    (1..=30).for_each(|n| world.side.happen(n, Some(u128::from(n % 5))));
    world.start();
    pass(24 * HOUR).await;
    assert_eq!((world.side.open(1), world.side.done(1).len()), (30, 0));
    pass(24 * HOUR).await;
    let mut done = world.side.done(1);
    done.sort_unstable();
    assert_eq!(done, (1..=30).map(|n| (n, true)).collect::<Vec<_>>());
    let tries = |n| world.conversations_at(1).iter().filter(|id| **id == Id(n).to_string()).count();
    assert!(tries(1) > 5 && tries(29) == 1, "{} {}", tries(1), tries(29));
}

#[tokio::test(start_paused = true)]
async fn r8_3_after_ten_attempts_a_delivery_is_given_up_and_the_next_has_its_turn() {
    let mut world = World::new(1, |_, _| (Duration::ZERO, answer(503)));
    world.side.happen(1, Some(1));
    world.side.happen(2, Some(1));
    world.start();
    pass(75 * HOUR + 8 * HOUR).await;
    assert_eq!(world.side.done(1), [(1, false)]);
    let at: Vec<_> = world
        .arrived()
        .iter()
        .filter(|a| a.data()["conversationId"].as_str().unwrap().ends_with('1'))
        .map(|a| a.at)
        .collect();
    let pauses: Vec<_> = at.windows(2).map(|two| (two[1] - two[0]).as_secs()).collect();
    assert_eq!(at.len(), 10);
    for (pause, expected) in pauses.iter().zip([5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]) {
        assert!((expected * 9 / 10..=expected * 11 / 10 + 1).contains(pause), "{pauses:?}");
    }
    assert!(world.arrived().len() > 10, "the second one is tried");
    assert_eq!(world.sender.counts.read().abandoned, 1);
    let ids: HashSet<_> = world.arrived().iter().map(|arrived| arrived.message.id.clone()).collect();
    assert_eq!(ids.len(), 2, "each has one id for all attempts");
}

#[tokio::test(start_paused = true)]
async fn r8_3_retry_after_is_waited_for() {
    let mut world = World::new(1, |_, tries| {
        let busy = Answer { retry_after: Some("3600".into()), ..answer(429) };
        (Duration::ZERO, if tries == 1 { busy } else { answer(200) })
    });
    world.side.happen(1, None);
    world.start();
    pass(HOUR - 1).await;
    assert_eq!(world.arrived().len(), 1);
    pass(3).await;
    assert_eq!((world.arrived().len(), world.side.done(1)), (2, vec![(1, true)]));
}

#[tokio::test(start_paused = true)]
async fn r8_3_a_receiver_that_is_gone_disables_its_endpoint() {
    let mut world =
        World::new(2, |arrived, _| (Duration::ZERO, answer(if arrived.url == side::url(1) { 410 } else { 200 })));
    world.side.happen(1, None);
    world.start();
    pass(2).await;
    assert_eq!(world.side.state.lock().disabled, [Id(1)]);
    world.side.happen(2, None);
    world.tell();
    pass(HOUR).await;
    assert_eq!((world.conversations_at(1).len(), world.conversations_at(2).len()), (1, 2));
    world.side.state.lock().disabled.push(Id(2));
    world.tell();
    world.courier.take().unwrap().await.expect("without endpoints there is no courier");
    assert_eq!(world.sender.counts.read().now, SideCounts::default());
}

#[tokio::test(start_paused = true)]
async fn r8_3_what_is_not_kept_any_more_is_given_up() {
    let mut world = World::new(1, |_, _| (Duration::ZERO, answer(500)));
    world.side.happen(1, Some(1));
    world.side.happen(2, Some(1));
    world.start();
    pass(2).await;
    world.side.lose(1);
    world.behave(ok);
    pass(60).await;
    assert_eq!(world.side.done(1), [(1, false), (2, true)]);
}
