//! Cursors of lists (R2.6): a text is refused, or it is the only one that means what it means.
//!
//! The first byte of the input says whether the rest is the text, or the content of one whose checksum
//! is right.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tripswitch::http::cursor::{Cursor, List, MAX_NUMBERS, decode};
use tripswitch::http::paging::Page;
use tripswitch::http::params::Query;

pub fn check(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else { return };
    if choice & 1 == 0 {
        if let Ok(text) = std::str::from_utf8(rest) {
            check_text(text);
        }
        return;
    }
    check_text(&text_of(rest));
    // Whatever numbers a list puts in come back.
    let numbers: [u64; MAX_NUMBERS] = std::array::from_fn(|at| {
        rest.get(8 * at..).and_then(|rest| rest.first_chunk()).map_or(0, |chunk| u64::from_le_bytes(*chunk))
    });
    let text = Cursor::new(List::Audit, numbers).encode();
    assert_eq!(decode(&text).and_then(|cursor| cursor.of(List::Audit)), Some(numbers));
}

fn check_text(text: &str) {
    let read = decode(text);
    if let Some(cursor) = &read {
        assert_eq!(cursor.encode(), text);
    }
    let sent: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let sent = format!("cursor={sent}");
    let (query, mut faults) = (Query::parse(Some(&sent)), Vec::new());
    let page = Page::<1>::read(&query, List::Audit, &mut faults);
    assert_eq!(page.after, read.and_then(|cursor| cursor.of(List::Audit)));
    assert_eq!((page.limit, faults.len()), (50, usize::from(page.after.is_none())));
    // The same bytes as a limit: a whole number from 1 to 100, or a fault.
    let sent = sent.replacen("cursor", "limit", 1);
    let (query, mut faults) = (Query::parse(Some(&sent)), Vec::new());
    let page = Page::<1>::read(&query, List::Audit, &mut faults);
    let expected = text.parse().ok().filter(|limit| (1..=100).contains(limit) && !text.starts_with('+'));
    assert_eq!((page.limit, faults.is_empty()), (expected.unwrap_or(50), expected.is_some()), "{text}");
}

/// `content` and its checksum in base64url.
fn text_of(content: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode([content, &crc32c::crc32c(content).to_le_bytes()].concat())
}
