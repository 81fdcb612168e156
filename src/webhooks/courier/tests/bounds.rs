//! What a courier holds is bounded (I5).

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::domain::delivery::MOST_OPEN;
use crate::domain::effect::EffectType;

#[tokio::test(start_paused = true)]
async fn i5_a_dead_endpoint_has_so_many_deliveries_open_and_no_more() {
    let mut world = World::new(1, |_, _| (Duration::from_secs(15), answer(500)));
    (1..=15_000).for_each(|n| world.side.happen(n, None));
    world.start();
    pass(60).await;
    let open = world.side.open(1);
    assert!((MOST_OPEN..MOST_OPEN + 100).contains(&open), "{open}");
    assert_eq!(world.sender.counts.read().now, SideCounts { endpoints: 1, lagging: 0, open });
}

#[tokio::test(start_paused = true)]
async fn i5_eight_requests_go_to_an_endpoint_at_a_time_and_one_while_it_fails() {
    static NOW: AtomicUsize = AtomicUsize::new(0);
    static MOST: AtomicUsize = AtomicUsize::new(0);
    // Requests that last as long as each other are counted by when they began.
    let mut world = World::new(1, |arrived, _| {
        let at = arrived.at.as_secs() as usize;
        if NOW.swap(at, Ordering::Relaxed) != at {
            MOST.store(0, Ordering::Relaxed);
        }
        let count = 1 + MOST.fetch_add(1, Ordering::Relaxed);
        assert!(count <= if at < 100 { 8 } else { 1 }, "{count} at {at}");
        (Duration::from_secs(1), answer(if at < 99 { 200 } else { 500 }))
    });
    (1..=2_000).for_each(|n| world.side.happen(n, None));
    world.start();
    pass(150).await;
    assert!((780..860).contains(&world.arrived().len()), "{}", world.arrived().len());
}

#[tokio::test(start_paused = true)]
async fn i5_nothing_more_is_begun_while_nothing_can_be_noted() {
    let mut world = World::new(1, ok);
    world.side.is_full.store(true, Ordering::Relaxed);
    (1..=3_000).for_each(|n| world.side.happen(n, None));
    world.start();
    pass(60).await;
    let sent = world.arrived().len();
    assert!((1_000..=1_100).contains(&sent), "{sent}");
    world.side.is_full.store(false, Ordering::Relaxed);
    pass(10).await;
    assert_eq!((world.arrived().len(), world.side.done(1).len()), (3_000, 3_000));
}

#[tokio::test(start_paused = true)]
async fn r8_3_an_endpoint_that_wants_little_notes_its_place_now_and_then() {
    let mut world = World::new(0, ok);
    world.side.add_endpoint(1, EffectTypes::from_iter([EffectType::BreakerTriggered]), WebhookFormat::Standard);
    world.start();
    for n in 1..=120 {
        world.side.happen(n, None);
        world.tell();
        pass(1).await;
    }
    let notes = world.side.state.lock().notes.len();
    assert!((3..=5).contains(&notes), "{notes}");
    assert!(world.arrived().is_empty());
}
