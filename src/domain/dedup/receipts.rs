//! When entries of an append log came: runs of one receipt, oldest first, in one to three bytes each.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::time::Millis;

/// Bytes of a block: 1 KiB with the counters of its [`Arc`]. A run is written in pieces of a byte, so it may reach into
/// the next.
const BLOCK: usize = 1_008;

/// Entries that came with one receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    pub receipt: Millis,
    pub count: u64,
}

/// The part of [`Receipts`] that is not coded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ends {
    oldest: Option<Run>,
    newest: Option<Run>,
    before: Millis,
}

/// Runs, in order. The oldest and the newest are kept as they are, those between are coded: the distance to the
/// receipt before, and the count where it is not 1.
#[derive(Clone, Debug, Default)]
pub struct Receipts {
    oldest: Option<Run>,
    /// A cut shares them (I9).
    blocks: VecDeque<Arc<[u8; BLOCK]>>,
    /// Where the first coded byte is in the first block.
    start: usize,
    /// How many bytes are coded.
    length: usize,
    newest: Option<Run>,
    /// The receipt of the run before the newest.
    before: Millis,
}

impl Receipts {
    /// One more entry. Receipts must not decrease.
    pub fn push(&mut self, receipt: Millis) {
        let last = self.newest.as_mut().or(self.oldest.as_mut());
        match last {
            Some(run) if run.receipt == receipt => run.count += 1,
            Some(_) => {
                if let Some(Run { receipt, count }) = self.newest {
                    // Receipts are of years that a calendar has, so no difference takes 63 bits.
                    let gap = receipt.abs_diff(self.before);
                    self.write(gap << 1 | u64::from(count > 1));
                    if count > 1 {
                        self.write(count);
                    }
                    self.before = receipt;
                } else if let Some(oldest) = self.oldest {
                    self.before = oldest.receipt;
                }
                self.newest = Some(Run { receipt, count: 1 });
            }
            None => self.oldest = Some(Run { receipt, count: 1 }),
        }
    }

    pub fn ends(&self) -> Ends {
        Ends { oldest: self.oldest, newest: self.newest, before: self.before }
    }

    /// The coded bytes, in pieces of at most about `most`.
    pub fn coded(&self, most: usize) -> impl Iterator<Item = Vec<u8>> {
        let (start, end) = (self.start, self.start + self.length);
        let step = (most / BLOCK).max(1) * BLOCK;
        (0..end).step_by(step).map(move |first| {
            let places = first.max(start)..(first + step).min(end);
            places.map(|place| self.blocks[place / BLOCK][place % BLOCK]).collect()
        })
    }

    /// The inverse of [`ends`](Self::ends) and [`coded`](Self::coded).
    pub fn of(ends: Ends, coded: &[u8]) -> Self {
        let Ends { oldest, newest, before } = ends;
        let block = |bytes: &[u8]| {
            let mut block = [0; BLOCK];
            block[..bytes.len()].copy_from_slice(bytes);
            Arc::new(block)
        };
        let blocks = coded.chunks(BLOCK).map(block).collect();
        Self { oldest, blocks, start: 0, length: coded.len(), newest, before }
    }

    /// How many entries there are.
    pub fn count(&self) -> u64 {
        self.iter().map(|run| run.count).sum()
    }

    /// Takes the oldest run, if it came at or before `cutoff`.
    pub fn pop_until(&mut self, cutoff: Millis) -> Option<Run> {
        let oldest = self.oldest.filter(|run| run.receipt <= cutoff)?;
        let mut at = 0;
        self.oldest = match self.read_run(&mut at, oldest.receipt) {
            Some(next) => Some(next),
            None => self.newest.take(),
        };
        self.start += at;
        self.length -= at;
        while self.start >= BLOCK || (self.length == 0 && !self.blocks.is_empty()) {
            self.blocks.pop_front();
            self.start = self.start.saturating_sub(BLOCK);
        }
        if self.length == 0 {
            self.start = 0;
        }
        Some(oldest)
    }

    pub fn iter(&self) -> impl Iterator<Item = Run> {
        let (mut at, mut before) = (0, self.oldest.map_or(0, |run| run.receipt));
        let coded = std::iter::from_fn(move || {
            let run = self.read_run(&mut at, before)?;
            before = run.receipt;
            Some(run)
        });
        self.oldest.into_iter().chain(coded).chain(self.newest)
    }

    /// Seven bits a byte, the lowest first.
    fn write(&mut self, mut number: u64) {
        loop {
            let more = number > 0x7f;
            let at = self.start + self.length;
            if at / BLOCK == self.blocks.len() {
                self.blocks.push_back(Arc::new([0; BLOCK]));
            }
            Arc::make_mut(&mut self.blocks[at / BLOCK])[at % BLOCK] = number as u8 & 0x7f | u8::from(more) << 7;
            self.length += 1;
            if !more {
                return;
            }
            number >>= 7;
        }
    }

    /// The coded run that is `at` bytes from the first; moves on.
    fn read_run(&self, at: &mut usize, before: Millis) -> Option<Run> {
        if *at >= self.length {
            return None;
        }
        let head = self.read(at);
        let count = if head & 1 == 1 { self.read(at) } else { 1 };
        Some(Run { receipt: before.saturating_add_unsigned(head >> 1), count })
    }

    fn read(&self, at: &mut usize) -> u64 {
        let (mut number, mut shift) = (0, 0);
        loop {
            let place = self.start + *at;
            let byte = self.blocks[place / BLOCK][place % BLOCK];
            *at += 1;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return number;
            }
            shift += 7;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn r4_4_runs_come_back_in_order(
            gaps in proptest::collection::vec((prop_oneof![0i64..3, 0i64..10_000, 0i64..1 << 45], any::<bool>()), 1..2_000),
        ) {
            let (mut receipts, mut plain, mut now) = (Receipts::default(), VecDeque::<Run>::new(), -5_000);
            for (gap, pops) in gaps {
                now += gap;
                receipts.push(now);
                match plain.back_mut() {
                    Some(run) if run.receipt == now => run.count += 1,
                    Some(_) | None => plain.push_back(Run { receipt: now, count: 1 }),
                }
                if pops && gap % 3 == 0 {
                    let cutoff = plain.front().map_or(0, |run| run.receipt) - i64::from(gap % 2 == 0);
                    let expected = plain.pop_front_if(|run| run.receipt <= cutoff);
                    prop_assert_eq!(receipts.pop_until(cutoff), expected);
                }
            }
            prop_assert_eq!(receipts.iter().collect::<Vec<_>>(), Vec::from(plain.clone()));
            receipts = Receipts::of(receipts.ends(), &receipts.coded(3 * BLOCK / 2).flatten().collect::<Vec<_>>());
            prop_assert_eq!(receipts.iter().collect::<Vec<_>>(), Vec::from(plain.clone()));
            while let Some(run) = plain.pop_front() {
                prop_assert_eq!(receipts.pop_until(Millis::MAX), Some(run));
            }
            prop_assert_eq!((receipts.pop_until(Millis::MAX), receipts.blocks.len()), (None, 0));
        }
    }
}
