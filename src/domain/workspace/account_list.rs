//! All accounts, put in an order (R6.6): by their standings, off the workspace's own time, from a cut; the rows are read
//! from the workspace itself.

use std::cmp::Ordering;
use std::sync::Arc;

use super::super::chunks::Chunks;
use super::super::ids::Id;
use super::super::standing::{Rank, Standing};
use super::super::time::Millis;
use super::super::view::{AccountHealth, ChurnRisk};
use super::Workspace;
use super::accounts::AccountRecord;

/// What accounts are put in order by; of the same, by id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AccountSort {
    /// The riskiest first, then the lower composite.
    #[default]
    ChurnRisk,
    /// The lowest first.
    Composite,
    /// Letter by letter, capital or not.
    Name,
    /// The latest first.
    LastScoredAt,
}

/// Which accounts, and in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AccountQuery {
    pub sort: AccountSort,
    /// With one of these risks; any, if there are none.
    pub risks: Vec<ChurnRisk>,
    /// Whether a breaker of its own is active.
    pub paused: Option<bool>,
    /// What stands in the name, in small letters.
    pub name: Option<Box<str>>,
}

/// An account in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct AccountRow {
    pub number: u32,
    pub health: AccountHealth,
    pub name: Option<Arc<str>>,
    pub last_scored_at: Option<Millis>,
    pub active_breaker: Option<Id>,
    /// Where it stands in the order that was asked for; of the same by what comes after.
    pub key: u64,
}

/// The accounts as they were at one moment: shared, not copied.
#[derive(Clone, Debug)]
pub struct AccountsCut {
    standings: Chunks<Standing>,
    records: Chunks<AccountRecord>,
}

/// The accounts at which somebody has to look before it is known where they stand.
#[derive(Clone, Debug)]
pub struct Stale {
    now: Millis,
    pub numbers: Vec<u32>,
}

/// An account's place in an order: the first part of it as a number, and its own number, which leads to the rest.
pub type Place = (u64, u32);

/// A place with the second part.
#[derive(Clone, Copy)]
struct Exact {
    parts: [u64; 2],
    number: u32,
}

impl Stale {
    pub const fn at(now: Millis) -> Self {
        Self { now, numbers: Vec::new() }
    }

    /// Whoever asks takes standings as they are.
    pub const fn nobody() -> Self {
        Self::at(Millis::MIN)
    }
}

impl AccountQuery {
    /// By which part of a standing; none: by name.
    const fn rank(&self) -> Option<Rank> {
        match self.sort {
            AccountSort::ChurnRisk => Some(Rank::RISK),
            AccountSort::Composite => Some(Rank::COMPOSITE),
            AccountSort::Name => None,
            AccountSort::LastScoredAt => Some(Rank::AGE),
        }
    }

    fn key(&self, standing: Standing, name: Option<&str>) -> u64 {
        match self.rank() {
            Some(rank) => standing.rank(rank),
            None => name.map_or(u64::MAX, |name| letters(name)[0]),
        }
    }

    fn fits(&self, standing: Standing, name: Option<&str>) -> bool {
        (self.risks.is_empty() || self.risks.contains(&standing.risk()))
            && self.paused.is_none_or(|paused| paused == standing.paused())
            && self.name.as_deref().is_none_or(|part| name.is_some_and(|name| small(name).contains(part)))
    }
}

/// A text in small letters, each by itself: a final sigma is a sigma.
pub fn small(text: &str) -> String {
    small_letters(text).collect()
}

fn small_letters(name: &str) -> impl Iterator<Item = char> {
    name.chars().flat_map(char::to_lowercase)
}

/// The first sixteen bytes of a name in small letters: most names are put in order by these alone.
fn letters(name: &str) -> [u64; 2] {
    let mut bytes = [0; 16];
    let mut filled = 0;
    for letter in small_letters(name) {
        let mut encoded = [0; 4];
        let encoded = letter.encode_utf8(&mut encoded).as_bytes();
        let room = encoded.len().min(bytes.len() - filled);
        bytes[filled..filled + room].copy_from_slice(&encoded[..room]);
        filled += room;
        if filled == bytes.len() {
            break;
        }
    }
    let whole = u128::from_be_bytes(bytes);
    [(whole >> 64) as u64, whole as u64]
}

impl AccountsCut {
    pub fn count(&self) -> usize {
        self.standings.len()
    }

    /// Roughly what it holds that nobody else may hold.
    pub fn bytes(&self) -> usize {
        self.count() * size_of::<Standing>()
    }

    /// How many have each risk, the riskiest first.
    pub fn risk_counts(&self, stale: &mut Stale) -> [u64; 4] {
        let mut counts = [0; 4];
        self.each(stale, |_, standing| counts[standing.risk() as usize] += 1);
        counts
    }

    /// The first `most` of those that are asked for, in order; behind `behind`, if it is given.
    pub fn first(&self, query: &AccountQuery, behind: Option<Place>, most: usize, stale: &mut Stale) -> Vec<u32> {
        let behind = behind.map(|place| self.exact(query, place));
        let order = |a: &Exact, b: &Exact| self.order(query, a, b);
        let mut best: Vec<Exact> = Vec::with_capacity(4 * most);
        let mut last: Option<Exact> = None;
        self.each_that_fits(query, stale, |place| {
            let place = self.exact(query, place);
            let is_late = last.is_some_and(|last| order(&last, &place).is_lt());
            if !is_late && behind.is_none_or(|behind| order(&place, &behind).is_gt()) {
                best.push(place);
            }
            if best.len() == 4 * most {
                best.select_nth_unstable_by(most, order);
                best.truncate(most);
                last = best.iter().copied().max_by(order);
            }
            last.map_or(u64::MAX, |last| last.parts[0])
        });
        best.sort_unstable_by(order);
        best.into_iter().take(most).map(|place| place.number).collect()
    }

