//! A profile that was fitted to a workspace's own ratings, as a person has applied it (R5.10): explicit numbers, so that
//! no score depends on how they were found.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::exact::Exact;
use super::hex;
use super::scoring::catalogue::SignalKind;
use super::scoring::profile::ScoringModel;

/// The calibration that is in force in a side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Calibrated {
    /// Of the profile that it was fitted on; under another model it rests.
    pub model: ScoringModel,
    /// Shift, spread and center of the [level](super::scoring::level::Level).
    pub level: [Exact; 3],
    /// The weights that it gives to signals; all others stay.
    pub weights: BTreeMap<SignalKind, Exact>,
    /// Tells it from others: the first bytes of a hash over its numbers.
    #[serde(with = "hex")]
    pub version: [u8; 4],
    /// The hash of the profile that it was fitted on.
    #[serde(with = "hex")]
    pub base: [u8; 8],
    /// How many ratings it was fitted to.
    pub ratings: u32,
    /// Of how many accounts.
    pub accounts: u32,
}

impl Calibrated {
    /// Bytes that it takes, roughly.
    pub fn weight(&self) -> usize {
        size_of::<Self>() + self.weights.len() * size_of::<(SignalKind, Exact)>()
    }

    /// As profiles and people call it.
    pub fn name(&self) -> String {
        hex::encode(&self.version)
    }
}
