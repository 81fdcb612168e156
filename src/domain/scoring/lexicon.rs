//! Language packs: the word lists that say what a message does, per language.
//!
//! A pack is data (`packs/en.json`, or a table of the same shape in config.toml): regular
//! expressions in named lists, stopwords, and whether VADER knows the language. A pattern counts
//! where it matches, whatever the case, and no word character (letter, digit, underscore) stands
//! right before or right after the match.

use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use regex::{Regex, RegexSet, RegexSetBuilder};
use serde::{Deserialize, Serialize};

use super::catalogue;

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

/// What a language's sentiment is read with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SentimentLexicon {
    /// None: such messages say nothing about sentiment.
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

/// A compiled pack.
#[derive(Clone, Debug)]
pub struct Pack {
    language: Box<str>,
    sentiment: SentimentLexicon,
    /// One pattern per list that has any.
    matchers: RegexSet,
    /// The bit of each pattern of `matchers`.
    bits: Vec<u16>,
    stopwords: HashSet<Box<str>>,
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
        let (mut patterns, mut bits) = (Vec::new(), Vec::new());
        for (&list, alternatives) in source.lists.iter().filter(|(_, alternatives)| !alternatives.is_empty()) {
            patterns.push(list_pattern(&language, list, alternatives)?);
            bits.push(list.bit());
        }
        let matchers = RegexSetBuilder::new(patterns)
            .case_insensitive(true)
            .build()
            .map_err(|error| LexiconError::Lists { language: language.clone(), source: error.into() })?;
        let stopwords = source.stopwords.iter().flatten().map(|word| plain(word).to_lowercase().into()).collect();
        Ok(Self { digest: digest(source), language, sentiment, matchers, bits, stopwords })
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
        self.matchers.matches(text).iter().fold(0, |hits, index| hits | self.bits[index])
    }

    /// `word` in lower case.
    pub fn is_stopword(&self, word: &str) -> bool {
        self.stopwords.contains(word)
    }

    /// Differs where anything in the source differs.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }
}

/// The packs that need no configuration: English.
pub fn builtin_packs() -> &'static [Pack] {
    static PACKS: LazyLock<[Pack; 1]> =
        LazyLock::new(|| [Pack::compile(PackSource::english()).expect("the built-in pack compiles (tested)")]);
    &*PACKS
}

/// `’` as `'`: writers and keyboards use both for the same thing.
pub fn plain(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains('’') { text.replace('’', "'").into() } else { text.into() }
}

/// One expression that matches exactly where one of `alternatives` does under the rule of
/// boundaries.
///
/// The neighbours are consumed instead of looked at, which the engine cannot do. That is exact
/// because only the existence of a match is asked for: a regular language has no "first"
/// alternative that could hide another, and no two matches compete for a neighbour.
fn list_pattern(language: &str, list: List, alternatives: &[Box<str>]) -> Result<String, LexiconError> {
    const NO_WORD: &str = r"[^\p{Alphabetic}\p{N}_]";
    let mut parts = Vec::with_capacity(alternatives.len());
    for pattern in alternatives {
        if pattern.is_empty() {
            return Err(LexiconError::EmptyPattern { language: language.into(), list });
        }
        // Alone first, so that it cannot close a group that is not its own.
        Regex::new(pattern).map_err(|error| LexiconError::Pattern {
            language: language.into(),
            list,
            pattern: pattern.clone(),
            source: error.into(),
        })?;
        parts.push(format!("(?:{})", without_implied_boundary(&plain(pattern))));
    }
    Ok(format!("(?:^|{NO_WORD})(?:{})(?:$|{NO_WORD})", parts.join("|")))
}

/// `^no\b` as `^no`: after a letter the rule of boundaries says `\b` already, and without it the
/// fast engine also takes texts that are not ASCII.
fn without_implied_boundary(pattern: &str) -> &str {
    match pattern.strip_suffix(r"\b") {
        Some(rest) if rest.ends_with(|c: char| c.is_ascii_alphabetic()) && !rest.contains('\\') => rest,
        _ => pattern,
    }
}

