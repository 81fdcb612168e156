//! What the users of a side set is in force before they are told (R6.9, I1).

use super::*;
use crate::domain::exact::Exact;
use crate::domain::own_settings::{OwnPatch, OwnSettings};
use crate::domain::record::Command;

fn kinds(bench: &Bench) -> Vec<&'static str> {
    let kind = |frame: &Frame| match &frame.record {
        Record::Settings(_) => "settings",
        Record::Command { command: Command::PatchSettings(_), .. } => "patch",
        _ => "events",
    };
    bench.frames(ONE).iter().map(kind).collect()
}

fn window(days: Option<u16>) -> OwnPatch {
    OwnPatch { window_days: Some(days), ..OwnPatch::default() }
}

async fn in_force(engine: &Engine) -> Settings {
    engine.read(ONE, |workspace| workspace.rules().settings.clone()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r6_9_what_was_set_is_in_force_before_it_is_answered_and_after_every_restart() {
    let mut bench = Bench::new();
    let engine = bench.start().await;
    let (own, effective) = engine.patch_settings(ONE, "anna", window(Some(30))).await.unwrap();
    assert_eq!((own.window_days, effective.settings.model.window_days), (Some(30), 30));
    assert_eq!(kinds(&bench), ["settings", "patch", "settings"], "the first frame of a side is its settings");
    assert_eq!(in_force(&engine).await, effective.settings);
    engine.ingest_weighing(ONE, vec![scored(1, 1, Some(5), 400, T)], 100).await.unwrap();
    let minimum = OwnPatch { min_signals: Some(Some(2)), ..OwnPatch::default() };
    engine.patch_settings(ONE, "anna", minimum).await.unwrap();
    assert_eq!(kinds(&bench)[3..], ["events", "patch"], "config.toml has no such member");
    let before = engine.read(ONE, hash_at).await;
    engine.shutdown().await;

    bench.settings.model.window_days = 60;
    for snapshots in [bench.snapshots.clone(), MemorySnapshots::default()] {
        bench.snapshots = snapshots;
        let engine = bench.start().await;
        assert_eq!(engine.read(ONE, hash_at).await, before);
        let (own, effective) = engine.settings(ONE).await.unwrap();
        assert_eq!((own.min_signals, effective.settings.model.window_days), (Some(2), 30), "it wins over config.toml");
        engine.shutdown().await;
    }
    assert_eq!(kinds(&bench).len(), 5, "nothing has changed, so nothing is written");

    let engine = bench.start().await;
    let (own, effective) = engine.patch_settings(ONE, "anna", window(None)).await.unwrap();
    assert_eq!((own.window_days, effective.settings.model.window_days), (None, 60));
    assert_eq!(in_force(&engine).await.model.window_days, 60);
    assert_eq!(kinds(&bench)[5..], ["patch", "settings"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r6_9_the_reader_of_messages_follows_the_model() {
    let bench = Bench::new();
    let engine = bench.start().await;
    let model = |engine: &Engine| engine.effective(ONE).reader.model();
    assert_eq!(model(&engine), ScoringModel::Task1, "of a side without a record: what config.toml says");
    let patch = OwnPatch {
        model: Some(Some(ScoringModel::Support2)),
        composite_weights: Some(Some([1.0, 1.0, 2.0].map(Exact))),
        ..OwnPatch::default()
    };
    let (own, effective) = engine.patch_settings(ONE, "anna", patch).await.unwrap();
    assert_eq!((effective.settings.profile.model, model(&engine)), (ScoringModel::Support2, ScoringModel::Support2));
    assert_eq!(effective.settings.profile.composite_weights, [0.25, 0.25, 0.5]);
    assert_eq!(engine.effective(TWO).reader.model(), ScoringModel::Task1, "another side");
    engine.shutdown().await;
    let engine = bench.start().await;
    assert_eq!(model(&engine), ScoringModel::Support2);
    assert_eq!(engine.settings(ONE).await.unwrap().0, own);
    assert_eq!(engine.settings(TWO).await.unwrap().0, OwnSettings::default());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r6_9_patches_at_once_come_one_after_the_other_each_with_its_settings() {
    let bench = Bench::new();
    let engine = bench.start().await;
    let patches = (1..=20).map(|days| {
        let engine = engine.clone();
        async move { engine.patch_settings(ONE, "anna", window(Some(days))).await.unwrap().1.settings.model.window_days }
    });
    let told = futures::future::join_all(patches).await;
    assert_eq!(told, (1..=20).collect::<Vec<_>>(), "each is told what it made");
    let kinds = kinds(&bench);
    assert_eq!((kinds.len(), &kinds[..3]), (41, &["settings", "patch", "settings"][..]));
    assert!(kinds[1..].chunks(2).all(|pair| pair == ["patch", "settings"]), "{kinds:?}");
}
