//! What a body is, as its `Content-Type` says.

/// Charsets that mean UTF-8. The second is no registered name, and is what some clients send.
const UTF_8: [&str; 2] = ["utf-8", "utf8"];

/// The media type without its parameters; `None` where it names a charset other than UTF-8. Other parameters say
/// nothing here.
pub fn of_text(content_type: &str) -> Option<&str> {
    let mut parts = content_type.split(';').map(str::trim);
    let media_type = parts.next()?;
    let foreign = parts.filter_map(|parameter| parameter.split_once('=')).any(|(name, value)| {
        let charset = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("charset") && !among(&UTF_8, charset)
    });
    (!foreign).then_some(media_type)
}

/// Whether it is one of `names`, in any case.
pub fn among(names: &[&str], name: &str) -> bool {
    names.iter().any(|one| one.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r2_1_text_is_utf_8() {
        for good in ["a/b", "a/b;", " a/b ; charset=utf-8", "a/b; q=1; Charset=\"UTF8\"", "a/b; charset"] {
            assert_eq!(of_text(good), Some("a/b"), "{good}");
        }
        for foreign in ["a/b; charset=latin1", "a/b;charset=utf-16;charset=utf-8", "a/b; charset="] {
            assert_eq!(of_text(foreign), None, "{foreign}");
        }
        assert_eq!(of_text(""), Some(""));
        assert!(among(&["a/b", "a/c"], "A/C") && !among(&["a/b"], "a/bc") && !among(&["a/b"], ""));
    }
}
