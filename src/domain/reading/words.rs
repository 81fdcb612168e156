//! From the lines that are left to the one line that is read, without addresses and pictures.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::phrase::expression;

/// Links (with the brackets that mail programs put around them) and mail addresses.
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r#"(?i)<?(?:https?://|ftp://|www\.)[^\s<>\[\]"]*>?"#,
        r"|<?(?:mailto:|tel:\+?\d)?[\w.+%-]+@[\w-]+(?:\.[\w-]+)+>?"
    ))
});

static PICTURE: LazyLock<Regex> = LazyLock::new(|| expression(r"(?i)\[(?:cid:|image|img|logo)"));

/// `text` in one line, without what is no word, with one blank between words, cut to `limit` characters.
pub fn one_line(text: &str, limit: usize) -> String {
    let mut text = Cow::Borrowed(text);
    if text.contains('[') {
        text = Cow::Owned(without_pictures(&text));
    }
    // Removing these takes no bracket away, so nothing becomes a picture by it.
    if may_hold_addresses(&text) {
        text = Cow::Owned(ADDRESS.replace_all(&text, " ").into_owned());
    }
    let mut out = String::with_capacity(text.len().min(4 * limit));
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

/// Without `[image: …]` and `[cid:…]`, each to the next `]`.
fn without_pictures(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(picture) = PICTURE.find(rest) {
        let Some(close) = rest[picture.start()..].find(']') else { break };
        out.push_str(&rest[..picture.start()]);
        out.push(' ');
        rest = &rest[picture.start() + close + 1..];
    }
    out.push_str(rest);
    out
}

fn may_hold_addresses(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.contains(&b'@') || bytes.windows(2).any(|pair| matches!(pair, [b'/', b'/'] | [b'w' | b'W', b'w' | b'W']))
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
