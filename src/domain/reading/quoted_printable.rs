//! Mails whose transport encoding was not undone: `=20`, `=E2=80=99`, lines that end in `=`.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::phrase::expression;

/// Line ends of quoted-printable, or encoded letters that nobody types.
static SURELY: LazyLock<Regex> =
    LazyLock::new(|| expression(r"=(?:20|09)\n|=(?:E2=80=[89AB]|C3=[89AB]|C2=[AB]|F0=9F=)[0-9A-F]"));

/// `text` with its quoted-printable undone, if it clearly is quoted-printable.
pub fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('=') || !is_encoded(text) {
        return Cow::Borrowed(text);
    }
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find('=') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let bytes = escaped_bytes(rest);
        match (bytes.is_empty(), rest[1..].starts_with('\n')) {
            (true, true) => rest = &rest[2..],
            (true, false) => {
                out.push('=');
                rest = &rest[1..];
            }
            (false, _) => {
                rest = &rest[bytes.len() * 3..];
                push_decoded(&mut out, &bytes);
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Whether a line alone looks like quoted-printable, so that reading the result again would change it.
pub fn looks_encoded(line: &str) -> bool {
    line.contains('=') && SURELY.is_match(line)
}

fn is_encoded(text: &str) -> bool {
    let soft_ends = text.matches("=\n").count();
    soft_ends > 1 || looks_encoded(text) || soft_ends == 1 && !escaped_bytes_anywhere(text).is_empty()
}

fn escaped_bytes_anywhere(text: &str) -> Vec<u8> {
    text.match_indices('=')
        .map(|(at, _)| escaped_bytes(&text[at..]))
        .find(|bytes| !bytes.is_empty())
        .unwrap_or_default()
}

/// The bytes of the `=XX` that `text` begins with.
fn escaped_bytes(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    };
    let escapes = text.as_bytes().chunks_exact(3).map_while(|escape| match escape {
        [b'=', high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    escapes.collect()
}

/// UTF-8 where it is, else Latin-1: three bytes each become at most two.
fn push_decoded(out: &mut String, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(text) => out.push_str(text),
        Err(_) => out.extend(bytes.iter().map(|byte| char::from(*byte))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_are_undone_where_they_are_clear() {
        assert_eq!(decoded("it doesn=E2=80=99t wo=\nrk"), "it doesn’t work");
        assert_eq!(decoded("caf=E9 a=\nu lait"), "café au lait");
        assert_eq!(decoded("one=20\ntwo a=3Db"), "one \ntwo a=b");
    }

    #[test]
    fn an_equals_sign_is_no_encoding() {
        for text in ["a=20 b=30", "x=a, y=\n5", "1+1=2", "=", "=\n", "=E2=80"] {
            assert_eq!(decoded(text), text);
        }
    }
}
