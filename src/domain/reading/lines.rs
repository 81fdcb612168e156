//! Goes through a message line by line, and keeps what its sender wrote.

use std::borrow::Cow;

use super::ending;
use super::footer;
use super::page::{Page, is_quoted, says_something};
use super::quotes::{self, Block};
use super::tables::Mark;

/// What to do with the line at hand.
enum Step {
    Keep,
    Pass(usize),
    /// A closing formula: only a postscript is read of what follows.
    Close,
    Stop,
}

/// The lines of `text` that its sender wrote, joined.
pub fn written(text: &str) -> Cow<'_, str> {
    if !text.contains('\n') {
        return Cow::Borrowed(if is_dropped(text) { "" } else { text });
    }
    let mut page = Page::new(text);
    let kept = kept_lines(&mut page);
    let kept: Vec<&str> = kept.into_iter().map(|at| page.lines[at]).collect();
    Cow::Owned(kept.join(" "))
}

/// Whether nothing would be left of a message that is this line alone.
pub fn is_dropped(line: &str) -> bool {
    let mut page = Page::of_line(line);
    !matches!(step(&mut page, 0, false), Step::Keep)
}

fn kept_lines(page: &mut Page) -> Vec<usize> {
    let (mut kept, mut at, mut said) = (Vec::new(), 0, false);
    while at < page.lines.len() {
        if page.line(at).is_empty() {
            at += 1;
            continue;
        }
        match step(page, at, said) {
            Step::Keep => {
                said = said || says_something(page, at);
                kept.push(at);
                at += 1;
            }
            Step::Pass(count) => at += count,
            Step::Close => {
                ending::trim(page, &mut kept);
                kept.extend(ending::postscript(page, at + 1));
                return kept;
            }
            Step::Stop => break,
        }
    }
    ending::trim(page, &mut kept);
    kept
}

fn step(page: &mut Page, at: usize, said: bool) -> Step {
    let line = page.line(at);
    if is_quoted(line) {
        return Step::Pass(1);
    }
    // An original below something new ends the message; with nothing above it, it is what was sent on, and is read.
    let cut = |count| if said { Step::Stop } else { Step::Pass(count) };
    if is_rule(line) {
        return if said && ending::is_signature_rule(page, at) { Step::Stop } else { Step::Pass(1) };
    }
    match quotes::block(page, at) {
        Some(Block { lines, interleaved: true }) => return Step::Pass(lines),
        Some(Block { lines, interleaved: false }) => return cut(lines),
        None => {}
    }
    if is_tagline(page, at) {
        return Step::Pass(1);
    }
    if said && ending::is_formula(page, at) {
        return Step::Close;
    }
    if said && footer::is_footer(page, at) { Step::Stop } else { Step::Keep }
}

/// "Sent from my iPhone", perhaps with an excuse for it.
fn is_tagline(page: &mut Page, at: usize) -> bool {
    let line = page.line(at);
    let words = line.split(' ').count();
    let has_dash = || line.contains('–') || line.contains(" - ");
    line.len() < 140 && (words < 10 || words < 15 && has_dash()) && !line.ends_with('?') && page.has(at, Mark::Tagline)
}

/// A line of nothing but dashes and the like. `...` and `!!!` say something.
fn is_rule(line: &str) -> bool {
    line.len() > 1 && line.chars().all(|c| matches!(c, '-' | '_' | '=' | '*' | '~' | '#' | '+' | '|' | '—' | '–' | ' '))
}
