//! The crate vader-parity, which equals the Python original, is the oracle.

use std::sync::LazyLock;

use proptest::prelude::*;
use vader_parity::SentimentIntensityAnalyzer;

use super::vocabulary::{BOOSTERS, DAMPENERS, EMOJI, IDIOMS, LEXICON, NEGATIONS, PAIRS, rows};
use super::*;

fn oracle(text: &str) -> i16 {
    static ORACLE: LazyLock<SentimentIntensityAnalyzer> = LazyLock::new(SentimentIntensityAnalyzer::new);
    (ORACLE.polarity_scores(text).compound * 10_000.0).round() as i16
}

/// Numbers that look random and are the same every time (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

/// What the rules know: words and phrases, by kind.
struct Phrases(Vec<Vec<String>>);

impl Phrases {
    fn new() -> Self {
        const TURNS: &[&str] = &[
            "but",
            "BUT",
            "at least",
            "the very least",
            "least",
            "never so",
            "never this",
            "so",
            "this",
            "without doubt",
            "without a doubt",
            "no",
            "no or",
            "nor",
            "or",
            "kind of",
            "kind",
            "of",
            "is n't",
            "wasn't",
            "HASN'T",
            "don’t",
            "no problem",
            "not",
            "'",
            "",
        ];
        const PLAIN: &[&str] = &[
            "the", "order", "Maria", "I", "we", "it's", "42", "A-48213", "é", "naïve", "ok", "is", "GMBH", "x", "a.b",
            "£5", "ON", "to", "my", "parcel",
        ];
        const SMILEYS: &[&str] = &[":)", ":-(", ":D", "8-)", "xD", "<3", ";)", ":'(", "o.O", ":Þ"];
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let split = |words: &str| words.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let joined = |phrases: Vec<&[&str]>| phrases.iter().map(|words| words.join(" ")).collect::<Vec<_>>();
        let column = |table, emoji: bool| {
            rows(table).map(|(key, words)| if emoji && words.len() % 3 == 0 { words } else { key }.to_owned()).collect()
        };
        Self(vec![
            column(LEXICON, false),
            column(LEXICON, false),
            split(BOOSTERS),
            split(DAMPENERS),
            split(NEGATIONS),
            joined(IDIOMS.iter().map(|(words, _)| *words).collect()),
            joined(PAIRS.to_vec()),
            column(EMOJI, true),
            owned(TURNS),
            owned(TURNS),
            owned(PLAIN),
            owned(PLAIN),
            owned(SMILEYS),
        ])
    }

    fn message(&self, random: &mut Random) -> String {
        let mut message = String::new();
        for _ in 0..1 + random.below(14) {
            let kind = random.below(self.0.len());
            let phrase = &self.0[kind][random.below(self.0[kind].len())];
            let phrase = match random.below(10) {
                0 => phrase.to_uppercase(),
                1 => {
                    phrase.chars().enumerate().map(|(at, c)| if at == 0 { c.to_ascii_uppercase() } else { c }).collect()
                }
                _ => phrase.clone(),
            };
            message += random.one_of(&["", "", "", "", "", "", "", "\"", "(", "...", "_", "!"]);
            message += &phrase;
            message += random
                .one_of(&["", "", "", "", "", ",", ".", "!", "?", "!!!", "??", "?!?!", "\")", "...", "'s", "n't"]);
            message += random.one_of(&[" ", " ", " ", " ", " ", " ", "  ", "\n", "\t", "\u{a0}", "\u{1d}", "-", ""]);
        }
        message
    }
}

#[test]
fn generated_messages_score_as_the_oracle_says() {
    const SEED: u64 = 20_260_315;
    let (phrases, mut random) = (Phrases::new(), Random(SEED));
    let mut scored = 0;
    for number in 0..30_000 {
        let message = phrases.message(&mut random);
        let compound = compound(&message);
        assert_eq!(compound, oracle(&message), "seed {SEED}, message {number}: {message:?}");
        scored += u32::from(compound != 0);
    }
    assert!(scored > 20_000, "only {scored} messages say anything");
}

#[test]
fn examples_of_the_rules_score_as_the_oracle_says() {
    for (text, expected) in [
        ("VADER is smart, handsome, and funny.", 8_316),
        ("he is at least smart", 4_019),
        ("these are the shittiest of times", -6_597),
        ("the movie is the bomb", 6_124),
        ("", 0),
        ("is?", 0),
    ] {
        assert_eq!((compound(text), oracle(text)), (expected, expected), "{text:?}");
    }
    for text in [
        "good bad BUT good good bad",
        "no no no no good",
        "but",
        "good but",
        "the bomb but the bomb the bomb",
        "\u{212a}ind of nice loo\u{212a}",
    ] {
        assert_eq!(compound(text), oracle(text), "{text:?}");
    }
}

#[test]
fn every_character_is_cased_as_the_oracle_says() {
    for c in (0..=0x1_ffff).chain(0xe_0000..0xe_0200).filter_map(char::from_u32) {
        for text in [format!("GOOD {c}"), format!("GOOD {c}A bad{c}bad")] {
            assert_eq!(compound(&text), oracle(&text), "U+{:04X} in {text:?}", u32::from(c));
        }
    }
}

#[test]
fn a_tie_is_rounded_by_all_its_digits() {
    assert_eq!(ten_thousandths(0.000_05), 1, "its double lies above the tie");
    assert_eq!(ten_thousandths(0.03125), 312, "a tie indeed: to even");
    assert_eq!((ten_thousandths(-0.03125), ten_thousandths(0.09375)), (-312, 938));
    assert_eq!((ten_thousandths(1.0), ten_thousandths(-1.0), ten_thousandths(-0.0)), (10_000, -10_000, 0));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_scores_as_the_oracle_says(text in any::<String>()) {
        prop_assert_eq!(compound(&text), oracle(&text));
    }

    #[test]
    fn words_in_any_disguise_score_as_the_oracle_says(
        text in "((GOOD|bad|no|very|So|NEVER|but|least|n't|ß|Σ|İ|\u{212a}ind|ǅ|’|ⓐ|Ⓐ|😀|©|[!?.,'_(-]){1,3}[ \t\u{85}\u{2028}]?){0,12}"
    ) {
        prop_assert_eq!(compound(&text), oracle(&text));
    }
}
