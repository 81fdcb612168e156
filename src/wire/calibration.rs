//! A profile fitted to a workspace's own ratings (R5.10, R13.3).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::calibrated::Calibrated;
use crate::domain::exact::Exact;
use crate::domain::hex;
use crate::domain::scoring::catalogue::SignalKind;
use crate::domain::scoring::profile::ScoringModel;

/// The numbers of a calibration, as they are applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Calibration {
    /// Tells it from others; stands behind the profile's name in `modelVersion`.
    #[serde(with = "hex")]
    #[schema(value_type = String, pattern = "^[0-9a-f]{8}$")]
    pub version: [u8; 4],
    #[schema(value_type = String)]
    pub model: ScoringModel,
    pub level: Level,
    /// The weights that it gives to signals, by name; all others stay.
    #[schema(value_type = BTreeMap<String, f64>)]
    pub weights: BTreeMap<SignalKind, Exact>,
    /// How many ratings it was fitted to.
    pub ratings: u32,
    /// Of how many accounts.
    pub accounts: u32,
    /// The hash of the profile that it was fitted on.
    #[serde(with = "hex")]
    #[schema(value_type = String, pattern = "^[0-9a-f]{16}$")]
    pub profile_hash: [u8; 8],
}

/// Where a workspace's own ratings lie on the scale: a dimension s becomes center + shift + spread × (s − center), within
/// 1 and 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Level {
    #[schema(value_type = f64, minimum = -4, maximum = 4)]
    pub shift: Exact,
    #[schema(value_type = f64, minimum = 0.25, maximum = 4)]
    pub spread: Exact,
    #[schema(value_type = f64, minimum = 1, maximum = 5)]
    pub center: Exact,
}

impl From<&Calibrated> for Calibration {
    fn from(calibrated: &Calibrated) -> Self {
        let Calibrated { model, level: [shift, spread, center], weights, version, base, ratings, accounts } =
            calibrated.clone();
        let level = Level { shift, spread, center };
        Self { version, model, level, weights, ratings, accounts, profile_hash: base }
    }
}

impl From<Calibration> for Calibrated {
    fn from(form: Calibration) -> Self {
        let Calibration { version, model, level, weights, ratings, accounts, profile_hash } = form;
        let Level { shift, spread, center } = level;
        Self { model, level: [shift, spread, center], weights, version, base: profile_hash, ratings, accounts }
    }
}

/// The calibration as a member of a change; null: none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CalibrationPatch {
    #[schema(required)]
    pub calibration: Option<Calibration>,
}

impl From<Option<&Calibrated>> for CalibrationPatch {
    fn from(calibrated: Option<&Calibrated>) -> Self {
        Self { calibration: calibrated.map(Calibration::from) }
    }
}
