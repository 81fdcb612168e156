//! What fails is rebuilt, the guilty event is skipped, the others stand (I6).

use super::*;
use crate::actors::{EngineError, SideSkips, TakeError};
use crate::domain::csat_config::CsatPatch;
use crate::domain::reply::{Rejection, Verdict};
use crate::domain::view::{Known, Skipped};
use crate::journal::memory::Injected;

const REJECTED: Verdict = Verdict::Rejected(Rejection::InternalError);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i6_a_panic_in_apply_rejects_the_guilty_event_and_the_others_stand() {
    let bench = Bench::new();
    let engine = bench.start().await;
    engine.ingest_weighing(ONE, vec![scored(1, 1, Some(5), 400, T)], 100).await.unwrap();
    bench.faults.apply.panic_on_intent(true);
    let batch = vec![scored(2, 2, Some(5), 300, T), poisonous(3, 3, Some(5)), scored(4, 4, Some(5), 200, T)];
    let verdicts = engine.ingest_weighing(ONE, batch, 100).await;
    assert_eq!(verdicts, Ok(vec![Verdict::Accepted, REJECTED, Verdict::Accepted]));
    assert_eq!(bench.skips(ONE), [Position::new(3, 1)], "frame 1 is the settings, frame 2 the first request");
    assert_eq!(engine.read(ONE, move |w| w.conversation(Id(3))).await, Ok(Known::Unknown));
    let health = engine.account(ONE, Id(5)).await.unwrap().unwrap();
    assert_eq!((health.conversation_count, health.rolling_composite), (3, Some(Hundredths(300))));
    let counts = engine.stats_now().counts;
    assert_eq!((counts.rebuilds, counts.skips), (1, 1));
    assert_eq!(engine.stats_now().waiting_bytes, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i6_a_skipped_event_leaves_no_identity() {
    let bench = Bench::new();
    let engine = bench.start().await;
    bench.faults.apply.panic_on_intent(true);
    assert_eq!(engine.ingest_weighing(ONE, vec![poisonous(3, 3, None)], 100).await, Ok(vec![REJECTED]));
    let mended = EventRecord { intent: None, ..poisonous(3, 3, None) };
    assert_eq!(engine.ingest_weighing(ONE, vec![mended], 100).await, Ok(vec![Verdict::Accepted]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i6_a_repaired_binary_does_not_change_the_past() {
    let bench = Bench::new();
    let engine = bench.start().await;
    bench.faults.apply.panic_on_intent(true);
    engine.ingest_weighing(ONE, vec![scored(1, 1, Some(5), 300, T), poisonous(2, 2, Some(5))], 100).await.unwrap();
    let lows = (10..13).map(|event| scored(event, event.into(), Some(5), 150, T)).collect();
    engine.ingest_weighing(ONE, lows, 100).await.unwrap();
    let hash = engine.read(ONE, hash_at).await;
    let breakers = engine.read(ONE, |w| w.active_breakers()).await;
    let skipped = Skipped { count: 1, latest: vec![Position::new(2, 1)] };
    let skips = [SideSkips { key: ONE, skipped }];
    assert_eq!(engine.workspaces_now().skips, skips, "counted, and visible in status");
    engine.shutdown().await;
    bench.faults.apply.panic_on_intent(false);
    let engine = bench.start().await;
    assert_eq!(engine.workspaces_now().skips, skips, "also after a start from a snapshot");
    assert_eq!(engine.read(ONE, hash_at).await, hash);
    assert_eq!(engine.read(ONE, |w| w.active_breakers()).await, breakers);
    assert_eq!(engine.read(ONE, move |w| w.conversation(Id(2))).await, Ok(Known::Unknown), "the event stays skipped");
    for size in [1, 2, 64] {
        assert_eq!(bench.hash_by_rounds(ONE, size), hash.unwrap().1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i6_others_serve_while_a_workspace_is_rebuilt_and_its_gate_answers() {
    let bench = Bench::new();
    let engine = bench.start().await;
    let lows = (10..13).map(|event| scored(event, event.into(), Some(5), 150, T)).collect();
    engine.ingest_weighing(ONE, lows, 100).await.unwrap();
    engine.ingest_weighing(TWO, vec![scored(1, 1, Some(5), 300, T)], 100).await.unwrap();
    bench.faults.apply.panic_on_intent(true);
    // The skip waits at the gate: the workspace stays in its rebuild for as long as we look.
    bench.gate.open_once();
    let guilty = engine.ingest_weighing(ONE, vec![poisonous(2, 2, Some(5))], 100);
    let look = async {
        until(&engine, ONE, Status::Rebuilding).await;
        assert_eq!(engine.gate(ONE, Some(Id(5))).unwrap().breakers.len(), 1);
        assert_eq!(engine.account(ONE, Id(5)).await, Err(EngineError::WorkspaceUnavailable));
        let refused = engine.ingest_weighing(ONE, vec![scored(3, 3, None, 300, T)], 100).await;
        assert_eq!(refused, Err(EngineError::WorkspaceUnavailable));
        assert_eq!((engine.workspaces_now().rebuilding, engine.workspaces_now().serving), (vec![ONE], 1));
        assert!(matches!(engine.snapshot().await, Err(TakeError::Workspace(id)) if id == ONE.id));
        assert!(matches!(engine.read(TWO, move |w| w.conversation(Id(1))).await, Ok(Known::Found(_))));
        let other = engine.ingest_weighing(TWO, vec![scored(2, 2, Some(5), 300, T)], 100);
        let open = async { bench.gate.open() };
        let (other, ()) = futures::join!(other, open);
        assert_eq!(other, Ok(vec![Verdict::Accepted]));
    };
    let (guilty, ()) = futures::join!(guilty, look);
    assert_eq!(guilty, Ok(vec![REJECTED]));
    until(&engine, ONE, Status::Serving).await;
    assert_eq!(engine.account(ONE, Id(5)).await.unwrap().unwrap().conversation_count, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i6_an_account_killed_in_a_round_costs_its_first_event_of_the_round() {
    for set in [Faults::kill_next_account, Faults::panic_in_next_account, Faults::panic_on_the_spot] {
        let bench = Bench::new();
        let engine = bench.start().await;
        engine.ingest_weighing(ONE, vec![scored(1, 1, Some(5), 400, T)], 100).await.unwrap();
        set(&bench.faults);
        let batch = vec![scored(2, 2, None, 300, T), scored(3, 3, Some(5), 300, T), scored(4, 4, Some(5), 200, T)];
        let verdicts = engine.ingest_weighing(ONE, batch, 100).await;
        assert_eq!(verdicts, Ok(vec![Verdict::Accepted, REJECTED, Verdict::Accepted]));
        assert_eq!(bench.skips(ONE), [Position::new(3, 1)]);
        assert_eq!(engine.account(ONE, Id(5)).await.unwrap().unwrap().conversation_count, 2);
        assert_eq!(bench.hash_by_rounds(ONE, 8), engine.read(ONE, hash_at).await.unwrap().1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i6_a_workspace_that_dies_between_rounds_comes_back_without_a_skip() {
    let bench = Bench::new();
    let engine = bench.start().await;
    engine.ingest_weighing(ONE, vec![scored(1, 1, Some(5), 150, T)], 100).await.unwrap();
    let before = engine.read(ONE, hash_at).await;
    handle(&engine, ONE).queue.actor().unwrap().get_cell().kill();
    while engine.stats_now().counts.rebuilds == 0 {
        tokio::task::yield_now().await;
    }
    until(&engine, ONE, Status::Serving).await;
    assert_eq!(engine.read(ONE, hash_at).await, before);
    assert!(bench.skips(ONE).is_empty(), "an answered event must stand");
    assert_eq!(
        engine.ingest_weighing(ONE, vec![scored(2, 2, Some(5), 150, T)], 100).await,
        Ok(vec![Verdict::Accepted])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i6_a_command_that_makes_apply_panic_is_skipped_too() {
    let bench = Bench::new();
    let engine = bench.start().await;
    engine.ingest_weighing(ONE, vec![scored(1, 1, Some(5), 150, T)], 100).await.unwrap();
    bench.faults.apply.panic_on_intent(true);
    let patch = CsatPatch { link_expiry_days: Some(3), ..CsatPatch::default() };
    let guilty = engine.patch_csat_config(ONE, crate::recovery::faults::PANIC_INTENT, patch).await;
    assert_eq!(guilty, Err(EngineError::WorkspaceUnavailable));
    until(&engine, ONE, Status::Serving).await;
    assert_eq!(engine.csat_config(ONE).await.unwrap().link_expiry_days, 14);
    let hash = engine.read(ONE, hash_at).await;
    engine.shutdown().await;
    bench.faults.apply.panic_on_intent(false);
    assert_eq!(bench.start().await.read(ONE, hash_at).await, hash);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn i6_requests_that_wait_behind_the_guilty_one_get_their_verdicts() {
    let bench = Bench::new();
    let engine = bench.start().await;
    engine.ingest_weighing(ONE, vec![scored(1, 1, Some(5), 400, T)], 100).await.unwrap();
    bench.faults.apply.panic_on_intent(true);
    // Held at the gate, all of these are one group and one queue.
    bench.gate.close();
    let submit = |event: u64| {
        let engine = engine.clone();
        let record = if event == 25 {
            poisonous(event, event.into(), Some(5))
        } else {
            scored(event, event.into(), Some(5), 300, T)
        };
        tokio::spawn(async move { engine.ingest_weighing(ONE, vec![record], 100).await })
    };
    let tasks: Vec<_> = (10..50).map(submit).collect();
    while engine.stats_now().waiting_bytes < 40 * 100 {
        tokio::task::yield_now().await;
    }
    bench.gate.open();
    for (event, task) in (10..50).zip(tasks) {
        let expected = if event == 25 { REJECTED } else { Verdict::Accepted };
        assert_eq!(task.await.unwrap(), Ok(vec![expected]), "event {event}");
    }
    assert_eq!(engine.read(ONE, move |w| w.stats(0, T)).await.unwrap().conversations_scored, 40);
    assert_eq!(engine.stats_now().waiting_bytes, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i6_after_more_than_three_skips_in_a_minute_a_workspace_stays_down_until_a_restart() {
    let bench = Bench::new();
    let engine = bench.start().await;
    bench.faults.apply.panic_on_intent(true);
    for event in 1..=3 {
        assert_eq!(engine.ingest_weighing(ONE, vec![poisonous(event, 1, None)], 100).await, Ok(vec![REJECTED]));
    }
    let fourth = engine.ingest_weighing(ONE, vec![poisonous(4, 1, None), scored(5, 5, None, 400, T)], 100).await;
    assert_eq!(fourth, Err(EngineError::WorkspaceUnavailable));
    until(&engine, ONE, Status::Failed).await;
    bench.clock.advance(10 * crate::domain::time::MINUTE);
    let refused = engine.ingest_weighing(ONE, vec![scored(6, 6, None, 400, T)], 100).await;
    assert_eq!(refused, Err(EngineError::WorkspaceUnavailable));
    assert_eq!(engine.read(ONE, move |w| w.stats(0, T)).await, Err(EngineError::WorkspaceUnavailable));
    assert_eq!(engine.readiness().workspaces_failed, 1);
    assert_eq!(engine.stats_now().waiting_bytes, 0);
    engine.ingest_weighing(TWO, vec![scored(6, 6, None, 400, T)], 100).await.unwrap();
    engine.shutdown().await;
    let engine = bench.start().await;
    assert!(
        matches!(engine.read(ONE, move |w| w.conversation(Id(5))).await, Ok(Known::Found(_))),
        "stored, so applied at last"
    );
    assert_eq!(bench.skips(ONE).len(), 4, "the start has skipped the fourth");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i6_four_skips_in_more_than_a_minute_are_none_too_many() {
    let bench = Bench::new();
    let engine = bench.start().await;
    bench.faults.apply.panic_on_intent(true);
    for event in 1..=8 {
        assert_eq!(engine.ingest_weighing(ONE, vec![poisonous(event, 1, None)], 100).await, Ok(vec![REJECTED]));
        bench.clock.advance(crate::domain::time::MINUTE / 3);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i6_several_guilty_events_of_one_request_are_skipped_one_after_the_other() {
    let bench = Bench::new();
    let engine = bench.start().await;
    bench.faults.apply.panic_on_intent(true);
    let batch = vec![poisonous(1, 1, None), scored(2, 2, None, 400, T), poisonous(3, 3, None)];
    assert_eq!(engine.ingest_weighing(ONE, batch, 100).await, Ok(vec![REJECTED, Verdict::Accepted, REJECTED]));
    assert_eq!(bench.skips(ONE), [Position::new(2, 0), Position::new(2, 2)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i6_a_workspace_whose_skip_cannot_be_stored_stays_down() {
    let bench = Bench::new();
    let engine = bench.start().await;
    engine.ingest_weighing(ONE, vec![scored(1, 1, Some(5), 150, T)], 100).await.unwrap();
    bench.faults.apply.panic_on_intent(true);
    bench.gate.open_once();
    let guilty = engine.ingest_weighing(ONE, vec![poisonous(2, 2, None)], 100);
    let fill = async {
        until(&engine, ONE, Status::Rebuilding).await;
        bench.log.answer(Some(Injected::Full));
        bench.gate.open();
    };
    let (guilty, ()) = futures::join!(guilty, fill);
    assert_eq!(guilty, Err(EngineError::WorkspaceUnavailable));
    assert_eq!(engine.readiness().workspaces_failed, 1);
    bench.log.answer(None);
    engine.ingest_weighing(TWO, vec![scored(6, 6, None, 400, T)], 100).await.unwrap();
    assert!(bench.skips(ONE).is_empty());
}
