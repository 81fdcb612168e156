//! The only file that calls sled (0.34.7), and what it takes to do so safely.
//!
//! sled panics where it meets what it does not expect, in its own threads too, and a thread that died
//! leaves others waiting for ever. So what may end like that runs on a thread of its own, with a limit
//! of time; what does not come back is left behind with everything it holds.

use std::fs::{self, File};
use std::io;
use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use fs4::{FileExt, TryLockError};
use sled::{Config, Db, Mode};

use crate::files::hand_over;

use super::super::{Block, BlockKey, SnapshotError, SnapshotNumber, is_environment};

const OPEN_LIMIT: Duration = Duration::from_secs(30);
/// Of a few MiB, or of a flush: a disk that is busy with other things may take a while.
const WRITE_LIMIT: Duration = Duration::from_secs(120);
/// Of closing a database that failed to write: sled waits for ever for a reservation whose blob could
/// not be written (`IoBufs::encapsulate` returns without giving it back).
const FAILED_LIMIT: Duration = Duration::from_secs(2);
const CACHE_BYTES: u64 = 16 << 20;

/// How often, and with which pauses, somebody else's lock is tried: 20 s.
const LOCK_TRIES: u32 = if cfg!(test) { 300 } else { 2_000 };
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// Threads that did not come back, each with a part in memory, at most about 150 MB.
static LEFT_BEHIND: AtomicU32 = AtomicU32::new(0);
const MOST_LEFT_BEHIND: u32 = 4;

/// Whether this process has left so much behind that it should write no more with sled.
pub(super) fn is_worn_out() -> bool {
    LEFT_BEHIND.load(Ordering::Relaxed) >= MOST_LEFT_BEHIND
}

/// Why sled did not do what it was asked for.
#[derive(Debug)]
pub(super) enum Failure {
    Sled(sled::Error),
    Panicked(String),
    Stuck(Duration),
    /// The clock shows a time before 1970.
    Clock,
}

impl Failure {
    /// While writing a snapshot in `path`.
    pub(super) fn writing(self, path: &Path) -> SnapshotError {
        match self {
            Self::Sled(sled::Error::Io(source)) => SnapshotError::writing(path, source),
            other => SnapshotError::Engine { what: other.text() },
        }
    }

    /// While reading a part in `path`, whose files are as they were written.
    pub(super) fn reading(self, number: SnapshotNumber, path: &Path) -> SnapshotError {
        match self {
            Self::Sled(sled::Error::Io(source)) if is_environment(&source) => SnapshotError::io(path, source),
            Self::Clock => SnapshotError::Engine { what: self.text() },
            other => SnapshotError::Damaged { number, what: format!("{}: {}", path.display(), other.text()) },
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Sled(error) => error.to_string(),
            Self::Panicked(message) => format!("sled has panicked: {message}"),
            Self::Stuck(limit) => format!("sled did not come back within {} s", limit.as_secs()),
            Self::Clock => "sled does not work while the clock shows a time before 1970".to_owned(),
        }
    }
}

fn guarded<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> sled::Result<T> + Send + 'static,
) -> Result<T, Failure> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let run = move || {
        // Nobody listens any more if the limit is over.
        let _ = sender.send(caught(work));
    };
    let spawned = thread::Builder::new().name("snapshot-sled".into()).spawn(run);
    spawned.map_err(|error| Failure::Sled(sled::Error::Io(error)))?;
    receiver.recv_timeout(limit).unwrap_or_else(|_| {
        LEFT_BEHIND.fetch_add(1, Ordering::Relaxed);
        Err(Failure::Stuck(limit))
    })
}

fn caught<T>(work: impl FnOnce() -> sled::Result<T>) -> Result<T, Failure> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(Failure::Sled),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(Failure::Panicked(text.unwrap_or("without a message").to_owned()))
        }
    }
}

/// A database that is open.
#[derive(Debug)]
pub(super) struct Part {
    db: Option<Db>,
    failed: AtomicBool,
}

