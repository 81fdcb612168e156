//! Writes: order, rounds, settings, and what is visible when.

use std::task::Context;

use futures::task::ArcWake;

use super::*;
use crate::actors::EngineError;
use crate::domain::csat_config::CsatPatch;
use crate::domain::record::Command;
use crate::domain::reply::{CommandRefusal, Rejection, Reply, Verdict};
use crate::domain::view::Known;

#[tokio::test]
async fn r4_3_an_answered_write_is_visible_to_every_query() {
    let engine = Bench::new().start().await;
    let verdicts = engine.ingest_weighing(ONE, vec![scored(1, 10, Some(5), 450, T)], 100).await;
    assert_eq!(verdicts, Ok(vec![Verdict::Accepted]));
    let Known::Found(quality) = engine.read(ONE, move |w| w.conversation(Id(10))).await.unwrap() else {
        panic!("not found")
    };
    assert_eq!(quality.composite_score, Hundredths(450));
    let health = engine.account(ONE, Id(5)).await.unwrap().unwrap();
    assert_eq!((health.conversation_count, health.rolling_composite), (1, Some(Hundredths(450))));
    let stats = engine.read(ONE, move |w| w.stats(T - 1, T + 1)).await.unwrap();
    assert_eq!(stats.conversations_scored, 1);
    assert_eq!(engine.account(ONE, Id(6)).await, Ok(None));
    assert_eq!(engine.read(ONE, move |w| w.conversation(Id(11))).await, Ok(Known::Unknown));
    assert_eq!(
        engine.read(TWO, move |w| w.conversation(Id(10))).await,
        Ok(Known::Unknown),
        "nothing crosses workspaces"
    );
}

