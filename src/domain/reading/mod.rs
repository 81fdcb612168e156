//! What is read of a message, before any word is counted (R5.6): what its sender wrote in it, in one
//! line and one normal form. Markup, quoted threads, signatures and footers are not.
//!
//! Pure, and linear in the length of what is looked at: the first [`MAX_RAW`] bytes. Reading the result again gives
//! the result, and it is never longer than the message. What mail programs write stands in `tables/`.

use std::borrow::Cow;

mod automatic;
mod chars;
mod ending;
mod fold;
mod footer;
mod html;
mod lines;
mod markup;
mod page;
mod phrase;
mod quoted_printable;
mod quotes;
mod tables;
#[cfg(test)]
mod tests;
mod words;

pub use chars::normal;

/// Characters read of a message; what follows is not looked at.
pub const MAX_CHARS: usize = 16_000;

/// Bytes looked at of a message as it came, which is longer than what is read by its markup and threads.
pub const MAX_RAW: usize = 256 << 10;

/// How often markup may be wrapped in markup, as by programs that escape what is escaped already.
const LAYERS: usize = 3;

/// What the event says its text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// HTML if it looks like it.
    Auto,
    Text,
    Html,
}

/// What was read of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read<'a> {
    /// One line in normal form. Empty where nothing is left.
    pub text: Cow<'a, str>,
    /// Whether its words are those of an automatic message.
    pub automatic: bool,
}

/// Compiles what reading needs (patterns of all languages, some 100 ms), so that no message waits for it.
pub fn prepare() {
    // This message needs every step.
    let html = "<p>Yes.</p><p>Kind regards</p>\n> quoted\n=E2=80=99 &amp; https://example.com";
    read(html, Format::Html);
    read("On Mon, 2 Mar 2026 at 10:00, A wrote:\n> quoted\nNo.", Format::Auto);
}

/// Reads one message.
pub fn read(text: &str, format: Format) -> Read<'_> {
    let plain = format != Format::Html && text.len() <= MAX_CHARS && is_plain(text);
    let text = if !plain {
        let read = unplain(text, format);
        if read == text { Cow::Borrowed(text) } else { Cow::Owned(read) }
    } else if lines::is_dropped(text) {
        Cow::Borrowed("")
    } else {
        Cow::Borrowed(text)
    };
    Read { automatic: automatic::is_automatic(&text), text }
}

/// Whether `text` needs no work: one line of ASCII with single blanks, without anything that tells markup, encodings
/// or addresses.
fn is_plain(text: &str) -> bool {
    let mut before = b' ';
    for byte in text.bytes() {
        match byte {
            b' ' if before == b' ' => return false,
            b'/' if before == b'/' => return false,
            b'w' | b'W' if before | 0x20 == b'w' => return false,
            b'<' | b'>' | b'&' | b'=' | b'@' | b'[' | b'`' => return false,
            0x20..0x7f => before = byte,
            _ => return false,
        }
    }
    before != b' '
}

fn unplain(text: &str, format: Format) -> String {
    let head = &text[..text.floor_char_boundary(MAX_RAW)];
    let text = normal(head);
    let decoded = match quoted_printable::decoded(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(decoded) => Cow::Owned(normal(&decoded).into_owned()),
    };
    let shown = without_markup(decoded, format);
    let line = words::one_line(&lines::written(&shown), MAX_CHARS);
    // Without its links a line may look like markup.
    let line = match settled(&line, format) {
        Cow::Borrowed(_) => line,
        Cow::Owned(settled) => words::one_line(&settled, MAX_CHARS),
    };
    if line != shown && lines::is_dropped(&line) { String::new() } else { line }
}

fn without_markup(text: Cow<'_, str>, format: Format) -> Cow<'_, str> {
    let mut text = text;
    for layer in 0..LAYERS {
        let shown = match format {
            Format::Text => break,
            Format::Html if layer == 0 => html::visible(&text),
            Format::Html | Format::Auto if markup::is_likely(&text) => html::visible(&text),
            Format::Html => break,
            Format::Auto if markup::has_entities(&text) => markup::unescaped(&text),
            Format::Auto => break,
        };
        text = Cow::Owned(normal(&shown).into_owned());
    }
    text
}

/// A line that stays as it is when it is read again: what is left of deeper layers of markup is no markup any more.
fn settled(line: &str, format: Format) -> Cow<'_, str> {
    let mut line = Cow::Borrowed(line);
    if quoted_printable::looks_encoded(&line) {
        line = Cow::Owned(line.replace('=', " "));
    }
    let armed = line.contains(['<', '&']);
    match format {
        Format::Text => line,
        Format::Auto if armed && (markup::is_likely(&line) || markup::has_entities(&line)) => {
            Cow::Owned(markup::disarmed(&line, false))
        }
        Format::Auto => line,
        Format::Html if armed => Cow::Owned(markup::disarmed(&line, true)),
        Format::Html => line,
    }
}
