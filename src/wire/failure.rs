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
    /// Everything that is wrong with the request; absent where there is nothing to point at.
    #[serde(default, skip_serializing_if = "<[Fault]>::is_empty")]
    #[schema(required = false, min_items = 1)]
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

impl Fault {
    /// `name` is a member of the body's object, or a parameter.
    pub fn at(name: &str, error: impl Into<Cow<'static, str>>) -> Self {
        Self { pointer: format!("/{}", name.replace('~', "~0").replace('/', "~1")), error: error.into() }
    }
}
