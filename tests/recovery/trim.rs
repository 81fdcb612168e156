//! R9.1, R4.10: a process that dies while it removes old segments. No request makes a server die at exactly this
//! step, so the process that dies is this test itself, started once more.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

use tripswitch::ids::SeededIds;
use tripswitch::journal::{GroupPosition, Journal, JournalRead};
use tripswitch::storage::{FileOptions, Storage};

use crate::snapshot_steps::STEP;
use crate::support::journal::segments;
use crate::support::process::{NO_SPAWN, spawn};

const GROUPS: u64 = 4;
/// Tells the second process which data directory to trim.
const TRIMS: &str = "TRIPSWITCH_TEST_TRIMS";

fn open(data: &Path) -> Box<dyn Journal + Send> {
    let opened = Storage::open(data, &FileOptions { segment_bytes: 1 << 20 }, &SeededIds::new(1)).unwrap();
    assert!(opened.torn.is_empty(), "a trim tears nothing");
    opened.journal
}

/// One group to a segment.
fn write(data: &Path) {
    let _no_child = NO_SPAWN.read();
    let mut journal = open(data);
    for number in 0..GROUPS {
        journal.append(GroupPosition(number), &number.to_le_bytes()).unwrap();
        journal.seal().unwrap();
    }
}

/// The first group and all that follow it; each must be what was written.
fn check(journal: &dyn JournalRead) -> GroupPosition {
    let first = journal.first();
    let entries: Vec<_> = journal.read(first).unwrap().map(Result::unwrap).collect();
    assert_eq!(entries.len() as u64, GROUPS + 1 - first.0);
    assert!(entries.iter().all(|entry| entry.group == (entry.position.0 - 1).to_le_bytes()), "{entries:?}");
    first
}

#[test]
fn r9_1_a_process_that_dies_while_it_trims_leaves_a_whole_journal_and_the_next_trim_goes_on() {
    if let Some(data) = env::var_os(TRIMS) {
        open(Path::new(&data)).trim(GroupPosition(GROUPS)).unwrap();
        return;
    }
    for (step, left, first) in [("before-journal-unlinked", 5, 1), ("journal-unlinked", 4, 2), ("", 2, GROUPS)] {
        let root = tempfile::tempdir().unwrap();
        write(root.path());
        let kept_aside = root.path().join("journal/torn-1-1024.bin");
        std::fs::write(&kept_aside, "torn").unwrap();
        let name = "trim::r9_1_a_process_that_dies_while_it_trims_leaves_a_whole_journal_and_the_next_trim_goes_on";
        let mut again = Command::new(env::current_exe().unwrap());
        again.args(["--exact", name]).env(TRIMS, root.path()).env(STEP, step);
        again.stdout(Stdio::null()).stderr(Stdio::null());
        let status = spawn(&mut again).wait().unwrap();
        assert_eq!(status.success(), step.is_empty(), "{step}: {status}");
        assert_eq!(segments(root.path()).len(), left, "{step}");
        assert_eq!(kept_aside.exists(), step == "before-journal-unlinked", "{step}");
        let _no_child = NO_SPAWN.read();
        let mut journal = open(root.path());
        assert_eq!(check(&*journal), GroupPosition(first), "{step}");
        journal.trim(GroupPosition(GROUPS)).unwrap();
        assert_eq!(check(&*journal), GroupPosition(GROUPS), "{step}");
        assert!(!kept_aside.exists(), "{step}");
        journal.append(GroupPosition(GROUPS), b"more").unwrap();
    }
}
