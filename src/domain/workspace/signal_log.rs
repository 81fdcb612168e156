//! The signals behind the scores of settled conversations, for as long as R5.5 asks (I11): an append log in blocks,
//! with three bytes for most signals. Whole blocks are dropped, the oldest first.
//!
//! The signals of a conversation that has not settled are not kept: its life and the score's profile give them again.
//! When it settles they are written here. Whether they are gone is decided by the score's receipt alone. If the score
//! of a second life stands although the life has lost it, the signals from before are written at once.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::event::OwnSignal;
use super::super::quantum::Quantum;
use super::super::scoring::catalogue::SignalKind;
use super::super::scoring::{Observation, ObservedKind};
use super::super::time::Millis;

const BLOCK: usize = 65_536;
/// Entries begin at multiples of so many bytes, so that 32 bits reach over 16 GiB.
const UNIT: usize = 4;
/// In place of a signal's number: it is one of the workspace's own.
const OWN: u8 = 31;
/// In place of a signal's number: the number follows in a byte of its own.
const LATER: u8 = 30;
const _: () = assert!(SignalKind::COUNT <= u8::MAX as usize);
/// A place where nothing ever is: the signals were removed before their time (R4.10).
pub const NOWHERE: u32 = u32::MAX - 1;

/// Append only; places are numbered in units, modulo 2^32.
#[derive(Clone, Debug, Default)]
pub struct SignalLog {
    /// A cut shares them (I9).
    blocks: VecDeque<Arc<Block>>,
    /// Where the next block begins, in units.
    end: u64,
}

/// A part of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// In units.
    start: u64,
    #[serde(with = "serde_bytes")]
    bytes: Vec<u8>,
    /// The latest receipt of a score in here.
    latest: Millis,
}

impl SignalLog {
    /// Keeps the signals of a score made at `receipt`; answers where. Never [`NOWHERE`] or beyond.
    pub fn append(&mut self, receipt: Millis, observations: &[Observation]) -> u32 {
        let mut entry = Vec::with_capacity(64);
        write(&mut entry, observations);
        entry.resize(entry.len().next_multiple_of(UNIT), 0);
        let has_room = self.blocks.back().is_some_and(|block| block.bytes.len() + entry.len() <= BLOCK);
        if !has_room || self.end as u32 >= NOWHERE {
            if self.end as u32 >= NOWHERE {
                self.end = self.end.next_multiple_of(1 << 32);
            }
            self.blocks.push_back(Arc::new(Block { start: self.end, bytes: Vec::new(), latest: receipt }));
        }
        let at = self.end;
        self.end += (entry.len() / UNIT) as u64;
        if let Some(block) = self.blocks.back_mut().map(Arc::make_mut) {
            block.latest = block.latest.max(receipt);
            let (length, room) = (block.bytes.len(), block.bytes.capacity());
            if length + entry.len() > room {
                // Up to a whole block and no further.
                let wanted = (2 * room).min(BLOCK).max(length + entry.len());
                block.bytes.reserve_exact(wanted - length);
            }
            block.bytes.extend_from_slice(&entry);
        }
        at as u32
    }

    /// The signals at `at`; none if their block is gone.
    pub fn read(&self, at: u32) -> Option<Vec<Observation>> {
        if at >= NOWHERE {
            return None;
        }
        let first = self.blocks.front()?.start;
        let at = first + u64::from(at.wrapping_sub(first as u32));
        let block = self.blocks.get(self.blocks.partition_point(|block| block.start <= at).checked_sub(1)?)?;
        let mut bytes = block.bytes.get((at - block.start) as usize * UNIT..)?;
        read(&mut bytes)
    }

    /// A log of these blocks, which ends at `end`.
    pub fn of(blocks: VecDeque<Arc<Block>>, end: u64) -> Self {
        Self { blocks, end }
    }

    /// The oldest first.
    pub fn blocks(&self) -> impl ExactSizeIterator<Item = &Arc<Block>> {
        self.blocks.iter()
    }

    /// Where the next block begins, in units.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Drops the blocks in which all scores were made at or before `cutoff`.
    pub fn drop_until(&mut self, cutoff: Millis) {
        while self.blocks.front().is_some_and(|block| block.latest <= cutoff) {
            self.blocks.pop_front();
        }
    }
}

/// `count`, then each: kind (5 bits; [`LATER`]: in a byte behind it), presence is whole (1 bit), goodness is 0, 1 or follows (2
/// bits), and what these do not say.
fn write(to: &mut Vec<u8>, observations: &[Observation]) {
    write_length(to, observations.len());
    for Observation { signal, presence, goodness } in observations {
        let kind = match signal {
            ObservedKind::Catalogue(kind) => (*kind as u8).min(LATER),
            ObservedKind::Own(_) => OWN,
        };
        let (whole, good) = (*presence == Quantum::MAX, [0, Quantum::MAX].iter().position(|known| known == goodness));
        let good = good.map_or(2, |known| known as u8);
        to.push(kind | u8::from(whole) << 5 | good << 6);
        if let ObservedKind::Catalogue(later) = signal
            && kind == LATER
        {
            to.push(*later as u8);
        }
        if !whole {
            to.extend_from_slice(&presence.to_le_bytes());
        }
        if good == 2 {
            to.extend_from_slice(&goodness.to_le_bytes());
        }
        if let ObservedKind::Own(own) = signal {
            write_length(to, own.name.len());
            to.extend_from_slice(own.name.as_bytes());
            let numbers = [own.weight].into_iter().chain(own.loadings);
            numbers.for_each(|number| to.extend_from_slice(&number.to_le_bytes()));
        }
    }
}

