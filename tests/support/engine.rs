//! The engine and the door under test: a journal in memory, a manual clock, seeded ids.

use std::sync::Arc;

use tripswitch::actors::{Engine, EngineOptions, EngineParts, SettingsSource};
use tripswitch::clock::ManualClock;
use tripswitch::domain::scoring::profile::ScoringModel;
use tripswitch::domain::scoring::reader::MessageReader;
use tripswitch::domain::settings::Settings;
use tripswitch::ids::{Ids, SeededIds};
use tripswitch::journal::memory::MemoryLog;
use tripswitch::journal::writer::GroupLimits;
use tripswitch::recovery::{Progress, recover};
use tripswitch::service::door::{Door, DoorOptions, Secret};
use tripswitch::snapshot::memory::MemorySnapshots;

/// Starts both on what the log holds; snapshots go to `snapshots`.
pub async fn start(
    clock: Arc<ManualClock>,
    ids: Arc<SeededIds>,
    log: &MemoryLog,
    snapshots: &MemorySnapshots,
    in_flight_bytes: usize,
) -> (Engine, Arc<Door>) {
    let secret = Secret::new(ids.secret());
    let profile = ScoringModel::Support2.profile().clone();
    let settings = Arc::new(Settings { secret_id: secret.id(), profile, ..Settings::default() });
    let source: SettingsSource = Arc::new(move |_| Arc::clone(&settings));
    let parts = EngineParts {
        recovered: recover(&log.writer(), snapshots, &Progress::default()).expect("the log can be replayed"),
        journal: Box::new(log.writer()),
        snapshots: Arc::new(snapshots.clone()),
        clock,
        ids,
        settings: source,
        options: EngineOptions { waiting_bytes: in_flight_bytes, ..EngineOptions::default() },
        group_limits: GroupLimits::default(),
    };
    let engine = Engine::start(parts).await.expect("the engine starts");
    let table = engine.system_table();
    let origin = table.origin().expect("the engine has written its first record");
    let reader = Arc::new(MessageReader::default());
    let door = Door::new(DoorOptions::new(secret), reader, origin.identity_key);
    (engine, Arc::new(door))
}
