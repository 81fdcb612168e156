//! A directory with a history, restored to several points of it.

use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::actors::{Engine, hash_at};
use crate::app::{self, Parts};
use crate::clock::ManualClock;
use crate::config::Config;
use crate::domain::event::{Body, EventRecord, Identity, ImportedScore};
use crate::domain::ids::{Side, WorkspaceKey};
use crate::domain::score::Hundredths;
use crate::domain::system::SystemRecord;
use crate::domain::time::Millis;
use crate::domain::view::Known;
use crate::erasures::{self, Erased, ErasureEntry, ErasureList, Erasures};
use crate::ids::SeededIds;
use crate::offline::{Absent, OfflineError, system_offline};
use crate::recovery::Progress;
use crate::recovery::save::SaveProgress;
use crate::snapshot::SnapshotNumber;
use crate::storage::{FileOptions, Storage};

const T: Millis = 1_750_000_000_000;
const ONE: WorkspaceKey = WorkspaceKey { id: Id(1), side: Side::Live };
const TWO: WorkspaceKey = WorkspaceKey { id: Id(2), side: Side::Live };

fn scored(n: u64) -> EventRecord {
    let mut key = [0; 12];
    key[..8].copy_from_slice(&n.to_le_bytes());
    let dimensions = [Hundredths(100 + (n * 37 % 400) as u16); 3];
    EventRecord {
        identity: Identity { key, content: 0 },
        time: None,
        conversation: Some(Id(u128::from(n) + 1_000)),
        account: Some(Id(u128::from(n % 3) + 100)),
        account_name: None,
        contact: None,
        channel: None,
        intent: None,
        body: Body::ConversationScored(ImportedScore {
            dimensions,
            resolved: true,
            confidence: Hundredths(50),
            signal_count: 3,
        }),
        address: None,
    }
}

/// As low as can be.
fn low_score() -> Body {
    let dimensions = [Hundredths(100); 3];
    Body::ConversationScored(ImportedScore { dimensions, resolved: true, confidence: Hundredths(50), signal_count: 3 })
}

async fn start(path: &Path, clock: &Arc<ManualClock>, seed: u64) -> Engine {
    let (ids, options) = (Arc::new(SeededIds::new(seed)), FileOptions { segment_bytes: 1 << 20 });
    let storage = Storage::open(path, &options, ids.as_ref()).unwrap().with_snapshots().unwrap();
    let parts = Parts::on(storage, path, Arc::clone(clock) as _, ids).unwrap();
    app::start(&Config::default(), parts, false, Arc::default()).await.unwrap().engine
}

/// What a state hash is at a position, and when.
struct Mark {
    at: Millis,
    one: (u64, [u8; 32]),
    two: (u64, [u8; 32]),
}

async fn mark(engine: &Engine, clock: &ManualClock) -> Mark {
    let at = clock.now();
    Mark { at, one: engine.read(ONE, hash_at).await.unwrap(), two: engine.read(TWO, hash_at).await.unwrap() }
}

use crate::clock::Clock;

/// Five rounds of requests to two workspaces, a minute apart; snapshots after the second and the fourth.
async fn history(path: &Path) -> Vec<Mark> {
    let clock = Arc::new(ManualClock::new(T));
    let engine = start(path, &clock, 1).await;
    for key in [ONE, TWO] {
        let (name, tenant, actor) = ("Support".into(), "acme".into(), "test".into());
        engine.system(SystemRecord::WorkspaceCreated { id: key.id, name, tenant, actor }).await.unwrap().unwrap();
    }
    let mut marks = Vec::new();
    for round in 0..5_u64 {
        clock.advance(60_000);
        for (key, count) in [(ONE, 4), (TWO, 2)] {
            for n in 0..count {
                let first = round * 100 + n * 10;
                engine.ingest_weighing(key, (first..first + 3).map(scored).collect(), 100).await.unwrap();
            }
        }
        marks.push(mark(&engine, &clock).await);
        if round % 2 == 1 {
            engine.snapshot().await.unwrap();
        }
    }
    engine.shutdown().await;
    marks
}

fn read(path: &Path, snapshot: Option<u64>, point: Point) -> Result<Found, RestoreError> {
    Source::open(path)?.with_snapshot(snapshot.map(SnapshotNumber)).read(point, &Progress::default())
}

fn hashes(found: &Found) -> [(u64, [u8; 32]); 2] {
    [ONE, TWO].map(|key| {
        let workspace = found.workspaces.iter().find(|workspace| workspace.key() == key).unwrap();
        (workspace.applied(), workspace.state_hash())
    })
}

