//! The memory of event identities (R4.4, I11): 16 bytes an event in an append log, and an index
//! of 4-byte numbers, which stalls nothing when it grows.

mod receipts;

use std::collections::VecDeque;

use super::event::Identity;
use super::index::Index;
use super::time::Millis;
use receipts::{Receipts, Run};

/// Entries of a block: 4 KiB, so that the slack at both ends weighs little.
const BLOCK: u64 = 256;

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
    /// The first holds `base`.
    blocks: VecDeque<Box<[Identity; BLOCK as usize]>>,
    /// The number of the first entry; numbers are taken modulo 2^32 in the index.
    base: u64,
    /// The number of the next entry.
    end: u64,
    receipts: Receipts,
    index: Index,
    /// Entries before this number were keyed with another secret: their content says nothing.
    comparable_from: u64,
}

impl Duplicates {
    /// How many identities are remembered.
    pub fn len(&self) -> usize {
        (self.end - self.base) as usize
    }

    pub fn is_empty(&self) -> bool {
        self.end == self.base
    }

    pub fn seen(&self, identity: &Identity) -> Seen {
        let is_it = |low| entry(&self.blocks, self.base, low).key == identity.key;
        match self.index.find(hash(identity), is_it) {
            None => Seen::Never,
            Some(low) if number(self.base, low) < self.comparable_from => Seen::Same,
            Some(low) if entry(&self.blocks, self.base, low).content == identity.content => Seen::Same,
            Some(_) => Seen::OtherContent,
        }
    }

    /// Remembers an identity that is not remembered. Receipts must not decrease.
    pub fn insert(&mut self, identity: Identity, receipt: Millis) {
        let place = (self.end % BLOCK) as usize;
        if place == 0 || self.blocks.is_empty() {
            self.blocks.push_back(Box::new([Identity { key: [0; 12], content: 0 }; BLOCK as usize]));
        }
        if let Some(block) = self.blocks.back_mut() {
            block[place] = identity;
        }
        let low = self.end as u32;
        self.end += 1;
        self.receipts.push(receipt);
        let (blocks, base) = (&self.blocks, self.base);
        self.index.insert(hash(&identity), low, |low| hash(entry(blocks, base, low)));
    }

    /// Forgets what was received at or before `cutoff`.
    pub fn forget(&mut self, cutoff: Millis) {
        while let Some(Run { count, .. }) = self.receipts.pop_until(cutoff) {
            let end = self.base + count;
            while self.base < end {
                let (low, blocks, base) = (self.base as u32, &self.blocks, self.base);
                self.index.remove(hash(entry(blocks, base, low)), low, |low| hash(entry(blocks, base, low)));
                self.base += 1;
                if self.base.is_multiple_of(BLOCK) {
                    self.blocks.pop_front();
                }
            }
        }
    }

    /// From here on contents are hashed with another secret; what is remembered stays a duplicate
    /// without comparison (R4.8).
    pub fn secret_changed(&mut self) {
        self.comparable_from = self.end;
    }

    /// Everything remembered, in order: (receipt, identity, comparable).
    pub fn iter(&self) -> impl Iterator<Item = (Millis, &Identity, bool)> {
        let receipts = self.receipts.iter().flat_map(|run| (0..run.count).map(move |_| run.receipt));
        (self.base..self.end).zip(receipts).map(|(number, receipt)| {
            (receipt, entry(&self.blocks, self.base, number as u32), number >= self.comparable_from)
        })
    }
}

/// The number with these low 32 bits.
fn number(base: u64, low: u32) -> u64 {
    base + u64::from(low.wrapping_sub(base as u32))
}

fn entry(blocks: &VecDeque<Box<[Identity; BLOCK as usize]>>, base: u64, low: u32) -> &Identity {
    let number = number(base, low);
    &blocks[(number / BLOCK - base / BLOCK) as usize][(number % BLOCK) as usize]
}

/// Identities are keyed hashes already: their first bytes are as good as any.
fn hash(identity: &Identity) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&identity.key[..8]);
    u64::from_le_bytes(bytes)
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
