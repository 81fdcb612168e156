//! What `apply` answers, and the effects of a round.
//!
//! Effects are counted and change the gate; they are not kept.

use super::csat_config::CsatConfig;
use super::ids::{Id, Position};
use super::view::BreakerView;

/// The answer to one frame.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// One verdict an event, in the order of the request.
    Events(Vec<Verdict>),
    /// R3.8: the configuration as it is now. A patch that is well-formed is never refused.
    Config(CsatConfig),
    /// R3.5, R3.6: the breaker as it is now.
    Breaker(Result<BreakerView, CommandRefusal>),
    /// R4.10: whether there was anything to erase.
    Erased { found: bool },
    /// Settings and other records that nobody waits for.
    Done,
    /// The record had made `apply` fail, and is passed over (I6).
    Skipped,
}

impl Reply {
    /// Why the state forbade the command, if it did.
    pub const fn refusal(&self) -> Option<CommandRefusal> {
        match self {
            Self::Breaker(Err(refusal)) => Some(*refusal),
            Self::Breaker(Ok(_))
            | Self::Events(_)
            | Self::Config(_)
            | Self::Erased { .. }
            | Self::Done
            | Self::Skipped => None,
        }
    }
}

/// What became of one event (R4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Accepted,
    Duplicate,
    Rejected(Rejection),
}

/// Why `apply` refused it, which only the state could tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    #[error("This source has already sent another event with this id.")]
    IdReused,
    #[error("The conversation belongs to account {attached}.")]
    AccountMismatch { attached: Id },
    #[error("The event could not be applied; it was recorded and left out.")]
    InternalError,
}

/// Why the state forbids a command; nothing has changed but the seq.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandRefusal {
    #[error("No circuit breaker exists with the given ID.")]
    UnknownBreaker,
    #[error("The circuit breaker is already resolved.")]
    BreakerResolved,
    #[error("The circuit breaker must be acknowledged before it can be resolved.")]
    BreakerNotAcknowledged,
}

/// The effects of a round, in order (I4).
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    pub at: Position,
    pub kind: EffectKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum EffectKind {
    ConversationScored { conversation: Id },
    BreakerTriggered { breaker: Id, account: Option<Id>, epoch: u64 },
    BreakerAcknowledged { breaker: Id, epoch: u64 },
    BreakerResolved { breaker: Id, account: Option<Id>, epoch: u64 },
}
