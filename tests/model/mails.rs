//! R13.2b: whom a mail is to ask for a rating, and what became of it.

use std::cmp::Reverse;

use tripswitch::domain::follow_up::{
    Due, DueMail, FailedMail, FollowUp, FollowUps, Last, MailFault, MailNote, MailOutcome,
};
use tripswitch::domain::ids::Id;
use tripswitch::domain::life::ContactMark;
use tripswitch::domain::scoring::language;
use tripswitch::domain::time::{DAY, MINUTE, Millis};

use crate::broken::Broken;
use crate::life::{End, evidence};
use crate::naive::{Arrival, Conversation, Naive};

/// Something is kept of a mail as long as there is an address, or one that is over, and for a while whose it was.
fn kept(mail: FollowUp) -> Option<FollowUp> {
    (mail.sealed.is_some() || mail.last.is_some() || mail.until.is_some()).then_some(mail)
}

fn needless(mail: FollowUp, now: Millis) -> FollowUp {
    let until = if mail.sealed.is_some() { Some(now + 90 * DAY) } else { mail.until };
    FollowUp { sealed: None, due: None, until, ..mail }
}

fn was_sent(mail: &FollowUp) -> bool {
    mail.last.is_some_and(|last| last.fault.is_none())
}

/// Until when what became of a mail is kept.
fn told_until(last: &Last) -> Millis {
    last.quiet_until.max(last.at + 90 * DAY)
}

impl Conversation {
    /// It has a life that has not settled.
    fn lives(&self) -> bool {
        !self.settled && (!self.kept.is_empty() || self.carried.is_some())
    }
}

impl Naive {
    /// After an event of a conversation.
    pub fn follow_up(&mut self, arrival: Arrival) {
        let Arrival { event, conversation: id, .. } = arrival;
        let known = self.known(id);
        if !self.csat.email_followup_enabled || !known.lives() {
            return;
        }
        let mail = match (known.mail.clone(), &event.address) {
            (None, None) => return,
            (Some(mail), None) => mail,
            (Some(mail), Some(address)) if mail.mark == address.mark => {
                FollowUp { sealed: Some(address.sealed.clone()), until: None, ..mail }
            }
            // To whom a mail was sent is known until that is forgotten.
            (Some(mail), Some(_)) if was_sent(&mail) => {
                self.coverage.count("another address than the one that was mailed");
                mail
            }
            (mail, Some(address)) => {
                if mail.is_some() {
                    self.coverage.count("another address");
                }
                let (mark, sealed) = (address.mark, Some(address.sealed.clone()));
                FollowUp { mark, contact: None, sealed, due: None, last: mail.and_then(|mail| mail.last), until: None }
            }
        };
        let contact = event.contact.as_ref().map(|contact| contact.kept_mark()).or(mail.contact);
        let mail = FollowUp { contact, ..mail };
        let known = self.known(id);
        let life = self.life_of(known);
        let end = life.end.filter(|_| life.terminal);
        self.known_mut(id).mail = match end {
            Some(end) => self.asks(arrival, mail, &end),
            None => {
                let due = mail.due.filter(|_| self.breaks(Broken::ReopeningLeavesMailDue));
                if mail.due.is_some() {
                    self.coverage.count("mail not due for a reopening");
                }
                kept(FollowUp { due, ..mail })
            }
        };
    }

    /// The conversation is over.
    fn asks(&mut self, arrival: Arrival, mail: FollowUp, end: &End) -> Option<FollowUp> {
        let ending = end.reopenings;
        if mail.due.is_some_and(|due| due.ending == ending) || mail.sealed.is_none() {
            return kept(mail);
        }
        let from = if self.breaks(Broken::MailDueAfterReceipt) { arrival.receipt } else { end.scored_at };
        let at = from + Millis::from(self.csat.follow_up_delay_minutes) * MINUTE;
        match self.reason_not_to_ask(arrival, &mail, ending, at) {
            Some(reason) => {
                self.coverage.count(reason);
                kept(needless(mail, self.receipt))
            }
            None => {
                self.coverage.count("mail due");
                Some(FollowUp { due: Some(Due { ending, at, next: at, attempts: 0, fault: None }), ..mail })
            }
        }
    }

