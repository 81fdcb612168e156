//! Conversations and their scores.

use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::DefaultHashBuilder;

use super::super::chunks::Chunks;
use super::super::ids::{Id, Position};
use super::super::index::Index;
use super::super::life::{ContactMark, Life};
use super::super::rules::Rules;
use super::super::sparse::Sparse;
use super::super::time::Millis;
use super::super::timeline::{Key, Keys};
use super::kept::{Comment, Left, Overridden, Score};
use super::lives::Lives;
use super::packed::{Packed, Phase, Scored};
use super::tally::{Group, Sums};
use super::voices::Voices;

/// Where a conversation's life is, seen from its next event.
#[derive(Clone, Copy, Debug)]
pub enum Course<'a> {
    /// No event of a life yet: imported only.
    Unlived,
    Living(&'a Life),
    /// What was kept per message is dropped; late events change nothing.
    Settled(Left),
}

/// All conversations, by number. A record holds nearly everything (I11); what only some conversations have is kept
/// beside the records.
#[derive(Clone, Debug, Default)]
pub struct Conversations {
    records: Chunks<Packed>,
    by_id: Index,
    /// Keyed anew in every process, since clients choose the ids. Affects nothing but speed.
    hasher: DefaultHashBuilder,
    lives: Lives,
    /// Scores with a number that a record cannot hold.
    scores: Sparse<Score>,
    /// The end of settled lives that a record cannot say: where the score came from elsewhere, or where there is
    /// none.
    left: Sparse<Left>,
    comments: Sparse<Arc<Comment>>,
    overrides: Sparse<Arc<Overridden>>,
    /// Whose messages there were, as far as any conversation has one.
    voices: Chunks<Voices>,
    /// Numbers of removed conversations; the last is given anew first.
    free: Vec<u32>,
}

/// Everything but the index.
#[derive(Clone, Debug, Default)]
pub(super) struct ConversationsCut {
    pub records: Chunks<Packed>,
    pub lives: Lives,
    pub scores: Sparse<Score>,
    pub left: Sparse<Left>,
    pub comments: Sparse<Arc<Comment>>,
    pub overrides: Sparse<Arc<Overridden>>,
    pub voices: Chunks<Voices>,
    pub free: Vec<u32>,
}

impl ConversationsCut {
    pub fn score(&self, number: u32) -> Option<Score> {
        let record = self.records.get(number);
        match record.scored() {
            Scored::Not | Scored::Free => None,
            Scored::Here => Some(record.score()),
            Scored::Elsewhere => self.scores.get(number).copied(),
        }
    }

    /// The account's number.
    pub fn account(&self, number: u32) -> Option<u32> {
        self.records.get(number).account()
    }
}

impl Conversations {
    pub fn find(&self, id: Id) -> Option<u32> {
        self.by_id.find(self.hasher.hash_one(id), |number| self.records.get(number).id() == id)
    }

    /// Adds a conversation that must not be there yet.
    pub fn create(&mut self, id: Id) -> u32 {
        let number = match self.free.pop() {
            Some(number) => {
                *self.records.get_mut(number) = Packed::new(id);
                number
            }
            None => self.records.push(Packed::new(id)),
        };
        let (records, hasher) = (&self.records, &self.hasher);
        self.by_id.insert(hasher.hash_one(id), number, |other| hasher.hash_one(records.get(other).id()));
        number
    }

    /// Removes a conversation that is in no index any more except that by id.
    pub fn remove(&mut self, number: u32) {
        let (records, hasher) = (&self.records, &self.hasher);
        let hash_of = |other: u32| hasher.hash_one(records.get(other).id());
        if !records.get(number).is_erased() {
            self.by_id.remove(hash_of(number), number, hash_of);
        }
        self.lives.end(number);
        self.scores.remove(number);
        self.left.remove(number);
        self.comments.remove(number);
        self.overrides.remove(number);
        self.set_voices(number, Voices::default());
        self.records.get_mut(number).clear();
        self.free.push(number);
    }

    /// Leaves a scored conversation's numbers and nothing that tells whose they are (R4.10). It cannot be found by
    /// its id any more.
    pub fn erase(&mut self, number: u32) {
        let (records, hasher) = (&self.records, &self.hasher);
        let hash_of = |other: u32| hasher.hash_one(records.get(other).id());
        self.by_id.remove(hash_of(number), number, hash_of);
        self.lives.end(number);
        self.left.remove(number);
        self.comments.remove(number);
        self.overrides.remove(number);
        self.records.get_mut(number).erase();
    }

    /// It has lost its id.
    pub fn is_erased(&self, number: u32) -> bool {
        self.records.get(number).is_erased()
    }

    pub fn is_free(&self, number: u32) -> bool {
        self.records.get(number).scored() == Scored::Free
    }

    /// How many there are.
    pub fn held(&self) -> usize {
        self.records.len() - self.free.len()
    }

    /// The numbers that will be given anew, in that order from the end.
    pub fn free(&self) -> &[u32] {
        &self.free
    }

