//! Records by number, in chunks of about 64 KiB (I9): growing never copies what is there. A cut shares the chunks;
//! whoever changes a chunk next copies it.
//!
//! One growing vector copied and cleared whole workspaces: 17 % of the time of a full ingest. A chunk is marked as
//! shared instead of being asked for its count at each change, since that would be an atomic operation. What only few
//! conversations have (lives, odd scores, comments) lies in `sparse` pages. Indexes, statistics, the accounts' lists
//! and the state of breakers are in no cut: they are built anew at load, on two threads.

use std::sync::Arc;

const CHUNK_BYTES: usize = 65_536;

/// A list that only grows.
#[derive(Clone, Debug)]
pub struct Chunks<T>(Vec<Chunk<T>>);

/// The variant tells whether a chunk is shared, instead of the count of an [`Arc`], so that a change of an unshared
/// chunk costs no atomic operation.
#[derive(Clone, Debug)]
enum Chunk<T> {
    Own(Vec<T>),
    /// A cut has it too, or had it.
    Shared(Arc<Vec<T>>),
}

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Chunk<T> {
    fn items(&self) -> &Vec<T> {
        match self {
            Self::Own(items) => items,
            Self::Shared(items) => items,
        }
    }
}

impl<T: Clone> Chunk<T> {
    /// For a change: the chunk is copied first if a cut still has it.
    fn own(&mut self) -> &mut Vec<T> {
        if let Self::Shared(items) = self {
            let items = std::mem::take(items);
            *self = Self::Own(Arc::try_unwrap(items).unwrap_or_else(|items| copy(&items)));
        }
        match self {
            Self::Own(items) => items,
            Self::Shared(_) => unreachable!("made its own above"),
        }
    }

    fn share(&mut self) -> Self {
        let items = match self {
            Self::Own(items) => Arc::new(std::mem::take(items)),
            Self::Shared(items) => Arc::clone(items),
        };
        *self = Self::Shared(Arc::clone(&items));
        Self::Shared(items)
    }
}

/// A copy with the room that the original had.
fn copy<T: Clone>(items: &Vec<T>) -> Vec<T> {
    let mut copy = Vec::with_capacity(items.capacity());
    copy.extend_from_slice(items);
    copy
}

impl<T> Chunks<T> {
    /// Records in one chunk.
    const CHUNK: usize = CHUNK_BYTES / size_of::<T>();

    pub fn len(&self) -> usize {
        self.0.last().map_or(0, |last| (self.0.len() - 1) * Self::CHUNK + last.items().len())
    }

    pub fn get(&self, number: u32) -> &T {
        &self.0[number as usize / Self::CHUNK].items()[number as usize % Self::CHUNK]
    }

    /// The record, if there are so many.
    pub fn find(&self, number: u32) -> Option<&T> {
        self.0.get(number as usize / Self::CHUNK)?.items().get(number as usize % Self::CHUNK)
    }

    /// How many records come before the first that is not `before`; those must be at the front.
    pub fn partition_point(&self, before: impl Fn(&T) -> bool) -> usize {
        let whole = self.0.partition_point(|chunk| chunk.items().last().is_some_and(&before));
        match self.0.get(whole) {
            Some(chunk) => whole * Self::CHUNK + chunk.items().partition_point(&before),
            None => self.len(),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks().flatten()
    }

    /// Chunk by chunk.
    pub fn chunks(&self) -> impl Iterator<Item = &[T]> {
        self.0.iter().map(|chunk| chunk.items().as_slice())
    }
}

impl<T: Clone> Chunks<T> {
    /// Adds a record; answers its number.
    pub fn push(&mut self, record: T) -> u32 {
        let number = self.len();
        match self.0.last_mut().map(Chunk::own) {
            // The first chunk grows with its content, so that few records do not take a whole chunk.
            Some(last) if last.len() < Self::CHUNK => {
                if last.len() == last.capacity() {
                    last.reserve_exact(last.len().min(Self::CHUNK - last.len()).max(1));
                }
                last.push(record);
            }
            Some(_) => {
                let mut chunk = Vec::with_capacity(Self::CHUNK);
                chunk.push(record);
                self.0.push(Chunk::Own(chunk));
            }
            None => self.0.push(Chunk::Own(vec![record])),
        }
        u32::try_from(number).expect("numbers have 32 bits")
    }

