//! R2.16: a start with a wall clock that cannot be right.

use std::sync::Arc;

use serde_json::Value;
use tripswitch::app::{Parts, start};
use tripswitch::clock::{ManualClock, wall};
use tripswitch::config::Config;
use tripswitch::domain::ids::Id;
use tripswitch::domain::system::SystemRecord;
use tripswitch::domain::time::{DAY, HOUR, Millis, format};
use tripswitch::ids::RandomIds;
use tripswitch::storage::{FileOptions, Storage};

use crate::support::events::import;
use crate::support::process::{Home, NO_SPAWN, SERVE, told};

const CONVERSATION: &str = "0190b5c0-0000-7000-8000-00000000c001";
const OTHER: Id = Id(7);

/// An engine whose clock stands at `now` runs once on the data directory and writes something.
fn run_engine_at(home: &Home, now: Millis) {
    let _no_child = NO_SPAWN.read();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let (ids, options) = (Arc::new(RandomIds), FileOptions { segment_bytes: 1 << 20 });
        let storage = Storage::open(&home.data(), &options, ids.as_ref()).unwrap().with_snapshots().unwrap();
        let parts = Parts::on(storage, &home.data(), Arc::new(ManualClock::new(now)), ids).unwrap();
        let engine = start(&Config::default(), parts, true, Arc::default()).await.unwrap().engine;
        let (name, tenant) = ("Of another time".into(), "org_other".into());
        let record = SystemRecord::WorkspaceCreated { id: OTHER, name, tenant, actor: "test".into() };
        engine.system(record).await.unwrap().unwrap();
        engine.shutdown().await;
    });
}

fn refused(home: &Home) -> String {
    let start = home.run(&SERVE);
    assert_eq!(start.status.code(), Some(78), "{}", told(&start));
    assert!(start.stdout.is_empty(), "{}", told(&start));
    let message = String::from_utf8(start.stderr).unwrap();
    assert!(message.contains("--accept-clock"), "{message}");
    message
}

#[test]
fn r2_16_a_last_receipt_in_the_future_stops_the_start_unless_accepted_and_receipts_stand_still() {
    let home = Home::new();
    let future = wall() + 26 * HOUR;
    run_engine_at(&home, future);
    assert!(refused(&home).contains(&format(future)));

    let mut command = home.command(&SERVE);
    command.arg("--accept-clock");
    let server = home.serve_with(command);
    let mut client = server.client();
    client.post(&home.at("events"), &import("clock", "1", CONVERSATION, None, 250)).expect(202);
    let quality = client.get(&format!("/api/conversations/{CONVERSATION}/quality")).expect(200);
    assert_eq!(quality["scoredAt"], Value::from(format(future)), "a receipt never decreases");
}

#[test]
fn r2_16_a_wall_clock_far_ahead_of_the_last_receipt_stops_the_start_unless_accepted() {
    // The command line would refuse this clock too: the engine makes the data directory.
    let home = Home::empty();
    let past = wall() - 181 * DAY;
    run_engine_at(&home, past);
    assert!(refused(&home).contains(&format(past)));
    let mut command = home.command(&SERVE);
    command.arg("--accept-clock");
    drop(home.serve_with(command));
}
