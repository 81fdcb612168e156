//! Patterns of a pack: what its lists are made of, and a tree that finds all of them in one walk.
//!
//! A pattern is words side by side, in lower case. `word*` is every word that begins so, `a/b/c` one of
//! these, `#` a number, `_` any word; `?` and `!` stand for themselves.
//!
//! A pack is compiled into numbers and one tree: a word is looked up once and walks all lists together. Neutral
//! phrases are cut out first; a phrase within a longer one of the other sign does not count; negations, wishes and
//! names are judged at the hit, up to the next punctuation mark (`marks.rs`).

use hashbrown::HashMap;

use super::tokens::Tokens;

/// The largest number of phrases that a pattern may stand for.
const MOST_PHRASES: usize = 1_000;

/// The largest number of words in a phrase.
pub const LONGEST_PHRASE: usize = 24;

/// One place of a phrase.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Element {
    /// This word or mark.
    Word(Box<str>),
    /// A word that begins so.
    Prefix(Box<str>),
    /// A word that begins with a digit.
    Number,
    /// Any word or mark.
    Any,
}

pub type Phrase = Vec<Element>;

/// The phrases that a pattern stands for; `spell` gives a word the form in which the pack compares it. An
/// error says what is wrong with it.
pub fn phrases(pattern: &str, spell: impl Fn(&str) -> String) -> Result<Vec<Phrase>, &'static str> {
    let mut phrases: Vec<Phrase> = vec![Vec::new()];
    for place in pattern.split_whitespace() {
        let mut longer = Vec::new();
        for alternative in place.split('/') {
            let elements = elements(alternative, &spell)?;
            longer.extend(phrases.iter().map(|phrase| [phrase.as_slice(), &elements].concat()));
        }
        phrases = longer;
        if phrases.len() > MOST_PHRASES {
            return Err("it stands for too many phrases");
        }
    }
    match phrases.iter().map(Vec::len).min() {
        Some(0) => Err("it is empty"),
        Some(_) | None if phrases.iter().any(|phrase| phrase.len() > LONGEST_PHRASE) => Err("it has too many words"),
        Some(_) | None => Ok(phrases),
    }
}

fn elements(alternative: &str, spell: impl Fn(&str) -> String) -> Result<Phrase, &'static str> {
    match alternative {
        "#" => return Ok(vec![Element::Number]),
        "_" => return Ok(vec![Element::Any]),
        _ => {}
    }
    let (word, is_prefix) = alternative.strip_suffix('*').map_or((alternative, false), |word| (word, true));
    if word.contains(['*', '#', '(', ')', '[', ']', '\\', '|', '+', '^', '$']) {
        return Err(
            "it has a sign that means nothing here: words, `*` at the end of one, `/`, `#`, `_`, `?` and `!` do",
        );
    }
    let tokens = Tokens::of(word);
    let mut elements: Phrase = tokens.texts().map(|text| Element::Word(spell(text).into())).collect();
    match elements.pop() {
        Some(Element::Word(word)) if is_prefix => elements.push(Element::Prefix(word)),
        Some(last) => elements.push(last),
        None => return Err("it has a place without a word"),
    }
    Ok(elements)
}

/// The numbers of the elements of phrases; 0 is not used.
#[derive(Clone, Debug, Default)]
pub struct Symbols {
    words: HashMap<Box<str>, u32>,
    /// Prefixes, grouped by their first bytes, so that a word is compared with few of them.
    prefixes: HashMap<[u8; PREFIX_KEY], Vec<(Box<str>, u32)>>,
    /// Prefixes that are shorter than that.
    short_prefixes: Vec<(Box<str>, u32)>,
    count: u32,
}

const PREFIX_KEY: usize = 3;
const NUMBER: u32 = 1;
const ANY: u32 = 2;

impl Symbols {
    pub fn number_of(&mut self, element: &Element) -> u32 {
        self.count = self.count.max(ANY);
        let next = self.count + 1;
        let number = match element {
            Element::Number => return NUMBER,
            Element::Any => return ANY,
            Element::Word(word) => *self.words.entry(word.clone()).or_insert(next),
            Element::Prefix(prefix) => {
                let list = match prefix.as_bytes().first_chunk() {
                    Some(key) => self.prefixes.entry(*key).or_default(),
                    None => &mut self.short_prefixes,
                };
                match list.iter().find(|(other, _)| other == prefix) {
                    Some((_, number)) => *number,
                    None => {
                        list.push((prefix.clone(), next));
                        next
                    }
                }
            }
        };
        self.count = self.count.max(number);
        number
    }

    /// Whether a phrase has this word, or a prefix of it.
    pub fn has(&self, word: &str) -> bool {
        let mut found = Vec::new();
        self.look_up(word, false, &mut found);
        found.iter().any(|symbol| *symbol != ANY)
    }

    /// Adds the symbols of a word or mark to `found`.
    pub fn look_up(&self, word: &str, is_number: bool, found: &mut Vec<u32>) {
        found.push(ANY);
        found.extend(self.words.get(word));
        if is_number {
            found.push(NUMBER);
        }
        let long = word.as_bytes().first_chunk::<PREFIX_KEY>().and_then(|key| self.prefixes.get(key));
        let prefixes = long.into_iter().flatten().chain(&self.short_prefixes);
        found.extend(prefixes.filter(|(prefix, _)| word.starts_with(&**prefix)).map(|(_, number)| number));
    }
}

