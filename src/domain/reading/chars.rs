//! One form for every character: compatibility forms are resolved, apostrophes and quotes are straight, invisible
//! characters are gone. Line ends stay, as `\n`.

use std::borrow::Cow;

use unicode_normalization::char::{canonical_combining_class, decompose_compatible};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick, is_nfkc_quick};

/// What becomes of a character before characters are composed.
enum Means {
    Itself,
    Nothing,
    Other(char),
}

/// `text` with its characters in normal form. Never longer: a character stays as it is where its
/// NFKC form takes more bytes.
pub fn normal(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_surely_normal) {
        return Cow::Borrowed(text);
    }
    let special = text.chars().any(|c| !matches!(means(c), Means::Itself));
    if !special && is_nfkc_quick(text.chars()) == IsNormalized::Yes {
        return Cow::Borrowed(text);
    }
    let mapped = map(&text.replace("\r\n", "\n"));
    if mapped.chars().all(is_surely_normal) || is_nfkc_quick(mapped.chars()) == IsNormalized::Yes {
        return Cow::Owned(mapped);
    }
    // A full-width grave accent has become an accent only now.
    Cow::Owned(map(&composed(&mapped)))
}

/// Recognises most text in Latin letters without a table.
fn is_surely_normal(c: char) -> bool {
    matches!(c,
        '\n' | ' '..='_' | 'a'..='~'
        | '¡' | '£' | '§' | '©' | '®' | '°' | '·' | '¿' | '–' | '—' | '€'
        | '\u{c0}'..='\u{131}' | '\u{134}'..='\u{13e}' | '\u{141}'..='\u{148}' | '\u{14a}'..='\u{17e}')
}

fn map(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match means(c) {
            Means::Itself => out.push(c),
            Means::Nothing => {}
            Means::Other(other) => out.push(other),
        }
    }
    out
}

fn means(c: char) -> Means {
    match c {
        '\n' | ' '..='_' | 'a'..='~' => Means::Itself,
        '`' | '’' | '‘' | 'ʼ' | '´' | '‛' | '′' | 'ʹ' | '\u{1fef}' | '\u{1ffd}' => Means::Other('\''),
        '“' | '”' | '„' | '‟' | '«' | '»' | '″' => Means::Other('"'),
        '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Means::Other('\n'),
        '\0'..='\u{8}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{9f}' => Means::Nothing,
        // Soft hyphen, joiners and marks of direction, the byte order mark, tags.
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' => Means::Nothing,
        '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' => Means::Nothing,
        '\u{e0000}'..='\u{e0fff}' => Means::Nothing,
        // Variation selectors, skin tones, and the frames that are drawn around another character.
        '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{20d0}'..='\u{20f0}' => Means::Nothing,
        _ if c.is_whitespace() => Means::Other(' '),
        _ => Means::Itself,
    }
}

/// NFKC, cluster by cluster, so that a character that would grow keeps only its own cluster from being normalised.
fn composed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut start = 0;
    for (at, c) in text.char_indices() {
        if at > start && !joins_what_stands_before(c) {
            push_composed(&mut out, &text[start..at]);
            start = at;
        }
    }
    push_composed(&mut out, &text[start..]);
    out
}

fn push_composed(out: &mut String, cluster: &str) {
    if cluster.len() == 1 {
        return out.push_str(cluster);
    }
    let before = out.len();
    out.extend(cluster.nfkc());
    if out.len() - before > cluster.len() {
        out.truncate(before);
        out.push_str(cluster);
    }
}

fn joins_what_stands_before(c: char) -> bool {
    if c < '\u{300}' {
        return false;
    }
    let mut first = None;
    decompose_compatible(c, |part| {
        first.get_or_insert(part);
    });
    let first = first.unwrap_or(c);
    canonical_combining_class(first) != 0 || is_nfc_quick(std::iter::once(first)) == IsNormalized::Maybe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_and_keyboards_write_one_form() {
        for (written, read) in [
            ("don’t ‘x’ isn´t ʼt `a`", "don't 'x' isn't 't 'a'"),
            ("“so” „so‟ «so»", "\"so\" \"so\" \"so\""),
            ("ｔｅｒｒｉｂｌｅ？", "terrible?"),
            ("un\u{ad}accept\u{200b}able", "unacceptable"),
            ("👍🏽 ❤\u{fe0f} 1\u{fe0f}\u{20e3}", "👍 ❤ 1"),
            ("cafe\u{301}", "café"),
            ("cafe\u{200b}\u{301}", "café"),
            ("a\r\nb\rc\u{2028}d\u{a0}e\tf", "a\nb\nc\nd e f"),
            ("ｶﾞ", "ガ"),
            ("ﬁne…", "fine..."),
        ] {
            assert_eq!(normal(written), read);
            assert!(matches!(normal(read), Cow::Borrowed(_)), "{read}");
        }
    }

    #[test]
    fn what_is_surely_normal_is() {
        for c in ('\0'..='\u{2fff}').filter(|c| is_surely_normal(*c)) {
            assert!(matches!(means(c), Means::Itself) && is_nfkc_quick([c].into_iter()) == IsNormalized::Yes, "{c:?}");
        }
    }

    #[test]
    fn what_would_grow_stays() {
        for text in ["½", "\u{fdfa}", "ŉ", "é\u{323}", "x½\u{fdfa}é\u{323}y", "\u{958}"] {
            let once = normal(text).into_owned();
            assert!(once.len() <= text.len(), "{text}");
            assert_eq!(normal(&once), once);
        }
        assert_eq!(normal("½ ｘ"), "½ x");
    }
}
