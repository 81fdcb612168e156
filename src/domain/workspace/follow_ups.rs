//! Follow-up mails of a side (R13.2b): which conversations' contacts are to be asked, and when.
//!
//! An address is kept from the event that names it until its mail is sent, given up or not needed any more. What tells
//! contacts apart is the address's mark, so what is kept later says to nobody whose it was.

use std::collections::BTreeSet;
use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

use super::super::chunks::Chunks;
use super::super::follow_up::{
    Address, Due, DueMail, FailedMail, FollowUp, FollowUps, GIVEN_UP_AFTER, HISTORY_AFTER, KEPT_FOR, Last, MailFault,
    MailNote, MailOutcome,
};
use super::super::ids::Id;
use super::super::life::{Carried, ContactMark};
use super::super::message::LanguageCode;
use super::super::reply::Reply;
use super::super::scoring::language;
use super::super::sparse::Sparse;
use super::super::time::{MINUTE, Millis};
use super::Workspace;
use super::conversations::Course;
use super::round::At;

/// Failures that a reader is told of.
const FAILURES: usize = 100;

/// The follow-ups, by the number of the conversation, and what finds them.
#[derive(Clone, Debug, Default)]
pub struct FollowUpBook {
    of: Sparse<Arc<FollowUp>>,
    /// Who wants no mail, in the order in which they said so.
    opted_out: Chunks<ContactMark>,
    /// What follows is in no cut.
    silent: HashSet<ContactMark>,
    by_mark: HashMap<ContactMark, Vec<u32>>,
    /// When something is to be tried.
    due: BTreeSet<(Millis, u32)>,
    /// When something is not told any more.
    over: BTreeSet<(Millis, u32)>,
}

/// What of it is in a cut.
#[derive(Clone, Debug, Default)]
pub struct FollowUpsCut {
    pub of: Sparse<Arc<FollowUp>>,
    pub opted_out: Chunks<ContactMark>,
}

impl FollowUpBook {
    pub fn restored(cut: FollowUpsCut) -> Self {
        let mut book =
            Self { silent: cut.opted_out.iter().copied().collect(), opted_out: cut.opted_out, ..Self::default() };
        cut.of.iter().for_each(|(number, follow_up)| book.put(number, (**follow_up).clone()));
        book
    }

    pub fn cut(&mut self) -> FollowUpsCut {
        FollowUpsCut { of: self.of.cut(), opted_out: self.opted_out.cut() }
    }

    pub fn get(&self, number: u32) -> Option<&FollowUp> {
        self.of.get(number).map(Arc::as_ref)
    }

    pub fn iter(&self) -> impl Iterator<Item = (u32, &FollowUp)> {
        self.of.iter().map(|(number, follow_up)| (number, follow_up.as_ref()))
    }

    pub fn opted_out(&self) -> impl Iterator<Item = ContactMark> {
        self.opted_out.iter().copied()
    }

    /// Replaces what is kept of a conversation. One of which nothing is left to keep goes.
    fn put(&mut self, number: u32, follow_up: FollowUp) {
        self.remove(number);
        if follow_up.sealed.is_none() && follow_up.last.is_none() && follow_up.until.is_none() {
            return;
        }
        if let Some(due) = follow_up.due {
            self.due.insert((due.next, number));
        }
        if let Some(until) = told_until(&follow_up) {
            self.over.insert((until, number));
        }
        self.by_mark.entry(follow_up.mark).or_default().push(number);
        self.of.insert(number, Arc::new(follow_up));
    }

    pub fn remove(&mut self, number: u32) {
        let Some(follow_up) = self.of.remove(number) else { return };
        if let Some(due) = follow_up.due {
            self.due.remove(&(due.next, number));
        }
        if let Some(until) = told_until(&follow_up) {
            self.over.remove(&(until, number));
        }
        if let Some(numbers) = self.by_mark.get_mut(&follow_up.mark) {
            numbers.retain(|other| *other != number);
            if numbers.is_empty() {
                self.by_mark.remove(&follow_up.mark);
            }
        }
    }

