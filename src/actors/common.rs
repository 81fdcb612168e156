//! What the engines of one process share: memory that is bounded for all of them together, and what `/metrics` shows
//! of all of them.

use std::sync::Arc;

use crate::journal::writer::GroupMeasures;
use crate::measure::{self, Histogram};

use super::counters::Counters;
use super::duplicates::DuplicateMemory;
use super::in_flight::InFlightBudget;
use super::shared::EngineOptions;

/// Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Common {
    pub(super) in_flight: Arc<InFlightBudget>,
    pub(super) duplicates: Arc<DuplicateMemory>,
    pub(super) counters: Arc<Counters>,
    pub(super) measures: Measures,
}

/// Histograms that all engines fill.
#[derive(Clone)]
pub(crate) struct Measures {
    /// From durable to applied, of every frame that a workspace applied.
    pub apply_delays: Histogram,
    /// Snapshots that were taken since the start.
    pub snapshots: Histogram,
    pub groups: GroupMeasures,
}

impl Common {
    /// With the bounds of `options`.
    pub fn new(options: &EngineOptions) -> Self {
        Self {
            in_flight: Arc::new(InFlightBudget::new(options.waiting_bytes)),
            duplicates: Arc::new(DuplicateMemory::new(options.duplicate_limit)),
            counters: Arc::default(),
            measures: Measures {
                apply_delays: measure::histogram(
                    "apply_delay_seconds",
                    "From durable to applied, each frame.",
                    &measure::STORAGE_SECONDS,
                ),
                snapshots: measure::histogram(
                    "snapshot_seconds",
                    "From the cut to the end of the check, each snapshot taken since the start.",
                    &measure::SNAPSHOT_SECONDS,
                ),
                groups: GroupMeasures::default(),
            },
        }
    }

    pub(super) fn histograms(&self) -> Vec<Histogram> {
        let Measures { apply_delays, snapshots, groups } = self.measures.clone();
        vec![groups.seconds, groups.frames, groups.bytes, apply_delays, snapshots]
    }
}
