//! The memory of event identities (R4.4, I11): 16 bytes an event in an append log, and an index of 4-byte numbers
//! that stops nothing when it grows. What that comes to in a process is in `docs/benchmarks.md`.
//!
//! Identities are SipHash-2-4 with 128 bits of key and result, cut to 96 bits for the event and 32 for its content:
//! nobody can make two collide without the key, and short inputs cost a third of what BLAKE3 takes. Ids are aligned
//! to 8 bytes: at 16 an optional one took 32.

mod receipts;

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::event::Identity;
use super::index::Index;
use super::time::Millis;
use receipts::{Ends, Receipts, Run};

/// Entries of a block: a little less than 16 KiB with the counters of its [`Arc`], since the allocator rounds what is
/// more up to 20 KiB; so large that a cut has few blocks to count.
const BLOCK: u64 = 1_022;

/// An identity as a snapshot has it.
const IDENTITY_BYTES: usize = 16;

type Block = [Identity; BLOCK as usize];

/// What is known of an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    Never,
    /// The same content, or content that can no longer be compared.
    Same,
    OtherContent,
}

/// Entries by their numbers.
#[derive(Clone, Debug, Default)]
struct Log {
    /// Full ones; the block that holds the first entry comes first.
    blocks: VecDeque<Arc<Block>>,
    /// The block that is being filled. It grows with its entries, since most sides have few.
    tail: Vec<Identity>,
}

impl Log {
    /// Whose first entry will have the number `base`.
    fn starting_at(base: u64) -> Self {
        let before = Identity { key: [0; 12], content: 0 };
        Self { blocks: VecDeque::new(), tail: vec![before; (base % BLOCK) as usize] }
    }

    /// The entry with this number, where `base` is that of the first.
    fn entry(&self, base: u64, number: u64) -> &Identity {
        let (block, place) = ((number / BLOCK - base / BLOCK) as usize, (number % BLOCK) as usize);
        self.blocks.get(block).map_or_else(|| &self.tail[place], |block| &block[place])
    }

    fn push(&mut self, identity: Identity) {
        self.tail.push(identity);
        if self.tail.len() == BLOCK as usize {
            // A vector of so many always becomes an array of so many.
            if let Ok(full) = <Block>::try_from(self.tail.as_slice()) {
                self.blocks.push_back(Arc::new(full));
            }
            self.tail = Vec::new();
        }
    }

    /// Lets go of the first block, whose entries are all forgotten.
    fn pop(&mut self) {
        self.blocks.pop_front();
    }
}

/// Identities of the last days, in order of arrival.
#[derive(Clone, Debug, Default)]
pub struct Duplicates {
    log: Log,
    /// The number of the first entry; numbers are taken modulo 2^32 in the index.
    base: u64,
    /// The number of the next entry.
    end: u64,
    receipts: Receipts,
    index: Index,
    /// The content of entries before this number was hashed with another secret, so it is not compared.
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

    fn entry(&self, low: u32) -> &Identity {
        self.log.entry(self.base, number(self.base, low))
    }

    pub fn seen(&self, identity: &Identity) -> Seen {
        let is_it = |low| self.entry(low).key == identity.key;
        match self.index.find(hash(identity), is_it) {
            None => Seen::Never,
            Some(low) if number(self.base, low) < self.comparable_from => Seen::Same,
            Some(low) if self.entry(low).content == identity.content => Seen::Same,
            Some(_) => Seen::OtherContent,
        }
    }

    /// Remembers an identity that is not known. Receipts must not decrease.
    pub fn insert(&mut self, identity: Identity, receipt: Millis) {
        self.append(identity);
        self.receipts.push(receipt);
    }

    fn append(&mut self, identity: Identity) {
        let low = self.end as u32;
        self.log.push(identity);
        self.end += 1;
        let (log, base) = (&self.log, self.base);
        self.index.insert(hash(&identity), low, |low| hash(log.entry(base, number(base, low))));
    }

