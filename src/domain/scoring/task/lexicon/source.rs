//! A pack as it is written down.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// The lists of a pack. The order is that of the bits of
/// [`TurnFeatures::hits`](crate::domain::event::TurnFeatures) and so part of the on-disk format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum List {
    Gratitude,
    Praise,
    Complaint,
    Correction,
    Rejection,
    Acceptance,
    Apology,
    Failure,
    Confirmation,
}

impl List {
    pub const ALL: [Self; 9] = [
        Self::Gratitude,
        Self::Praise,
        Self::Complaint,
        Self::Correction,
        Self::Rejection,
        Self::Acceptance,
        Self::Apology,
        Self::Failure,
        Self::Confirmation,
    ];

    /// Its bit in [`TurnFeatures::hits`](crate::domain::event::TurnFeatures).
    pub const fn bit(self) -> u16 {
        1 << self as u8
    }

    /// Whether `hits` has its bit.
    pub const fn is_in(self, hits: u16) -> bool {
        hits & self.bit() != 0
    }
}

/// How the sentiment of a language is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SentimentLexicon {
    /// Not at all: such messages say nothing about sentiment.
    None,
    /// VADER's, which is English.
    Vader,
}

/// A pack as it is written down. What is left out is empty, or another pack's
/// ([`over`](Self::over)).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackSource {
    /// Primary subtag of BCP 47 (`en`). In config.toml the table's key says it.
    #[serde(default)]
    pub language: Box<str>,
    #[serde(default)]
    pub sentiment: Option<SentimentLexicon>,
    /// Patterns in the syntax of the `regex` crate (no look-around, no back-references).
    #[serde(default)]
    pub lists: BTreeMap<List, Vec<Box<str>>>,
    /// Words that do not tell one message from another, lower case.
    #[serde(default)]
    pub stopwords: Option<Vec<Box<str>>>,
    /// Frequent words that hardly occur in another language. A text with enough of them is in this language without
    /// any further guess, which would take longer than all other reading.
    #[serde(default)]
    pub markers: Option<Vec<Box<str>>>,
}

impl PackSource {
    /// This pack, with `base`'s lists, stopwords and sentiment where it names none itself.
    pub fn over(mut self, base: &Self) -> Self {
        if self.language.is_empty() {
            self.language = base.language.clone();
        }
        self.sentiment = self.sentiment.or(base.sentiment);
        for (list, patterns) in &base.lists {
            self.lists.entry(*list).or_insert_with(|| patterns.clone());
        }
        self.stopwords = self.stopwords.or_else(|| base.stopwords.clone());
        self.markers = self.markers.or_else(|| base.markers.clone());
        self
    }

    /// The English pack that is built in.
    pub fn english() -> &'static Self {
        static ENGLISH: LazyLock<PackSource> = LazyLock::new(|| {
            serde_json::from_str(include_str!("packs/en.json")).expect("the built-in pack is valid (tested)")
        });
        &ENGLISH
    }
}

/// Why a pack cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LexiconError {
    #[error("{0:?} is no language: two or three letters are expected, as in \"en\"")]
    Language(Box<str>),
    #[error("an empty pattern in list {list:?} of {language}")]
    EmptyPattern { language: Box<str>, list: List },
    #[error("list {list:?} of {language}: pattern {pattern:?} is not a regular expression")]
    Pattern { language: Box<str>, list: List, pattern: Box<str>, source: Box<regex::Error> },
    #[error("the lists of {language} are too large to be compiled")]
    Lists { language: Box<str>, source: Box<regex::Error> },
    #[error("there is no sentiment lexicon for {0}: \"vader\" is English only")]
    Sentiment(Box<str>),
}

/// `’` as `'`: writers and keyboards use both for the same thing.
pub fn plain(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains('’') { text.replace('’', "'").into() } else { text.into() }
}
