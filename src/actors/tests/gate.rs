//! Waiting for a change of the gate (R8.1).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::*;

/// Counts how often somebody is woken.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Three low scores of one account: its breaker trips with the third.
fn low(event: u64) -> EventRecord {
    scored(event, event.into(), Some(7), 150, T)
}

#[tokio::test]
async fn r8_1_a_changed_gate_wakes_ten_thousand_waiters_and_a_round_without_a_change_nobody() {
    let engine = Bench::new().start().await;
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&wakes));
    // One task polls them all here, which is more than a task may do in one go.
    let waiter = || Box::pin(tokio::task::unconstrained(engine.epoch_other_than(ONE, 0)));
    let mut waiting: Vec<_> = std::iter::repeat_with(waiter).take(10_000).collect();
    for waiter in &mut waiting {
        assert_eq!(waiter.as_mut().poll(&mut Context::from_waker(&waker)), Poll::Pending);
    }
    engine.ingest_weighing(ONE, vec![low(1), low(2)], 100).await.unwrap();
    assert_eq!(wakes.0.load(Ordering::Relaxed), 0, "two low scores trip nothing");
    engine.ingest_weighing(ONE, vec![low(3)], 100).await.unwrap();
    assert_eq!(wakes.0.load(Ordering::Relaxed), waiting.len());
    for waiter in &mut waiting {
        assert_eq!(waiter.as_mut().poll(&mut Context::from_waker(&waker)), Poll::Ready(()));
    }
    assert_eq!(engine.gate(ONE, Some(Id(7))).unwrap().epoch, 1, "who is woken finds the new gate");
    engine.epoch_other_than(ONE, 0).await;
}

#[tokio::test]
async fn a_cut_is_the_state_between_two_rounds() {
    let engine = Bench::new().start().await;
    engine.ingest_weighing(ONE, vec![low(1)], 100).await.unwrap();
    let cut = engine.cut(ONE).await.unwrap();
    let before = engine.read(ONE, hash_at).await.unwrap();
    engine.ingest_weighing(ONE, vec![low(2)], 100).await.unwrap();
    assert_eq!((cut.head().key, cut.head().applied), (ONE, before.0), "what comes later is not in it");
}

#[tokio::test]
async fn r8_1_who_waits_for_a_side_without_a_record_sees_its_first_change_and_leaves_nothing_behind() {
    let engine = Bench::new().start().await;
    {
        let mut given_up = Box::pin(engine.epoch_other_than(TWO, 0));
        let mut waiting = Box::pin(engine.epoch_other_than(ONE, 0));
        assert!(futures::poll!(given_up.as_mut()).is_pending() && futures::poll!(waiting.as_mut()).is_pending());
        assert_eq!((engine.stats_now().sides, engine.shared.directory.awaited()), (0, 2), "a wait makes no side");
        engine.ingest_weighing(ONE, vec![low(1), low(2), low(3)], 100).await.unwrap();
        assert!(futures::poll!(waiting.as_mut()).is_ready() && futures::poll!(given_up.as_mut()).is_pending());
    }
    assert_eq!((engine.stats_now().sides, engine.shared.directory.awaited()), (1, 0));
    engine.epoch_other_than(TWO, 1).await;
}

#[tokio::test]
async fn i5_what_is_asked_of_a_side_without_a_record_is_the_empty_workspace_and_makes_nothing() {
    let bench = Bench::new();
    let engine = bench.start().await;
    assert_eq!(engine.read(ONE, |asked| (asked.applied(), asked.active_breakers().len())).await, Ok((0, 0)));
    assert_eq!(engine.read(ONE, move |asked| asked.stats(0, T).conversations_scored).await, Ok(0));
    assert_eq!(engine.account(ONE, Id(7)).await, Ok(None));
    assert_eq!(engine.csat_config(ONE).await, Ok(crate::domain::csat_config::CsatConfig::default()));
    assert_eq!(engine.gate(ONE, Some(Id(7))).map(|gate| gate.epoch), Ok(0));
    assert_eq!(engine.cut(ONE).await.unwrap().head().applied, 0);
    drop(engine.room(ONE).unwrap().take(100).unwrap());
    let nobodys = WorkspaceKey { id: Id(99), side: Side::Live };
    assert_eq!(engine.read(nobodys, Workspace::applied).await, Err(EngineError::WorkspaceUnavailable));
    assert!(engine.room(nobodys).is_err());
    assert_eq!((engine.stats_now().sides, engine.shared.directory.workspaces().len()), (0, 0));
    engine.ingest_weighing(ONE, vec![low(1)], 100).await.unwrap();
    assert_eq!(engine.stats_now().sides, 1, "a write makes its side, and no other");
}

#[tokio::test]
async fn whose_gate_has_changed_is_told_once_with_what_it_is_now() {
    let bench = Bench::new();
    let engine = bench.start().await;
    let mut news = Box::pin(engine.gate_changes());
    engine.ingest_weighing(ONE, vec![low(1), low(2)], 100).await.unwrap();
    assert!(futures::poll!(news.as_mut()).is_pending(), "two low scores trip nothing");
    engine.ingest_weighing(ONE, vec![low(3)], 100).await.unwrap();
    let told = news.await;
    assert_eq!(told.iter().map(|(key, gate)| (*key, gate.epoch)).collect::<Vec<_>>(), [(ONE, 1)]);
    assert!(told[0].1.accounts.contains_key(&Id(7)));
    assert_eq!(engine.gates(), told);
    assert!(futures::poll!(Box::pin(engine.gate_changes())).is_pending(), "it was told");
}
