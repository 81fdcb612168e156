//! A language pack: what the words of support say, in one language (`packs/<language>.toml`, or a table of the
//! same shape in config.toml).
//!
//! A pack is data that a speaker of the language can read and mend: lists of [patterns](super::pattern), and words
//! with a function (negators, refusals, stop words).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use super::pattern::{Phrase, Symbols, Tree, phrases};
use super::tokens::fold;
use crate::domain::message::LanguageCode;
use crate::domain::scoring::digest::hash_text;

/// The lists of a pack. The order is that of the bits of
/// [`Reading::marks`](crate::domain::message::Reading::marks) and so part of the on-disk format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum List {
    /// The customer thanks.
    Thanks,
    /// … praises.
    Praise,
    /// … agrees, or takes note.
    Content,
    /// … says that it works, has come, is found.
    Solved,
    /// … complains.
    Complaint,
    /// … says that it does not work, has not come.
    Unsolved,
    /// … says that they wait.
    Waiting,
    /// … counts attempts.
    Tries,
    /// … says again what they have said.
    Restate,
    /// … asks for a person.
    Human,
    /// … gives up.
    Giveup,
    /// … threatens to leave, to tell others, to sue.
    Threat,
    /// … hopes, doubts, shrugs.
    Resign,
    /// The agent has done it.
    AgentDone,
    /// … offers something.
    AgentOffer,
    /// … cannot.
    AgentCannot,
    /// … puts off.
    AgentStall,
    /// … is sorry.
    AgentSorry,
    /// … talks around it.
    AgentDeflect,
    /// … asks whether there is anything else.
    AgentFollowup,
    /// … is friendly.
    AgentWarm,
    /// Matched first and cut out: phrases with a word of another list that say nothing ("no problem").
    Neutral,
    /// Behind thanks, these words turn it into a complaint ("for nothing").
    ThanksDenied,
    /// Behind thanks, these words take its meaning away ("in advance").
    ThanksAside,
    /// A line of the helpdesk says that the conversation was closed.
    SystemClosed,
    /// … that a person takes over.
    SystemHandoff,
}

impl List {
    pub const ALL: [Self; 26] = [
        Self::Thanks,
        Self::Praise,
        Self::Content,
        Self::Solved,
        Self::Complaint,
        Self::Unsolved,
        Self::Waiting,
        Self::Tries,
        Self::Restate,
        Self::Human,
        Self::Giveup,
        Self::Threat,
        Self::Resign,
        Self::AgentDone,
        Self::AgentOffer,
        Self::AgentCannot,
        Self::AgentStall,
        Self::AgentSorry,
        Self::AgentDeflect,
        Self::AgentFollowup,
        Self::AgentWarm,
        Self::Neutral,
        Self::ThanksDenied,
        Self::ThanksAside,
        Self::SystemClosed,
        Self::SystemHandoff,
    ];

    /// Its bit in marks.
    pub const fn bit(self) -> u32 {
        1 << self as u8
    }

    pub const fn is_in(self, marks: u32) -> bool {
        marks & self.bit() != 0
    }
}

/// The bits of the customer's lists, of the agent's, and of those of system lines.
pub const CUSTOMER: u32 = (1 << List::AgentDone as u8) - 1;
pub const AGENT: u32 = ((1 << List::Neutral as u8) - 1) & !CUSTOMER;
pub const SYSTEM: u32 = List::SystemClosed.bit() | List::SystemHandoff.bit();

/// Bits of marks that are no list.
pub mod mark {
    use super::List;

    /// The list was hit twice or more.
    pub const WAITING_TWICE: u32 = 1 << 26;
    pub const TRIES_TWICE: u32 = 1 << 27;
    pub const RESTATE_TWICE: u32 = 1 << 28;
    /// A good word was negated.
    pub const NEGATED: u32 = 1 << 29;
    /// It begins with a refusal.
    pub const REFUSES: u32 = 1 << 30;
    /// It has a negation.
    pub const DENIES: u32 = 1 << 31;

