//! What `/readyz` and `/metrics` show of the writer.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use crate::domain::time::Millis;
use crate::measure::{self, Histogram};

/// Counters that the writer keeps and anyone may read. A reading is not of one instant.
#[derive(Debug, Default)]
pub struct WriterHealth {
    failed: AtomicBool,
    stopped: AtomicBool,
    /// 0 for not full.
    full_since: AtomicI64,
    groups: AtomicU64,
    frames: AtomicU64,
    bytes: AtomicU64,
    last_frames: AtomicU64,
    last_bytes: AtomicU64,
    append_nanos_max: AtomicU64,
    last_group: AtomicU64,
    last_receipt: AtomicI64,
    queued_frames: AtomicU64,
    queued_bytes: AtomicU64,
    pub(super) measures: GroupMeasures,
}

/// Histograms of the groups that were written. Clones fill the same ones.
#[derive(Clone, Debug)]
pub struct GroupMeasures {
    /// Write and sync of one group.
    pub seconds: Histogram,
    pub frames: Histogram,
    pub bytes: Histogram,
}

impl Default for GroupMeasures {
    fn default() -> Self {
        Self {
            seconds: measure::histogram(
                "journal_append_seconds",
                "Write and sync of one group.",
                &measure::STORAGE_SECONDS,
            ),
            frames: measure::histogram("journal_group_frames", "Frames that shared one sync.", &measure::GROUP_FRAMES),
            bytes: measure::histogram("journal_group_bytes", "Bytes that shared one sync.", &measure::GROUP_BYTES),
        }
    }
}

/// A reading of [`WriterHealth`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// The journal takes nothing more until a restart: it is poisoned, or another writer owns it.
    pub failed: bool,
    /// The thread has ended.
    pub stopped: bool,
    /// Since when every append has failed for lack of space; unset by the next append that works.
    pub full_since: Option<Millis>,
    /// Since the start of the writer.
    pub groups: u64,
    pub frames: u64,
    /// Of groups, without what the storage adds.
    pub bytes: u64,
    /// Size of the last group.
    pub last_frames: u64,
    pub last_bytes: u64,
    /// The longest append (write and sync) that worked.
    pub append_nanos_max: u64,
    /// Position of the last group written; 0 for none.
    pub last_group: u64,
    /// Receipt of the last group written, or what the writer started from.
    pub last_receipt: Millis,
    /// Records that were submitted and are neither stored nor refused yet, and their bytes.
    pub queued_frames: u64,
    pub queued_bytes: u64,
}

impl Health {
    /// Of two writers of one process: what was counted together, and the worse of what cannot be.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self {
            failed: self.failed || other.failed,
            stopped: self.stopped || other.stopped,
            full_since: self.full_since.into_iter().chain(other.full_since).min(),
            groups: self.groups + other.groups,
            frames: self.frames + other.frames,
            bytes: self.bytes + other.bytes,
            last_frames: self.last_frames.max(other.last_frames),
            last_bytes: self.last_bytes.max(other.last_bytes),
            append_nanos_max: self.append_nanos_max.max(other.append_nanos_max),
            last_group: self.last_group.max(other.last_group),
            last_receipt: self.last_receipt.max(other.last_receipt),
            queued_frames: self.queued_frames + other.queued_frames,
            queued_bytes: self.queued_bytes + other.queued_bytes,
        }
    }
}

impl WriterHealth {
    /// Fills `measures`.
    pub(super) fn new(measures: GroupMeasures) -> Self {
        Self { measures, ..Self::default() }
    }

    /// The counters as they are.
    pub fn read(&self) -> Health {
        let full_since = self.full_since.load(Ordering::Relaxed);
        Health {
            failed: self.failed.load(Ordering::Acquire),
            stopped: self.stopped.load(Ordering::Acquire),
            full_since: (full_since != 0).then_some(full_since),
            groups: self.groups.load(Ordering::Relaxed),
            frames: self.frames.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            last_frames: self.last_frames.load(Ordering::Relaxed),
            last_bytes: self.last_bytes.load(Ordering::Relaxed),
            append_nanos_max: self.append_nanos_max.load(Ordering::Relaxed),
            last_group: self.last_group.load(Ordering::Relaxed),
            last_receipt: self.last_receipt.load(Ordering::Relaxed),
            queued_frames: self.queued_frames.load(Ordering::Relaxed),
            queued_bytes: self.queued_bytes.load(Ordering::Relaxed),
        }
    }

    /// Before the record is in the queue, so that there are never fewer than none.
    pub(super) fn queued(&self, bytes: usize) {
        self.queued_frames.fetch_add(1, Ordering::Relaxed);
        self.queued_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// They were stored or refused.
    pub(super) fn dequeued(&self, frames: usize, bytes: usize) {
        self.queued_frames.fetch_sub(frames as u64, Ordering::Relaxed);
        self.queued_bytes.fetch_sub(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn starts(&self, last_group: u64, last_receipt: Millis) {
        self.last_group.store(last_group, Ordering::Relaxed);
        self.last_receipt.store(last_receipt, Ordering::Relaxed);
    }

    pub(super) fn wrote(&self, group: u64, receipt: Millis, frames: usize, bytes: usize, took: Duration) {
        self.measures.seconds.observe(took.as_secs_f64());
        self.measures.frames.observe(frames as f64);
        self.measures.bytes.observe(bytes as f64);
        let (frames, bytes) = (frames as u64, bytes as u64);
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.full_since.store(0, Ordering::Relaxed);
        self.groups.fetch_add(1, Ordering::Relaxed);
        self.frames.fetch_add(frames, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.last_frames.store(frames, Ordering::Relaxed);
        self.last_bytes.store(bytes, Ordering::Relaxed);
        self.append_nanos_max.fetch_max(nanos, Ordering::Relaxed);
        self.starts(group, receipt);
    }

    /// The first of a series of failures counts.
    pub(super) fn full(&self, now: Millis) {
        let _ = self.full_since.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
    }

    pub(super) fn fail(&self) {
        self.failed.store(true, Ordering::Release);
    }

    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
    }
}