    /// Forgets what was received at or before `cutoff`.
    pub fn forget(&mut self, cutoff: Millis) {
        while let Some(Run { count, .. }) = self.receipts.pop_until(cutoff) {
            let end = self.base + count;
            while self.base < end {
                let (low, log, base) = (self.base as u32, &self.log, self.base);
                let hash_of = |low| hash(log.entry(base, number(base, low)));
                self.index.remove(hash_of(low), low, hash_of);
                self.base += 1;
                if self.base.is_multiple_of(BLOCK) {
                    self.log.pop();
                }
            }
        }
    }

    /// From here on contents are hashed with another secret; known identities stay duplicates, without a comparison
    /// of content (R4.8).
    pub fn secret_changed(&mut self) {
        self.comparable_from = self.end;
    }

    /// Everything remembered as it is now (I9).
    pub fn cut(&self) -> Cut {
        let (log, receipts) = (self.log.clone(), self.receipts.clone());
        Cut { log, base: self.base, end: self.end, receipts, comparable_from: self.comparable_from }
    }

    /// The memory that the parts of a [`Cut`] make; `None` if they do not fit together.
    pub fn restored(head: Head, receipts: &[u8], identities: &[u8]) -> Option<Self> {
        let Head { base, end, comparable_from, receipts: ends } = head;
        let receipts = Receipts::of(ends, receipts);
        let count = end.checked_sub(base)?;
        let bytes = usize::try_from(count).ok()?.checked_mul(IDENTITY_BYTES)?;
        if identities.len() != bytes || receipts.count() != count {
            return None;
        }
        let mut restored =
            Self { log: Log::starting_at(base), base, end: base, receipts, index: Index::default(), comparable_from };
        let (entries, _) = identities.as_chunks::<IDENTITY_BYTES>();
        entries.iter().for_each(|bytes| restored.append(read_identity(bytes)));
        Some(restored)
    }

    /// Everything remembered, in order: (receipt, identity, comparable).
    pub fn iter(&self) -> impl Iterator<Item = (Millis, &Identity, bool)> {
        let receipts = self.receipts.iter().flat_map(|run| (0..run.count).map(move |_| run.receipt));
        (self.base..self.end)
            .zip(receipts)
            .map(|(number, receipt)| (receipt, self.log.entry(self.base, number), number >= self.comparable_from))
    }
}

/// Everything remembered at one moment (I9), without the index.
#[derive(Clone, Debug)]
pub struct Cut {
    log: Log,
    base: u64,
    end: u64,
    receipts: Receipts,
    comparable_from: u64,
}

/// The part of a [`Cut`] that exists once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    base: u64,
    end: u64,
    comparable_from: u64,
    receipts: Ends,
}

impl Cut {
    pub fn head(&self) -> Head {
        let Self { base, end, comparable_from, .. } = *self;
        Head { base, end, comparable_from, receipts: self.receipts.ends() }
    }

    /// Everything, in order: (receipt, identity, comparable).
    pub fn entries(&self) -> impl Iterator<Item = (Millis, &Identity, bool)> {
        let receipts = self.receipts.iter().flat_map(|run| std::iter::repeat_n(run.receipt, run.count as usize));
        (self.base..self.end)
            .zip(receipts)
            .map(|(number, receipt)| (receipt, self.log.entry(self.base, number), number >= self.comparable_from))
    }

    /// The receipts of the entries, in pieces of about `most` bytes that are to be joined.
    pub fn receipts(&self, most: usize) -> impl Iterator<Item = Vec<u8>> {
        self.receipts.coded(most)
    }

    /// The entries in order, 16 bytes each (key, content with its lowest byte first), in pieces of about
    /// `most` bytes.
    pub fn identities(&self, most: usize) -> impl Iterator<Item = Vec<u8>> {
        let step = (most / IDENTITY_BYTES).max(1);
        (self.base..self.end).step_by(step).map(move |first| {
            let entries = first..(first + step as u64).min(self.end);
            let mut bytes = Vec::with_capacity(step * IDENTITY_BYTES);
            for identity in entries.map(|number| self.log.entry(self.base, number)) {
                write_identity(&mut bytes, identity);
            }
            bytes
        })
    }
}

