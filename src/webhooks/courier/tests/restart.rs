//! What a crash, a stop and a person change.

use super::*;
use crate::domain::delivery::Outcome;

#[tokio::test(start_paused = true)]
async fn r8_3_after_a_crash_nothing_is_missing_and_what_comes_again_has_the_same_id() {
    let mut world = World::new(1, ok);
    for n in 1..=200 {
        world.side.happen(n, Some(u128::from(n % 10)));
    }
    // Sent, and not noted: a crash every half of a second.
    for _ in 0..4 {
        world.start();
        sleep(Duration::from_millis(40)).await;
        world.kill().await;
    }
    world.start();
    pass(60).await;
    let mut done = world.side.done(1);
    done.sort_unstable();
    assert_eq!(done, (1..=200).map(|n| (n, true)).collect::<Vec<_>>());
    let mut ids: HashMap<String, HashSet<String>> = HashMap::new();
    let arrived = world.arrived();
    for message in &arrived {
        let body = String::from_utf8(message.message.body.clone()).unwrap();
        ids.entry(message.message.id.clone()).or_default().insert(body);
    }
    assert!(arrived.len() > 200 && ids.len() == 200, "{} {}", arrived.len(), ids.len());
    assert!(ids.values().all(|bodies| bodies.len() == 1));
}

#[tokio::test(start_paused = true)]
async fn r8_3_attempts_go_on_after_a_restart_as_they_would_have() {
    let times = async |restarts: bool| {
        let mut world = World::new(1, |_, _| (Duration::ZERO, answer(500)));
        world.side.happen(1, None);
        world.start();
        for _ in 0..12 {
            pass(7_200).await;
            if restarts {
                world.stop().await;
                world.stop = Stop::new();
                world.start();
            }
        }
        world.arrived().iter().map(|arrived| arrived.at.as_secs()).collect::<Vec<_>>()
    };
    let (with, without) = (times(true).await, times(false).await);
    assert!(with.len() > 5);
    assert_eq!(with, without);
}

#[tokio::test(start_paused = true)]
async fn r8_3_a_stop_waits_a_little_and_notes_what_came_of_it() {
    let mut world = World::new(1, |arrived, _| {
        let seconds = match arrived.data()["conversationId"].as_str().unwrap().chars().last() {
            Some('1') => 0,
            Some('2') => 14,
            _ => 2,
        };
        (Duration::from_secs(seconds), answer(200))
    });
    (1..=15).for_each(|n| world.side.happen(n, None));
    world.start();
    sleep(Duration::from_millis(100)).await;
    let began = Instant::now();
    world.stop().await;
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    assert_eq!(world.arrived().len(), 9, "no new one is begun");
    let mut done = world.side.done(1);
    done.sort_unstable();
    assert_eq!(done, [1, 3, 4, 5, 6, 7, 8, 9].map(|n| (n, true)));
    assert_eq!(world.side.open(1), 7);
}

#[tokio::test(start_paused = true)]
async fn r8_3_progress_is_noted_at_most_once_a_second_and_all_at_once() {
    let mut world = World::new(1, ok);
    world.start();
    for n in 1..=500 {
        world.side.happen(n, Some(n.into()));
        world.tell();
        sleep(Duration::from_millis(20)).await;
    }
    pass(3).await;
    let state = world.side.state.lock();
    assert!((8..=12).contains(&state.notes.len()), "{}", state.notes.len());
    let outcomes: Vec<_> = state.notes.iter().flat_map(|notes| &notes.outcomes).collect();
    let delivered = outcomes.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Delivered(_))).count();
    assert_eq!(delivered, 500);
    assert!(outcomes.len() < 600, "what is delivered need not have been open: {}", outcomes.len());
}

#[tokio::test(start_paused = true)]
async fn r8_3_a_replay_delivers_everything_again_once() {
    let mut world = World::new(1, ok);
    (1..=20).for_each(|n| world.side.happen(n, None));
    world.start();
    pass(5).await;
    world.side.replay(1);
    world.tell();
    pass(5).await;
    assert_eq!(world.arrived().len(), 40);
    let ids: HashSet<_> = world.arrived().iter().map(|arrived| arrived.message.id.clone()).collect();
    assert_eq!(ids.len(), 20);
}
