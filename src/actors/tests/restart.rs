//! What a restart brings back (R9.1, R9.2), and how an engine ends.

use super::*;
use crate::actors::EngineError;
use crate::domain::record::Command;
use crate::domain::reply::{Rejection, Verdict};
use crate::recovery::{RecoveredSide, Stage, recover};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r9_2_after_a_restart_every_answer_is_what_it_was() {
    let bench = Bench::new();
    let engine = bench.start().await;
    for (key, from) in [(ONE, 0), (TWO, 1_000), (WorkspaceKey { side: Side::Test, ..ONE }, 2_000)] {
        let events = (from..from + 200).map(|event: u64| {
            let (account, composite) = ((event % 5).into(), 100 + (event * 37 % 400) as u16);
            scored(event, event.into(), Some(account), composite, T - (event % 50) as i64)
        });
        engine.ingest_weighing(key, events.collect(), 100).await.unwrap();
    }
    let lows = (5_000..5_003).map(|event| scored(event, event.into(), Some(77), 120, T)).collect();
    engine.ingest_weighing(ONE, lows, 100).await.unwrap();
    let breaker = engine.gate(ONE, Some(Id(77))).unwrap().breakers[0];
    engine.command(ONE, "ann", Command::Acknowledge { breaker, note: None }).await.unwrap();
    let before = answers(&engine).await;
    engine.shutdown().await;
    let engine = bench.start().await;
    assert_eq!(answers(&engine).await, before);
    let again = engine.ingest_weighing(ONE, vec![scored(5_000, 5_000, Some(77), 120, T)], 100).await;
    assert_eq!(again, Ok(vec![Verdict::Duplicate]), "identities are remembered");
}

