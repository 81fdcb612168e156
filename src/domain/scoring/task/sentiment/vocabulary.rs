//! The words VADER knows, and what it knows of them. The data and its licence lie beside this file.

use std::hash::{Hash, Hasher};
use std::sync::LazyLock;

use hashbrown::HashMap;

/// What a booster adds to the valence of a word behind it, and a dampener takes off.
const BOOST: f64 = 0.293;

pub(super) const BOOSTERS: &str = "absolutely amazingly awfully completely considerable considerably decidedly deeply effing enormous \
    enormously entirely especially exceptional exceptionally extreme extremely fabulously flippin \
    flipping frackin fracking frickin fricking friggin frigging fuckin fucking fuggin fugging fully \
    greatly hella highly hugely incredible incredibly intensely major majorly more most particularly \
    purely quite really remarkably so substantially thoroughly total totally tremendous tremendously \
    uber unbelievably unusually utter utterly very";

pub(super) const DAMPENERS: &str = "almost barely hardly kind-of kinda kindof less little marginal marginally occasional occasionally \
    partly scarce scarcely slight slightly somewhat sort-of sorta sortof";

/// Besides everything with "n't".
pub(super) const NEGATIONS: &str = "aint arent cannot cant couldnt darent despite didnt doesnt dont hadnt hasnt havent isnt mightnt \
    mustnt neednt neither never none nope nor not nothing nowhere oughtnt rarely seldom shant shouldnt \
    uh-uh uhuh wasnt werent without wont wouldnt";

/// Idioms with the valence that takes the place of their words' own.
pub(super) const IDIOMS: [(&[&str], Valence); 8] = [
    (&["the", "shit"], Valence { value: 3.0, is_whole: true }),
    (&["the", "bomb"], Valence { value: 3.0, is_whole: true }),
    (&["bad", "ass"], Valence { value: 1.5, is_whole: false }),
    (&["bus", "stop"], Valence { value: 0.0, is_whole: false }),
    (&["yeah", "right"], Valence { value: -2.0, is_whole: true }),
    (&["kiss", "of", "death"], Valence { value: -1.5, is_whole: false }),
    (&["to", "die", "for"], Valence { value: 3.0, is_whole: true }),
    (&["beating", "heart"], Valence { value: 3.5, is_whole: false }),
];

/// Dampeners of two words.
pub(super) const PAIRS: [&[&str]; 3] = [&["just", "enough"], &["kind", "of"], &["sort", "of"]];

pub(super) const LEXICON: &str = include_str!("lexicon.tsv");
pub(super) const EMOJI: &str = include_str!("emoji.tsv");

/// What one word of a text contributes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Valence {
    pub value: f64,
    /// An integer where the original has one: its `sum` adds those up in another way.
    pub is_whole: bool,
}

impl Valence {
    pub const NONE: Self = Self { value: 0.0, is_whole: true };
}

/// What the rules ask of a word besides its valence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Trait {
    Negates = 1,
    /// May be part of an idiom or of a dampener of two words.
    InIdiom = 1 << 1,
    No = 1 << 2,
    /// "or", "nor".
    Or = 1 << 3,
    Never = 1 << 4,
    /// "so", "this".
    So = 1 << 5,
    Without = 1 << 6,
    Doubt = 1 << 7,
    Least = 1 << 8,
    /// "at", "very".
    AtVery = 1 << 9,
    Kind = 1 << 10,
    Of = 1 << 11,
    But = 1 << 12,
}

pub(super) const TRAITS: &[(&str, Trait)] = &[
    ("no", Trait::No),
    ("or", Trait::Or),
    ("nor", Trait::Or),
    ("never", Trait::Never),
    ("so", Trait::So),
    ("this", Trait::So),
    ("without", Trait::Without),
    ("doubt", Trait::Doubt),
    ("least", Trait::Least),
    ("at", Trait::AtVery),
    ("very", Trait::AtVery),
    ("kind", Trait::Kind),
    ("of", Trait::Of),
    ("but", Trait::But),
];

/// What is known of one word; by default nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Word {
    pub valence: Option<f64>,
    /// What it adds to a positive word behind it.
    pub boost: Option<f64>,
    traits: u16,
}

impl Word {
    pub fn has(self, which: Trait) -> bool {
        self.traits & which as u16 != 0
    }

    pub fn add(&mut self, which: Trait) {
        self.traits |= which as u16;
    }
}

/// A word in lower case, as long as the longest that is known; a longer word can be no key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Key([u64; 3]);

impl Hash for Key {
    /// Without the array's length, and so as numbers, not as bytes.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.iter().for_each(|part| state.write_u64(*part));
    }
}

impl Key {
    const LENGTH: usize = 24;

    /// `None` where `word` is longer than every known one.
    pub fn of(word: &str) -> Option<Self> {
        let mut bytes = [0; Self::LENGTH];
        if word.len() > Self::LENGTH {
            return None;
        }
        for (to, from) in bytes.iter_mut().zip(word.bytes()) {
            *to = from.to_ascii_lowercase();
        }
        let mut parts = bytes.chunks_exact(8).map(|part| u64::from_le_bytes(std::array::from_fn(|i| part[i])));
        Some(Self(std::array::from_fn(|_| parts.next().unwrap_or_default())))
    }
}

