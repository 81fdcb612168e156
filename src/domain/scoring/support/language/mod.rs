//! Which language a conversation is in: every message keeps what speaks for each, and the choice is made over
//! all of them when it is scored, so that the order of arrival does not matter (R5.7).
//!
//! A message keeps what speaks for each language, and what its words say in those languages that it may be in (mostly
//! one; of few words up to six). No text is kept for the choice.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::pack::Pack;
use super::tokens::{Tokens, fold};
use crate::domain::message::{LanguageCode, MessageFeatures};

/// The votes of a word that is frequent in one language alone; one that is frequent in n languages gives each 1/n of
/// them.
pub const VOTE: u16 = 60;

/// Fewer votes than these are no evidence: that is one word that several languages share.
const LEAST: u32 = 48;

/// A text of fewer words than these, without evidence, is too short to say that it is in another language.
const TELLING_WORDS: u32 = 12;

/// In any known language, at least one of so many words is a frequent one.
const FREQUENT_IN: u32 = 8;

/// The largest number of languages that can be recognised.
const MOST_LANGUAGES: usize = 32;

/// Languages that are recognised and have no pack: their frequent words, one language a line.
const RECOGNISED: &str = include_str!("recognised.txt");

/// Languages that are not written in Latin letters.
const OTHER_LETTERS: [&str; 37] = [
    "am", "ar", "be", "bg", "bn", "el", "fa", "gu", "he", "hi", "hy", "ja", "ka", "kk", "km", "kn", "ko", "lo", "mk",
    "ml", "mr", "my", "ne", "pa", "ps", "ru", "si", "sr", "ta", "te", "th", "ti", "uk", "ur", "yi", "yue", "zh",
];

/// A language by its frequent words.
#[derive(Clone, Copy, Debug)]
struct Known {
    code: LanguageCode,
}

/// The frequent words of all languages that can be told.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    languages: Vec<Known>,
    /// The languages of each word, as bits. Words of languages that ignore accents stand without them.
    words: HashMap<Box<str>, u32>,
    /// The languages that ignore accents.
    folding: u32,
}

impl Vocabulary {
    /// Made of the packs, and of the languages that are only recognised. At most 32 in all; further ones are left
    /// out.
    pub fn new(packs: &[Pack]) -> Self {
        let mut vocabulary = Self { languages: Vec::new(), words: HashMap::new(), folding: 0 };
        for pack in packs {
            vocabulary.add(pack.language(), pack.ignores_accents, pack.stopwords());
        }
        for (code, words) in recognised() {
            if vocabulary.languages.iter().all(|known| known.code != code) {
                vocabulary.add(code, false, words);
            }
        }
        vocabulary
    }

    fn add<'w>(&mut self, code: LanguageCode, ignores_accents: bool, words: impl Iterator<Item = &'w str>) {
        if self.languages.len() == MOST_LANGUAGES {
            return;
        }
        let bit = 1 << self.languages.len();
        self.languages.push(Known { code });
        if ignores_accents {
            self.folding |= bit;
        }
        for word in words {
            *self.words.entry(word.into()).or_default() |= bit;
        }
    }

    /// The votes for each language, in [`VOTE`]s, by language; languages without votes are left out.
    pub fn votes(&self, tokens: &Tokens) -> BTreeMap<LanguageCode, u16> {
        let mut votes = [0_u16; MOST_LANGUAGES];
        for (_, word) in tokens.words() {
            let mut languages = self.languages_of(word);
            let share = VOTE / (languages.count_ones().max(1) as u16);
            while languages != 0 {
                let language = languages.trailing_zeros() as usize;
                votes[language] = votes[language].saturating_add(share);
                languages &= languages - 1;
            }
        }
        let some = self.languages.iter().zip(votes).filter(|(_, votes)| *votes > 0);
        some.map(|(known, votes)| (known.code, votes)).collect()
    }

    fn languages_of(&self, word: &str) -> u32 {
        let exact = self.words.get(word).copied().unwrap_or_default();
        if word.is_ascii() {
            return exact;
        }
        let folded = self.words.get(fold(word).as_str()).copied().unwrap_or_default();
        exact & !self.folding | folded & self.folding
    }
}

fn recognised() -> impl Iterator<Item = (LanguageCode, impl Iterator<Item = &'static str>)> {
    RECOGNISED.lines().filter_map(|line| {
        let (code, words) = line.split_once(':')?;
        Some((LanguageCode::new(code)?, words.split_whitespace()))
    })
}

/// The language that a conversation is read in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    Language(LanguageCode),
    /// It cannot be recognised, or is written in another script.
    Unknown,
}

/// The language of a conversation by what its customer wrote; if that says nothing, by what was answered; if nothing
/// speaks for any language, `default`, provided that the text is written in Latin letters.
///
/// `customer` and `agent` are the messages that do not name their language.
pub fn choose<'m>(
    customer: impl Iterator<Item = &'m MessageFeatures> + Clone,
    agent: impl Iterator<Item = &'m MessageFeatures> + Clone,
    default: LanguageCode,
) -> Choice {
    let mut sums = Sums::default();
    customer.for_each(|message| sums.add(message));
    if sums.best().is_none_or(|(votes, _)| votes < LEAST) && sums.is_latin() {
        agent.for_each(|message| sums.add(message));
    }
    sums.choice(default)
}

#[derive(Default)]
struct Sums {
    votes: BTreeMap<LanguageCode, u32>,
    words: u32,
    letters: u32,
    latin: u32,
}

impl Sums {
    fn add(&mut self, message: &MessageFeatures) {
        self.words += u32::from(message.words);
        self.letters += u32::from(message.letters);
        self.latin += u32::from(message.latin);
        for reading in &message.readings {
            *self.votes.entry(reading.language).or_default() += u32::from(reading.votes);
        }
    }

    /// Whether at least half of the letters are Latin, or there are none.
    fn is_latin(&self) -> bool {
        2 * self.latin >= self.letters
    }

    /// The language with the most votes; of equals the first by language.
    fn best(&self) -> Option<(u32, LanguageCode)> {
        self.votes
            .iter()
            .map(|(code, votes)| (*votes, *code))
            .max_by_key(|(votes, code)| (*votes, std::cmp::Reverse(*code)))
    }

    fn choice(&self, default: LanguageCode) -> Choice {
        // A text in other letters speaks for languages whose packs have words in these letters, and for no other.
        let enough = if self.is_latin() { LEAST } else { u32::from(VOTE) * self.words.div_ceil(FREQUENT_IN).max(1) };
        match self.best() {
            Some((votes, code)) if votes >= enough.max(self.least_for_its_length()) => {
                let is_even = self.votes.get(&default) == Some(&votes);
                Choice::Language(if is_even { default } else { code })
            }
            Some(_) | None if self.words < TELLING_WORDS && self.can_be(default) => Choice::Language(default),
            Some(_) | None => Choice::Unknown,
        }
    }

    /// Whether its letters are those that the language is written in, or it has none.
    fn can_be(&self, language: LanguageCode) -> bool {
        self.letters == 0 || self.is_latin() != OTHER_LETTERS.contains(&language.as_str())
    }

    /// The fewest votes that a language has in a text of this length.
    fn least_for_its_length(&self) -> u32 {
        if self.words < TELLING_WORDS { 0 } else { u32::from(VOTE) * self.words / FREQUENT_IN }
    }
}

#[cfg(test)]
mod tests;
