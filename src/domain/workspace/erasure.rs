//! Erasure (R4.10): the numbers of a conversation stay, what tells whose it was goes.
//!
//! A contact is erased by its *mark*, a keyed hash of 64 bits: lives and comments have only that, so neither the record
//! of an erasure nor the kept list needs the id. Two contacts of one mark would go together. An erasure looks at every
//! contact, life and comment once.
//!
//! A state from before marks were keyed may know a contact by the unkeyed one, and one that has lost its secret by that
//! of another secret: [`Workspace::marks_of`] says by which, and an erasure names them all.

use super::super::ids::Id;
use super::super::life::ContactMark;
use super::super::record::Frame;
use super::super::reply::Reply;
use super::super::time::Millis;
use super::Workspace;
use super::conversations::Course;
use super::kept::Left;
use super::round::Round;
use super::signal_log::NOWHERE;

impl Workspace {
    /// Erasures without an actor were asked for before records named one, or are repeated by a restore.
    pub(super) fn erase(
        &mut self,
        round: &mut Round,
        frame: &Frame,
        actor: Option<&str>,
        conversation: Option<Id>,
        contact: Option<ContactMark>,
    ) -> Reply {
        let conversation = conversation.map(|id| self.erase_conversation(round, id));
        let contact = contact.map(|mark| self.erase_contact(round, &[mark]));
        self.note_erasure(frame, actor, conversation, contact);
        Reply::Erased { found: conversation == Some(true) || contact == Some(true) }
    }

    /// A contact that may be known by several marks.
    pub(super) fn erase_marked(
        &mut self,
        round: &mut Round,
        frame: &Frame,
        actor: &str,
        marks: &[ContactMark],
    ) -> Reply {
        let found = self.erase_contact(round, marks);
        self.note_erasure(frame, Some(actor), None, Some(found));
        Reply::Erased { found }
    }

    /// Statistics, windows and runs keep the score of a scored conversation; one without a score leaves nothing to
    /// keep.
    fn erase_conversation(&mut self, round: &mut Round, id: Id) -> bool {
        let known = self.conversations.find(id);
        match known {
            Some(number) if self.conversations.is_scored(number) => {
                if let Course::Living(life) = self.conversations.course(number) {
                    self.settling.remove(&(life.last_change, number));
                }
                self.forget_ratings(number);
                self.conversations.erase(number);
            }
            Some(number) => self.remove(round, number),
            None => {}
        }
        let named = self.breakers.erase_evidence(id);
        let told = id != Id::NIL && self.pieces.ring.conversations().any(|told| told == id);
        if told {
            self.pieces.ring.erase_conversation(|effect| effect.conversation() == Some(id));
        }
        known.is_some() || named || told
    }

    /// The conversations are not the contact's: they keep their ids, unless nothing is left of them.
    fn erase_contact(&mut self, round: &mut Round, marks: &[ContactMark]) -> bool {
        let mapped = self.accounts.erase_contacts(marks);
        let is_theirs = |mark: Option<ContactMark>| mark.is_some_and(|mark| marks.contains(&mark));
        let lives = self.conversations.lives().filter(|(_, life)| is_theirs(life.contact));
        let lives: Vec<u32> = lives.map(|(number, _)| number).collect();
        for &number in &lives {
            if self.conversations.is_scored(number) {
                self.end_life(number);
            } else {
                self.remove(round, number);
            }
        }
        let comments = self.conversations.comments().filter(|(_, comment)| is_theirs(comment.contact));
        let comments: Vec<u32> = comments.map(|(number, _)| number).collect();
        comments.iter().for_each(|&number| self.conversations.drop_comment(number));
        let asked = self.follow_ups.theirs(marks);
        asked.iter().for_each(|&number| self.follow_ups.remove(number));
        mapped || !lives.is_empty() || !comments.is_empty() || !asked.is_empty()
    }

    /// A scored conversation loses its life, and with it the explanation of a score that was made here. It goes on as
    /// if it had settled with the end that the life had. A comment goes with the life, unless it is marked as another
    /// contact's.
    fn end_life(&mut self, number: u32) {
        let Course::Living(life) = self.conversations.course(number) else { return };
        let (last_change, carried) = (life.last_change, life.came_to());
        self.settling.remove(&(last_change, number));
        if self.conversations.comment_on(number).is_some_and(|comment| comment.contact.is_none()) {
            self.conversations.drop_comment(number);
        }
        if self.conversations.score(number).is_some_and(|score| !score.imported) {
            self.conversations.set_signals(number, Some(NOWHERE));
        }
        match carried {
            Some(carried) => self.conversations.settle(number, Left { carried, last_change }),
            None => self.conversations.unlive(number),
        }
        self.settle_follow_up(number);
    }

    /// What customers said of it, and whom a mail was to ask.
    pub(super) fn forget_ratings(&mut self, number: u32) {
        self.ratings.remove(number);
        self.follow_ups.remove(number);
    }

    /// The state has something under this conversation's id.
    pub fn knows_conversation(&self, id: Id) -> bool {
        self.conversations.find(id).is_some()
            || self.breakers.iter().any(|breaker| breaker.names(id))
            || self.pieces.ring.conversations().any(|told| told == id && id != Id::NIL)
    }

    /// The ids of all conversations that the state holds; those in breakers' evidence and in effects may come again.
    pub fn conversation_ids(&self) -> impl Iterator<Item = Id> {
        let conversations = self.conversations.numbers().filter(|&number| self.conversations.has_id(number));
        let evidence = self.breakers.iter().flat_map(|breaker| &breaker.evidence).map(|one| one.conversation);
        let told = evidence.chain(self.pieces.ring.conversations()).filter(|id| *id != Id::NIL);
        conversations.map(|number| self.conversations.id(number)).chain(told)
    }

    /// The marks of all contacts of which the state holds something; a mark may come more than once.
    pub fn contact_marks(&self) -> impl Iterator<Item = ContactMark> {
        let lives = self.conversations.lives().filter_map(|(_, life)| life.contact);
        let comments = self.conversations.comments().filter_map(|(_, comment)| comment.contact);
        let asked = self.follow_ups.iter().flat_map(|(_, asked)| std::iter::once(asked.mark).chain(asked.contact));
        self.accounts.contact_marks().chain(lives).chain(comments).chain(asked)
    }

    /// The marks by which the state may know a contact whose mark is `keyed` now.
    pub fn marks_of(&self, contact: &str, keyed: ContactMark) -> Vec<ContactMark> {
        let unkeyed = self.pieces.unkeyed_marks.then(|| ContactMark::unkeyed(contact));
        let mut marks = vec![keyed];
        for mark in unkeyed.into_iter().chain(self.accounts.mark_of(contact)) {
            if !marks.contains(&mark) {
                marks.push(mark);
            }
        }
        marks
    }

    /// Whether the state has anything of a contact with one of these marks.
    pub fn knows_contact(&self, marks: &[ContactMark]) -> bool {
        self.contact_marks().any(|known| marks.contains(&known))
    }

    /// The receipt of the last frame applied.
    pub fn last_applied_at(&self) -> Millis {
        self.last_receipt
    }
}