#[tokio::test]
async fn r4_4_only_apply_judges_identities_and_says_so_event_by_event() {
    let engine = Bench::new().start().await;
    engine.ingest_weighing(ONE, vec![scored(1, 10, Some(5), 450, T)], 100).await.unwrap();
    let mut reused = scored(1, 10, Some(5), 450, T);
    reused.identity.content = 9;
    let batch =
        vec![scored(1, 10, Some(5), 450, T), reused, scored(2, 10, Some(6), 450, T), scored(3, 11, None, 450, T)];
    let mismatch = Rejection::AccountMismatch { attached: Id(5) };
    let expected =
        [Verdict::Duplicate, Verdict::Rejected(Rejection::IdReused), Verdict::Rejected(mismatch), Verdict::Accepted];
    assert_eq!(engine.ingest_weighing(ONE, batch, 100).await.unwrap(), expected);
    let counts = engine.stats_now().counts;
    assert_eq!((counts.accepted, counts.duplicates, counts.rejected), (2, 1, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn i1_i3_rounds_under_load_give_the_state_of_any_other_rounds() {
    for round_frames in [1, 2, 8] {
        let mut bench = Bench::new();
        bench.options.round_frames = round_frames;
        let engine = bench.start().await;
        let submit = |task: u64| {
            let engine = engine.clone();
            tokio::spawn(async move {
                for turn in 0..8 {
                    let event = task * 100 + turn;
                    let (low, account) = (u16::try_from(event % 4).unwrap() * 100 + 100, u128::from(event % 7));
                    let conversation = u128::from(event % 90);
                    let one = scored(event, conversation, Some(conversation % 7), low, T + event as i64);
                    let other = scored(event + 50, 1_000 + u128::from(event), Some(account), low, T - event as i64);
                    engine.ingest_weighing(ONE, vec![one, other], 100).await.unwrap();
                }
            })
        };
        for task in (0..32).map(submit).collect::<Vec<_>>() {
            task.await.unwrap();
        }
        let (applied, hash) = engine.read(ONE, hash_at).await.unwrap();
        assert_eq!(applied, 1 + 32 * 8, "one settings record and every request");
        for size in [1, 3, 64] {
            assert_eq!(bench.hash_by_rounds(ONE, size), hash, "rounds of {round_frames} against rounds of {size}");
        }
        engine.shutdown().await;
        let again = bench.start().await;
        assert_eq!(again.read(ONE, hash_at).await, Ok((applied, hash)), "after a restart");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn i3_requests_of_one_client_keep_their_order() {
    let engine = Bench::new().start().await;
    let submit = |client: u64| {
        let engine = engine.clone();
        tokio::spawn(async move {
            for turn in 0..20_u16 {
                let event = client * 1_000 + u64::from(turn);
                let import = scored(event, u128::from(client), None, 100 + turn, T);
                engine.ingest_weighing(ONE, vec![import], 100).await.unwrap();
                let Known::Found(quality) = engine.read(ONE, move |w| w.conversation(Id(client.into()))).await.unwrap()
                else {
                    panic!("client {client} does not see its own write")
                };
                assert_eq!(quality.composite_score, Hundredths(100 + turn), "the last import by position counts");
            }
        })
    };
    for client in (0..16).map(submit).collect::<Vec<_>>() {
        client.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn i1_one_settings_record_stands_before_the_first_frame_however_many_come_at_once() {
    let bench = Bench::new();
    let engine = bench.start().await;
    let submit = |event: u64| {
        let engine = engine.clone();
        tokio::spawn(
            async move { engine.ingest_weighing(ONE, vec![scored(event, event.into(), None, 400, T)], 100).await },
        )
    };
    bench.gate.close();
    let tasks: Vec<_> = (0..50).map(submit).collect();
    while engine.stats_now().waiting_bytes < 50 * 100 {
        tokio::task::yield_now().await;
    }
    bench.gate.open();
    for task in tasks {
        assert_eq!(task.await.unwrap(), Ok(vec![Verdict::Accepted]));
    }
    let frames = bench.frames(ONE);
    assert_eq!(frames.len(), 51);
    assert!(matches!(frames[0].record, Record::Settings(_)));
    assert!(frames[1..].iter().all(|frame| matches!(frame.record, Record::Events(_))));
}

#[tokio::test]
async fn i1_a_question_to_a_side_that_was_never_written_makes_no_record() {
    let bench = Bench::new();
    let engine = bench.start().await;
    let test = WorkspaceKey { side: Side::Test, ..ONE };
    assert_eq!(engine.read(test, move |w| w.stats(0, T)).await.unwrap().conversations_scored, 0);
    assert_eq!(engine.csat_config(test).await.unwrap(), Default::default());
    assert_eq!(engine.read(test, |w| w.active_breakers()).await, Ok(vec![]));
    assert_eq!(engine.gate(test, None).unwrap().epoch, 0);
    assert!(bench.frames(test).is_empty());
}

#[tokio::test]
async fn i12_a_workspace_that_the_system_workspace_does_not_know_is_not_there() {
    let bench = Bench::new();
    let engine = bench.start().await;
    let nobody = WorkspaceKey { id: Id(99), side: Side::Live };
    let refused = engine.ingest_weighing(nobody, vec![scored(1, 1, None, 400, T)], 100).await;
    assert_eq!(refused, Err(EngineError::WorkspaceUnavailable));
    assert!(bench.frames(nobody).is_empty());
}

/// Three low scores of account 5 trip its breaker.
async fn trip(engine: &Engine) -> Id {
    let lows = (1..=3).map(|event| scored(event, event.into(), Some(5), 150, T)).collect();
    engine.ingest_weighing(ONE, lows, 100).await.unwrap();
    engine.read(ONE, |w| w.active_breakers()).await.unwrap()[0].id
}

/// Looks at the gate at the very moment at which an answer is sent.
struct Look {
    engine: Engine,
    seen: Mutex<Vec<usize>>,
    woken: tokio::sync::Notify,
}

impl ArcWake for Look {
    fn wake_by_ref(look: &Arc<Self>) {
        look.seen.lock().push(look.engine.gate(ONE, Some(Id(5))).unwrap().breakers.len());
        look.woken.notify_one();
    }
}

#[tokio::test]
async fn i4_no_trip_is_answered_before_the_gate_shows_it() {
    let engine = Bench::new().start().await;
    engine.ingest_weighing(ONE, vec![scored(9, 9, None, 400, T)], 100).await.unwrap();
    let look = Arc::new(Look { engine: engine.clone(), seen: Mutex::default(), woken: tokio::sync::Notify::new() });
    let waker = futures::task::waker(Arc::clone(&look));
    let lows = (1..=3).map(|event| scored(event, event.into(), Some(5), 150, T)).collect();
    let mut answer = Box::pin(engine.ingest_weighing(ONE, lows, 100));
    assert!(answer.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    look.woken.notified().await;
    assert_eq!(*look.seen.lock(), [1]);
    assert!(answer.as_mut().poll(&mut Context::from_waker(&waker)).is_ready());
}

#[tokio::test]
async fn i4_the_gate_has_changed_when_the_event_that_changed_it_is_answered() {
    let engine = Bench::new().start().await;
    let lows = |from: u64| (from..from + 3).map(|event| scored(event, event.into(), Some(5), 150, T)).collect();
    assert!(engine.gate(ONE, Some(Id(5))).unwrap().breakers.is_empty());
    engine.ingest_weighing(ONE, lows(1), 100).await.unwrap();
    // No await between the answer and the question.
    let gate = engine.gate(ONE, Some(Id(5))).unwrap();
    assert_eq!((gate.breakers.len(), gate.epoch), (1, 1));
    assert!(engine.gate(ONE, None).unwrap().breakers.is_empty(), "the workspace itself is not paused");
    assert!(engine.gate(ONE, Some(Id(6))).unwrap().breakers.is_empty());
    let breaker = gate.breakers[0];
    let acknowledge = Command::Acknowledge { breaker, note: None };
    engine.command(ONE, "ann", acknowledge).await.unwrap();
    assert_eq!(engine.gate(ONE, Some(Id(5))).unwrap().epoch, 2);
    engine.command(ONE, "ann", Command::Resolve { breaker, note: None }).await.unwrap();
    let gate = engine.gate(ONE, Some(Id(5))).unwrap();
    assert_eq!((gate.breakers.len(), gate.epoch), (0, 3));
}

#[tokio::test]
async fn i2_commands_are_records_and_a_refusal_changes_nothing_but_the_seq() {
    let bench = Bench::new();
    let engine = bench.start().await;
    let breaker = trip(&engine).await;
    let before = engine.read(ONE, |w| w.active_breakers()).await.unwrap();
    let resolve = Command::Resolve { breaker, note: None };
    let refusal = engine.command(ONE, "ann", resolve).await.unwrap();
    assert_eq!(refusal, Reply::Breaker(Err(CommandRefusal::BreakerNotAcknowledged)));
    assert_eq!(engine.read(ONE, |w| w.active_breakers()).await.unwrap(), before);
    assert!(matches!(bench.frames(ONE).last().unwrap().record, Record::Command { .. }));
}

#[tokio::test]
async fn r3_8_a_change_of_the_configuration_holds_for_the_next_question() {
    let engine = Bench::new().start().await;
    engine.ingest_weighing(ONE, vec![scored(1, 1, Some(5), 350, T)], 100).await.unwrap();
    let patch = CsatPatch { threshold_low_composite: Some(Hundredths(400)), ..CsatPatch::default() };
    let done = engine.command(ONE, "ann", Command::PatchCsatConfig(patch)).await.unwrap();
    let Reply::Config(config) = done else { panic!("{done:?}") };
    assert_eq!(engine.csat_config(ONE).await, Ok(config));
    assert_eq!(engine.account(ONE, Id(5)).await.unwrap().unwrap().consecutive_low, 1);
}
