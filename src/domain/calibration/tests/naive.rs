//! The same sums, written down as the documentation has them and without a thought for speed.

use super::*;
use crate::domain::quantum::from_quantum;
use crate::domain::scoring::Observation;

/// Presence, goodness of every signal of the catalogue.
fn table(profile: &Profile, observations: &[Observation]) -> Vec<(f64, f64)> {
    let of = |kind: &SignalKind| {
        let found = observations.iter().find(|seen| seen.signal == ObservedKind::Catalogue(*kind));
        found.map_or((0.0, 0.0), |seen| (from_quantum(seen.presence), from_quantum(seen.goodness)))
    };
    profile.model.catalogue().iter().map(of).collect()
}

/// The composite with these weights.
fn composite(profile: &Profile, weights: &[f64], table: &[(f64, f64)]) -> f64 {
    let glad = [SignalKind::Thanks, SignalKind::Praise, SignalKind::Solved, SignalKind::Warm]
        .iter()
        .any(|kind| profile.model.place(*kind).is_some_and(|place| table[place].0 > 0.0));
    let mut sum = 0.0;
    for d in 0..3 {
        let (mut good, mut total) = (profile.prior_strength * profile.priors[d], profile.prior_strength);
        for (s, (n, g)) in table.iter().enumerate() {
            good += profile.signals[s].loadings[d] * weights[s] * n * g;
            total += profile.signals[s].loadings[d] * weights[s] * n;
        }
        sum += profile.composite_weights[d] * profile.scale.bent(profile.scale.line(1.0 + 4.0 * good / total), glad);
    }
    sum
}

/// Slopes are those of steps of a millionth.
fn weights(profile: &Profile, tables: &[Vec<(f64, f64)>], y: &[f64], v: &[f64]) -> Vec<f64> {
    const STEP: f64 = 1e-6;
    let start: Vec<f64> = profile.signals.iter().map(|signal| signal.weight).collect();
    let size = start.len();
    let centred = |values: Vec<f64>| -> Vec<f64> {
        let mean = values.iter().zip(v).map(|(x, v)| x * v).sum::<f64>() / v.iter().sum::<f64>();
        values.into_iter().map(|x| x - mean).collect()
    };
    let mut at = start.clone();
    for _ in 0..2 {
        let c: Vec<f64> = tables.iter().map(|table| composite(profile, &at, table)).collect();
        let slope = |s: usize| {
            let (mut more, mut less) = (at.clone(), at.clone());
            (more[s], less[s]) = (at[s] + STEP, at[s] - STEP);
            let step = |table| (composite(profile, &more, table) - composite(profile, &less, table)) / (2.0 * STEP);
            centred(tables.iter().map(|table| step(table)).collect())
        };
        let slopes: Vec<Vec<f64>> = (0..size).map(slope).collect();
        let rest = centred(y.iter().zip(&c).map(|(y, c)| y - c).collect());
        let mut w = at.clone();
        for _ in 0..100 {
            for s in 0..size {
                let ridge = 3.0 / ((start[s] + 0.3) * (start[s] + 0.3));
                let (mut numerator, mut denominator) = (ridge * start[s], ridge);
                for case in 0..y.len() {
                    let others = (0..size).filter(|t| *t != s);
                    let explained: f64 = others.map(|t| slopes[t][case] * (w[t] - at[t])).sum();
                    let x = slopes[s][case];
                    numerator += v[case] * x * (rest[case] - explained + x * at[s]);
                    denominator += v[case] * x * x;
                }
                w[s] = (numerator / denominator).max(0.25 * start[s]).min(3.0 * start[s]);
            }
        }
        at = w;
    }
    at
}

#[test]
fn r5_10_a_naive_implementation_finds_the_same_weights() {
    for (seed, model) in [(1, ScoringModel::Support2), (2, ScoringModel::Task1)] {
        let profile = model.profile();
        let all = workspace(seed, 60, 25, &impatient(), 1.0);
        let cases = Cases::of(&all);
        let tables: Vec<_> = cases.observations.iter().map(|seen| table(profile, seen)).collect();
        let expected = weights(profile, &tables, &cases.ratings, &cases.weights);
        let found = weights::fit(profile, &cases.observations, &cases.ratings, &cases.weights);
        for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
            assert!((found - expected).abs() < 0.005 + 1e-5, "{model:?} {place}: {found} {expected}");
        }
    }
}

#[test]
fn r5_10_a_naive_implementation_finds_the_same_level() {
    let all = workspace(3, 300, 40, &impatient(), 1.0);
    let cases = Cases::of(&all);
    let (y, v) = (&cases.ratings, &cases.weights);
    let c: Vec<f64> = cases.observations.iter().map(|seen| estimate(&support(), seen).composite).collect();
    let sum = |of: &dyn Fn(usize) -> f64| (0..y.len()).map(of).sum::<f64>();
    let total = sum(&|i| v[i]);
    let n = total * total / sum(&|i| v[i] * v[i]);
    let (mean_c, mean_y) = (sum(&|i| v[i] * c[i]) / total, sum(&|i| v[i] * y[i]) / total);
    let b = mean_y - mean_c;
    let variance = sum(&|i| v[i] * (y[i] - c[i] - b).powi(2)) / total;
    let apart = level::apart(&c, y, v);
    assert!((apart.value - b).abs() < 1e-12 && (apart.error - (variance / n).sqrt()).abs() < 1e-12);
    assert!((apart.shrunk() - b * (1.0 - variance / n / (b * b)).max(0.0)).abs() < 1e-12);
    let squares = sum(&|i| v[i] * (c[i] - mean_c).powi(2));
    let slope = sum(&|i| v[i] * (c[i] - mean_c) * (y[i] - mean_y)) / squares;
    let rest = sum(&|i| v[i] * (y[i] - mean_y - slope * (c[i] - mean_c)).powi(2));
    let error = (rest / (n * squares)).sqrt();
    let wider = level::wider(&c, y, v);
    assert!((wider.value - (slope - 1.0)).abs() < 1e-12 && (wider.error - error).abs() < 1e-12);
}
