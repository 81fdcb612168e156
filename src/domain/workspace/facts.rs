//! A cut fact by fact, and a workspace made of such facts: what a portable export consists of. Unlike
//! the blocks of a snapshot, facts say nothing of how the state is laid out.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::breaker::Breaker;
use super::super::dedup;
use super::super::event::Identity;
use super::super::follow_up::FollowUp;
use super::super::ids::{Id, Position};
use super::super::life::{ContactMark, Life};
use super::super::own_settings::OwnSettings;
use super::super::rating::Rated;
use super::super::scoring::Observation;
use super::super::time::Millis;
use super::super::view::{BreakerScope, ChurnRisk, LabelKind};
use super::Workspace;
use super::blocks::{Head, RestoreError};
use super::cut::Cut;
use super::labels::MOST_NAMES;
use super::packed::{Packed, Phase, Scored};
use super::pieces::Pieces;
use super::restore::Restoring;
use super::signal_log::{NOWHERE, SignalLog};

pub use super::accounts::{AccountRecord, Contact};
pub use super::kept::{Comment, Left, Overridden, Score};
pub use super::voices::{Voice, Voices};

/// All that is known of one conversation.
#[derive(Clone, Debug)]
pub struct Conversation {
    pub id: Id,
    /// The account's number, and whether it was named, not inferred from the contact (R4.7).
    pub account: Option<(u32, bool)>,
    pub score: Option<Score>,
    pub course: Course,
    /// The signals behind the score, as long as they can be asked for (R5.5) and where its life does not give them.
    pub signals: Option<Vec<Observation>>,
    /// They were removed by an erasure (R4.10), and its life does not give them either.
    pub signals_erased: bool,
    pub comment: Option<Arc<Comment>>,
    /// Its channel and its intent (R7.8).
    pub labels: [Option<Arc<str>>; 2],
    /// A person's word on its score (R5.9).
    pub overridden: Option<Arc<Overridden>>,
    /// Whose messages there were (R6.7).
    pub voices: Voices,
    /// The latest rating (R13.2).
    pub rated: Option<Arc<Rated>>,
    pub follow_up: Option<Arc<FollowUp>>,
}

/// Where its life is (R5.2).
#[derive(Clone, Debug)]
pub enum Course {
    /// No event of a life yet: imported only.
    Unlived,
    Living(Arc<Life>),
    Settled(Left),
    /// It is over, and the id is gone (R4.10).
    Erased,
}

impl Cut {
    /// Accounts, by number.
    pub fn accounts(&self) -> impl Iterator<Item = &AccountRecord> {
        self.accounts.iter()
    }

    /// The account of this number.
    pub fn account(&self, number: u32) -> Option<&AccountRecord> {
        self.accounts.find(number)
    }

    /// Contacts in the order in which they came.
    pub fn contacts(&self) -> impl Iterator<Item = &Contact> {
        self.contacts.iter().filter(|contact| !contact.is_free())
    }

    /// The conversations that are there.
    pub fn facts(&self) -> impl Iterator<Item = Conversation> {
        let records = (0..).zip(self.conversations.records.iter());
        let there = records.filter(|(_, record)| record.scored() != Scored::Free);
        there.map(|(number, record)| self.conversation(number, record))
    }

    /// Who wants no mail, in the order in which they said so.
    pub fn opted_out(&self) -> impl Iterator<Item = ContactMark> {
        self.follow_ups.opted_out.iter().copied()
    }

    /// Breakers in the order in which they tripped.
    pub fn breakers(&self) -> impl Iterator<Item = &Breaker> {
        self.breakers.iter()
    }

    /// Known identities in the order in which they came: (receipt, identity, comparable).
    pub fn identities(&self) -> impl Iterator<Item = (Millis, &Identity, bool)> {
        self.duplicates.entries()
    }

