//! Scored conversations in the order of their keys, with sums that make the cost of a range
//! independent of history (I10).
//!
//! Leaves hold at most [`LEAF`] conversation numbers (4 bytes each; their keys stay in the
//! records), groups at most [`GROUP`] leaves. A range is two edge leaves and sums between.

use super::ids::Position;
use super::time::Millis;

const LEAF: usize = 512;
const GROUP: usize = 64;

/// The order of R6.1: `scoredAt`, then the position of the event that scored. Unique in a
/// workspace, since an event scores one conversation.
pub type Key = (Millis, Position);

/// Where keys are looked up. An item's key must not change while it is in a timeline.
pub trait Keys {
    fn key(&self, item: u32) -> Key;
}

/// What leaves and groups add up. `()` where only the order is needed.
pub trait Sum: Copy + Default {
    fn add(&mut self, other: &Self);
    fn subtract(&mut self, other: &Self);
}

impl Sum for () {
    fn add(&mut self, (): &Self) {}
    fn subtract(&mut self, (): &Self) {}
}

/// An ordered set of conversation numbers.
#[derive(Clone, Debug, Default)]
pub struct Timeline<S> {
    groups: Vec<Group<S>>,
    len: usize,
}

#[derive(Clone, Debug)]
struct Group<S> {
    leaves: Vec<Leaf<S>>,
    len: usize,
    sum: S,
}

#[derive(Clone, Debug)]
struct Leaf<S> {
    items: Vec<u32>,
    sum: S,
}

impl<S: Sum> Timeline<S> {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Puts `item` into the leaf of its key.
    fn put(&mut self, keys: &impl Keys, item: u32, sum: &S) {
        let key = keys.key(item);
        if self.groups.is_empty() {
            self.groups.push(Group {
                leaves: vec![Leaf { items: Vec::new(), sum: S::default() }],
                len: 0,
                sum: S::default(),
            });
        }
        let (g, l) = self.locate(keys, key);
        let group = &mut self.groups[g];
        let leaf = &mut group.leaves[l];
        // Most scores are the newest: look at the end before searching.
        let at = match leaf.items.last() {
            Some(&last) if keys.key(last) > key => leaf.items.partition_point(|&other| keys.key(other) < key),
            Some(_) | None => leaf.items.len(),
        };
        leaf.items.insert(at, item);
        leaf.sum.add(sum);
        group.sum.add(sum);
        group.len += 1;
        self.len += 1;
    }

    /// Puts `item` in at its key; `value` gives an item's own sum.
    pub fn insert(&mut self, keys: &impl Keys, item: u32, value: impl Fn(u32) -> S) {
        self.put(keys, item, &value(item));
        let (g, l) = self.locate(keys, keys.key(item));
        let group = &mut self.groups[g];
        if group.leaves[l].items.len() <= LEAF {
            return;
        }
        // A leaf that grew at its end was filled in order: leave it nearly full, as most are.
        let leaf = &mut group.leaves[l];
        let cut = if leaf.items.last() == Some(&item) { LEAF } else { LEAF / 2 };
        let items = leaf.items.split_off(cut);
        let mut sum = S::default();
        items.iter().for_each(|&moved| sum.add(&value(moved)));
        leaf.sum.subtract(&sum);
        group.leaves.insert(l + 1, Leaf { items, sum });
        if group.leaves.len() > GROUP {
            let cut = if l + 2 == group.leaves.len() { GROUP } else { GROUP / 2 };
            let leaves = group.leaves.split_off(cut);
            let mut sum = S::default();
            leaves.iter().for_each(|leaf| sum.add(&leaf.sum));
            let len = leaves.iter().map(|leaf| leaf.items.len()).sum();
            group.sum.subtract(&sum);
            group.len -= len;
            self.groups.insert(g + 1, Group { leaves, len, sum });
        }
    }

    /// Takes `item` out; its key and `sum` must be those it stands under.
    pub fn remove(&mut self, keys: &impl Keys, item: u32, sum: &S) {
        let (g, l) = self.locate(keys, keys.key(item));
        let group = &mut self.groups[g];
        let leaf = &mut group.leaves[l];
        let at = leaf.items.iter().rposition(|&other| other == item).expect("the item stands under its key");
        leaf.items.remove(at);
        leaf.sum.subtract(sum);
        group.sum.subtract(sum);
        group.len -= 1;
        self.len -= 1;
        if leaf.items.is_empty() {
            group.leaves.remove(l);
        }
        if group.leaves.is_empty() {
            self.groups.remove(g);
        }
    }

    /// Changes what `item` adds to the sums from `old` to `new`.
    pub fn adjust(&mut self, keys: &impl Keys, item: u32, old: &S, new: &S) {
        let (g, l) = self.locate(keys, keys.key(item));
        let group = &mut self.groups[g];
        for sum in [&mut group.leaves[l].sum, &mut group.sum] {
            sum.subtract(old);
            sum.add(new);
        }
    }

    /// Adds all sums up anew: one pass over all items, for a change of what they add.
    pub fn recount(&mut self, value: impl Fn(u32) -> S) {
        for group in &mut self.groups {
            group.sum = S::default();
            for leaf in &mut group.leaves {
                leaf.sum = S::default();
                leaf.items.iter().for_each(|&item| leaf.sum.add(&value(item)));
                group.sum.add(&leaf.sum);
            }
        }
    }

