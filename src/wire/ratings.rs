//! Ratings beside what the model says without them (R13.3).

use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::body::{Asked, Body, Fields};
use super::calibration::Calibration;
use super::offer::{Agreement, CalibrationOffer};
use super::values::{Score, Timestamp, joined};
use crate::domain::hex;
use crate::domain::ids::Id;

/// The ratings of a period beside scores that do not know them, and what a profile fitted to the workspace's ratings
/// would bring.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CalibrationReport {
    pub period_start: Timestamp,
    /// Inclusive.
    pub period_end: Timestamp,
    /// Over the ratings that came in the period, at most the newest 10,000; null without any.
    #[schema(required)]
    pub agreement: Option<Agreement>,
    /// By the month (UTC) in which the rating came, the oldest first.
    pub months: Vec<AgreementOfMonth>,
    /// By the profile that scored the conversation.
    pub model_versions: Vec<AgreementOfVersion>,
    /// The newest of the period, newest first.
    #[schema(max_items = 1000)]
    pub pairs: Vec<RatedConversation>,
    /// Of all ratings whose signals are kept, whatever the period.
    pub offer: CalibrationOffer,
    /// The calibration that was applied; null without one.
    #[schema(required)]
    pub in_force: Option<Calibration>,
}

/// How far they agree in a month.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AgreementOfMonth {
    #[serde(flatten)]
    pub of: MonthName,
    #[serde(flatten)]
    pub agreement: Agreement,
}

// What stands before the figures of a month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MonthName {
    #[schema(pattern = r"^\d{4}-\d{2}$")]
    pub month: String,
}

/// How far they agree where a profile scored.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AgreementOfVersion {
    #[serde(flatten)]
    pub of: VersionName,
    #[serde(flatten)]
    pub agreement: Agreement,
}

// What stands before the figures of a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VersionName {
    pub model_version: String,
}

impl utoipa::PartialSchema for AgreementOfMonth {
    fn schema() -> RefOr<Schema> {
        joined::<MonthName, Agreement>("How far they agree in a month.").into()
    }
}

impl ToSchema for AgreementOfMonth {}

impl utoipa::PartialSchema for AgreementOfVersion {
    fn schema() -> RefOr<Schema> {
        joined::<VersionName, Agreement>("How far they agree where a profile scored.").into()
    }
}

impl ToSchema for AgreementOfVersion {}

/// A rating, and the score of its conversation without it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RatedConversation {
    pub conversation_id: Id,
    #[schema(required)]
    pub account_id: Option<Id>,
    #[schema(minimum = 1, maximum = 5)]
    pub rating: u8,
    /// What the model says without the rating.
    pub composite_score: Score,
    pub rated_at: Timestamp,
    pub model_version: String,
}

/// What is to be applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ToSchema)]
#[schema(examples(json!({"version": "3f2a91c4"})))]
pub struct NewCalibration {
    /// Only if this is still what is offered.
    #[schema(value_type = String, required = false, nullable = false, pattern = "^[0-9a-f]{8}$")]
    pub version: Option<[u8; 4]>,
}

impl Body for NewCalibration {
    fn read(fields: &mut Fields<'_>, _: Asked) -> Self {
        let version = |text: &str| -> Result<[u8; 4], &'static str> {
            let bytes = hex::decode(text).and_then(|bytes| bytes.try_into().ok());
            bytes.ok_or("must be 8 hexadecimal digits in lower case")
        };
        Self { version: fields.parsed("version", version) }
    }
}
