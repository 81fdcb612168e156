//! What callers put around a block, so that a wrong one is never taken for a right one.
//!
//! All integers are little-endian.
//!
//! ```text
//! envelope = magic "TSB1", version u16, 0 u16, length u32, CRC32C u32, content
//! content  = bincode (its "legacy" layout: fixed-width integers)
//! ```
//!
//! The checksum goes over everything before it and the content. The version is the content's; what a
//! later program makes of an older one is the caller's business, who gets it from [`open`]. The
//! envelope's length is compared with what is there; within a content bincode takes room for a text of
//! the length it reads, up to [`MAX_BLOCK_BYTES`], and only then finds that it is not there.

use bincode::config::{self, Configuration, Fixint, Limit, LittleEndian};
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use super::MAX_BLOCK_BYTES;

/// The version of contents that [`encode`] writes and [`decode`] reads.
pub const VERSION: u16 = 7;

/// Bytes before the content.
pub const HEADER_BYTES: usize = 16;

const MAGIC: [u8; 4] = *b"TSB1";
const SUMMED_BYTES: usize = 12;

/// Bounds what bincode may allocate for a length that it has read.
const CONFIG: Configuration<LittleEndian, Fixint, Limit<MAX_BLOCK_BYTES>> =
    config::legacy().with_limit::<MAX_BLOCK_BYTES>();

/// Why bytes are no block.
#[derive(Debug, Error)]
pub enum EnvelopeError {
    #[error("it is cut short")]
    Short,
    #[error("it does not begin as a block does")]
    Magic,
    #[error("{count} bytes are left over behind it")]
    LeftOver { count: usize },
    #[error("its checksum does not match")]
    Checksum,
    #[error("its version {found} is unknown to this program, which knows version {known}")]
    UnknownVersion { found: u16, known: u16 },
    #[error("its content could not be read")]
    Decode(#[source] Box<bincode::error::DecodeError>),
}

/// The bytes of a block with this content. Its length and that of everything in it must be known and
/// below [`MAX_BLOCK_BYTES`]; the store refuses larger ones.
pub fn encode<T: Serialize>(content: &T) -> Vec<u8> {
    let mut bytes = vec![0; HEADER_BYTES];
    bincode::serde::encode_into_std_write(content, &mut bytes, config::legacy())
        .expect("contents have known lengths, and a Vec takes every byte");
    seal(VERSION, &mut bytes);
    bytes
}

/// Fills in the header before a content that is there already.
fn seal(version: u16, bytes: &mut [u8]) {
    let length = u32::try_from(bytes.len() - HEADER_BYTES).unwrap_or(u32::MAX);
    bytes[..4].copy_from_slice(&MAGIC);
    bytes[4..6].copy_from_slice(&version.to_le_bytes());
    bytes[8..12].copy_from_slice(&length.to_le_bytes());
    let sum = checksum(bytes);
    bytes[SUMMED_BYTES..HEADER_BYTES].copy_from_slice(&sum.to_le_bytes());
}

fn checksum(bytes: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&bytes[..SUMMED_BYTES]), &bytes[HEADER_BYTES..])
}

/// Version and content of a block whose checksum is right.
pub fn open(bytes: &[u8]) -> Result<(u16, &[u8]), EnvelopeError> {
    let (header, content) = bytes.split_at_checked(HEADER_BYTES).ok_or(EnvelopeError::Short)?;
    let (magic, fields) = header.split_first_chunk().ok_or(EnvelopeError::Short)?;
    if *magic != MAGIC {
        return Err(EnvelopeError::Magic);
    }
    let length = u32::from_le_bytes([fields[4], fields[5], fields[6], fields[7]]);
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if content.len() < length {
        return Err(EnvelopeError::Short);
    }
    if content.len() > length {
        return Err(EnvelopeError::LeftOver { count: content.len() - length });
    }
    if header[SUMMED_BYTES..] != checksum(bytes).to_le_bytes() {
        return Err(EnvelopeError::Checksum);
    }
    Ok((u16::from_le_bytes([fields[0], fields[1]]), content))
}