    fn reason_not_to_ask(&self, arrival: Arrival, mail: &FollowUp, ending: u32, at: Millis) -> Option<&'static str> {
        let rated = self.known(arrival.conversation).rated.as_ref().is_some_and(|rated| rated.ending == ending);
        let mails = self.conversations.iter().filter_map(|known| known.mail.as_ref());
        let quiet = |other: &FollowUp| {
            other.mark == mail.mark
                && other.last.is_some_and(|last| last.fault.is_none() && last.quiet_until > at)
                && !self.breaks(Broken::MailWhileQuiet)
        };
        if mail.last.is_some_and(|last| last.ending == ending) {
            Some("not mailed again")
        } else if rated && !self.breaks(Broken::RatedIsMailed) {
            Some("rated one not mailed")
        } else if at + DAY < arrival.receipt && !self.breaks(Broken::HistoryIsMailed) {
            Some("history not mailed")
        } else if self.opted_out.contains(&mail.mark) && !self.breaks(Broken::OptOutDoesNotLast) {
            Some("one who opted out not mailed")
        } else if mails.into_iter().any(quiet) {
            Some("one who was mailed lately not mailed")
        } else {
            None
        }
    }

    pub fn rated_needs_no_mail(&mut self, id: Id, ending: u32) {
        let now = self.receipt;
        let known = self.known_mut(id);
        if let Some(mail) = known.mail.take_if(|mail| mail.due.is_some_and(|due| due.ending == ending)) {
            known.mail = kept(needless(mail, now));
            self.coverage.count("mail not due for a rating");
        }
    }

    pub fn settle_mail(&mut self, index: usize) {
        self.drop_needless(self.conversations[index].id);
    }

    /// An address of which no mail is due goes when the life is over.
    pub fn drop_needless(&mut self, id: Id) {
        let now = self.receipt;
        let known = self.known_mut(id);
        if let Some(mail) = known.mail.take_if(|mail| mail.due.is_none()) {
            known.mail = kept(needless(mail, now));
            self.coverage.count("address dropped with a life");
        }
    }

    /// Without follow-up mails there are no addresses.
    pub fn switch_mails(&mut self) {
        if self.csat.email_followup_enabled || self.breaks(Broken::SwitchedOffKeepsAddresses) {
            return;
        }
        let now = self.receipt;
        for known in &mut self.conversations {
            if known.mail.as_ref().is_some_and(|mail| mail.due.is_some()) {
                self.coverage.count("mail not due for a switch");
            }
            known.mail = known.mail.take().and_then(|mail| kept(needless(mail, now)));
        }
    }

    pub fn erase_addresses(&mut self, mark: ContactMark) -> bool {
        let mut found = false;
        for known in &mut self.conversations {
            let by_id = !matches!(self.broken, Some(Broken::ErasedByAddressAlone));
            let theirs = |mail: &FollowUp| mail.mark == mark || (by_id && mail.contact == Some(mark));
            if known.mail.take_if(|mail| theirs(mail)).is_some() {
                (found, ()) = (true, self.coverage.count("address erased"));
            }
        }
        found
    }

    pub fn opt_out(&mut self, id: Id) -> bool {
        let Some(mark) = self.conversation(id).and_then(|known| known.mail.as_ref()).map(|mail| mail.mark) else {
            self.coverage.count("nobody opted out");
            return false;
        };
        if self.known(id).mail.as_ref().is_some_and(|mail| mail.sealed.is_none() && mail.last.is_none()) {
            self.coverage.count("opted out by a link without a mail");
        }
        self.coverage.count(if self.opted_out.contains(&mark) { "opted out again" } else { "opted out" });
        if !self.opted_out.contains(&mark) {
            self.opted_out.push(mark);
        }
        let now = self.receipt;
        let alone = self.breaks(Broken::OptOutOfOneConversation);
        for known in self.conversations.iter_mut().filter(|known| !alone || known.id == id) {
            if let Some(mail) = known.mail.take_if(|mail| mail.mark == mark) {
                if mail.due.is_some() {
                    self.coverage.count("mail not due for an opt-out");
                }
                known.mail = kept(needless(mail, now));
            }
        }
        true
    }

    pub fn mailed(&mut self, notes: &[MailNote]) {
        for note in notes {
            let Some(known) = self.conversations.iter_mut().find(|known| known.id == note.conversation) else {
                self.coverage.count("mail of an unknown one");
                continue;
            };
            let Some(mail) = known.mail.take() else { continue };
            let due = mail.due.filter(|due| due.ending == note.ending);
            let attempts = due.map_or(1, |due| due.attempts + 1);
            let over =
                |fault, quiet_until| Some(Last { ending: note.ending, at: note.at, attempts, fault, quiet_until });
            match (note.outcome, due) {
                (MailOutcome::Sent { quiet_until }, _) => {
                    let (mark, last) = (mail.mark, over(None, quiet_until));
                    let sealed = mail.sealed.filter(|_| self.broken == Some(Broken::SentKeepsAddress));
                    known.mail = Some(FollowUp { sealed, due: None, last, ..mail });
                    self.coverage.count(if due.is_some() { "mail sent" } else { "mail sent that was not due" });
                    self.keep_quiet(mark, quiet_until);
                }
                (MailOutcome::Failed { fault, next: Some(next) }, Some(due)) => {
                    let due = Some(Due { attempts, next, fault: Some(fault), ..due });
                    known.mail = Some(FollowUp { due, ..mail });
                    self.coverage.count("mail to be tried again");
                }
                (MailOutcome::Failed { fault, next: None }, Some(_)) => {
                    known.mail = Some(FollowUp { sealed: None, due: None, last: over(Some(fault), note.at), ..mail });
                    self.coverage.count("mail given up");
                }
                (MailOutcome::Failed { .. }, None) => known.mail = Some(mail),
            }
        }
    }

    /// The contact has a mail.
    fn keep_quiet(&mut self, mark: ContactMark, until: Millis) {
        if self.breaks(Broken::MailWhileQuiet) {
            return;
        }
        let now = self.receipt;
        for known in &mut self.conversations {
            let goes = |mail: &mut FollowUp| mail.mark == mark && mail.due.is_some_and(|due| due.at < until);
            if let Some(mail) = known.mail.take_if(goes) {
                known.mail = kept(needless(mail, now));
                self.coverage.count("mail not due for another mail");
            }
        }
    }

    /// What nobody took in time is given up, and what is long over is forgotten.
    pub fn pass_mails(&mut self, receipt: Millis) {
        let given_up = 3 * DAY - Millis::from(self.breaks(Broken::GivenUpEdgeInclusive));
        let edge = Millis::from(self.breaks(Broken::MailForgottenLate));
        for known in &mut self.conversations {
            let Some(mut mail) = known.mail.take() else { continue };
            if let Some(due) = mail.due.filter(|due| due.next + given_up < receipt) {
                let fault = Some(MailFault::Late);
                let Due { ending, attempts, .. } = due;
                let last = Some(Last { ending, at: receipt, attempts, fault, quiet_until: receipt });
                mail = FollowUp { sealed: None, due: None, last, ..mail };
                self.coverage.count("mail given up in vain");
            }
            if mail.last.is_some_and(|last| told_until(&last) + edge < receipt) {
                mail.last = None;
                self.coverage.count("mail forgotten");
            }
            if mail.until.is_some_and(|until| until + edge < receipt) {
                mail.until = None;
                self.coverage.count("address forgotten");
            }
            known.mail = kept(mail);
        }
    }

    // ---- what is asked ----

    /// The conversations that a mail is due to, with it, that wait longest first.
    pub fn waiting(&self) -> Vec<(&Conversation, Due)> {
        let due = |known: &'_ Conversation| known.mail.as_ref()?.due;
        let mut waiting: Vec<_> = self.conversations.iter().filter_map(|known| Some((known, due(known)?))).collect();
        waiting.sort_by_key(|(_, due)| due.next);
        waiting
    }

    pub fn next_mail(&self) -> Option<Millis> {
        self.waiting().first().map(|(_, due)| due.next)
    }

    /// In the order of conversations.
    pub fn due_mails(&self, now: Millis) -> Vec<DueMail> {
        let waiting = self.waiting().into_iter().filter(|(_, due)| due.next <= now);
        let mut mails: Vec<_> = waiting.map(|(known, due)| self.due_mail(known, due, now)).collect();
        mails.sort_by_key(|mail| mail.conversation);
        mails
    }

    fn due_mail(&self, known: &Conversation, due: Due, now: Millis) -> DueMail {
        let end = known.lives().then(|| self.life_of(known).end).flatten();
        DueMail {
            conversation: known.id,
            ending: due.ending,
            sealed: known.mail.as_ref().and_then(|mail| mail.sealed.clone()).expect("what is due has an address"),
            attempts: due.attempts,
            due: due.at,
            next: due.next,
            expires: now + Millis::from(self.csat.link_expiry_days) * DAY,
            language: end.and_then(|end| language(&self.settings.profile, &evidence(&end, &known.kept))),
        }
    }

    pub fn follow_ups(&self) -> FollowUps {
        let mut told = FollowUps {
            due: self.waiting().len() as u64,
            opted_out: self.opted_out.len() as u64,
            ..FollowUps::default()
        };
        for known in &self.conversations {
            let Some(mail) = &known.mail else { continue };
            let conversation = known.id;
            if let Some(Due { next, attempts, fault: Some(fault), .. }) = mail.due {
                told.failures.push(FailedMail { conversation, at: None, attempts, fault, next: Some(next) });
            }
            match mail.last {
                Some(Last { at, attempts, fault: Some(fault), .. }) => {
                    told.failed += 1;
                    told.failures.push(FailedMail { conversation, at: Some(at), attempts, fault, next: None });
                }
                Some(Last { fault: None, .. }) => told.sent += 1,
                None => {}
            }
        }
        told.failures.sort_by_key(|failed| Reverse((failed.at.is_none(), failed.at, failed.conversation)));
        told.failures.truncate(100);
        told
    }
}
