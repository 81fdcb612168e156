//! Phrases as `tables/README.md` describes them, made regular expressions over folded bytes.

use regex::bytes::{Regex, RegexBuilder};

use super::fold::folded;

/// An expression for any of `phrases`, whole words each. `DEVICE` is one of `devices`.
pub fn any_of<'p>(phrases: impl Iterator<Item = &'p String>, devices: &[String]) -> String {
    let phrases: Vec<String> = phrases.map(|phrase| pattern(phrase, devices)).collect();
    format!("(?:{})", phrases.join("|"))
}

/// An expression for any of `words` that stands for itself, with no `'` at its side: `I` and `I'm` are two words,
/// the `d` of `d'accord` is none.
pub fn any_whole(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| regex::escape(&folded(word))).collect();
    format!(r"(?:^|[^a-z0-9'])(?:{})(?:$|[^a-z0-9])", words.join("|"))
}

/// For characters, in text that is not folded.
pub fn expression(pattern: &str) -> regex::Regex {
    regex::Regex::new(pattern).expect("a test reads with every expression")
}

/// For bytes: folded text needs no tables of Unicode.
pub fn compile(pattern: &str) -> Regex {
    RegexBuilder::new(pattern)
        .unicode(false)
        .size_limit(64 << 20)
        .dfa_size_limit(16 << 20)
        .build()
        .expect("a test compiles every table")
}

fn pattern(phrase: &str, devices: &[String]) -> String {
    let (mut out, mut pending) = (String::new(), false);
    for item in items(phrase) {
        let optional = item.starts_with('(');
        let group = item.starts_with(['(', '{']);
        let inner = item.trim_start_matches(['(', '{']).trim_end_matches([')', '}']);
        if inner == "..." {
            out.push_str(".*");
            continue;
        }
        if inner == ".." {
            out.push_str("(?:[ ,]+[^ ]+)?(?:[ ,]+[^ ]+)?");
            continue;
        }
        let body = alternatives(inner, devices, group);
        match (pending, optional) {
            (false, true) => out.push_str(&format!("(?:{body}[ ,]+)?")),
            (false, false) => out.push_str(&body),
            (true, true) => out.push_str(&format!("(?:[ ,]+{body})?")),
            (true, false) => out.push_str(&format!("[ ,]+{body}")),
        }
        pending |= !optional;
    }
    out
}

/// The words of a phrase; what stands in parentheses or braces is one item.
fn items(phrase: &str) -> Vec<&str> {
    let (mut items, mut start, mut inside) = (Vec::new(), 0, false);
    for (at, c) in phrase.char_indices().chain([(phrase.len(), ' ')]) {
        match c {
            '(' | '{' => inside = true,
            ')' | '}' => inside = false,
            ' ' if !inside => {
                items.push(&phrase[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    items
}

fn alternatives(item: &str, devices: &[String], several_words: bool) -> String {
    let one = |part: &str| {
        if part == "DEVICE" {
            let devices: Vec<String> = devices.iter().map(|device| word(device)).collect();
            return format!("(?:{})", devices.join("|"));
        }
        if several_words { several(part) } else { word(part) }
    };
    let parts: Vec<String> = item.split('/').map(one).collect();
    format!("(?:{})", parts.join("|"))
}

fn several(part: &str) -> String {
    let mut out = String::new();
    for piece in part.split(' ') {
        if piece == "..." {
            out.push_str(".*");
        } else {
            out.push_str(if out.is_empty() { "" } else { "[ ,]+" });
            out.push_str(&word(piece));
        }
    }
    out
}

/// A word, or its beginning (`word*`), with no letter or digit at its sides.
fn word(text: &str) -> String {
    let text = folded(text);
    let (text, open) = text.strip_suffix('*').map_or((text.as_str(), false), |stem| (stem, true));
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    let ends = text.ends_with(|c: char| c.is_ascii_alphanumeric());
    format!(
        "{}{}{}",
        if begins { r"\b" } else { "" },
        regex::escape(text),
        if open {
            r"[a-z0-9'-]*"
        } else if ends {
            r"\b"
        } else {
            ""
        }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(phrase: &str, text: &str) -> bool {
        compile(&any_of([phrase.to_owned()].iter(), &["iphone".to_owned()])).is_match(folded(text).as_bytes())
    }

    #[test]
    fn a_phrase_is_its_words_with_what_may_be_missing() {
        assert!(finds("(many) thanks", "Many thanks") && finds("(many) thanks", "thanks, all"));
        assert!(finds("the (red/dark blue) car", "the dark blue car") && finds("the (red/dark blue) car", "the car"));
        assert!(finds("{i am/i'm} away", "I'm away") && !finds("{i am/i'm} away", "away"));
        assert!(finds("grüß* dich", "GRÜSSE DICH") && !finds("grüß dich", "grüßen dich"));
        assert!(finds("reply ... line", "reply above this line") && !finds("reply ... line", "reply online"));
        assert!(finds("from .. DEVICE", "from my own iPhone") && finds("from .. DEVICE", "from iPhone"));
        assert!(!finds("from .. DEVICE", "from here but by an iPhone") && !finds("from .. DEVICE", "from here"));
    }
}
