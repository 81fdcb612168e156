//! A pattern of a list as the finite set of phrases it stands for, where it is that simple.

use hashbrown::HashSet;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

/// Phrases that one pattern may stand for.
const MAX_PHRASES: usize = 4_000;

/// A repetition of more than so many is not expanded.
const MAX_TIMES: u32 = 4;

/// The characters that are not ASCII and one of two cases of an ASCII letter: `ſ` and the kelvin sign.
const FOLDED: [char; 2] = ['\u{17f}', '\u{212a}'];

/// What may follow the letters of a phrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tail {
    /// No word character, as everywhere in a pack.
    End,
    /// Any number of word characters (`\w*`).
    Any,
    /// One word character or more (`\w+`).
    Some,
}

/// A text to look for where a word begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    /// ASCII, in lower case; the first byte is a word character.
    pub text: Vec<u8>,
    pub tail: Tail,
    /// At the begin of the message alone.
    pub is_first: bool,
}

/// All phrases of a pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Phrases {
    pub all: Vec<Phrase>,
    /// The pattern also matches texts that are not ASCII, in other ways than by these phrases.
    pub is_ascii_only: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Atom {
    Start,
    Byte(u8),
    /// [`Tail::Any`] or [`Tail::Some`], anywhere.
    Word(Tail),
}

type Sequence = Vec<Atom>;

/// `None` where `pattern`, read without regard to case, is more than a set of phrases.
pub fn expand(pattern: &str) -> Option<Phrases> {
    let parse = |pattern| ParserBuilder::new().case_insensitive(true).build().parse(pattern).ok();
    let mut expander = Expander { word: parse(r"\w")?, is_ascii_only: false };
    let sequences = without_implied(expander.sequences(&parse(pattern)?)?);
    let all = sequences.into_iter().map(phrase).collect::<Option<_>>()?;
    Some(Phrases { all, is_ascii_only: expander.is_ascii_only })
}

/// Without sequences that add nothing: if a shorter one ends and what follows in the longer one is no word character,
/// the shorter one matches as well.
fn without_implied(sequences: Vec<Sequence>) -> HashSet<Sequence> {
    let mut all: HashSet<Sequence> = sequences.into_iter().collect();
    let is_implied = |sequence: &Sequence, all: &HashSet<Sequence>| {
        let ends = |at: usize| {
            let (shorter, rest) = sequence.split_at(at);
            let is_boundary = matches!(rest.first(), Some(Atom::Byte(byte)) if !is_word(*byte));
            is_boundary && matches!(shorter.last(), Some(Atom::Byte(_))) && all.contains(shorter)
        };
        (1..sequence.len()).any(ends)
    };
    let implied: Vec<Sequence> = all.iter().filter(|sequence| is_implied(sequence, &all)).cloned().collect();
    for sequence in implied {
        all.remove(&sequence);
    }
    all
}

fn phrase(sequence: Sequence) -> Option<Phrase> {
    let mut atoms = sequence.as_slice();
    let is_first = atoms.first() == Some(&Atom::Start);
    atoms = &atoms[usize::from(is_first)..];
    let tail = match atoms.last()? {
        Atom::Word(tail) => *tail,
        Atom::Byte(_) | Atom::Start => Tail::End,
    };
    atoms = &atoms[..atoms.len() - usize::from(tail != Tail::End)];
    let byte = |atom: &Atom| match atom {
        Atom::Byte(byte) => Some(*byte),
        Atom::Start | Atom::Word(_) => None,
    };
    let text: Vec<u8> = atoms.iter().map(byte).collect::<Option<_>>()?;
    is_word(*text.first()?).then_some(Phrase { text, tail, is_first })
}

/// A letter, a digit or `_`, of ASCII.
pub fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

struct Expander {
    /// The class `\w`.
    word: Hir,
    is_ascii_only: bool,
}

impl Expander {
    fn sequences(&mut self, hir: &Hir) -> Option<Vec<Sequence>> {
        match hir.kind() {
            HirKind::Empty => Some(vec![Vec::new()]),
            HirKind::Literal(literal) => self.literal(&literal.0),
            HirKind::Class(class) => self.class(class),
            HirKind::Look(Look::Start) => Some(vec![vec![Atom::Start]]),
            HirKind::Look(_) => None,
            HirKind::Repetition(repetition) => self.repetition(repetition),
            HirKind::Capture(capture) => self.sequences(&capture.sub),
            HirKind::Concat(parts) => {
                parts.iter().try_fold(vec![Vec::new()], |all, part| product(&all, &self.sequences(part)?))
            }
            HirKind::Alternation(parts) => {
                parts.iter().try_fold(Vec::new(), |all, part| union(all, self.sequences(part)?))
            }
        }
    }

    /// Letters are classes of two cases; those that are not ask for one of them, in a pattern that says
    /// so itself.
    fn literal(&mut self, bytes: &[u8]) -> Option<Vec<Sequence>> {
        if !bytes.is_ascii() {
            self.is_ascii_only = true;
            return Some(Vec::new());
        }
        let byte = |byte: &u8| (!byte.is_ascii_alphabetic()).then_some(Atom::Byte(*byte));
        Some(vec![bytes.iter().map(byte).collect::<Option<_>>()?])
    }

