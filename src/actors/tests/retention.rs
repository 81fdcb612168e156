//! R4.11 in the engine: when it writes records, and that they are applied again.

use super::*;
use crate::domain::time::DAY;

fn retentions(bench: &Bench) -> usize {
    bench.frames(ONE).iter().filter(|frame| matches!(frame.record, Record::Retention { .. })).count()
}

#[tokio::test]
async fn r4_11_what_is_too_old_goes_and_stays_away_after_a_restart() {
    let bench = Bench::new();
    let engine = bench.start().await;
    let old = (1..=3).map(|n| scored(n, n.into(), Some(5), 150, T - (10 - n as Millis) * DAY)).collect();
    engine.ingest_weighing(ONE, old, 100).await.unwrap();
    assert_eq!(engine.account(ONE, Id(5)).await.unwrap().unwrap().conversation_count, 3);
    engine.retain().await;
    assert_eq!(retentions(&bench), 0, "nothing is due, so nothing is written");

    bench.clock.advance(392 * DAY);
    engine.retain().await;
    assert_eq!(retentions(&bench), 1);
    let health = engine.account(ONE, Id(5)).await.unwrap().unwrap();
    assert_eq!((health.consecutive_low, health.conversation_count), (2, 0), "the window was built anew");
    let stats = engine.read(ONE, move |w| w.stats(T - 20 * DAY, T)).await.unwrap();
    assert_eq!((stats.conversations_scored, stats.retention_from), (2, Some(T - 8 * DAY)));
    assert_eq!(engine.read(ONE, move |w| w.stats(T - 8 * DAY, T)).await.unwrap().retention_from, None);
    assert_eq!(engine.read(ONE, |w| w.active_breakers()).await.unwrap().len(), 0, "history tripped nothing");
    engine.retain().await;
    assert_eq!(retentions(&bench), 1);

    let before = engine.read(ONE, hash_at).await;
    engine.shutdown().await;
    assert_eq!(bench.start().await.read(ONE, hash_at).await, before);
    for size in [1, 2, 8] {
        assert_eq!(bench.hash_by_rounds(ONE, size), before.unwrap().1);
    }
}

#[tokio::test]
async fn r4_11_more_than_one_record_removes_goes_in_several() {
    let bench = Bench::new();
    let engine = bench.start().await;
    let mut left: Vec<_> = (0..10_001).map(|n| scored(n, n.into(), None, 400, T - DAY)).collect();
    while !left.is_empty() {
        let some = left.split_off(left.len().saturating_sub(1_000));
        engine.ingest_weighing(ONE, some, 100).await.unwrap();
    }
    bench.clock.advance(400 * DAY);
    tokio::join!(engine.retain(), engine.retain());
    assert_eq!(retentions(&bench), 2);
    assert_eq!(engine.read(ONE, move |w| w.stats(0, T)).await.unwrap().conversations_scored, 0);
}
