//! Scored conversations in the order of their keys, with sums that make any range cost the same, however many
//! conversations there are (I10).
//!
//! Leaves hold at most [`LEAF`] conversation numbers (4 bytes each; their keys stay in the
//! records), groups at most [`GROUP`] leaves. A range is two edge leaves and sums between.

use std::ops::Range;
use std::sync::Arc;

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
pub trait Sum: Clone + Default {
    /// What one item adds.
    type Part: Copy;

    fn add(&mut self, other: &Self);
    fn subtract(&mut self, other: &Self);
    fn put(&mut self, part: &Self::Part);
    fn take(&mut self, part: &Self::Part);
}

impl Sum for () {
    type Part = ();

    fn add(&mut self, (): &Self) {}
    fn subtract(&mut self, (): &Self) {}
    fn put(&mut self, (): &()) {}
    fn take(&mut self, (): &()) {}
}

/// An ordered set of conversation numbers. A clone is a picture of it that costs a count for each group; a group that
/// changes later is copied first.
#[derive(Clone, Debug, Default)]
pub struct Timeline<S> {
    groups: Vec<Arc<Group<S>>>,
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

/// What these items add up to.
fn summed<S: Sum>(items: &[u32], part: impl Fn(u32) -> S::Part) -> S {
    let mut sum = S::default();
    items.iter().for_each(|&item| sum.put(&part(item)));
    sum
}

impl<S: Sum> Leaf<S> {
    /// The first leaf of a timeline.
    fn of(item: u32, first: Key, part: &S::Part) -> Self {
        let mut sum = S::default();
        sum.put(part);
        Self { items: vec![item], first, sum }
    }

    /// Splits off what comes from `cut` on.
    fn split(&mut self, keys: &impl Keys, cut: usize, part: impl Fn(u32) -> S::Part) -> Self {
        let items = self.items[cut..].to_vec();
        self.items.truncate(cut);
        self.items.shrink_to(cut + cut / 8);
        let sum = summed(&items, part);
        self.sum.subtract(&sum);
        let first = keys.key(items[0]);
        Self { items, first, sum }
    }

    /// Adds `item` at its place.
    fn put(&mut self, keys: &impl Keys, item: u32, key: Key, part: &S::Part) {
        let at = place(keys, &self.items, key);
        insert_exactly(&mut self.items, at, item);
        if at == 0 {
            self.first = key;
        }
        self.sum.put(part);
    }

