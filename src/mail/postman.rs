//! The postman of one side: takes its mails to the server, one after the other, and notes what became of each before
//! the next.
//!
//! A mail has one copy, whatever happens to this process, but for one place: the server has taken it, and the process
//! ends before that is recorded. Then there is a second, under the same `Message-ID`. The same is so where the server's
//! answer is lost.

use std::sync::Arc;
use std::time::Duration;

use lettre::message::Mailbox;
use tokio::time::sleep;
use uuid::Uuid;

use super::address;
use super::counts::Counts;
use super::gate::Gate;
use super::message::{self, Letter, Message};
use super::relay::{Relay, Tried};
use super::schedule;
use super::source::{Due, Source};
use super::template::Filling;
use super::texts;
use crate::background::Stop;
use crate::clock::Clock;
use crate::domain::follow_up::{DueMail, GIVEN_UP_AFTER, MailFault, MailNote, MailOutcome};
use crate::domain::ids::WorkspaceKey;
use crate::domain::time::{DAY, Millis};
use crate::faults::{FaultPoint, reached};
use crate::links::{Link, Links};
use crate::sealing::Sealer;
use crate::webhooks::slots::{Health, Slots};

/// When a side is asked again that could not answer.
const ASK_AGAIN: Duration = Duration::from_secs(5);
/// When a note is written again that could not be; each time it is twice as long, up to the longest.
const NOTE_AGAIN: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(30);

/// What all postmen share.
pub struct Office {
    pub relay: Arc<dyn Relay>,
    pub from: Mailbox,
    pub links: Arc<Links>,
    pub sealer: Sealer,
    pub clock: Arc<dyn Clock>,
    pub gate: Gate,
    pub slots: Slots,
    pub counts: Arc<Counts>,
    /// 0: an address gets as many mails as there are.
    pub every_days: u16,
}

/// Serves one side.
pub struct Postman<S> {
    office: Arc<Office>,
    source: S,
    key: WorkspaceKey,
    tenant: Arc<str>,
}

impl<S: Source> Postman<S> {
    pub const fn new(office: Arc<Office>, source: S, key: WorkspaceKey, tenant: Arc<str>) -> Self {
        Self { office, source, key, tenant }
    }

    /// Goes on until nothing is due, or the stop.
    pub async fn run(&self, stop: &Stop) {
        while self.one(stop).await {}
    }

    /// Sends the mail that is the next. Whether there may be another.
    async fn one(&self, stop: &Stop) -> bool {
        let office = &self.office;
        let Some(pass) = stop.run_until_cancelled(office.gate.pass()).await else { return false };
        let turn = office.slots.take(&self.tenant, Health::Good);
        let Some(turn) = stop.run_until_cancelled(turn).await else { return false };
        // Only now, since whoever waited for a turn may have rated meanwhile.
        let due = match self.source.next(office.clock.now()).await {
            Ok(Some(due)) => due,
            Ok(None) => return false,
            Err(error) => {
                tracing::debug!(workspace = %self.key.id, %error, "a side could not say which mails are due");
                drop((pass, turn));
                stop.run_until_cancelled(sleep(ASK_AGAIN)).await;
                return false;
            }
        };
        reached(FaultPoint::MailDue);
        let is_late = due.mail.next.saturating_add(GIVEN_UP_AFTER) < office.clock.now();
        let tried = match self.write(&due) {
            // Nothing has happened in the side since: its state has not seen how much time has passed.
            _ if is_late => Tried::Refused { fault: MailFault::Late, again: false },
            Some(message) => {
                reached(FaultPoint::MailWritten);
                let tried = office.relay.send(&message, stop).await;
                pass.tell(tried);
                tried
            }
            None => Tried::Refused { fault: MailFault::Unreadable, again: false },
        };
        drop(turn);
        office.counts.tried(tried);
        let Some(note) = self.note_of(&due.mail, tried) else { return false };
        if tried == Tried::Taken {
            reached(FaultPoint::MailTaken);
        }
        let is_noted = self.note(note, stop).await;
        reached(FaultPoint::MailRecorded);
        is_noted
    }

    /// None where the address cannot be read.
    fn write(&self, due: &Due) -> Option<Message> {
        let office = &self.office;
        let Due { mail, language, template } = due;
        let to = address::open(&office.sealer, self.key, mail.conversation, &mail.sealed)?;
        let link = Link { key: self.key, conversation: mail.conversation, ending: mail.ending, expires: mail.expires };
        let now = office.clock.now();
        let link = office.links.url(&link, now).expect("there is a mail server only where links can be made");
        let (workspace, opt_out) = (self.source.workspace().unwrap_or_default(), format!("{link}/opt-out"));
        let scale = texts::scale(*language);
        let filling = Filling { workspace: &workspace, link: &link, opt_out: &opt_out, scale };
        let letter = Letter { name: self.name(mail), from: &office.from, to, language: *language, at: now };
        Some(message::write(letter, template, &filling))
    }

    /// None where nothing has happened.
    fn note_of(&self, mail: &DueMail, tried: Tried) -> Option<MailNote> {
        let at = self.office.clock.now();
        let quiet = Millis::from(self.office.every_days) * DAY;
        let again = || {
            let pause = schedule::pause(self.name(mail), usize::from(mail.attempts) + 1);
            pause.map(|pause| at.saturating_add(pause))
        };
        let outcome = match tried {
            Tried::Taken => MailOutcome::Sent { quiet_until: at.saturating_add(quiet) },
            Tried::Refused { fault, again: true } | Tried::Trouble(fault) => {
                MailOutcome::Failed { fault, next: again() }
            }
            Tried::Refused { fault, again: false } => MailOutcome::Failed { fault, next: None },
            Tried::BrokenOff => return None,
        };
        if let MailOutcome::Failed { fault, next: None } = outcome {
            self.office.counts.given_up();
            tracing::debug!(workspace = %self.key.id, ?fault, "a follow-up mail was given up");
        }
        Some(MailNote { conversation: mail.conversation, ending: mail.ending, at, outcome })
    }

    fn name(&self, mail: &DueMail) -> Uuid {
        message::name(self.key, mail.conversation, mail.ending)
    }

    /// Writes a note, however long that takes: no other mail goes out before. Whether it is written.
    async fn note(&self, note: MailNote, stop: &Stop) -> bool {
        let mut pause = NOTE_AGAIN;
        while let Err(error) = self.source.note(note).await {
            tracing::warn!(workspace = %self.key.id, %error, "what became of a mail could not be noted");
            let is_deleted = self.source.workspace().is_none();
            if is_deleted || stop.run_until_cancelled(sleep(pause)).await.is_none() {
                return false;
            }
            pause = (2 * pause).min(LONGEST);
        }
        true
    }
}
