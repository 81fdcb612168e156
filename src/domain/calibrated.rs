//! A profile that was fitted to a workspace's own ratings, as a person can apply it (R5.10): explicit numbers, so that no
//! score depends on how they were found.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::exact::Exact;
use super::hex;
use super::scoring::catalogue::SignalKind;
use super::scoring::level::Level;
use super::scoring::profile::{Profile, ScoringModel};

/// A calibration, which holds until another is applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Calibrated {
    /// Of the profile that it was fitted on; under another model it rests.
    pub model: ScoringModel,
    /// Shift, spread and center of the level.
    pub level: [Exact; 3],
    /// The weights that it gives to signals, in whole hundredths; all others stay.
    pub weights: BTreeMap<SignalKind, Exact>,
    /// Tells it from others: the first bytes of a hash over all numbers that change a score, and the profile that they
    /// belong to.
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

/// A weight that a calibration changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moved {
    pub signal: SignalKind,
    pub from: f64,
    pub to: f64,
}

/// By which share a weight must differ to be named.
const NAMED: f64 = 0.2;

impl Calibrated {
    /// Of a fit on the profile `base`, to so many ratings of so many accounts.
    pub fn new(
        base: &Profile,
        level: Level,
        weights: BTreeMap<SignalKind, Exact>,
        (ratings, accounts): (u32, u32),
    ) -> Self {
        let level = level.numbers().map(Exact);
        let version = version(base.hash, &level, &weights);
        Self { model: base.model, level, weights, version, base: base.hash, ratings, accounts }
    }

    /// One that changes nothing is as in profiles without any, whatever its center: no record and no snapshot has it.
    pub fn level(&self) -> Level {
        let [shift, spread, center] = self.level.map(|number| number.0);
        let level = Level { shift, spread, center };
        if level.is_identity() { Level::default() } else { level }
    }

    /// The profile with it, whose name says which it is. The hash is the caller's to make anew, since word lists are
    /// part of it.
    pub fn over(&self, profile: &Profile) -> Profile {
        let name = format!("{}+{}", profile.name, self.name()).into();
        let mut profile = Profile { level: self.level(), name, ..profile.clone() };
        for (kind, weight) in &self.weights {
            let place = profile.model.place(*kind);
            if let Some(signal) = place.and_then(|place| profile.signals.get_mut(place)) {
                signal.weight = weight.0;
            }
        }
        profile
    }

    /// The profile that it was laid over, as far as the one with it tells: weights that it gave are the built-in ones
    /// again. A profile that does not have it stays.
    pub fn without(&self, profile: &Profile) -> Profile {
        let Some(name) = profile.name.strip_suffix(&format!("+{}", self.name())) else { return profile.clone() };
        let mut profile = Profile { name: name.into(), level: Level::default(), ..profile.clone() };
        for kind in self.weights.keys() {
            let weight = profile.model.profile().weight_of(*kind).weight;
            let place = profile.model.place(*kind);
            if let Some(signal) = place.and_then(|place| profile.signals.get_mut(place)) {
                signal.weight = weight;
            }
        }
        profile
    }

    /// The weights that move by more than a fifth.
    pub fn moved(&self, profile: &Profile) -> Vec<Moved> {
        let weights = self.weights.iter().map(|(signal, to)| Moved {
            signal: *signal,
            from: profile.weight_of(*signal).weight,
            to: to.0,
        });
        weights.filter(|moved| (moved.to - moved.from).abs() > NAMED * moved.from).collect()
    }

    /// Bytes that it takes, roughly.
    pub fn weight(&self) -> usize {
        size_of::<Self>() + self.weights.len() * size_of::<(SignalKind, Exact)>()
    }

    /// As profiles and people call it.
    pub fn name(&self) -> String {
        hex::encode(&self.version)
    }
}

fn version(base: [u8; 8], level: &[Exact; 3], weights: &BTreeMap<SignalKind, Exact>) -> [u8; 4] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"tripswitch calibration 1\0");
    hasher.update(&base);
    for number in level {
        hasher.update(&number.0.to_bits().to_le_bytes());
    }
    for (kind, weight) in weights {
        hasher.update(kind.name().as_bytes());
        hasher.update(&weight.0.to_bits().to_le_bytes());
    }
    let [a, b, c, d, ..] = *hasher.finalize().as_bytes();
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r5_10_a_version_names_all_numbers() {
        let base = ScoringModel::Support2.profile();
        let level = Level { shift: 0.1, spread: 1.1, center: 3.5 };
        let thanks = |weight| BTreeMap::from([(SignalKind::Thanks, Exact(weight))]);
        let of = |base: &Profile, level, weights| Calibrated::new(base, level, weights, (300, 90)).version;
        let known = of(base, level, thanks(0.8));
        assert_eq!(Calibrated::new(base, level, thanks(0.8), (301, 91)).version, known, "the numbers are the same");
        let others = [
            of(base, Level { shift: 0.11, ..level }, thanks(0.8)),
            of(base, level, thanks(0.81)),
            of(base, level, BTreeMap::from([(SignalKind::Praise, Exact(0.8))])),
            of(ScoringModel::Task1.profile(), level, thanks(0.8)),
        ];
        assert!(others.into_iter().all(|version| version != known));
    }

    #[test]
    fn r5_10_it_is_laid_over_a_profile_and_taken_off_again() {
        let base = ScoringModel::Support2.profile();
        let level = Level { shift: 0.1, spread: 1.1, center: 3.5 };
        let thanks = BTreeMap::from([(SignalKind::Thanks, Exact(0.8))]);
        let calibrated = Calibrated::new(base, level, thanks, (300, 90));
        let over = calibrated.over(base);
        assert_eq!((over.level, over.weight_of(SignalKind::Thanks).weight), (level, 0.8));
        assert_eq!(calibrated.without(&over), *base);
        let other = Profile { name: "other".into(), level, ..base.clone() };
        assert_eq!(calibrated.without(&other), other, "it does not have it");
    }
}
