//! In which language a customer is asked.

use axum::http::{HeaderMap, header};

use crate::http::weight::weight;

/// A language that the pages have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    En,
    Da,
    De,
    Es,
    Fr,
}

impl Language {
    /// The first where nothing speaks for another.
    pub const ALL: [Self; 5] = [Self::En, Self::Da, Self::De, Self::Es, Self::Fr];

    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Da => "da",
            Self::De => "de",
            Self::Es => "es",
            Self::Fr => "fr",
        }
    }

    /// As those who speak it call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Da => "Dansk",
            Self::De => "Deutsch",
            Self::Es => "Español",
            Self::Fr => "Français",
        }
    }

    /// The one of a tag as `da` or `da-DK`.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| language.code().eq_ignore_ascii_case(primary))
    }

    /// The one that `Accept-Language` wants most (RFC 9110, 12.5.4); of those wanted alike the first.
    pub fn of_headers(headers: &HeaderMap) -> Self {
        let sent = headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
        let wanted = sent.flat_map(|value| value.split(',')).filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let language = Self::of_tag(parts.next()?)?;
            Some((weight(parts), language)).filter(|(weight, _)| *weight > 0)
        });
        let best = wanted.reduce(|best, next| if next.0 > best.0 { next } else { best });
        best.map_or(Self::ALL[0], |(_, language)| language)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn r13_2_the_language_that_is_wanted_most() {
        let of = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::ACCEPT_LANGUAGE, HeaderValue::from_static(value));
            }
            Language::of_headers(&headers).code()
        };
        for (values, code) in [
            (&[][..], "en"),
            (&["*"], "en"),
            (&["da-DK,da;q=0.9,en;q=0.8"], "da"),
            (&["sv, DE-at;q=0.5, fr;q=0.7"], "fr"),
            (&["es", "fr"], "es"),
            (&["fr;q=0, de;q=0.001"], "de"),
            (&["nl", "pl;q=0.3"], "en"),
            (&["fr;q=0"], "en"),
            (&["dansk, deutsch"], "en"),
            (&[";;,=,q"], "en"),
        ] {
            assert_eq!(of(values), code, "{values:?}");
        }
    }

    #[test]
    fn r13_2_a_language_is_named_by_its_tag() {
        for language in Language::ALL {
            assert_eq!(Language::of_tag(language.code()), Some(language));
        }
        assert_eq!(Language::of_tag("FR-ca"), Some(Language::Fr));
        assert_eq!(Language::of_tag("es_MX"), Some(Language::Es));
        for text in ["", "-", "e", "eng", "english", "da\0", " da"] {
            assert_eq!(Language::of_tag(text), None, "{text:?}");
        }
    }
}
