//! Bounds on what waits and on what is remembered (I5).

use super::*;
use crate::actors::EngineError;
use crate::domain::time::DAY;
use crate::domain::view::Known;

#[tokio::test]
async fn r4_9_too_much_waiting_refuses_the_whole_request_and_keeps_nothing_of_it() {
    let mut bench = Bench::new();
    bench.options.waiting_bytes = 4_000;
    let engine = bench.start().await;
    let refused = engine.ingest_weighing(ONE, vec![scored(1, 1, None, 400, T)], 1_001).await;
    assert_eq!(refused, Err(EngineError::Overloaded), "a workspace holds at most a quarter");
    assert_eq!(engine.read(ONE, move |w| w.conversation(Id(1))).await, Ok(Known::Unknown));
    assert_eq!(engine.stats_now().waiting_bytes, 0);
    assert_eq!(engine.stats_now().overloaded, 1);
    assert_eq!(engine.ingest_weighing(ONE, vec![scored(1, 1, None, 400, T)], 1_000).await, Ok(vec![Verdict::Accepted]));
    assert_eq!(engine.stats_now().waiting_bytes, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i5_bytes_are_held_until_the_record_is_applied_though_its_client_hung_up() {
    let mut bench = Bench::new();
    bench.options.waiting_bytes = 8_000;
    let engine = bench.start().await;
    engine.ingest_weighing(ONE, vec![scored(1, 1, None, 400, T)], 100).await.unwrap();
    bench.gate.close();
    let mut hasty = Box::pin(engine.ingest_weighing(ONE, vec![scored(2, 2, None, 400, T)], 1_900));
    assert!(futures::poll!(hasty.as_mut()).is_pending());
    drop(hasty);
    assert_eq!(engine.stats_now().waiting_bytes, 1_900);
    assert_eq!(engine.ingest_weighing(ONE, vec![scored(3, 3, None, 400, T)], 200).await, Err(EngineError::Overloaded));
    let other = engine.ingest_weighing(ONE, vec![scored(4, 4, None, 400, T)], 100);
    let open = async { bench.gate.open() };
    let (other, ()) = futures::join!(other, open);
    assert_eq!(other, Ok(vec![Verdict::Accepted]));
    assert_eq!(engine.stats_now().waiting_bytes, 0);
    let kept = engine.read(ONE, move |w| w.conversation(Id(2))).await.unwrap();
    assert!(matches!(kept, Known::Found(_)), "what was stored is applied: {kept:?}");
}

#[tokio::test]
async fn r4_4_a_full_memory_of_identities_refuses_events_and_nothing_else() {
    let mut bench = Bench::new();
    bench.options.duplicate_limit = 3;
    let engine = bench.start().await;
    engine.ingest_weighing(ONE, vec![scored(1, 1, None, 400, T), scored(2, 2, None, 400, T)], 100).await.unwrap();
    engine.ingest_weighing(TWO, vec![scored(3, 3, None, 400, T)], 100).await.unwrap();
    assert_eq!(engine.stats_now().duplicates_held, 3);
    let full = engine.ingest_weighing(ONE, vec![scored(4, 4, None, 400, T)], 100).await;
    assert_eq!(full, Err(EngineError::DuplicateMemoryFull));
    assert!(engine.readiness().warnings.contains(&"the memory of event identities is nearly full"));
    // A week later the same request brings about that they are forgotten.
    bench.clock.advance(8 * DAY);
    let full = engine.ingest_weighing(ONE, vec![scored(4, 4, None, 400, T)], 100).await;
    assert_eq!(full, Err(EngineError::DuplicateMemoryFull));
    let patch = crate::domain::record::Command::PatchCsatConfig(Default::default());
    for key in [ONE, TWO] {
        // Behind the settings in the queue of each side.
        engine.command(key, "ann", patch.clone()).await.unwrap();
    }
    assert_eq!(engine.stats_now().duplicates_held, 0);
    assert_eq!(engine.ingest_weighing(ONE, vec![scored(4, 4, None, 400, T)], 100).await, Ok(vec![Verdict::Accepted]));
    let settings = bench.frames(TWO).iter().filter(|frame| matches!(frame.record, Record::Settings(_))).count();
    assert_eq!(settings, 3, "the first, and one for each time the memory was full");
}
