//! What a workspace is offered, and why, or why not.

use super::agreement::{Agreement, Spearman, spearman_within};
use super::cases::{Case, Cases, FOLDS, effective, fold};
use super::fitted::{Fitted, Parts, composites, cross_validated, unleveled};
use super::gain::Gain;
use super::level::{apart, nothing_known, wider};
use crate::domain::calibrated::Calibrated;
use crate::domain::exact::Exact;
use crate::domain::score::Hundredths;
use crate::domain::scoring::profile::Profile;

/// From how much on each part is fitted.
const RATINGS_FOR_LEVEL: f64 = 20.0;
/// One for each fold, or nothing can be said of accounts that were not seen.
const ACCOUNTS_FOR_LEVEL: usize = 5;
const RATINGS_FOR_SPREAD: f64 = 100.0;
const RATINGS_FOR_WEIGHTS: f64 = 200.0;
const ACCOUNTS_FOR_WEIGHTS: usize = 20;
/// The 99.5 % point of the normal distribution.
const LEAST_SURENESS: f64 = 2.576;

/// What ratings come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// How many are used.
    pub ratings: u32,
    pub accounts: u32,
    /// How many they are worth where no account decides alone.
    pub effective: f64,
    pub verdict: Verdict,
    /// The shift.
    pub level: Part,
    pub spread: Part,
    pub weights: Part,
    /// What was measured; `None` where there are too few ratings.
    pub measured: Option<Measured>,
    /// What can be applied; `None` unless the verdict is [`Verdict::Offered`].
    pub calibration: Option<Calibrated>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There are too few ratings, or of too few accounts.
    TooFew,
    /// Ratings do not go with the scores at all: a level would only hide that.
    Unrelated,
    /// Nothing is better by more than noise.
    WithinNoise,
    Offered,
}

/// How far one part of a calibration has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// At least so many ratings more are needed, of so many accounts more.
    Missing {
        ratings: u32,
        accounts: u32,
    },
    /// It was fitted and changes nothing, or is better by no more than noise.
    WithinNoise,
    Fitted,
}

/// Cross-validated figures: each conversation as a fit to the accounts of other folds scores it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// By the profile as it is. The rank correlation is that within folds, since each has a level of its own.
    pub before: Agreement,
    /// By the calibration, or by what was tried.
    pub after: Agreement,
    /// From the one to the other.
    pub gain: Gain,
    /// What the weights bring beyond the level; `None` where they were not fitted.
    pub weights_gain: Option<Gain>,
    /// How many of the rated conversations are low, by the profile as it is and by the calibration.
    pub low: [u32; 2],
    /// The composite of a conversation of which nothing is known, before and after.
    pub nothing_known: [f64; 2],
}

/// What `profile` would be, calibrated to `cases`: the first [`MOST`](super::MOST), so the newest should come first.
pub fn offer(profile: &Profile, cases: &[Case]) -> Offer {
    let cases = Cases::of(cases);
    let needs = Needs::of(&cases);
    let untried = |needed: Need| match needed {
        Need { ratings: 0, accounts: 0 } => Part::WithinNoise,
        Need { ratings, accounts } => Part::Missing { ratings, accounts },
    };
    let plain = Offer {
        ratings: cases.len() as u32,
        accounts: cases.count_accounts() as u32,
        effective: effective(&cases.weights),
        verdict: Verdict::TooFew,
        level: untried(needs.level),
        spread: untried(needs.spread),
        weights: untried(needs.weights),
        measured: None,
        calibration: None,
    };
    if needs.level.is_met() { measured(profile, &cases, &needs, plain) } else { plain }
}