/// A content of any version that the caller has a type for; all of `content` must belong to it.
pub fn read<T: DeserializeOwned>(content: &[u8]) -> Result<T, EnvelopeError> {
    let (value, consumed) =
        bincode::serde::decode_from_slice(content, CONFIG).map_err(|source| EnvelopeError::Decode(Box::new(source)))?;
    match content.len() - consumed {
        0 => Ok(value),
        count => Err(EnvelopeError::LeftOver { count }),
    }
}

/// The content of a block of version [`VERSION`].
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, EnvelopeError> {
    match open(bytes)? {
        (VERSION, content) => read(content),
        (found, _) => Err(EnvelopeError::UnknownVersion { found, known: VERSION }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Content = (u64, String, Vec<Option<i16>>);

    fn content() -> Content {
        (7, "Müller".into(), vec![Some(-1), None])
    }

    #[test]
    fn a_block_comes_back_as_it_was() {
        assert_eq!(decode::<Content>(&encode(&content())).unwrap(), content());
        decode::<()>(&encode(&())).unwrap();
    }

    #[test]
    fn r9_7_golden_bytes_of_every_version() {
        for (version, sum) in [(1, "bf18a7bd"), (2, "780063e4"), (3, "c5f720d3"), (4, "f631eb57"), (5, "4bc6a860")] {
            let mut bytes = encode(&(0x0102_u16, "ab"));
            seal(version, &mut bytes);
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let number = format!("0{version}00");
            assert_eq!(
                hex,
                ["54534231", &number, "0000", "0c000000", sum, "0201", "0200000000000000", "6162"].concat()
            );
            let (found, content) = open(&bytes).unwrap();
            assert_eq!((found, read::<(u16, String)>(content).unwrap()), (version, (0x0102, "ab".to_owned())));
        }
        assert_eq!(open(&encode(&())).unwrap().0, 7, "what is written");
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_recognised() {
        let good = encode(&content());
        for at in 0..good.len() * 8 {
            let mut bytes = good.clone();
            bytes[at / 8] ^= 1 << (at % 8);
            assert!(decode::<Content>(&bytes).is_err(), "bit {at}");
        }
        for length in 0..good.len() {
            assert!(decode::<Content>(&good[..length]).is_err(), "the first {length} bytes were accepted");
        }
        assert!(matches!(decode::<Content>(&[&good[..], &[0]].concat()), Err(EnvelopeError::LeftOver { count: 1 })));
    }

    #[test]
    fn a_content_with_more_or_less_than_its_type_is_refused() {
        assert!(matches!(decode::<u32>(&encode(&1_u64)), Err(EnvelopeError::LeftOver { count: 4 })));
        assert!(matches!(decode::<u64>(&encode(&1_u32)), Err(EnvelopeError::Decode(_))));
    }

    #[test]
    fn r9_7_another_version_is_refused_by_name_and_can_be_read_by_who_knows_it() {
        let mut bytes = encode(&9_u64);
        seal(513, &mut bytes);
        let message = decode::<u64>(&bytes).unwrap_err().to_string();
        assert_eq!(message, "its version 513 is unknown to this program, which knows version 7");
        let (version, content) = open(&bytes).unwrap();
        assert_eq!((version, read::<u64>(content).unwrap()), (513, 9));
    }

    #[test]
    fn a_huge_length_is_refused_and_not_allocated() {
        let mut bytes = encode(&(1_u64 << 62));
        assert!(matches!(decode::<Vec<u64>>(&bytes), Err(EnvelopeError::Decode(_))));
        bytes[8..12].fill(0xff);
        assert!(matches!(decode::<u64>(&bytes), Err(EnvelopeError::Short)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_or_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = decode::<Content>(&bytes);
            let _ = read::<Content>(&bytes);
        }
    }
}
