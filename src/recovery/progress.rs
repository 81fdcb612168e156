//! How far a start is (R10.9, R10.10).

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;

use crate::clock::Stopwatch;

/// The stages of a start, in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Reading the journal and checking every group.
    #[default]
    Opening,
    /// Reading a snapshot.
    Loading,
    /// Reading what follows in the journal, and applying it.
    Replaying,
}

impl Stage {
    const ALL: [Self; 3] = [Self::Opening, Self::Loading, Self::Replaying];

    /// For people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opening => "Checking the journal",
            Self::Loading => "Loading the snapshot",
            Self::Replaying => "Replaying the journal",
        }
    }
}

/// The present stage and the share of it that is done; `/readyz` reads it meanwhile.
#[derive(Debug, Default)]
pub struct Progress {
    stage: AtomicU8,
    done: AtomicU64,
    total: AtomicU64,
    events: AtomicU64,
    /// The begin of the start.
    watch: Stopwatch,
    /// When this stage began, or when everything was done; in nanoseconds.
    since: AtomicU64,
    /// The time that earlier stages, and earlier turns of this one, took.
    took: [AtomicU64; 3],
    finished: AtomicBool,
    from_snapshot: AtomicBool,
}

impl Progress {
    pub fn stage(&self) -> Stage {
        Stage::ALL[usize::from(self.stage.load(Ordering::Relaxed))]
    }

    /// The share of the stage that is done, 0 to 1.
    pub fn share(&self) -> f64 {
        let (done, total) = (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed));
        if total == 0 { 0.0 } else { (done as f64 / total as f64).min(1.0) }
    }

    /// Events that were replayed.
    pub fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    /// How long a stage took, or has taken so far.
    pub fn took(&self, stage: Stage) -> Duration {
        let before = self.took[stage as usize].load(Ordering::Relaxed);
        let goes_on = self.stage() == stage && !self.finished.load(Ordering::Relaxed);
        let now = if goes_on { self.nanos().saturating_sub(self.since.load(Ordering::Relaxed)) } else { 0 };
        Duration::from_nanos(before + now)
    }

    /// A snapshot has been read.
    pub fn from_snapshot(&self) -> bool {
        self.from_snapshot.load(Ordering::Relaxed)
    }

    /// Everything is recovered: the last stage is over.
    pub fn finish(&self) {
        self.lap();
        self.finished.store(true, Ordering::Relaxed);
    }

    fn nanos(&self) -> u64 {
        u64::try_from(self.watch.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn lap(&self) {
        let now = self.nanos();
        let took = now.saturating_sub(self.since.swap(now, Ordering::Relaxed));
        self.took[self.stage() as usize].fetch_add(took, Ordering::Relaxed);
    }

    pub(super) fn has_snapshot(&self) {
        self.from_snapshot.store(true, Ordering::Relaxed);
    }

    pub(super) fn begins(&self, stage: Stage, total: u64) {
        self.lap();
        self.total.store(total, Ordering::Relaxed);
        self.done.store(0, Ordering::Relaxed);
        self.stage.store(stage as u8, Ordering::Relaxed);
    }

    pub(super) fn step(&self, count: u64) {
        self.done.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn replayed(&self, events: u64) {
        self.events.fetch_add(events, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r10_10_each_stage_has_its_time_which_stands_when_it_is_over() {
        let progress = Progress::default();
        let opening = progress.took(Stage::Opening);
        assert!(opening > Duration::ZERO && progress.took(Stage::Opening) > opening, "it goes on");
        progress.begins(Stage::Loading, 1);
        let opening = progress.took(Stage::Opening);
        progress.begins(Stage::Replaying, 1);
        progress.begins(Stage::Loading, 1);
        let (replaying, loading) = (progress.took(Stage::Replaying), progress.took(Stage::Loading));
        assert!(progress.took(Stage::Loading) > loading, "taken up again");
        progress.finish();
        let loading = progress.took(Stage::Loading);
        assert_eq!(progress.took(Stage::Loading), loading);
        assert_eq!((progress.took(Stage::Opening), progress.took(Stage::Replaying)), (opening, replaying));
        assert!(!progress.from_snapshot());
    }
}
