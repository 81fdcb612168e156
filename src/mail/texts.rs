//! The texts that are built in, by language.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::template::Template;
use crate::domain::message::LanguageCode;

/// What the ends of the scale of ratings mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale<'a> {
    pub worst: &'a str,
    pub best: &'a str,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BuiltIn {
    #[serde(flatten)]
    template: Template,
    worst: Box<str>,
    best: Box<str>,
}

static TEXTS: LazyLock<BTreeMap<LanguageCode, BuiltIn>> =
    LazyLock::new(|| toml::from_str(include_str!("texts.toml")).expect("the built-in texts can be read (tested)"));

/// The languages that have a text.
pub fn languages() -> impl Iterator<Item = LanguageCode> {
    TEXTS.keys().copied()
}

/// The text of a language.
pub fn template(language: LanguageCode) -> Option<&'static Template> {
    TEXTS.get(&language).map(|text| &text.template)
}

/// The words for the scale, where they are known.
pub fn scale(language: LanguageCode) -> Option<Scale<'static>> {
    TEXTS.get(&language).map(|text| Scale { worst: &text.worst, best: &text.best })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::mail_template::{Piece, Placeholder, has, pieces};

    #[test]
    fn r13_2b_the_built_in_texts_have_all_that_a_mail_needs() {
        assert_eq!(
            languages().map(|code| code.as_str().to_owned()).collect::<Vec<_>>(),
            ["da", "de", "en", "es", "fr"]
        );
        for language in languages() {
            let Template { subject, text } = template(language).unwrap();
            assert!(pieces(subject).contains(&Piece::Put(Placeholder::Workspace)), "{language:?}");
            for placeholder in Placeholder::ALL {
                assert!(has(text, placeholder), "{language:?}: {placeholder:?}");
            }
            assert!(!pieces(text).iter().any(|piece| matches!(piece, Piece::Unknown(_))), "{language:?}");
            assert_ne!(scale(language).unwrap().worst, scale(language).unwrap().best);
        }
        let unknown = LanguageCode::new("sv").unwrap();
        assert!(template(unknown).is_none() && scale(unknown).is_none());
    }
}