/// All of it.
pub struct Vocabulary {
    words: HashMap<Key, Word>,
    idioms: Vec<(Vec<Key>, Valence)>,
    pairs: Vec<Vec<Key>>,
    /// What stands for a character.
    emoji: HashMap<char, &'static str>,
}

impl Vocabulary {
    /// Read once, from data that is part of the program.
    pub fn get() -> &'static Self {
        static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(Vocabulary::read);
        &VOCABULARY
    }

    fn read() -> Self {
        let mut words = HashMap::new();
        for (word, valence) in rows(LEXICON) {
            note(&mut words, word, |known| known.valence = valence.parse().ok());
        }
        for (list, boost) in [(BOOSTERS, BOOST), (DAMPENERS, -BOOST)] {
            list.split(' ').for_each(|word| note(&mut words, word, |known| known.boost = Some(boost)));
        }
        NEGATIONS.split(' ').for_each(|word| note(&mut words, word, |known| known.add(Trait::Negates)));
        TRAITS.iter().for_each(|(word, which)| note(&mut words, word, |known| known.add(*which)));
        for word in IDIOMS.iter().flat_map(|(words, _)| *words).chain(PAIRS.iter().copied().flatten()) {
            note(&mut words, word, |known| known.add(Trait::InIdiom));
        }
        let keys = |words: &[&str]| words.iter().filter_map(|word| Key::of(word)).collect::<Vec<_>>();
        let emoji = rows(EMOJI).filter_map(|(key, words)| Some((key.chars().next()?, words)));
        Self {
            words,
            idioms: IDIOMS.iter().map(|(words, valence)| (keys(words), *valence)).collect(),
            pairs: PAIRS.iter().map(|words| keys(words)).collect(),
            emoji: emoji.collect(),
        }
    }

    pub fn word(&self, key: &Key) -> Word {
        self.words.get(key).copied().unwrap_or_default()
    }

    /// The valence of an idiom of just these words.
    pub fn idiom(&self, words: impl Iterator<Item = Key> + Clone) -> Option<Valence> {
        self.idioms.iter().find(|(idiom, _)| words.clone().eq(idiom.iter().copied())).map(|(_, valence)| *valence)
    }

    /// What a dampener of just these two words adds.
    pub fn pair(&self, words: impl Iterator<Item = Key> + Clone) -> Option<f64> {
        self.pairs.iter().any(|pair| words.clone().eq(pair.iter().copied())).then_some(-BOOST)
    }

    /// The words that stand for `c`, if it is an emoji.
    pub fn emoji(&self, c: char) -> Option<&'static str> {
        self.emoji.get(&c).copied()
    }
}

/// A word that no text can have (not ASCII, or longer than a key) is passed over.
fn note(words: &mut HashMap<Key, Word>, word: &str, change: impl FnOnce(&mut Word)) {
    if let Some(key) = Key::of(word).filter(|_| word.is_ascii() && word == word.to_ascii_lowercase()) {
        change(words.entry(key).or_default());
    }
}

pub(super) fn rows(table: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    table.lines().filter_map(|line| line.split_once('\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_is_whole() {
        let numbers = rows(LEXICON).map(|(_, valence)| valence.parse::<f64>().unwrap());
        assert_eq!((numbers.count(), LEXICON.lines().count()), (7_506, 7_506));
        assert_eq!((Vocabulary::get().emoji.len(), EMOJI.lines().count()), (1_212, 1_212));
        assert_eq!((BOOSTERS.split(' ').count(), DAMPENERS.split(' ').count() + PAIRS.len()), (60, 24));
    }

    #[test]
    fn only_words_that_no_lower_case_text_has_are_passed_over() {
        for (word, _) in rows(LEXICON) {
            let known = Key::of(word).is_some_and(|key| Vocabulary::get().word(&key).valence.is_some());
            assert!(known || word != word.to_lowercase(), "{word}");
        }
    }

    #[test]
    fn a_word_has_its_valence_boost_and_traits() {
        let word = |text| Key::of(text).map(|key| Vocabulary::get().word(&key)).unwrap_or_default();
        assert_eq!((word("good").valence, word("GOOD").valence, word("goods").valence), (Some(1.9), Some(1.9), None));
        assert_eq!((word("very").boost, word("sorta").boost, word("good").boost), (Some(0.293), Some(-0.293), None));
        assert!(word("never").has(Trait::Never) && word("never").has(Trait::Negates) && !word("never").has(Trait::No));
        assert!(Key::of(&"a".repeat(25)).is_none());
    }

    #[test]
    fn idioms_and_pairs_are_found_as_wholes() {
        let keys = |text: &'static str| text.split(' ').filter_map(Key::of);
        let vocabulary = Vocabulary::get();
        assert_eq!(vocabulary.idiom(keys("kiss of death")), Some(Valence { value: -1.5, is_whole: false }));
        assert_eq!(vocabulary.idiom(keys("kiss of")), None);
        assert_eq!((vocabulary.pair(keys("sort of")), vocabulary.pair(keys("sort"))), (Some(-0.293), None));
        assert_eq!((vocabulary.emoji('💘'), vocabulary.emoji('x')), (Some("heart with arrow"), None));
    }
}
