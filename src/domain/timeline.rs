//! Scored conversations in the order of their keys, with sums that make any range cost the same, however many
//! conversations there are (I10).
//!
//! Leaves hold at most [`LEAF`] conversation numbers (4 bytes each; their keys stay in the
//! records), groups at most [`GROUP`] leaves. A range is two edge leaves and sums between.

use super::ids::Position;
use super::time::Millis;

/// Small in unit tests, so that they have several groups.
const LEAF: usize = if cfg!(test) { 32 } else { 512 };
const GROUP: usize = if cfg!(test) { 8 } else { 64 };

/// The order of R6.1: `scoredAt`, then the position of the event that scored. Unique in a
/// workspace, since an event scores one conversation.
pub type Key = (Millis, Position);

/// Looks keys up. An item's key must not change while it is in a timeline.
pub trait Keys {
    fn key(&self, item: u32) -> Key;
}

/// What leaves and groups sum up; `()` where only the order is needed.
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
    /// The key of the first item, kept here because records lie all over the memory.
    first: Key,
    sum: S,
}

impl<S: Sum> Leaf<S> {
    /// The first leaf of a timeline.
    fn of(item: u32, first: Key, sum: S) -> Self {
        Self { items: vec![item], first, sum }
    }

    /// Splits off what comes from `cut` on.
    fn split(&mut self, keys: &impl Keys, cut: usize, value: impl Fn(u32) -> S) -> Self {
        let items = self.items[cut..].to_vec();
        self.items.truncate(cut);
        self.items.shrink_to(cut + cut / 8);
        let mut sum = S::default();
        items.iter().for_each(|&moved| sum.add(&value(moved)));
        self.sum.subtract(&sum);
        let first = keys.key(items[0]);
        Self { items, first, sum }
    }

    /// Adds `item` at its place.
    fn put(&mut self, keys: &impl Keys, item: u32, key: Key, sum: &S) {
        let at = place(keys, &self.items, key);
        insert_exactly(&mut self.items, at, item);
        if at == 0 {
            self.first = key;
        }
        self.sum.add(sum);
    }
}

/// The place of an item with `key`. Most scores are the newest, so the end is looked at before searching.
pub(super) fn place(keys: &impl Keys, items: &[u32], key: Key) -> usize {
    match items.last() {
        Some(&last) if keys.key(last) > key => items.partition_point(|&other| keys.key(other) < key),
        Some(_) | None => items.len(),
    }
}

/// Grows by a quarter instead of doubling.
pub(super) fn insert_exactly(items: &mut Vec<u32>, at: usize, item: u32) {
    if items.len() == items.capacity() {
        items.reserve_exact((items.len() / 4).clamp(1, LEAF.saturating_sub(items.len()).max(1)));
    }
    items.insert(at, item);
}

impl<S: Sum> Timeline<S> {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// A timeline of items that are in order already.
    pub(super) fn of_sorted(keys: &impl Keys, items: &[u32], value: impl Fn(u32) -> S) -> Self {
        let leaf = |items: &[u32]| {
            let mut sum = S::default();
            items.iter().for_each(|&item| sum.add(&value(item)));
            Leaf { items: items.to_vec(), first: keys.key(items[0]), sum }
        };
        let group = |items: &[u32]| {
            let leaves: Vec<_> = items.chunks(LEAF).map(leaf).collect();
            let mut sum = S::default();
            leaves.iter().for_each(|leaf| sum.add(&leaf.sum));
            Group { leaves, len: items.len(), sum }
        };
        Self { groups: items.chunks(LEAF * GROUP).map(group).collect(), len: items.len() }
    }

