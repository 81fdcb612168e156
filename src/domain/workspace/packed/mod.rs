//! A conversation's record in 56 bytes (I11).
//!
//! Every field has its bits, and none is split between two words. What a field cannot hold is refused by
//! [`Packed::set_score`] and [`Packed::settle`]; the owner of the record then keeps it elsewhere.
//!
//! A score with a number that does not fit (an import of 9,000 signals, the year 3000) is kept beside the records as
//! it is; so are lives, and the end of a life where the score does not tell it.

use serde::{Deserialize, Serialize};

use super::super::expectation::{Expectation, ExpectationSource};
use super::super::ids::{Id, Position};
use super::super::life::Carried;
use super::super::score::Hundredths;
use super::super::scoring::Ending;
use super::super::time::Millis;
use super::kept::Score;

/// Some bits of one of the record's words.
struct Field {
    word: usize,
    shift: u32,
    bits: u32,
}

const fn field(word: usize, shift: u32, bits: u32) -> Field {
    assert!(shift + bits <= 64);
    Field { word, shift, bits }
}

const SCORED_AT: Field = field(0, 0, 44);
const RECEIPT: Field = field(1, 0, 44);
const DIMENSIONS: [Field; 3] = [field(0, 44, 9), field(0, 53, 9), field(1, 44, 9)];
const COMPOSITE: Field = field(1, 53, 9);
const PHASE: Field = field(0, 62, 2);
const ENDING: Field = field(1, 62, 2);
const SEQ: Field = field(2, 0, 40);
const PLACE: Field = field(2, 40, 11);
const SIGNAL_COUNT: Field = field(2, 51, 13);
const ACCOUNT: Field = field(3, 0, 32);
const SIGNALS: Field = field(3, 32, 32);
const EXPECTED: [Field; 3] = [field(4, 0, 9), field(4, 11, 9), field(4, 22, 9)];
const SOURCES: [Field; 3] = [field(4, 9, 2), field(4, 20, 2), field(4, 31, 2)];
const CONFIDENCE: Field = field(4, 33, 7);
const DISCONFIRMATION: Field = field(4, 40, 7);
const PROFILE: Field = field(4, 47, 8);
const REOPENINGS: Field = field(4, 55, 4);
const RESOLVED: Field = field(4, 59, 1);
const IMPORTED: Field = field(4, 60, 1);
const NAMED: Field = field(4, 61, 1);
const SCORED: Field = field(4, 62, 2);

/// Added to times, so that 44 bits hold the years 1691 to 2248.
const TIME_BIAS: Millis = 1 << 43;
/// In place of an ending: the conversation has lost its id (R4.10).
const ERASED: u64 = 3;
/// No account, or no signals in the log.
const NONE: u64 = u32::MAX as u64;

/// Where a conversation's life is (R5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// No event of a life yet: imported only.
    Unlived,
    Living,
    /// What was kept per message is dropped; late events change nothing. The end of its life is told by the score,
    /// and by the ending beside it.
    Settled,
    /// Settled, and the end of its life is kept elsewhere.
    SettledElsewhere,
}

/// Where the score is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scored {
    Not,
    Here,
    Elsewhere,
    /// There is no conversation.
    Free,
}

/// One conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packed {
    id: [u64; 2],
    words: [u64; 5],
}

impl Packed {
    pub fn new(id: Id) -> Self {
        let mut record = Self { id: [(id.0 >> 64) as u64, id.0 as u64], words: [0; 5] };
        record.put(&ACCOUNT, NONE);
        record.put(&SIGNALS, NONE);
        record
    }

    /// The place is free.
    pub fn clear(&mut self) {
        *self = Self::new(Id(0));
        self.put(&SCORED, 3);
    }

    /// Removes id, life and signals, and leaves the numbers.
    pub fn erase(&mut self) {
        self.id = [0; 2];
        self.put(&SIGNALS, NONE);
        self.put(&REOPENINGS, 0);
        self.put(&ENDING, ERASED);
        self.set_phase(Phase::Settled);
    }

    /// Whether it has lost its id; one whose id is nil has not.
    pub fn is_erased(&self) -> bool {
        self.get(&ENDING) == ERASED
    }

    fn get(&self, field: &Field) -> u64 {
        self.words[field.word] >> field.shift & ((1 << field.bits) - 1)
    }

    fn put(&mut self, field: &Field, value: u64) {
        let mask = (1 << field.bits) - 1;
        let word = &mut self.words[field.word];
        *word = *word & !(mask << field.shift) | (value & mask) << field.shift;
    }

    /// Stores `value`, and returns whether it fits.
    fn fit(&mut self, field: &Field, value: u64) -> bool {
        self.put(field, value);
        self.get(field) == value
    }

    pub fn id(&self) -> Id {
        Id(u128::from(self.id[0]) << 64 | u128::from(self.id[1]))
    }

    /// The account's number.
    pub fn account(&self) -> Option<u32> {
        Some(self.get(&ACCOUNT)).filter(|&account| account != NONE).map(|account| account as u32)
    }

