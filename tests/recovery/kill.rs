//! R9.1, R9.2: `kill -9` while eight clients write, and snapshots are taken again and again.

use std::thread;
use std::time::Duration;

use crate::load::{answers, check, check_everything, load, workers};
use crate::support::answers::differences;
use crate::support::from_env;
use crate::support::process::Home;
use crate::support::random::Random;
use crate::support::twin::{Kept, numbers};

/// Kills without `TRIPSWITCH_KILLS`.
const KILLS: u64 = 50;

const BUDGET: &str = "TRIPSWITCH__SNAPSHOTS__REPLAY_BUDGET";

/// A home whose servers take a snapshot every thousand events, and keep two.
fn home() -> Home {
    let mut home = Home::new();
    home.env(BUDGET, "1000");
    home.env("TRIPSWITCH__SNAPSHOTS__KEEP", "2");
    home
}

/// Whether the server that has just died was writing or removing a snapshot.
fn was_at_a_snapshot(home: &Home) -> bool {
    let names = std::fs::read_dir(home.data().join("snapshots")).unwrap();
    names.into_iter().any(|entry| entry.unwrap().file_name().to_string_lossy().ends_with(".tmp"))
}

#[test]
fn r9_1_kill_9_under_load_loses_nothing_that_was_answered() {
    let (seed, kills) = (from_env("TRIPSWITCH_SEED", 1), from_env("TRIPSWITCH_KILLS", KILLS));
    let mut home = home();
    let (mut workers, kept_journal) = (workers(seed), Kept::beside(&home));
    let mut random = Random::of(seed, &[u64::from(u32::MAX)]);
    let (mut server, mut unanswered, mut kept, mut at_snapshots) = (home.serve(), 0, 0, 0);
    for kill in 1..=kills {
        let failed = |what: &[String]| format!("TRIPSWITCH_SEED={seed}, kill {kill}: {what:#?}");
        let (count, pause) = (random.below(120), Duration::from_micros(random.below(30_000)));
        load(&mut workers, &home, server, usize::try_from(count).unwrap(), |server| {
            // The kill may fall anywhere in a write; the moment follows from the seed.
            thread::sleep(pause);
            server.kill();
            None
        });
        kept_journal.follow(&home.data());
        at_snapshots += u64::from(was_at_a_snapshot(&home));
        if kill % 3 == 0 {
            // Recovery reads, cuts and writes too, and must be able to begin again.
            home.serve_and_kill_after(Duration::from_micros(random.below(40_000)));
            kept_journal.follow(&home.data());
        }
        server = home.serve();
        let checked = check(&mut workers, &home, &server);
        assert!(checked.complaints.is_empty(), "{}", failed(&checked.complaints));
        (unanswered, kept) = (unanswered + checked.unanswered, kept + checked.kept);
        if kill % 5 == 0 {
            let before = answers(&workers, &home, &server);
            server.kill();
            kept_journal.compare(&home.data());
            server = home.serve();
            let changed = differences(&before, &answers(&workers, &home, &server));
            assert!(changed.is_empty(), "{}", failed(&changed));
        }
    }
    server.kill();
    let snapshots = kept_journal.compare(&home.data()).map_or(0, |number| number.0);
    home.env(BUDGET, "1000000000");
    server = home.serve();
    let checked = check_everything(&mut workers, &home, &server);
    assert!(checked.complaints.is_empty(), "TRIPSWITCH_SEED={seed}, at the end: {:#?}", checked.complaints);
    let batches: u64 = workers.iter().map(|worker| worker.answered).sum();
    let breakers: usize = workers.iter().map(|worker| worker.breakers.len()).sum();
    println!(
        "{kills} kills: {batches} batches, {breakers} breakers, {unanswered} requests unanswered, {kept} of them kept; \
         {snapshots} snapshots, {at_snapshots} kills while one was written or removed"
    );
    assert!(batches > 10 * kills && breakers as u64 > kills / 10 && unanswered as u64 > kills, "the load was no load");
    if kills >= KILLS {
        assert!(numbers(&home.data()).len() >= 2, "two are kept: {:?}", numbers(&home.data()));
        assert!(snapshots > kills / 10 && at_snapshots > 0, "{snapshots} snapshots, {at_snapshots} kills at one");
    }
}