    /// Adds copies of `record` until there are `length`, by whole chunks.
    pub fn fill(&mut self, length: usize, record: &T) {
        while self.len() < length {
            let missing = length - self.len();
            match self.0.last_mut().map(Chunk::own).filter(|last| last.len() < Self::CHUNK) {
                Some(last) => last.resize(Self::CHUNK.min(last.len() + missing), record.clone()),
                None => self.0.push(Chunk::Own(vec![record.clone(); Self::CHUNK.min(missing)])),
            }
        }
    }

    pub fn extend(&mut self, records: &[T]) {
        for record in records {
            self.push(record.clone());
        }
    }

    pub fn get_mut(&mut self, number: u32) -> &mut T {
        &mut self.0[number as usize / Self::CHUNK].own()[number as usize % Self::CHUNK]
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut().flat_map(Chunk::own)
    }

    /// All records as they are now. Costs a count for each chunk; what is changed later is copied then.
    #[must_use]
    pub fn cut(&mut self) -> Self {
        Self(self.0.iter_mut().map(Chunk::share).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i9_numbers_lead_to_their_records_across_chunks() {
        let mut chunks = Chunks::default();
        let count = 3 * Chunks::<[u64; 7]>::CHUNK as u32 + 5;
        assert!((0..count).all(|n| chunks.push([u64::from(n); 7]) == n));
        chunks.get_mut(count - 1)[0] = 0;
        assert_eq!((chunks.len(), chunks.get(0)[0], chunks.get(1_170)[0]), (count as usize, 0, 1_170));
        assert_eq!((chunks.get(count - 1)[0], chunks.iter().count()), (0, count as usize));
        assert_eq!((chunks.find(count - 1).is_some(), chunks.find(count)), (true, None));
        *chunks.get_mut(count - 1) = [u64::from(count - 1); 7];
        assert!([0, 1, 1_169, 1_170, count as usize].iter().all(|&n| chunks.partition_point(|r| r[0] < n as u64) == n));
        assert!(chunks.0.iter().all(|chunk| chunk.items().capacity() == Chunks::<[u64; 7]>::CHUNK));
    }

    #[test]
    fn i9_copies_fill_up_across_chunks() {
        let mut chunks = Chunks::default();
        chunks.push(1);
        let count = 2 * Chunks::<u64>::CHUNK + 5;
        for length in [1, 3, count, 7] {
            chunks.fill(length, &9);
        }
        assert_eq!((chunks.len(), chunks.iter().sum::<u64>()), (count, 1 + 9 * (count as u64 - 1)));
        assert_eq!(chunks.push(4), count as u32);
    }

    #[test]
    fn i9_a_cut_stays_as_it_was_and_only_what_changes_is_copied() {
        let mut chunks = Chunks::default();
        let count = 2 * Chunks::<u64>::CHUNK as u32 + 5;
        chunks.extend(&(0..u64::from(count)).collect::<Vec<_>>());
        let places = |chunks: &Chunks<u64>| chunks.0.iter().map(|chunk| chunk.items().as_ptr()).collect::<Vec<_>>();
        let before = places(&chunks);
        let cut = chunks.cut();
        assert_eq!((places(&chunks), places(&cut)), (before.clone(), before.clone()));
        *chunks.get_mut(3) = 0;
        chunks.push(7);
        assert!(cut.iter().copied().eq(0..u64::from(count)), "the cut knows nothing of it");
        assert_eq!((*chunks.get(3), *chunks.get(count)), (0, 7));
        let after = places(&chunks);
        assert_eq!([0, 1, 2].map(|at| after[at] == before[at]), [false, true, false]);
        drop(cut);
        *chunks.get_mut(Chunks::<u64>::CHUNK as u32) = 0;
        assert_eq!(places(&chunks)[1], before[1], "nobody else has it any more");
    }
}
