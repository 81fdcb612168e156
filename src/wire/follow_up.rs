//! What became of follow-up mails (R13.2b).

use serde::Serialize;
use utoipa::ToSchema;

use super::values::{Count, Timestamp};
use crate::domain::follow_up::{self, FailedMail, FollowUps};
use crate::domain::ids::Id;

/// Why a mail could not be sent. `unreachable`: no connection, or it broke. `timeout`: no answer. `tls`: no TLS, or a
/// certificate that is not trusted. `login`: the server took neither user nor password. `deferred`: it refused the mail
/// for now. `refused`: for good. `unreadable`: the address was sealed with another secret of the data directory. `late`:
/// there was no time to send it, since no mail server is configured or none took anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MailFault {
    Unreachable,
    Timeout,
    Tls,
    Login,
    Deferred,
    Refused,
    Unreadable,
    Late,
}

/// The follow-up mails of a workspace side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({
    "configured": true, "due": 3, "sent": 812, "failed": 4, "optedOut": 7,
    "failures": [{
        "conversationId": "0191b5a2-7c3e-7d11-9f00-00000000c0f1", "at": "2026-03-15T14:35:00.000Z", "attempts": 1,
        "fault": "refused", "smtpCode": 550, "nextAttemptAt": null
    }]
})))]
pub struct FollowUpMails {
    /// Whether the server has a mail server to send them over; without one nothing is sent.
    pub configured: bool,
    /// Those that are to be sent, at once or later.
    pub due: Count,
    /// Of the last 90 days.
    pub sent: Count,
    /// Of the last 90 days: those that were given up.
    pub failed: Count,
    /// Customers who want no such mail.
    pub opted_out: Count,
    /// The newest: those that are tried again first.
    #[schema(max_items = 100)]
    pub failures: Vec<FailedFollowUp>,
}

/// A mail that could not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FailedFollowUp {
    pub conversation_id: Id,
    /// When it was given up; null for one that is tried again.
    #[schema(required)]
    pub at: Option<Timestamp>,
    pub attempts: Count,
    /// What the last attempt failed with.
    pub fault: MailFault,
    /// The mail server's answer, for `deferred` and `refused`; else null.
    #[schema(required, minimum = 400, maximum = 599)]
    pub smtp_code: Option<u16>,
    /// When it is tried again; null for one that was given up.
    #[schema(required)]
    pub next_attempt_at: Option<Timestamp>,
}

impl FollowUpMails {
    pub fn new(configured: bool, mails: FollowUps) -> Self {
        let FollowUps { due, sent, failed, opted_out, failures } = mails;
        let failures = failures.into_iter().map(Into::into).collect();
        Self {
            configured,
            due: Count(due),
            sent: Count(sent),
            failed: Count(failed),
            opted_out: Count(opted_out),
            failures,
        }
    }
}

impl From<FailedMail> for FailedFollowUp {
    fn from(failed: FailedMail) -> Self {
        let FailedMail { conversation, at, attempts, fault, next } = failed;
        let (fault, smtp_code) = match fault {
            follow_up::MailFault::Unreachable => (MailFault::Unreachable, None),
            follow_up::MailFault::Timeout => (MailFault::Timeout, None),
            follow_up::MailFault::Tls => (MailFault::Tls, None),
            follow_up::MailFault::Login => (MailFault::Login, None),
            follow_up::MailFault::Deferred(code) => (MailFault::Deferred, Some(code)),
            follow_up::MailFault::Refused(code) => (MailFault::Refused, Some(code)),
            follow_up::MailFault::Unreadable => (MailFault::Unreadable, None),
            follow_up::MailFault::Late => (MailFault::Late, None),
        };
        let (at, next_attempt_at) = (at.map(Timestamp), next.map(Timestamp));
        Self { conversation_id: conversation, at, attempts: Count(attempts.into()), fault, smtp_code, next_attempt_at }
    }
}
