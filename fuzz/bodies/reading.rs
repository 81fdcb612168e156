//! Messages as they come (R5.6): what is read is no more than came, one line, and reads as itself.
//!
//! The first byte of the input says what its text is said to be.

use tripswitch::domain::reading::{Format, MAX_CHARS, read};

pub fn check(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let format = match choice % 3 {
        0 => Format::Auto,
        1 => Format::Text,
        _ => Format::Html,
    };
    let once = read(text, format);
    assert!(once.text.len() <= text.len() && once.text.chars().count() <= MAX_CHARS);
    assert!(!once.text.contains(['\n', '\r', '\t']) && once.text.trim() == once.text);
    assert_eq!(read(&once.text, format), once);
}
