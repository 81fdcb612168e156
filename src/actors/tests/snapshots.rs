//! Snapshots of a running engine, and what a restart makes of them (R9.2–R9.4, I9).

use super::*;
use crate::domain::record::Command;
use crate::recovery::load::LoadError;
use crate::recovery::{RecoveredSide, RecoveryError};
use crate::snapshot::{ListedState, SnapshotNumber, SnapshotStore};

/// Writes `count` scores of ten accounts, some of them low, in requests of ten.
async fn write(engine: &Engine, key: WorkspaceKey, from: u64, count: u64) {
    for first in (from..from + count).step_by(10) {
        let events = (first..(first + 10).min(from + count)).map(|event| {
            let composite = 100 + (event * 37 % 400) as u16;
            scored(event, event.into(), Some((event % 10).into()), composite, T - (event % 50) as i64)
        });
        engine.ingest_weighing(key, events.collect(), 100).await.unwrap();
    }
}

impl Bench {
    fn numbers(&self) -> Vec<u64> {
        let whole =
            |listed: crate::snapshot::Listed| matches!(listed.state, ListedState::Whole(_)).then_some(listed.number.0);
        self.snapshots.list().unwrap().into_iter().filter_map(whole).collect()
    }

    fn first(&self) -> u64 {
        self.log.writer().first().0
    }

    /// Of what a start would recover.
    fn recovered_hash(&self, key: WorkspaceKey) -> [u8; 32] {
        let states = self.recover().unwrap().workspaces;
        match states.into_iter().find(|(found, _)| *found == key) {
            Some((_, RecoveredSide::Ready(workspace))) => workspace.state_hash(),
            Some((_, RecoveredSide::Failed(at))) => panic!("applying event {at} failed"),
            None => panic!("the workspace has frames"),
        }
    }

