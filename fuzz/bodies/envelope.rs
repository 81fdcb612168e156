//! What stands around a snapshot's block, and the blocks themselves (R9.4, R9.7).
//!
//! The first byte of the input says whether the rest is a block as it is, or the content of one whose
//! header is made here with the right length and checksum, and what is read from it.

use tripswitch::domain::system_table::SystemTable;
use tripswitch::domain::workspace::blocks::Block;
use tripswitch::snapshot::MAX_BLOCK_BYTES;
use tripswitch::snapshot::envelope::{self, EnvelopeError, HEADER_BYTES, VERSION};

use crate::memory;

/// As for the journal's records: a text's length is believed up to the size of a block.
fn memory_for(bytes: &[u8]) -> usize {
    MAX_BLOCK_BYTES + (4 << 20) + 64 * bytes.len()
}

pub fn check(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else { return };
    match choice & 3 {
        0 => check_open(rest),
        1 => check_sealed(VERSION + u16::from(choice >> 2), rest),
        2 => check_block(&sealed(VERSION, rest)),
        _ => check_system(&sealed(VERSION, rest)),
    }
}

fn sealed(version: u16, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).expect("inputs are short");
    let mut bytes = b"TSB1".to_vec();
    bytes.extend(version.to_le_bytes());
    bytes.extend([0; 2]);
    bytes.extend(length.to_le_bytes());
    let checksum = crc32c::crc32c_append(crc32c::crc32c(&bytes), content);
    bytes.extend(checksum.to_le_bytes());
    bytes.extend(content);
    bytes
}

/// What is opened is what the header says, to the last byte.
fn check_open(bytes: &[u8]) {
    if let Ok((version, content)) = memory::within(0, || envelope::open(bytes)) {
        assert_eq!(content, &bytes[HEADER_BYTES..]);
        let mut again = sealed(version, content);
        // Reserved, but summed.
        again[6..8].copy_from_slice(&bytes[6..8]);
        assert_eq!(again[..12], bytes[..12]);
        assert!(bytes[6..8] != [0; 2] || again == bytes);
    }
    check_block(bytes);
}

/// A header that is right is accepted; one with any other bit is not.
fn check_sealed(version: u16, content: &[u8]) {
    let mut bytes = sealed(version, content);
    assert_eq!(envelope::open(&bytes).expect("it is right"), (version, content));
    if version != VERSION {
        assert!(
            matches!(envelope::decode::<u8>(&bytes), Err(EnvelopeError::UnknownVersion { found, .. }) if found == version)
        );
    }
    let bit = content.iter().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte)));
    let bit = bit % (bytes.len() * 8);
    bytes[bit / 8] ^= 1 << (bit % 8);
    assert!(envelope::open(&bytes).is_err(), "bit {bit} was turned");
    bytes[bit / 8] ^= 1 << (bit % 8);
    assert!(envelope::open(&bytes[..bytes.len() - 1]).is_err(), "the last byte is missing");
}

/// A block that is read is written as it was. (The head holds a set, which is written in its order
/// and once: there only what was written is.)
fn check_block(bytes: &[u8]) {
    let Ok(block) = memory::within(memory_for(bytes), || envelope::decode::<Block<'_>>(bytes)) else { return };
    let mut again = envelope::encode(&block);
    if let Block::Head(_) | Block::HeadV1(_) = block {
        let block = envelope::decode::<Block<'_>>(&again).expect("it was written by us");
        assert_eq!(envelope::encode(&block), again);
    } else {
        again[6..8].copy_from_slice(&bytes[6..8]);
        assert_eq!(again[HEADER_BYTES..], bytes[HEADER_BYTES..]);
    }
}

fn check_system(bytes: &[u8]) {
    let Ok(table) = memory::within(memory_for(bytes), || envelope::decode::<SystemTable>(bytes)) else { return };
    let again = envelope::encode(&table);
    let table = envelope::decode::<SystemTable>(&again).expect("it was written by us");
    assert_eq!(envelope::encode(&table), again);
}
