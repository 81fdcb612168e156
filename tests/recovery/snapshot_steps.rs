//! R9.1–R9.4: a server that dies at each step of a snapshot, of the pruning behind it, and of the recovery
//! from one, while eight clients write.

use std::fs;
use std::process::ExitStatus;

use crate::load::{Worker, check, check_everything, load, workers};
use crate::support::journal::{overwrite, segments};
use crate::support::neighbour::Neighbour;
use crate::support::process::{Home, SERVE, told};
use crate::support::twin::{Kept, directory, numbers};

pub const STEP: &str = "TRIPSWITCH_FAULT_STEP";
pub const FAULT: &str = "TRIPSWITCH_FAULT";
pub const BUDGET: &str = "TRIPSWITCH__SNAPSHOTS__REPLAY_BUDGET";
const KEEP: &str = "TRIPSWITCH__SNAPSHOTS__KEEP";

/// For each step, a server dies once before and once after it.
const WRITING: [&str; 5] =
    ["snapshot-block", "snapshot-synced", "snapshot-manifest", "snapshot-renamed", "snapshot-verified"];
const RECOVERY: [&str; 3] = ["recovery-loaded", "recovery-scanned", "recovery-replayed"];

/// A data directory with two workspaces, the clients that write to it, and its twin.
pub struct Rig {
    pub home: Home,
    pub kept: Kept,
    pub workers: Vec<Worker>,
    pub neighbour: Neighbour,
}

impl Rig {
    pub fn new(seed: u64, keep: u32) -> Self {
        let mut home = Home::new();
        home.env(KEEP, keep.to_string());
        let (kept, neighbour) = (Kept::beside(&home), Neighbour::new(&home));
        Self { home, kept, workers: workers(seed), neighbour }
    }

    /// Takes as many snapshots, each with something new in it.
    pub fn take_snapshots(&mut self, count: u64) {
        for number in 0..count {
            let server = self.home.serve();
            self.neighbour.write(&server, [number].into_iter());
            let server = load(&mut self.workers, &self.home, server, 30, Some).unwrap();
            assert_eq!(server.terminate().code(), Some(0));
            self.kept.follow(&self.home.data());
        }
    }

    /// A server without a fault finds everything that was answered. Afterwards there is enough in the journal to make
    /// the next snapshot due.
    pub fn goes_on(&mut self, what: &str) {
        let server = self.home.serve();
        let checked = check(&mut self.workers, &self.home, &server);
        assert!(checked.complaints.is_empty(), "{what}: {:#?}", checked.complaints);
        self.neighbour.write(&server, [0, 0, 0].into_iter());
        server.kill();
        self.kept.compare(&self.home.data());
    }

    /// A server with this fault point takes a snapshot as soon as it has started, and dies while clients write; on a
    /// busy machine perhaps before they can.
    pub fn dies(&mut self, step: &str) {
        self.home.env(STEP, step);
        self.home.env(BUDGET, "1000");
        match self.home.try_serve() {
            Ok(server) => {
                load(&mut self.workers, &self.home, server, 0, |server| {
                    aborted(server.ended(), step);
                    None
                });
            }
            Err(status) => aborted(status, step),
        }
        self.home.without(BUDGET);
        self.home.without(STEP);
    }
}

fn aborted(status: ExitStatus, step: &str) {
    assert_eq!(status.code(), None, "{step}: {status}");
}

/// Without and with `before-`.
fn around(steps: &[&str]) -> Vec<String> {
    steps.iter().flat_map(|step| [format!("before-{step}"), (*step).to_owned()]).collect()
}

#[test]
fn r9_1_r9_3_a_server_that_dies_at_any_step_of_a_snapshot_has_the_old_one_or_the_new_one_and_loses_nothing() {
    let mut rig = Rig::new(41, 2);
    rig.take_snapshots(2);
    rig.goes_on("at first");
    for step in around(&WRITING) {
        let before = numbers(&rig.home.data());
        rig.dies(&step);
        let is_new = ["snapshot-renamed", "before-snapshot-verified", "snapshot-verified"].contains(&step.as_str());
        let begins_with = rig.kept.compare(&rig.home.data()).map(|number| number.0);
        assert_eq!(begins_with > before.first().copied(), is_new, "{step}: {before:?}, then {begins_with:?}");
        rig.goes_on(&step);
        let left = fs::read_dir(rig.home.data().join("snapshots")).unwrap();
        let names: Vec<_> = left.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        assert!(!names.iter().any(|name| name.contains('.')), "{step}: nothing half is left: {names:?}");
    }
    let server = rig.home.serve();
    let checked = check_everything(&mut rig.workers, &rig.home, &server);
    assert!(checked.complaints.is_empty(), "{:#?}", checked.complaints);
}

#[test]
fn r9_1_r9_4_a_server_that_dies_while_it_prunes_and_trims_leaves_no_gap_behind_the_oldest_snapshot() {
    let mut rig = Rig::new(42, 2);
    rig.take_snapshots(1);
    let server = rig.home.serve();
    rig.neighbour.fill_segment(&rig.home, &server);
    assert_eq!(server.terminate().code(), Some(0));
    rig.goes_on("at first");
    let first = |rig: &Rig| segments(&rig.home.data()).remove(0);
    let oldest = first(&rig);
    for step in around(&["snapshot-removed", "journal-unlinked"]) {
        rig.dies(&step);
        assert_eq!(first(&rig) == oldest, step != "journal-unlinked", "{step}");
        rig.kept.compare(&rig.home.data());
        rig.goes_on(&step);
    }
    let server = rig.home.serve();
    let checked = check_everything(&mut rig.workers, &rig.home, &server);
    assert!(checked.complaints.is_empty(), "{:#?}", checked.complaints);
}

#[test]
fn r9_1_r9_4_a_recovery_that_dies_at_any_step_begins_again() {
    let mut rig = Rig::new(43, 2);
    rig.take_snapshots(2);
    rig.goes_on("at first");
    let newest = numbers(&rig.home.data())[0];
    let mut steps = around(&["recovery-set-aside"]);
    steps.extend(around(&RECOVERY));
    let damaged = directory(&rig.home.data(), newest).join("manifest.json");
    overwrite(&damaged, 30, &[fs::read(&damaged).unwrap()[30] ^ 1]);
    for step in steps {
        rig.home.env(STEP, &step);
        let start = rig.home.run(&SERVE);
        rig.home.without(STEP);
        aborted(start.status, &format!("{step}: {}", told(&start)));
        assert_eq!(damaged.exists(), step == "before-recovery-set-aside", "{step}");
        if !damaged.exists() {
            let begins_with = rig.kept.compare(&rig.home.data()).map(|number| number.0);
            assert_eq!(begins_with, Some(newest - 1), "{step}: the older one");
        }
    }
    rig.goes_on("at the end");
    let server = rig.home.serve();
    let checked = check_everything(&mut rig.workers, &rig.home, &server);
    assert!(checked.complaints.is_empty(), "{:#?}", checked.complaints);
}
