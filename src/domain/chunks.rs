//! Records by number in chunks of about 64 KiB (I9): growing never copies what is there.

const CHUNK_BYTES: usize = 65_536;

/// A list that only grows.
#[derive(Clone, Debug)]
pub struct Chunks<T>(Vec<Vec<T>>);

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Chunks<T> {
    /// Records in one chunk.
    const CHUNK: usize = CHUNK_BYTES / size_of::<T>();

    pub fn len(&self) -> usize {
        self.0.last().map_or(0, |last| (self.0.len() - 1) * Self::CHUNK + last.len())
    }

    /// Adds a record; answers its number.
    pub fn push(&mut self, record: T) -> u32 {
        let number = self.len();
        match self.0.last_mut() {
            // The first chunk grows with what is in it: few records take no whole one.
            Some(first) if first.len() < Self::CHUNK => {
                if first.len() == first.capacity() {
                    first.reserve_exact(first.len().min(Self::CHUNK - first.len()));
                }
                first.push(record);
            }
            Some(_) => {
                let mut chunk = Vec::with_capacity(Self::CHUNK);
                chunk.push(record);
                self.0.push(chunk);
            }
            None => self.0.push(vec![record]),
        }
        u32::try_from(number).expect("numbers have 32 bits")
    }

    pub fn get(&self, number: u32) -> &T {
        &self.0[number as usize / Self::CHUNK][number as usize % Self::CHUNK]
    }

    pub fn get_mut(&mut self, number: u32) -> &mut T {
        &mut self.0[number as usize / Self::CHUNK][number as usize % Self::CHUNK]
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flatten()
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut().flatten()
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
        assert!(chunks.0.iter().all(|chunk| chunk.capacity() == Chunks::<[u64; 7]>::CHUNK));
    }
}
