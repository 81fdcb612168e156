//! A text as VADER splits it.

use std::borrow::Cow;

use super::vocabulary::{Key, Trait, Vocabulary, Word};

/// One run between white space.
#[derive(Clone, Copy, Debug, Default)]
pub struct Token {
    pub word: Word,
    /// The default entry where the word is longer than every known one.
    pub key: Key,
    pub is_upper: bool,
}

impl Token {
    /// Without the punctuation around it if that leaves more than two characters.
    fn read(piece: &str) -> Self {
        let inner = piece.trim_matches(|c: char| c.is_ascii_punctuation());
        let is_short = inner.len() <= 2 || (!inner.is_ascii() && inner.chars().nth(2).is_none());
        let text = if is_short { piece } else { inner };
        if text.is_ascii() {
            Self::of(text, is_upper_ascii(text))
        } else {
            Self::of(&text.replace(KELVIN, "k"), is_upper(text))
        }
    }

    fn of(text: &str, is_upper: bool) -> Self {
        let key = Key::of(text);
        let mut word = key.map(|key| Vocabulary::get().word(&key)).unwrap_or_default();
        if has_contraction(text) {
            word.add(Trait::Negates);
        }
        Self { word, key: key.unwrap_or_default(), is_upper }
    }
}

/// The one character that is not ASCII and becomes ASCII in lower case (`k`).
const KELVIN: char = '\u{212a}';

pub fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(text.len() / 4 + 1);
    tokens.extend(text.split(is_space).filter(|piece| !piece.is_empty()).map(Token::read));
    tokens
}

/// Python's idea of white space: Unicode's and four separators.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r' | '\u{1c}'..='\u{1f}') || (!c.is_ascii() && c.is_whitespace())
}

/// Whether "n't" stands in it, in any case.
fn has_contraction(text: &str) -> bool {
    let bytes = text.as_bytes();
    let has = |at: usize| {
        at > 0
            && bytes[at - 1].eq_ignore_ascii_case(&b'n')
            && bytes.get(at + 1).is_some_and(|b| b.eq_ignore_ascii_case(&b't'))
    };
    bytes.iter().enumerate().any(|(at, byte)| *byte == b'\'' && has(at))
}

fn is_upper_ascii(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().any(u8::is_ascii_uppercase) && !bytes.iter().any(u8::is_ascii_lowercase)
}

/// Python's `isupper`: a cased letter or more, and none in lower or title case.
fn is_upper(text: &str) -> bool {
    let mut cased = false;
    for c in text.chars().filter(|c| !is_newer(*c)) {
        if c.is_lowercase() || is_title(c) {
            return false;
        }
        cased |= c.is_uppercase();
    }
    cased
}

/// General category Lt: no upper case, and no lower case either.
fn is_title(c: char) -> bool {
    matches!(c, 'ǅ' | 'ǈ' | 'ǋ' | 'ǲ' | 'ᾈ'..='ᾏ' | 'ᾘ'..='ᾟ' | 'ᾨ'..='ᾯ' | 'ᾼ' | 'ῌ' | 'ῼ')
}

/// Cased letters that came after Unicode 16, whose idea of case counts here.
fn is_newer(c: char) -> bool {
    matches!(c, '\u{a7ce}' | '\u{a7cf}' | '\u{a7d2}' | '\u{a7d4}' | '\u{a7f1}' | '\u{16ea0}'..='\u{16ed3}')
}

/// `text` with words in place of emoji.
pub fn spelled_out(text: &str) -> Cow<'_, str> {
    let vocabulary = Vocabulary::get();
    if text.is_ascii() || !text.chars().any(|c| !c.is_ascii() && vocabulary.emoji(c).is_some()) {
        return text.into();
    }
    let mut spelled = String::with_capacity(2 * text.len());
    for c in text.chars() {
        let words = vocabulary.emoji(c);
        if words.is_some() && !spelled.is_empty() && !spelled.ends_with(' ') {
            spelled.push(' ');
        }
        match words {
            Some(words) => spelled.push_str(words),
            None => spelled.push(c),
        }
    }
    spelled.into()
}
