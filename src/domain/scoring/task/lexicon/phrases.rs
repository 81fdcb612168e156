//! All phrases of a pack as one tree of letters, walked from each begin of a word.

use super::expand::{Phrase, Tail, is_word};

/// The root of the tree. In `next`, node 0 means that no phrase goes on.
const ROOT: u16 = 1;
/// The root of the phrases that may only stand at the begin of a message.
const FIRST_ROOT: u16 = 2;

/// The lists that a phrase ending at a node belongs to, by what must follow.
#[derive(Clone, Copy, Debug, Default)]
struct Ending {
    end: u16,
    any: u16,
    some: u16,
}

#[derive(Clone, Debug)]
pub struct Tree {
    /// The column of each byte in `next`, upper case as lower; 0 for bytes that no phrase has.
    columns: Box<[u8; 256]>,
    width: usize,
    /// The node behind each node and column.
    next: Vec<u16>,
    endings: Vec<Ending>,
}

impl Tree {
    /// Phrases with the bits of their lists; `None` where there are too many of them.
    pub fn build(phrases: &[(Phrase, u16)]) -> Option<Self> {
        let mut columns = Box::new([0; 256]);
        let mut width = 1;
        for byte in phrases.iter().flat_map(|(phrase, _)| &phrase.text) {
            let column = &mut columns[usize::from(*byte)];
            if *column == 0 {
                *column = u8::try_from(width).ok()?;
                width += 1;
            }
        }
        for letter in b'a'..=b'z' {
            columns[usize::from(letter.to_ascii_uppercase())] = columns[usize::from(letter)];
        }
        let roots = usize::from(FIRST_ROOT) + 1;
        let mut tree = Self { columns, width, next: vec![0; roots * width], endings: vec![Ending::default(); roots] };
        for (phrase, bit) in phrases {
            tree.add(phrase, *bit)?;
        }
        Some(tree)
    }

    fn add(&mut self, phrase: &Phrase, bit: u16) -> Option<()> {
        let mut node = if phrase.is_first { FIRST_ROOT } else { ROOT };
        for byte in &phrase.text {
            let slot = self.slot(node, *byte);
            if self.next[slot] == 0 {
                self.next[slot] = u16::try_from(self.endings.len()).ok()?;
                self.endings.push(Ending::default());
                self.next.resize(self.endings.len() * self.width, 0);
            }
            node = self.next[slot];
        }
        let ending = &mut self.endings[usize::from(node)];
        match phrase.tail {
            Tail::End => ending.end |= bit,
            Tail::Any => ending.any |= bit,
            Tail::Some => ending.some |= bit,
        }
        Some(())
    }

    fn slot(&self, node: u16, byte: u8) -> usize {
        usize::from(node) * self.width + usize::from(self.columns[usize::from(byte)])
    }

    /// The bits of the lists with a phrase in `text`, in which nothing but ASCII may be a word character.
    pub fn hits(&self, text: &str) -> u16 {
        let text = text.as_bytes();
        let mut hits = if text.first().is_some_and(|byte| is_word(*byte)) { self.walk(text, FIRST_ROOT) } else { 0 };
        let mut is_inside = false;
        for (at, byte) in text.iter().enumerate() {
            let was_inside = std::mem::replace(&mut is_inside, is_word(*byte));
            if is_inside && !was_inside {
                hits |= self.walk(&text[at..], ROOT);
            }
        }
        hits
    }

    /// Down the tree from the begin of `text`.
    fn walk(&self, text: &[u8], root: u16) -> u16 {
        let (mut node, mut hits) = (root, 0);
        for (at, byte) in text.iter().enumerate() {
            node = self.next[self.slot(node, *byte)];
            if node == 0 {
                break;
            }
            let ending = self.endings[usize::from(node)];
            hits |= ending.any;
            if ending.end | ending.some != 0 {
                hits |= if text.get(at + 1).is_some_and(|byte| is_word(*byte)) { ending.some } else { ending.end };
            }
        }
        hits
    }
}

/// Whether every character of `text` that is not ASCII is a sign: neither part of a word nor counted
/// among the word characters by any rule. Others are signs too; these are those that occur.
pub fn has_only_signs(text: &str) -> bool {
    text.is_ascii() || text.chars().filter(|c| !c.is_ascii()).all(is_sign)
}

fn is_sign(c: char) -> bool {
    matches!(c,
        '\u{a0}'..='\u{a9}' | '\u{ab}'..='\u{b1}' | '\u{b4}' | '\u{b6}'..='\u{b8}' | '\u{bb}' | '\u{bf}'
        | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{203e}' | '\u{20a0}'..='\u{20bf}' | '\u{2190}'..='\u{21ff}'
        | '\u{2600}'..='\u{26ff}' | '\u{2700}'..='\u{2775}' | '\u{1f300}'..='\u{1f64f}' | '\u{1f680}'..='\u{1f6c5}'
        | '\u{1f910}'..='\u{1f9ff}')
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;

    #[test]
    fn no_sign_is_part_of_a_word() {
        let word = Regex::new(r"[\p{Alphabetic}\p{N}\w]").unwrap();
        for c in ('\0'..=char::MAX).filter(|c| is_sign(*c)) {
            assert!(!word.is_match(c.encode_utf8(&mut [0; 4])), "{c:?}");
        }
        assert!(has_only_signs("£5 “now” – 😀…") && !has_only_signs("café") && !has_only_signs("²"));
    }

    #[test]
    fn a_phrase_is_found_where_its_words_are_whole() {
        let phrase = |text: &str, tail, is_first| Phrase { text: text.into(), tail, is_first };
        let phrases = [
            (phrase("no", Tail::End, true), 1),
            (phrase("don't", Tail::End, false), 2),
            (phrase("annoy", Tail::Any, false), 4),
            (phrase("annoy", Tail::Some, false), 8),
        ];
        let tree = Tree::build(&phrases).unwrap();
        assert_eq!((tree.hits("No, DON'T"), tree.hits("oh no"), tree.hits("xdon't don'ts")), (3, 0, 0));
        assert_eq!((tree.hits("annoy"), tree.hits("'annoying"), tree.hits("ann")), (4, 12, 0));
        assert_eq!((tree.hits(""), tree.hits("no")), (0, 1));
    }
}
