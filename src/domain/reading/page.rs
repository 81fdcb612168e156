//! A message in lines, and what tells one kind of line from another.

use super::fold::fold_into;
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
    pub fn new(text: &'t str) -> Self {
        let lines: Vec<&str> = text.split('\n').map(str::trim).collect();
        Self { marks: vec![None; lines.len()], lines, buffer: String::new() }
    }

    /// A line that is all of a message.
    pub fn of_line(line: &'t str) -> Self {
        Self { lines: vec![line.trim()], marks: vec![None], buffer: String::new() }
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
        self.next_filled(at, 2).next().is_some_and(|place| is_quoted(self.lines[place]))
    }
}

/// Without the dashes, stars and bars before its first word.
fn bare(line: &str) -> &str {
    line.trim_start_matches(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric())
}

/// Whether a mail program has marked the line as quoted. `>:(` and `>_<` are faces.
pub fn is_quoted(line: &str) -> bool {
    if let Some(rest) = line.strip_prefix('>') {
        let face = rest.starts_with([':', ';', '=', '_', '.', '-', '<']) && rest.len() < 6 && !rest.contains(' ');
        return !face || rest.is_empty();
    }
    line.starts_with("| ") && !line.ends_with('|')
}

/// Whether it says more than a greeting.
pub fn says_something(page: &mut Page, at: usize) -> bool {
    let line = page.line(at);
    let words = || line.split(' ').count();
    let has_words = line.chars().any(|c| c.is_alphanumeric() || !c.is_ascii());
    has_words && !(line.len() < 50 && words() < 6 && !line.ends_with(['.', '?']) && page.has(at, Mark::Greeting))
}
