//! The scored conversations of one account, in the order of their keys. Most accounts have few, which are kept in one
//! small list; the others in a [`Timeline`]. A clone is a picture that costs little, as a timeline's is.

use std::ops::Range;

use super::time::Millis;
use super::timeline::{Keys, Timeline, insert_exactly, place};

/// The most that is kept in a list.
const FEW: usize = 256;

/// An ordered set of conversation numbers.
#[derive(Clone, Debug)]
pub enum Roster {
    Few(Vec<u32>),
    Many(Box<Timeline<()>>),
}

impl Default for Roster {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl Roster {
    pub fn len(&self) -> usize {
        match self {
            Self::Few(items) => items.len(),
            Self::Many(timeline) => timeline.len(),
        }
    }

    pub fn insert(&mut self, keys: &impl Keys, item: u32) {
        match self {
            Self::Few(items) if items.len() < FEW => {
                let at = place(keys, items, keys.key(item));
                insert_exactly(items, at, item);
            }
            Self::Few(items) => {
                let mut timeline = Timeline::of_sorted(keys, items, |_| ());
                timeline.insert(keys, item, |_| ());
                *self = Self::Many(Box::new(timeline));
            }
            Self::Many(timeline) => timeline.insert(keys, item, |_| ()),
        }
    }

    /// Adds an item that is newer than all others.
    pub fn append(&mut self, keys: &impl Keys, item: u32) {
        match self {
            Self::Few(items) if items.len() < FEW => {
                let at = items.len();
                insert_exactly(items, at, item);
            }
            Self::Few(_) | Self::Many(_) => self.insert(keys, item),
        }
    }

    /// Removes an item that is there.
    pub fn remove(&mut self, keys: &impl Keys, item: u32) {
        match self {
            Self::Few(items) => {
                let at = items.iter().rposition(|&other| other == item).expect("the item stands in its account");
                items.remove(at);
                if items.len() * 2 < items.capacity() {
                    items.shrink_to(items.len() + items.len() / 4);
                }
            }
            Self::Many(timeline) => timeline.remove(keys, item, &()),
        }
    }

    /// The ranks, from the oldest on, of keys with `from <= scoredAt <= to`.
    pub fn ranks(&self, keys: &impl Keys, from: Millis, to: Millis) -> Range<usize> {
        match self {
            Self::Few(items) => {
                let end = items.partition_point(|&item| keys.key(item).0 <= to);
                items.partition_point(|&item| keys.key(item).0 < from).min(end)..end
            }
            Self::Many(timeline) => timeline.ranks(keys, from, to),
        }
    }

    /// The items with these ranks from the oldest on, which must be there.
    pub fn ranked(&self, ranks: Range<usize>) -> impl DoubleEndedIterator<Item = u32> + '_ {
        let (few, many) = match self {
            Self::Few(items) => (&items[ranks], None),
            Self::Many(timeline) => (&[][..], Some(timeline.ranked(ranks))),
        };
        few.iter().copied().chain(many.into_iter().flatten())
    }

    /// All items, newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = u32> + '_ {
        let (few, many) = match self {
            Self::Few(items) => (items.as_slice(), None),
            Self::Many(timeline) => (&[][..], Some(timeline)),
        };
        few.iter().rev().copied().chain(many.into_iter().flat_map(|timeline| timeline.newest_first()))
    }

    /// The item that has `rank` newer ones.
    pub fn nth_newest(&self, rank: usize) -> Option<u32> {
        match self {
            Self::Few(items) => items.len().checked_sub(rank + 1).map(|at| items[at]),
            Self::Many(timeline) => timeline.nth_newest(rank),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ids::Position;
    use super::super::timeline::Key;
    use super::*;

    struct Table(Vec<Key>);

    impl Keys for Table {
        fn key(&self, item: u32) -> Key {
            self.0[item as usize]
        }
    }

    #[test]
    fn r6_1_few_and_many_stand_in_the_same_order() {
        let count = 3 * FEW as u32;
        let time = |item: u32| i64::from(item.wrapping_mul(2_654_435_761) % 1_000);
        let table = Table((0..count).map(|item| (time(item), Position::new(u64::from(item), 0))).collect());
        let (mut roster, mut sorted) = (Roster::default(), Vec::new());
        for item in 0..count {
            roster.insert(&table, item);
            sorted.push(item);
            if item % 5 == 4 {
                roster.remove(&table, item - 3);
                sorted.retain(|&other| other != item - 3);
            }
            sorted.sort_by_key(|&item| std::cmp::Reverse(table.key(item)));
            if item % 50 == 0 {
                assert_eq!(roster.newest_first().collect::<Vec<_>>(), sorted);
                assert!((0..=sorted.len()).all(|rank| roster.nth_newest(rank) == sorted.get(rank).copied()));
                let ranks = roster.ranks(&table, 100, 299);
                let inside = sorted.iter().copied().filter(|&item| (100..300).contains(&table.key(item).0));
                assert!(roster.ranked(ranks).rev().eq(inside));
            }
        }
        assert!(matches!(roster, Roster::Many(_)) && roster.len() == sorted.len());
    }

    #[test]
    fn i11_a_list_has_a_quarter_of_slack_at_most() {
        let table = Table((0..FEW as u32).map(|item| (0, Position::new(u64::from(item), 0))).collect());
        let mut roster = Roster::default();
        for item in 0..FEW as u32 {
            roster.insert(&table, item);
            let Roster::Few(items) = &roster else { panic!("few") };
            assert!(items.capacity() <= items.len().max(4) * 5 / 4, "{} for {}", items.capacity(), items.len());
        }
    }
}