    /// No mail is due, and the address goes.
    fn cancel(&mut self, number: u32, now: Millis) {
        if let Some(follow_up) = self.get(number).cloned() {
            self.put(number, follow_up.without_address(now));
        }
    }

    fn of_mark(&self, mark: ContactMark) -> Vec<u32> {
        self.by_mark.get(&mark).cloned().unwrap_or_default()
    }

    /// Whether the contact may get a mail that is due at `at`.
    fn may_ask(&self, mark: ContactMark, at: Millis) -> bool {
        let sent = |number: &u32| self.get(*number)?.last.filter(|last| last.fault.is_none());
        let mut sent = self.by_mark.get(&mark).into_iter().flatten().filter_map(sent);
        !self.silent.contains(&mark) && sent.all(|last| last.quiet_until <= at)
    }

    /// Who has a follow-up that is theirs by one of these marks.
    pub fn theirs(&self, marks: &[ContactMark]) -> Vec<u32> {
        let is_theirs = |follow_up: &FollowUp| {
            marks.contains(&follow_up.mark) || follow_up.contact.is_some_and(|contact| marks.contains(&contact))
        };
        self.iter().filter(|(_, follow_up)| is_theirs(follow_up)).map(|(number, _)| number).collect()
    }
}

/// With the address that an event names. The one to which a mail was sent stays until that is forgotten: its contact
/// gets no other in time, and opts out by its link.
fn addressed(known: Option<FollowUp>, address: Option<&Address>) -> Option<FollowUp> {
    let Some(address) = address else { return known };
    let sealed = Some(address.sealed.clone());
    let is_sent = |known: &FollowUp| known.last.is_some_and(|last| last.fault.is_none());
    Some(match known {
        Some(known) if known.mark == address.mark => FollowUp { sealed, until: None, ..known },
        Some(known) if is_sent(&known) => known,
        known => {
            let last = known.and_then(|known| known.last);
            FollowUp { mark: address.mark, contact: None, sealed, due: None, last, until: None }
        }
    })
}

fn kept_until(last: &Last) -> Millis {
    last.quiet_until.max(last.at.saturating_add(KEPT_FOR))
}

/// When the first of what is kept for some time is not kept any more.
fn told_until(follow_up: &FollowUp) -> Option<Millis> {
    follow_up.last.as_ref().map(kept_until).into_iter().chain(follow_up.until).min()
}

impl Workspace {
    /// An event of a conversation that has not settled: its end makes a mail due, its reopening takes that back.
    pub(super) fn follow_up(&mut self, number: u32, at: At, address: Option<&Address>, contact: Option<ContactMark>) {
        if !self.rules.csat.email_followup_enabled {
            return;
        }
        let Some(mut follow_up) = addressed(self.follow_ups.get(number).cloned(), address) else { return };
        let Course::Living(life) = self.conversations.course(number) else { return };
        let walk = life.walk();
        let ended = walk.scored.filter(|_| walk.terminal);
        follow_up.contact = contact.or(follow_up.contact);
        match ended {
            None => follow_up.due = None,
            Some(end) => follow_up = self.asks_at(number, at, follow_up, end),
        }
        self.follow_ups.put(number, follow_up);
    }

    /// The conversation is over: its contact is asked, unless there is a reason not to.
    fn asks_at(&self, number: u32, at: At, follow_up: FollowUp, end: Carried) -> FollowUp {
        let ending = end.reopenings;
        if follow_up.due.is_some_and(|due| due.ending == ending) {
            return follow_up;
        }
        let delay = Millis::from(self.rules.csat.follow_up_delay_minutes) * MINUTE;
        let due = end.scored_at.saturating_add(delay);
        let is_asked = follow_up.last.is_some_and(|last| last.ending == ending)
            || self.ratings.get(number).is_some_and(|rated| rated.ending == ending);
        let is_history = due.saturating_add(HISTORY_AFTER) < at.receipt;
        if is_asked || is_history || follow_up.sealed.is_none() || !self.follow_ups.may_ask(follow_up.mark, due) {
            return follow_up.without_address(at.receipt);
        }
        FollowUp { due: Some(Due { ending, at: due, next: due, attempts: 0, fault: None }), ..follow_up }
    }

