//! R2.7.

use utoipa::ToSchema;

/// Why a request failed.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct Failure {
    /// A sentence for people.
    pub error: String,
    /// For programs.
    #[schema(pattern = "^[a-z][a-z0-9_]*$")]
    pub code: String,
    /// As in the header `X-Request-Id`.
    pub request_id: String,
    /// Everything that is wrong with the request; absent where there is nothing to point at.
    #[schema(required = false, min_items = 1)]
    pub details: Vec<Detail>,
}

/// One thing that is wrong with a request.
#[derive(ToSchema)]
pub struct Detail {
    /// A JSON pointer into the body; for a path or query parameter `/<its name>`.
    pub pointer: String,
    /// Completes a sentence that begins with the name of the member.
    pub error: String,
}
