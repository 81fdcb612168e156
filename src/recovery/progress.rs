//! How far a start has come (R10.9, R10.10).

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use serde::Serialize;

/// What a start does, in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Reading the journal and checking every group.
    #[default]
    Opening,
    /// Reading a snapshot.
    Loading,
    /// Looking through what stands behind it in the journal, and applying it.
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

/// The stage and its share that is done; read by `/readyz` while it runs.
#[derive(Debug, Default)]
pub struct Progress {
    stage: AtomicU8,
    done: AtomicU64,
    total: AtomicU64,
    events: AtomicU64,
}

impl Progress {
    pub fn stage(&self) -> Stage {
        Stage::ALL[usize::from(self.stage.load(Ordering::Relaxed))]
    }

    /// Of the stage, 0 to 1.
    pub fn share(&self) -> f64 {
        let (done, total) = (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed));
        if total == 0 { 0.0 } else { (done as f64 / total as f64).min(1.0) }
    }

    /// Events that were replayed.
    pub fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    pub(super) fn begins(&self, stage: Stage, total: u64) {
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
