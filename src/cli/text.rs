//! Text that other programs have saved.

use std::io::{self, BufRead};

/// Why an input is no text that can be read.
#[derive(Debug, thiserror::Error)]
pub enum NotText {
    #[error(transparent)]
    Read(#[from] io::Error),
    #[error("the input is not UTF-8 but, it seems, UTF-16: `iconv -f UTF-16 -t UTF-8` converts it")]
    Utf16,
    #[error("the input is not UTF-8")]
    Other,
}

/// The next byte, which stays; none at the end.
pub fn first_byte(input: &mut impl BufRead) -> io::Result<Option<u8>> {
    Ok(input.fill_buf()?.first().copied())
}

/// Files that were saved on Windows begin with the mark of UTF-8, or are UTF-16, which is refused.
pub fn skip_byte_order_mark(input: &mut impl BufRead) -> Result<(), NotText> {
    match first_byte(input)? {
        Some(0xef) => {}
        Some(0xff | 0xfe | 0) => return Err(NotText::Utf16),
        Some(_) | None => return Ok(()),
    }
    for mark in [0xef, 0xbb, 0xbf] {
        if first_byte(input)? != Some(mark) {
            return Err(NotText::Other);
        }
        input.consume(1);
    }
    Ok(())
}
