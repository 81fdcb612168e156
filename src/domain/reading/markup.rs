//! What is markup, and what only looks like it.

use std::sync::LazyLock;

use regex::Regex;

use super::html;
use super::phrase::expression;

const NAMES: &str = "p|br|div|html|head|body|table|tbody|tr|td|th|ul|ol|li|span|a|blockquote|img|font|b|strong|i|em|u|\
                     style|h[1-6]|center|pre|hr|o:p|meta|section|small|big";

static TAG: LazyLock<Regex> = LazyLock::new(|| {
    expression(&format!(r"(?i)</?(?:{NAMES})\s*/?>|<(?:{NAMES})\s+[a-z:_-]+\s*=|<!doctype\s+html|<!--"))
});
static ENTITY: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"(?i)&(?:amp|nbsp|quot|apos|lt|gt|[lr][sd]quo|[nm]dash|hellip|euro|szlig|shy|zwnj|zwj|aelig|oslash|#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{1,2}(?:acute|grave|circ|uml|slash|ring|cedil|tilde));",
    )
});
/// Whether a tag stands in `text` that a mail program writes and a person does not: `a < b > c`, `<3` and `<me>`
/// are none.
pub fn is_likely(text: &str) -> bool {
    text.contains('<') && TAG.is_match(text)
}

pub fn has_entities(text: &str) -> bool {
    text.contains('&') && ENTITY.is_match(text)
}

/// `text` with its entities resolved and nothing else read as markup.
pub fn unescaped(text: &str) -> String {
    html::visible(&text.replace('<', "&lt;"))
}

/// `line`, changed so that reading it again finds no markup in it.
pub fn disarmed(line: &str, as_html: bool) -> String {
    let mut bytes = line.as_bytes().to_vec();
    let mut blank = |at: usize| bytes[at] = b' ';
    TAG.find_iter(line).for_each(|tag| blank(tag.start()));
    ENTITY.find_iter(line).for_each(|entity| blank(entity.start()));
    if as_html {
        let opens = |next: &u8| next.is_ascii_alphabetic() || b"/!?".contains(next);
        let follows = |at: usize| line.as_bytes().get(at + 1);
        line.match_indices('<').filter(|(at, _)| follows(*at).is_some_and(opens)).for_each(|(at, _)| blank(at));
        if line.contains('&') && unescaped(line) != line {
            line.match_indices('&').for_each(|(at, _)| blank(at));
        }
    }
    // Each blank has taken the place of an ASCII character, so nothing has grown.
    String::from_utf8(bytes).unwrap_or_else(|_| line.to_owned())
}