    /// RecoveredSide hashes of both workspaces in a restarted engine.
    async fn restarted(&self) -> (Engine, [(u64, [u8; 32]); 2]) {
        let engine = self.start().await;
        let hashes = [engine.read(ONE, hash_at).await.unwrap(), engine.read(TWO, hash_at).await.unwrap()];
        (engine, hashes)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r9_2_snapshot_and_the_journal_behind_it_give_the_state_that_the_journal_alone_gives() {
    let bench = Bench::new();
    let engine = bench.start().await;
    for round in 0..6 {
        write(&engine, ONE, round * 1_000, 100).await;
        write(&engine, TWO, round * 1_000, 30).await;
        if round % 3 == 1 {
            engine.snapshot().await.unwrap();
        }
        let breaker = engine.read(ONE, |w| w.active_breakers()).await.unwrap()[0].id;
        engine.command(ONE, "a", Command::Acknowledge { breaker, note: None }).await.unwrap();
    }
    let before = [engine.read(ONE, hash_at).await.unwrap(), engine.read(TWO, hash_at).await.unwrap()];
    assert_eq!(bench.first(), 1, "as long as there are fewer than three, the journal stays whole");
    assert_eq!([ONE, TWO].map(|key| bench.hash_by_rounds(key, 8)), before.map(|(_, hash)| hash));
    engine.shutdown().await;
    let recovered = bench.recover().unwrap();
    assert_eq!(recovered.snapshot.map(|manifest| manifest.number), Some(SnapshotNumber(3)), "one at the end, too");
    assert_eq!(recovered.tail.events, 0);
    let (engine, after) = bench.restarted().await;
    assert_eq!(after, before);
    write(&engine, ONE, 9_000, 50).await;
    assert_eq!(
        engine.read(ONE, hash_at).await.unwrap().1,
        bench.hash_by_rounds(ONE, 1),
        "and it goes on as if nothing were"
    );
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r9_3_the_last_three_are_kept_and_the_journal_back_to_the_oldest() {
    let bench = Bench::new();
    let engine = bench.start().await;
    let mut positions = Vec::new();
    for round in 0..6 {
        write(&engine, ONE, round * 100, 20).await;
        positions.push(engine.snapshot().await.unwrap().position.0);
    }
    assert_eq!(bench.numbers(), [6, 5, 4]);
    // The writer does its housekeeping in the order of what it is given.
    write(&engine, ONE, 9_000, 1).await;
    assert_eq!(bench.first(), positions[3] + 1);
    assert_eq!(engine.prune_snapshots(1).await.unwrap(), [SnapshotNumber(5), SnapshotNumber(4)]);
    write(&engine, ONE, 9_100, 1).await;
    assert_eq!((bench.numbers(), bench.first()), (vec![6], positions[5] + 1));
    let before = engine.read(ONE, hash_at).await.unwrap();
    // As after kill -9: nothing is told to anybody.
    let recovered = bench.recover().unwrap();
    assert_eq!((recovered.tail.frames, recovered.tail.events), (2, 2));
    engine.shutdown().await;
    assert_eq!(bench.restarted().await.1[0], before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r9_4_a_damaged_snapshot_is_set_aside_reported_and_passed_over() {
    let bench = Bench::new();
    let engine = bench.start().await;
    for round in 0..3 {
        write(&engine, ONE, round * 100, 20).await;
        engine.snapshot().await.unwrap();
    }
    let before = engine.read(ONE, hash_at).await.unwrap();
    engine.shutdown().await;
    bench.snapshots.damage(SnapshotNumber(3));
    bench.snapshots.damage(SnapshotNumber(2));
    let engine = bench.start().await;
    assert_eq!(engine.read(ONE, hash_at).await.unwrap(), before);
    assert!(engine.readiness().warnings.iter().any(|warning| warning.contains("damaged snapshot")));
    let aside = engine.snapshots().await.unwrap().into_iter().filter(|l| matches!(l.state, ListedState::SetAside));
    assert_eq!(aside.map(|listed| listed.number.0).collect::<Vec<_>>(), [3, 2]);
    assert_eq!(engine.snapshot_status().tail.events, 40, "what was replayed counts");
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r9_4_without_a_snapshot_a_trimmed_journal_is_refused_and_says_what_is_missing() {
    let bench = Bench::new();
    let engine = bench.start().await;
    write(&engine, ONE, 0, 20).await;
    let position = engine.snapshot().await.unwrap().position;
    engine.prune_snapshots(1).await.unwrap();
    write(&engine, ONE, 100, 20).await;
    engine.shutdown().await;
    bench.snapshots.damage(SnapshotNumber(1));
    bench.snapshots.damage(SnapshotNumber(2));
    let Err(error) = bench.recover() else { panic!("taken") };
    assert!(matches!(&error, RecoveryError::Missing { passed_over, .. } if passed_over.len() == 2), "{error}");
    assert!(error.to_string().starts_with(&format!("groups 1 to {position} of the journal were trimmed")), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r9_4_a_snapshot_of_another_journal_or_ahead_of_this_one_is_refused() {
    let bench = Bench::new();
    let engine = bench.start().await;
    write(&engine, ONE, 0, 20).await;
    engine.shutdown().await;
    let other = Bench { log: MemoryLog::default(), ..bench };
    let Err(error) = other.recover() else { panic!("taken") };
    assert!(
        matches!(error, RecoveryError::Load(LoadError::OtherJournal { .. } | LoadError::JournalBehind { .. })),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i6_a_rebuild_begins_with_the_snapshot_where_the_journal_does_not_reach_back() {
    let bench = Bench::new();
    bench.faults.apply.panic_on_intent(true);
    let engine = bench.start().await;
    write(&engine, ONE, 0, 50).await;
    engine.snapshot().await.unwrap();
    engine.prune_snapshots(1).await.unwrap();
    write(&engine, ONE, 100, 5).await;
    assert!(bench.first() > 1);
    let verdicts = engine.ingest_weighing(ONE, vec![poisonous(999, 999, None)], 10).await.unwrap();
    assert!(matches!(verdicts[..], [Verdict::Rejected(_)]), "{verdicts:?}");
    assert!(engine.read(ONE, move |w| w.conversation(Id(3))).await.is_ok());
    assert_eq!(engine.read(ONE, move |w| w.stats(0, T + 1)).await.unwrap().conversations_scored, 55);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r4_10_what_must_be_gone_is_gone_from_snapshots_and_journal() {
    let mut bench = Bench::new();
    bench.options.purge = crate::actors::Purge::new(|now| (now > T + 10).then_some(T + 5));
    let engine = bench.start().await;
    write(&engine, ONE, 0, 20).await;
    engine.snapshot().await.unwrap();
    assert!(!engine.purge().await.unwrap(), "it is not time yet");
    bench.clock.set(T + 11);
    assert!(engine.purge().await.unwrap());
    let listed = bench.snapshots.list().unwrap();
    let is_new = |listed: &crate::snapshot::Listed| matches!(&listed.state, ListedState::Whole(manifest) if manifest.created_at > T + 5);
    assert!(listed.len() == 3 && listed.iter().all(is_new), "{listed:?}");
    write(&engine, ONE, 100, 1).await;
    let first = bench.log.writer().read(GroupPosition(bench.first())).unwrap().next().unwrap().unwrap();
    assert!(crate::journal::codec::GroupView::new(&first.group).unwrap().receipt > T + 5);
    assert!(!engine.purge().await.unwrap(), "nothing is left");
    let before = engine.read(ONE, hash_at).await.unwrap();
    engine.shutdown().await;
    assert_eq!(bench.restarted().await.1[0], before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i6_an_account_that_dies_between_two_snapshots_costs_one_event_for_good_although_the_journal_is_trimmed() {
    for set in [Faults::kill_next_account, Faults::panic_in_next_account, Faults::panic_on_the_spot] {
        let bench = Bench::new();
        let engine = bench.start().await;
        write(&engine, ONE, 0, 50).await;
        write(&engine, TWO, 0, 10).await;
        engine.snapshot().await.unwrap();
        engine.prune_snapshots(1).await.unwrap();
        write(&engine, ONE, 100, 5).await;
        assert!(bench.first() > 1);
        set(&bench.faults);
        let batch = vec![scored(200, 200, Some(5), 300, T), scored(201, 201, Some(5), 200, T)];
        let verdicts = engine.ingest_weighing(ONE, batch, 100).await.unwrap();
        assert_eq!(verdicts[1], Verdict::Accepted, "the batch's other event stands");
        assert!(matches!(verdicts[0], Verdict::Rejected(_)), "{verdicts:?}");
        assert!(bench.faults.account_was_hit());
        let counts = engine.stats_now().counts;
        assert_eq!((counts.rebuilds, counts.skips), (1, 1));
        write(&engine, TWO, 100, 5).await;
        let before = [engine.read(ONE, hash_at).await.unwrap(), engine.read(TWO, hash_at).await.unwrap()];
        // As after kill -9, from the snapshot before the skip; then from one behind it.
        assert_eq!(bench.recovered_hash(ONE), before[0].1);
        engine.snapshot().await.unwrap();
        let [.., snapshots] = &engine.stats_now().histograms[..] else { panic!("none") };
        assert_eq!(snapshots.get_sample_count(), 2);
        engine.shutdown().await;
        let progress = Progress::default();
        recover_with(&bench.log.writer(), &bench.snapshots, &progress, &bench.faults.apply).unwrap();
        assert!(progress.from_snapshot());
        let (engine, after) = bench.restarted().await;
        assert_eq!(after, before);
        assert_eq!(engine.stats_now().counts.rebuilds, 0, "no start fails over it again");
        engine.shutdown().await;
    }
}
