//! One fit, and how it does on accounts that it has not seen.

use super::cases::{Cases, FOLDS, fold};
use super::{level, weights};
use crate::domain::scoring::Observation;
use crate::domain::scoring::estimator::estimate;
use crate::domain::scoring::level::Level;
use crate::domain::scoring::profile::Profile;

/// What is fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub spread: bool,
    pub weights: bool,
}

/// Profiles fitted to cases: with their level alone, and with weights and the level that these need.
pub(super) struct Fitted {
    pub leveled: Profile,
    pub weighed: Option<Profile>,
}

impl Fitted {
    pub fn to(base: &Profile, cases: &Cases<'_>, parts: Parts) -> Self {
        let leveled = |profile: Profile| {
            let scores = composites(&profile, &cases.observations);
            let level = level::fit(&profile, &scores, &cases.ratings, &cases.weights, parts.spread);
            Profile { level, ..profile }
        };
        let weighed = parts.weights.then(|| {
            let found = weights::fit(base, &cases.observations, &cases.ratings, &cases.weights);
            leveled(weights::with(base, &found))
        });
        Self { leveled: leveled(base.clone()), weighed }
    }
}

/// The profile without a level: what fits begin from.
pub(super) fn unleveled(profile: &Profile) -> Profile {
    Profile { level: Level::default(), ..profile.clone() }
}

pub(super) fn composites(profile: &Profile, cases: &[impl AsRef<[Observation]>]) -> Vec<f64> {
    cases.iter().map(|seen| estimate(profile, seen.as_ref()).composite).collect()
}

/// Composites of each case by a fit to the accounts of the other folds: with the level alone, and with weights.
pub(super) struct Unseen {
    pub leveled: Vec<f64>,
    pub weighed: Option<Vec<f64>>,
}

pub(super) fn cross_validated(base: &Profile, cases: &Cases<'_>, parts: Parts) -> Unseen {
    let fits: Vec<Fitted> = (0..FOLDS)
        .map(|left_out| {
            let others = cases.only(|account| fold(account) != left_out);
            // Nothing can be fitted where there are no other accounts: their ratings are judged as they are.
            if others.len() == 0 {
                let weighed = parts.weights.then(|| base.clone());
                return Fitted { leveled: base.clone(), weighed };
            }
            Fitted::to(base, &others, parts)
        })
        .collect();
    let unseen = |of: fn(&Fitted) -> Option<&Profile>| -> Option<Vec<f64>> {
        let all = cases.accounts.iter().zip(&cases.observations);
        all.map(|(account, seen)| Some(estimate(of(&fits[fold(*account) as usize])?, seen).composite)).collect()
    };
    let leveled = unseen(|fit| Some(&fit.leveled)).unwrap_or_default();
    Unseen { leveled, weighed: unseen(|fit| fit.weighed.as_ref()).filter(|_| parts.weights) }
}