/// The offer where there are enough ratings for a level at least.
fn measured(profile: &Profile, cases: &Cases<'_>, needs: &Needs, plain: Offer) -> Offer {
    let parts = Parts { spread: needs.spread.is_met(), weights: needs.weights.is_met() };
    let base = unleveled(profile);
    let before = composites(profile, &cases.observations);
    let unseen = cross_validated(&base, cases, parts);
    let gain = |from: &[f64], to: &[f64]| {
        Gain::of(&cases.accounts, &cases.weights, &errors(from, &cases.ratings), &errors(to, &cases.ratings))
    };
    let weights_gain = unseen.weighed.as_ref().map(|weighed| gain(&unseen.leveled, weighed));
    let fitted = Fitted::to(&base, cases, parts);
    let (chosen, after) = match fitted.weighed.zip(unseen.weighed) {
        Some(weighed) if weights_gain.is_some_and(|gain| gain.counts()) => weighed,
        Some(_) | None => (fitted.leveled, unseen.leveled),
    };
    let agreement = |composites: &[f64]| Agreement::of(&pairs(composites, &cases.ratings));
    let Some((was, is)) = agreement(&before).zip(agreement(&after)) else { return plain };
    let measured = Measured {
        before: Agreement { spearman: within_folds(&before, cases), ..was },
        after: Agreement { spearman: within_folds(&after, cases), ..is },
        gain: gain(&before, &after),
        weights_gain,
        low: [count_low(&before), count_low(&composites(&chosen, &cases.observations))],
        nothing_known: [nothing_known(profile), nothing_known(&chosen)],
    };
    let is_sure = apart(&before, &cases.ratings, &cases.weights).is_sure()
        || parts.spread && wider(&before, &cases.ratings, &cases.weights).is_sure();
    let verdict = if parts.spread && !goes_with_ratings(&was) {
        Verdict::Unrelated
    } else if measured.gain.counts() || measured.gain.share > 0.0 && is_sure {
        Verdict::Offered
    } else {
        Verdict::WithinNoise
    };
    let measured = Some(measured);
    if verdict != Verdict::Offered {
        return Offer { verdict, measured, ..plain };
    }
    let calibration = calibration(profile, &base, &chosen, &plain);
    let fitted = |moves: bool, part: Part| if moves { Part::Fitted } else { part };
    Offer {
        verdict,
        level: fitted(chosen.level.shift != 0.0, plain.level),
        spread: fitted(chosen.level.spread != 1.0, plain.spread),
        weights: fitted(!calibration.weights.is_empty(), plain.weights),
        measured,
        calibration: Some(calibration),
        ..plain
    }
}

fn calibration(profile: &Profile, base: &Profile, chosen: &Profile, of: &Offer) -> Calibrated {
    let catalogue = base.model.catalogue().iter().zip(&base.signals).zip(&chosen.signals);
    let moved = catalogue.filter(|((_, old), new)| old.weight != new.weight);
    let weights = moved.map(|((kind, _), new)| (*kind, Exact(new.weight))).collect();
    Calibrated::new(profile, chosen.level, weights, (of.ratings, of.accounts))
}

/// What is still needed for a part.
#[derive(Clone, Copy)]
struct Need {
    ratings: u32,
    accounts: u32,
}

impl Need {
    fn of(ratings: f64, least: f64, accounts: usize, least_accounts: usize) -> Self {
        // Weights of cases are no whole numbers: what misses by the last bit is enough.
        let ratings = (least - ratings - 1e-9).ceil().max(0.0) as u32;
        Self { ratings, accounts: least_accounts.saturating_sub(accounts) as u32 }
    }

    fn is_met(self) -> bool {
        self.ratings == 0 && self.accounts == 0
    }
}

struct Needs {
    level: Need,
    spread: Need,
    weights: Need,
}

impl Needs {
    fn of(cases: &Cases<'_>) -> Self {
        let accounts = cases.count_accounts();
        let evenly = effective(&cases.weights);
        let weighed: f64 = cases.weights.iter().sum();
        Self {
            level: Need::of(cases.len() as f64, RATINGS_FOR_LEVEL, accounts, ACCOUNTS_FOR_LEVEL),
            spread: Need::of(evenly, RATINGS_FOR_SPREAD, accounts, ACCOUNTS_FOR_LEVEL),
            weights: Need::of(weighed, RATINGS_FOR_WEIGHTS, accounts, ACCOUNTS_FOR_WEIGHTS),
        }
    }
}

fn errors(composites: &[f64], ratings: &[f64]) -> Vec<f64> {
    composites.iter().zip(ratings).map(|(composite, rating)| rating - composite).collect()
}

/// The rank correlation among conversations that were scored by one fit.
fn within_folds(composites: &[f64], cases: &Cases<'_>) -> Option<Spearman> {
    let mut folds = vec![Vec::new(); FOLDS as usize];
    for (account, pair) in cases.accounts.iter().zip(pairs(composites, &cases.ratings)) {
        folds[fold(*account) as usize].push(pair);
    }
    spearman_within(&folds)
}

/// As they are published.
fn pairs(composites: &[f64], ratings: &[f64]) -> Vec<(Hundredths, u8)> {
    composites.iter().zip(ratings).map(|(composite, rating)| (Hundredths::round(*composite), *rating as u8)).collect()
}

fn count_low(composites: &[f64]) -> u32 {
    composites.iter().filter(|composite| Hundredths::round(**composite) < Hundredths(300)).count() as u32
}

/// Whether the order of the scores is that of the ratings by more than chance: in 1 of 200 workspaces whose ratings were
/// drawn by lot it would be.
fn goes_with_ratings(agreement: &Agreement) -> bool {
    agreement.spearman.is_some_and(|spearman| spearman.sureness > LEAST_SURENESS)
}
