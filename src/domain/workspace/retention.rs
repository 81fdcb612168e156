//! What is older than the retention goes (R4.11), the oldest first and a bounded number by a record.
//!
//! At most 10,000 conversations a record; the server writes another while more is due. Accounts that lose part of
//! their window are put to sleep rather than told.

use super::super::ids::Id;
use super::super::reply::Reply;
use super::super::time::Millis;
use super::super::timeline::{Keys, Sum};
use super::Workspace;
use super::conversations::Course;
use super::round::Round;

impl Workspace {
    /// Removes up to `most` conversations that are older than `cutoff`, and what the trail has from before it.
    pub(super) fn retain(&mut self, round: &mut Round, cutoff: Millis, most: u32) -> Reply {
        self.retained_from = self.retained_from.max(cutoff);
        self.pieces.trail.forget(cutoff);
        for _ in 0..most {
            let Some(number) = self.oldest_before(cutoff) else { break };
            self.remove(round, number);
        }
        Reply::Done
    }

    /// Whether a record with this cut-off would remove anything.
    pub fn is_retention_due(&self, cutoff: Millis) -> bool {
        let scored = self.timeline.oldest().is_some_and(|item| self.conversations.key(item).0 < cutoff);
        let is_due = |&(_, id): &(Millis, Id)| {
            let number = self.conversations.find(id);
            number.and_then(|number| self.last_event(number)).is_some_and(|last| last < cutoff)
        };
        let noted = self.pieces.trail.is_older(cutoff);
        scored || noted || self.unscored.range(..(cutoff, Id(0))).any(is_due)
    }

    /// The oldest conversation, by `scoredAt` or else by the receipt of its last event; of the same
    /// age the scored one, then by position, or id.
    fn oldest_before(&mut self, cutoff: Millis) -> Option<u32> {
        let scored = self.timeline.oldest().map(|item| (self.conversations.key(item).0, item));
        let scored = scored.filter(|(age, _)| *age < cutoff);
        while let Some(&(noted, id)) = self.unscored.first() {
            if noted >= scored.map_or(cutoff, |(age, _)| age) {
                break;
            }
            let number = self.conversations.find(id).expect("unscored conversations are there");
            let last = self.last_event(number).expect("an unscored conversation has a life");
            if last <= noted {
                return Some(number);
            }
            self.unscored.pop_first();
            self.note_unscored(number, last);
        }
        scored.map(|(_, item)| item)
    }

    /// Receipt of the latest event that changed the life of an unscored conversation.
    fn last_event(&self, number: u32) -> Option<Millis> {
        match self.conversations.course(number) {
            Course::Living(life) => Some(life.last_change),
            Course::Settled(left) => Some(left.last_change),
            Course::Unlived => None,
        }
    }

    /// Keeps [`Workspace::unscored`] right when a conversation's score comes or goes.
    pub(super) fn follow_score(&mut self, number: u32, was_unscored: bool, receipt: Millis) {
        match (was_unscored, self.conversations.is_scored(number)) {
            (true, true) => {
                if let Some(noted) = self.conversations.noted(number) {
                    self.unscored.remove(&(noted, self.conversations.id(number)));
                }
            }
            (false, false) => self.note_unscored(number, receipt),
            (true, false) | (false, true) => {}
        }
    }

    fn note_unscored(&mut self, number: u32, at: Millis) {
        self.unscored.insert((at, self.conversations.id(number)));
        self.conversations.note(number, at);
    }

    /// A conversation lost its score by other than an event. One that has settled does not know its last event any more:
    /// it is as old as this.
    pub(super) fn left_without_score(&mut self, number: u32, receipt: Millis) {
        let id = self.conversations.id(number);
        self.unscored.remove(&(receipt, id));
        self.conversations.left_at(number, receipt);
        self.note_again(number);
        self.unscored_counts.change(None, self.lack(number));
    }

    /// Puts an unscored conversation back among them after a restore.
    pub(super) fn note_again(&mut self, number: u32) {
        if let Some(last) = self.last_event(number) {
            self.note_unscored(number, last);
        }
    }

    /// Removes a conversation from everything. Breakers keep its id as evidence.
    pub(super) fn remove(&mut self, round: &mut Round, number: u32) {
        self.unscored_counts.change(self.lack(number), None);
        if let Some(score) = self.conversations.score(number) {
            let part = self.conversations.part_with(number, &score, &self.rules);
            if score.key.0 >= self.recent.from {
                self.recent.sums.subtract(&part.1);
            }
            self.timeline.remove(&self.conversations, number, &part);
            self.labels.leave(&self.conversations, number, &part.1);
            if let Some(account) = self.conversations.account(number) {
                self.leave(round, account, number);
            }
        } else if let Some(noted) = self.conversations.noted(number) {
            self.unscored.remove(&(noted, self.conversations.id(number)));
        }
        if let Course::Living(life) = self.conversations.course(number) {
            self.settling.remove(&(life.last_change, number));
        }
        self.labels.forget(number);
        self.forget_ratings(number);
        self.conversations.remove(number);
    }

    /// An account loses its oldest conversation. If that is in its window, the account is put to sleep, and built
    /// anew when it is needed.
    fn leave(&mut self, round: &mut Round, account: u32, number: u32) {
        let kept = self.rules.kept_by_account();
        let id = self.accounts.get(account).id;
        let belongings = self.accounts.belongings(account);
        if belongings.awake && belongings.scored.len() <= kept {
            belongings.awake = false;
            round.let_go.push(id);
        }
        belongings.scored.remove(&self.conversations, number);
        self.accounts.stands(account, None);
    }
}
