//! VADER's compound: how positive or negative an English text is.
//!
//! By the algorithm of Hutto & Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis
//! of Social Media Text" (ICWSM-14), as vaderSentiment 3.3.2 computes it, oddities included: a score
//! equals the original's to the last digit, because the operations on floats are the same ones in the
//! same order. The tests compare with the crate vader-parity.

mod tokens;
mod vocabulary;

use tokens::{Token, spelled_out, tokens};
use vocabulary::{Trait, Valence, Vocabulary};

/// What a word in capitals gains in a text that is not all capitals.
const CAPITALS: f64 = 0.733;
const NEGATED: f64 = -0.74;
/// "never so", "never this", and any "so" or "this" before a word with two more before it.
const NEVER_SO: f64 = 1.25;
/// The share of a booster's effect that is left one, two and three words later.
const FADING: [f64; 3] = [1.0, 0.95, 0.9];
const BEFORE_BUT: f64 = 0.5;
const AFTER_BUT: f64 = 1.5;
/// α in the compound of a sum s: s / √(s² + α).
const ALPHA: f64 = 15.0;

/// VADER's compound of `text` in ten-thousandths, −10,000 to 10,000: the original rounds to four
/// decimals. A text without a word of the lexicon has 0.
pub fn compound(text: &str) -> i16 {
    let text = spelled_out(text);
    let tokens = tokens(&text);
    if tokens.iter().all(|token| token.word.valence.is_none()) {
        return 0;
    }
    let is_mixed = tokens.iter().any(|token| token.is_upper) && !tokens.iter().all(|token| token.is_upper);
    let mut valences: Vec<Valence> = (0..tokens.len()).map(|at| valence(&tokens, at, is_mixed)).collect();
    if let Some(but) = tokens.iter().position(|token| token.word.has(Trait::But)) {
        weigh_by_but(&mut valences, but);
    }
    let mut sum = sum(&valences);
    if sum > 0.0 {
        sum += emphasis(&text);
    } else if sum < 0.0 {
        sum -= emphasis(&text);
    }
    ten_thousandths((sum / (sum * sum + ALPHA).sqrt()).clamp(-1.0, 1.0))
}

/// What the word at `at` contributes, with what stands before it.
fn valence(tokens: &[Token], at: usize, is_mixed: bool) -> Valence {
    let (token, next) = (&tokens[at], tokens.get(at + 1));
    let Some(listed) = token.word.valence else { return Valence::NONE };
    let is_kind_of = token.word.has(Trait::Kind) && next.is_some_and(|next| next.word.has(Trait::Of));
    if token.word.boost.is_some() || is_kind_of {
        return Valence::NONE;
    }
    let before = Before([1, 2, 3].map(|distance| at.checked_sub(distance).map(|at| &tokens[at])));
    let mut value = listed;
    if token.word.has(Trait::No) && next.is_some_and(|next| next.word.valence.is_some()) {
        value = 0.0;
    }
    if before.has(1, Trait::No) || before.has(2, Trait::No) || (before.has(3, Trait::No) && before.has(1, Trait::Or)) {
        value = listed * NEGATED;
    }
    if token.is_upper && is_mixed {
        value += if value > 0.0 { CAPITALS } else { -CAPITALS };
    }
    let mut valence = Valence { value, is_whole: false };
    for distance in 1..=3 {
        let Some(earlier) = before.at(distance) else { break };
        if earlier.word.valence.is_none() {
            valence.value += boost(earlier, valence.value, is_mixed) * FADING[distance - 1];
            valence.value = before.negate(valence.value, distance);
            if distance == 3 {
                valence = idioms(valence.value, tokens, at);
            }
        }
    }
    if before.has_plain_least() { Valence { value: valence.value * NEGATED, is_whole: false } } else { valence }
}

/// What `earlier` adds to a word of `value` behind it.
fn boost(earlier: &Token, value: f64, is_mixed: bool) -> f64 {
    let Some(boost) = earlier.word.boost else { return 0.0 };
    let boost = if value < 0.0 { -boost } else { boost };
    match earlier.is_upper && is_mixed {
        true if value > 0.0 => boost + CAPITALS,
        true => boost - CAPITALS,
        false => boost,
    }
}

/// The three words before a word, the nearest first.
struct Before<'t>([Option<&'t Token>; 3]);