fn put(target: &Path, found: Found, carried: &Carried, replace: Replace) -> Result<Written, RestoreError> {
    let (clock, ids) = (ManualClock::new(T + 3_600_000), SeededIds::new(9));
    write(target, found, carried, replace, &clock, &ids, &SaveProgress::default())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r10_6_the_state_as_of_the_end_a_time_a_position_or_a_snapshot() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let marks = history(&data).await;
    let last = marks.last().unwrap();
    assert_eq!(hashes(&read(&data, None, Point::End).unwrap()), [last.one, last.two]);
    for mark in &marks {
        for at in [mark.at, mark.at + 59_999] {
            let found = read(&data, None, Point::Time(at)).unwrap();
            assert_eq!(hashes(&found), [mark.one, mark.two], "{at}");
        }
        let at = Position::new(mark.two.0, u16::MAX);
        let found = read(&data, None, Point::Position { workspace: Some(TWO.id), side: Side::Live, at }).unwrap();
        assert_eq!(hashes(&found), [mark.one, mark.two], "the second workspace is written to last");
    }
    let at = Position::new(2, 0);
    let found = read(&data, None, Point::Position { workspace: Some(ONE.id), side: Side::Live, at }).unwrap();
    assert_eq!(found.workspaces.len(), 1, "the other has nothing yet");
    assert_eq!(found.workspaces[0].stats(0, Millis::MAX).conversations_scored, 1, "up to the event");
    let number = 1;
    assert_eq!(hashes(&read(&data, Some(number), Point::End).unwrap()), [marks[1].one, marks[1].two]);
    let alone = data.join("snapshots").join("0000000002");
    assert_eq!(hashes(&read(&alone, None, Point::End).unwrap()), [marks[3].one, marks[3].two]);
    std::fs::remove_dir_all(data.join("journal")).unwrap();
    assert_eq!(hashes(&read(&data, None, Point::End).unwrap()), [last.one, last.two], "the one of the shutdown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r10_6_points_that_are_not_there_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    history(&data).await;
    let position = |workspace, seq| Point::Position { workspace, side: Side::Live, at: Position::new(seq, 0) };
    assert!(matches!(read(&data, None, Point::Time(T - 1)), Err(RestoreError::NoSuchPoint)));
    assert!(matches!(read(&data, None, position(Some(ONE.id), 10_000)), Err(RestoreError::NoSuchPoint)));
    assert!(matches!(read(&data, None, position(None, 1)), Err(RestoreError::WhichWorkspace)));
    assert!(matches!(read(&data, Some(77), Point::End), Err(RestoreError::NoSnapshot { .. })));
    assert!(matches!(read(&dir.path().join("nowhere"), None, Point::End), Err(RestoreError::Missing(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r10_6_a_restored_directory_starts_with_another_incarnation_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let (data, target) = (dir.path().join("data"), dir.path().join("target"));
    let marks = history(&data).await;
    let carried = Carried { secret: Some(data.join("secret")), ..Carried::default() };
    put(&target, read(&data, None, Point::Time(marks[2].at)).unwrap(), &carried, Replace::Refuse).unwrap();
    assert!(
        std::fs::read(target.join("secret")).unwrap() == std::fs::read(data.join("secret")).unwrap()
            && !dir.path().join("target.restoring").exists()
    );
    let again = read(&data, None, Point::End).unwrap();
    assert!(matches!(put(&target, again, &carried, Replace::Refuse), Err(RestoreError::NotEmpty(_))));
    let clock = Arc::new(ManualClock::new(T + 7_200_000));
    let engine = start(&target, &clock, 2).await;
    assert_eq!(engine.read(ONE, hash_at).await.unwrap(), marks[2].one);
    let verdicts = engine.ingest_weighing(ONE, vec![scored(0), scored(9_999)], 100).await.unwrap();
    assert_eq!(format!("{verdicts:?}"), "[Duplicate, Accepted]");
    let (after, incarnation) = (engine.read(ONE, hash_at).await.unwrap(), engine.incarnation());
    let held = read(&data, None, Point::End).unwrap();
    assert!(put(&target, held, &carried, Replace::SetAside).is_err(), "R9.6: a server has it");
    engine.shutdown().await;
    let engine = start(&target, &clock, 3).await;
    assert_eq!((engine.read(ONE, hash_at).await.unwrap(), engine.incarnation()), (after, incarnation));
    engine.shutdown().await;
    let found = read(&data, None, Point::End).unwrap();
    let old = found.system.origin().unwrap().incarnation;
    assert_ne!(old, incarnation, "R8.1");
    let written = put(&target, found, &Carried::default(), Replace::SetAside).unwrap();
    assert_eq!(written.replaced, Some(dir.path().join("target.replaced-1")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r10_6_a_snapshot_is_compared_with_a_replay_of_what_led_to_it() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    history(&data).await;
    for number in 1..=3 {
        let source = Source::open(&data).unwrap();
        let sides = source.compare(SnapshotNumber(number), &Progress::default()).unwrap().unwrap();
        assert_eq!(sides.len(), 3);
        assert!(sides.iter().all(|side| side.seq > 0 && side.is_same), "{sides:?}");
    }
    let target = dir.path().join("target");
    put(&target, read(&data, None, Point::End).unwrap(), &Carried::default(), Replace::Refuse).unwrap();
    let restored = Source::open(&target).unwrap().compare(SnapshotNumber(1), &Progress::default());
    assert!(restored.unwrap().is_none(), "its journal begins behind the state");
    let alone = Source::open(&data.join("snapshots").join("0000000001")).unwrap();
    assert!(alone.compare(SnapshotNumber(1), &Progress::default()).unwrap().is_none(), "nothing to replay");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r4_10_a_restored_backup_has_the_erasures_applied_again() {
    let dir = tempfile::tempdir().unwrap();
    let (data, target) = (dir.path().join("data"), dir.path().join("target"));
    let marks = history(&data).await;
    let mut found = read(&data, None, Point::End).unwrap();
    let key = found.system.origin().unwrap().identity_key;
    let gone = Id(1_000);
    let entry = ErasureEntry::new(marks[4].at + 1, ONE, Erased::Conversation(gone), &key);
    let before = found.workspaces[0].stats(0, Millis::MAX);
    let list = ErasureList::from_iter([entry]);
    assert_eq!((found.erase(&list), found.erase(&list)), (1, 0));
    let carried = Carried { erasures: list, ..Carried::default() };
    put(&target, found, &carried, Replace::Refuse).unwrap();
    assert!(target.join("erasures").is_file(), "the list goes on");
    let engine = start(&target, &Arc::new(ManualClock::new(T + 7_200_000)), 2).await;
    assert_eq!(engine.read(ONE, move |w| w.conversation(gone)).await.unwrap(), Known::Unknown);
    assert_eq!(engine.read(ONE, move |w| w.stats(0, Millis::MAX)).await.unwrap(), before);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r2_17_a_restored_backup_loses_a_deleted_workspace_again() {
    let dir = tempfile::tempdir().unwrap();
    let (data, target) = (dir.path().join("data"), dir.path().join("target"));
    let marks = history(&data).await;
    let mut found = read(&data, None, Point::End).unwrap();
    let key = found.system.origin().unwrap().identity_key;
    let earlier = erasures::of_workspace(marks[4].at - erasures::SLACK - 1, ONE.id, &key);
    let other_directory = erasures::of_workspace(marks[4].at + 1, ONE.id, &[0; 32]);
    let entry = erasures::of_workspace(marks[4].at + 1, TWO.id, &key);
    let list = ErasureList::from_iter([earlier, other_directory, entry]);
    assert_eq!((found.erase(&list), found.erase(&list)), (1, 0));
    assert!(found.workspaces.iter().all(|workspace| workspace.key() == ONE));
    let carried = Carried { erasures: list, ..Carried::default() };
    put(&target, found, &carried, Replace::Refuse).unwrap();
    let engine = start(&target, &Arc::new(ManualClock::new(T + 7_200_000)), 2).await;
    let table = engine.system_table();
    assert!(table.is_deleted(TWO.id) && table.workspace(TWO.id).is_none() && table.workspace(ONE.id).is_some());
    assert_eq!(engine.read(ONE, hash_at).await.unwrap(), marks[4].one);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r2_17_on_the_data_directory_an_active_breaker_is_seen_and_the_list_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(T));
    let engine = start(dir.path(), &clock, 1).await;
    for key in [ONE, TWO] {
        let (name, tenant, actor) = ("Support".into(), "acme".into(), "test".into());
        engine.system(SystemRecord::WorkspaceCreated { id: key.id, name, tenant, actor }).await.unwrap().unwrap();
    }
    let low = |n| EventRecord { body: low_score(), account: Some(Id(100)), ..scored(n) };
    engine.ingest_weighing(ONE, (1..=3).map(low).collect(), 100).await.unwrap();
    engine.shutdown().await;
    let (options, ids) = (FileOptions { segment_bytes: 1 << 20 }, SeededIds::new(3));
    let open = || system_offline(dir.path(), Absent::Refuse, &options, &ids, T + 1_000).unwrap();
    let mut system = open();
    assert!(matches!(system.delete_workspace(ONE.id, false), Err(OfflineError::BreakersActive)));
    assert!(Erasures::load(dir.path()).unwrap().list().is_empty() && system.table().workspace(ONE.id).is_some());
    system.delete_workspace(ONE.id, true).unwrap();
    system.delete_workspace(TWO.id, false).unwrap();
    assert!(matches!(system.delete_workspace(TWO.id, true), Err(OfflineError::Refused(_))));
    drop(system);
    assert_eq!(Erasures::load(dir.path()).unwrap().list().len(), 2);
    let table = open().table().clone();
    assert!(table.is_deleted(ONE.id) && table.is_deleted(TWO.id) && table.workspaces().count() == 0);
    let engine = start(dir.path(), &Arc::new(ManualClock::new(T + 2_000)), 2).await;
    assert_eq!(engine.stats_now().sides, 0);
    engine.shutdown().await;
}
