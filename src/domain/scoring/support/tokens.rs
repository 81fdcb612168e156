//! A text in normal form as words and marks.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A word, that is a run of letters and digits with at most one `'` and the run behind it (`don't`); or a single `?`
/// or `!`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    start: u32,
    end: u32,
    /// Its first letter is a capital.
    pub is_capital: bool,
    /// A full stop, comma, bracket, quote or dash stands before it, a `?` or `!`, or nothing.
    pub follows_break: bool,
    /// A sentence begins with it, as far as punctuation tells.
    pub begins_sentence: bool,
    /// It is a `?` or `!`.
    pub is_mark: bool,
    /// It begins with a digit.
    pub is_number: bool,
}

/// The tokens of a text, in lower case.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    lower: String,
    tokens: Vec<Token>,
}

impl Tokens {
    pub fn of(text: &str) -> Self {
        let mut tokens =
            Self { lower: String::with_capacity(text.len()), tokens: Vec::with_capacity(text.len() / 4 + 1) };
        let mut gap = Gap::OPEN;
        let mut rest = text.char_indices().peekable();
        while let Some((start, c)) = rest.next() {
            if c.is_alphanumeric() {
                let end = word_end(text, start);
                tokens.push_word(&text[start..end], gap);
                gap = Gap::default();
                while rest.next_if(|(at, _)| *at < end).is_some() {}
            } else if matches!(c, '?' | '!') {
                tokens.push_mark(c, gap);
                gap = Gap::OPEN;
            } else {
                gap.widen(c);
            }
        }
        tokens
    }

    fn push_word(&mut self, word: &str, gap: Gap) {
        let start = self.lower.len() as u32;
        let first = word.chars().next();
        if word.is_ascii() {
            self.lower.extend(word.bytes().map(|byte| char::from(byte.to_ascii_lowercase())));
        } else {
            self.lower.extend(word.chars().flat_map(char::to_lowercase));
        }
        self.tokens.push(Token {
            start,
            end: self.lower.len() as u32,
            is_capital: first.is_some_and(char::is_uppercase),
            follows_break: gap.is_break,
            begins_sentence: gap.is_sentence,
            is_mark: false,
            is_number: first.is_some_and(char::is_numeric),
        });
    }

    fn push_mark(&mut self, mark: char, gap: Gap) {
        let start = self.lower.len() as u32;
        self.lower.push(mark);
        self.tokens.push(Token {
            start,
            end: start + 1,
            is_capital: false,
            follows_break: true,
            begins_sentence: gap.is_sentence,
            is_mark: true,
            is_number: false,
        });
    }

    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    pub fn all(&self) -> &[Token] {
        &self.tokens
    }

    /// The text of a token, lower case.
    pub fn text(&self, token: &Token) -> &str {
        &self.lower[token.start as usize..token.end as usize]
    }

    /// The texts of all tokens, lower case.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.tokens.iter().map(|token| self.text(token))
    }

    /// The words, without marks.
    pub fn words(&self) -> impl Iterator<Item = (&Token, &str)> {
        self.tokens.iter().filter(|token| !token.is_mark).map(|token| (token, self.text(token)))
    }
}

/// What was seen between two tokens.
#[derive(Clone, Copy, Debug, Default)]
struct Gap {
    is_break: bool,
    is_sentence: bool,
    /// How much of a dash between blanks was seen so far.
    dash: Dash,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Dash {
    #[default]
    None,
    Blank,
    Hyphen,
}

impl Gap {
    /// Before the first token, and behind a mark.
    const OPEN: Self = Self { is_break: true, is_sentence: true, dash: Dash::None };

    fn widen(&mut self, c: char) {
        self.is_break |= matches!(c, '.' | ':' | ';' | ',' | '(' | ')' | '"' | '–' | '—' | '|' | '…');
        self.is_sentence |= matches!(c, '.' | ':' | '"' | '…');
        // "no - works now", and not "e-mail".
        self.is_break |= c == ' ' && self.dash == Dash::Hyphen;
        self.dash = match (c, self.dash) {
            (' ', _) => Dash::Blank,
            ('-', Dash::Blank) => Dash::Hyphen,
            _ => Dash::None,
        };
    }
}

/// The end of the word that begins at `start`.
fn word_end(text: &str, start: usize) -> usize {
    let run =
        |from: usize| text[from..].find(|c: char| !c.is_alphanumeric()).map_or(text.len(), |length| from + length);
    let end = run(start);
    if text.as_bytes().get(end) == Some(&b'\'') {
        let suffix = run(end + 1);
        if suffix > end + 1 {
            return suffix;
        }
    }
    end
}

/// Without accents and with `ß` as `ss`, as writers of some languages leave them out.
pub fn fold(word: &str) -> String {
    let mut folded = String::with_capacity(word.len());
    for c in word.nfd().filter(|c| !is_combining_mark(*c)) {
        match c {
            'ß' => folded.push_str("ss"),
            c => folded.push(c),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        Tokens::of(text).texts().map(str::to_owned).collect()
    }

    #[test]
    fn a_word_has_at_most_one_suffix_and_marks_stand_alone() {
        assert_eq!(
            texts("I DON'T, 3rd rock'n'roll_x Ärger?!"),
            ["i", "don't", "3rd", "rock'n", "roll", "x", "ärger", "?", "!"]
        );
        assert_eq!(texts("a' 'b -- "), ["a", "b"]);
    }

    #[test]
    fn capitals_and_breaks_are_told() {
        let tokens = Tokens::of("Hello there. Great Western, it is");
        let told: Vec<_> = tokens.all().iter().map(|t| (t.is_capital, t.follows_break, t.begins_sentence)).collect();
        let (no, yes) = (false, true);
        assert_eq!(told, [(yes, yes, yes), (no, no, no), (yes, yes, yes), (yes, no, no), (no, yes, no), (no, no, no)]);
    }

    #[test]
    fn folding_takes_the_accents() {
        assert_eq!(fold("déjà"), "deja");
        assert_eq!(fold("straße"), "strasse");
    }
}