    /// The ending was rated.
    pub(super) fn cancel_mail(&mut self, number: u32, ending: u32) {
        let due = self.follow_ups.get(number).and_then(|follow_up| follow_up.due);
        if due.is_some_and(|due| due.ending == ending) {
            self.follow_ups.cancel(number, self.last_receipt);
        }
    }

    /// A conversation has settled: what is not due now will not be.
    pub(super) fn settle_follow_up(&mut self, number: u32) {
        if self.follow_ups.get(number).is_some_and(|follow_up| follow_up.due.is_none()) {
            self.follow_ups.cancel(number, self.last_receipt);
        }
    }

    /// Follow-up mails are off: nothing is due, and no address is kept.
    pub(super) fn forget_addresses(&mut self) {
        let all: Vec<u32> = self.follow_ups.iter().map(|(number, _)| number).collect();
        all.into_iter().for_each(|number| self.follow_ups.cancel(number, self.last_receipt));
    }

    /// What a record says of mails. Of one that is not due any more only that it was sent counts.
    pub(super) fn mailed(&mut self, notes: &[MailNote]) -> Reply {
        for note in notes {
            let Some(number) = self.conversations.find(note.conversation) else { continue };
            let Some(follow_up) = self.follow_ups.get(number).cloned() else { continue };
            let due = follow_up.due.filter(|due| due.ending == note.ending);
            let attempts = due.map_or(0, |due| due.attempts).saturating_add(1);
            let over = |fault, quiet_until| Last { ending: note.ending, at: note.at, attempts, fault, quiet_until };
            match (note.outcome, due) {
                (MailOutcome::Sent { quiet_until }, _) => {
                    let last = Some(over(None, quiet_until));
                    self.follow_ups.put(number, FollowUp { sealed: None, due: None, last, ..follow_up });
                    self.keep_quiet(follow_up.mark, quiet_until);
                }
                (MailOutcome::Failed { fault, next: Some(next) }, Some(due)) => {
                    let due = Some(Due { attempts, next, fault: Some(fault), ..due });
                    self.follow_ups.put(number, FollowUp { due, ..follow_up });
                }
                (MailOutcome::Failed { fault, next: None }, Some(_)) => {
                    let last = Some(over(Some(fault), note.at));
                    self.follow_ups.put(number, FollowUp { sealed: None, due: None, last, ..follow_up });
                }
                (MailOutcome::Failed { .. }, None) => {}
            }
        }
        Reply::Done
    }

    /// The contact has a mail: no other of theirs is due before `until`.
    fn keep_quiet(&mut self, mark: ContactMark, until: Millis) {
        for number in self.follow_ups.of_mark(mark) {
            let due = self.follow_ups.get(number).and_then(|follow_up| follow_up.due);
            if due.is_some_and(|due| due.at < until) {
                self.follow_ups.cancel(number, self.last_receipt);
            }
        }
    }

    /// Whether the contact of a conversation wants no mail any more; none where none is known.
    pub fn has_opted_out(&self, conversation: Id) -> Option<bool> {
        let number = self.conversations.find(conversation)?;
        self.follow_ups.get(number).map(|follow_up| self.follow_ups.silent.contains(&follow_up.mark))
    }