    fn conversation(&self, number: u32, record: &Packed) -> Conversation {
        let parts = &self.conversations;
        let score = parts.score(number);
        let course = match record.phase() {
            Phase::Unlived => Course::Unlived,
            Phase::Living => Course::Living(parts.lives.share(number).expect("who lives has a life")),
            Phase::Settled if record.is_erased() => Course::Erased,
            Phase::Settled => Course::Settled(Left { carried: record.carried(), last_change: Millis::MIN }),
            Phase::SettledElsewhere => Course::Settled(*parts.left.get(number).expect("it is kept elsewhere")),
        };
        let explained = score.is_some_and(|score| !score.imported && score.receipt > self.head.explained_after);
        Conversation {
            id: record.id(),
            account: record.account().map(|account| (account, record.named())),
            score,
            course,
            signals: record.signals().filter(|_| explained).and_then(|at| self.signals.read(at)),
            signals_erased: record.signals() == Some(NOWHERE),
            comment: parts.comments.get(number).cloned(),
            labels: self.labels.of_conversation(number),
            overridden: parts.overrides.get(number).cloned(),
            voices: parts.voices.find(number).copied().unwrap_or_default(),
            rated: self.ratings.get(number).cloned(),
            follow_up: self.follow_ups.of.get(number).cloned(),
        }
    }
}

/// Facts of one workspace side taken in so far, each kind in the order in which a [`Cut`] has them; accounts come
/// before what names them by number. Conversations are numbered anew, without gaps.
#[derive(Debug)]
pub struct Gathering {
    head: Box<Head>,
    parts: Restoring,
    /// In the order of the conversations.
    signals: SignalLog,
    /// Who has signals, and the receipt of the score that they made.
    signalled: Vec<(Millis, u32)>,
    identities: dedup::Gathering,
    /// Of channels and intents, by name.
    label_numbers: [HashMap<Arc<str>, u16>; 2],
    risks_unknown: bool,
}

impl Gathering {
    /// The counts in `head`, and where duplicates and signals end, are ignored: they follow from the facts.
    pub fn new(head: Head, own: OwnSettings) -> Result<Self, RestoreError> {
        if !head.profiles.iter().any(|profile| **profile == head.settings.profile) {
            return Err(RestoreError::Stray("the profile in force"));
        }
        Ok(Self {
            head: Box::new(head),
            parts: Restoring::with_settings(own),
            signals: SignalLog::default(),
            signalled: Vec::new(),
            identities: dedup::Gathering::default(),
            label_numbers: Default::default(),
            risks_unknown: false,
        })
    }

    /// With the risk that was announced last; an account without says that it is not known of any.
    pub fn account(&mut self, account: AccountRecord, announced: Option<ChurnRisk>) {
        match announced {
            Some(risk) => self.parts.risks.push(risk),
            None => self.risks_unknown = true,
        }
        self.parts.accounts.push(account);
    }

    pub fn contact(&mut self, contact: Contact) {
        self.parts.contacts.push(contact);
    }

    pub fn conversation(&mut self, facts: Conversation) -> Result<(), RestoreError> {
        self.check(&facts)?;
        let Conversation { id, account, score, course, signals, signals_erased, comment, .. } = facts;
        let Conversation { labels, overridden, voices, rated, follow_up, .. } = facts;
        let mut record = Packed::new(id);
        let parts = &mut self.parts.conversations;
        let number = parts.records.len() as u32;
        if let Some((account, named)) = account {
            record.set_account(account, named);
        }
        if let Some(score) = score.filter(|score| !record.set_score(score)) {
            parts.scores.insert(number, score);
        }
        match course {
            Course::Unlived => {}
            Course::Living(life) => {
                record.set_phase(Phase::Living);
                parts.lives.put(number, life);
            }
            Course::Erased => record.erase(),
            Course::Settled(left) => {
                if !record.settle(&left.carried) {
                    parts.left.insert(number, left);
                }
            }
        }
        if signals_erased {
            record.set_signals(Some(NOWHERE));
        } else if let Some((signals, score)) = signals.zip(score) {
            record.set_signals(Some(self.signals.append(score.receipt, &signals)));
            self.signalled.push((score.receipt, number));
        }
        if let Some(comment) = comment {
            parts.comments.insert(number, comment);
        }
        if let Some(overridden) = overridden {
            parts.overrides.insert(number, overridden);
        }
        parts.records.push(record);
        parts.voices.push(voices);
        if let Some(rated) = rated {
            self.parts.ratings.insert(number, rated);
        }
        if let Some(follow_up) = follow_up {
            self.parts.follow_ups.of.insert(number, follow_up);
        }
        self.label(number, labels)
    }

