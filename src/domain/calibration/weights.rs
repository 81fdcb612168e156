//! Weights of signals from ratings: a ridge regression towards the profile's own weights.

use super::hundredths;
use super::level::mean;
use crate::domain::scoring::Observation;
use crate::domain::scoring::estimator::slopes;
use crate::domain::scoring::profile::Profile;

/// How strongly weights are drawn to those of the profile.
const RIDGE: f64 = 3.0;
/// So that light weights can move, too.
const SOFTENING: f64 = 0.3;
/// Bounds of a weight, as shares of the profile's.
pub const BOUNDS: [f64; 2] = [0.25, 3.0];
const STEPS: usize = 2;
const SWEEPS: usize = 100;
/// Less is no move.
const LEAST_MOVE: f64 = 0.005;

/// Weights that minimise Σv(ỹ − c̃(w))² + 3·Σ((w − w0)/(w0 + 0.3))², ~ meaning centred, with 0.25·w0 ≤ w ≤ 3·w0. In the
/// order of the catalogue; those that moved in whole hundredths.
///
/// Two steps of Gauss and Newton: each takes the composite c for a straight line in the weights where it is, and solves
/// that by coordinate descent.
pub fn fit(profile: &Profile, cases: &[impl AsRef<[Observation]>], ratings: &[f64], case_weights: &[f64]) -> Vec<f64> {
    let start: Vec<f64> = profile.signals.iter().map(|signal| signal.weight).collect();
    let mut weights = start.clone();
    for _ in 0..STEPS {
        let problem = Problem::of(&with(profile, &weights), cases, ratings, case_weights);
        weights = problem.solved(&start, &weights);
    }
    let rounded = |(weight, start): (&f64, &f64)| {
        if (weight - start).abs() < LEAST_MOVE { *start } else { hundredths(*weight) }
    };
    weights.iter().zip(&start).map(rounded).collect()
}

/// The profile with these weights.
pub fn with(profile: &Profile, weights: &[f64]) -> Profile {
    let mut profile = profile.clone();
    for (signal, weight) in profile.signals.iter_mut().zip(weights) {
        signal.weight = *weight;
    }
    profile
}

/// The least squares of one step: J'VJ and J'V(ỹ − c̃), with J the slopes of the composite.
struct Problem {
    /// Row by row.
    square: Vec<f64>,
    right: Vec<f64>,
}

impl Problem {
    fn of(profile: &Profile, cases: &[impl AsRef<[Observation]>], ratings: &[f64], case_weights: &[f64]) -> Self {
        let size = profile.signals.len();
        let (mut square, mut right) = (vec![0.0; size * size], vec![0.0; size]);
        let (mut means, mut total) = (vec![0.0; size], 0.0);
        let sloped: Vec<_> = cases.iter().map(|case| slopes(profile, case.as_ref())).collect();
        let rests: Vec<f64> = sloped.iter().zip(ratings).map(|((composite, _), rating)| rating - composite).collect();
        let center = mean(&rests, case_weights);
        for (((_, slopes), rest), v) in sloped.iter().zip(&rests).zip(case_weights) {
            for (row, slope) in slopes {
                means[*row] += v * slope;
                right[*row] += v * slope * (rest - center);
                for (column, other) in slopes {
                    square[row * size + column] += v * slope * other;
                }
            }
            total += v;
        }
        // Slopes are centred afterwards: few signals occur in a case, and all others would have to be visited.
        for row in 0..size {
            for column in 0..size {
                square[row * size + column] -= means[row] * means[column] / total;
            }
        }
        Self { square, right }
    }

    /// The weights with the least error, from `at` on; `start` is where the ridge draws them.
    fn solved(&self, start: &[f64], at: &[f64]) -> Vec<f64> {
        let size = start.len();
        let mut weights = at.to_vec();
        for _ in 0..SWEEPS {
            for row in 0..size {
                let squares = &self.square[row * size..(row + 1) * size];
                let others = (0..size).filter(|column| *column != row);
                let explained: f64 = others.map(|column| squares[column] * (weights[column] - at[column])).sum();
                let pull = RIDGE / ((start[row] + SOFTENING) * (start[row] + SOFTENING));
                let wanted = self.right[row] - explained + squares[row] * at[row] + pull * start[row];
                let best = wanted / (squares[row] + pull);
                weights[row] = best.clamp(BOUNDS[0] * start[row], BOUNDS[1] * start[row]);
            }
        }
        weights
    }
}
