//! Messages that no one wrote: out of office, delivery reports, receipts, greeters.

use super::fold::folded;
use super::tables::TABLES;

/// The phrases of an automatic message stand within its first so many characters.
const HEAD: usize = 140;
/// Longer messages were written by a person.
const LONGEST: usize = 1_200;

/// Whether the words say so; `text` is what was read of the message.
pub fn is_automatic(text: &str) -> bool {
    if text.is_empty() || text.len() > LONGEST * 4 || text.chars().nth(LONGEST).is_some() {
        return false;
    }
    let end = text.char_indices().nth(HEAD).map_or(text.len(), |(at, _)| at);
    let head = folded(&text[..end]);
    let head = head.trim_start_matches(|c: char| !c.is_alphanumeric()).as_bytes();
    TABLES.automatic.is_match(head) && is_so_all_in_all(text, head)
}

fn is_so_all_in_all(text: &str, head: &[u8]) -> bool {
    if TABLES.subjects.is_match(head) {
        return true;
    }
    // A message that asks wants an answer: "does it answer when I am out of the office?"
    if text.contains('?') {
        return false;
    }
    let all = folded(text);
    let all = all.as_bytes();
    TABLES.certain.is_match(head)
        || TABLES.languages.iter().any(|language| {
            language.absence.is_match(head) && language.company.is_match(all)
                || (language.notices.is_match(head)
                    || language.greets.is_match(head) && language.receipts.is_match(all))
                    && !language.own.is_match(all)
        })
}
