//! What a server in this process says and journals, kept for `scripts/check-secrets`.

use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::{Mutex, Once};

use tracing_subscriber::EnvFilter;
use tripswitch::ids::{Ids, SeededIds};
use tripswitch::journal::memory::MemoryLog;
use tripswitch::journal::{GroupPosition, JournalRead};

use super::keep::{self, Kept};

/// Every line of the log, of all servers of this process and at every level.
pub fn log() {
    static ONCE: Once = Once::new();
    let Some(place) = keep::place() else { return };
    ONCE.call_once(|| {
        let file = File::create(place.join(format!("trace-{}.log", std::process::id()))).expect("a file of our own");
        let subscriber = tracing_subscriber::fmt().with_env_filter(EnvFilter::new("trace")).with_ansi(false);
        subscriber.with_writer(Mutex::new(file)).init();
    });
}

/// Writes the journal in memory beside what else is kept, at the end.
#[derive(Debug)]
pub struct Journaled {
    log: MemoryLog,
    directory: PathBuf,
}

impl Journaled {
    /// The secret, too: the first that the server's ids give.
    pub fn new(log: &MemoryLog, directory: &Kept, ids: &SeededIds) -> Self {
        if keep::place().is_some() {
            fs::write(directory.path().join("secret"), ids.secret()).expect("a file of our own");
        }
        Self { log: log.clone(), directory: directory.path().to_owned() }
    }
}

impl Drop for Journaled {
    fn drop(&mut self) {
        if keep::place().is_none() {
            return;
        }
        // The test may be on its way out of a panic: nothing here may add another.
        let _ = fs::write(self.directory.join("journal.memory"), bytes_of(&self.log));
    }
}

/// All that is in a journal.
pub fn bytes_of(log: &MemoryLog) -> Vec<u8> {
    let journal = log.writer();
    let first = journal.first().max(GroupPosition(1));
    let groups = journal.read(first).into_iter().flatten().flatten();
    groups.flat_map(|entry| entry.group).collect()
}
