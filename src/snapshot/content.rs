//! What is known of a side's blocks: how many, how large, and their hash.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Block, BlockKey, Blocks, MAX_BLOCK_BYTES, SnapshotError, SnapshotNumber};

/// A BLAKE3 of 32 bytes; hexadecimal in text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of all that went into `hasher`.
    pub(super) fn of(hasher: &blake3::Hasher) -> Self {
        Self(*hasher.finalize().as_bytes())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        blake3::Hash::from_hex(text.as_bytes()).map(|hash| Self(*hash.as_bytes())).map_err(D::Error::custom)
    }
}

/// The blocks of one side, summed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SideContent {
    pub blocks: u64,
    /// Of all values.
    pub bytes: u64,
    /// Over key (9 bytes), length of the value (u64, little-endian) and value of each block in
    /// ascending order.
    pub blake3: Digest,
}

/// Sums up the blocks of one side.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    blocks: u64,
    bytes: u64,
    hasher: blake3::Hasher,
}

impl Tally {
    pub(super) fn add(&mut self, key: BlockKey, value: &[u8]) {
        self.blocks += 1;
        self.bytes += value.len() as u64;
        self.hasher.update(&key.to_bytes());
        self.hasher.update(&(value.len() as u64).to_le_bytes());
        self.hasher.update(value);
    }

    pub(super) fn content(&self) -> SideContent {
        SideContent { blocks: self.blocks, bytes: self.bytes, blake3: Digest::of(&self.hasher) }
    }
}

/// Takes the blocks of a snapshot in ascending order, and sums up each side.
#[derive(Debug, Default)]
pub(super) struct Sums {
    last: Option<BlockKey>,
    current: Tally,
    done: Vec<(u32, SideContent)>,
}

impl Sums {
    /// Refuses a block that is too large or does not follow the last one.
    pub(super) fn add(&mut self, key: BlockKey, value: &[u8]) -> Result<(), SnapshotError> {
        if value.len() > MAX_BLOCK_BYTES {
            return Err(SnapshotError::TooLarge { bytes: value.len() });
        }
        if let Some(last) = self.last {
            if key <= last {
                return Err(SnapshotError::Order { last, key });
            }
            if key.side != last.side {
                self.next_side(last.side);
            }
        }
        self.last = Some(key);
        self.current.add(key, value);
        Ok(())
    }

    /// The content of each of `sides` sides; of those without a block, too.
    pub(super) fn finish(mut self, sides: usize) -> Result<Vec<SideContent>, SnapshotError> {
        if let Some(last) = self.last {
            self.next_side(last.side);
        }
        let mut contents = vec![Tally::default().content(); sides];
        for (side, content) in self.done {
            let place = usize::try_from(side).ok().and_then(|side| contents.get_mut(side));
            *place.ok_or(SnapshotError::NoSuchSide { side, sides })? = content;
        }
        Ok(contents)
    }

    fn next_side(&mut self, side: u32) {
        self.done.push((side, std::mem::take(&mut self.current).content()));
    }
}

/// Compares the blocks of a side, as they go by, with what the manifest says of them.
pub(super) struct Checked<I> {
    pub(super) number: SnapshotNumber,
    pub(super) side: u32,
    pub(super) expected: SideContent,
    raw: Option<I>,
    tally: Tally,
    last: Option<BlockKey>,
}

impl<I: Iterator<Item = Result<Block, SnapshotError>> + Send + 'static> Checked<I> {
    pub(super) fn blocks(number: SnapshotNumber, side: u32, expected: SideContent, raw: I) -> Blocks {
        Box::new(Self { number, side, expected, raw: Some(raw), tally: Tally::default(), last: None })
    }

    fn check(&mut self, block: &Block) -> Result<(), SnapshotError> {
        if block.key.side != self.side || self.last.is_some_and(|last| block.key <= last) {
            return Err(self.damaged(format!("block {:?} stands in the wrong place", block.key)));
        }
        self.last = Some(block.key);
        self.tally.add(block.key, &block.value);
        Ok(())
    }

    fn check_end(&self) -> Result<(), SnapshotError> {
        let found = self.tally.content();
        if found == self.expected {
            return Ok(());
        }
        let (side, expected) = (self.side, self.expected);
        Err(self
            .damaged(format!("the blocks of side {side} are not those of the manifest: {found:?}, not {expected:?}")))
    }

    fn damaged(&self, what: String) -> SnapshotError {
        SnapshotError::Damaged { number: self.number, what }
    }
}

impl<I: Iterator<Item = Result<Block, SnapshotError>> + Send + 'static> Iterator for Checked<I> {
    type Item = Result<Block, SnapshotError>;

    fn next(&mut self) -> Option<Self::Item> {
        let result = match self.raw.as_mut()?.next() {
            Some(Ok(block)) => self.check(&block).map(|()| Some(block)),
            Some(Err(error)) => Err(error),
            None => {
                self.raw = None;
                self.check_end().map(|()| None)
            }
        };
        if result.is_err() {
            self.raw = None;
        }
        result.transpose()
    }
}
