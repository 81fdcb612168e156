//! What a customer fills in.

use super::language::Language;
use crate::http::params::Query;

/// Characters of a comment.
pub const LONGEST: usize = 2_000;
/// Bytes of a form: a comment of characters that take four bytes, each written as `%F0`, and the rest.
pub const FORM: usize = 32 << 10;

/// The form, as it was sent or as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// 1 to 5.
    pub rating: Option<u8>,
    /// Without blanks around it, and with plain line ends.
    pub comment: String,
    pub language: Option<Language>,
}

impl Answer {
    /// A form that was sent; none where it is broken, or has a field twice or one that is not the form's.
    pub fn read(body: &[u8]) -> Option<Self> {
        let form = Query::parse(Some(str::from_utf8(body).ok()?));
        if !form.faults(&["rating", "comment", "lang"]).is_empty() {
            return None;
        }
        let comment = plain(form.get("comment").unwrap_or_default());
        Some(Self { rating: rating_of(&form), comment, language: form.get("lang").and_then(Language::of_tag) })
    }

    /// The rating, if the form is complete.
    pub fn checked(&self) -> Result<u8, Fault> {
        if self.comment.chars().count() > LONGEST {
            return Err(Fault::TooLong);
        }
        self.rating.ok_or(Fault::NoRating)
    }

    /// None where there is none.
    pub fn into_comment(self) -> Option<String> {
        Some(self.comment).filter(|comment| !comment.is_empty())
    }
}

/// Why a form is shown again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    NoRating,
    TooLong,
}

/// The parameter `rating`, if it is one.
pub fn rating_of(query: &Query<'_>) -> Option<u8> {
    match query.get("rating")?.as_bytes() {
        [digit @ b'1'..=b'5'] => Some(digit - b'0'),
        _ => None,
    }
}

/// Browsers end lines with CR and LF. Other control characters are nothing that people write.
fn plain(text: &str) -> String {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    let kept: String = lines.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    kept.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r13_2_a_form_is_read_as_browsers_send_it() {
        let read = Answer::read(b"lang=da&rating=4&comment=+Tak%21%0D%0AB%C3%A6st+%F0%9F%98%80%00%07%0D%0A").unwrap();
        assert_eq!((read.rating, read.language), (Some(4), Some(Language::Da)));
        assert_eq!(read.comment, "Tak!\nBæst 😀");
        assert_eq!(read.into_comment().as_deref(), Some("Tak!\nBæst 😀"));
        assert_eq!(Answer::read(b""), Some(Answer::default()));
        assert_eq!(Answer::read(b"comment=+%0D%0A+").unwrap().into_comment(), None);
        assert_eq!(Answer::read("comment=bæst".as_bytes()).unwrap().comment, "bæst", "not encoded at all");
    }

    #[test]
    fn r13_2_a_rating_is_one_digit() {
        for (text, rating) in [("1", Some(1)), ("5", Some(5)), ("%34", Some(4))] {
            assert_eq!(rating_of(&Query::parse(Some(&format!("rating={text}")))), rating, "{text}");
        }
        for text in ["", "0", "6", "-1", "+4", "4.0", "04", "44", "%EF%BC%94", "four", "4%00"] {
            assert_eq!(Answer::read(format!("rating={text}").as_bytes()).unwrap().rating, None, "{text}");
        }
    }

    #[test]
    fn r13_2_what_is_no_form_of_ours_is_none() {
        for body in
            [&b"rating=4&rating=5"[..], b"rating=4&stars=5", b"rating=%4", b"comment=%FF", b"\xff", b"{\"rating\": 4}"]
        {
            assert_eq!(Answer::read(body), None, "{}", body.escape_ascii());
        }
    }

    #[test]
    fn r13_2_the_longest_comment_fits_into_the_largest_form() {
        let form = format!("lang=en&rating=5&comment={}", "%F0%9F%98%80".repeat(LONGEST));
        assert!(form.len() < FORM);
        assert_eq!(Answer::read(form.as_bytes()).unwrap().checked(), Ok(5));
        let longer = Answer { comment: "😀".repeat(LONGEST + 1), ..Answer::default() };
        assert_eq!((longer.checked(), Answer::default().checked()), (Err(Fault::TooLong), Err(Fault::NoRating)));
    }
}