impl<'t> Before<'t> {
    fn at(&self, distance: usize) -> Option<&'t Token> {
        self.0[distance - 1]
    }

    fn has(&self, distance: usize, which: Trait) -> bool {
        self.at(distance).is_some_and(|token| token.word.has(which))
    }

    /// `value` after the word at `distance`, if that negates it.
    fn negate(&self, value: f64, distance: usize) -> f64 {
        let is_never_so = match distance {
            1 => false,
            2 => self.has(2, Trait::Never) && self.has(1, Trait::So),
            _ => (self.has(3, Trait::Never) && self.has(2, Trait::So)) || self.has(1, Trait::So),
        };
        let is_no_doubt =
            || self.has(distance, Trait::Without) && (1..distance).any(|near| self.has(near, Trait::Doubt));
        if is_never_so {
            value * NEVER_SO
        } else if self.has(distance, Trait::Negates) && !is_no_doubt() {
            value * NEGATED
        } else {
            value
        }
    }

    /// "least", but neither "at least" nor "very least".
    fn has_plain_least(&self) -> bool {
        self.has(1, Trait::Least) && !self.has(2, Trait::AtVery)
    }
}

/// The valence of an idiom around the word at `at`, the last one that holds, in place of `value`; then
/// what dampeners of two words take off.
fn idioms(value: f64, tokens: &[Token], at: usize) -> Valence {
    let mut valence = Valence { value, is_whole: false };
    let words = |from: usize, to: usize| {
        let words = tokens.get(from..to).filter(|words| words.iter().all(|token| token.word.has(Trait::InIdiom)));
        words.map(|words| words.iter().map(|token| token.key))
    };
    let vocabulary = Vocabulary::get();
    let idiom = |(from, to)| words(from, to).and_then(|words| vocabulary.idiom(words));
    let backwards = [(at - 1, at + 1), (at - 2, at + 1), (at - 2, at), (at - 3, at), (at - 3, at - 1)];
    let forwards = [(at, at + 2), (at, at + 3)];
    for found in backwards.into_iter().find_map(idiom).into_iter().chain(forwards.into_iter().filter_map(idiom)) {
        valence = found;
    }
    for dampening in
        [(at - 3, at - 1), (at - 2, at)].into_iter().filter_map(|(from, to)| vocabulary.pair(words(from, to)?))
    {
        valence = Valence { value: valence.value + dampening, is_whole: false };
    }
    valence
}

/// What stands before "but" counts half, what stands behind it one and a half times. As in the
/// original, which looks each value up in the list it is changing, the first one that is equal is
/// changed in its place.
fn weigh_by_but(valences: &mut [Valence], but: usize) {
    for at in 0..valences.len() {
        let value = valences[at].value;
        let first = valences[..at].iter().position(|earlier| earlier.value == value).unwrap_or(at);
        if first != but {
            let weight = if first < but { BEFORE_BUT } else { AFTER_BUT };
            valences[first] = Valence { value: value * weight, is_whole: false };
        }
    }
}

/// As CPython's `sum` adds up a list: leading integers exactly, the first float to them, and what
/// follows with Neumaier's compensation.
fn sum(valences: &[Valence]) -> f64 {
    let whole = valences.iter().take_while(|valence| valence.is_whole).count();
    let (leading, rest) = valences.split_at(whole);
    let mut sum = leading.iter().map(|valence| valence.value).fold(0.0, |sum, value| sum + value);
    let Some((first, rest)) = rest.split_first() else { return sum };
    sum += first.value;
    let mut lost = 0.0;
    for value in rest.iter().map(|valence| valence.value) {
        let next = sum + value;
        lost += if sum.abs() >= value.abs() { (sum - next) + value } else { (value - next) + sum };
        sum = next;
    }
    if lost != 0.0 { sum + lost } else { sum }
}

/// Of up to four "!", and of more than one "?".
fn emphasis(text: &str) -> f64 {
    let count = |mark: u8| text.bytes().filter(|byte| *byte == mark).count();
    let questions = match count(b'?') {
        0 | 1 => 0.0,
        many @ (2 | 3) => many as f64 * 0.18,
        _ => 0.96,
    };
    count(b'!').min(4) as f64 * 0.292 + questions
}

/// The nearest ten-thousandth of what a number exactly is, to even: Python's `round(compound, 4)`.
fn ten_thousandths(compound: f64) -> i16 {
    let scaled = compound * 10_000.0;
    let is_near_a_tie = ((scaled - scaled.floor()) - 0.5).abs() < 1e-6;
    if is_near_a_tie {
        // Formatting looks at all digits.
        return format!("{compound:.4}").parse::<f64>().map_or(0, |compound| (compound * 10_000.0).round() as i16);
    }
    scaled.round() as i16
}

#[cfg(test)]
mod tests;
