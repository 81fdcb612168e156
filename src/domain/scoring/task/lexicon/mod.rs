//! Language packs: the word lists that say what a message does, per language.
//!
//! A pack is data (`packs/en.json`, or a table of the same shape in config.toml): regular
//! expressions in named lists, stopwords, and whether VADER knows the language. A pattern counts
//! where it matches, whatever the case, and no word character (letter, digit, underscore) stands
//! right before or right after the match.

mod expand;
mod matchers;
mod phrases;
mod source;

use std::sync::LazyLock;

use hashbrown::HashMap;

use self::matchers::{Matchers, Phrases};
pub use self::source::{LexiconError, List, PackSource, SentimentLexicon, plain};
use super::super::digest::hash_text;

/// The bits of [`Pack::words`].
const STOPWORD: u8 = 1;
const MARKER: u8 = 2;

/// A compiled pack.
#[derive(Clone, Debug)]
pub struct Pack {
    language: Box<str>,
    sentiment: SentimentLexicon,
    /// The expressions that define the lists.
    definition: Matchers,
    /// The same as phrases, which are found faster.
    phrases: Option<Phrases>,
    /// Stopwords and markers: [`STOPWORD`], [`MARKER`].
    words: HashMap<Box<str>, u8>,
    digest: [u8; 32],
}

impl Pack {
    /// Checks and compiles every pattern (milliseconds: done once, at start).
    pub fn compile(source: &PackSource) -> Result<Self, LexiconError> {
        let language = source.language.to_ascii_lowercase().into_boxed_str();
        if !(2..=3).contains(&language.len()) || !language.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return Err(LexiconError::Language(source.language.clone()));
        }
        let sentiment = source.sentiment.unwrap_or(SentimentLexicon::None);
        if sentiment == SentimentLexicon::Vader && &*language != "en" {
            return Err(LexiconError::Sentiment(language));
        }
        let definition = Matchers::compile(&language, &source.lists)?;
        let phrases = Phrases::compile(&language, &source.lists)?;
        let mut words = HashMap::new();
        for (list, kind) in [(&source.stopwords, STOPWORD), (&source.markers, MARKER)] {
            for word in list.iter().flatten() {
                *words.entry(plain(word).to_lowercase().into()).or_default() |= kind;
            }
        }
        Ok(Self { digest: digest(source), language, sentiment, definition, phrases, words })
    }

    /// Primary subtag, lower case.
    pub fn language(&self) -> &str {
        &self.language
    }

    pub fn sentiment(&self) -> SentimentLexicon {
        self.sentiment
    }

    /// The bits of the lists with a match in `text`, in which `’` must have become `'`
    /// ([`plain`]).
    pub fn hits(&self, text: &str) -> u16 {
        let quick = self.phrases.as_ref().filter(|phrases| phrases.can_read(text));
        quick.map_or_else(|| self.definition.hits(text), |phrases| phrases.hits(text))
    }

    /// `word` in lower case.
    pub fn is_stopword(&self, word: &str) -> bool {
        self.kind(word) & STOPWORD != 0
    }

    /// Whether a text of these words (lower case) is plainly in this language: every third word is a
    /// marker, and two of them differ; or one is, and two of five words, of which four differ, are markers
    /// or stopwords. What has a digit is no word here: numbers and codes are of no language.
    pub fn is_plainly_its_language<'t>(&self, words: impl Iterator<Item = &'t str>) -> bool {
        let (mut all, mut marked, mut known) = (0, 0, 0);
        let (mut markers, mut different) = (Different::<2>::default(), Different::<4>::default());
        for word in words {
            let kind = self.kind(word);
            all += usize::from(kind != 0 || !word.bytes().any(|byte| byte.is_ascii_digit()));
            if kind != 0 {
                known += 1;
                different.add(word);
            }
            if kind & MARKER != 0 {
                marked += 1;
                markers.add(word);
            }
        }
        (markers.is_full() && 3 * marked >= all) || (marked > 0 && different.is_full() && 5 * known >= 2 * all)
    }

    fn kind(&self, word: &str) -> u8 {
        self.words.get(word).copied().unwrap_or_default()
    }

    /// Differs between sources that differ in anything.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }
}

/// The first few different words of some.
struct Different<'t, const N: usize>([Option<&'t str>; N]);

impl<const N: usize> Default for Different<'_, N> {
    fn default() -> Self {
        Self([None; N])
    }
}

impl<'t, const N: usize> Different<'t, N> {
    fn add(&mut self, word: &'t str) {
        let taken = self.0.iter().flatten().count();
        if taken < N && !self.0[..taken].contains(&Some(word)) {
            self.0[taken] = Some(word);
        }
    }

    fn is_full(&self) -> bool {
        self.0.iter().all(Option::is_some)
    }
}

/// The packs that need no configuration: English.
pub fn builtin_packs() -> &'static [Pack] {
    static PACKS: LazyLock<[Pack; 1]> =
        LazyLock::new(|| [Pack::compile(PackSource::english()).expect("the built-in pack compiles (tested)")]);
    &*PACKS
}

/// Languages and digests of packs, for [`Profile::computed_hash`](super::super::profile::Profile::computed_hash).
pub fn digests(packs: &[Pack]) -> Vec<(Box<str>, [u8; 32])> {
    packs.iter().map(|pack| (pack.language.clone(), pack.digest)).collect()
}

fn digest(source: &PackSource) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[u8::from(source.sentiment == Some(SentimentLexicon::Vader))]);
    for (list, patterns) in &source.lists {
        hasher.update(&[*list as u8]);
        hasher.update(&(patterns.len() as u64).to_le_bytes());
        for pattern in patterns {
            hash_text(&mut hasher, pattern);
        }
    }
    for words in [&source.stopwords, &source.markers] {
        hasher.update(&[u8::MAX]);
        for word in words.iter().flatten() {
            hash_text(&mut hasher, word);
        }
    }
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests;
