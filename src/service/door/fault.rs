//! Why an event is refused, and how the answer says so (R4.3).

use std::borrow::Cow;

use serde::Serialize;

/// The closed set of `code`s that a rejected event can have: those of the door, and the three that
/// only `apply` can find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    Malformed,
    UnsupportedSpecversion,
    MissingField,
    InvalidField,
    UnknownType,
    UnknownField,
    TimeInFuture,
    TooOld,
    IdReused,
    AccountMismatch,
    InternalError,
}

/// Every code, as it is written and what it means; the documentation is made from it.
pub const CODES: [(Code, &str, &str); 11] = [
    (Code::Malformed, "malformed", "The event is not a JSON object, or one of its members stands in it twice."),
    (Code::UnsupportedSpecversion, "unsupported_specversion", "`specversion` is not \"1.0\"."),
    (Code::MissingField, "missing_field", "A member that the event needs is absent or null."),
    (Code::InvalidField, "invalid_field", "A member has the wrong type or an impossible value."),
    (Code::UnknownType, "unknown_type", "No event of that `type` exists."),
    (Code::UnknownField, "unknown_field", "`data` has a member that this type does not have."),
    (Code::TimeInFuture, "time_in_future", "`time` lies too far ahead of the server's clock."),
    (Code::TooOld, "too_old", "`time` lies before what the server retains."),
    (Code::IdReused, "id_reused", "The source has already sent another event with this id."),
    (Code::AccountMismatch, "account_mismatch", "The conversation belongs to another account."),
    (Code::InternalError, "internal_error", "The event could not be applied; it was left out."),
];

impl Code {
    /// The `code` of the answer.
    pub const fn name(self) -> &'static str {
        CODES[self as usize].1
    }
}

/// An event of a request that was not accepted, as R4.3 lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RejectedEvent {
    /// Which event of the request, from 0; blank NDJSON lines do not count.
    pub index: usize,
    /// The event's own id, where it has a valid one.
    pub id: Option<String>,
    /// One of [`CODES`].
    pub code: &'static str,
    /// A sentence for people. Never repeats what the event says but for the names of members.
    pub error: String,
    /// JSON pointer into the event.
    pub pointer: Option<String>,
}

/// The first thing that is wrong with an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub code: Code,
    pub error: String,
    pub pointer: Option<String>,
}

impl Fault {
    /// The event as a whole cannot be read.
    pub fn malformed(error: impl Into<String>) -> Self {
        Self { code: Code::Malformed, error: error.into(), pointer: None }
    }

    pub fn at(code: Code, place: ValuePath<'_>, error: String) -> Self {
        Self { code, error, pointer: Some(place.pointer()) }
    }

    pub fn missing(place: ValuePath<'_>) -> Self {
        Self::at(Code::MissingField, place, format!("`{}` is required.", place.name()))
    }

    /// `what` completes the sentence "`member` …".
    pub fn invalid(place: ValuePath<'_>, what: &str) -> Self {
        Self::at(Code::InvalidField, place, format!("`{}` {what}.", place.name()))
    }

    pub fn unknown(place: ValuePath<'_>, kind: &str) -> Self {
        Self::at(Code::UnknownField, place, format!("`{}` is not a member of the data of {kind}.", place.name()))
    }

    pub fn duplicate(place: ValuePath<'_>) -> Self {
        Self::at(Code::Malformed, place, format!("`{}` stands in the event twice.", place.name()))
    }

    pub fn into_rejected(self, index: usize, id: Option<String>) -> RejectedEvent {
        RejectedEvent { index, id, code: self.code.name(), error: self.error, pointer: self.pointer }
    }
}

/// Where in the event a value stands.
#[derive(Clone, Copy, Debug)]
pub(super) enum ValuePath<'a> {
    Attribute(&'a str),
    Data(&'a str),
    /// An item of `contactIds`.
    Contact(usize),
}

/// Longest member name that an answer repeats, in characters.
const MAX_SHOWN: usize = 64;

impl ValuePath<'_> {
    /// What sentences call it.
    fn name(self) -> Cow<'static, str> {
        match self {
            Self::Attribute(name) | Self::Data(name) => Cow::Owned(name.chars().take(MAX_SHOWN).collect()),
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
            Self::Attribute(name) => token(name),
            Self::Data(name) => format!("/data{}", token(name)),
            Self::Contact(index) => format!("/data/contactIds/{index}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::Id;
    use crate::domain::reply::Rejection;

    #[test]
    fn r4_3_the_codes_are_listed_in_their_order() {
        for (at, (code, name, _)) in CODES.into_iter().enumerate() {
            assert_eq!((code as usize, code.name()), (at, name));
        }
    }

    #[test]
    fn r4_3_the_codes_of_apply_are_among_them() {
        let account = Rejection::AccountMismatch { attached: Id(1) };
        assert_eq!(Rejection::IdReused.code(), Code::IdReused.name());
        assert_eq!(account.code(), Code::AccountMismatch.name());
        assert_eq!(Rejection::InternalError.code(), Code::InternalError.name());
    }

    #[test]
    fn r4_3_pointers_are_escaped_and_never_cut() {
        assert_eq!(ValuePath::Data("a/b~c").pointer(), "/data/a~1b~0c");
        assert_eq!(ValuePath::Data(&"x".repeat(64)).pointer().len(), 5 + 65);
        assert_eq!(ValuePath::Data(&"x".repeat(65)).pointer(), "/data");
        assert_eq!(ValuePath::Contact(3).pointer(), "/data/contactIds/3");
    }
}
