//! Conversations and their scores.

use hashbrown::HashMap;

use super::super::account::Entry;
use super::super::expectation::Expectation;
use super::super::ids::Id;
use super::super::life::{Carried, Life};
use super::super::rules::Rules;
use super::super::run::Scored;
use super::super::score::Hundredths;
use super::super::scoring::Observation;
use super::super::time::Millis;
use super::super::timeline::{Key, Keys, Sum};

/// A message thread.
#[derive(Clone, Debug)]
pub struct Conversation {
    pub id: Id,
    /// The account's number.
    pub account: Option<u32>,
    /// The account was named, not inferred from the contact (R4.7).
    pub named: bool,
    pub phase: Phase,
    pub score: Option<Score>,
    /// The signals behind a score that was made here, for as long as R5.5 asks.
    pub signals: Option<Box<[Observation]>>,
}

/// Where a conversation stands in R5.2's course.
#[derive(Clone, Debug)]
pub enum Phase {
    /// No event of a life yet: imported only.
    Unlived,
    Living(Box<Life>),
    /// What was kept per message is dropped; late events change nothing.
    Settled(Carried),
}

/// A published score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Score {
    /// `scoredAt` and the position of the event that gave it.
    pub key: Key,
    pub dimensions: [Hundredths; 3],
    pub composite: Hundredths,
    pub confidence: Hundredths,
    pub disconfirmation: Hundredths,
    pub signal_count: u16,
    pub resolved: bool,
    /// It was made elsewhere and stands until R5.3 lets it go.
    pub imported: bool,
    /// The number of the profile it was made with.
    pub profile: u16,
    /// Receipt of the latest event that made or re-made it.
    pub receipt: Millis,
    pub expectation: Expectation,
}

impl Score {
    pub fn entry(&self, conversation: Id) -> Entry {
        Entry {
            conversation,
            key: self.key,
            dimensions: self.dimensions,
            composite: self.composite,
            resolved: self.resolved,
        }
    }

    pub fn scored(&self, conversation: Id) -> Scored {
        Scored { conversation, key: self.key, composite: self.composite }
    }
}

/// Records in one chunk: about 64 KiB (I9). Growing never copies what is there.
const CHUNK: usize = 384;

/// All conversations, by number.
#[derive(Clone, Debug, Default)]
pub struct Conversations {
    chunks: Vec<Vec<Conversation>>,
    by_id: HashMap<Id, u32>,
}

impl Conversations {
    pub fn find(&self, id: Id) -> Option<u32> {
        self.by_id.get(&id).copied()
    }

    /// Makes a conversation that is not there yet.
    pub fn create(&mut self, id: Id) -> u32 {
        let record =
            Conversation { id, account: None, named: false, phase: Phase::Unlived, score: None, signals: None };
        let number = self.by_id.len() as u32;
        match self.chunks.last_mut() {
            Some(chunk) if chunk.len() < CHUNK => chunk.push(record),
            Some(_) => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(record);
                self.chunks.push(chunk);
            }
            // A workspace with few conversations takes no whole chunk.
            None => self.chunks.push(vec![record]),
        }
        self.by_id.insert(id, number);
        number
    }

    pub fn get(&self, number: u32) -> &Conversation {
        &self.chunks[number as usize / CHUNK][number as usize % CHUNK]
    }

    pub fn get_mut(&mut self, number: u32) -> &mut Conversation {
        &mut self.chunks[number as usize / CHUNK][number as usize % CHUNK]
    }

    /// The score under which `number` stands in a timeline.
    pub fn score(&self, number: u32) -> &Score {
        self.get(number).score.as_ref().expect("only scored conversations stand in timelines")
    }

    pub fn sums(&self, number: u32, rules: &Rules) -> Sums {
        Sums::of(self.score(number), rules)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Conversation> {
        self.chunks.iter().flatten()
    }
}

impl Keys for Conversations {
    fn key(&self, item: u32) -> Key {
        self.score(item).key
    }
}

/// What statistics add up (R3.1), in hundredths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    pub count: u64,
    pub dimensions: [u64; 3],
    pub composite: u64,
    pub confidence: u64,
    pub disconfirmation: u64,
    /// Conversations that count as resolved (R6.2).
    pub resolved: u64,
}

impl Sums {
    pub fn of(score: &Score, rules: &Rules) -> Self {
        Self {
            count: 1,
            dimensions: score.dimensions.map(|dimension| u64::from(dimension.0)),
            composite: u64::from(score.composite.0),
            confidence: u64::from(score.confidence.0),
            disconfirmation: u64::from(score.disconfirmation.0),
            resolved: u64::from(rules.counts_as_resolved(score.resolved, score.composite)),
        }
    }

    fn zip(&mut self, other: &Self, op: impl Fn(u64, u64) -> u64) {
        self.count = op(self.count, other.count);
        (0..3).for_each(|d| self.dimensions[d] = op(self.dimensions[d], other.dimensions[d]));
        self.composite = op(self.composite, other.composite);
        self.confidence = op(self.confidence, other.confidence);
        self.disconfirmation = op(self.disconfirmation, other.disconfirmation);
        self.resolved = op(self.resolved, other.resolved);
    }
}

impl Sum for Sums {
    fn add(&mut self, other: &Self) {
        self.zip(other, |a, b| a + b);
    }

    fn subtract(&mut self, other: &Self) {
        self.zip(other, |a, b| a - b);
    }
}
