//! What failures say (R2.7).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Failure<'a> {
    /// A sentence for people.
    pub error: Cow<'a, str>,
    /// For programs.
    #[schema(pattern = "^[a-z][a-z0-9_]*$")]
    pub code: Cow<'a, str>,
    /// As in the header `X-Request-Id`.
    pub request_id: Cow<'a, str>,
    /// Everything that is wrong with the request, up to a hundred; of more, one last entry with an empty pointer says
    /// how many. Absent where there is nothing to point at.
    #[serde(default, skip_serializing_if = "<[Fault]>::is_empty")]
    #[schema(required = false, min_items = 1, max_items = 101)]
    pub details: Cow<'a, [Fault]>,
}

/// One thing that is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Detail)]
pub struct Fault {
    /// A JSON pointer into the body; for a path or query parameter `/<its name>`.
    pub pointer: String,
    /// Completes a sentence that begins with the name of the member.
    pub error: Cow<'static, str>,
}

/// Characters of a name that a pointer shows.
const SHOWN: usize = 255;

impl Fault {
    /// `name` is a member of the body's object, or a parameter. Of one that is longer than any that is known, the
    /// beginning is shown.
    pub fn at(name: &str, error: impl Into<Cow<'static, str>>) -> Self {
        let shown = match name.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}…", &name[..end]),
            None => name.to_owned(),
        };
        Self { pointer: format!("/{}", shown.replace('~', "~0").replace('/', "~1")), error: error.into() }
    }
}

/// Faults that a failure lists one by one; of others it says how many there are (R2.7).
const LISTED: usize = 100;

/// The faults of one request, as they are found. Bounded, whatever was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    listed: Vec<Fault>,
    more: usize,
}

impl Faults {
    /// `fault` is made only if it is to be listed.
    pub fn push(&mut self, fault: impl FnOnce() -> Fault) {
        if self.listed.len() < LISTED {
            self.listed.push(fault());
        } else {
            self.more += 1;
        }
    }

    /// Adds those of a member that is an object itself.
    pub fn append(&mut self, member: &str, faults: Self) {
        let at = Fault::at(member, "").pointer;
        for fault in faults.listed {
            self.push(|| Fault { pointer: format!("{at}{}", fault.pointer), ..fault });
        }
        self.more += faults.more;
    }

    /// How many there are.
    pub const fn count(&self) -> usize {
        self.listed.len() + self.more
    }

    /// As a failure lists them: the last says how many more there are, and points at nothing.
    pub fn into_details(self) -> Vec<Fault> {
        let Self { mut listed, more } = self;
        if more > 0 {
            listed.push(Fault { pointer: String::new(), error: format!("and {more} more").into() });
        }
        listed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r2_7_a_hundred_faults_are_listed_and_the_others_counted() {
        let of = |count: usize| {
            let mut faults = Faults::default();
            (0..count).for_each(|n| faults.push(|| Fault::at(&n.to_string(), "is wrong")));
            assert_eq!(faults.count(), count);
            faults.into_details()
        };
        assert_eq!(of(0), []);
        assert_eq!((of(100).len(), of(100).last().map(|fault| fault.pointer.clone())), (100, Some("/99".into())));
        let many = of(170_000);
        assert_eq!(many.len(), 101);
        assert_eq!(many.last(), Some(&Fault { pointer: String::new(), error: "and 169900 more".into() }));
    }

    #[test]
    fn r2_7_a_pointer_shows_no_more_of_a_name_than_names_have() {
        assert_eq!(Fault::at("a/~b", "is wrong").pointer, "/a~1~0b");
        assert_eq!(Fault::at(&"ü".repeat(255), "").pointer, format!("/{}", "ü".repeat(255)));
        assert_eq!(Fault::at(&"ü".repeat(90_000), "").pointer, format!("/{}…", "ü".repeat(255)));
    }
}
