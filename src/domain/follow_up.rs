//! Follow-up mails (R13.2b): to whom one is due, and what became of it.
//!
//! An address is sealed at the door (`sealing`) and kept only until its mail is sent or no longer due. What tells one
//! contact from another is a mark, as of the ids of contacts (R4.8).

use serde::{Deserialize, Serialize};

use super::ids::Id;
use super::life::ContactMark;
use super::message::LanguageCode;
use super::time::{DAY, Millis};

/// A mail that was not sent so long after it was due is given up.
pub const GIVEN_UP_AFTER: Millis = 3 * DAY;
/// An end is history if its mail would have been due so long before its receipt.
pub const HISTORY_AFTER: Millis = DAY;
/// What became of a mail is kept for so long, or whose address it was.
pub const KEPT_FOR: Millis = 90 * DAY;

/// Where a contact can be written to, as a record has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Of the address in lower case.
    pub mark: ContactMark,
    pub sealed: Box<[u8]>,
}

/// What is kept of a conversation's follow-up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUp {
    pub mark: ContactMark,
    /// Of the contact's id, if an event named it.
    pub contact: Option<ContactMark>,
    /// Gone once it is not needed any more.
    pub sealed: Option<Box<[u8]>>,
    /// A mail that is to be sent.
    pub due: Option<Due>,
    /// The last one that was sent, or given up.
    pub last: Option<Last>,
    /// Until then it is known whose address it was, although no mail was sent to it: its links stop mails as well.
    pub until: Option<Millis>,
}

impl FollowUp {
    /// What is kept once the address is not needed any more.
    #[must_use]
    pub fn without_address(self, now: Millis) -> Self {
        let until = if self.sealed.is_some() { Some(now.saturating_add(KEPT_FOR)) } else { self.until };
        Self { sealed: None, due: None, until, ..self }
    }
}

/// A mail that is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// See [`LinkTerms`](super::rating::LinkTerms).
    pub ending: u32,
    pub at: Millis,
    /// When it is tried next.
    pub next: Millis,
    pub attempts: u8,
    /// What the last attempt failed with.
    pub fault: Option<MailFault>,
}

/// A mail that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Last {
    pub ending: u32,
    pub at: Millis,
    pub attempts: u8,
    /// None: it was sent.
    pub fault: Option<MailFault>,
    /// The contact gets no other before.
    pub quiet_until: Millis,
}

/// Why a mail could not be sent. The order of the variants is part of the on-disk format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MailFault {
    /// The server could not be reached, or the connection broke.
    Unreachable,
    Timeout,
    /// The server's certificate is not good, or it speaks no TLS.
    Tls,
    /// The server took neither user nor password.
    Login,
    /// The server refused the mail for now, with this status.
    Deferred(u16),
    /// The server refused the mail for good, with this status.
    Refused(u16),
    /// The address was sealed with another secret.
    Unreadable,
    /// There was no time to send it: no server is configured, or none took anything.
    Late,
}

/// What a record says of one mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailNote {
    pub conversation: Id,
    pub ending: u32,
    pub at: Millis,
    pub outcome: MailOutcome,
}

/// What became of an attempt. The order of the variants is part of the on-disk format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MailOutcome {
    /// The server has it. The contact gets no other before `quiet_until`.
    Sent { quiet_until: Millis },
    /// It is tried again at `next`, or given up.
    Failed { fault: MailFault, next: Option<Millis> },
}

/// A mail that may be sent now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueMail {
    pub conversation: Id,
    pub ending: u32,
    pub sealed: Box<[u8]>,
    pub attempts: u8,
    /// When it was due first.
    pub due: Millis,
    /// Since when it may be tried.
    pub next: Millis,
    /// Until when the link in it is good, if it is sent now.
    pub expires: Millis,
    /// The conversation's language, as far as it is known.
    pub language: Option<LanguageCode>,
}

/// The follow-up mails of a side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FollowUps {
    pub due: u64,
    /// Of the last 90 days.
    pub sent: u64,
    /// Of the last 90 days.
    pub failed: u64,
    /// Contacts that want no mail.
    pub opted_out: u64,
    /// The newest that failed, those that are tried again among them.
    pub failures: Vec<FailedMail>,
}

/// A mail of which an attempt has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailedMail {
    pub conversation: Id,
    /// Of the last attempt, or when it was given up; none for one that is still tried.
    pub at: Option<Millis>,
    pub attempts: u8,
    pub fault: MailFault,
    /// When it is tried again.
    pub next: Option<Millis>,
}