/// Makes the parts of a [`Cut`] of entries that come one after the other.
#[derive(Clone, Debug, Default)]
pub struct Gathering {
    receipts: Receipts,
    latest: Option<Millis>,
    identities: Vec<u8>,
    comparable_from: Option<u64>,
}

impl Gathering {
    /// Adds the next entry. False, and not added: its receipt is before the last one's, or it cannot be compared
    /// although one before it can.
    pub fn push(&mut self, receipt: Millis, identity: &Identity, comparable: bool) -> bool {
        if self.latest.is_some_and(|latest| latest > receipt) || (!comparable && self.comparable_from.is_some()) {
            return false;
        }
        if comparable && self.comparable_from.is_none() {
            self.comparable_from = Some(self.len());
        }
        self.latest = Some(receipt);
        self.receipts.push(receipt);
        write_identity(&mut self.identities, identity);
        true
    }

    fn len(&self) -> u64 {
        (self.identities.len() / IDENTITY_BYTES) as u64
    }

    /// The same as [`Cut::head`], [`Cut::receipts`] and [`Cut::identities`].
    pub fn into_parts(self) -> (Head, Vec<u8>, Vec<u8>) {
        let end = self.len();
        let comparable_from = self.comparable_from.unwrap_or(end);
        let head = Head { base: 0, end, comparable_from, receipts: self.receipts.ends() };
        (head, self.receipts.coded(usize::MAX).flatten().collect(), self.identities)
    }
}

/// The number with these low 32 bits.
fn number(base: u64, low: u32) -> u64 {
    base + u64::from(low.wrapping_sub(base as u32))
}

fn write_identity(to: &mut Vec<u8>, identity: &Identity) {
    to.extend_from_slice(&identity.key);
    to.extend_from_slice(&identity.content.to_le_bytes());
}

fn read_identity(bytes: &[u8; IDENTITY_BYTES]) -> Identity {
    let (mut key, mut content) = ([0; 12], [0; 4]);
    key.copy_from_slice(&bytes[..12]);
    content.copy_from_slice(&bytes[12..]);
    Identity { key, content: u32::from_le_bytes(content) }
}

/// Identities are keyed hashes already, so their first bytes serve as a hash.
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
    fn i9_a_cut_gives_all_back_and_knows_nothing_of_later() {
        let mut seen = Duplicates::default();
        (0..5_000).for_each(|n| seen.insert(identity(n, 1), n as Millis / 10));
        seen.forget(130);
        seen.secret_changed();
        (5_000..6_000).for_each(|n| seen.insert(identity(n, 1), 500));
        let before: Vec<_> = seen.iter().map(|(at, id, comparable)| (at, *id, comparable)).collect();
        let cut = seen.cut();
        (6_000..9_000).for_each(|n| seen.insert(identity(n, 1), 600));
        seen.forget(550);
        let bytes = |pieces: &mut dyn Iterator<Item = Vec<u8>>| pieces.flatten().collect::<Vec<u8>>();
        let (receipts, identities) = (bytes(&mut cut.receipts(2_000)), bytes(&mut cut.identities(1_000)));
        let mut back = Duplicates::restored(cut.head(), &receipts, &identities).unwrap();
        assert!(back.iter().map(|(at, id, comparable)| (at, *id, comparable)).eq(before));
        assert!(Duplicates::restored(cut.head(), &receipts, &identities[16..]).is_none());
        back.insert(identity(9_999, 1), 700);
        assert_eq!((back.seen(&identity(5_500, 2)), back.seen(&identity(3, 1))), (Seen::OtherContent, Seen::Never));
        back.forget(499);
        assert_eq!((back.len(), back.seen(&identity(9_999, 1))), (1_001, Seen::Same));
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
