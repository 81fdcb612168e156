//! Legal footers.

use std::collections::BTreeSet;

use super::fold::{fold_into, folded};
use super::page::Page;
use super::tables::{Phrases, TABLES};

/// How many lines of a paragraph are looked at, and how many bytes.
const LINES: usize = 12;
const LONGEST: usize = 4_000;

/// Whether a legal footer begins at the line: its paragraph says what only lawyers say, and nothing personal.
pub fn is_footer(page: &Page, at: usize) -> bool {
    let line = page.line(at);
    if !(20..LONGEST).contains(&line.len()) {
        return false;
    }
    let mut text = String::new();
    fold_into(&mut text, line);
    if !TABLES.legal.is_match(text.as_bytes()) {
        return false;
    }
    let lines = page.lines[at..].iter().take(LINES).take_while(|line| !line.is_empty());
    for next in lines.skip(1).take_while(|line| line.len() < LONGEST) {
        text.push(' ');
        text.push_str(&folded(next));
    }
    !text.contains('?') && text.len() > 40 && TABLES.languages.iter().any(|language| says_so(language, text.as_bytes()))
}

/// Two hints are enough where the paragraph begins with one: "This message is confidential". A customer who writes
/// about a disclaimer and liability begins otherwise.
fn says_so(language: &Phrases, text: &[u8]) -> bool {
    let hints: BTreeSet<&[u8]> = language.hints.find_iter(text).map(|hint| hint.as_bytes()).take(16).collect();
    let begins = || language.hints.find(text).is_some_and(|hint| hint.start() < 4);
    (hints.len() > 2 || hints.len() > 1 && begins() || language.certain.is_match(text)) && !language.own.is_match(text)
}
