//! What is kept of ratings and follow-up mails.

use serde::{Deserialize, Serialize};

use super::lines::Kind;
use super::values::{Hex, HexBytes, Time};
use crate::domain::follow_up::{Due, FollowUp, Last, MailFault};
use crate::domain::life::ContactMark;
use crate::domain::rating::{ByLink, Rated, Unrated};
use crate::domain::score::Hundredths;

/// Marks of a line.
pub const MARKS: usize = 1_024;

/// The latest rating of a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RatedLine {
    pub rating: u8,
    pub received_at: Time,
    /// How often the conversation had been reopened before the end that was rated.
    pub ending: u32,
    /// The first rating of this end by a link, and how often it was changed; absent of a rating by an event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_by_link_at: Option<Time>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<u8>,
    /// What the profile says without the rating.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without: Option<UnratedLine>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UnratedLine {
    pub composite: Hundredths,
    pub profile: u16,
}

impl From<&Rated> for RatedLine {
    fn from(rated: &Rated) -> Self {
        let Rated { rating, at, ending, link, without } = rated;
        Self {
            rating: *rating,
            received_at: Time(*at),
            ending: *ending,
            first_by_link_at: link.map(|link| Time(link.first)),
            changes: link.map(|link| link.changes),
            without: without.map(|Unrated { composite, profile }| UnratedLine { composite, profile }),
        }
    }
}

impl TryFrom<RatedLine> for Rated {
    type Error = &'static str;

    fn try_from(line: RatedLine) -> Result<Self, &'static str> {
        let link = match (line.first_by_link_at, line.changes) {
            (Some(Time(first)), Some(changes)) => Some(ByLink { first, changes }),
            (None, None) => None,
            (_, _) => return Err("a rating by a link has firstByLinkAt and changes"),
        };
        if !(1..=5).contains(&line.rating) {
            return Err("a rating is between 1 and 5");
        }
        let without = line.without.map(|UnratedLine { composite, profile }| Unrated { composite, profile });
        Ok(Self { rating: line.rating, at: line.received_at.0, ending: line.ending, link, without })
    }
}

/// A mail that is due, or was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FollowUpLine {
    pub address_mark: Hex<8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_mark: Option<Hex<8>>,
    /// The address, sealed with the file `secret`; absent once it is not needed any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<HexBytes>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<DueLine>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<LastLine>,
    /// Until when the mark is kept of an address to which no mail was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_until: Option<Time>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DueLine {
    pub ending: u32,
    pub at: Time,
    pub next: Time,
    pub attempts: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<FaultLine>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LastLine {
    pub ending: u32,
    pub at: Time,
    pub attempts: u8,
    /// Absent of a mail that was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<FaultLine>,
    pub quiet_until: Time,
}

/// As [`MailFault`], with its names in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FaultLine {
    Unreachable,
    Timeout,
    Tls,
    Login,
    Deferred(u16),
    Refused(u16),
    Unreadable,
    Late,
}

impl From<MailFault> for FaultLine {
    fn from(fault: MailFault) -> Self {
        match fault {
            MailFault::Unreachable => Self::Unreachable,
            MailFault::Timeout => Self::Timeout,
            MailFault::Tls => Self::Tls,
            MailFault::Login => Self::Login,
            MailFault::Deferred(status) => Self::Deferred(status),
            MailFault::Refused(status) => Self::Refused(status),
            MailFault::Unreadable => Self::Unreadable,
            MailFault::Late => Self::Late,
        }
    }
}

impl From<FaultLine> for MailFault {
    fn from(line: FaultLine) -> Self {
        match line {
            FaultLine::Unreachable => Self::Unreachable,
            FaultLine::Timeout => Self::Timeout,
            FaultLine::Tls => Self::Tls,
            FaultLine::Login => Self::Login,
            FaultLine::Deferred(status) => Self::Deferred(status),
            FaultLine::Refused(status) => Self::Refused(status),
            FaultLine::Unreadable => Self::Unreadable,
            FaultLine::Late => Self::Late,
        }
    }
}

impl From<&FollowUp> for FollowUpLine {
    fn from(follow_up: &FollowUp) -> Self {
        let FollowUp { mark, contact, sealed, due, last, until } = follow_up;
        let due = due.map(|Due { ending, at, next, attempts, fault }| DueLine {
            ending,
            at: Time(at),
            next: Time(next),
            attempts,
            fault: fault.map(Into::into),
        });
        let last = last.map(|Last { ending, at, attempts, fault, quiet_until }| LastLine {
            ending,
            at: Time(at),
            attempts,
            fault: fault.map(Into::into),
            quiet_until: Time(quiet_until),
        });
        Self {
            address_mark: Hex(mark.to_bytes()),
            contact_mark: contact.map(|mark| Hex(mark.to_bytes())),
            sealed: sealed.as_ref().map(|sealed| HexBytes(sealed.to_vec())),
            due,
            last,
            kept_until: until.map(Time),
        }
    }
}

impl TryFrom<FollowUpLine> for FollowUp {
    type Error = &'static str;

    fn try_from(line: FollowUpLine) -> Result<Self, &'static str> {
        if line.sealed.is_none() && (line.due.is_some() || (line.last.is_none() && line.kept_until.is_none())) {
            return Err("a follow-up that is not over has an address");
        }
        let due = line.due.map(|DueLine { ending, at, next, attempts, fault }| Due {
            ending,
            at: at.0,
            next: next.0,
            attempts,
            fault: fault.map(Into::into),
        });
        let last = line.last.map(|LastLine { ending, at, attempts, fault, quiet_until }| Last {
            ending,
            at: at.0,
            attempts,
            fault: fault.map(Into::into),
            quiet_until: quiet_until.0,
        });
        let mark = |Hex(bytes)| ContactMark::from_bytes(bytes);
        Ok(Self {
            mark: mark(line.address_mark),
            contact: line.contact_mark.map(mark),
            sealed: line.sealed.map(|HexBytes(bytes)| bytes.into()),
            due,
            last,
            until: line.kept_until.map(|Time(until)| until),
        })
    }
}

/// Who wants no mail, in the order in which they said so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptedOutLine {
    #[serde(rename = "type")]
    pub kind: Kind,
    /// 8 bytes each.
    pub marks: HexBytes,
}

impl OptedOutLine {
    pub fn of(marks: &[ContactMark]) -> Self {
        Self { kind: Kind::OptedOut, marks: HexBytes(marks.iter().flat_map(|mark| mark.to_bytes()).collect()) }
    }

    /// None if there is half a mark.
    pub fn marks(&self) -> Option<impl Iterator<Item = ContactMark>> {
        let (marks, rest) = self.marks.0.as_chunks::<8>();
        rest.is_empty().then(|| marks.iter().copied().map(ContactMark::from_bytes))
    }
}
