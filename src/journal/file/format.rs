//! The headers of segments and groups.
//!
//! All integers are little-endian. The first four fields of both headers stay where they are in
//! every version, so that an unknown version can be told from rot.
//!
//! ```text
//!  0  magic     8 bytes
//!  8  version   u16, then 0 u16
//! 12  length    u32   of what follows the header
//! 16  checksum  u32   CRC-32C of header (this field 0) and what follows
//! 20  partition u32   always 0
//! 24  number    u64   of the segment or of the group
//! 32  previous  u32   checksum of the group before (segments: 0), then 0 u32
//! 40  journal   u128  drawn when the journal was created
//! 56  0 u64
//! ```
//!
//! The journal's random number keeps a group that somebody put into a record, or one of another
//! journal, from ever looking like a group of this one.

use super::super::MAX_GROUP_BYTES;

/// Segments and groups start on multiples of this.
pub(crate) const BLOCK: u64 = 512;
pub(super) const HEADER_BYTES: usize = 64;
pub(super) const VERSION: u16 = 1;
/// A journal in files is the only one of its data directory.
pub(super) const PARTITION: u32 = 0;

const GROUP_MAGIC: [u8; 8] = *b"TripsGrp";
const SEGMENT_MAGIC: [u8; 8] = *b"TripsSeg";

/// What a header stands before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Segment,
    Group,
}

impl Kind {
    const fn magic(self) -> [u8; 8] {
        match self {
            Self::Segment => SEGMENT_MAGIC,
            Self::Group => GROUP_MAGIC,
        }
    }
}

/// The fields of a header after its magic, version and length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub partition: u32,
    pub number: u64,
    pub previous: u32,
    pub journal: u128,
}

/// A header that was read: enough to find what it claims to stand before. Nothing of it is verified yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claim {
    kind: Kind,
    head: [u8; HEADER_BYTES],
    /// Of what follows the header; within bounds.
    pub length: usize,
}

/// The result of checking a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checked {
    Valid {
        header: Header,
        checksum: u32,
    },
    /// Whole, but written by another version of the program.
    UnknownVersion(u16),
    Bad,
}

/// Bytes that a group of `length` takes on disk.
pub(super) const fn group_span(length: usize) -> u64 {
    (HEADER_BYTES as u64 + length as u64).next_multiple_of(BLOCK)
}

/// Appends header and body to `out` and answers the checksum.
pub(super) fn encode(kind: Kind, header: Header, body: &[u8], out: &mut Vec<u8>) -> u32 {
    let length = u32::try_from(body.len()).expect("bodies are at most MAX_GROUP_BYTES");
    let mut head = [0; HEADER_BYTES];
    head[0..8].copy_from_slice(&kind.magic());
    head[8..10].copy_from_slice(&VERSION.to_le_bytes());
    head[12..16].copy_from_slice(&length.to_le_bytes());
    head[20..24].copy_from_slice(&header.partition.to_le_bytes());
    head[24..32].copy_from_slice(&header.number.to_le_bytes());
    head[32..36].copy_from_slice(&header.previous.to_le_bytes());
    head[40..56].copy_from_slice(&header.journal.to_le_bytes());
    let checksum = crc32c::crc32c_append(crc32c::crc32c(&head), body);
    head[16..20].copy_from_slice(&checksum.to_le_bytes());
    out.extend_from_slice(&head);
    out.extend_from_slice(body);
    checksum
}

impl Claim {
    /// `None` where `head` starts no header of this kind, or one with an impossible length.
    pub(super) fn read(kind: Kind, head: &[u8]) -> Option<Self> {
        let head: [u8; HEADER_BYTES] = *head.first_chunk()?;
        if head[0..8] != kind.magic() {
            return None;
        }
        let length = usize::try_from(u32::from_le_bytes(field(&head, 12))).ok()?;
        (length <= MAX_GROUP_BYTES).then_some(Self { kind, head, length })
    }

    /// Compares the checksum; `body` is what follows the header, of the claimed length.
    pub(super) fn check(&self, body: &[u8]) -> Checked {
        let mut head = self.head;
        head[16..20].fill(0);
        let checksum = crc32c::crc32c_append(crc32c::crc32c(&head), body);
        if body.len() != self.length || checksum != u32::from_le_bytes(field(&self.head, 16)) {
            return Checked::Bad;
        }
        let version = u16::from_le_bytes(field(&head, 8));
        if version != VERSION {
            return Checked::UnknownVersion(version);
        }
        debug_assert_eq!(self.kind.magic(), head[0..8], "read() has compared it");
        let header = Header {
            partition: u32::from_le_bytes(field(&head, 20)),
            number: u64::from_le_bytes(field(&head, 24)),
            previous: u32::from_le_bytes(field(&head, 32)),
            journal: u128::from_le_bytes(field(&head, 40)),
        };
        Checked::Valid { header, checksum }
    }
}

fn field<const N: usize>(head: &[u8; HEADER_BYTES], at: usize) -> [u8; N] {
    *head[at..].first_chunk().expect("fields lie within the header")
}
