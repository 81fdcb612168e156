//! Where an account stands among the others, in 16 bytes: lists of accounts are put in order by these, without a look
//! at any conversation (R6.6).
//!
//! A standing is taken wherever the account judges itself anyway. It holds until the oldest conversation leaves the
//! window, or until something changes that nobody judges: then it is stale, and taken anew before the next list is
//! made. Which risk was announced last is kept here as well; only that is part of the state.

use super::score::Hundredths;
use super::time::Millis;
use super::view::ChurnRisk;

/// Some bits of the packed word.
#[derive(Clone, Copy)]
struct Field {
    shift: u32,
    bits: u32,
}

// Risk and composite stand at the top, so that both together are one number that grows from the riskiest on.
const AGE: Field = Field { shift: 0, bits: 45 };
const ANNOUNCED: Field = Field { shift: 50, bits: 2 };
const PAUSED: Field = Field { shift: 52, bits: 1 };
const COMPOSITE: Field = Field { shift: 53, bits: 9 };
const RISK: Field = Field { shift: 62, bits: 2 };

const RISKS: [ChurnRisk; 4] = [ChurnRisk::Critical, ChurnRisk::High, ChurnRisk::Medium, ChurnRisk::Low];

/// Above every composite: there is none.
const NO_COMPOSITE: u64 = (1 << COMPOSITE.bits) - 1;
/// Above every age: there is no conversation.
const NO_AGE: u64 = 1 << 44;
/// Added to times, so that 44 bits hold the years 1691 to 2248; others count as the next of these.
const TIME_BIAS: Millis = 1 << 43;
/// Until a moment that is long over: before all moments but the first.
const STALE: Millis = Millis::MIN + 1;

/// What a list is put in order by.
#[derive(Clone, Copy)]
pub struct Rank(Field);

impl Rank {
    /// The riskiest first, and of the same risk the lower composite.
    pub const RISK: Self = Self(Field { shift: COMPOSITE.shift, bits: COMPOSITE.bits + RISK.bits });
    /// The lowest first; an account without any comes last.
    pub const COMPOSITE: Self = Self(COMPOSITE);
    /// The latest conversation first; an account without any comes last.
    pub const AGE: Self = Self(AGE);
}

/// What an account comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assessment {
    pub risk: ChurnRisk,
    pub rolling_composite: Option<Hundredths>,
    /// A breaker of its own is active.
    pub paused: bool,
    /// `scoredAt` of its newest conversation, however old.
    pub newest: Option<Millis>,
    /// From when on it may come to something else although nothing happens.
    pub until: Millis,
}

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    until: Millis,
    word: u64,
}

impl Default for Standing {
    /// Of an account that has just been named; nobody has looked at it yet.
    fn default() -> Self {
        let low = ChurnRisk::Low as u64;
        let nothing = NO_COMPOSITE << COMPOSITE.shift | NO_AGE << AGE.shift;
        Self { until: STALE, word: low << RISK.shift | low << ANNOUNCED.shift | nothing }
    }
}

impl Standing {
    const fn get(self, field: &Field) -> u64 {
        self.word >> field.shift & ((1 << field.bits) - 1)
    }

    const fn put(&mut self, field: &Field, value: u64) {
        let mask = (1 << field.bits) - 1;
        self.word = self.word & !(mask << field.shift) | (value & mask) << field.shift;
    }

    /// What was announced stays.
    pub fn take(&mut self, assessment: &Assessment) {
        let age = assessment.newest.map_or(NO_AGE, |at| {
            let time = at.saturating_add(TIME_BIAS).clamp(1, NO_AGE.cast_signed() - 1);
            NO_AGE - time.cast_unsigned()
        });
        self.until = assessment.until;
        self.put(&AGE, age);
        self.put(&COMPOSITE, assessment.rolling_composite.map_or(NO_COMPOSITE, |composite| composite.0.into()));
        self.put(&RISK, assessment.risk as u64);
        self.put(&PAUSED, assessment.paused.into());
    }

    pub const fn set_stale(&mut self) {
        self.until = STALE;
    }

    pub const fn is_stale(self, now: Millis) -> bool {
        self.until <= now
    }

    pub const fn risk(self) -> ChurnRisk {
        RISKS[self.get(&RISK) as usize]
    }

    pub const fn paused(self) -> bool {
        self.get(&PAUSED) == 1
    }

    /// Smaller numbers come first.
    pub const fn rank(self, by: Rank) -> u64 {
        self.get(&by.0)
    }

    /// The risk of its latest effect. An account without conversations has a low one.
    pub const fn announced(self) -> ChurnRisk {
        RISKS[self.get(&ANNOUNCED) as usize]
    }

    pub const fn announce(&mut self, risk: ChurnRisk) {
        self.put(&ANNOUNCED, risk as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r6_6_a_standing_says_what_was_put_in() {
        assert_eq!(size_of::<Standing>(), 16);
        let mut standing = Standing::default();
        assert!(standing.is_stale(STALE) && !standing.is_stale(Millis::MIN));
        assert!(standing.announced() == ChurnRisk::Low && !standing.paused());
        assert_eq!((standing.rank(Rank::COMPOSITE), standing.rank(Rank::AGE)), (511, 1 << 44));
        for (risk, announced) in RISKS.into_iter().zip(RISKS.into_iter().rev()) {
            standing.announce(announced);
            for (composite, newest) in
                [(None, None), (Some(Hundredths(500)), Some(5)), (Some(Hundredths(100)), Some(-5))]
            {
                let assessment = Assessment { risk, rolling_composite: composite, paused: true, newest, until: 70 };
                standing.take(&assessment);
                assert_eq!((standing.risk(), standing.announced(), standing.paused()), (risk, announced, true));
                assert_eq!(standing.rank(Rank::COMPOSITE), composite.map_or(511, |composite| composite.0.into()));
                assert_eq!(standing.rank(Rank::RISK), (risk as u64) << 9 | standing.rank(Rank::COMPOSITE));
                assert!(!standing.is_stale(69) && standing.is_stale(70));
            }
        }
        standing.set_stale();
        assert!(standing.is_stale(0));
    }

    #[test]
    fn r6_6_the_newest_come_first_whatever_the_year() {
        let rank = |newest| {
            let mut standing = Standing::default();
            let risk = ChurnRisk::Low;
            standing.take(&Assessment { risk, rolling_composite: None, paused: false, newest, until: 0 });
            standing.rank(Rank::AGE)
        };
        let times = [Some(Millis::MAX), Some(2), Some(1), Some(0), Some(-1), Some(Millis::MIN), None];
        let ranks = times.map(rank);
        assert!(ranks.windows(2).all(|pair| pair[0] < pair[1]), "{ranks:?}");
    }
}
