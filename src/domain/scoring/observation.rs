//! What evidence comes to: signals, and of these a score.

use serde::{Deserialize, Serialize};

use super::catalogue::SignalKind;
use crate::domain::event::OwnSignal;
use crate::domain::quantum::Quantum;

/// One signal with evidence (`presence` > 0).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    pub signal: ObservedKind,
    /// n, in 1/65,535.
    pub presence: Quantum,
    /// g, in 1/65,535.
    pub goodness: Quantum,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ObservedKind {
    Catalogue(SignalKind),
    Own(OwnSignal),
}

/// Dimensions before rounding, and what is said beside them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Outcome, process, environment; 1–5.
    pub dimensions: [f64; 3],
    /// Σ ω_d·s_d, from the unrounded dimensions.
    pub composite: f64,
    /// 0–1 ([`Certainty`](super::scale::Certainty)).
    pub confidence: f64,
    /// Signals with a presence of at least 0.05.
    pub signal_count: u16,
}
