//! How often what has happened to this node's partitions.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counted since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Partitions claimed and served.
    pub takes: u64,
    /// Partitions claimed that could not be served.
    pub failed_takes: u64,
    /// Partitions given back in order.
    pub releases: u64,
    /// Partitions whose lease has ended, or whose unit gave up.
    pub losses: u64,
    /// Renewals that the cluster refused, because the key was no longer as it was left.
    pub refused: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub takes: Counter,
    pub failed_takes: Counter,
    pub releases: Counter,
    pub losses: Counter,
    pub refused: Counter,
}

impl Counters {
    pub fn read(&self) -> Counts {
        Counts {
            takes: self.takes.read(),
            failed_takes: self.failed_takes.read(),
            releases: self.releases.read(),
            losses: self.losses.read(),
            refused: self.refused.read(),
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
