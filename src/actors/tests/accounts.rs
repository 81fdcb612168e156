//! Accounts asleep and awake.

use super::*;
use crate::actors::messages::{AccountMsg, WorkspaceMsg};
use crate::actors::shared::Shared;
use crate::domain::account::Account;

async fn load(engine: &Engine) {
    let events = (0..120).map(|event| scored(event, event.into(), Some((event % 3).into()), 100 + event as u16, T));
    engine.ingest_weighing(ONE, events.collect(), 100).await.unwrap();
}

/// Lets the clock pass the idle span and has the workspace sweep; answers once it has.
async fn sweep(bench: &Bench, engine: &Engine) {
    bench.clock.advance(bench.options.idle_after);
    Shared::ask(&handle(engine, ONE), WorkspaceMsg::Sweep).unwrap();
    engine.read(ONE, hash_at).await.unwrap();
}

#[tokio::test]
async fn i3_an_account_that_slept_gives_the_same_health() {
    let bench = Bench::new();
    let engine = bench.start().await;
    load(&engine).await;
    let before = engine.account(ONE, Id(1)).await.unwrap().unwrap();
    assert_eq!(engine.stats_now().accounts_awake, 3);
    sweep(&bench, &engine).await;
    assert_eq!(engine.stats_now().accounts_awake, 0);
    assert_eq!(engine.account(ONE, Id(1)).await.unwrap().unwrap(), before);
    assert_eq!(engine.stats_now().accounts_awake, 1, "the question woke one");
}

#[tokio::test]
async fn i3_an_account_in_use_does_not_sleep() {
    let bench = Bench::new();
    let engine = bench.start().await;
    load(&engine).await;
    bench.clock.advance(bench.options.idle_after - 1);
    engine.account(ONE, Id(1)).await.unwrap();
    bench.clock.advance(1);
    Shared::ask(&handle(&engine, ONE), WorkspaceMsg::Sweep).unwrap();
    engine.read(ONE, hash_at).await.unwrap();
    assert_eq!(engine.stats_now().accounts_awake, 1);
}

#[tokio::test]
async fn i3_a_kept_account_is_what_a_rebuilt_one_would_be() {
    let bench = Bench::new();
    let engine = bench.start().await;
    for turn in 0..10_u64 {
        let events = (0..30).map(|n| {
            let event = turn * 30 + n;
            let (conversation, composite) = (event * 7 % 140, 100 + (event * 13 % 400) as u16);
            scored(event, conversation.into(), Some((conversation % 3).into()), composite, T - event as i64)
        });
        engine.ingest_weighing(ONE, events.collect(), 100).await.unwrap();
        let mut local = crate::domain::local::Local::new(ONE, "Support".into(), Settings::default());
        bench.frames(ONE).iter().for_each(|frame| drop(local.apply(std::slice::from_ref(frame))));
        for id in (0..3).map(Id) {
            let kept = inspect(&engine, id).await;
            assert_eq!(Some(kept), local.workspace.account(id), "account {id} after turn {turn}");
        }
    }
}

async fn inspect(engine: &Engine, id: Id) -> Account {
    let awake = engine.shared.directory.account(ONE, id).unwrap();
    let (reply, answer) = tokio::sync::oneshot::channel();
    awake.actor.send_message(AccountMsg::Inspect(reply)).unwrap();
    *answer.await.unwrap().unwrap()
}

#[tokio::test]
async fn i3_a_dead_reference_asks_the_workspace_once() {
    let engine = Bench::new().start().await;
    load(&engine).await;
    let before = engine.account(ONE, Id(1)).await.unwrap();
    let dead = engine.shared.directory.account(ONE, Id(1)).unwrap();
    sweep_away(&engine, &dead.actor).await;
    engine.shared.directory.account_woke(ONE, Id(1), dead);
    assert_eq!(engine.account(ONE, Id(1)).await.unwrap(), before);
}

/// Kills an account between rounds and waits until its workspace has noticed.
async fn sweep_away(engine: &Engine, actor: &ractor::ActorRef<AccountMsg>) {
    actor.get_cell().kill_and_wait(None).await.unwrap();
    while engine.shared.directory.account(ONE, Id(1)).is_some() {
        engine.read(ONE, hash_at).await.unwrap();
    }
}

#[tokio::test]
async fn i6_an_account_that_dies_between_rounds_costs_nothing() {
    let bench = Bench::new();
    let engine = bench.start().await;
    load(&engine).await;
    let dead = engine.shared.directory.account(ONE, Id(1)).unwrap();
    sweep_away(&engine, &dead.actor).await;
    engine.ingest_weighing(ONE, vec![scored(500, 500, Some(1), 300, T)], 100).await.unwrap();
    assert_eq!(engine.account(ONE, Id(1)).await.unwrap().unwrap().conversation_count, 41);
    assert!(bench.skips(ONE).is_empty());
}

#[tokio::test]
async fn i1_settings_that_change_the_window_let_every_account_go() {
    let mut bench = Bench::new();
    let engine = bench.start().await;
    load(&engine).await;
    engine.shutdown().await;
    bench.settings.model.window_size = 10;
    let engine = bench.start().await;
    assert_eq!(engine.account(ONE, Id(1)).await.unwrap().unwrap().conversation_count, 40, "no frame came yet");
    engine.ingest_weighing(ONE, vec![scored(500, 500, Some(2), 300, T)], 100).await.unwrap();
    assert_eq!(engine.account(ONE, Id(1)).await.unwrap().unwrap().conversation_count, 10);
}