    fn class(&mut self, class: &Class) -> Option<Vec<Sequence>> {
        let ranges: Vec<(char, char)> = match class {
            Class::Unicode(class) => class.ranges().iter().map(|range| (range.start(), range.end())).collect(),
            Class::Bytes(class) => {
                class.ranges().iter().map(|range| (range.start().into(), range.end().into())).collect()
            }
        };
        let has = |c: u8| ranges.iter().any(|(start, end)| (*start..=*end).contains(&char::from(c)));
        let others = ranges.iter().filter(|(_, end)| !end.is_ascii());
        self.is_ascii_only |= others.into_iter().any(|(start, end)| start != end || !FOLDED.contains(start));
        let chosen: Vec<u8> = (0..=0x7f).filter(|byte| has(*byte)).collect();
        let has_both_cases = |byte: &u8| has(byte.to_ascii_lowercase()) && has(byte.to_ascii_uppercase());
        let lower = || chosen.iter().filter(|byte| !byte.is_ascii_uppercase());
        chosen.iter().all(has_both_cases).then(|| lower().map(|byte| vec![Atom::Byte(*byte)]).collect())
    }

    fn repetition(&mut self, repetition: &Repetition) -> Option<Vec<Sequence>> {
        let (min, max) = (repetition.min, repetition.max);
        match (min, max) {
            (0, None) if *repetition.sub == self.word => return Some(vec![vec![Atom::Word(Tail::Any)]]),
            (1, None) if *repetition.sub == self.word => return Some(vec![vec![Atom::Word(Tail::Some)]]),
            _ => {}
        }
        let max = max.filter(|max| *max <= MAX_TIMES)?;
        let once = self.sequences(&repetition.sub)?;
        let (mut all, mut times) = (Vec::new(), vec![Vec::new()]);
        for count in 0..=max {
            if count >= min {
                all = union(all, times.clone())?;
            }
            times = product(&times, &once)?;
        }
        Some(all)
    }
}

fn product(all: &[Sequence], next: &[Sequence]) -> Option<Vec<Sequence>> {
    let fits = all.len().checked_mul(next.len()).is_some_and(|count| count <= MAX_PHRASES);
    fits.then(|| all.iter().flat_map(|one| next.iter().map(move |other| [one.as_slice(), other].concat())).collect())
}

fn union(mut all: Vec<Sequence>, next: Vec<Sequence>) -> Option<Vec<Sequence>> {
    all.extend(next);
    (all.len() <= MAX_PHRASES).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(pattern: &str) -> Option<Vec<String>> {
        let mut texts: Vec<String> = expand(pattern)?
            .all
            .into_iter()
            .map(|phrase| {
                let start = if phrase.is_first { "^" } else { "" };
                let tail = match phrase.tail {
                    Tail::End => "",
                    Tail::Any => "*",
                    Tail::Some => "+",
                };
                format!("{start}{}{tail}", String::from_utf8(phrase.text).unwrap())
            })
            .collect();
        texts.sort();
        Some(texts)
    }

    #[test]
    fn a_pattern_becomes_the_phrases_it_stands_for() {
        assert_eq!(texts("thank(?:s|ful)?").unwrap(), ["thank", "thankful", "thanks"]);
        assert_eq!(texts("Never ?mind").unwrap(), ["never mind", "nevermind"]);
        assert_eq!(texts(r"apologi\w+").unwrap(), ["apologi+"]);
        assert_eq!(texts("^no[tw]").unwrap(), ["^not", "^now"]);
        assert_eq!(texts("(a|b){2}").unwrap(), ["aa", "ab", "ba", "bb"]);
    }

    #[test]
    fn what_a_shorter_phrase_says_already_is_left_out() {
        assert_eq!(texts(r"thank(?: you|s)?").unwrap(), ["thank", "thanks"]);
        assert_eq!(texts(r"is not(?: \w+)?(?: able)?").unwrap(), ["is not"]);
        assert_eq!(texts(r"is un(?: \w+)? ?(?:able)?").unwrap(), ["is un", "is unable"]);
    }

    #[test]
    fn what_is_no_set_of_phrases_stays_a_pattern() {
        for pattern in
            [r"a.*b", r"\bno", r"no$", "(?-i)No", r"\w+ing", "", "a?", ", no", r"no\w+ a", "[a-z]{4}", "a{9}"]
        {
            assert_eq!(texts(pattern), None, "{pattern}");
        }
    }

    #[test]
    fn phrases_in_other_scripts_need_the_pattern() {
        assert!(expand("tak|før").is_some_and(|phrases| phrases.is_ascii_only && phrases.all.len() == 1));
        assert!(expand("a[^b]").is_some_and(|phrases| phrases.is_ascii_only));
        assert!(expand("ask").is_some_and(|phrases| !phrases.is_ascii_only));
    }
}
