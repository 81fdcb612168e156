//! From signals to a score (docs/scoring.md).
//!
//! At the door, `task::text` or `support::text` turns a message into what is kept of it, as the workspace's model
//! wants it. In `apply`, [`observe()`] turns what is known of a conversation into [`Observation`]s and
//! [`estimate`](estimator::estimate) those into dimensions.
//!
//! There are two models and one estimator. A model says which signals there are and measures those that messages
//! carry (`task`, `support`); weights, scale, rating and explanation are the profile's, and what is observed without
//! messages is common to both. The profile is in the journal, so a score never depends on the program's defaults
//! (I1).

pub mod catalogue;
pub mod estimator;
mod measure;
mod observe;
mod operational;
pub mod profile;
pub mod reader;
mod repeats;
pub mod scale;
pub mod support;
pub mod task;

use serde::{Deserialize, Serialize};

use super::event::{OwnSignal, Quantum, TurnFeatures};
use super::message::MessageFeatures;
use super::time::Millis;
use catalogue::SignalKind;
pub use observe::{is_scorable, observe};

/// What is known of one life of a conversation: everything a score depends on, already in
/// (`time`, position) order.
#[derive(Clone, Debug, Default)]
pub struct Evidence<'a> {
    pub turns: Vec<Turn<'a>>,
    /// How it ended, if it did.
    pub ending: Option<Ending>,
    /// Times it came back from terminal.
    pub reopenings: u32,
    /// `human_requested` and `escalation` items.
    pub handoffs: u32,
    /// `validation_failed` items.
    pub validation_failures: u32,
    /// Automatic messages, of either side: no turns.
    pub automatic: u32,
    /// The last rating, 1–5.
    pub rating: Option<u8>,
    /// Signals of the catalogue that came as `signal.observed`: they replace what the text said. Of several of one
    /// kind the mean counts.
    pub overrides: Vec<(SignalKind, Quantum)>,
    /// The workspace's own signals. Several of one name count once, with the mean value and the
    /// last description.
    pub own: Vec<(&'a OwnSignal, Quantum)>,
}

/// One message.
#[derive(Clone, Copy, Debug)]
pub struct Turn<'a> {
    pub speaker: Speaker,
    /// `None` where a dialogue has no times (`tripswitch score`): delays are not judged then.
    pub at: Option<Millis>,
    pub words: Words<'a>,
}

/// What is kept of a message, by the model that it was read for.
#[derive(Clone, Copy, Debug)]
pub enum Words<'a> {
    Task(&'a TurnFeatures),
    Support(&'a MessageFeatures),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Speaker {
    Customer,
    /// AI or human.
    Agent,
}

/// How a life ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    Resolved,
    /// `closed` alone says nothing about the outcome.
    Closed,
    Abandoned,
}

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
    /// 0–1 ([`Certainty`](scale::Certainty)).
    pub confidence: f64,
    /// Signals with a presence of at least 0.05.
    pub signal_count: u16,
}
