//! A journal that takes nothing (R9.5).

use super::*;
use crate::actors::{EngineError, JournalState};
use crate::domain::view::Known;
use crate::journal::memory::Injected;

#[tokio::test]
async fn r9_5_a_full_disk_refuses_changes_nothing_and_passes() {
    let bench = Bench::new();
    let engine = bench.start().await;
    engine.ingest_weighing(ONE, vec![scored(1, 1, Some(5), 400, T)], 100).await.unwrap();
    let before = engine.read(ONE, hash_at).await;
    bench.log.answer(Some(Injected::Full));
    assert_eq!(engine.ingest_weighing(ONE, vec![scored(2, 2, Some(5), 400, T)], 100).await, Err(EngineError::DiskFull));
    assert_eq!(engine.readiness().journal, JournalState::Full);
    assert!(!engine.readiness().ready);
    assert_eq!(engine.read(ONE, hash_at).await, before);
    assert!(matches!(engine.read(ONE, move |w| w.conversation(Id(1))).await, Ok(Known::Found(_))), "reads go on");
    assert_eq!(engine.stats_now().waiting_bytes, 0);
    bench.log.answer(None);
    assert_eq!(
        engine.ingest_weighing(ONE, vec![scored(2, 2, Some(5), 400, T)], 100).await,
        Ok(vec![Verdict::Accepted])
    );
    assert!(engine.readiness().ready);
}

#[tokio::test]
async fn r9_5_settings_that_found_no_room_stand_before_the_first_frame_all_the_same() {
    let bench = Bench::new();
    let engine = bench.start().await;
    bench.log.answer(Some(Injected::Full));
    assert_eq!(engine.ingest_weighing(ONE, vec![scored(1, 1, None, 400, T)], 100).await, Err(EngineError::DiskFull));
    bench.log.answer(None);
    engine.ingest_weighing(ONE, vec![scored(1, 1, None, 400, T)], 100).await.unwrap();
    let kinds: Vec<_> = bench.frames(ONE).iter().map(|frame| matches!(frame.record, Record::Settings(_))).collect();
    assert_eq!(kinds, [true, false]);
}

#[tokio::test]
async fn i7_a_poisoned_journal_refuses_every_write_while_reads_and_the_gate_go_on() {
    let bench = Bench::new();
    let engine = bench.start().await;
    let lows = (1..=3).map(|event| scored(event, event.into(), Some(5), 150, T)).collect();
    engine.ingest_weighing(ONE, lows, 100).await.unwrap();
    bench.log.answer(Some(Injected::Poisoned));
    assert_eq!(
        engine.ingest_weighing(ONE, vec![scored(9, 9, None, 400, T)], 100).await,
        Err(EngineError::JournalFailed)
    );
    bench.log.answer(None);
    assert_eq!(
        engine.ingest_weighing(ONE, vec![scored(9, 9, None, 400, T)], 100).await,
        Err(EngineError::JournalFailed)
    );
    assert_eq!(
        engine.ingest_weighing(TWO, vec![scored(9, 9, None, 400, T)], 100).await,
        Err(EngineError::JournalFailed)
    );
    let created = SystemRecord::WorkspaceCreated { id: Id(3), name: "x".into(), tenant: "t".into(), actor: "a".into() };
    assert_eq!(engine.system(created).await, Err(EngineError::JournalFailed));
    assert_eq!(engine.readiness().journal, JournalState::Failed);
    assert_eq!(engine.gate(ONE, Some(Id(5))).unwrap().breakers.len(), 1);
    assert_eq!(engine.account(ONE, Id(5)).await.unwrap().unwrap().conversation_count, 3);
    assert_eq!(engine.read(ONE, move |w| w.conversation(Id(9))).await, Ok(Known::Unknown));
}
