//! From a message in normal form to what is kept of it (R4.8).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::language::{VOTE, Vocabulary};
use super::marks::{self, Said};
use super::pack::{Pack, builtin_packs, kind};
use super::tokens::Tokens;
use crate::domain::message::{LanguageCode, MessageFeatures, Reading, flag};
use crate::domain::scoring::evidence::Speaker;
use crate::domain::scoring::task::text::{MAX_WORDS, WordKey, word_hash};

/// Readings kept of a message.
pub const MAX_READINGS: usize = 6;

/// A message of at most so many words is read with every pack where its words do not tell the language.
const FEW_WORDS: usize = 8;

/// Without a pack, words of at most so many letters do not count when messages are compared.
const SHORT_WORD: usize = 3;

/// Reads messages with the packs at hand. Cheap to clone.
#[derive(Clone, Debug)]
pub struct SupportReader {
    packs: Arc<[Pack]>,
    vocabulary: Arc<Vocabulary>,
}

impl Default for SupportReader {
    /// With the built-in packs.
    fn default() -> Self {
        Self::new(builtin_packs().into())
    }
}

impl SupportReader {
    pub fn new(packs: Arc<[Pack]>) -> Self {
        let vocabulary = Arc::new(Vocabulary::new(&packs));
        Self { packs, vocabulary }
    }

    /// Reads one message of `speaker`, which must be in normal form ([`reading`](crate::domain::reading)).
    /// `language` is what the event says, by its primary subtag.
    pub fn read(&self, text: &str, language: Option<LanguageCode>, speaker: Speaker, key: &WordKey) -> MessageFeatures {
        let tokens = Tokens::of(text);
        let votes = if language.is_some() { BTreeMap::new() } else { self.vocabulary.votes(&tokens) };
        let (letters, latin) = letters(text);
        let candidates = self.candidates(&tokens, &votes, language);
        let said: Vec<(&Pack, Said)> =
            candidates.iter().map(|pack| (*pack, marks::of_message(pack, &tokens, speaker))).collect();
        let content = content(said.first(), &tokens, speaker, key);
        let shouts = shouts(text, &candidates);
        MessageFeatures {
            told: language,
            flags: flags(text, &tokens) | if shouts { flag::CAPITALS } else { 0 },
            words: saturated(tokens.words().count()),
            letters: saturated(letters),
            latin: saturated(latin),
            readings: readings(&said, &votes),
            content,
        }
    }

    /// The marks of a line that the helpdesk itself wrote: which lists of system lines it hits, in any language.
    pub fn system_line(&self, text: &str) -> u32 {
        let tokens = Tokens::of(text);
        self.packs.iter().fold(0, |marks, pack| marks | marks::of_system_line(pack, &tokens))
    }

    /// The packs of the languages that it may be in, the likeliest first.
    fn candidates(
        &self,
        tokens: &Tokens,
        votes: &BTreeMap<LanguageCode, u16>,
        told: Option<LanguageCode>,
    ) -> Vec<&Pack> {
        if let Some(told) = told {
            return self.packs.iter().filter(|pack| pack.language() == told).collect();
        }
        let votes_of = |pack: &Pack| u32::from(votes.get(&pack.language()).copied().unwrap_or_default());
        let best = u32::from(votes.values().copied().max().unwrap_or_default());
        let mut likely: Vec<&Pack> = self.packs.iter().filter(|pack| best > 0 && 2 * votes_of(pack) >= best).collect();
        let is_open = best < 2 * u32::from(VOTE) || likely.len() != 1;
        if is_open && tokens.len() <= FEW_WORDS {
            likely = self.packs.iter().collect();
        }
        // Equals stay in the packs' order.
        likely.sort_by_key(|pack| std::cmp::Reverse(votes_of(pack)));
        likely
    }
}

/// What it says in each language that it was read in, and the votes for others; by language.
fn readings(said: &[(&Pack, Said)], votes: &BTreeMap<LanguageCode, u16>) -> Box<[Reading]> {
    let votes_of = |language: LanguageCode| votes.get(&language).copied().unwrap_or_default();
    let mut languages: Vec<LanguageCode> = votes.keys().copied().collect();
    languages.extend(said.iter().filter(|(_, said)| said.marks != 0).map(|(pack, _)| pack.language()));
    languages.sort_unstable();
    languages.dedup();
    languages.sort_by_key(|language| std::cmp::Reverse(votes_of(*language)));
    languages.truncate(MAX_READINGS);
    languages.sort_unstable();
    let reading = |language: LanguageCode| {
        let said = said.iter().find(|(pack, _)| pack.language() == language);
        Reading { language, votes: votes_of(language), marks: said.map_or(0, |(_, said)| said.marks) }
    };
    languages.into_iter().map(reading).collect()
}