/// The symbols of each token of a text; a token that is cut out has none.
#[derive(Clone, Debug, Default)]
pub struct Symbolic {
    symbols: Vec<u32>,
    /// Where the symbols of each token end.
    ends: Vec<u32>,
}

impl Symbolic {
    pub fn push(&mut self, add: impl FnOnce(&mut Vec<u32>)) {
        add(&mut self.symbols);
        self.ends.push(self.symbols.len() as u32);
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    fn at(&self, token: usize) -> &[u32] {
        let start = if token == 0 { 0 } else { self.ends[token - 1] };
        &self.symbols[start as usize..self.ends[token] as usize]
    }

    /// Cuts out so many tokens from `from` on: they match nothing any more.
    pub fn cut(&mut self, from: usize, length: usize) {
        for token in from..from + length {
            let start = if token == 0 { 0 } else { self.ends[token - 1] };
            self.symbols[start as usize..self.ends[token] as usize].fill(0);
        }
    }
}

/// Phrases with a value each, by their symbols.
#[derive(Clone, Debug)]
pub struct Tree<V> {
    next: HashMap<(u32, u32), u32>,
    values: Vec<V>,
}

impl<V: Clone + Default> Default for Tree<V> {
    fn default() -> Self {
        Self { next: HashMap::new(), values: vec![V::default()] }
    }
}

impl<V: Clone + Default> Tree<V> {
    /// The value of a phrase, to be set.
    pub fn entry(&mut self, phrase: &[u32]) -> &mut V {
        let mut node = 0;
        for symbol in phrase {
            let new = self.values.len() as u32;
            let next = *self.next.entry((node, *symbol)).or_insert(new);
            if next == new {
                self.values.push(V::default());
            }
            node = next;
        }
        &mut self.values[node as usize]
    }

    /// Calls `found` with length and value of each phrase that begins at `from`; the value of what is only the
    /// beginning of a phrase is the default.
    pub fn walk<'a>(&'a self, text: &Symbolic, from: usize, found: &mut impl FnMut(usize, &'a V)) {
        self.step(text, from, 0, 0, found);
    }

    /// As deep as the longest phrase.
    fn step<'a>(&'a self, text: &Symbolic, at: usize, length: usize, node: u32, found: &mut impl FnMut(usize, &'a V)) {
        if at >= text.len() {
            return;
        }
        for symbol in text.at(at).iter().filter(|symbol| **symbol != 0) {
            if let Some(&next) = self.next.get(&(node, *symbol)) {
                found(length + 1, &self.values[next as usize]);
                self.step(text, at + 1, length + 1, next, found);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(pattern: &str) -> Result<Vec<Phrase>, &'static str> {
        phrases(pattern, str::to_owned)
    }

    fn word(text: &str) -> Element {
        Element::Word(text.into())
    }

    #[test]
    fn a_pattern_stands_for_every_choice_of_its_alternatives() {
        assert_eq!(
            spelled("in # day/week*").unwrap(),
            [
                vec![word("in"), Element::Number, word("day")],
                vec![word("in"), Element::Number, Element::Prefix("week".into())],
            ]
        );
        assert_eq!(spelled("e-mail ?").unwrap(), [vec![word("e"), word("mail"), word("?")]]);
        assert_eq!(spelled("no _ yet").unwrap(), [vec![word("no"), Element::Any, word("yet")]]);
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for wrong in ["", "  ", "thank(?:s)?", "a//b", "wo*rd", "...", "[ab]"] {
            assert!(spelled(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(spelled(&"word ".repeat(25)), Err("it has too many words"));
        let many = ["a/b/c/d/e/f/g/h/i/j"; 4].join(" ");
        assert_eq!(spelled(&many), Err("it stands for too many phrases"));
    }

    #[test]
    fn all_phrases_of_a_text_are_found_in_one_walk() {
        let (mut symbols, mut tree) = (Symbols::default(), Tree::<u32>::default());
        for (value, pattern) in
            [(1, "not help*"), (2, "not"), (3, "help"), (4, "# day/days"), (5, "not helpful at all")]
        {
            for phrase in spelled(pattern).unwrap() {
                let phrase: Vec<u32> = phrase.iter().map(|element| symbols.number_of(element)).collect();
                *tree.entry(&phrase) = value;
            }
        }
        let tokens = Tokens::of("NOT helpful at 5 days");
        let mut text = Symbolic::default();
        for token in tokens.all() {
            text.push(|found| symbols.look_up(tokens.text(token), token.is_number, found));
        }
        let at = |from: usize| {
            let mut found = Vec::new();
            tree.walk(&text, from, &mut |length, value| found.push((length, *value)));
            found.sort_unstable();
            found
        };
        assert_eq!(at(0), [(1, 2), (2, 0), (2, 1), (3, 0)]);
        assert_eq!((at(1), at(3)), (vec![], vec![(1, 0), (2, 4)]));
    }
}