fn digest(source: &PackSource) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[u8::from(source.sentiment == Some(SentimentLexicon::Vader))]);
    for (list, patterns) in &source.lists {
        hasher.update(&[*list as u8]);
        hasher.update(&(patterns.len() as u64).to_le_bytes());
        for pattern in patterns {
            catalogue::text(&mut hasher, pattern);
        }
    }
    hasher.update(&[u8::MAX]);
    for word in source.stopwords.iter().flatten() {
        catalogue::text(&mut hasher, word);
    }
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(lists: &[(List, &[&str])]) -> Result<Pack, LexiconError> {
        let lists = lists.iter().map(|(list, patterns)| (*list, patterns.iter().map(|p| (*p).into()).collect()));
        Pack::compile(&PackSource { language: "xx".into(), lists: lists.collect(), ..PackSource::default() })
    }

    fn english(text: &str) -> Vec<List> {
        let hits = builtin_packs()[0].hits(&plain(text));
        List::ALL.into_iter().filter(|list| list.is_in(hits)).collect()
    }

    #[test]
    fn the_built_in_pack_has_every_list() {
        let source = PackSource::english();
        assert!(List::ALL.iter().all(|list| source.lists[list].len() > 4));
        assert_eq!(builtin_packs()[0].language(), "en");
        assert_eq!(builtin_packs()[0].sentiment(), SentimentLexicon::Vader);
    }

    #[test]
    fn a_word_character_next_to_a_match_forbids_it() {
        assert_eq!(english("GREATly grateful_ _thanks cheers1"), []);
        assert_eq!(english("GREAT!"), [List::Praise]);
        assert_eq!(english("(cheers)"), [List::Gratitude]);
        assert_eq!(english("caffè awfulé"), []);
        assert_eq!(english("é awful é"), [List::Complaint]);
    }

    #[test]
    fn an_alternative_that_breaks_the_boundary_does_not_hide_one_that_keeps_it() {
        let pack =
            pack(&[(List::Praise, &["love", "loved?"]), (List::Failure, &["(?:is) (?:not|un)(?: \\w+)?"])]).unwrap();
        assert_eq!(pack.hits("we loved it"), List::Praise.bit());
        assert_eq!(pack.hits("lovely but love"), List::Praise.bit());
        assert_eq!(pack.hits("it is nothing"), 0);
        assert_eq!(pack.hits("it is not"), List::Failure.bit());
    }

    #[test]
    fn neighbouring_matches_may_share_their_boundary() {
        let pack = pack(&[(List::Praise, &["a", "b"]), (List::Complaint, &["b"])]).unwrap();
        assert_eq!(pack.hits("a b"), List::Praise.bit() | List::Complaint.bit());
    }

    #[test]
    fn a_leading_no_is_a_rejection_and_one_inside_is_not() {
        assert_eq!(english("No thanks"), [List::Gratitude, List::Rejection]);
        assert_eq!(english("there was no cat, nothing"), []);
        assert_eq!(english("Nothing"), []);
        assert_eq!(english("noé"), []);
    }

    #[test]
    fn a_comma_belongs_to_the_match_so_a_word_right_after_it_forbids_it() {
        assert_eq!(english("well no, the red one"), [List::Correction]);
        assert_eq!(english("well no,the red one"), []);
    }

    #[test]
    fn both_apostrophes_are_read_alike() {
        assert_eq!(english("I don’t like that, it can’t be"), english("I don't like that, it can't be"));
        assert!(english("I don’t like that").contains(&List::Rejection));
    }

    #[test]
    fn an_implied_boundary_is_dropped_only_after_a_plain_letter() {
        assert_eq!(without_implied_boundary(r"^no\b"), "^no");
        assert_eq!(without_implied_boundary(r"\w\b"), r"\w\b");
        assert_eq!(without_implied_boundary(r"no,\b"), r"no,\b");
        assert_eq!(without_implied_boundary(r"no\\b"), r"no\\b");
    }

    #[test]
    fn a_pack_that_cannot_work_is_refused_by_name() {
        assert!(matches!(
            pack(&[(List::Praise, &["good", "(bad"])]),
            Err(LexiconError::Pattern { list: List::Praise, .. })
        ));
        assert!(matches!(pack(&[(List::Praise, &["good)|(?:bad"])]), Err(LexiconError::Pattern { .. })));
        assert!(matches!(pack(&[(List::Praise, &[""])]), Err(LexiconError::EmptyPattern { .. })));
        let source = PackSource { language: "english".into(), ..PackSource::default() };
        assert!(matches!(Pack::compile(&source), Err(LexiconError::Language(_))));
        let source =
            PackSource { language: "da".into(), sentiment: Some(SentimentLexicon::Vader), ..PackSource::default() };
        assert!(matches!(Pack::compile(&source), Err(LexiconError::Sentiment(_))));
    }

    #[test]
    fn a_configured_table_replaces_the_lists_it_names_and_refuses_unknown_ones() {
        let table = "sentiment = \"none\"\n[lists]\npraise = [\"top\"]\n";
        let source = toml::from_str::<PackSource>(table).unwrap().over(PackSource::english());
        assert_eq!(source.lists[&List::Praise], ["top".into()]);
        assert_eq!(source.lists[&List::Apology], PackSource::english().lists[&List::Apology]);
        let pack = Pack::compile(&source).unwrap();
        assert_eq!((pack.language(), pack.sentiment()), ("en", SentimentLexicon::None));
        assert!(pack.is_stopword("the") && pack.digest() != builtin_packs()[0].digest());
        assert!(toml::from_str::<PackSource>("[lists]\njoy = [\"top\"]").is_err());
        assert!(toml::from_str::<PackSource>("list = 1").is_err());
    }
}
