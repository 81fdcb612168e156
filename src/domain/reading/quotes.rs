//! What others wrote: quoted lines, and the lines that mail programs put above an original.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::fold::folded;
use super::page::{Page, is_quoted};
use super::phrase::compile;
use super::tables::{Mark, TABLES};

/// Lines that an attribution may be wrapped into, and bytes of them all.
const WRAPS: usize = 4;
const LONGEST: usize = 400;

static TIME: LazyLock<Regex> = LazyLock::new(|| compile(r"\b\d{1,2}[:h]\d\d\b|\bklo?\.? ?\d{1,2}[.:]\d\d"));
static YEAR: LazyLock<Regex> = LazyLock::new(|| compile(r"\b(?:19|20)\d\d\b"));
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| compile(r"[^ @]@[^ @]+\.[a-z]"));
/// "2026-03-10 9:12 GMT+01:00 Mia <mia@x.example>:"
static BARE: LazyLock<Regex> = LazyLock::new(|| compile(r"^\d{4}-\d\d-\d\d.*[>)]:$"));

/// Lines above an original.
pub struct Block {
    pub lines: usize,
    /// Quoted lines follow, and answers may stand between and below them.
    pub interleaved: bool,
}

/// The block that begins at the line, if one does.
pub fn block(page: &mut Page, at: usize) -> Option<Block> {
    if page.line(at).len() > LONGEST {
        return None;
    }
    if is_delimiter(page, at) || is_separator(page, at) {
        return Some(Block { lines: 1, interleaved: page.is_quote_next(at + 1) });
    }
    if let Some(lines) = attribution(page, at) {
        return Some(Block { lines, interleaved: page.is_quote_next(at + lines) });
    }
    header(page, at).map(|lines| Block { lines, interleaved: false })
}

/// "##- Please type your reply above this line -##". Without such marks the line must be short, one sentence, and not
/// about its writer: "I cannot write below the line" is none.
fn is_delimiter(page: &mut Page, at: usize) -> bool {
    let line = page.line(at);
    if line.len() > 200 || !page.has(at, Mark::Delimiter) {
        return false;
    }
    let mark = |c: char| "#-=*_~".contains(c);
    if line.chars().take(2).all(mark) || line.chars().rev().take(2).all(mark) {
        return true;
    }
    let is_own = |line: &str| TABLES.languages.iter().any(|language| language.own.is_match(folded(line).as_bytes()));
    line.len() < 80 && line.split(' ').count() < 10 && !line.contains([',', '?', '!']) && !is_own(line)
}

/// "-----Original Message-----"
fn is_separator(page: &mut Page, at: usize) -> bool {
    let line = page.line(at);
    let dashes = line.chars().take_while(|c| !c.is_alphanumeric()).filter(|c| "-_*=~".contains(*c)).count();
    page.has(at, Mark::Begins) || dashes > 1 && page.has(at, Mark::Original)
}

/// How many lines of "On 5 March 2026 at 9:12, Mia wrote:" begin here.
fn attribution(page: &mut Page, at: usize) -> Option<usize> {
    let first = page.line(at);
    let opens = page.has(at, Mark::Opens) || first.starts_with(|c: char| c.is_ascii_digit());
    if !opens && !first.contains('@') && !page.has(at, Mark::Wrote) {
        return None;
    }
    let mut joined = String::new();
    for lines in 1..=WRAPS {
        let line = page.line(at + lines - 1);
        if line.is_empty() || joined.len() + line.len() > LONGEST || is_quoted(line) {
            return None;
        }
        joined.push_str(line);
        if line.trim_end_matches('*').ends_with(':') {
            return is_attribution(page, at, lines, &joined, opens).then_some(lines);
        }
        joined.push(' ');
    }
    None
}

fn is_attribution(page: &mut Page, at: usize, lines: usize, joined: &str, opens: bool) -> bool {
    let text = folded(joined.trim_end_matches('*'));
    let has = |pattern: &Regex| pattern.is_match(text.as_bytes());
    let (time, address) = (has(&TIME), has(&ADDRESS));
    let wrote = (at..at + lines).any(|line| page.has(line, Mark::Wrote)) || has_split_verb(&text);
    // "Mia wrote on 10 March 2026 at 9:12:" is short; a whole message that happens to end so is no attribution.
    let from_somewhere = opens && (address || time)
        || text.len() < 160 && !text.contains(['?', '!']) && (address && (time || has(&YEAR)) || time && has(&YEAR));
    wrote && (from_somewhere || page.is_quote_next(at + lines)) || time && address && has(&BARE)
}

/// A verb of two words may be wrapped over a line end.
fn has_split_verb(text: &str) -> bool {
    ["a ecrit", "ha scritto", "ha escrito", "har skrevet", "har skrivit"].iter().any(|verb| text.contains(verb))
}

/// How many lines of "From: … Sent: … Subject: …" begin here. Journeys and orders have From, To and Date
/// as well: it takes what only a mail has.
fn header(page: &mut Page, at: usize) -> Option<usize> {
    if !page.has(at, Mark::From) {
        return None;
    }
    let (mut last, mut fields) = (at, 0);
    let mut mail = page.line(at).contains('@');
    let following: Vec<usize> = page.next_filled(at + 1, 7).collect();
    for place in following {
        let (sent, field) = (page.has(place, Mark::Sent), page.has(place, Mark::Field));
        // A list of receivers may be wrapped once.
        if !(sent || field) && place > last + 1 {
            break;
        }
        if sent || field {
            (last, fields) = (place, fields + 1);
            mail |= sent || page.line(place).contains('@');
        }
    }
    (fields > 0 && mail).then_some(last + 1 - at)
}
