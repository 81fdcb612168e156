//! The system workspace (I12).

use super::*;
use crate::domain::system::SystemRefusal;

fn workspace(id: u128) -> SystemRecord {
    SystemRecord::WorkspaceCreated { id: Id(id), name: "New".into(), tenant: "acme".into(), actor: "cli".into() }
}

#[tokio::test]
async fn i12_the_first_start_says_who_the_data_directory_is_and_later_ones_do_not() {
    let bench = Bench::new();
    let engine = bench.start().await;
    let origin = *engine.system_table().origin().unwrap();
    assert_eq!(engine.incarnation(), origin.incarnation);
    engine.shutdown().await;
    let engine = bench.start().await;
    assert_eq!(engine.system_table().origin(), Some(&origin));
    assert_eq!(bench.frames(WorkspaceKey::SYSTEM).len(), 3, "who it is, and two workspaces");
}

#[tokio::test]
async fn i12_the_table_shows_a_change_when_it_is_answered_and_after_a_restart() {
    let bench = Bench::new();
    let engine = bench.start().await;
    engine.system(workspace(7)).await.unwrap().unwrap();
    assert_eq!(&*engine.system_table().workspace(Id(7)).unwrap().name, "New");
    assert_eq!(engine.system(workspace(7)).await, Ok(Err(SystemRefusal::WorkspaceExists)));
    let key = WorkspaceKey { id: Id(7), side: Side::Test };
    engine.ingest_weighing(key, vec![scored(1, 1, None, 400, T)], 100).await.unwrap();
    let table = engine.system_table();
    engine.shutdown().await;
    let engine = bench.start().await;
    assert_eq!(engine.system_table(), table);
    assert_eq!(engine.read(key, move |w| w.stats(0, T)).await.unwrap().conversations_scored, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn i12_many_changes_at_once_are_all_applied() {
    let bench = Bench::new();
    let engine = bench.start().await;
    let submit = |id: u128| {
        let engine = engine.clone();
        tokio::spawn(async move { engine.system(workspace(id)).await })
    };
    for task in (100..200).map(submit).collect::<Vec<_>>() {
        assert_eq!(task.await.unwrap(), Ok(Ok(())));
    }
    assert_eq!(engine.system_table().workspaces().len(), 102);
}