    /// Which mark says that a list was hit twice.
    pub const fn twice(list: List) -> u32 {
        match list {
            List::Waiting => WAITING_TWICE,
            List::Tries => TRIES_TWICE,
            List::Restate => RESTATE_TWICE,
            _ => 0,
        }
    }
}

/// A pack as it is written down. What is left out is empty, or another pack's ([`over`](Self::over)).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackSource {
    /// Primary subtag of BCP 47 (`en`). In config.toml the table's key says it.
    #[serde(default)]
    pub language: Box<str>,
    /// Words are compared without their accents.
    pub ignore_accents: Option<bool>,
    /// Nouns are written with a capital, so a capital tells no name.
    pub capital_nouns: Option<bool>,
    /// A negation may stand behind what it denies.
    pub late_negation: Option<bool>,
    /// Frequent words: they tell the language, and do not tell one message from another.
    pub stopwords: Option<Vec<Box<str>>>,
    /// Words that deny what follows them.
    pub negators: Option<Vec<Box<str>>>,
    /// Words that say no.
    pub refusals: Option<Vec<Box<str>>>,
    /// Words that make a wish of what follows ("would").
    pub conditionals: Option<Vec<Box<str>>>,
    #[serde(default)]
    pub lists: BTreeMap<List, Vec<Box<str>>>,
}

impl PackSource {
    /// This pack, with what `base` has where it names nothing itself.
    pub fn over(mut self, base: &Self) -> Self {
        if self.language.is_empty() {
            self.language = base.language.clone();
        }
        for (list, patterns) in &base.lists {
            self.lists.entry(*list).or_insert_with(|| patterns.clone());
        }
        self.ignore_accents = self.ignore_accents.or(base.ignore_accents);
        self.capital_nouns = self.capital_nouns.or(base.capital_nouns);
        self.late_negation = self.late_negation.or(base.late_negation);
        self.stopwords = self.stopwords.or_else(|| base.stopwords.clone());
        self.negators = self.negators.or_else(|| base.negators.clone());
        self.refusals = self.refusals.or_else(|| base.refusals.clone());
        self.conditionals = self.conditionals.or_else(|| base.conditionals.clone());
        self
    }

    /// The packs that are built in, by language.
    pub fn builtin() -> &'static BTreeMap<LanguageCode, Self> {
        const TEXTS: [&str; 7] = [
            include_str!("packs/da.toml"),
            include_str!("packs/de.toml"),
            include_str!("packs/en.toml"),
            include_str!("packs/es.toml"),
            include_str!("packs/fr.toml"),
            include_str!("packs/nl.toml"),
            include_str!("packs/pt.toml"),
        ];
        static SOURCES: LazyLock<BTreeMap<LanguageCode, PackSource>> = LazyLock::new(|| {
            let source = |text: &&str| {
                let source: PackSource = toml::from_str(text).expect("a built-in pack is valid (tested)");
                (LanguageCode::new(&source.language).expect("a built-in pack names its language (tested)"), source)
            };
            TEXTS.iter().map(source).collect()
        });
        &SOURCES
    }
}

/// Why a pack cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    #[error("{0:?} is no language: two or three letters are expected, as in \"en\"")]
    Language(Box<str>),
    #[error("{place}: pattern {pattern:?}: {reason}")]
    Pattern { place: String, pattern: Box<str>, reason: &'static str },
}

/// What a word is besides what the lists make of it, one bit each.
pub(super) mod kind {
    pub const STOPWORD: u8 = 1;
    pub const NEGATOR: u8 = 2;
    pub const REFUSAL: u8 = 4;
    pub const CONDITIONAL: u8 = 8;
}

/// A compiled pack.
#[derive(Clone, Debug)]
pub struct Pack {
    pub(super) language: LanguageCode,
    pub(super) ignores_accents: bool,
    pub(super) has_capital_nouns: bool,
    pub(super) negates_late: bool,
    pub(super) kinds: HashMap<Box<str>, u8>,
    pub(super) symbols: Symbols,
    /// Lists by their phrases.
    pub(super) lists: Tree<u32>,
    digest: [u8; 32],
}

