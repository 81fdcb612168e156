//! Why an event is refused, and how the answer says so (R4.3).

use std::borrow::Cow;

use crate::wire::ingest::{RejectedEvent, RejectionCode};

/// The first thing that is wrong with an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub code: RejectionCode,
    pub error: String,
    pub pointer: Option<String>,
}

impl Fault {
    /// The event as a whole cannot be read.
    pub fn malformed(error: impl Into<String>) -> Self {
        Self { code: RejectionCode::Malformed, error: error.into(), pointer: None }
    }

    pub fn at(code: RejectionCode, place: ValuePath<'_>, error: String) -> Self {
        Self { code, error, pointer: Some(place.pointer()) }
    }

    pub fn missing(place: ValuePath<'_>) -> Self {
        Self::at(RejectionCode::MissingField, place, format!("`{}` is required.", place.name()))
    }

    /// `what` completes the sentence "`member` …".
    pub fn invalid(place: ValuePath<'_>, what: &str) -> Self {
        Self::at(RejectionCode::InvalidField, place, format!("`{}` {what}.", place.name()))
    }

    pub fn unknown(place: ValuePath<'_>, kind: &str) -> Self {
        Self::at(
            RejectionCode::UnknownField,
            place,
            format!("`{}` is not a member of the data of {kind}.", place.name()),
        )
    }

    pub fn duplicate(place: ValuePath<'_>) -> Self {
        Self::at(RejectionCode::Malformed, place, format!("`{}` stands in the event twice.", place.name()))
    }

    pub fn into_rejected(self, index: usize, id: Option<String>) -> RejectedEvent {
        RejectedEvent { index, id, code: self.code, error: self.error, pointer: self.pointer }
    }
}

/// Where in the event a value stands.
#[derive(Clone, Copy, Debug)]
pub(super) enum ValuePath<'a> {
    Attribute(&'a str),
    /// An attribute that stands in a header (R4.1b).
    Header(&'a str),
    Data(&'a str),
    /// An item of `contactIds`.
    Contact(usize),
}

/// Longest member name that an answer repeats, in characters.
const MAX_SHOWN: usize = 64;

impl ValuePath<'_> {
    /// Its name in sentences.
    pub fn name(self) -> Cow<'static, str> {
        match self {
            Self::Attribute(name) | Self::Data(name) => Cow::Owned(name.chars().take(MAX_SHOWN).collect()),
            Self::Header(name) => Cow::Owned(format!("ce-{name}")),
            Self::Contact(_) => Cow::Borrowed("contactIds"),
        }
    }

    fn pointer(self) -> String {
        // A pointer that is cut names nothing: an overlong name gets that of its parent.
        let token = |name: &str| match name.chars().nth(MAX_SHOWN) {
            Some(_) => String::new(),
            None => format!("/{}", name.replace('~', "~0").replace('/', "~1")),
        };
        match self {
            Self::Attribute(name) | Self::Header(name) => token(name),
            Self::Data(name) => format!("/data{}", token(name)),
            Self::Contact(index) => format!("/data/contactIds/{index}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r4_3_pointers_are_escaped_and_never_cut() {
        assert_eq!(ValuePath::Data("a/b~c").pointer(), "/data/a~1b~0c");
        assert_eq!(ValuePath::Data(&"x".repeat(64)).pointer().len(), 5 + 65);
        assert_eq!(ValuePath::Data(&"x".repeat(65)).pointer(), "/data");
        assert_eq!(ValuePath::Contact(3).pointer(), "/data/contactIds/3");
    }
}