    fn label(&mut self, number: u32, labels: [Option<Arc<str>>; 2]) -> Result<(), RestoreError> {
        for (kind, name) in LabelKind::ALL.into_iter().zip(labels) {
            if let Some(name) = name {
                let label = self.number_of(kind, &name)?;
                self.parts.labels.put(number, kind, label);
            }
        }
        Ok(())
    }

    fn number_of(&mut self, kind: LabelKind, name: &Arc<str>) -> Result<u16, RestoreError> {
        let (names, numbers) = (&mut self.parts.labels.names[kind as usize], &mut self.label_numbers[kind as usize]);
        if let Some(known) = numbers.get(name) {
            return Ok(*known);
        }
        if names.len() >= MOST_NAMES {
            return Err(RestoreError::Stray("a channel or intent"));
        }
        names.push(Arc::clone(name));
        numbers.insert(Arc::clone(name), names.len() as u16);
        Ok(names.len() as u16)
    }

    /// Who wants no mail, in the order in which they said so.
    pub fn opted_out(&mut self, mark: ContactMark) {
        self.parts.follow_ups.opted_out.push(mark);
    }

    pub fn breaker(&mut self, breaker: Breaker) -> Result<(), RestoreError> {
        if let BreakerScope::Label(kind, name) = &breaker.scope {
            self.number_of(*kind, name)?;
        }
        if self.parts.breakers.last().is_some_and(|last| last.triggered.0 > breaker.triggered.0) {
            return Err(RestoreError::Stray("the time of a breaker"));
        }
        self.parts.breakers.push(breaker);
        Ok(())
    }

    pub fn identity(&mut self, receipt: Millis, identity: &Identity, comparable: bool) -> Result<(), RestoreError> {
        let taken = self.identities.push(receipt, identity, comparable);
        if taken { Ok(()) } else { Err(RestoreError::Stray("an identity")) }
    }

    /// The workspace that these facts and pieces are of.
    pub fn finish(mut self, pieces: Pieces) -> Result<Workspace, RestoreError> {
        self.check_ids()?;
        self.order_signals();
        let (duplicates, receipts, identities) = self.identities.into_parts();
        let Self { head, mut parts, signals, .. } = self;
        (parts.receipts, parts.identities) = (receipts, identities);
        parts.signals = signals.blocks().cloned().collect();
        let counts = parts.counts();
        parts.head = Some(Box::new(Head { duplicates, counts, signals_end: signals.end(), ..*head }));
        if self.risks_unknown {
            parts.risks.clear();
            return parts.finish_with(pieces).map(Workspace::with_all_announced);
        }
        parts.finish_with(pieces)
    }

    /// Checks what later frames rely on.
    fn check(&self, facts: &Conversation) -> Result<(), RestoreError> {
        let has_come = |position: Position| position.seq() <= self.head.applied;
        let of_score = facts.score.is_none_or(|score| has_come(score.key.1));
        let of_course = match &facts.course {
            Course::Unlived | Course::Erased => true,
            Course::Living(life) => {
                life.carried.is_none_or(|carried| has_come(carried.position))
                    && life.events().all(|(_, position, _)| has_come(position))
            }
            Course::Settled(left) => has_come(left.carried.position),
        };
        if !of_score || !of_course {
            return Err(RestoreError::Stray("a position"));
        }
        if facts.score.is_some_and(|score| usize::from(score.profile) >= self.head.profiles.len()) {
            return Err(RestoreError::Stray("the profile of a score"));
        }
        if facts.score.is_none() && facts.signals.is_some() {
            return Err(RestoreError::Stray("signals without a score"));
        }
        Ok(())
    }

    fn check_ids(&self) -> Result<(), RestoreError> {
        let records = self.parts.conversations.records.iter();
        let conversations = records.filter(|record| !record.is_erased()).map(Packed::id);
        if !are_different(conversations) {
            return Err(RestoreError::Stray("a conversation's id"));
        }
        if !are_different(self.parts.accounts.iter().map(|account| account.id)) {
            return Err(RestoreError::Stray("an account's id"));
        }
        if !are_different(self.parts.contacts.iter().map(|contact| &*contact.id)) {
            return Err(RestoreError::Stray("a contact's id"));
        }
        if !are_different(self.parts.breakers.iter().map(|breaker| breaker.id)) {
            return Err(RestoreError::Stray("a breaker's id"));
        }
        Ok(())
    }

