//! What is known of a conversation when it is scored.

use serde::{Deserialize, Serialize};

use super::catalogue::SignalKind;
use crate::domain::event::{OwnSignal, TurnFeatures};
use crate::domain::message::MessageFeatures;
use crate::domain::quantum::Quantum;
use crate::domain::time::Millis;

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