impl Pack {
    /// Checks every pattern. Takes milliseconds: done once, at start.
    pub fn compile(source: &PackSource) -> Result<Self, PackError> {
        let language = LanguageCode::new(&source.language.to_ascii_lowercase());
        let mut pack = Self {
            language: language.ok_or_else(|| PackError::Language(source.language.clone()))?,
            ignores_accents: source.ignore_accents.unwrap_or(false),
            has_capital_nouns: source.capital_nouns.unwrap_or(false),
            negates_late: source.late_negation.unwrap_or(false),
            kinds: HashMap::new(),
            symbols: Symbols::default(),
            lists: Tree::default(),
            digest: digest(source),
        };
        let words = [
            (&source.stopwords, kind::STOPWORD),
            (&source.negators, kind::NEGATOR),
            (&source.refusals, kind::REFUSAL),
            (&source.conditionals, kind::CONDITIONAL),
        ];
        for (list, kind) in words {
            for word in list.iter().flatten() {
                *pack.kinds.entry(pack.spelled(&word.to_lowercase()).into()).or_default() |= kind;
            }
        }
        for (list, patterns) in &source.lists {
            for pattern in patterns {
                pack.add_pattern(*list, pattern)?;
            }
        }
        Ok(pack)
    }

    /// Whether it is a word of the pack, by itself or in a phrase.
    pub(super) fn knows(&self, word: &str) -> bool {
        let word = self.spelled(word);
        self.kinds.contains_key(&*word) || self.symbols.has(&word)
    }

    fn add_pattern(&mut self, list: List, pattern: &str) -> Result<(), PackError> {
        for phrase in self.phrases(pattern, || format!("list {list:?} of {:?}", self.language))? {
            let symbols = self.numbers(&phrase);
            *self.lists.entry(&symbols) |= list.bit();
        }
        Ok(())
    }

    fn phrases(&self, pattern: &str, place: impl Fn() -> String) -> Result<Vec<Phrase>, PackError> {
        let error = |reason| PackError::Pattern { place: place(), pattern: pattern.into(), reason };
        phrases(&pattern.to_lowercase(), |word| self.spelled(word)).map_err(error)
    }

    fn numbers(&mut self, phrase: &Phrase) -> Vec<u32> {
        phrase.iter().map(|element| self.symbols.number_of(element)).collect()
    }

    /// A word (lower case) as this pack compares it.
    pub fn spelled(&self, word: &str) -> String {
        if self.ignores_accents { fold(word) } else { word.to_owned() }
    }

    pub fn language(&self) -> LanguageCode {
        self.language
    }

    /// Its stopwords as it compares them.
    pub fn stopwords(&self) -> impl Iterator<Item = &str> {
        self.kinds.iter().filter(|(_, kinds)| **kinds & kind::STOPWORD != 0).map(|(word, _)| &**word)
    }

    /// Differs between sources that differ in anything.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }
}

/// The packs that need no configuration.
pub fn builtin_packs() -> &'static [Pack] {
    static PACKS: LazyLock<Vec<Pack>> = LazyLock::new(|| {
        let compiled = |source| Pack::compile(source).expect("a built-in pack compiles (tested)");
        PackSource::builtin().values().map(compiled).collect()
    });
    &PACKS
}

/// Languages and digests of packs, for [`Profile::computed_hash`](crate::domain::scoring::profile::Profile::computed_hash).
pub fn digests(packs: &[Pack]) -> Vec<(Box<str>, [u8; 32])> {
    packs.iter().map(|pack| (pack.language.as_str().into(), pack.digest)).collect()
}

fn digest(source: &PackSource) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    // Maps stand in their keys' order, so one source has one text.
    let text = serde_json::to_string(source).expect("a pack is texts and numbers");
    hash_text(&mut hasher, &text);
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests;
