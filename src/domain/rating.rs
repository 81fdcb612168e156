//! Ratings that customers give by a link (R13.2), and what a workspace keeps of every rating.

use serde::{Deserialize, Serialize};

use super::ids::Id;
use super::score::Hundredths;
use super::time::{DAY, Millis};

/// For so long after the first rating by a link it can be changed.
pub const CHANGEABLE_FOR: Millis = DAY;
/// How often a rating can be changed.
pub const MOST_CHANGES: u8 = 20;

/// What a link is for. An *ending* is told by how often the conversation had been reopened before it, so that the link
/// of an earlier one is not taken for that of a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkTerms {
    pub ending: u32,
    /// It is good until then.
    pub expires: Millis,
}

/// A link as the end of a conversation tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldLink {
    pub terms: LinkTerms,
    /// Its address, filled in by who tells it; none where it is not known how the server is reached.
    pub url: Option<Box<str>>,
}

/// A rating by a link, as its record has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkRating {
    pub conversation: Id,
    pub ending: u32,
    /// 1 to 5.
    pub rating: u8,
    pub comment: Option<Box<str>>,
}

/// What was given by the links of an ending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    pub rating: u8,
    pub comment: Option<String>,
    /// Receipt of the first rating.
    pub first: Millis,
    pub changes: u8,
}

impl Given {
    /// Until when it can be changed.
    pub const fn changeable_until(&self) -> Millis {
        self.first + CHANGEABLE_FOR
    }
}

/// Why a link is not good for a rating any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RatingRefusal {
    #[error("no event has named the conversation, or it was erased")]
    Unknown,
    #[error("the conversation has ended anew since")]
    Superseded,
    #[error("it was rated, and the time to change that is over")]
    Used,
    /// The signals behind its score are not kept any more.
    #[error("the conversation cannot be rated any more")]
    TooOld,
}

/// What is kept of the latest rating of a conversation, beside what its life or its signals have of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rated {
    pub rating: u8,
    /// Its receipt.
    pub at: Millis,
    /// See [`LinkTerms`].
    pub ending: u32,
    /// None of a rating that an event brought.
    pub link: Option<ByLink>,
    /// What the model said without the rating, once the conversation has settled.
    pub without: Option<Unrated>,
}

/// How a rating came by a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByLink {
    /// Receipt of the first rating of this ending.
    pub first: Millis,
    pub changes: u8,
}

/// The composite without the customer's rating, and the number of the profile that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unrated {
    pub composite: Hundredths,
    pub profile: u16,
}
