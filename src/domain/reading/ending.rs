//! The end of a message: closing formulas, names, signatures.

use super::fold::folded;
use super::page::{Page, is_quoted, says_something};
use super::quotes;
use super::tables::{Mark, TABLES};

/// Lines that a signature may have.
const LONGEST: usize = 8;

/// Whether the line is a closing formula, after which only a signature follows.
pub fn is_formula(page: &mut Page, at: usize) -> bool {
    let marks = page.marks(at);
    if marks.has(Mark::Formula) {
        return true;
    }
    if marks.has(Mark::ThanksAndFormula) {
        return page.next_filled(at + 1, 2).next().is_some();
    }
    marks.has(Mark::FormulaAndMore) && page.line(at).len() < 60 && is_name_behind(page.line(at)) && is_last(page, at)
}

/// Whether a closing formula and a name are all of `line`: "Best, Tom", "Mvh Lone". A formula that is an ordinary
/// word as well needs a comma or the like behind it; short forms that are no words do not.
fn is_name_behind(line: &str) -> bool {
    line.match_indices(' ').take(6).any(|(at, _)| {
        let (formula, name) = (&line[..at], line[at + 1..].trim_start_matches(['-', ' ']));
        is_name(name.trim_end_matches('.')) && {
            let marks = TABLES.marks(&folded(formula));
            let is_marked = formula.len() < 4 || formula.ends_with([',', '.', '!', ':', '-']);
            marks.has(Mark::Formula)
                || is_marked && TABLES.marks(&folded(formula.trim_end_matches(['.', '!', ':', '-']))).has(Mark::Short)
        }
    })
}

/// Whether only short lines follow, and not more than a signature has.
fn is_last(page: &Page, at: usize) -> bool {
    let short = |line: &str| line.len() < 70 && !line.contains('?');
    page.next_filled(at + 1, LONGEST + 1)
        .take_while(|place| !is_quoted(page.lines[*place]))
        .all(|place| short(page.lines[place]))
}

/// Whether a line of dashes divides a text from its signature. Two dashes do; more of them may divide parts of the
/// text.
pub fn is_signature_rule(page: &Page, at: usize) -> bool {
    if matches!(page.line(at), "--" | "—" | "__") {
        return true;
    }
    let following: Vec<usize> = page.next_filled(at + 1, LONGEST + 1).collect();
    let known = |place: &usize| {
        let line = folded(page.lines[*place]);
        TABLES.contact.is_match(line.as_bytes()) || TABLES.legal.is_match(line.as_bytes())
    };
    following.len() <= LONGEST
        && following.first().is_some_and(|first| page.line(*first).len() < 60)
        && following.iter().any(known)
}

/// The lines of a postscript after a closing formula.
pub fn postscript(page: &mut Page, from: usize) -> Vec<usize> {
    let end = page.lines.len().min(from + 40);
    let mut found = Vec::new();
    for at in from..end {
        let line = page.line(at);
        if is_quoted(line) || !line.is_empty() && quotes::block(page, at).is_some() {
            break;
        }
        if found.is_empty() && is_postscript(line) || !found.is_empty() && !line.is_empty() {
            found.push(at);
        } else if !found.is_empty() {
            break;
        }
    }
    found
}

/// "PS: …", "P.S. …"
fn is_postscript(line: &str) -> bool {
    let rest = line.strip_prefix(['P', 'p']).map(|rest| rest.trim_start_matches(['.', ' ']));
    let rest = rest.and_then(|rest| rest.strip_prefix(['S', 's'])).unwrap_or_default();
    rest.starts_with(['.', ':', ',', '-', ' '])
}

/// Takes signatures off the end of the lines that were kept. If nothing is said but thanks, they stay.
pub fn trim(page: &mut Page, kept: &mut Vec<usize>) {
    if let Some(end) = thanks_and_name(page, kept).or_else(|| name_block(page, kept)) {
        let said = (0..end).any(|place| says_something(page, kept[place]));
        if said {
            kept.truncate(end);
        }
    }
}

/// Where a final "Thanks," with a name below it begins. Thanks without a name are meant as such.
fn thanks_and_name(page: &mut Page, kept: &[usize]) -> Option<usize> {
    let first = kept.len().saturating_sub(LONGEST);
    let is_close = |page: &mut Page, at: usize| {
        page.has(at, Mark::Thanks) || page.has(at, Mark::Short) || page.has(at, Mark::ThanksAndFormula)
    };
    let place = (first..kept.len()).rev().find(|place| is_close(page, kept[*place]))?;
    let below = &kept[place + 1..];
    let name = page.line(*below.first()?);
    let lower_case = name.len() < 13 && name.chars().all(char::is_alphabetic) && page.line(kept[place]).ends_with(',');
    let fits = (is_name(name.trim_end_matches('.')) || lower_case)
        && below[1..].iter().all(|at| is_of_signature(page.line(*at)));
    fits.then_some(place)
}

/// Where a block of name, company and telephone number begins that has no closing formula above it.
fn name_block(page: &Page, kept: &[usize]) -> Option<usize> {
    let last = kept.len().checked_sub(1)?;
    let first = kept.len().saturating_sub(LONGEST).max(1);
    let mut begin = kept.len();
    while begin > first && is_of_signature(page.line(kept[begin - 1])) {
        begin -= 1;
    }
    let has_contact =
        |places: &[usize]| places.iter().any(|at| TABLES.contact.is_match(folded(page.line(*at)).as_bytes()));
    (begin..=last).find(|place| {
        let line = page.line(kept[*place]);
        let stands_alone = page.line(kept[*place] - 1).is_empty() || line.contains('|');
        let name = line.split('|').next().unwrap_or_default().trim();
        stands_alone && is_name(name) && !page.line(kept[*place - 1]).ends_with(':') && has_contact(&kept[*place..])
    })
}

/// Whether it is a name: one to five words, each with a capital except parts such as "van".
fn is_name(text: &str) -> bool {
    const PARTICLES: [&str; 16] =
        ["von", "van", "de", "der", "den", "da", "di", "du", "el", "la", "le", "og", "and", "&", "und", "y"];
    let mut words = 0;
    for word in text.split([' ', '-']).filter(|word| !word.is_empty()) {
        words += 1;
        let capital = word.starts_with(|c: char| c.is_uppercase());
        let letters = word.trim_end_matches(',').chars().all(|c| c.is_alphabetic() || "'.".contains(c));
        if !(capital && letters || PARTICLES.contains(&word)) {
            return false;
        }
    }
    (1..6).contains(&words) && text.starts_with(char::is_uppercase)
}

/// Whether it is short, no sentence, and mostly names, numbers and addresses.
fn is_of_signature(line: &str) -> bool {
    if line.len() > 90 || line.ends_with(['?', '!', ':', ';']) || line.split(' ').count() > 9 {
        return false;
    }
    let words = || line.split([' ', '|', ',', '/']).filter(|word| word.chars().any(char::is_alphabetic));
    let is_small = |word: &str| word.starts_with(char::is_lowercase) && !word.contains(['@', '.']);
    2 * words().filter(|word| is_small(word)).count() <= words().count()
        && (!line.ends_with('.') || TABLES.contact.is_match(folded(line).as_bytes()))
}
