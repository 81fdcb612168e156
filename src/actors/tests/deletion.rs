//! Deleted workspaces (R2.17).

use super::*;
use crate::domain::system::SystemRefusal;

const LIVE: WorkspaceKey = WorkspaceKey { id: Id(7), side: Side::Live };
const TEST: WorkspaceKey = WorkspaceKey { id: Id(7), side: Side::Test };

/// A workspace beside those of the bench, which every start makes.
async fn with_another(bench: &Bench) -> Engine {
    let engine = bench.start().await;
    engine.system(created()).await.unwrap().unwrap();
    engine
}

fn created() -> SystemRecord {
    SystemRecord::WorkspaceCreated { id: Id(7), name: "Sales".into(), tenant: "acme".into(), actor: "test".into() }
}

/// Three low scores, which trip a breaker.
async fn trip(engine: &Engine, key: WorkspaceKey) {
    let events = (1..=3).map(|event| scored(event, event.into(), Some(5), 120, T)).collect();
    engine.ingest_weighing(key, events, 100).await.unwrap();
}

async fn send(engine: &Engine, key: WorkspaceKey, event: u64) -> Result<Vec<Verdict>, EngineError> {
    engine.ingest_weighing(key, vec![scored(event, event.into(), Some(5), 400, T)], 100).await
}

/// What a start would bring back.
fn sides(bench: &Bench) -> Vec<WorkspaceKey> {
    let recovered = bench.recover().unwrap();
    assert!(recovered.system.is_deleted(Id(7)) && recovered.system.workspace(Id(7)).is_none());
    let mut keys: Vec<_> = recovered.workspaces.into_iter().map(|(key, _)| key).collect();
    keys.sort();
    keys
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r2_17_a_deleted_workspace_is_gone_at_once_and_after_every_start() {
    let bench = Bench::new();
    let engine = with_another(&bench).await;
    for key in [ONE, LIVE, TEST] {
        trip(&engine, key).await;
    }
    engine.snapshot().await.unwrap();
    send(&engine, LIVE, 9).await.unwrap();
    let before = engine.read(ONE, hash_at).await;
    assert_eq!((engine.active_breakers(LIVE), engine.active_breakers(TEST)), (Ok(1), Ok(1)));
    let unseen = WorkspaceKey { side: Side::Test, ..TWO };
    let (at_gate, at_other) = (engine.epoch_other_than(LIVE, 1), engine.epoch_other_than(unseen, 0));
    let deleted = engine.delete_workspace(Id(7), "ann");
    let (deleted, ()) = futures::join!(deleted, at_gate);
    assert_eq!(deleted, Ok(Ok(())));
    assert!(futures::poll!(Box::pin(at_other)).is_pending());

    let stats = engine.stats_now();
    assert_eq!((stats.sides, stats.duplicates_held, stats.workspaces), (1, 3, 2));
    assert_eq!(engine.read(LIVE, Workspace::applied).await, Err(EngineError::WorkspaceUnavailable));
    assert_eq!(send(&engine, LIVE, 10).await, Err(EngineError::WorkspaceUnavailable));
    assert_eq!(engine.delete_workspace(Id(7), "ann").await, Ok(Err(SystemRefusal::UnknownWorkspace)));
    assert_eq!(engine.system(created()).await, Ok(Err(SystemRefusal::WorkspaceExists)), "its id is not used again");
    assert_eq!(sides(&bench), [ONE], "from a snapshot that has it, and the journal behind it");

    let manifest = engine.snapshot().await.unwrap();
    assert!(manifest.sides.iter().all(|side| side.key.id != Id(7)), "{manifest:?}");
    assert_eq!(sides(&bench), [ONE], "from a snapshot without it");
    let table = engine.system_table();
    engine.shutdown().await;
    let engine = bench.start().await;
    assert_eq!((engine.read(ONE, hash_at).await, engine.system_table()), (before, table));
    assert_eq!((engine.stats_now().sides, send(&engine, ONE, 10).await.is_ok()), (1, true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r2_17_a_start_passes_over_what_the_journal_has_before_and_behind_the_deletion() {
    let bench = Bench::new();
    let engine = with_another(&bench).await;
    for key in [ONE, LIVE] {
        trip(&engine, key).await;
    }
    // As after a kill between the record and what follows it; and requests that were under way are written behind it.
    engine.system(SystemRecord::WorkspaceDeleted { id: Id(7), actor: "ann".into() }).await.unwrap().unwrap();
    send(&engine, LIVE, 8).await.unwrap();
    assert_eq!(sides(&bench), [ONE]);
    // A snapshot has nothing of it, so what is written behind the snapshot begins with a gap.
    let manifest = engine.snapshot().await.unwrap();
    assert!(manifest.sides.iter().all(|side| side.key.id != Id(7)));
    send(&engine, LIVE, 9).await.unwrap();
    send(&engine, ONE, 9).await.unwrap();
    assert_eq!(sides(&bench), [ONE]);
    let before = engine.read(ONE, hash_at).await;
    engine.shutdown().await;
    let engine = bench.start().await;
    assert_eq!((engine.read(ONE, hash_at).await, engine.stats_now().sides), (before, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r2_17_what_was_under_way_is_answered_and_counts_for_nothing_afterwards() {
    let bench = Bench::new();
    let engine = with_another(&bench).await;
    for key in [ONE, LIVE] {
        trip(&engine, key).await;
    }
    bench.gate.close();
    let mut under_way: Vec<_> = (10..20).map(|event| Box::pin(send(&engine, LIVE, event))).collect();
    for one in &mut under_way {
        assert!(futures::poll!(one.as_mut()).is_pending());
    }
    let mut other = Box::pin(send(&engine, ONE, 10));
    assert!(futures::poll!(other.as_mut()).is_pending());
    let mut deleted = Box::pin(engine.delete_workspace(Id(7), "ann"));
    assert!(futures::poll!(deleted.as_mut()).is_pending());
    let mut late = Box::pin(send(&engine, LIVE, 30));
    assert!(futures::poll!(late.as_mut()).is_pending());
    bench.gate.open();
    assert_eq!(deleted.await, Ok(Ok(())));
    assert_eq!(other.await, Ok(vec![Verdict::Accepted]), "others lose nothing");
    for answer in futures::future::join_all(under_way).await.into_iter().chain([late.await]) {
        assert!(matches!(answer, Ok(_) | Err(EngineError::WorkspaceUnavailable)), "{answer:?}");
    }
    let last = engine.clone();
    engine.shutdown().await;
    assert_eq!((last.stats_now().sides, last.stats_now().duplicates_held, last.stats_now().waiting_bytes), (1, 4, 0));
    assert_eq!(sides(&bench), [ONE]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r2_17_a_workspace_that_is_being_rebuilt_stays_gone() {
    let bench = Bench::new();
    bench.faults.apply.panic_on_intent(true);
    let engine = with_another(&bench).await;
    trip(&engine, ONE).await;
    let poison = engine.ingest_weighing(LIVE, vec![poisonous(1, 1, Some(5))], 100);
    let (_rejected, deleted) = futures::join!(poison, engine.delete_workspace(Id(7), "ann"));
    assert_eq!(deleted, Ok(Ok(())));
    let last = engine.clone();
    engine.shutdown().await;
    assert_eq!((last.stats_now().sides, last.stats_now().duplicates_held), (1, 3));
    bench.faults.apply.panic_on_intent(false);
    assert_eq!(sides(&bench), [ONE]);
}
