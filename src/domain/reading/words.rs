//! From the lines that are left to the one line that is read: addresses and pictures are no words.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::phrase::expression;

/// Links (with the brackets that mail programs put around them), mail addresses, and the places of
/// pictures. None takes a `[` or `]` that is not its own, so taking one away never makes another.
static NO_WORDS: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r#"(?i)<?(?:https?://|ftp://|www\.)[^\s<>\[\]"]*>?"#,
        r"|<?(?:mailto:|tel:\+?\d)?[\w.+%-]+@[\w-]+(?:\.[\w-]+)+>?",
        r"|\[(?:cid|image|img|logo)\b[^\[\]]*\]"
    ))
});

/// `text` in one line without what is no word, with one blank between words, and no longer than `limit`
/// characters.
pub fn one_line(text: &str, limit: usize) -> String {
    let text = if may_hold_addresses(text) { NO_WORDS.replace_all(text, " ") } else { Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    if let Some((end, _)) = out.char_indices().nth(limit) {
        out.truncate(end);
        out.truncate(out.trim_end().len());
    }
    out
}

fn may_hold_addresses(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().any(|byte| matches!(byte, b'@' | b'['))
        || bytes.windows(2).any(|pair| matches!(pair, [b'/', b'/'] | [b'w' | b'W', b'w' | b'W']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_pictures_are_no_words() {
        for (text, read) in [
            ("see https://x.example/a?b=1#c now", "see now"),
            ("see the page <https://x.example/a> now", "see the page now"),
            ("write to mia.b@x.example, please", "write to , please"),
            ("[cid:image001.png@01D] [image: Logo of x] so", "so"),
            ("WWW.x.example is down?", "is down?"),
            ("how was it (1-5) [4]", "how was it (1-5) [4]"),
            ("@mia is there", "@mia is there"),
        ] {
            assert_eq!(one_line(text, 100), read);
            assert_eq!(one_line(read, 100), read);
        }
    }
}
