//! What a snapshot costs: the cut, the encoding, the writing with its syncs and the reading back, and a
//! start from it. `cargo bench --bench snapshot [-- <conversations> <accounts> <workspaces>]` prints it
//! (default 1,000,000, 100,000 and 1) and asserts nothing but that the state comes back.

#[expect(dead_code, reason = "shared: others need more of it")]
#[path = "../../tests/support/random.rs"]
mod random;
mod state;

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use tripswitch::clock::SystemClock;
use tripswitch::domain::workspace::Workspace;
use tripswitch::domain::workspace::cut::Cut;
use tripswitch::journal::GroupPosition;
use tripswitch::recovery::save::{Moment, SaveProgress, save};
use tripswitch::recovery::until::NoJournal;
use tripswitch::recovery::{Damaged, Progress, RecoveredSide, Recovery};
use tripswitch::snapshot::{JournalId, envelope};
use tripswitch::storage::snapshots;

#[global_allocator]
static HEAP: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn now() -> Instant {
    Instant::now()
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let began = now();
    let done = work();
    println!("{what:<40} {:>10.3} s", began.elapsed().as_secs_f64());
    done
}

fn main() {
    let sizes: Vec<u64> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let [conversations, accounts, workspaces] = *sizes else { return measure(1_000_000, 100_000, 1) };
    measure(conversations, accounts, workspaces);
}

fn measure(conversations: u64, accounts: u64, workspaces: u64) {
    println!("{conversations} conversations of {accounts} accounts in {workspaces} workspaces");
    let (system, mut all) = timed("making them", || state::make(conversations, accounts, workspaces));
    let hashes: Vec<_> = all.iter().take(3).map(|workspace| (workspace.key(), workspace.state_hash())).collect();
    println!("{:<40} {:>10} MiB", "resident", resident("VmRSS") >> 20);
    let cuts: Vec<Cut> = timed("cut", || all.iter_mut().map(Workspace::cut).collect());
    let bytes: u64 = timed("encoding alone", || {
        let encoded = cuts.iter().flat_map(Cut::blocks).map(|block| black_box(envelope::encode(&block)).len() as u64);
        encoded.sum()
    });
    println!("{:<40} {:>10} MiB", "encoded", bytes >> 20);
    let directory = tempfile::tempdir().expect("a directory for the snapshot");
    let store = snapshots(directory.path()).expect("it is empty");
    reset_peak();
    let before = resident("VmRSS");
    let moment = Moment {
        created_at: 0,
        journal: JournalId(1),
        position: GroupPosition::ZERO,
        last_receipt: None,
        system,
        cuts,
    };
    let clock = SystemClock::new();
    let manifest = timed("writing, syncing, reading back", || save(&*store, moment, &clock, &SaveProgress::default()))
        .expect("the snapshot is written");
    println!("{:<40} {:>10} MiB", "on disk", bytes_under(directory.path()) >> 20);
    println!("{:<40} {:>10} MiB", "resident on top, at most", resident("VmHWM").saturating_sub(before) >> 20);
    drop(all);
    let number = manifest.number;
    timed("reading alone", || store.open(number).and_then(|snapshot| snapshot.verify())).expect("it is good");
    let progress = Progress::default();
    let recovery = Recovery {
        reader: &NoJournal,
        store: &*store,
        progress: &progress,
        damaged: Damaged::Leave,
        accepts: &|_| true,
        has_journal: false,
        followed: None,
    };
    let recovered = timed("start from it", || recovery.run()).expect("the snapshot is good");
    println!("{:<40} {:>10} MiB", "resident", resident("VmRSS") >> 20);
    for (key, hash) in hashes {
        let found = recovered.workspaces.iter().find(|(found, _)| *found == key);
        let Some((_, RecoveredSide::Ready(workspace))) = found else { panic!("{key:?} is not there") };
        assert_eq!(workspace.state_hash(), hash, "{key:?}");
    }
}

fn bytes_under(path: &Path) -> u64 {
    let entries = fs::read_dir(path).expect("a directory").map(|entry| entry.expect("an entry of it"));
    let size = |entry: fs::DirEntry| {
        let found = entry.metadata().expect("it is there");
        if found.is_dir() { bytes_under(&entry.path()) } else { found.len() }
    };
    entries.map(size).sum()
}

/// Of this process, bytes; 0 where the kernel does not tell.
fn resident(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kib.unwrap_or(0) << 10
}

fn reset_peak() {
    // Where it cannot be reset, the peak is that of the whole run.
    drop(fs::write("/proc/self/clear_refs", "5"));
}
