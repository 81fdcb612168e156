//! Where a workspace's ratings lie on the scale.

use super::cases::effective;
use super::hundredths;
use crate::domain::scoring::estimator::estimate;
use crate::domain::scoring::level::Level;
use crate::domain::scoring::profile::{Profile, ScoringModel};

/// A conversation of which nothing is known is not low (R5.8), wherever the ratings lie.
const LEAST_UNKNOWN: f64 = 3.0;

/// JS(z, se) = z · max(0, 1 − (se/z)²): an estimate drawn towards 0 by how uncertain it is (positive part of James and
/// Stein's).
pub fn shrunk(estimate: f64, error: f64) -> f64 {
    if estimate == 0.0 {
        return 0.0;
    }
    let share = error / estimate;
    estimate * (1.0 - share * share).max(0.0)
}

/// The mean of `values`, weighed by `weights`.
pub fn mean(values: &[f64], weights: &[f64]) -> f64 {
    let (sum, total) = values.iter().zip(weights).fold((0.0, 0.0), |(sum, total), (x, v)| (sum + v * x, total + v));
    if total > 0.0 { sum / total } else { 0.0 }
}

/// b = JS(ȳ − c̄, se) with se = sqrt(var(y − c) / n_eff): how far ratings y lie above scores c.
pub fn shift(scores: &[f64], ratings: &[f64], weights: &[f64]) -> f64 {
    let apart: Vec<f64> = ratings.iter().zip(scores).map(|(y, c)| y - c).collect();
    let by = mean(&apart, weights);
    let squares: Vec<f64> = apart.iter().map(|apart| (apart - by) * (apart - by)).collect();
    shrunk(by, (mean(&squares, weights) / effective(weights)).sqrt())
}

/// a = 1 + JS(â − 1, se), within 0.25 and 4: how much farther apart ratings lie than scores. â is the slope of a
/// weighted regression of y on c, se = sqrt(Σv·res² / (n_eff · Σv(c − c̄)²)).
pub fn spread(scores: &[f64], ratings: &[f64], weights: &[f64]) -> f64 {
    let (mean_score, mean_rating) = (mean(scores, weights), mean(ratings, weights));
    let cases = || {
        let pairs = scores.iter().zip(ratings).zip(weights);
        pairs.map(|((c, y), v)| (c - mean_score, y - mean_rating, v))
    };
    let (together, squares) =
        cases().fold((0.0, 0.0), |(together, squares), (c, y, v)| (together + v * c * y, squares + v * c * c));
    if squares <= 0.0 {
        return 1.0;
    }
    let slope = together / squares;
    let rest = cases().fold(0.0, |rest, (c, y, v)| rest + v * (y - slope * c) * (y - slope * c));
    let error = (rest / (effective(weights) * squares)).sqrt();
    let [_, bounds, _] = Level::BOUNDS;
    (1.0 + shrunk(slope - 1.0, error)).clamp(*bounds.start(), *bounds.end())
}

/// The level of ratings for scores of a profile without one, in hundredths.
pub fn fit(profile: &Profile, scores: &[f64], ratings: &[f64], weights: &[f64], with_spread: bool) -> Level {
    let level = Level {
        shift: hundredths(shift(scores, ratings, weights)),
        spread: if with_spread { hundredths(spread(scores, ratings, weights)) } else { 1.0 },
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
        assert_eq!((shrunk(0.0, 1.0), shrunk(0.5, 0.6), shrunk(0.5, 0.0)), (0.0, 0.0, 0.5));
        assert!((shrunk(-0.5, 0.25) + 0.375).abs() < 1e-12);
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
        assert_eq!(spread(&[3.0; 50], &[4.0; 50], &[1.0; 50]), 1.0);
        assert_eq!(spread(&[3.0, 4.0], &[4.0, 1.0], &[1.0, 1.0]), 0.25, "ratings that fall where scores rise");
    }
}
