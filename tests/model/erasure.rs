//! R4.10: what says whose a conversation was goes, its numbers stay.

use tripswitch::domain::ids::Id;
use tripswitch::domain::life::ContactMark;

use crate::events::mark_of;

use crate::broken::Broken;
use crate::life::End;
use crate::naive::{Conversation, Naive};

impl Naive {
    /// Whether there was anything.
    pub fn erase(&mut self, conversation: Option<Id>, contact: Option<ContactMark>) -> bool {
        let conversation = conversation.is_some_and(|id| self.erase_conversation(id));
        let contact = contact.is_some_and(|mark| self.erase_contact(mark));
        if !conversation && !contact {
            self.coverage.count("nothing to erase");
        }
        conversation || contact
    }

    fn erase_conversation(&mut self, id: Id) -> bool {
        let takes_score = self.breaks(Broken::ErasureTakesScore);
        let index = self.conversations.iter().position(|known| known.id == id);
        match index {
            Some(index) if self.conversations[index].score.is_some() && !takes_score => {
                // An id that nobody sends stands for none.
                let nobody = Id(0xe4a5_0000_0000_0000_0000_0000_0000_0000 + self.erased.len() as u128);
                let known = &mut self.conversations[index];
                (known.id, known.erased, known.settled) = (nobody, true, true);
                known.kept.clear();
                (known.comment, known.rated, known.mail) = (None, None, None);
                let overridden = known.said.take().is_some();
                self.coverage.count(if overridden { "overridden one erased" } else { "scored one erased" });
            }
            Some(index) => {
                self.conversations.remove(index);
                self.coverage.count("unscored one erased");
            }
            None => {}
        }
        self.erased.push(id);
        let mut named = false;
        for breaker in &mut self.breakers {
            for proof in breaker.evidence.iter_mut().filter(|proof| proof.conversation == Some(id)) {
                (proof.conversation, named) = (None, true);
            }
        }
        if named {
            self.coverage.count("evidence erased");
        }
        let told = self.erase_from_effects(id);
        index.is_some() || named || told
    }

    fn erase_contact(&mut self, mark: ContactMark) -> bool {
        let is_theirs = |contact: &Option<Box<str>>| contact.as_deref().map(mark_of) == Some(mark);
        let before = self.contacts.len();
        if !self.breaks(Broken::ErasedContactStaysMapped) {
            self.contacts.retain(|(contact, _)| mark_of(contact) != mark);
        }
        let mut found = self.contacts.len() < before;
        let lives = |known: &Conversation| !known.settled && is_theirs(&known.contact);
        let theirs: Vec<Id> = self.conversations.iter().filter(|known| lives(known)).map(|known| known.id).collect();
        for id in theirs {
            found = true;
            self.end_life(id);
        }
        for known in &mut self.conversations {
            if known.comment.as_ref().is_some_and(|comment| is_theirs(&comment.contact)) {
                (known.comment, found) = (None, true);
                self.coverage.count("comment erased");
            }
        }
        self.erase_addresses(mark) || found
    }

    fn end_life(&mut self, id: Id) {
        if self.known(id).score.is_none() {
            self.conversations.retain(|known| known.id != id);
            return self.coverage.count("contact's unscored one removed");
        }
        if self.breaks(Broken::ErasedLifeGoesOn) {
            return;
        }
        let end = self.end_of(self.known(id)).or_else(|| self.known(id).carried.clone());
        self.coverage.count(match &end {
            Some(_) => "contact's life ended",
            None => "contact's life that came to nothing",
        });
        let known = self.known_mut(id);
        known.kept.clear();
        known.contact = None;
        known.settled = end.is_some();
        known.ended = end;
        if known.comment.as_ref().is_some_and(|comment| comment.contact.is_none()) {
            known.comment = None;
        }
        let models = known.said.as_mut().and_then(|said| said.model.as_mut());
        for score in known.score.iter_mut().chain(models) {
            score.unexplained |= !score.imported;
        }
        self.drop_needless(id);
    }

    pub fn knows_conversation(&self, id: Id) -> bool {
        self.conversation(id).is_some()
            || self.breakers.iter().flat_map(|breaker| &breaker.evidence).any(|proof| proof.conversation == Some(id))
            || self.tells_of(id)
    }

    /// The end of a life, also where an erasure has ended it.
    pub fn end_of(&self, known: &Conversation) -> Option<End> {
        known.ended.clone().or_else(|| self.life_of(known).end)
    }
}