/// Everything that can be asked, as text.
async fn answers(engine: &Engine) -> String {
    let mut text = format!("{:?}\n", engine.incarnation());
    for key in [ONE, TWO, WorkspaceKey { side: Side::Test, ..ONE }] {
        let accounts = [0, 1, 4, 77].map(|id| engine.account(key, Id(id)));
        text += &format!("{:?}\n", futures::future::join_all(accounts).await);
        text += &format!("{:?}\n", engine.read(key, move |w| w.stats(0, T)).await);
        text += &format!("{:?}\n", engine.read(key, |w| w.active_breakers()).await);
        text += &format!("{:?}\n", engine.read(key, move |w| w.conversation(Id(7))).await);
        text += &format!("{:?} {:?}\n", engine.gate(key, Some(Id(77))).unwrap(), engine.gate(key, None).unwrap());
        text += &format!("{:?} {:?}\n", engine.csat_config(key).await, engine.read(key, hash_at).await);
    }
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r9_2_a_changed_configuration_holds_from_the_next_frame_on_and_never_before() {
    let mut bench = Bench::new();
    let engine = bench.start().await;
    engine.ingest_weighing(ONE, vec![scored(1, 1, Some(5), 400, T)], 100).await.unwrap();
    let before = engine.read(ONE, hash_at).await;
    engine.shutdown().await;
    bench.settings.model.window_days = 30;
    let engine = bench.start().await;
    assert_eq!(engine.read(ONE, hash_at).await, before);
    engine.ingest_weighing(ONE, vec![scored(2, 2, Some(5), 400, T)], 100).await.unwrap();
    let kinds: Vec<_> = bench.frames(ONE).iter().map(|frame| matches!(frame.record, Record::Settings(_))).collect();
    assert_eq!(kinds, [true, false, true, false]);
    engine.ingest_weighing(ONE, vec![scored(3, 3, Some(5), 400, T)], 100).await.unwrap();
    assert_eq!(bench.frames(ONE).len(), 5, "written once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i6_an_event_that_fails_at_the_start_is_skipped_before_anything_is_served() {
    let mut bench = Bench::new();
    let engine = bench.start().await;
    let lows = (10..13).map(|event| scored(event, event.into(), Some(5), 150, T)).collect();
    engine.ingest_weighing(ONE, lows, 100).await.unwrap();
    engine.ingest_weighing(ONE, vec![scored(1, 1, None, 400, T), poisonous(2, 2, None)], 100).await.unwrap();
    engine.ingest_weighing(TWO, vec![scored(1, 1, None, 400, T)], 100).await.unwrap();
    engine.shutdown().await;
    // Another binary, which cannot apply what this one could, and the whole journal to apply.
    bench.snapshots = MemorySnapshots::default();
    bench.faults.apply.panic_on_intent(true);
    let engine = bench.start().await;
    assert_eq!(bench.skips(ONE), [Position::new(3, 1)]);
    assert_eq!(engine.gate(ONE, Some(Id(5))).unwrap().breakers.len(), 1);
    assert_eq!(engine.read(ONE, move |w| w.stats(0, T)).await.unwrap().conversations_scored, 4);
    assert_eq!(engine.readiness().workspaces_failed, 0);
    let again = engine.ingest_weighing(ONE, vec![scored(3, 3, None, 400, T), poisonous(4, 4, None)], 100).await;
    assert_eq!(again, Ok(vec![Verdict::Accepted, Verdict::Rejected(Rejection::InternalError)]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r9_1_a_shutdown_answers_what_it_has_taken_and_refuses_the_rest() {
    let bench = Bench::new();
    let engine = bench.start().await;
    engine.ingest_weighing(ONE, vec![scored(0, 0, None, 400, T)], 100).await.unwrap();
    bench.gate.close();
    let submit = |event: u64| {
        let engine = engine.clone();
        tokio::spawn(
            async move { engine.ingest_weighing(ONE, vec![scored(event, event.into(), None, 400, T)], 100).await },
        )
    };
    let tasks: Vec<_> = (1..40).map(submit).collect();
    while engine.stats_now().waiting_bytes < 39 * 100 {
        tokio::task::yield_now().await;
    }
    let other = engine.clone();
    let down = tokio::spawn(engine.shutdown());
    while !other.shared.is_stopping() {
        tokio::task::yield_now().await;
    }
    let late = other.ingest_weighing(ONE, vec![scored(99, 99, None, 400, T)], 100).await;
    assert_eq!(late, Err(EngineError::ShuttingDown));
    bench.gate.open();
    for task in tasks {
        assert_eq!(task.await.unwrap(), Ok(vec![Verdict::Accepted]));
    }
    down.await.unwrap();
    assert_eq!(other.read(ONE, move |w| w.stats(0, T)).await, Err(EngineError::ShuttingDown));
    assert_eq!(bench.frames(ONE).len(), 41);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r9_1_a_shutdown_waits_for_what_is_stored_and_not_applied() {
    let bench = Bench::new();
    let engine = bench.start().await;
    engine.ingest_weighing(ONE, vec![scored(1, 1, None, 400, T)], 100).await.unwrap();
    bench.faults.stall_next_account();
    let submit = |event: u64| {
        let engine = engine.clone();
        tokio::spawn(async move {
            engine.ingest_weighing(ONE, vec![scored(event, event.into(), Some(5), 400, T)], 100).await
        })
    };
    let in_work = submit(2);
    while !bench.faults.account_was_hit() {
        tokio::task::yield_now().await;
    }
    let behind = submit(3);
    while bench.frames(ONE).len() < 4 {
        tokio::task::yield_now().await;
    }
    let journal = Arc::clone(&engine.journal);
    let down = tokio::spawn(engine.shutdown());
    while !journal.read().stopped {
        tokio::task::yield_now().await;
    }
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    bench.faults.release_account();
    assert_eq!(in_work.await.unwrap(), Ok(vec![Verdict::Accepted]));
    assert_eq!(behind.await.unwrap(), Ok(vec![Verdict::Accepted]));
    down.await.unwrap();
}

#[test]
fn r9_2_frames_of_an_unknown_workspace_are_damage() {
    let log = MemoryLog::default();
    append(&log, &[(TWO, 1)]);
    let refused = recover(&log.writer(), &MemorySnapshots::default(), &Progress::default());
    assert!(matches!(refused, Err(RecoveryError::UnknownWorkspace(Id(2)))));
}

#[test]
fn i3_a_gap_in_a_workspaces_frames_is_damage() {
    let log = MemoryLog::default();
    append(&log, &[(WorkspaceKey::SYSTEM, 1), (WorkspaceKey::SYSTEM, 3)]);
    let refused = recover(&log.writer(), &MemorySnapshots::default(), &Progress::default());
    let Err(RecoveryError::Replay(error)) = refused else { panic!("taken") };
    assert!(error.to_string().contains("frame 3 stands where frame 2 was due"), "{error}");
}

#[test]
fn r9_7_a_frame_of_an_unknown_apply_version_is_refused_by_name() {
    let log = MemoryLog::default();
    append_version(&log, &[(WorkspaceKey::SYSTEM, 1)], 9);
    let Err(error) = recover(&log.writer(), &MemorySnapshots::default(), &Progress::default()) else { panic!("taken") };
    assert!(error.to_string().contains("apply version 9"), "{error}");
}

fn append(log: &MemoryLog, frames: &[(WorkspaceKey, u64)]) {
    append_version(log, frames, 0);
}

fn append_version(log: &MemoryLog, frames: &[(WorkspaceKey, u64)], version: u16) {
    let mut group = crate::journal::codec::GroupBuilder::default();
    group.begin(T);
    let record = Record::Skip { seq: 9, place: 1, reason: "test".into() };
    for (key, seq) in frames {
        group.push(*key, *seq, version, &crate::journal::codec::encode_record(&record));
    }
    let mut writer = log.writer();
    writer.append(GroupPosition::ZERO, group.finish()).unwrap();
}

#[tokio::test]
async fn i6_only_skips_are_taken_for_skips() {
    let bench = Bench::new();
    let engine = bench.start().await;
    engine.ingest_weighing(ONE, vec![scored(1, 1, None, 400, T)], 100).await.unwrap();
    let patch = Command::PatchCsatConfig(Default::default());
    engine.command(ONE, "ann", patch).await.unwrap();
    let found = |log: &MemoryLog| {
        let mut found = Vec::new();
        let take = |raw: crate::journal::codec::RawFrame<'_>| {
            found.extend(replay::skip_of(&raw)?);
            assert_eq!(raw.is_skip(), matches!(replay::decode(&raw)?.record, Record::Skip { .. }));
            Ok(true)
        };
        replay::for_each_frame(&log.writer(), GroupPosition(1), take, || {}).unwrap();
        found
    };
    assert!(found(&bench.log).is_empty());
    let log = MemoryLog::default();
    append(&log, &[(WorkspaceKey::SYSTEM, 1)]);
    assert_eq!(found(&log), [Position::new(9, 1)]);
}

#[test]
fn r10_10_progress_is_told_while_the_journal_is_read() {
    let log = MemoryLog::default();
    append(&log, &[(WorkspaceKey::SYSTEM, 1)]);
    let progress = Progress::default();
    assert_eq!((progress.stage(), progress.share()), (Stage::Opening, 0.0));
    let recovered = recover(&log.writer(), &MemorySnapshots::default(), &progress).unwrap();
    assert_eq!((progress.stage(), progress.share()), (Stage::Replaying, 1.0));
    assert_eq!((recovered.last_receipt, recovered.last_seqs[&WorkspaceKey::SYSTEM]), (Some(T), 1));
    assert!(recovered.workspaces.iter().all(|(_, state)| matches!(state, RecoveredSide::Ready(_))));
    assert!(!progress.from_snapshot());
}