fn saturated(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

/// How many letters it has, and how many of them are Latin.
fn letters(text: &str) -> (usize, usize) {
    text.chars()
        .filter(|c| c.is_alphabetic())
        .fold((0, 0), |(all, latin), c| (all + 1, latin + usize::from(is_latin(c))))
}

/// Basic Latin to the end of Latin Extended-B, and Latin Extended Additional.
fn is_latin(c: char) -> bool {
    c < '\u{250}' || ('\u{1e00}'..='\u{1eff}').contains(&c)
}

/// Keyed hashes of the first [`MAX_WORDS`] distinct words that tell one message from another, ascending: words that
/// are neither stopwords nor part of a courtesy; without a pack, words that are not short. If a customer's message is
/// nothing but courtesies, their words count. The lowest bit of a hash says whether the word begins with a digit.
fn content(said: Option<&(&Pack, Said)>, tokens: &Tokens, speaker: Speaker, key: &WordKey) -> Box<[u32]> {
    let Some((pack, said)) = said else {
        return hashes(tokens, key, |_, word| word.chars().nth(SHORT_WORD).is_some());
    };
    let stands = |tokens: &[bool], at: usize| tokens.get(at).copied().unwrap_or_default();
    let tells = |at: usize, word: &str| {
        let folded = (pack.ignores_accents && !word.is_ascii()).then(|| pack.spelled(word));
        !stands(&said.neutral, at) && !is_stopword(pack, folded.as_deref().unwrap_or(word))
    };
    let content = hashes(tokens, key, |at, word| !stands(&said.courtesies, at) && tells(at, word));
    if content.is_empty() && speaker == Speaker::Customer { hashes(tokens, key, tells) } else { content }
}

fn hashes(tokens: &Tokens, key: &WordKey, tells: impl Fn(usize, &str) -> bool) -> Box<[u32]> {
    let mut hashes: Vec<u32> = Vec::new();
    for (at, token) in tokens.all().iter().enumerate() {
        let word = tokens.text(token);
        if token.is_mark || !tells(at, word) {
            continue;
        }
        let hash = word_hash(key, word) & !1 | u32::from(token.is_number);
        if !hashes.contains(&hash) {
            hashes.push(hash);
            if hashes.len() == MAX_WORDS {
                break;
            }
        }
    }
    hashes.sort_unstable();
    hashes.into()
}

fn is_stopword(pack: &Pack, word: &str) -> bool {
    pack.kinds.get(word).is_some_and(|kinds| kinds & kind::STOPWORD != 0)
}

fn flags(text: &str, tokens: &Tokens) -> u16 {
    let questions = text.bytes().filter(|byte| *byte == b'?').count();
    let has_word = tokens.all().iter().any(|token| !token.is_mark);
    let insists = ["??", "?!", "!?"].iter().any(|marks| text.contains(marks)) || (questions > 0 && !has_word);
    let (glad, sad) = moods(text);
    [
        (questions > 0, flag::QUESTION),
        (questions == 1, flag::ONE_QUESTION),
        (text.contains('!'), flag::EXCLAMATION),
        (insists, flag::INSISTENT),
        (text.bytes().any(|byte| byte.is_ascii_digit()), flag::DIGIT),
        (glad, flag::GLAD),
        (sad, flag::SAD),
    ]
    .into_iter()
    .fold(0, |flags, (is_so, flag)| if is_so { flags | flag } else { flags })
}

/// Whether it is shouted in capitals: two words of three letters and more, and a quarter of all words; of at most
/// three words all, and the first of five letters (`WHERE IS IT`, but not `the PDF` or `OK`). One of them must be a
/// word of a pack that the text may be in: `JOHN SMITH` is a name.
fn shouts(text: &str, packs: &[&Pack]) -> bool {
    let (mut words, mut capitals, mut first, mut is_known) = (0, 0, 0, packs.is_empty());
    for word in text.split(|c: char| !c.is_alphabetic()).filter(|word| word.chars().nth(2).is_some()) {
        words += 1;
        if word.chars().all(char::is_uppercase) {
            capitals += 1;
            if first == 0 {
                first = word.chars().count();
            }
            is_known = is_known || {
                let word = word.to_lowercase();
                packs.iter().any(|pack| pack.knows(&word))
            };
        }
    }
    is_known && ((capitals >= 2 && 4 * capitals >= words) || (words <= 3 && capitals == words && first >= 5))
}

/// Whether it has friendly emoji or emoticons, and unfriendly ones.
fn moods(text: &str) -> (bool, bool) {
    let (mut glad, mut sad) = (false, false);
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        match c {
            ':' | ';' | '<' | '^' | 'x' | 'X' if !is_word(before) => {
                let (is_glad, is_sad) = emoticon(&text[at..]);
                glad |= is_glad;
                sad |= is_sad;
            }
            _ if c.is_ascii() => {}
            _ => {
                glad |= is_glad(c);
                sad |= is_sad(c);
            }
        }
        before = c;
    }
    (glad, sad)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether a text begins with a friendly or with an unfriendly emoticon.
fn emoticon(text: &str) -> (bool, bool) {
    const GLAD: [&str; 11] = [":)", ":-)", ";)", ";-)", ":D", ":-D", "<3", "^^", "xD", "XD", ":]"];
    const SAD: [&str; 6] = [":(", ":-(", ":'(", ":/", ":-/", ":["];
    let begins = |signs: &[&str]| {
        signs.iter().any(|sign| text.strip_prefix(sign).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric)))
    };
    (begins(&GLAD), begins(&SAD))
}

fn is_glad(c: char) -> bool {
    matches!(c,
        '😀'..='😆' | '😉'..='😎' | '🤗' | '🤩' | '🥰' | '🥳' | '🎉' | '🎊' | '👍' | '👏' | '👌' | '🙌' | '🙏' | '❤' | '♥'
        | '💙'..='💜' | '💕'..='💘' | '🌟' | '⭐' | '✅' | '💪' | '😘' | '😙' | '☺' | '🙂' | '🤣')
}

fn is_sad(c: char) -> bool {
    matches!(
        c,
        '😠'
            ..='😤'
                | '🤦'
                | '🙄'
                | '😒'
                | '😔'
                | '😞'
                | '😟'
                | '😭'
                | '😩'
                | '😫'
                | '👎'
                | '🖕'
                | '🤬'
                | '😥'
                | '😕'
                | '😐'
                | '😑'
                | '💔'
    )
}

#[cfg(test)]
mod tests;