    /// The sum over keys with `from <= scoredAt <= to`.
    pub fn range(&self, keys: &impl Keys, from: Millis, to: Millis, value: impl Fn(u32) -> S) -> S {
        let mut total = S::default();
        let inside = |item: u32| (from..=to).contains(&keys.key(item).0);
        let span = |leaves: &[Leaf<S>]| match (leaves.first(), leaves.last()) {
            (Some(first), Some(last)) => (keys.key(first.items[0]).0, keys.key(last.items[last.items.len() - 1]).0),
            _ => (Millis::MAX, Millis::MIN),
        };
        let start = self.groups.partition_point(|group| span(&group.leaves).1 < from);
        for group in &self.groups[start..] {
            let (first, last) = span(&group.leaves);
            if first > to {
                break;
            }
            if from <= first && last <= to {
                total.add(&group.sum);
                continue;
            }
            for leaf in &group.leaves {
                let (first, last) = span(std::slice::from_ref(leaf));
                if from <= first && last <= to {
                    total.add(&leaf.sum);
                } else if first <= to && from <= last {
                    leaf.items.iter().copied().filter(|&item| inside(item)).for_each(|item| total.add(&value(item)));
                }
            }
        }
        total
    }

    /// All items, newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = u32> + '_ {
        self.groups
            .iter()
            .rev()
            .flat_map(|group| group.leaves.iter().rev().flat_map(|leaf| leaf.items.iter().rev().copied()))
    }

    /// The item with `rank` newer ones before it.
    pub fn nth_newest(&self, mut rank: usize) -> Option<u32> {
        for group in self.groups.iter().rev() {
            if rank >= group.len {
                rank -= group.len;
                continue;
            }
            for leaf in group.leaves.iter().rev() {
                if let Some(at) = leaf.items.len().checked_sub(rank + 1) {
                    return Some(leaf.items[at]);
                }
                rank -= leaf.items.len();
            }
        }
        None
    }

    /// The group and leaf in which `key` stands or belongs: mostly the last. There must be a leaf.
    fn locate(&self, keys: &impl Keys, key: Key) -> (usize, usize) {
        let newest = self.groups.last().and_then(|group| group.leaves.last());
        if newest.is_some_and(|leaf| first_key(keys, leaf) <= key) {
            let g = self.groups.len() - 1;
            return (g, self.groups[g].leaves.len() - 1);
        }
        let g = self.groups.partition_point(|group| first_key(keys, &group.leaves[0]) <= key).saturating_sub(1);
        let leaves = &self.groups[g].leaves;
        (g, leaves.partition_point(|leaf| first_key(keys, leaf) <= key).saturating_sub(1))
    }
}

/// An empty leaf, which only a timeline without items has, comes before everything.
fn first_key<S>(keys: &impl Keys, leaf: &Leaf<S>) -> Key {
    leaf.items.first().map_or((Millis::MIN, Position::ZERO), |&item| keys.key(item))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    struct Count(u64, u64);

    impl Sum for Count {
        fn add(&mut self, other: &Self) {
            *self = Self(self.0 + other.0, self.1 + other.1);
        }
        fn subtract(&mut self, other: &Self) {
            *self = Self(self.0 - other.0, self.1 - other.1);
        }
    }

    struct Table(Vec<Key>);

    impl Keys for Table {
        fn key(&self, item: u32) -> Key {
            self.0[item as usize]
        }
    }

    fn value(item: u32) -> Count {
        Count(1, u64::from(item) * 7)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn r3_1_ranges_and_ranks_agree_with_a_sorted_list(
            times in proptest::collection::vec(0i64..2_000, 1..6_000),
            drops in proptest::collection::vec(any::<prop::sample::Index>(), 0..800),
            ranges in proptest::collection::vec((-5i64..2_010, -5i64..2_010), 20),
        ) {
            let table = Table(times.iter().enumerate().map(|(i, &t)| (t, Position::new(i as u64 + 1, 0))).collect());
            let mut timeline = Timeline::default();
            (0..table.0.len() as u32).for_each(|item| timeline.insert(&table, item, value));
            let mut left: Vec<u32> = (0..table.0.len() as u32).collect();
            for drop in drops {
                if !left.is_empty() {
                    let item = left.swap_remove(drop.index(left.len()));
                    timeline.remove(&table, item, &value(item));
                }
            }
            left.sort_by_key(|&item| std::cmp::Reverse(table.key(item)));
            prop_assert_eq!(timeline.len(), left.len());
            prop_assert_eq!(timeline.newest_first().collect::<Vec<_>>(), left.clone());
            for rank in [0, 1, 49, 99, 513, left.len()] {
                prop_assert_eq!(timeline.nth_newest(rank), left.get(rank).copied());
            }
            for (from, to) in ranges {
                let mut expected = Count::default();
                left.iter().filter(|&&i| (from..=to).contains(&table.key(i).0)).for_each(|&i| expected.add(&value(i)));
                prop_assert_eq!(timeline.range(&table, from, to, value), expected);
            }
        }
    }
}
