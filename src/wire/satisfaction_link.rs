//! Satisfaction links (R13.2).

use serde::Serialize;
use utoipa::ToSchema;

use super::values::Timestamp;

/// Where a customer says how a conversation went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({
    "url": "https://support.example.com/s/AQARERERERFB…",
    "expiresAt": "2026-03-29T14:35:00.000Z"
})))]
pub struct SatisfactionLink {
    /// To be given to the customer alone: whoever has it can rate. With `?rating=4` behind it the page comes with that
    /// choice made, with `?lang=da` in that language (en, da, de, fr, es).
    pub url: String,
    /// As configured (`linkExpiryDays`).
    pub expires_at: Timestamp,
}