fn read(from: &mut &[u8]) -> Option<Vec<Observation>> {
    let count = read_length(from)?;
    let mut observations = Vec::new();
    for _ in 0..count {
        let [head] = take(from)?;
        let kind = match head & OWN {
            LATER => take::<1>(from)?[0],
            kind => kind,
        };
        let presence = if head & 1 << 5 == 0 { Quantum::from_le_bytes(take(from)?) } else { Quantum::MAX };
        let goodness = match head >> 6 {
            0 => 0,
            1 => Quantum::MAX,
            _ => Quantum::from_le_bytes(take(from)?),
        };
        let signal = match head & OWN {
            OWN => ObservedKind::Own(read_own(from)?),
            _ => ObservedKind::Catalogue(*SignalKind::ALL.get(usize::from(kind))?),
        };
        observations.push(Observation { signal, presence, goodness });
    }
    Some(observations)
}

fn read_own(from: &mut &[u8]) -> Option<OwnSignal> {
    let length = read_length(from)?;
    let (name, rest) = from.split_at_checked(length)?;
    *from = rest;
    let name = std::str::from_utf8(name).ok()?.into();
    let mut number = || take(from).map(f64::from_le_bytes);
    Some(OwnSignal { name, weight: number()?, loadings: [number()?, number()?, number()?] })
}

fn take<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(*taken)
}

/// Seven bits a byte, the lowest first.
fn write_length(to: &mut Vec<u8>, mut length: usize) {
    while length > 0x7f {
        to.push(length as u8 | 0x80);
        length >>= 7;
    }
    to.push(length as u8);
}

fn read_length(from: &mut &[u8]) -> Option<usize> {
    let mut length = 0;
    for shift in (0..usize::BITS).step_by(7) {
        let [byte] = take(from)?;
        length |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(length);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn observation() -> impl Strategy<Value = Observation> {
        let quantum = || prop_oneof![Just(0), Just(Quantum::MAX), any::<Quantum>()];
        let catalogue = prop::sample::select(&SignalKind::ALL[..]).prop_map(ObservedKind::Catalogue);
        let own = ("\\PC{0,300}", 0.0..10.0, [0.0..1.0, 0.0..1.0, 0.0..1.0])
            .prop_map(|(name, weight, loadings)| ObservedKind::Own(OwnSignal { name: name.into(), weight, loadings }));
        let signal = prop_oneof![8 => catalogue, 1 => own];
        (signal, quantum(), quantum()).prop_map(|(signal, presence, goodness)| Observation {
            signal,
            presence,
            goodness,
        })
    }

    proptest! {
        #[test]
        fn r5_5_signals_come_back_as_they_were_until_their_block_is_over(
            entries in proptest::collection::vec(proptest::collection::vec(observation(), 0..12), 1..300),
            begin in prop_oneof![Just(0), Just(u64::from(u32::MAX) - 40), any::<u32>().prop_map(u64::from)],
        ) {
            let mut log = SignalLog { end: begin, ..SignalLog::default() };
            let places: Vec<u32> = (0..).zip(&entries).map(|(receipt, entry)| log.append(receipt, entry)).collect();
            for (place, entry) in places.iter().zip(&entries) {
                prop_assert!(*place < NOWHERE);
                prop_assert_eq!(log.read(*place), Some(entry.clone()));
            }
            let cutoff = entries.len() as Millis / 2;
            log.drop_until(cutoff);
            for (place, entry) in places.iter().zip(&entries).skip(cutoff as usize + 1) {
                prop_assert_eq!(log.read(*place), Some(entry.clone()));
            }
            log.drop_until(entries.len() as Millis);
            prop_assert!(log.read(NOWHERE).is_none());
            prop_assert!(places.iter().all(|place| log.read(*place).is_none()) && log.blocks.is_empty());
        }
    }

    #[test]
    fn r5_5_an_entry_larger_than_a_block_has_one_of_its_own() {
        let own = OwnSignal { name: "n".repeat(250).into(), weight: 1.0, loadings: [1.0, 0.0, 0.0] };
        let observation = Observation { signal: ObservedKind::Own(own), presence: 1, goodness: 2 };
        let (many, few) = (vec![observation.clone(); 1_000], vec![observation]);
        let mut log = SignalLog::default();
        let places = [log.append(1, &few), log.append(2, &many), log.append(3, &few)];
        assert_eq!(places.map(|place| log.read(place).map(|read| read.len())), [Some(1), Some(1_000), Some(1)]);
        log.drop_until(2);
        assert_eq!(places.map(|place| log.read(place).map(|read| read.len())), [None, None, Some(1)]);
    }
}
