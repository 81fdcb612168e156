//! What a page needs to sign people in (R2.13b).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where people sign in, with the authorisation code flow and PKCE. All null where the server has no such place: then
/// API keys are what people have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(
    json!({"issuer": "https://acme.kinde.com", "clientId": "0f3c8a", "audience": "https://tripswitch.example.com"}),
    json!({"issuer": null, "clientId": null, "audience": null})
))]
pub struct SignIn {
    /// As `iss` of tokens has it. Its addresses are those of its OpenID configuration.
    #[schema(required)]
    pub issuer: Option<Box<str>>,
    /// The page, as the issuer knows it.
    #[schema(required)]
    pub client_id: Option<Box<str>>,
    /// This API, as the issuer knows it: to be asked for, so that the token is good here.
    #[schema(required)]
    pub audience: Option<Box<str>>,
}
