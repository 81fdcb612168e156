//! R9.1, R9.3: the power is cut while snapshots are written. What the kernel was not asked to make durable
//! is lost, page by page and name by name, of the journal too.

use std::process::ExitStatus;
use std::thread;
use std::time::Duration;

use crate::load::{check_everything, load};
use crate::snapshot_steps::{BUDGET, FAULT, Rig, STEP};
use crate::support::from_env;
use crate::support::journal::segments;
use crate::support::power::{Unsynced, traced};
use crate::support::process::{SERVE, Server, can_trace, told, wait_until};
use crate::support::random::Random;

const STEPS: [&str; 6] = [
    "snapshot-block",
    "before-snapshot-synced",
    "snapshot-synced",
    "snapshot-manifest",
    "snapshot-renamed",
    "snapshot-verified",
];

/// Of a hundred pages and names that may be lost.
const CHANCES: [u64; 3] = [100, 50, 10];

impl Rig {
    /// Writes under strace, while a snapshot is taken, until `end` has ended the server; says what was not
    /// synced. A server that dies at a fault point may do so before the clients can write: `end` gets how.
    fn traced(&mut self, end: impl FnOnce(Result<Server, ExitStatus>)) -> Unsynced {
        self.home.env(BUDGET, "1000");
        match traced(&self.home) {
            Ok(server) => {
                load(&mut self.workers, &self.home, server, 0, |server| {
                    end(Ok(server));
                    None
                });
            }
            died => end(died),
        }
        self.home.without(BUDGET);
        Unsynced::read(&self.home)
    }

    fn is_whole(&mut self, what: &str) {
        self.kept.compare(&self.home.data());
        self.goes_on(what);
    }
}

#[test]
fn r9_1_r9_3_a_power_cut_at_any_step_of_a_snapshot_loses_nothing_and_from_its_name_on_it_is_durable() {
    if !can_trace() {
        return;
    }
    let seed = from_env("TRIPSWITCH_SEED", 1);
    let (mut rig, mut random) = (Rig::new(seed, 2), Random::of(seed, &[51]));
    rig.take_snapshots(2);
    rig.goes_on("at first");
    let (mut lost, snapshots) = (0, rig.home.data().join("snapshots"));
    for (index, step) in STEPS.into_iter().enumerate() {
        rig.home.env(STEP, step);
        let unsynced = rig.traced(|server| {
            let status = server.map_or_else(|died| died, Server::ended);
            assert_ne!(status.code(), Some(0), "{step}");
        });
        rig.home.without(STEP);
        let may_go = unsynced.below(&snapshots);
        if step == "snapshot-renamed" || step == "snapshot-verified" {
            assert!(may_go.is_empty(), "{step}: not durable: {may_go:?}");
        } else {
            assert!(!may_go.is_empty(), "{step}: the trace has seen nothing of the snapshot");
        }
        let cut = unsynced.cut(&mut random, CHANCES[index % CHANCES.len()]);
        rig.is_whole(&format!("TRIPSWITCH_SEED={seed}, {step}: {cut} pages and names lost"));
        lost += cut;
    }
    for round in 0..4 {
        let pause = Duration::from_millis(random.below(400));
        let unsynced = rig.traced(|server| {
            // The clients go on meanwhile.
            thread::sleep(pause);
            server.unwrap().kill();
        });
        let cut = unsynced.cut(&mut random, CHANCES[round % CHANCES.len()]);
        rig.is_whole(&format!("TRIPSWITCH_SEED={seed}, after {pause:?}: {cut} pages and names lost"));
        lost += cut;
    }
    let server = rig.home.serve();
    let checked = check_everything(&mut rig.workers, &rig.home, &server);
    assert!(checked.complaints.is_empty(), "{:#?}", checked.complaints);
    println!("{lost} pages and names were lost");
    assert!(lost > 10, "the cuts were no cuts");
}

/// A data directory whose only snapshot is needed: the journal before it is gone. Answers how it starts after
/// the power was cut behind it.
fn only_snapshot_after_a_power_cut(fault: Option<&str>) -> std::process::Output {
    let mut rig = Rig::new(52, 1);
    let server = rig.home.serve();
    rig.neighbour.fill_segment(&rig.home, &server);
    server.kill();
    if let Some(fault) = fault {
        rig.home.env(FAULT, fault);
    }
    let first = segments(&rig.home.data()).remove(0);
    let unsynced = rig.traced(|server| {
        wait_until("the journal is trimmed", || !first.exists());
        server.unwrap().kill();
    });
    rig.home.without(FAULT);
    let cut = unsynced.cut(&mut Random::new(52), 100);
    println!("{fault:?}: {cut} pages and names lost");
    rig.home.run(&["workspace", "list"])
}

#[test]
fn r9_1_a_snapshot_that_was_not_synced_is_caught_by_a_power_cut() {
    if !can_trace() {
        return;
    }
    let honest = only_snapshot_after_a_power_cut(None);
    assert!(honest.status.success(), "{}", told(&honest));
    let lying = only_snapshot_after_a_power_cut(Some("snapshot-unsynced"));
    assert_eq!(lying.status.code(), Some(65), "the fault went unseen: {}", told(&lying));
    assert!(told(&lying).contains("of the journal were trimmed"), "{}", told(&lying));
}

#[test]
fn r9_1_a_journal_that_is_trimmed_before_its_snapshot_is_there_is_caught_by_a_kill() {
    for (fault, code) in [("none", None), ("trim-before-snapshot", Some(65))] {
        let mut rig = Rig::new(53, 1);
        let server = rig.home.serve();
        rig.neighbour.fill_segment(&rig.home, &server);
        server.kill();
        rig.home.env(FAULT, fault);
        rig.dies("before-snapshot-renamed");
        rig.home.without(FAULT);
        let start = rig.home.run(&["workspace", "list"]);
        assert_eq!(start.status.code().filter(|code| *code != 0), code, "{fault}: {}", told(&start));
        if code.is_some() {
            let start = rig.home.run(&SERVE);
            assert_eq!(start.status.code(), code, "{}", told(&start));
        }
    }
}
