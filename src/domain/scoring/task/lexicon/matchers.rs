//! The lists of a pack, compiled: as the expressions that define them, and as phrases.
//!
//! The expressions define what a list means. They are used for lists that are more than a set of phrases, and for
//! texts with letters of other scripts; everything else is found by the tree of phrases, which is faster.

use std::collections::BTreeMap;

use regex::{Regex, RegexSet, RegexSetBuilder};

use super::expand::expand;
use super::phrases::{Tree, has_only_signs};
use super::source::{LexiconError, List, plain};

pub type Lists = BTreeMap<List, Vec<Box<str>>>;

/// The patterns of a pack, one expression per list that has any.
#[derive(Clone, Debug)]
pub struct Matchers {
    set: RegexSet,
    /// The bit of each expression.
    bits: Vec<u16>,
}

impl Matchers {
    pub fn compile(language: &str, lists: &Lists) -> Result<Self, LexiconError> {
        let (mut patterns, mut bits) = (Vec::new(), Vec::new());
        for (&list, alternatives) in lists.iter().filter(|(_, alternatives)| !alternatives.is_empty()) {
            patterns.push(list_pattern(language, list, alternatives)?);
            bits.push(list.bit());
        }
        let built = RegexSetBuilder::new(patterns).case_insensitive(true).build();
        let set = built.map_err(|error| LexiconError::Lists { language: language.into(), source: error.into() })?;
        Ok(Self { set, bits })
    }

    pub fn hits(&self, text: &str) -> u16 {
        self.set.matches(text).iter().fold(0, |hits, index| hits | self.bits[index])
    }
}

/// The patterns of a pack as phrases, as far as they are no more than that.
#[derive(Clone, Debug)]
pub struct Phrases {
    tree: Tree,
    pub is_ascii_only: bool,
    pub rest: Option<Matchers>,
}

impl Phrases {
    /// `None` where there are too many phrases.
    pub fn compile(language: &str, lists: &Lists) -> Result<Option<Self>, LexiconError> {
        let (mut phrases, mut rest, mut is_ascii_only) = (Vec::new(), Lists::new(), false);
        for (list, pattern) in lists.iter().flat_map(|(list, patterns)| patterns.iter().map(move |one| (*list, one))) {
            match expand(without_implied_boundary(&plain(pattern))) {
                Some(found) => {
                    phrases.extend(found.all.into_iter().map(|phrase| (phrase, list.bit())));
                    is_ascii_only |= found.is_ascii_only;
                }
                None => rest.entry(list).or_default().push(pattern.clone()),
            }
        }
        let rest = (!rest.is_empty()).then(|| Matchers::compile(language, &rest)).transpose()?;
        Ok(Tree::build(&phrases).map(|tree| Self { tree, is_ascii_only, rest }))
    }

    pub fn can_read(&self, text: &str) -> bool {
        text.is_ascii() || (!self.is_ascii_only && has_only_signs(text))
    }

    pub fn hits(&self, text: &str) -> u16 {
        self.tree.hits(text) | self.rest.as_ref().map_or(0, |rest| rest.hits(text))
    }
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
pub fn without_implied_boundary(pattern: &str) -> &str {
    match pattern.strip_suffix(r"\b") {
        Some(rest) if rest.ends_with(|c: char| c.is_ascii_alphabetic()) && !rest.contains('\\') => rest,
        _ => pattern,
    }
}
