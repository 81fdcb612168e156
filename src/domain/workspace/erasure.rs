//! Erasure (R4.10): the numbers of a conversation stay, what tells whose it was goes.
//!
//! A contact is erased by its *mark*, a hash of 64 bits: lives and comments have only that, so neither the record of
//! an erasure nor the kept list needs the id. Two contacts of one mark would go together. An erasure looks at every
//! contact, life and comment once.

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
        let contact = contact.map(|mark| self.erase_contact(round, mark));
        self.note_erasure(frame, actor, conversation, contact);
        Reply::Erased { found: conversation == Some(true) || contact == Some(true) }
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
                self.conversations.erase(number);
            }
            Some(number) => self.remove(round, number),
            None => {}
        }
        let named = self.breakers.erase_evidence(id);
        known.is_some() || named
    }

    /// The conversations are not the contact's: they keep their ids, unless nothing is left of them.
    fn erase_contact(&mut self, round: &mut Round, mark: ContactMark) -> bool {
        let mapped = self.accounts.erase_contacts(mark);
        let lives = self.conversations.lives().filter(|(_, life)| life.contact == Some(mark));
        let lives: Vec<u32> = lives.map(|(number, _)| number).collect();
        for &number in &lives {
            if self.conversations.is_scored(number) {
                self.end_life(number);
            } else {
                self.remove(round, number);
            }
        }
        let comments = self.conversations.comments().filter(|(_, comment)| comment.contact == Some(mark));
        let comments: Vec<u32> = comments.map(|(number, _)| number).collect();
        comments.iter().for_each(|&number| self.conversations.drop_comment(number));
        mapped || !lives.is_empty() || !comments.is_empty()
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
    }

    /// The state has something under this conversation's id.
    pub fn knows_conversation(&self, id: Id) -> bool {
        self.conversations.find(id).is_some() || self.breakers.iter().any(|breaker| breaker.names(id))
    }

    /// The ids of all conversations that the state holds; those in breakers' evidence may come twice.
    pub fn conversation_ids(&self) -> impl Iterator<Item = Id> {
        let conversations = self.conversations.numbers().filter(|&number| self.conversations.has_id(number));
        let evidence = self.breakers.iter().flat_map(|breaker| &breaker.evidence).map(|(id, _)| *id);
        conversations.map(|number| self.conversations.id(number)).chain(evidence.filter(|id| *id != Id::NIL))
    }

    /// The marks of all contacts of which the state holds something; a mark may come more than once.
    pub fn contact_marks(&self) -> impl Iterator<Item = ContactMark> {
        let lives = self.conversations.lives().filter_map(|(_, life)| life.contact);
        let comments = self.conversations.comments().filter_map(|(_, comment)| comment.contact);
        self.accounts.contact_marks().chain(lives).chain(comments)
    }

    /// The receipt of the last frame applied.
    pub fn last_applied_at(&self) -> Millis {
        self.last_receipt
    }
}
