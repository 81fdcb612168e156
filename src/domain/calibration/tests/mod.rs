//! Workspaces whose truth is known, and properties that hold for all of them.

mod naive;

use super::cases::{Cases, FOLDS};
use super::*;
use crate::domain::ids::Id;
use crate::domain::quantum::to_quantum;
use crate::domain::scoring::catalogue::SignalKind;
use crate::domain::scoring::estimator::estimate;
use crate::domain::scoring::level::Level;
use crate::domain::scoring::profile::{Profile, ScoringModel};
use crate::domain::scoring::{Observation, ObservedKind};

/// SplitMix64: the same numbers everywhere.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 to 1.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, most: usize) -> usize {
        (self.next() % most as u64) as usize
    }

    fn shuffle<T>(&mut self, all: &mut [T]) {
        for last in (1..all.len()).rev() {
            all.swap(last, self.below(last + 1));
        }
    }
}

/// How often each signal occurs, and how good it is.
const SEEN: [(SignalKind, f64, f64); 12] = [
    (SignalKind::Thanks, 0.4, 1.0),
    (SignalKind::Praise, 0.15, 1.0),
    (SignalKind::Solved, 0.2, 1.0),
    (SignalKind::Calm, 0.5, 1.0),
    (SignalKind::AgentDone, 0.3, 1.0),
    (SignalKind::Complaint, 0.25, 0.0),
    (SignalKind::Unsolved, 0.2, 0.0),
    (SignalKind::Waiting, 0.3, 0.0),
    (SignalKind::UserRepeats, 0.15, 0.0),
    (SignalKind::AgentStall, 0.25, 0.0),
    (SignalKind::AgentRepeats, 0.15, 0.0),
    (SignalKind::Reopened, 0.1, 0.0),
];

fn observations(chance: &mut Chance) -> Vec<Observation> {
    let seen = SEEN.into_iter().filter_map(|(kind, often, goodness)| {
        let presence = if chance.share() < often { 0.3 + 0.7 * chance.share() } else { 0.0 };
        let signal = ObservedKind::Catalogue(kind);
        (presence > 0.0).then(|| Observation { signal, presence: to_quantum(presence), goodness: to_quantum(goodness) })
    });
    seen.collect()
}

fn support() -> Profile {
    ScoringModel::Support2.profile().clone()
}

/// Ratings as `truth` scores conversations, give or take `noise`.
fn workspace(seed: u64, size: usize, accounts: usize, truth: &Profile, noise: f64) -> Vec<Case> {
    let mut chance = Chance(seed);
    let case = |_| {
        let observations = observations(&mut chance);
        let by = noise * (chance.share() + chance.share() - 1.0);
        let rating = (estimate(truth, &observations).composite + by).round().clamp(1.0, 5.0) as u8;
        Case { account: Id(1 + chance.below(accounts) as u128), rating, observations }
    };
    (0..size).map(case).collect()
}

fn shuffled(seed: u64, mut cases: Vec<Case>) -> Vec<Case> {
    let mut ratings: Vec<u8> = cases.iter().map(|case| case.rating).collect();
    Chance(seed).shuffle(&mut ratings);
    cases.iter_mut().zip(ratings).for_each(|(case, rating)| case.rating = rating);
    cases
}

/// Customers for whom waiting and stalling is what counts, and thanks are a habit.
fn impatient() -> Profile {
    let mut truth = support();
    for (kind, factor) in [
        (SignalKind::Waiting, 3.0),
        (SignalKind::AgentStall, 3.0),
        (SignalKind::Thanks, 0.25),
        (SignalKind::Calm, 0.25),
    ] {
        let place = truth.model.place(kind).unwrap();
        truth.signals[place].weight *= factor;
    }
    truth
}

#[test]
fn r5_10_the_order_of_the_ratings_does_not_matter() {
    for seed in 0..4 {
        let mut cases = workspace(seed, 400, 90, &impatient(), 1.0);
        let first = offer(&support(), &cases);
        Chance(seed + 100).shuffle(&mut cases);
        assert_eq!(offer(&support(), &cases), first);
    }
}

#[test]
fn r5_10_shuffled_ratings_are_not_offered() {
    for seed in 0..12 {
        let real = workspace(seed, 400, 120, &impatient(), 1.0);
        assert_eq!(offer(&support(), &real).verdict, Verdict::Offered);
        let shuffled = offer(&support(), &shuffled(seed, real));
        assert_eq!((shuffled.verdict, &shuffled.calibration), (Verdict::Unrelated, &None), "{seed}");
        assert!(shuffled.measured.unwrap().weights_gain.is_some_and(|gain| !gain.counts()), "{seed}");
    }
}

#[test]
fn r5_10_ratings_as_the_profile_gives_them_change_nothing() {
    for seed in 0..6 {
        let offer = offer(&support(), &workspace(seed, 500, 200, &support(), 0.8));
        assert_eq!(offer.weights, Part::WithinNoise, "{seed}");
        if let Some(calibration) = offer.calibration {
            assert!(calibration.level().shift.abs() < 0.1 && calibration.weights.is_empty(), "{calibration:?}");
        }
    }
}

