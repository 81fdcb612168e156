//! Cursors of lists that grow (R2.6): where the next page begins, as a text that clients hand back unread.
//!
//! ```text
//! cursor = base64url without padding of: version u8, list u8, numbers u64…, CRC32C u32
//! ```
//!
//! Integers are little-endian. A list puts numbers into its cursors that name the last entry of a page, so
//! that a page does not depend on what came or went since. The checksum recognises what was cut, mistyped
//! or made for something else; it is no secret, and a cursor gives no right to anything.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The version that is written, and the only one that is read.
const VERSION: u8 = 1;
/// Numbers in a cursor, at most.
pub const MAX_NUMBERS: usize = 8;

const HEAD: usize = 2;
const SUM: usize = 4;
/// Bytes of the longest cursor.
const MAX_BYTES: usize = HEAD + 8 * MAX_NUMBERS + SUM;
/// Its characters: four for three bytes, and no padding.
const MAX_TEXT: usize = (4 * MAX_BYTES).div_ceil(3);

/// What a cursor is of. One list's cursor is broken for every other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    Audit,
    Breakers,
    Workspaces,
    Keys,
    Deliveries,
    Settings,
    Accounts,
    Conversations,
}

impl List {
    const ALL: [Self; 8] = [
        Self::Audit,
        Self::Breakers,
        Self::Workspaces,
        Self::Keys,
        Self::Deliveries,
        Self::Settings,
        Self::Accounts,
        Self::Conversations,
    ];

    const fn byte(self) -> u8 {
        match self {
            Self::Audit => 1,
            Self::Breakers => 2,
            Self::Settings => 8,
            Self::Workspaces => 16,
            Self::Keys => 17,
            Self::Deliveries => 32,
            Self::Accounts => 48,
            Self::Conversations => 49,
        }
    }
}

/// What a cursor says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    list: List,
    numbers: [u64; MAX_NUMBERS],
    count: usize,
}

impl Cursor {
    pub fn new<const N: usize>(list: List, numbers: [u64; N]) -> Self {
        const { assert!(N <= MAX_NUMBERS) };
        let mut all = [0; MAX_NUMBERS];
        all[..N].copy_from_slice(&numbers);
        Self { list, numbers: all, count: N }
    }

    /// Its numbers, if it is this list's and has so many.
    pub fn of<const N: usize>(&self, list: List) -> Option<[u64; N]> {
        let numbers = self.numbers.get(..self.count)?;
        if self.list == list { numbers.try_into().ok() } else { None }
    }

    /// The text that [`decode`] reads.
    pub fn encode(&self) -> String {
        let mut bytes = Vec::with_capacity(MAX_BYTES);
        bytes.extend_from_slice(&[VERSION, self.list.byte()]);
        self.numbers[..self.count].iter().for_each(|number| bytes.extend_from_slice(&number.to_le_bytes()));
        let sum = crc32c::crc32c(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        URL_SAFE_NO_PAD.encode(&bytes)
    }
}

/// What [`Cursor::encode`] wrote; none for every other text. Never panics, and needs no memory beside the
/// answer, however long the text is.
pub fn decode(text: &str) -> Option<Cursor> {
    // As many as a group of four characters may need.
    let mut bytes = [0; MAX_BYTES.next_multiple_of(3)];
    if text.len() > MAX_TEXT {
        return None;
    }
    let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
    let (content, sum) = bytes.get(..length)?.split_last_chunk::<SUM>()?;
    if crc32c::crc32c(content).to_le_bytes() != *sum {
        return None;
    }
    let ([VERSION, list], numbers) = content.split_first_chunk::<HEAD>()? else { return None };
    let list = List::ALL.into_iter().find(|known| known.byte() == *list)?;
    let (chunks, rest) = numbers.as_chunks::<8>();
    let mut cursor = Cursor { list, numbers: [0; MAX_NUMBERS], count: chunks.len() };
    for (number, chunk) in cursor.numbers.iter_mut().zip(chunks) {
        *number = u64::from_le_bytes(*chunk);
    }
    rest.is_empty().then_some(cursor)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    #[test]
    fn r2_6_golden_text_of_version_1() {
        let text = Cursor::new(List::Audit, [1, u64::MAX]).encode();
        assert_eq!(text, "AQEBAAAAAAAAAP__________4-frrw");
        assert_eq!(decode(&text).and_then(|cursor| cursor.of(List::Audit)), Some([1, u64::MAX]));
        assert_eq!(decode(&text).and_then(|cursor| cursor.of::<3>(List::Audit)), None);
    }

    #[test]
    fn r2_6_every_character_counts_and_nothing_may_be_missing_or_added() {
        let good = Cursor::new(List::Audit, [7, 8, 9]).encode();
        for at in 0..good.len() {
            for digit in DIGITS.iter().chain(b"=+/ ").filter(|digit| **digit != good.as_bytes()[at]) {
                let mut text = good.clone().into_bytes();
                text[at] = *digit;
                assert_eq!(decode(&String::from_utf8(text).unwrap()), None, "character {at}");
            }
            assert_eq!(decode(&good[..at]), None, "the first {at} characters");
        }
        for added in ["A", "AAAA", "=", "==", "é"] {
            assert_eq!(decode(&format!("{good}{added}")), None, "{added}");
            assert_eq!(decode(&format!("{added}{good}")), None, "{added}");
        }
        assert_eq!(decode(&"A".repeat(1 << 20)), None);
    }

    #[test]
    fn r2_6_another_version_or_list_is_refused_though_its_checksum_fits() {
        for head in [[0, 1], [2, 1], [1, 0], [1, 3], [1, 255]] {
            let mut bytes = head.to_vec();
            bytes.extend_from_slice(&[0; 8]);
            bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
            assert_eq!(decode(&URL_SAFE_NO_PAD.encode(&bytes)), None, "{head:?}");
        }
        for more in [1, 7, 9] {
            let mut bytes = vec![1, 1];
            bytes.resize(2 + more, 0);
            bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
            assert_eq!(decode(&URL_SAFE_NO_PAD.encode(&bytes)), None, "{more} bytes of numbers");
        }
    }

    proptest! {
        #[test]
        fn what_was_encoded_comes_back(numbers: [u64; 8], count in 0_usize..=8) {
            let cursor = Cursor { count, ..Cursor::new(List::Audit, numbers) };
            let text = cursor.encode();
            let read = decode(&text).unwrap();
            prop_assert_eq!(&read.numbers[..read.count], &numbers[..count]);
            prop_assert!(text.len() <= MAX_TEXT);
        }

        #[test]
        fn any_text_is_refused_or_the_only_one_of_its_cursor(text in "\\PC{0,100}|[A-Za-z0-9_-]{0,100}") {
            prop_assert!(decode(&text).is_none_or(|cursor| cursor.encode() == text));
        }
    }
}