    /// How many of its items come before `time`.
    fn before(&self, keys: &impl Keys, time: Millis) -> usize {
        self.items.partition_point(|&item| keys.key(item).0 < time)
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
    pub(super) fn of_sorted(keys: &impl Keys, items: &[u32], part: impl Fn(u32) -> S::Part) -> Self {
        let leaf = |items: &[u32]| Leaf { items: items.to_vec(), first: keys.key(items[0]), sum: summed(items, &part) };
        let group = |items: &[u32]| {
            let leaves: Vec<Leaf<S>> = items.chunks(LEAF).map(leaf).collect();
            let mut sum = S::default();
            leaves.iter().for_each(|leaf| sum.add(&leaf.sum));
            Arc::new(Group { leaves, len: items.len(), sum })
        };
        Self { groups: items.chunks(LEAF * GROUP).map(group).collect(), len: items.len() }
    }

    /// Adds `item` at its key; `part` gives what an item adds to the sums.
    pub fn insert(&mut self, keys: &impl Keys, item: u32, part: impl Fn(u32) -> S::Part) {
        let (key, own) = (keys.key(item), part(item));
        self.len += 1;
        if self.groups.is_empty() {
            let leaf = Leaf::<S>::of(item, key, &own);
            let sum = leaf.sum.clone();
            self.groups.push(Arc::new(Group { leaves: vec![leaf], len: 1, sum }));
            return;
        }
        let (g, l) = self.locate(key);
        let group = Arc::make_mut(&mut self.groups[g]);
        group.len += 1;
        group.sum.put(&own);
        let leaf = &mut group.leaves[l];
        if leaf.items.len() < LEAF {
            return leaf.put(keys, item, key, &own);
        }
        let at_end = leaf.items.last().is_some_and(|&last| keys.key(last) < key);
        let right = if at_end {
            // A leaf that grew at its end was filled in order: it is left full, as most are.
            leaf.items.shrink_to_fit();
            Leaf::of(item, key, &own)
        } else {
            let mut right = leaf.split(keys, LEAF / 2, part);
            if key < right.first {
                leaf.put(keys, item, key, &own);
            } else {
                right.put(keys, item, key, &own);
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
        let group = Arc::make_mut(&mut self.groups[g]);
        let cut = if l + 1 == group.leaves.len() { GROUP } else { GROUP / 2 };
        let leaves = group.leaves.split_off(cut);
        group.leaves.shrink_to_fit();
        let mut sum = S::default();
        leaves.iter().for_each(|leaf| sum.add(&leaf.sum));
        let len = leaves.iter().map(|leaf| leaf.items.len()).sum();
        group.sum.subtract(&sum);
        group.len -= len;
        self.groups.insert(g + 1, Arc::new(Group { leaves, len, sum }));
    }

    /// Removes `item`; key and `part` must be those with which it was added.
    pub fn remove(&mut self, keys: &impl Keys, item: u32, part: &S::Part) {
        let (g, l) = self.locate(keys.key(item));
        let group = Arc::make_mut(&mut self.groups[g]);
        let leaf = &mut group.leaves[l];
        let at = leaf.items.iter().rposition(|&other| other == item).expect("the item stands under its key");
        leaf.items.remove(at);
        leaf.sum.take(part);
        group.sum.take(part);
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
    pub fn adjust(&mut self, keys: &impl Keys, item: u32, old: &S::Part, new: &S::Part) {
        let (g, l) = self.locate(keys.key(item));
        let group = Arc::make_mut(&mut self.groups[g]);
        for sum in [&mut group.leaves[l].sum, &mut group.sum] {
            sum.take(old);
            sum.put(new);
        }
    }

    /// Computes all sums anew, in one pass over all items: for a change of what they sum up.
    pub fn recount(&mut self, part: impl Fn(u32) -> S::Part) {
        for group in &mut self.groups {
            let group = Arc::make_mut(group);
            group.sum = S::default();
            for leaf in &mut group.leaves {
                leaf.sum = summed(&leaf.items, &part);
                group.sum.add(&leaf.sum);
            }
        }
    }

    /// The sum over keys with `from <= scoredAt <= to`.
    pub fn range(&self, keys: &impl Keys, from: Millis, to: Millis, part: impl Fn(u32) -> S::Part) -> S {
        let end = to.saturating_add(1).max(from);
        self.series(keys, &[from, end], part).pop().unwrap_or_default()
    }

    /// The sums between neighbours of `bounds`, which ascend: of each pair, from the first on and before the second.
    /// One walk over all of it, so many short ranges cost little more than the one that they make up.
    pub fn series(&self, keys: &impl Keys, bounds: &[Millis], part: impl Fn(u32) -> S::Part) -> Vec<S> {
        let mut sums = vec![S::default(); bounds.len().saturating_sub(1)];
        // Of the range that the walk is in: the index of its end in `bounds`. 0 before the first.
        let mut at = 0;
        let Some((&first, &last)) = bounds.first().zip(bounds.last()) else { return sums };
        let start = self.groups.partition_point(|group| group.end(keys) < first);
        for (g, group) in self.groups.iter().enumerate().skip(start) {
            if group.leaves[0].first.0 >= last {
                break;
            }
            at += bounds[at..].partition_point(|bound| *bound <= group.leaves[0].first.0);
            // A group ends where the next one begins, which is known without its records.
            let end = self.groups.get(g + 1).map_or_else(|| group.end(keys), |next| next.leaves[0].first.0);
            if at > 0 && bounds.get(at).is_some_and(|bound| end < *bound) {
                sums[at - 1].add(&group.sum);
                continue;
            }
            for (l, leaf) in group.leaves.iter().enumerate() {
                let end = group.leaves.get(l + 1).map_or(end, |next| next.first.0);
                if leaf.first.0 >= last {
                    break;
                }
                if end < first {
                    continue;
                }
                at = leaf.spread(keys, bounds, end, &part, &mut sums, at);
            }
        }
        sums
    }

    /// The ranks, from the oldest on, of keys with `from <= scoredAt <= to`.
    pub fn ranks(&self, keys: &impl Keys, from: Millis, to: Millis) -> Range<usize> {
        let end = to.checked_add(1).map_or(self.len, |end| self.rank_of(keys, end));
        self.rank_of(keys, from).min(end)..end
    }

    /// How many items come before `time`.
    fn rank_of(&self, keys: &impl Keys, time: Millis) -> usize {
        let g = self.groups.partition_point(|group| group.end(keys) < time);
        let whole: usize = self.groups[..g].iter().map(|group| group.len).sum();
        let Some(group) = self.groups.get(g) else { return whole };
        let l = group.leaves.partition_point(|leaf| leaf.first.0 < time).saturating_sub(1);
        let leaves: usize = group.leaves[..l].iter().map(|leaf| leaf.items.len()).sum();
        whole + leaves + group.leaves[l].before(keys, time)
    }

    /// The items with these ranks from the oldest on, which must be there.
    pub fn ranked(&self, ranks: Range<usize>) -> impl DoubleEndedIterator<Item = u32> + '_ {
        let mut begin = 0;
        let pieces = self.groups.iter().filter_map(move |group| {
            let from = begin;
            begin += group.len;
            (from < ranks.end && begin > ranks.start)
                .then(|| (group, ranks.start.max(from) - from..ranks.end.min(begin) - from))
        });
        let pieces: Vec<_> = pieces.collect();
        pieces.into_iter().flat_map(|(group, ranks)| group.ranked(ranks))
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

impl<S> Group<S> {
    /// The time of its last item.
    fn end(&self, keys: &impl Keys) -> Millis {
        let last = self.leaves.last().and_then(|leaf| leaf.items.last());
        last.map_or(Millis::MIN, |&item| keys.key(item).0)
    }

    /// The items with these ranks.
    fn ranked(&self, ranks: Range<usize>) -> impl DoubleEndedIterator<Item = u32> + '_ {
        let mut begin = 0;
        let pieces = self.leaves.iter().filter_map(move |leaf| {
            let from = begin;
            begin += leaf.items.len();
            (from < ranks.end && begin > ranks.start)
                .then(|| &leaf.items[ranks.start.max(from) - from..ranks.end.min(begin) - from])
        });
        let pieces: Vec<&[u32]> = pieces.collect();
        pieces.into_iter().flatten().copied()
    }
}

impl<S: Sum> Leaf<S> {
    /// Adds the leaf's items to the sums of the ranges that they are in; see [`Timeline::series`]. `end` is not before
    /// the time of its last item. Returns the range that the walk is in afterwards.
    fn spread(
        &self,
        keys: &impl Keys,
        bounds: &[Millis],
        end: Millis,
        part: &impl Fn(u32) -> S::Part,
        sums: &mut [S],
        mut at: usize,
    ) -> usize {
        at += bounds[at..].partition_point(|bound| *bound <= self.first.0);
        if at > 0 && bounds.get(at).is_some_and(|bound| end < *bound) {
            sums[at - 1].add(&self.sum);
            return at;
        }
        let (mut from, mut pieces) = (0, Vec::new());
        while from < self.items.len() {
            let to = bounds.get(at).map_or(self.items.len(), |bound| self.before(keys, *bound));
            pieces.push((at, from..to));
            from = to;
            at += usize::from(from < self.items.len());
        }
        let is_asked_for = |range: usize| (1..bounds.len()).contains(&range);
        // A piece of more than half of the leaf is what the others leave of its sum.
        let largest =
            pieces.iter().position(|(range, piece)| is_asked_for(*range) && piece.len() * 2 > self.items.len());
        let mut rest = largest.map(|_| self.sum.clone());
        for (n, (range, piece)) in pieces.iter().enumerate() {
            if largest == Some(n) || (rest.is_none() && !is_asked_for(*range)) {
                continue;
            }
            let sum = summed(&self.items[piece.clone()], part);
            if let Some(rest) = &mut rest {
                rest.subtract(&sum);
            }
            if is_asked_for(*range) {
                sums[range - 1].add(&sum);
            }
        }
        if let Some((rest, (range, _))) = rest.zip(largest.map(|largest| &pieces[largest])) {
            sums[range - 1].add(&rest);
        }
        at
    }
}

#[cfg(test)]
mod tests;