impl Part {
    /// Opens the database in `directory`, or makes one there.
    pub(super) fn open(directory: &Path) -> Result<Self, Failure> {
        // It draws a name from the clock, and panics for this one reason.
        let config = catch_unwind(Config::new).map_err(|_| Failure::Clock)?;
        let config = config
            .path(directory)
            .mode(Mode::HighThroughput)
            .cache_capacity(CACHE_BYTES)
            .use_compression(false)
            .flush_every_ms(None);
        guarded(OPEN_LIMIT, move || config.open()).map(|db| Self { db: Some(db), failed: AtomicBool::new(false) })
    }

    pub(super) fn insert(&self, blocks: Vec<Block>) -> Result<(), Failure> {
        let db = self.db().clone();
        let inserted = guarded(WRITE_LIMIT, move || {
            blocks.into_iter().try_for_each(|block| db.insert(block.key.to_bytes(), block.value).map(drop))
        });
        self.failed.fetch_or(inserted.is_err(), Ordering::Relaxed);
        inserted
    }

    /// Reads everything once. sled splits a page that has grown too full only when it next comes by, be it
    /// to read: after this, no reader comes by such a page.
    pub(super) fn split_full_pages(&self) -> Result<(), Failure> {
        let db = self.db().clone();
        guarded(WRITE_LIMIT, move || db.iter().try_for_each(|row| row.map(drop)))
    }

    /// Hands everything to the operating system, and closes.
    pub(super) fn close(mut self) -> Result<(), Failure> {
        let db = self.db.take();
        guarded(WRITE_LIMIT, move || db.map_or(Ok(0), |db| db.flush()).map(drop))
    }

    /// The blocks with keys in `range`, in ascending order.
    pub(super) fn blocks(self: Arc<Self>, range: &RangeInclusive<BlockKey>) -> PartBlocks {
        let rows = self.db().range(range.start().to_bytes()..=range.end().to_bytes());
        PartBlocks { rows, _part: self }
    }

    fn db(&self) -> &Db {
        self.db.as_ref().expect("it is taken when the part closes")
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let Some(db) = self.db.take() else { return };
        // sled flushes as it goes, and panics where that fails.
        let limit = if self.failed.load(Ordering::Relaxed) { FAILED_LIMIT } else { WRITE_LIMIT };
        let closed = guarded(limit, move || {
            drop(db);
            Ok(())
        });
        if let Err(failure) = closed {
            tracing::warn!(error = failure.text(), "a part of a snapshot did not close");
        }
    }
}

/// The blocks of a part, one by one. In this order they are dropped: the part is the last.
pub(super) struct PartBlocks {
    rows: sled::Iter,
    _part: Arc<Part>,
}

impl Iterator for PartBlocks {
    type Item = Result<Block, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = caught(|| self.rows.next().transpose()).transpose()?;
        Some(row.and_then(|(key, value)| {
            let found = BlockKey::from_bytes(&key).map(|key| Block { key, value: value.to_vec() });
            found.ok_or_else(|| Failure::Sled(sled::Error::Unsupported("it has a key of another kind".into())))
        }))
    }
}

/// Makes the directories of a database that is not there yet: sled would make them as well, but leave them to root if
/// that is who we are, and then nobody else could remove what a crash has left of it.
pub(super) fn make_directories(directory: &Path) -> io::Result<()> {
    for path in [directory, &directory.join("blobs")] {
        fs::create_dir(path)?;
        hand_over(path);
    }
    Ok(())
}

/// Waits until nobody has the database open. sled's threads may hold it for a moment after it was
/// closed; longer than that only another process does.
pub(super) fn wait_until_closed(directory: &Path) -> Result<(), SnapshotError> {
    let path = directory.join("db");
    let io = |source| SnapshotError::io(&path, source);
    let file = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other.map_err(io)?,
    };
    for _ in 0..LOCK_TRIES {
        match FileExt::try_lock(&file) {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => thread::sleep(LOCK_PAUSE),
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
    }
    Err(SnapshotError::InUse { path: directory.into() })
}