    /// As [`first`](Self::first), all of them.
    pub fn all(&self, query: &AccountQuery, behind: Option<Place>) -> Vec<u32> {
        let behind = behind.map(|place| self.exact(query, place));
        let mut all: Vec<Exact> = Vec::new();
        self.each_that_fits(query, &mut Stale::nobody(), |place| {
            let place = self.exact(query, place);
            if behind.is_none_or(|behind| self.order(query, &place, &behind).is_gt()) {
                all.push(place);
            }
            u64::MAX
        });
        all.sort_unstable_by(|a, b| self.order(query, a, b));
        all.into_iter().map(|place| place.number).collect()
    }

    fn each(&self, stale: &mut Stale, mut look: impl FnMut(u32, Standing)) {
        let mut number = 0;
        for chunk in self.standings.chunks() {
            for standing in chunk {
                if standing.is_stale(stale.now) {
                    stale.numbers.push(number);
                }
                look(number, *standing);
                number += 1;
            }
        }
    }

    /// `look` answers up to where it wants to see more: most accounts are far behind that, which a number says.
    fn each_that_fits(&self, query: &AccountQuery, stale: &mut Stale, mut look: impl FnMut(Place) -> u64) {
        let mut limit = u64::MAX;
        let rank = query.rank();
        self.each(stale, |number, standing| {
            let key = match rank {
                Some(rank) => standing.rank(rank),
                None => query.key(standing, self.name(number)),
            };
            if key > limit {
                return;
            }
            let name = query.name.as_ref().and_then(|_| self.name(number));
            if query.fits(standing, name) {
                limit = look((key, number));
            }
        });
    }

    fn name(&self, number: u32) -> Option<&str> {
        self.records.find(number)?.name.as_deref()
    }

    fn exact(&self, query: &AccountQuery, (first, number): Place) -> Exact {
        let second = match query.sort {
            AccountSort::Name => self.name(number).map_or(0, |name| letters(name)[1]),
            AccountSort::ChurnRisk | AccountSort::Composite | AccountSort::LastScoredAt => {
                self.records.find(number).map_or(0, |record| (record.id.0 >> 64) as u64)
            }
        };
        Exact { parts: [first, second], number }
    }

    fn order(&self, query: &AccountQuery, a: &Exact, b: &Exact) -> Ordering {
        a.parts.cmp(&b.parts).then_with(|| {
            let [a, b] = [a.number, b.number].map(|number| self.records.find(number));
            let [name_a, name_b] = [a, b].map(|record| record.and_then(|record| record.name.as_deref()));
            let by_name = match (query.sort, name_a, name_b) {
                (AccountSort::Name, Some(a), Some(b)) => small_letters(a).cmp(small_letters(b)),
                _ => Ordering::Equal,
            };
            by_name.then_with(|| a.map(|record| record.id).cmp(&b.map(|record| record.id)))
        })
    }
}

impl Workspace {
    /// The accounts as they are now. Whether somebody has to look at some of them first, the cut tells.
    pub fn cut_accounts(&mut self) -> AccountsCut {
        AccountsCut { standings: self.accounts.cut_standings(), records: self.accounts.cut_records() }
    }

    /// Looks at these accounts, so that it is known where they stand.
    pub fn look_at(&mut self, numbers: &[u32], now: Millis) {
        for &number in numbers {
            let (assessment, _) = self.rebuilt(number).assess(&self.rules, now);
            self.accounts.stands(number, Some(&assessment));
        }
    }

    /// At most `most` of the accounts that fit as of now, each with its place in `numbers`.
    pub fn account_rows(
        &self,
        query: &AccountQuery,
        numbers: &[u32],
        most: usize,
        now: Millis,
    ) -> Vec<(usize, AccountRow)> {
        let known = numbers.iter().enumerate().filter(|(_, number)| (**number as usize) < self.accounts.count());
        let fitting = known.filter_map(|(at, &number)| Some((at, self.account_row(query, number, now)?)));
        fitting.take(most).collect()
    }

    fn account_row(&self, query: &AccountQuery, number: u32, now: Millis) -> Option<AccountRow> {
        let account = self.rebuilt(number);
        let mut standing = Standing::default();
        let (assessment, _) = account.assess(&self.rules, now);
        standing.take(&assessment);
        let name = self.accounts.get(number).name.clone();
        query.fits(standing, name.as_deref()).then(|| AccountRow {
            number,
            health: account.health(&self.rules, now),
            last_scored_at: assessment.newest,
            active_breaker: self.accounts.tripped(number).active,
            key: query.key(standing, name.as_deref()),
            name,
        })
    }
}

#[cfg(test)]
impl AccountsCut {
    pub(super) fn standing(&self, number: u32) -> Standing {
        *self.standings.get(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r6_6_a_part_of_a_name_is_found_wherever_it_stands() {
        assert!(small("ΟΔΟΣΑ").contains(&small("ΟΔΟΣ")) && small("Ärzte").contains(&small("ÄR")));
    }
}