    /// Blocks of the log go when the latest score in them could be explained long enough (R5.5), so signals are added
    /// in the order of receipts.
    fn order_signals(&mut self) {
        if self.signalled.is_sorted() {
            return;
        }
        self.signalled.sort_unstable();
        let unordered = std::mem::take(&mut self.signals);
        for &(receipt, number) in &self.signalled {
            let record = self.parts.conversations.records.get_mut(number);
            let signals = record.signals().and_then(|at| unordered.read(at));
            record.set_signals(signals.map(|signals| self.signals.append(receipt, &signals)));
        }
    }
}

fn are_different<T: Ord>(ids: impl Iterator<Item = T>) -> bool {
    let mut ids: Vec<T> = ids.collect();
    ids.sort_unstable();
    ids.windows(2).all(|pair| pair[0] != pair[1])
}

#[cfg(test)]
mod tests {
    use super::super::super::expectation::Expectation;
    use super::super::super::ids::{Side, WorkspaceKey};
    use super::super::super::score::Hundredths;
    use super::super::super::scoring::catalogue::SignalKind;
    use super::super::super::scoring::{Ending, ObservedKind};
    use super::super::super::settings::Settings;
    use super::*;
    use crate::domain::life::Carried;

    fn gathering() -> Gathering {
        let key = WorkspaceKey { id: Id(1), side: Side::Live };
        let head = Workspace::new(key, "w".into(), Settings::default()).cut().head().clone();
        Gathering::new(head, OwnSettings::default()).unwrap()
    }

    /// Settled, with one signal of this goodness.
    fn settled(id: u128, receipt: Millis, goodness: u16) -> Conversation {
        let key = (receipt, Position::new(0, id as u16));
        let carried = Carried { scored_at: key.0, position: key.1, ending: Ending::Resolved, reopenings: 0 };
        let score = Score {
            key,
            dimensions: [Hundredths(300); 3],
            composite: Hundredths(300),
            confidence: Hundredths(50),
            disconfirmation: Hundredths(0),
            signal_count: 1,
            resolved: true,
            imported: false,
            profile: 0,
            receipt,
            expectation: Expectation::default(),
        };
        let signal = ObservedKind::Catalogue(SignalKind::Rating);
        Conversation {
            id: Id(id),
            account: None,
            score: Some(score),
            course: Course::Settled(Left { carried, last_change: Millis::MIN }),
            signals: Some(vec![Observation { signal, presence: 65_535, goodness }]),
            signals_erased: false,
            comment: None,
            labels: Default::default(),
            overridden: None,
            voices: Voices::default(),
            rated: None,
            follow_up: None,
        }
    }

    #[test]
    fn r5_5_signals_lie_in_the_order_in_which_they_go() {
        let mut facts = gathering();
        for (number, receipt) in [(0_u32, 30), (1, 10), (2, 20)] {
            facts.conversation(settled(u128::from(number) + 1, receipt, receipt as u16)).unwrap();
        }
        let workspace = facts.finish(Pieces::default()).unwrap();
        let place = |number: u32| workspace.conversations.signals(number).unwrap();
        assert!(place(1) < place(2) && place(2) < place(0));
        for (number, goodness) in [(0, 30), (1, 10), (2, 20)] {
            assert_eq!(workspace.signals.read(place(number)).unwrap()[0].goodness, goodness);
        }
    }

    #[test]
    fn two_conversations_share_neither_id_nor_place() {
        let twins = |second: Conversation| {
            let mut facts = gathering();
            facts.conversation(settled(1, 5, 1)).unwrap();
            facts.conversation(second).unwrap();
            facts.finish(Pieces::default()).map(|_| ())
        };
        assert_eq!(twins(settled(2, 5, 1)), Ok(()));
        assert_eq!(
            twins(Conversation { id: Id(2), ..settled(1, 5, 1) }),
            Err(RestoreError::Stray("the place of a score"))
        );
        assert_eq!(twins(settled(1, 6, 1)), Err(RestoreError::Stray("a conversation's id")));
    }
}
