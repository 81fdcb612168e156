//! Snapshots and whole states in NATS.

use std::collections::HashSet;
use std::sync::Arc;

use async_nats::jetstream::object_store::ObjectMetadata;

use super::super::erasures::ErasureBucket;
use super::super::logs::Logs;
use super::super::moving::{MoveError, Moving, State};
use super::super::shelf::{LEAST_KEPT, Shelf, ShelfError, ShelvedStore};
use super::support::options;
use crate::clock::ManualClock;
use crate::domain::ids::{Id, Side, WorkspaceKey};
use crate::domain::local::Local;
use crate::domain::partition::Partition;
use crate::domain::record::{APPLY_VERSION, Frame, Record};
use crate::domain::settings::Settings;
use crate::domain::system::SystemRecord;
use crate::domain::system_table::SystemTable;
use crate::domain::time::{DAY, Millis};
use crate::erasures::ErasureList;
use crate::ids::SeededIds;
use crate::journal::GroupPosition;
use crate::nats::testing::{TestServer, runtime};
use crate::recovery::save::{Moment, SaveProgress, save};
use crate::snapshot::memory::MemorySnapshots;
use crate::snapshot::{JournalId, SnapshotStore};

const T: Millis = 1_750_000_000_000;
const JOURNAL: JournalId = JournalId(7);
const SOME: Partition = Partition(3);

fn logs(server: &TestServer) -> Logs {
    let made = Logs::new(server.connect(), "test", 1, Arc::new(SeededIds::new(1)));
    runtime().block_on(made).expect("a store for snapshots")
}

fn table() -> SystemTable {
    let mut table = SystemTable::default();
    let (name, tenant, actor) = ("Support".into(), "acme".into(), "a".into());
    let records = [
        SystemRecord::Initialised { incarnation: Id(1), identity_key: [2; 32] },
        SystemRecord::WorkspaceCreated { id: Id(5), name, tenant, actor },
    ];
    for (seq, record) in (1..).zip(records) {
        let (key, record) = (WorkspaceKey::SYSTEM, Record::System(record));
        let frame = Frame { key, seq, receipt: T, apply_version: APPLY_VERSION, record };
        table.apply_frame(&frame, &HashSet::new()).unwrap().unwrap();
    }
    table
}

fn moment(position: u64) -> Moment {
    let position = GroupPosition(position);
    Moment { created_at: T, journal: JOURNAL, position, last_receipt: Some(T), system: table(), cuts: Vec::new() }
}

fn write(store: &dyn SnapshotStore, position: u64) {
    save(store, moment(position), &ManualClock::new(T), &SaveProgress::default()).unwrap();
}

fn positions(shelf: &Shelf) -> Vec<u64> {
    shelf.positions().unwrap().into_iter().map(|position| position.0).collect()
}

#[test]
fn r11_1_every_finished_snapshot_is_where_the_next_owner_finds_it() {
    let Some(server) = TestServer::start() else { return };
    let _within = runtime().enter();
    let logs = logs(&server);
    let (shelf, other) = (logs.shelf(SOME), logs.shelf(Partition::SYSTEM));
    let own = Arc::new(MemorySnapshots::default());
    let store = ShelvedStore::new(own.clone(), shelf.clone(), 1);
    for position in [5, 9, 12] {
        write(&store, position);
    }
    write(&ShelvedStore::new(Arc::new(MemorySnapshots::default()), other.clone(), 3), 99);
    assert_eq!((positions(&shelf), positions(&other)), (vec![12, 9], vec![99]));
    assert_eq!(LEAST_KEPT, 2, "one alone is not trusted");
    let newest = runtime().block_on(logs.newest_snapshots()).unwrap();
    assert_eq!(newest.get(&SOME), Some(&GroupPosition(12)));

    let fetched = MemorySnapshots::default();
    shelf.catch_up(&fetched, JOURNAL).unwrap();
    let manifest = |store: &MemorySnapshots| {
        let number = store.list().unwrap()[0].number;
        store.open(number).unwrap().manifest().clone()
    };
    let (there, here) = (manifest(&own), manifest(&fetched));
    assert_eq!((here.position, here.journal, &here.sides), (there.position, there.journal, &there.sides));
    shelf.catch_up(&fetched, JOURNAL).unwrap();
    assert_eq!(fetched.list().unwrap().len(), 1, "what is as new is not fetched again");
    shelf.catch_up(&fetched, JournalId(8)).unwrap();
    assert_eq!(manifest(&fetched).position, GroupPosition(12), "one of another journal is replaced");
}

#[test]
fn r11_1_what_lies_on_the_shelf_and_is_no_snapshot_is_refused() {
    let Some(server) = TestServer::start() else { return };
    let _within = runtime().enter();
    let (shelf, connection) = (logs(&server).shelf(SOME), server.connect());
    let objects = runtime().block_on(connection.jetstream.get_object_store("test-snapshots")).unwrap();
    let name = format!("{SOME}/{:020}", 4);
    let put = |bytes: &'static [u8]| {
        let object = ObjectMetadata { name: name.clone(), ..ObjectMetadata::default() };
        runtime().block_on(objects.put(object, &mut &*bytes)).unwrap();
    };
    let store = MemorySnapshots::default();
    for bytes in [&b"something else"[..], b"TSSNAP1\n\xff\xff\xff\xff", b"TSSNAP1\n\x02\0\0\0{}"] {
        put(bytes);
        let refused = shelf.fetch(GroupPosition(4), &store);
        assert!(matches!(refused, Err(ShelfError::Foreign { .. })), "{refused:?}");
    }
    put(b"TSS");
    assert!(matches!(shelf.fetch(GroupPosition(4), &store), Err(ShelfError::Io(_))), "cut off");
    assert!(store.list().unwrap().is_empty());
}

#[test]
fn r11_4_a_state_moves_in_and_out_with_equal_hashes() {
    let Some(server) = TestServer::start() else { return };
    let _within = runtime().enter();
    let logs = logs(&server);
    let erasures = ErasureBucket::open(&logs.connection.jetstream, "test", 1, std::time::Duration::from_secs(60));
    let erasures = runtime().block_on(erasures).unwrap();
    let options = options("import");
    let moving = Moving { logs: &logs, options: &options, erasures: &erasures, runtime: runtime().handle() };
    let state = || {
        let key = WorkspaceKey { id: Id(5), side: Side::Live };
        let workspace = Box::new(Local::new(key, "Support".into(), Settings::default()).workspace);
        State { system: table(), workspaces: vec![workspace], last_receipt: Some(T + DAY) }
    };
    let (hash, clock) = (state().hash(), ManualClock::new(T));
    let mut parts = 0;
    moving.bring_in(state(), &ErasureList::default(), &clock, || parts += 1).unwrap();
    assert_eq!(parts, options.partitions + 1);
    let again = moving.bring_in(state(), &ErasureList::default(), &clock, || {});
    assert!(matches!(again, Err(MoveError::NotEmpty(Partition::SYSTEM))), "{again:?}");
    let out = moving.take_out(|| {}).unwrap();
    assert_eq!((out.hash(), out.workspaces.len(), out.last_receipt), (hash, 1, Some(T + DAY)));
    assert_eq!(out.system, table());
}
