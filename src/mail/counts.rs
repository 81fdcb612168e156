//! What mails count for `/metrics`. Labels are few and known: no address, no workspace.

use std::sync::atomic::{AtomicU64, Ordering};

use super::relay::Tried;
use crate::domain::follow_up::MailFault;
use crate::domain::time::Millis;

/// What became of an attempt, as metrics name it.
pub const RESULTS: [&str; 9] =
    ["sent", "unreachable", "timeout", "tls", "login", "deferred", "refused", "unreadable", "late"];

const fn result(fault: MailFault) -> usize {
    match fault {
        MailFault::Unreachable => 1,
        MailFault::Timeout => 2,
        MailFault::Tls => 3,
        MailFault::Login => 4,
        MailFault::Deferred(_) => 5,
        MailFault::Refused(_) => 6,
        MailFault::Unreadable => 7,
        MailFault::Late => 8,
    }
}

/// Since the start of the process.
#[derive(Default)]
pub struct Counts {
    attempts: [AtomicU64; RESULTS.len()],
    given_up: AtomicU64,
}

/// A reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MailCounts {
    /// By [`RESULTS`].
    pub attempts: [u64; RESULTS.len()],
    pub given_up: u64,
    /// The server takes no mails.
    pub is_failing: bool,
    /// For how long the mail that waits longest could have been sent.
    pub waiting: Millis,
}

impl MailCounts {
    /// Of two that send by the same server.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { waiting: self.waiting.max(other.waiting), ..self }
    }
}

impl Counts {
    pub fn tried(&self, tried: Tried) {
        let at = match tried {
            Tried::Taken => 0,
            Tried::Refused { fault, .. } | Tried::Trouble(fault) => result(fault),
            Tried::BrokenOff => return,
        };
        self.attempts[at].fetch_add(1, Ordering::Relaxed);
    }

    pub fn given_up(&self) {
        self.given_up.fetch_add(1, Ordering::Relaxed);
    }

    pub fn read(&self) -> MailCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        MailCounts {
            attempts: std::array::from_fn(|at| read(&self.attempts[at])),
            given_up: read(&self.given_up),
            ..MailCounts::default()
        }
    }
}
