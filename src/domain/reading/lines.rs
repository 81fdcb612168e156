//! Goes through a message line by line, and keeps what its sender wrote.

use std::borrow::Cow;

use super::ending;
use super::fold::fold_into;
use super::footer;
use super::quotes::{self, Block};
use super::tables::{Mark, Marks, TABLES};

/// A longer line is a paragraph, and no line that a mail program writes.
const LONGEST: usize = 300;

/// A message in lines, without blanks at their sides.
pub struct Page<'t> {
    pub lines: Vec<&'t str>,
    marks: Vec<Option<Marks>>,
    buffer: String,
}

impl<'t> Page<'t> {
    fn new(text: &'t str) -> Self {
        let lines: Vec<&str> = text.split('\n').map(str::trim).collect();
        Self { marks: vec![None; lines.len()], lines, buffer: String::new() }
    }

    pub fn line(&self, at: usize) -> &'t str {
        self.lines.get(at).copied().unwrap_or_default()
    }

    pub fn marks(&mut self, at: usize) -> Marks {
        let line = self.line(at);
        if line.is_empty() || line.len() > LONGEST {
            return Marks::default();
        }
        if let Some(marks) = self.marks[at] {
            return marks;
        }
        fold_into(&mut self.buffer, line);
        let marks = TABLES.marks(bare(&self.buffer));
        self.marks[at] = Some(marks);
        marks
    }

    pub fn has(&mut self, at: usize, mark: Mark) -> bool {
        self.marks(at).has(mark)
    }

    /// The places of the next `count` lines from `at` on that are not empty; looks at no more than twice as many
    /// lines.
    pub fn next_filled(&self, at: usize, count: usize) -> impl Iterator<Item = usize> {
        let end = self.lines.len().min(at + 2 * count);
        (at..end).filter(|place| !self.lines[*place].is_empty()).take(count)
    }

    /// Whether a quoted line comes next.
    pub fn is_quote_next(&self, at: usize) -> bool {
        self.next_filled(at, 2).next().is_some_and(|place| quotes::is_quoted(self.lines[place]))
    }
}

/// Without the dashes, stars and bars before its first word.
fn bare(line: &str) -> &str {
    line.trim_start_matches(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric())
}

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
    let mut page = Page { lines: vec![line.trim()], marks: vec![None], buffer: String::new() };
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
    if quotes::is_quoted(line) {
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

/// Whether it says more than a greeting.
pub fn says_something(page: &mut Page, at: usize) -> bool {
    let line = page.line(at);
    let words = || line.split(' ').count();
    let has_words = line.chars().any(|c| c.is_alphanumeric() || !c.is_ascii());
    has_words && !(line.len() < 50 && words() < 6 && !line.ends_with(['.', '?']) && page.has(at, Mark::Greeting))
}