#[test]
fn r5_10_another_level_is_found_and_mends_the_error() {
    let level = Level { shift: 0.6, spread: 0.6, center: 3.6 };
    let offer = offer(&support(), &workspace(7, 600, 250, &Profile { level, ..support() }, 0.8));
    let calibration = offer.calibration.unwrap();
    assert!((calibration.level().spread - 0.6).abs() < 0.08, "{calibration:?}");
    let neutral = |level: Level| level.of(3.6);
    assert!((neutral(calibration.level()) - neutral(level)).abs() < 0.08, "{calibration:?}");
    let measured = offer.measured.unwrap();
    assert!(measured.after.mean_absolute_error < 0.75 * measured.before.mean_absolute_error, "{measured:?}");
    assert!(measured.after.bias.abs() < 0.05 && measured.gain.interval[0] > 0.0);
}

#[test]
fn r5_10_other_customers_move_weights_within_their_bounds() {
    let (mut rank, base) = ((0.0, 0.0), support());
    for seed in 0..4 {
        let offer = offer(&base, &workspace(seed, 800, 300, &impatient(), 0.8));
        let calibration = offer.calibration.unwrap();
        assert_eq!(offer.weights, Part::Fitted, "{seed}");
        let weight = |kind| calibration.over(&base).weight_of(kind).weight / base.weight_of(kind).weight;
        assert!(weight(SignalKind::Waiting) > 1.5 && weight(SignalKind::Thanks) < 0.8, "{calibration:?}");
        assert!(calibration.moved(&base).iter().any(|moved| moved.signal == SignalKind::Waiting));
        for (kind, weight) in &calibration.weights {
            let from = base.weight_of(*kind).weight;
            assert!((0.25 * from - 0.005..=3.0 * from + 0.005).contains(&weight.0), "{kind:?} {from} {weight:?}");
            assert!((weight.0 * 100.0 - (weight.0 * 100.0).round()).abs() < 1e-9);
        }
        assert_eq!(calibration.over(&base).validate(), Ok(()));
        let measured = offer.measured.unwrap();
        rank.0 += measured.before.spearman.unwrap().rho;
        rank.1 += measured.after.spearman.unwrap().rho;
    }
    assert!(rank.1 > rank.0 + 0.04 * 4.0, "{rank:?}");
}

#[test]
fn r5_10_too_few_ratings_say_what_is_missing() {
    let all = workspace(1, 90, 400, &impatient(), 1.0);
    let none = offer(&support(), &[]);
    assert_eq!((none.verdict, none.level), (Verdict::TooFew, Part::Missing { ratings: 20, accounts: 5 }));
    assert_eq!(none.weights, Part::Missing { ratings: 200, accounts: 20 });
    let few = offer(&support(), &all[..19]);
    assert_eq!((few.verdict, few.level), (Verdict::TooFew, Part::Missing { ratings: 1, accounts: 0 }));
    assert!(few.measured.is_none() && few.calibration.is_none());
    let some = offer(&support(), &all);
    assert_eq!(some.spread, Part::Missing { ratings: 10, accounts: 0 });
    assert!(some.measured.is_some() && some.measured.unwrap().weights_gain.is_none());
    let alone: Vec<Case> = all.into_iter().map(|case| Case { account: Id(1), ..case }).collect();
    assert_eq!(offer(&support(), &alone).level, Part::Missing { ratings: 0, accounts: 4 });
}

#[test]
fn r5_10_ratings_that_are_all_the_same_say_nothing() {
    let mut cases = workspace(3, 300, 100, &support(), 1.0);
    cases.iter_mut().for_each(|case| case.rating = 5);
    assert_eq!(offer(&support(), &cases).verdict, Verdict::Unrelated);
}

#[test]
fn r5_10_a_rating_does_not_explain_itself() {
    let cases = workspace(4, 300, 100, &impatient(), 1.0);
    let told = |case: &Case| {
        let goodness = to_quantum(f64::from(case.rating - 1) / 4.0);
        let signal = ObservedKind::Catalogue(SignalKind::Rating);
        let mut observations = case.observations.clone();
        observations.push(Observation { signal, presence: u16::MAX, goodness });
        Case { observations, ..case.clone() }
    };
    let with_rating: Vec<Case> = cases.iter().map(told).collect();
    assert_eq!(offer(&support(), &with_rating), offer(&support(), &cases));
}

#[test]
fn r5_10_no_account_is_on_both_sides_of_a_fold() {
    let all = workspace(5, 500, 60, &support(), 1.0);
    let cases = Cases::of(&all);
    let mut tested = 0;
    for left_out in 0..FOLDS {
        let (seen, unseen) = (cases.only(|of| fold(of) != left_out), cases.only(|of| fold(of) == left_out));
        assert_eq!(seen.len() + unseen.len(), cases.len());
        assert!(unseen.accounts.iter().all(|account| !seen.accounts.contains(account)));
        tested += unseen.len();
    }
    assert_eq!(tested, cases.len());
}

#[test]
fn r5_10_only_the_first_cases_are_used() {
    let mut cases = workspace(6, MOST, 3_000, &support(), 1.0);
    let first = offer(&support(), &cases);
    cases.extend(workspace(7, 50, 20, &impatient(), 1.0));
    assert_eq!(offer(&support(), &cases), first);
    assert_eq!(first.ratings as usize, MOST);
}

#[test]
fn no_account_decides_alone() {
    let accounts: Vec<Id> = (0..100).map(|case| Id(if case < 50 { 1 } else { case })).collect();
    let weights = case_weights(&accounts);
    assert_eq!((weights[0], weights[50]), (0.1, 1.0));
    assert!((effective(&weights) - 55.0 * 55.0 / 50.5).abs() < 1e-9);
    assert_eq!(effective(&[]), 0.0);
}
