//! Which conversation comes next: chosen by dice that fall the same way each time.

use serde::Deserialize;
use uuid::Uuid;

use super::texts::{Account, Script, TEXTS, fitting};
use crate::ids::{Ids, SeededIds};

/// How an account's weeks go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Course {
    Steady,
    Mixed,
    /// Well, and worse in the last week.
    Falling,
    /// Badly, and well in the last two weeks.
    Rising,
    Poor,
}

/// Of a hundred conversations how many are middling, and how many have a low score, before the season makes them more
/// or fewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Odds {
    middling: u64,
    low: u64,
}

const fn odds(middling: u64, low: u64) -> Odds {
    Odds { middling, low }
}

/// What the season does to all accounts, in percent of their odds: each of the five weeks. In the third a release
/// went wrong.
const WEEKS: [u64; 5] = [110, 60, 260, 170, 50];

/// In which week `Falling` begins to fall, and `Rising` to rise.
const FALLS: u64 = 4;
const RISES: u64 = 3;

impl Course {
    /// In the week of that number, from 0.
    fn odds(self, week: u64) -> Odds {
        match self {
            Self::Falling if week >= FALLS => odds(60, 150),
            Self::Rising if week < RISES => odds(40, 25),
            Self::Steady | Self::Falling | Self::Rising => odds(10, 3),
            Self::Mixed => odds(30, 12),
            Self::Poor => odds(80, 190),
        }
    }
}

/// Dice with a seed.
pub struct Dice(SeededIds);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(SeededIds::new(seed))
    }

    /// A number below `sides`.
    pub fn below(&self, sides: u64) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.0.secret();
        u64::from_le_bytes([a, b, c, d, e, f, g, h]) % sides.max(1)
    }

    pub fn percent(&self, chance: u64) -> bool {
        self.below(100) < chance
    }

    /// A number from `least` to `most`.
    pub fn between(&self, least: i64, most: i64) -> i64 {
        let sides = u64::try_from(most - least + 1).unwrap_or(1);
        least + i64::try_from(self.below(sides)).unwrap_or(0)
    }

    pub fn id(&self) -> Uuid {
        self.0.uuid()
    }

    pub fn pick<T>(&self, from: &[T]) -> usize {
        usize::try_from(self.below(from.len() as u64)).unwrap_or(0)
    }
}

/// Chooses an account's conversations. Never two low ones in a row: breakers trip where the story has them trip.
pub struct Chooser<'a> {
    account: &'a Account,
    was_low: bool,
}

impl<'a> Chooser<'a> {
    /// The first one is not low.
    pub const fn new(account: &'a Account) -> Self {
        Self { account, was_low: true }
    }

    /// The next one, in the week of that number; and whether its score will be low.
    pub fn next(&mut self, week: u64, dice: &Dice) -> (&'static Script, bool) {
        let season = WEEKS.get(usize::try_from(week).unwrap_or(usize::MAX)).copied().unwrap_or(100);
        let odds = self.account.course.odds(week);
        let low = !self.was_low && dice.percent(odds.low * season / 100);
        self.was_low = low;
        let scripts = match (low, dice.percent((odds.middling * season / 100).min(90))) {
            (true, _) if dice.percent(45) => &TEXTS.poor,
            (true, _) => &TEXTS.bad,
            (false, true) => &TEXTS.middling,
            (false, false) => &TEXTS.good,
        };
        (pick(scripts, &self.account.name, dice), low)
    }
}

/// One that fits the account; of its own, where it has some, every other time.
fn pick(scripts: &'static [Script], account: &str, dice: &Dice) -> &'static Script {
    let fits: Vec<_> = fitting(scripts, account).collect();
    let own: Vec<_> = fits.iter().copied().filter(|script| script.account.is_some()).collect();
    let from = if own.is_empty() || dice.percent(50) { &fits } else { &own };
    from[dice.pick(from)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_choices() {
        let chosen = |seed| {
            let (dice, mut chooser) = (Dice::new(seed), Chooser::new(&TEXTS.accounts[9]));
            (0..200).map(|week| chooser.next(week / 40, &dice)).map(|(script, low)| (&raw const *script, low)).collect()
        };
        let first: Vec<_> = chosen(1);
        assert_eq!(chosen(1), first);
        assert_ne!(chosen(2), first);
        assert!(first.iter().filter(|(_, low)| *low).count() > 50, "a poor account");
        assert!(first.windows(2).all(|two| !(two[0].1 && two[1].1)), "never two low ones in a row");
    }
}
