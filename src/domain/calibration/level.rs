//! Where a workspace's ratings lie on the scale.

use super::cases::effective;
use super::hundredths;
use crate::domain::scoring::estimator::estimate;
use crate::domain::scoring::level::Level;
use crate::domain::scoring::profile::{Profile, ScoringModel};

/// A conversation of which nothing is known is not low (R5.8), wherever the ratings lie.
const LEAST_UNKNOWN: f64 = 3.0;

/// An estimate of what is 0 unless ratings say otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimated {
    pub value: f64,
    /// Its standard error.
    pub error: f64,
}

/// So many standard errors from 0 are hardly chance (5 %).
const SURE: f64 = 1.96;

impl Estimated {
    /// JS(z, se) = z · max(0, 1 − (se/z)²): drawn towards 0 by how uncertain it is (positive part of James and Stein's).
    pub fn shrunk(self) -> f64 {
        if self.value == 0.0 {
            return 0.0;
        }
        let share = self.error / self.value;
        self.value * (1.0 - share * share).max(0.0)
    }

    /// Whether it is hardly chance that it is not 0.
    pub fn is_sure(self) -> bool {
        self.value.abs() > SURE * self.error
    }
}

/// The mean of `values`, weighed by `weights`.
pub fn mean(values: &[f64], weights: &[f64]) -> f64 {
    let (sum, total) = values.iter().zip(weights).fold((0.0, 0.0), |(sum, total), (x, v)| (sum + v * x, total + v));
    if total > 0.0 { sum / total } else { 0.0 }
}

/// How far ratings y lie above scores c: ȳ − c̄, with the standard error sqrt(var(y − c) / n_eff).
pub fn apart(scores: &[f64], ratings: &[f64], weights: &[f64]) -> Estimated {
    let apart: Vec<f64> = ratings.iter().zip(scores).map(|(y, c)| y - c).collect();
    let value = mean(&apart, weights);
    let squares: Vec<f64> = apart.iter().map(|apart| (apart - value) * (apart - value)).collect();
    Estimated { value, error: (mean(&squares, weights) / effective(weights)).sqrt() }
}

/// How much farther apart ratings lie than scores: â − 1, with â the slope of a weighted regression of y on c, and the
/// standard error sqrt(Σv·res² / (n_eff · Σv(c − c̄)²)).
pub fn wider(scores: &[f64], ratings: &[f64], weights: &[f64]) -> Estimated {
    let (mean_score, mean_rating) = (mean(scores, weights), mean(ratings, weights));
    let cases = || {
        let pairs = scores.iter().zip(ratings).zip(weights);
        pairs.map(|((c, y), v)| (c - mean_score, y - mean_rating, v))
    };
    let (together, squares) =
        cases().fold((0.0, 0.0), |(together, squares), (c, y, v)| (together + v * c * y, squares + v * c * c));
    if squares <= 0.0 {
        return Estimated { value: 0.0, error: 0.0 };
    }
    let slope = together / squares;
    let rest = cases().fold(0.0, |rest, (c, y, v)| rest + v * (y - slope * c) * (y - slope * c));
    Estimated { value: slope - 1.0, error: (rest / (effective(weights) * squares)).sqrt() }
}

/// The level of ratings for scores of a profile without one, in hundredths: a shift of JS(ȳ − c̄), and a spread of
/// 1 + JS(â − 1) within its bounds.
pub fn fit(profile: &Profile, scores: &[f64], ratings: &[f64], weights: &[f64], with_spread: bool) -> Level {
    let [_, bounds, _] = Level::BOUNDS;
    let spread = || (1.0 + wider(scores, ratings, weights).shrunk()).clamp(*bounds.start(), *bounds.end());
    let level = Level {
        shift: hundredths(apart(scores, ratings, weights).shrunk()),
        spread: if with_spread { hundredths(spread()) } else { 1.0 },
        center: hundredths(mean(scores, weights)),
    };
    Level { shift: level.shift.max(least_shift(profile, level)), ..level }
}

/// The composite of a conversation of which nothing is known.
pub fn nothing_known(profile: &Profile) -> f64 {
    estimate(profile, &[]).composite
}

/// The shift below which a conversation of which nothing is known would be low. Only `support-2` promises that it is not.
fn least_shift(profile: &Profile, level: Level) -> f64 {
    let unknown = nothing_known(profile);
    if profile.model != ScoringModel::Support2 || unknown < LEAST_UNKNOWN {
        return f64::NEG_INFINITY;
    }
    // Up to the next hundredth, but not because of the last bit of a number.
    ((LEAST_UNKNOWN - level.spread(unknown)) * 100.0 - 1e-6).ceil() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_uncertain_is_drawn_to_nothing() {
        let of = |value, error| Estimated { value, error };
        assert_eq!([of(0.0, 1.0), of(0.5, 0.6), of(0.5, 0.0)].map(Estimated::shrunk), [0.0, 0.0, 0.5]);
        assert!((of(-0.5, 0.25).shrunk() + 0.375).abs() < 1e-12);
        assert_eq!([of(-0.5, 0.25), of(0.5, 0.26), of(0.0, 0.0)].map(Estimated::is_sure), [true, false, false]);
    }

    #[test]
    fn another_level_is_found_exactly() {
        let scores: Vec<f64> = (0..205).map(|case| 2.0 + f64::from(case % 41) / 20.0).collect();
        let ratings: Vec<f64> = scores.iter().map(|score| 3.13 + 1.5 * (score - 3.0)).collect();
        let profile = ScoringModel::Support2.profile();
        let found = fit(profile, &scores, &ratings, &[1.0; 205], true);
        assert_eq!((found.shift, found.spread, found.center), (0.13, 1.5, 3.0));
        assert_eq!(fit(profile, &scores, &ratings, &[1.0; 205], false).spread, 1.0);
        assert!(fit(profile, &scores, &scores, &[1.0; 205], true).is_identity());
    }

    #[test]
    fn r5_8_unhappy_ratings_do_not_make_low_what_nothing_is_known_of() {
        let scores: Vec<f64> = (0..100).map(|case| 3.0 + f64::from(case % 10) / 10.0).collect();
        let ratings: Vec<f64> = scores.iter().map(|score| score - 2.0).collect();
        let support = ScoringModel::Support2.profile();
        let held = fit(support, &scores, &ratings, &[1.0; 100], false);
        let unknown = nothing_known(support);
        assert!(unknown + held.shift >= 3.0 && unknown + held.shift < 3.01, "{held:?}");
        assert_eq!(fit(ScoringModel::Task1.profile(), &scores, &ratings, &[1.0; 100], false).shift, -2.0);
    }

    #[test]
    fn scores_that_are_all_alike_say_nothing_of_the_spread() {
        let profile = ScoringModel::Support2.profile();
        assert_eq!(fit(profile, &[3.0; 50], &[4.0; 50], &[1.0; 50], true).spread, 1.0);
        let falling = fit(profile, &[3.0, 4.0], &[4.0, 1.0], &[1.0, 1.0], true);
        assert_eq!(falling.spread, 0.25, "ratings that fall where scores rise");
    }
}