    /// Adds `item` at its key; `value` gives an item's own sum.
    pub fn insert(&mut self, keys: &impl Keys, item: u32, value: impl Fn(u32) -> S) {
        let (key, sum) = (keys.key(item), value(item));
        self.len += 1;
        if self.groups.is_empty() {
            self.groups.push(Group { leaves: vec![Leaf::of(item, key, sum)], len: 1, sum });
            return;
        }
        let (g, l) = self.locate(key);
        let group = &mut self.groups[g];
        group.len += 1;
        group.sum.add(&sum);
        let leaf = &mut group.leaves[l];
        if leaf.items.len() < LEAF {
            return leaf.put(keys, item, key, &sum);
        }
        let at_end = leaf.items.last().is_some_and(|&last| keys.key(last) < key);
        let right = if at_end {
            // A leaf that grew at its end was filled in order: it is left full, as most are.
            leaf.items.shrink_to_fit();
            Leaf::of(item, key, sum)
        } else {
            let mut right = leaf.split(keys, LEAF / 2, value);
            if key < right.first {
                leaf.put(keys, item, key, &sum);
            } else {
                right.put(keys, item, key, &sum);
            }
            right
        };
        group.leaves.insert(l + 1, right);
        if group.leaves.len() > GROUP {
            self.split_group(g, l + 1);
        }
    }

    /// Splits a group that has one leaf too many since the one at `l` was added.
    fn split_group(&mut self, g: usize, l: usize) {
        let group = &mut self.groups[g];
        let cut = if l + 1 == group.leaves.len() { GROUP } else { GROUP / 2 };
        let leaves = group.leaves.split_off(cut);
        group.leaves.shrink_to_fit();
        let mut sum = S::default();
        leaves.iter().for_each(|leaf| sum.add(&leaf.sum));
        let len = leaves.iter().map(|leaf| leaf.items.len()).sum();
        group.sum.subtract(&sum);
        group.len -= len;
        self.groups.insert(g + 1, Group { leaves, len, sum });
    }

    /// Removes `item`; key and `sum` must be those with which it was added.
    pub fn remove(&mut self, keys: &impl Keys, item: u32, sum: &S) {
        let (g, l) = self.locate(keys.key(item));
        let group = &mut self.groups[g];
        let leaf = &mut group.leaves[l];
        let at = leaf.items.iter().rposition(|&other| other == item).expect("the item stands under its key");
        leaf.items.remove(at);
        leaf.sum.subtract(sum);
        group.sum.subtract(sum);
        group.len -= 1;
        self.len -= 1;
        match leaf.items.first() {
            Some(&first) if at == 0 => leaf.first = keys.key(first),
            Some(_) => {}
            None => drop(group.leaves.remove(l)),
        }
        if group.leaves.is_empty() {
            self.groups.remove(g);
        }
    }

    /// Changes what `item` adds to the sums from `old` to `new`.
    pub fn adjust(&mut self, keys: &impl Keys, item: u32, old: &S, new: &S) {
        let (g, l) = self.locate(keys.key(item));
        let group = &mut self.groups[g];
        for sum in [&mut group.leaves[l].sum, &mut group.sum] {
            sum.subtract(old);
            sum.add(new);
        }
    }

    /// Computes all sums anew, in one pass over all items: for a change of what they sum up.
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
            (Some(first), Some(last)) => (first.first.0, keys.key(last.items[last.items.len() - 1]).0),
            _ => (Millis::MAX, Millis::MIN),
        };
        let start = self.groups.partition_point(|group| span(&group.leaves).1 < from);
        for (at, group) in self.groups.iter().enumerate().skip(start) {
            let first = group.leaves[0].first.0;
            if first > to {
                break;
            }
            // A group ends where the next one begins, which is known without its records.
            let end = self.groups.get(at + 1).map(|next| next.leaves[0].first.0);
            if from <= first && end.is_some_and(|end| end <= to) {
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

    /// The item with the smallest key.
    pub fn oldest(&self) -> Option<u32> {
        self.groups.first().and_then(|group| group.leaves.first()).and_then(|leaf| leaf.items.first().copied())
    }

    /// The item that has `rank` newer ones.
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

    /// The group and leaf that have `key` or would have it: mostly the last. There must be a leaf.
    fn locate(&self, key: Key) -> (usize, usize) {
        let newest = self.groups.last().and_then(|group| group.leaves.last());
        if newest.is_some_and(|leaf| leaf.first <= key) {
            let g = self.groups.len() - 1;
            return (g, self.groups[g].leaves.len() - 1);
        }
        let g = self.groups.partition_point(|group| group.leaves[0].first <= key).saturating_sub(1);
        let leaves = &self.groups[g].leaves;
        (g, leaves.partition_point(|leaf| leaf.first <= key).saturating_sub(1))
    }
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