    /// The account was named, not inferred from the contact (R4.7).
    pub fn named(&self) -> bool {
        self.get(&NAMED) == 1
    }

    pub fn set_account(&mut self, account: u32, named: bool) {
        self.put(&ACCOUNT, u64::from(account));
        self.put(&NAMED, u64::from(named));
    }

    /// Where the signals behind the score are in the log.
    pub fn signals(&self) -> Option<u32> {
        Some(self.get(&SIGNALS)).filter(|&at| at != NONE).map(|at| at as u32)
    }

    pub fn set_signals(&mut self, at: Option<u32>) {
        self.put(&SIGNALS, at.map_or(NONE, u64::from));
    }

    pub fn phase(&self) -> Phase {
        [Phase::Unlived, Phase::Living, Phase::Settled, Phase::SettledElsewhere][self.get(&PHASE) as usize]
    }

    pub fn set_phase(&mut self, phase: Phase) {
        self.put(&PHASE, phase as u64);
    }

    /// Settles with the end of a life. False: the record cannot say it, and has not changed.
    pub fn settle(&mut self, carried: &Carried) -> bool {
        let is_the_scores = self.scored() == Scored::Here && self.key() == (carried.scored_at, carried.position);
        let fits = is_the_scores && self.fit(&REOPENINGS, u64::from(carried.reopenings));
        self.put(&ENDING, carried.ending as u64);
        self.set_phase(if fits { Phase::Settled } else { Phase::SettledElsewhere });
        fits
    }

    /// The end of the life of a [`Phase::Settled`].
    pub fn carried(&self) -> Carried {
        let (scored_at, position) = self.key();
        let ending = [Ending::Resolved, Ending::Closed, Ending::Abandoned][self.get(&ENDING) as usize % 3];
        Carried { scored_at, position, ending, reopenings: self.get(&REOPENINGS) as u32 }
    }

    pub fn scored(&self) -> Scored {
        match self.get(&SCORED) {
            0 => Scored::Not,
            1 => Scored::Here,
            2 => Scored::Elsewhere,
            _ => Scored::Free,
        }
    }

    /// The key of a score that is [`Scored::Here`].
    pub fn key(&self) -> (Millis, Position) {
        let position = Position::new(self.get(&SEQ), self.get(&PLACE) as u16);
        (self.get(&SCORED_AT) as Millis - TIME_BIAS, position)
    }

    pub fn clear_score(&mut self) {
        self.put(&SCORED, 0);
    }

    /// False: a number of it does not fit, and it must be kept elsewhere.
    pub fn set_score(&mut self, score: &Score) -> bool {
        let (scored_at, position) = score.key;
        let mut fits = self.fit(&SCORED_AT, scored_at.wrapping_add(TIME_BIAS) as u64);
        fits &= self.fit(&RECEIPT, score.receipt.wrapping_add(TIME_BIAS) as u64);
        fits &= self.fit(&SEQ, position.seq());
        fits &= self.fit(&PLACE, position.place().into());
        for (field, value) in DIMENSIONS.iter().zip(score.dimensions) {
            fits &= self.fit(field, value.0.into());
        }
        for (d, expected) in score.expectation.0.into_iter().enumerate() {
            let (value, source) = expected.map_or((0, 0), |(value, source)| (value.0, source as u64 + 1));
            fits &= self.fit(&EXPECTED[d], value.into());
            fits &= self.fit(&SOURCES[d], source);
        }
        fits &= self.fit(&COMPOSITE, score.composite.0.into());
        fits &= self.fit(&CONFIDENCE, score.confidence.0.into());
        fits &= self.fit(&DISCONFIRMATION, score.disconfirmation.0.into());
        fits &= self.fit(&SIGNAL_COUNT, score.signal_count.into());
        fits &= self.fit(&PROFILE, score.profile.into());
        self.put(&RESOLVED, score.resolved.into());
        self.put(&IMPORTED, score.imported.into());
        self.put(&SCORED, if fits { 1 } else { 2 });
        fits
    }

    /// A score that is [`Scored::Here`].
    pub fn score(&self) -> Score {
        let number = |field: &Field| Hundredths(self.get(field) as u16);
        let expected = |d: usize| {
            let source = match self.get(&SOURCES[d]) {
                0 => return None,
                1 => ExpectationSource::Baseline,
                2 => ExpectationSource::AccountWindow,
                _ => ExpectationSource::Workspace,
            };
            Some((number(&EXPECTED[d]), source))
        };
        Score {
            key: self.key(),
            dimensions: [0, 1, 2].map(|d| number(&DIMENSIONS[d])),
            composite: number(&COMPOSITE),
            confidence: number(&CONFIDENCE),
            disconfirmation: number(&DISCONFIRMATION),
            signal_count: self.get(&SIGNAL_COUNT) as u16,
            resolved: self.get(&RESOLVED) == 1,
            imported: self.get(&IMPORTED) == 1,
            profile: self.get(&PROFILE) as u16,
            receipt: self.get(&RECEIPT) as Millis - TIME_BIAS,
            expectation: Expectation([0, 1, 2].map(expected)),
        }
    }
}

#[cfg(test)]
mod tests;