    /// Whether there is, or was, a conversation of this number.
    pub fn is_known(&self, number: u32) -> bool {
        (number as usize) < self.records.len()
    }

    /// Whether it is there and has kept its id.
    pub fn has_id(&self, number: u32) -> bool {
        !self.is_free(number) && !self.is_erased(number)
    }

    pub fn id(&self, number: u32) -> Id {
        self.records.get(number).id()
    }

    /// The account's number.
    pub fn account(&self, number: u32) -> Option<u32> {
        self.records.get(number).account()
    }

    /// The account was named, not inferred from the contact (R4.7).
    pub fn named(&self, number: u32) -> bool {
        self.records.get(number).named()
    }

    pub fn set_account(&mut self, number: u32, account: u32, named: bool) {
        self.records.get_mut(number).set_account(account, named);
    }

    pub fn score(&self, number: u32) -> Option<Score> {
        let record = self.records.get(number);
        match record.scored() {
            Scored::Not | Scored::Free => None,
            Scored::Here => Some(record.score()),
            Scored::Elsewhere => self.scores.get(number).copied(),
        }
    }

    pub fn is_scored(&self, number: u32) -> bool {
        matches!(self.records.get(number).scored(), Scored::Here | Scored::Elsewhere)
    }

    /// The score of a conversation that stands in a timeline.
    pub fn placed(&self, number: u32) -> Score {
        self.score(number).expect("only scored conversations stand in timelines")
    }

    pub fn set_score(&mut self, number: u32, score: Option<Score>) {
        let record = self.records.get_mut(number);
        let carried = (record.phase() == Phase::Settled).then(|| record.carried());
        if record.scored() == Scored::Elsewhere {
            self.scores.remove(number);
        }
        match score {
            None => record.clear_score(),
            Some(score) if record.set_score(&score) => {}
            Some(score) => {
                self.scores.insert(number, score);
            }
        }
        // The end of a settled life is that of the score, unless the life settled on another score.
        if let Some(carried) = carried
            && (record.scored() != Scored::Here || record.carried() != carried)
        {
            record.set_phase(Phase::SettledElsewhere);
            self.left.insert(number, Left { carried, last_change: Millis::MIN });
        }
    }

    /// Where the signals behind the score are in the log, if its life cannot give them.
    pub fn signals(&self, number: u32) -> Option<u32> {
        self.records.get(number).signals()
    }

    pub fn set_signals(&mut self, number: u32, at: Option<u32>) {
        self.records.get_mut(number).set_signals(at);
    }

