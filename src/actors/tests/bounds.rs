//! Bounds on what waits and on what is remembered (I5).

use super::*;
use crate::actors::{EngineError, MemoryShare};
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

/// A workspace of another tenant than those of the bench.
const STRANGERS: WorkspaceKey = WorkspaceKey { id: Id(3), side: Side::Live };

async fn with_strangers(bench: &Bench) -> Engine {
    let engine = bench.start().await;
    let (name, tenant, actor) = ("Sales".into(), "strangers".into(), "test".into());
    engine.system(SystemRecord::WorkspaceCreated { id: STRANGERS.id, name, tenant, actor }).await.unwrap().unwrap();
    engine
}

/// One event, by its number.
async fn send(engine: &Engine, key: WorkspaceKey, event: u64) -> Result<Vec<Verdict>, EngineError> {
    engine.ingest_weighing(key, vec![scored(event, u128::from(event), None, 400, T)], 100).await
}

#[tokio::test]
async fn r4_4_a_full_share_refuses_events_of_its_tenant_and_nothing_else() {
    let mut bench = Bench::new();
    bench.options.duplicate_limit = 6;
    let engine = with_strangers(&bench).await;
    engine.ingest_weighing(ONE, vec![scored(1, 1, None, 400, T), scored(2, 2, None, 400, T)], 100).await.unwrap();
    send(&engine, TWO, 3).await.unwrap();
    send(&engine, STRANGERS, 1).await.unwrap();
    assert_eq!(engine.stats_now().duplicates_held, 4);
    let full = Err(EngineError::DuplicateMemoryFull(MemoryShare::Tenant));
    assert_eq!(send(&engine, ONE, 4).await, full);
    let readiness = engine.readiness();
    assert_eq!(readiness.warnings, ["a tenant has nearly used up its share of the memory of event identities"]);
    assert_eq!((readiness.duplicates_tenant_share, readiness.duplicates_share), (1.0, 4.0 / 6.0));
    send(&engine, STRANGERS, 2).await.unwrap();
    // A week later the same request brings about that they are forgotten.
    bench.clock.advance(8 * DAY);
    assert_eq!(send(&engine, ONE, 4).await, full);
    let patch = crate::domain::record::Command::PatchCsatConfig(Default::default());
    for key in [ONE, TWO] {
        // Behind the settings in the queue of each side.
        engine.command(key, "ann", patch.clone()).await.unwrap();
    }
    assert_eq!(engine.stats_now().duplicates_held, 2, "the strangers' share was not full");
    assert_eq!(send(&engine, ONE, 4).await, Ok(vec![Verdict::Accepted]));
    let settings = |key| bench.frames(key).iter().filter(|frame| matches!(frame.record, Record::Settings(_))).count();
    assert_eq!((settings(TWO), settings(STRANGERS)), (3, 1), "the first, and one for each time the share was full");
}

#[tokio::test]
async fn r4_4_a_full_memory_refuses_everybody_and_all_let_go_of_what_is_old() {
    let mut bench = Bench::new();
    bench.options.duplicate_limit = 2;
    let engine = with_strangers(&bench).await;
    send(&engine, ONE, 1).await.unwrap();
    send(&engine, STRANGERS, 1).await.unwrap();
    assert!(engine.readiness().warnings.contains(&"the memory of event identities is nearly full"));
    let (name, tenant, actor) = ("New".into(), "newcomers".into(), "test".into());
    engine.system(SystemRecord::WorkspaceCreated { id: Id(4), name, tenant, actor }).await.unwrap().unwrap();
    let new = WorkspaceKey { id: Id(4), side: Side::Live };
    bench.clock.advance(8 * DAY);
    assert_eq!(send(&engine, new, 1).await, Err(EngineError::DuplicateMemoryFull(MemoryShare::Server)));
    for key in [ONE, STRANGERS] {
        engine.command(key, "ann", crate::domain::record::Command::PatchCsatConfig(Default::default())).await.unwrap();
    }
    assert_eq!(engine.stats_now().duplicates_held, 0);
    assert_eq!(send(&engine, new, 1).await, Ok(vec![Verdict::Accepted]));
}

#[tokio::test]
async fn r4_4_a_tenants_test_sides_have_a_hundredth_together_which_leaves_its_live_sides_alone() {
    let mut bench = Bench::new();
    bench.options.duplicate_limit = 200;
    let engine = bench.start().await;
    let test = |key: WorkspaceKey| WorkspaceKey { side: Side::Test, ..key };
    send(&engine, test(ONE), 1).await.unwrap();
    send(&engine, test(TWO), 1).await.unwrap();
    let full = Err(EngineError::DuplicateMemoryFull(MemoryShare::TestSides));
    assert_eq!((send(&engine, test(ONE), 2).await, send(&engine, test(TWO), 2).await), (full.clone(), full));
    assert_eq!(send(&engine, ONE, 1).await, Ok(vec![Verdict::Accepted]));
    let restarted = {
        engine.shutdown().await;
        bench.start().await
    };
    assert!(send(&restarted, test(ONE), 2).await.is_err(), "what is remembered counts after a start as well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r4_4_what_is_under_way_counts_until_it_is_applied() {
    let mut bench = Bench::new();
    bench.options.duplicate_limit = 8;
    let engine = with_strangers(&bench).await;
    bench.gate.close();
    let mut all: Vec<_> = (0..20).map(|event| Box::pin(send(&engine, ONE, event))).collect();
    let full = Err(EngineError::DuplicateMemoryFull(MemoryShare::Tenant));
    let mut under_way = Vec::new();
    for mut one in all.drain(..) {
        match futures::poll!(one.as_mut()) {
            std::task::Poll::Ready(answer) => assert_eq!(answer, full),
            std::task::Poll::Pending => under_way.push(one),
        }
    }
    assert_eq!(under_way.len(), 4, "as many as the share has room for, though none was applied");
    bench.gate.open();
    for answer in futures::future::join_all(under_way).await {
        assert_eq!(answer, Ok(vec![Verdict::Accepted]));
    }
    assert_eq!((engine.stats_now().duplicates_held, send(&engine, ONE, 99).await), (4, full));
    assert_eq!(send(&engine, STRANGERS, 1).await, Ok(vec![Verdict::Accepted]));
}
