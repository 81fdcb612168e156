//! Fits a workspace's profile to the ratings of its own customers (R5.10; docs/scoring.md).
//!
//! Ratings first mend the **level**: where the workspace's customers rate on the scale, and how far apart. From more
//! ratings on, the **weights** move, drawn towards those of the profile. Nothing of it is offered unless it is better
//! on accounts that it was not fitted to, and a person applies it.
//!
//! Pure, and the same on every machine: additions, multiplications, divisions and roots in one order; results are
//! rounded to hundredths. (Only the interval of a rank correlation, which is shown, also has a logarithm: `libm`'s.)

pub mod agreement;
mod answers;
mod cases;
mod fitted;
pub mod gain;
pub mod level;
mod offer;
pub mod weights;

pub use answers::Answers;
pub use cases::{Case, MOST, case_weights, effective, fold};
pub use offer::{Measured, Offer, Part, Verdict, offer};

use super::hex;
use super::scoring::catalogue::SignalKind;
use super::scoring::level::Level;
use super::scoring::profile::Profile;

/// What a person can apply: explicit numbers, which hold until another is applied.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Calibration {
    pub level: Level,
    /// In the order of the catalogue, only those that moved, in whole hundredths.
    pub weights: Vec<(SignalKind, f64)>,
    /// What it was fitted to.
    pub ratings: u32,
    pub accounts: u32,
    /// The hash of the profile that it was fitted on.
    pub base: [u8; 8],
}

/// A weight that a calibration changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moved {
    pub signal: SignalKind,
    pub from: f64,
    pub to: f64,
}

/// By which share a weight must differ to be named.
const NAMED: f64 = 0.2;

impl Calibration {
    /// The profile with it. The hash is the caller's to make anew, since word lists are part of it.
    pub fn over(&self, profile: &Profile) -> Profile {
        let mut profile = Profile { level: self.level, ..profile.clone() };
        for (kind, weight) in &self.weights {
            let place = profile.model.place(*kind);
            if let Some(signal) = place.and_then(|place| profile.signals.get_mut(place)) {
                signal.weight = *weight;
            }
        }
        profile
    }

    /// Tells it from others: the first bytes of a hash over all numbers that change a score, and the profile that they
    /// belong to.
    pub fn version(&self) -> [u8; 4] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"tripswitch calibration 1\0");
        hasher.update(&self.base);
        for number in self.level.numbers() {
            hasher.update(&number.to_bits().to_le_bytes());
        }
        for (kind, weight) in &self.weights {
            hasher.update(kind.name().as_bytes());
            hasher.update(&weight.to_bits().to_le_bytes());
        }
        let [a, b, c, d, ..] = *hasher.finalize().as_bytes();
        [a, b, c, d]
    }

    /// As profiles and people call it.
    pub fn name(&self) -> String {
        hex::encode(&self.version())
    }

    /// The weights that move by more than a fifth.
    pub fn moved(&self, profile: &Profile) -> Vec<Moved> {
        let weights = self.weights.iter().map(|(signal, to)| Moved {
            signal: *signal,
            from: profile.weight_of(*signal).weight,
            to: *to,
        });
        weights.filter(|moved| (moved.to - moved.from).abs() > NAMED * moved.from).collect()
    }
}

/// To hundredths, half up.
fn hundredths(value: f64) -> f64 {
    (value * 100.0 + 0.5).floor() / 100.0
}

#[cfg(test)]
mod tests;