    pub fn course(&self, number: u32) -> Course<'_> {
        match self.records.get(number).phase() {
            Phase::Unlived => Course::Unlived,
            Phase::Living => Course::Living(self.lives.get(number)),
            Phase::Settled => {
                Course::Settled(Left { carried: self.records.get(number).carried(), last_change: Millis::MIN })
            }
            Phase::SettledElsewhere => Course::Settled(*self.left.get(number).expect("it is kept elsewhere")),
        }
    }

    /// It was over and was taken up again, whether or not it is over now.
    pub fn is_reopened(&self, number: u32) -> bool {
        match self.course(number) {
            Course::Unlived => false,
            Course::Living(life) => life.is_reopened(),
            Course::Settled(left) => left.carried.reopenings > 0,
        }
    }

    /// Takes out the life that the next event goes to: the one that lives, or a new one.
    pub fn take_life(&mut self, number: u32) -> Arc<Life> {
        let record = self.records.get(number);
        match record.phase() {
            Phase::Unlived => Arc::default(),
            Phase::Living => self.lives.take(number),
            Phase::Settled => Arc::new(Life::after(record.carried())),
            Phase::SettledElsewhere => {
                let left = self.left.remove(number).expect("it is kept elsewhere");
                let mut life = Life::after(left.carried);
                life.noted = left.last_change;
                Arc::new(life)
            }
        }
    }

    /// Puts a life back.
    pub fn put_life(&mut self, number: u32, life: Arc<Life>) {
        self.records.get_mut(number).set_phase(Phase::Living);
        self.lives.put(number, life);
    }

    /// Ends a life, with its end.
    pub fn settle(&mut self, number: u32, left: Left) {
        self.lives.end(number);
        if !self.records.get_mut(number).settle(&left.carried) {
            self.left.insert(number, left);
        }
    }

    /// The receipt by which an unscored conversation that has settled is as old as it is.
    pub fn left_at(&mut self, number: u32, last_change: Millis) {
        if let Course::Settled(Left { carried, .. }) = self.course(number) {
            self.records.get_mut(number).set_phase(Phase::SettledElsewhere);
            self.left.insert(number, Left { carried, last_change });
        }
    }

    /// Ends a life from which nothing is left, as if there had been none.
    pub fn unlive(&mut self, number: u32) {
        self.lives.end(number);
        self.records.get_mut(number).set_phase(Phase::Unlived);
    }

    /// Keeps what a customer wrote: `contact`, or else the one whose life it is.
    pub fn comment(&mut self, number: u32, position: Position, text: &str, contact: Option<ContactMark>) {
        let contact = contact.or_else(|| match self.course(number) {
            Course::Living(life) => life.contact,
            Course::Unlived | Course::Settled(_) => None,
        });
        self.comments.insert(number, Arc::new(Comment { position, contact, text: text.into() }));
    }

    pub fn comment_on(&self, number: u32) -> Option<&Comment> {
        self.comments.get(number).map(Arc::as_ref)
    }

    pub fn drop_comment(&mut self, number: u32) {
        self.comments.remove(number);
    }

    /// A person's word on its score.
    pub fn overridden(&self, number: u32) -> Option<&Overridden> {
        self.overrides.get(number).map(Arc::as_ref)
    }

    pub fn set_overridden(&mut self, number: u32, overridden: Option<Overridden>) {
        match overridden {
            Some(overridden) => self.overrides.insert(number, Arc::new(overridden)),
            None => {
                self.overrides.remove(number);
            }
        }
    }

    /// By number.
    pub fn all_overridden(&self) -> impl Iterator<Item = (u32, &Overridden)> {
        self.overrides.iter().map(|(number, overridden)| (number, overridden.as_ref()))
    }

    /// By number.
    pub fn comments(&self) -> impl Iterator<Item = (u32, &Comment)> {
        self.comments.iter().map(|(number, comment)| (number, comment.as_ref()))
    }

    /// Under which time an unscored conversation was noted.
    pub fn noted(&self, number: u32) -> Option<Millis> {
        match self.course(number) {
            Course::Living(life) => Some(life.noted),
            Course::Settled(left) => Some(left.last_change),
            Course::Unlived => None,
        }
    }

    /// An unscored conversation stands under this time.
    pub fn note(&mut self, number: u32, at: Millis) {
        if self.records.get(number).phase() == Phase::Living {
            self.lives.get_mut(number).noted = at;
        }
    }

    /// Whose messages there were.
    pub fn voices(&self, number: u32) -> Voices {
        self.voices.find(number).copied().unwrap_or_default()
    }

    pub fn set_voices(&mut self, number: u32, voices: Voices) {
        if self.voices(number) != voices {
            self.voices.fill(number as usize + 1, &Voices::default());
            *self.voices.get_mut(number) = voices;
        }
    }

    /// What a scored conversation adds to statistics.
    pub fn part(&self, number: u32, rules: &Rules) -> (Group, Sums) {
        self.part_with(number, &self.placed(number), rules)
    }

    /// What it adds with this score.
    pub fn part_with(&self, number: u32, score: &Score, rules: &Rules) -> (Group, Sums) {
        let group = Group { handler: self.voices(number).handler(), profile: score.profile };
        (group, Sums::of(score, rules))
    }

    /// Everything but the index (I9).
    pub(super) fn cut(&mut self) -> ConversationsCut {
        ConversationsCut {
            records: self.records.cut(),
            lives: self.lives.cut(),
            scores: self.scores.cut(),
            left: self.left.cut(),
            comments: self.comments.cut(),
            overrides: self.overrides.cut(),
            voices: self.voices.cut(),
            free: self.free.clone(),
        }
    }

    /// The inverse of `cut`. Nothing is found by id until `with_index`.
    pub(super) fn without_index(cut: ConversationsCut) -> Self {
        let ConversationsCut { records, lives, scores, left, comments, overrides, voices, free } = cut;
        Self { records, lives, scores, left, comments, overrides, voices, free, ..Self::default() }
    }

    /// The index by id. Those that have lost theirs stand in none.
    pub(super) fn index(&self) -> Index {
        let mut index = Index::default();
        let hash_of = |number: u32| self.hasher.hash_one(self.records.get(number).id());
        for number in self.numbers().filter(|&number| self.has_id(number)) {
            index.insert(hash_of(number), number, hash_of);
        }
        index
    }

    pub(super) fn with_index(mut self, by_id: Index) -> Self {
        self.by_id = by_id;
        self
    }

    /// Whether everything is there that the record says is kept elsewhere.
    pub fn is_whole(&self, number: u32) -> bool {
        let record = self.records.get(number);
        let score = record.scored() != Scored::Elsewhere || self.scores.get(number).is_some();
        let life = match record.phase() {
            Phase::Living => self.lives.find(number).is_some(),
            Phase::SettledElsewhere => self.left.get(number).is_some(),
            Phase::Unlived | Phase::Settled => true,
        };
        score && life
    }

    pub fn is_unscored(&self, number: u32) -> bool {
        self.records.get(number).scored() == Scored::Not
    }

    pub fn lives(&self) -> impl Iterator<Item = (u32, &Arc<Life>)> {
        self.lives.iter()
    }

    /// All numbers.
    pub fn numbers(&self) -> impl ExactSizeIterator<Item = u32> + use<> {
        0..self.records.len() as u32
    }
}

impl Keys for Conversations {
    fn key(&self, item: u32) -> Key {
        let record = self.records.get(item);
        if record.scored() == Scored::Here { record.key() } else { self.placed(item).key }
    }
}
