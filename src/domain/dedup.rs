//! The memory of event identities (R4.4, I11): 16 bytes an event in an append log, and an index
//! of 4-byte numbers in shards, so that no table stalls everything when it grows.

use std::collections::VecDeque;

use hashbrown::HashTable;

use super::event::Identity;
use super::time::Millis;

const SHARDS: usize = 64;

/// What is known of an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    Never,
    /// The same content, or content that can no longer be compared.
    Same,
    OtherContent,
}

/// Identities of the last days, in order of arrival.
#[derive(Clone, Debug, Default)]
pub struct Duplicates {
    log: VecDeque<Identity>,
    /// The number of the log's first entry; numbers are taken modulo 2^32 in the index.
    base: u64,
    /// Runs of entries with one receipt: (receipt, number of the run's end).
    receipts: VecDeque<(Millis, u64)>,
    shards: Vec<HashTable<u32>>,
    /// Entries before this number were keyed with another secret: their content says nothing.
    comparable_from: u64,
}

impl Duplicates {
    /// How many identities are remembered.
    pub fn len(&self) -> usize {
        self.log.len()
    }

    pub fn is_empty(&self) -> bool {
        self.log.is_empty()
    }

    pub fn seen(&self, identity: &Identity) -> Seen {
        let hash = hash(identity);
        let found =
            self.shards.get(shard(hash)).and_then(|table| table.find(hash, |&n| self.entry(n).key == identity.key));
        match found {
            None => Seen::Never,
            Some(&n) if self.number(n) < self.comparable_from || self.entry(n).content == identity.content => {
                Seen::Same
            }
            Some(_) => Seen::OtherContent,
        }
    }

    /// Remembers an identity that is not remembered. Receipts must not decrease.
    pub fn insert(&mut self, identity: Identity, receipt: Millis) {
        if self.shards.is_empty() {
            self.shards.resize_with(SHARDS, HashTable::new);
        }
        let number = self.base + self.log.len() as u64;
        self.log.push_back(identity);
        match self.receipts.back_mut() {
            Some((at, end)) if *at == receipt => *end = number + 1,
            Some(_) | None => self.receipts.push_back((receipt, number + 1)),
        }
        let bits = hash(&identity);
        let (log, base) = (&self.log, self.base);
        self.shards[shard(bits)].insert_unique(bits, number as u32, |&n| hash(&log[offset(base, n)]));
    }

    /// Forgets what was received at or before `cutoff`.
    pub fn forget(&mut self, cutoff: Millis) {
        while let Some(&(receipt, end)) = self.receipts.front()
            && receipt <= cutoff
        {
            while self.base < end {
                let Some(identity) = self.log.front() else { break };
                let (hash, low) = (hash(identity), self.base as u32);
                if let Ok(entry) = self.shards[shard(hash)].find_entry(hash, |&n| n == low) {
                    entry.remove();
                }
                self.log.pop_front();
                self.base += 1;
            }
            self.receipts.pop_front();
        }
    }

    /// From here on contents are hashed with another secret; what is remembered stays a duplicate
    /// without comparison (R4.8).
    pub fn secret_changed(&mut self) {
        self.comparable_from = self.base + self.log.len() as u64;
    }

    /// Everything remembered, in order: (receipt, identity, comparable).
    pub fn iter(&self) -> impl Iterator<Item = (Millis, &Identity, bool)> {
        let mut runs = self.receipts.iter().copied().peekable();
        self.log.iter().zip(self.base..).map(move |(identity, number)| {
            while runs.next_if(|&(_, end)| end <= number).is_some() {}
            (runs.peek().map_or(Millis::MIN, |run| run.0), identity, number >= self.comparable_from)
        })
    }

    fn entry(&self, low: u32) -> &Identity {
        &self.log[offset(self.base, low)]
    }

    fn number(&self, low: u32) -> u64 {
        self.base + offset(self.base, low) as u64
    }
}

/// How far behind the base the number with these low 32 bits is.
fn offset(base: u64, low: u32) -> usize {
    low.wrapping_sub(base as u32) as usize
}

/// Identities are keyed hashes already: their first bytes are as good as any.
fn hash(identity: &Identity) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&identity.key[..8]);
    u64::from_le_bytes(bytes)
}

/// Bits that neither the table's buckets (low) nor its tags (high) are made of.
fn shard(hash: u64) -> usize {
    (hash >> 40) as usize % SHARDS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(n: u64, content: u32) -> Identity {
        let mut key = [0; 12];
        key[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
        Identity { key, content }
    }

    #[test]
    fn r4_4_an_identity_is_known_until_its_days_are_over() {
        let mut seen = Duplicates::default();
        (0..10_000).for_each(|n| seen.insert(identity(n, 1), n as Millis / 10));
        assert_eq!(seen.seen(&identity(5_000, 1)), Seen::Same);
        assert_eq!(seen.seen(&identity(5_000, 2)), Seen::OtherContent);
        assert_eq!(seen.seen(&identity(10_001, 1)), Seen::Never);
        seen.forget(499);
        assert_eq!(
            (seen.len(), seen.seen(&identity(4_999, 1)), seen.seen(&identity(5_000, 1))),
            (5_000, Seen::Never, Seen::Same)
        );
        assert_eq!(seen.iter().next().map(|(at, id, _)| (at, *id)), Some((500, identity(5_000, 1))));
        seen.insert(identity(4_999, 1), 1_000);
        assert_eq!(seen.seen(&identity(4_999, 1)), Seen::Same);
    }

    #[test]
    fn r4_8_content_keyed_with_a_lost_secret_is_not_compared() {
        let mut seen = Duplicates::default();
        seen.insert(identity(1, 1), 0);
        seen.secret_changed();
        seen.insert(identity(2, 1), 0);
        assert_eq!((seen.seen(&identity(1, 9)), seen.seen(&identity(2, 9))), (Seen::Same, Seen::OtherContent));
    }
}
