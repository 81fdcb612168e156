//! In order within an account, and nobody waits for another.

use super::*;

fn numbers(of: &[String]) -> Vec<u64> {
    of.iter().map(|id| u64::from_str_radix(&id[24..], 16).unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn r8_3_each_account_gets_its_effects_in_their_order() {
    // Who is later answers quicker.
    let mut world = World::new(1, |arrived, _| {
        let n = u64::from_str_radix(&arrived.data()["conversationId"].as_str().unwrap()[24..], 16).unwrap();
        (Duration::from_millis(1_000 / n), answer(200))
    });
    (1..=60).for_each(|n| world.side.happen(n, Some(u128::from(n % 3))));
    world.start();
    pass(60).await;
    let all = numbers(&world.conversations_at(1));
    assert_eq!(all.len(), 60);
    for account in 0..3 {
        let of: Vec<_> = all.iter().copied().filter(|n| n % 3 == account).collect();
        assert!(of.is_sorted(), "{of:?}");
    }
    assert!(!all.is_sorted(), "accounts do not wait for each other");
    assert_eq!(world.side.open(1), 0);
}

#[tokio::test(start_paused = true)]
async fn r8_3_what_fails_holds_up_its_own_account_alone() {
    let mut world = World::new(2, |arrived, _| {
        let is_bad = arrived.url == side::url(1) && arrived.data()["accountId"].as_str().unwrap().ends_with('7');
        (Duration::from_millis(5), answer(if is_bad { 500 } else { 200 }))
    });
    for n in 1..=40 {
        world.side.happen(n, Some(if n % 4 == 0 { 7 } else { u128::from(n) << 8 }));
    }
    world.start();
    pass(3_600).await;
    let first = numbers(&world.conversations_at(1));
    let of_bad: Vec<_> = first.iter().filter(|n| **n % 4 == 0).collect();
    assert!(of_bad.len() >= 3 && of_bad.iter().all(|n| **n == 4), "only the first of it is tried: {of_bad:?}");
    assert_eq!(first.iter().filter(|n| **n % 4 != 0).count(), 30);
    assert_eq!(numbers(&world.conversations_at(2)).len(), 40);
    world.behave(ok);
    pass(24 * 3_600).await;
    let all = numbers(&world.conversations_at(1));
    let rest: Vec<_> = all[first.len()..].to_vec();
    assert_eq!(rest, (1..=10).map(|n| 4 * n).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn r8_3_conversations_without_an_account_are_orders_of_their_own() {
    let mut world = World::new(1, |arrived, _| {
        let is_bad = arrived.data()["conversationId"].as_str().unwrap().ends_with('1');
        (Duration::ZERO, answer(if is_bad { 500 } else { 200 }))
    });
    (1..=9).for_each(|n| world.side.happen(n, None));
    world.start();
    pass(3).await;
    let mut delivered = world.side.done(1);
    delivered.sort_unstable();
    assert_eq!(delivered, (2..=9).map(|n| (n, true)).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn r8_3_nineteen_failing_endpoints_do_not_delay_the_twentieth() {
    let mut world = World::new(20, |arrived, _| match arrived.url == side::url(20) {
        true => (Duration::from_millis(5), answer(200)),
        // They hold every place that they get until the time is up.
        false => (Duration::from_secs(15), Answer { fault: Some(DeliveryFault::Timeout), ..Answer::default() }),
    });
    (1..=50).for_each(|n| world.side.happen(n, Some(n.into())));
    world.start();
    pass(1).await;
    let began = world.receivers.began.elapsed();
    for n in 51..=500 {
        world.side.happen(n, Some(n.into()));
        world.tell();
        pass(1).await;
    }
    let late: Vec<_> = world.arrived().into_iter().filter(|arrived| arrived.url == side::url(20)).collect();
    assert_eq!(late.len(), 500);
    for arrived in late.iter().skip(50) {
        let n = u64::from_str_radix(&arrived.data()["conversationId"].as_str().unwrap()[24..], 16).unwrap();
        let waited = arrived.at - began - Duration::from_secs(n - 51);
        assert!(waited < Duration::from_millis(100), "{n}: {waited:?}");
    }
}
