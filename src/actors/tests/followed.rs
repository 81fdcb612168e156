//! Engines that follow the system workspace of another (I12).

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::watch;

use super::*;
use crate::actors::FollowedSystem;
use crate::actors::shared::pieces;
use crate::domain::system::SystemRefusal;
use crate::domain::system_table::SystemTable;
use crate::recovery::{RecoveredSide, recover_within};

/// The engine that owns it, and whom its followers are told by.
struct Owner {
    engine: Engine,
    told: watch::Sender<()>,
}

impl FollowedSystem for Owner {
    fn table(&self) -> Arc<SystemTable> {
        self.engine.system_table()
    }

    fn changes(&self) -> watch::Receiver<()> {
        self.told.subscribe()
    }

    fn submit(&self, record: SystemRecord) -> BoxFuture<'_, Result<Result<(), SystemRefusal>, EngineError>> {
        async move {
            let answer = self.engine.system(record).await;
            self.told.send_replace(());
            answer
        }
        .boxed()
    }
}

/// An engine with the workspaces, and another that follows it, with a journal of its own.
async fn two() -> (Arc<Owner>, Bench, Engine) {
    let owner = Arc::new(Owner { engine: Bench::new().start().await, told: watch::Sender::new(()) });
    let bench = Bench { system: SystemSource::Followed(Arc::clone(&owner) as _), ..Bench::new() };
    let engine = bench.start().await;
    (owner, bench, engine)
}

async fn send(engine: &Engine, key: WorkspaceKey) -> Result<Vec<Verdict>, EngineError> {
    engine.ingest_weighing(key, vec![scored(1, 1, Some(5), 400, T)], 100).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i12_what_an_engine_follows_is_in_neither_its_journal_nor_its_snapshots() {
    let (owner, bench, engine) = two().await;
    assert_eq!(send(&engine, ONE).await.unwrap(), [Verdict::Accepted]);
    let before = engine.read(ONE, hash_at).await.unwrap();
    engine.snapshot().await.unwrap();
    assert!(bench.frames(WorkspaceKey::SYSTEM).is_empty());
    assert_eq!(engine.incarnation(), owner.engine.incarnation());
    engine.shutdown().await;
    assert!(bench.recover().is_err(), "nothing there says which workspaces there are");
    let table = owner.table();
    let recovered = recover_within(&bench.log.writer(), &bench.snapshots, &Progress::default(), &table).unwrap();
    let [(key, RecoveredSide::Ready(workspace))] = &recovered.workspaces[..] else { panic!("one side") };
    assert_eq!((*key, hash_at(workspace)), (ONE, before));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i12_a_record_for_the_system_workspace_goes_to_its_owner() {
    let (owner, _bench, engine) = two().await;
    let created =
        || SystemRecord::WorkspaceCreated { id: Id(7), name: "S".into(), tenant: "t".into(), actor: "a".into() };
    engine.system(created()).await.unwrap().unwrap();
    assert!(owner.table().workspace(Id(7)).is_some());
    assert_eq!(engine.system(created()).await.unwrap(), Err(SystemRefusal::WorkspaceExists));
    assert_eq!(send(&engine, WorkspaceKey { id: Id(7), side: Side::Live }).await.unwrap(), [Verdict::Accepted]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r2_17_a_workspace_that_was_deleted_by_way_of_another_engine_is_let_go() {
    let (owner, _bench, engine) = two().await;
    send(&engine, ONE).await.unwrap();
    let mut effects = engine.watch_effects(ONE);
    let keeps = engine.clone();
    let upkeep = tokio::spawn(async move { keeps.upkeep().await });
    // It looks at what it follows from here on.
    while owner.told.receiver_count() == 0 {
        tokio::task::yield_now().await;
    }
    owner.submit(SystemRecord::WorkspaceDeleted { id: ONE.id, actor: "a".into() }).await.unwrap().unwrap();
    while effects.changed().await.is_some() {}
    assert_eq!(send(&engine, ONE).await, Err(EngineError::WorkspaceUnavailable));
    engine.shutdown().await;
    upkeep.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i5_what_engines_share_is_given_back_by_one_that_has_ended() {
    let (_owner, _bench, engine) = two().await;
    send(&engine, ONE).await.unwrap();
    assert_eq!(engine.stats_now().duplicates_held, 1);
    let last = engine.clone();
    engine.abandon().await;
    last.give_back();
    assert_eq!(last.stats_now().duplicates_held, 0);
    assert_eq!(send(&last, ONE).await, Err(EngineError::ShuttingDown));
}

#[test]
fn i8_a_batch_that_no_group_takes_goes_in_several_records_in_order() {
    let events: Vec<_> = (1..=37).map(|event| scored(event, event.into(), None, 400, T)).collect();
    let one = pieces(vec![events[0].clone()], 0);
    assert_eq!(one.len(), 1, "a single event is never cut");
    let most = 8 * one[0].bytes.len();
    let pieces = pieces(events.clone(), most);
    assert!(pieces.len() > 4 && pieces.iter().all(|piece| piece.bytes.len() <= most));
    let joined = pieces.into_iter().flat_map(|piece| match piece.record {
        Record::Events(events) => events,
        other => panic!("{other:?}"),
    });
    assert_eq!(joined.collect::<Vec<_>>(), events);
}
