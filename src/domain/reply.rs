//! What `apply` answers.

use super::csat_config::CsatConfig;
use super::ids::Id;
use super::own_settings::OwnSettings;
use super::rating::{Given, RatingRefusal};
use super::resource::Resource;
use super::view::BreakerView;

/// The answer to one frame.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// One verdict an event, in the order of the request.
    Events(Vec<Verdict>),
    /// R3.8: the configuration as it is now. A patch that is well-formed is never refused.
    Config(CsatConfig),
    /// R6.9: the settings as they are now.
    Settings(OwnSettings),
    /// R3.5, R3.6, R7.5: the breaker as it is now.
    Breaker(Result<BreakerView, CommandRefusal>),
    /// A resource as it is now; one that is gone as it was.
    Resource(Result<Box<Resource>, CommandRefusal>),
    /// R5.9, R8.3: it was done, or may not be done.
    Accepted(Result<(), CommandRefusal>),
    /// R13.2: what is recorded now.
    Rated(Result<Given, RatingRefusal>),
    /// Whether the conversation has a contact that follow-up mails go to.
    OptedOut(bool),
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
            Self::Breaker(Err(refusal)) | Self::Resource(Err(refusal)) | Self::Accepted(Err(refusal)) => Some(*refusal),
            Self::Breaker(Ok(_))
            | Self::Resource(Ok(_))
            | Self::Accepted(Ok(()))
            | Self::Events(_)
            | Self::Config(_)
            | Self::Settings(_)
            | Self::Rated(_)
            | Self::OptedOut(_)
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
    #[error("A circuit breaker of this scope is active already.")]
    BreakerActive,
    #[error("The circuit breaker has as many notes as it can have.")]
    TooManyNotes,
    #[error("No event has named this account.")]
    UnknownAccount,
    #[error("There are too many channels and intents to take another.")]
    TooManyLabels,
    #[error("No event has named this conversation.")]
    UnknownConversation,
    #[error("The conversation has no score.")]
    NotScored,
    #[error("The conversation's score is not overridden.")]
    NotOverridden,
    #[error("Nothing exists with the given ID.")]
    UnknownResource,
    #[error("It was changed by somebody else in the meantime.")]
    ResourceChanged,
    #[error("There are as many of its kind as there may be.")]
    TooManyResources,
    #[error("What is to be delivered is not kept any more.")]
    EffectGone,
    #[error("No calibration is in force.")]
    NotCalibrated,
}
