//! Letters without case and accents, to compare a line with the tables.

use unicode_normalization::char::{decompose_canonical, is_combining_mark};

/// `text` in small letters without accents; `ß` is `ss`, `ø` an `o`.
pub fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    fold_into(&mut out, text);
    out
}

/// Replaces what `out` holds: one buffer serves all lines.
pub fn fold_into(out: &mut String, text: &str) {
    out.clear();
    if text.is_ascii() {
        out.push_str(text);
        out.make_ascii_lowercase();
        return;
    }
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c.to_ascii_lowercase());
        } else {
            c.to_lowercase().for_each(|lower| fold_letter(out, lower));
        }
    }
}

fn fold_letter(out: &mut String, c: char) {
    match c {
        'ß' => out.push_str("ss"),
        'ø' => out.push('o'),
        'æ' => out.push_str("ae"),
        'œ' => out.push_str("oe"),
        'ł' => out.push('l'),
        'đ' | 'ð' => out.push('d'),
        'ı' => out.push('i'),
        _ => decompose_canonical(c, |part| {
            if !is_combining_mark(part) {
                out.push(part);
            }
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_lose_case_and_accents() {
        assert_eq!(folded("Grüße, ÉCRIT påø Łódź Æ"), "grusse, ecrit pao lodz ae");
    }
}