    /// The contact of a conversation wants no mail any more.
    pub(super) fn opt_out(&mut self, conversation: Id) -> Reply {
        let number = self.conversations.find(conversation);
        let Some(mark) = number.and_then(|number| self.follow_ups.get(number)).map(|follow_up| follow_up.mark) else {
            return Reply::OptedOut(false);
        };
        if self.follow_ups.silent.insert(mark) {
            self.follow_ups.opted_out.push(mark);
        }
        for number in self.follow_ups.of_mark(mark) {
            self.follow_ups.cancel(number, self.last_receipt);
        }
        Reply::OptedOut(true)
    }

    /// Time passes: what nobody took in time is given up, and what is long over is forgotten.
    pub(super) fn pass_mails(&mut self, receipt: Millis) {
        while let Some(&(next, number)) = self.follow_ups.due.first()
            && next.saturating_add(GIVEN_UP_AFTER) < receipt
        {
            let Some(follow_up) = self.follow_ups.get(number).cloned() else { break };
            let last = follow_up.due.map(|Due { ending, attempts, .. }| {
                let fault = Some(MailFault::Late);
                Last { ending, at: receipt, attempts, fault, quiet_until: receipt }
            });
            self.follow_ups.put(number, FollowUp { sealed: None, due: None, last, ..follow_up });
        }
        while let Some(&(until, number)) = self.follow_ups.over.first()
            && until < receipt
        {
            let Some(follow_up) = self.follow_ups.get(number).cloned() else { break };
            let last = follow_up.last.filter(|last| kept_until(last) >= receipt);
            let until = follow_up.until.filter(|until| *until >= receipt);
            self.follow_ups.put(number, FollowUp { last, until, ..follow_up });
        }
    }

    /// When the next mail is to be tried.
    pub fn next_mail(&self) -> Option<Millis> {
        self.follow_ups.due.first().map(|(next, _)| *next)
    }

    /// The mails that may be tried now, those that wait longest first.
    pub fn due_mails(&self, now: Millis, most: usize) -> Vec<DueMail> {
        let due = self.follow_ups.due.iter().take_while(|(next, _)| *next <= now).take(most);
        due.filter_map(|(_, number)| self.due_mail(*number, now)).collect()
    }

    fn due_mail(&self, number: u32, now: Millis) -> Option<DueMail> {
        let follow_up = self.follow_ups.get(number)?;
        let due = follow_up.due?;
        Some(DueMail {
            conversation: self.conversations.id(number),
            ending: due.ending,
            sealed: follow_up.sealed.clone()?,
            attempts: due.attempts,
            due: due.at,
            next: due.next,
            expires: self.terms(due.ending, now).expires,
            language: self.language_of(number),
        })
    }

    fn language_of(&self, number: u32) -> Option<LanguageCode> {
        let Course::Living(life) = self.conversations.course(number) else { return None };
        language(self.profile(), &life.evidence(&life.walk()))
    }

    /// The mails of this side, as their readers see them.
    pub fn follow_ups(&self) -> FollowUps {
        let mut view = FollowUps {
            due: self.follow_ups.due.len() as u64,
            opted_out: self.follow_ups.opted_out.len() as u64,
            ..FollowUps::default()
        };
        let mut failures = Vec::new();
        for (number, follow_up) in self.follow_ups.iter() {
            let conversation = self.conversations.id(number);
            if let Some(Due { next, attempts, fault: Some(fault), .. }) = follow_up.due {
                failures.push(FailedMail { conversation, at: None, attempts, fault, next: Some(next) });
            }
            match follow_up.last {
                Some(Last { at, attempts, fault: Some(fault), .. }) => {
                    view.failed += 1;
                    failures.push(FailedMail { conversation, at: Some(at), attempts, fault, next: None });
                }
                Some(Last { fault: None, .. }) => view.sent += 1,
                None => {}
            }
        }
        failures.sort_by_key(|failed| std::cmp::Reverse((failed.at.unwrap_or(Millis::MAX), failed.conversation)));
        failures.truncate(FAILURES);
        view.failures = failures;
        view
    }
}
