//! A list that grows at the end and loses its begin, in chunks that a copy shares (I9): whoever changes a chunk next
//! copies that one.

use std::collections::VecDeque;
use std::sync::Arc;

/// Items of a chunk.
const CHUNK: usize = 256;

/// Items in the order in which they came. A clone shares what is in it.
#[derive(Clone, Debug)]
pub struct Log<T> {
    /// All but the first and the last are full; none is empty.
    chunks: VecDeque<Arc<Vec<T>>>,
    /// So many of the first chunk are gone. They leave it only together with the chunk, since to move the others up
    /// each time would cost more than all else.
    gone: usize,
    len: usize,
}

impl<T> Default for Log<T> {
    fn default() -> Self {
        Self { chunks: VecDeque::new(), gone: 0, len: 0 }
    }
}

impl<T: PartialEq> PartialEq for Log<T> {
    /// Wherever chunks end.
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
}

impl<T: Eq> Eq for Log<T> {}

impl<T> Log<T> {
    pub const fn len(&self) -> usize {
        self.len
    }

    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.chunks().flatten()
    }

    /// [`iter`](Self::iter), chunk by chunk.
    pub fn chunks(&self) -> impl DoubleEndedIterator<Item = &[T]> {
        (0..self.chunks.len()).map(|place| self.chunk(place))
    }

    fn chunk(&self, place: usize) -> &[T] {
        let gone = if place == 0 { self.gone } else { 0 };
        &self.chunks[place][gone..]
    }

    pub fn first(&self) -> Option<&T> {
        self.chunks.front().and_then(|chunk| chunk.get(self.gone))
    }

    pub fn last(&self) -> Option<&T> {
        self.chunks.back().and_then(|chunk| chunk.last())
    }

    /// Those behind the ones that are `before`, which must be at the front; the oldest first.
    pub fn behind<'a>(&'a self, before: impl Fn(&T) -> bool + Copy + 'a) -> impl Iterator<Item = &'a T> {
        let whole = self.chunks.partition_point(|chunk| chunk.last().is_some_and(before));
        self.chunks().skip(whole).flat_map(move |chunk| chunk.iter().skip(chunk.partition_point(before)))
    }

    /// The ones that are `before`, which must be at the front; the newest first.
    pub fn ahead<'a>(&'a self, before: impl Fn(&T) -> bool + Copy + 'a) -> impl Iterator<Item = &'a T> {
        let some = self.chunks.partition_point(|chunk| chunk.first().is_some_and(before));
        let chunks = (0..some).rev().map(|place| self.chunk(place));
        chunks.flat_map(move |chunk| chunk.iter().take(chunk.partition_point(before)).rev())
    }
}

impl<T: Clone> Log<T> {
    pub fn push(&mut self, item: T) {
        match self.chunks.back_mut() {
            Some(last) if last.len() < CHUNK => Arc::make_mut(last).push(item),
            Some(_) | None => {
                // The first chunk grows with its content, so that few items do not take a whole chunk.
                let mut chunk = if self.chunks.is_empty() { Vec::new() } else { Vec::with_capacity(CHUNK) };
                chunk.push(item);
                self.chunks.push_back(Arc::new(chunk));
            }
        }
        self.len += 1;
    }

    /// Drops the first `count`, or what there is; tells each of them.
    pub fn drop_first(&mut self, count: usize, mut gone: impl FnMut(&T)) {
        for _ in 0..count.min(self.len) {
            let Some(first) = self.chunks.front() else { return };
            gone(&first[self.gone]);
            self.gone += 1;
            self.len -= 1;
            if self.gone == first.len() {
                self.chunks.pop_front();
                self.gone = 0;
            }
        }
    }

    /// Changes those that are meant; copies no chunk without one.
    pub fn change(&mut self, is_meant: impl Fn(&T) -> bool, change: impl Fn(&mut T)) {
        for chunk in &mut self.chunks {
            // Those that are gone may be changed with the others.
            if chunk.iter().any(&is_meant) {
                Arc::make_mut(chunk).iter_mut().filter(|item| is_meant(item)).for_each(&change);
            }
        }
    }
}

impl<T: Clone> Extend<T> for Log<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        items.into_iter().for_each(|item| self.push(item));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i9_a_log_is_as_a_list_and_its_clone_stays() {
        let mut log = Log::default();
        log.extend(0..1_000_u32);
        let cut = log.clone();
        let mut sum = 0;
        log.drop_first(300, |gone| sum += gone);
        log.change(|item| item % 500 == 0, |item| *item += 1);
        log.push(1_000);
        let expected: Vec<u32> = (300..500).chain([501]).chain(501..=1_000).collect();
        assert_eq!((log.iter().copied().collect::<Vec<_>>(), log.len()), (expected, 701));
        assert_eq!((sum, log.first(), log.last()), ((0..300).sum(), Some(&300), Some(&1_000)));
        assert!(cut.iter().copied().eq(0..1_000));
    }

    #[test]
    fn r2_14_what_stands_on_either_side_of_a_place_is_found() {
        let mut log = Log::default();
        log.extend((0..1_000_u32).map(|item| 2 * item));
        for place in [0, 1, 511, 512, 513, 1_023, 1_998, 1_999, 5_000] {
            let behind: Vec<u32> = log.behind(|item| *item < place).copied().collect();
            let ahead: Vec<u32> = log.ahead(|item| *item < place).copied().collect();
            assert!(
                behind.iter().copied().eq((0..1_000).map(|item| 2 * item).filter(|item| *item >= place)),
                "{place}"
            );
            let expected: Vec<u32> = (0..1_000).map(|item| 2 * item).filter(|item| *item < place).rev().collect();
            assert_eq!(ahead, expected, "{place}");
        }
    }
}
