//! How a composite depends on the weights of signals.

use super::*;

/// The composite before guards and level, and how fast it grows with each weight of the catalogue, by its place there:
/// 4 · slope · Σ_d ω_d · e_d · L_sd · n_s · (g_s − p_d) / T_d, with p_d the mean of the posterior in 0..1, T_d its mass,
/// and e_d how steep the scale is there.
pub fn slopes(profile: &Profile, observations: &[Observation]) -> (f64, Vec<(usize, f64)>) {
    let scale = &profile.scale;
    let glad = is_glad(observations);
    let posteriors = [0, 1, 2].map(|d| posterior(profile, observations, d));
    let line = posteriors.map(|(good, total)| scale.line(1.0 + 4.0 * good / total));
    let steep = [0, 1, 2]
        .map(|d| 4.0 * scale.slope * profile.composite_weights[d] * scale.steepness(line[d], glad) / posteriors[d].1);
    let slope = |seen: &Observation| {
        let ObservedKind::Catalogue(kind) = &seen.signal else { return None };
        let place = profile.model.place(*kind)?;
        let loadings = profile.weight_of(*kind).loadings;
        let (presence, goodness) = (from_quantum(seen.presence), goodness(profile, seen));
        let part = |d: usize| steep[d] * loadings[d] * presence * (goodness - posteriors[d].0 / posteriors[d].1);
        Some((place, part(0) + part(1) + part(2)))
    };
    let bent = line.map(|value| scale.bent(value, glad));
    (weighted_sum(&profile.composite_weights, &bent), observations.iter().filter_map(slope).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::quantum::to_quantum;
    use crate::domain::scoring::profile::ScoringModel;

    #[test]
    fn slopes_are_those_that_small_steps_show() {
        let seen = |kind, presence, goodness| Observation {
            signal: ObservedKind::Catalogue(kind),
            presence: to_quantum(presence),
            goodness: to_quantum(goodness),
        };
        let observations = [
            seen(SignalKind::Praise, 0.3, 1.0),
            seen(SignalKind::Complaint, 0.7, 0.0),
            seen(SignalKind::UserRepeats, 0.5, 0.0),
            seen(SignalKind::Resolution, 1.0, 1.0),
        ];
        for model in ScoringModel::ALL {
            let profile = Profile { composite_weights: [0.5, 0.3, 0.2], ..model.profile().clone() };
            let (composite, slopes) = slopes(&profile, &observations);
            assert!((composite - estimate(&profile, &observations).composite).abs() < 1e-12);
            assert_eq!(slopes.len(), 4);
            for (place, slope) in slopes {
                let mut stepped = profile.clone();
                stepped.signals[place].weight += 1e-6;
                let rise = (super::slopes(&stepped, &observations).0 - composite) / 1e-6;
                assert!((rise - slope).abs() < 1e-4, "{model:?} {place}: {rise} {slope}");
            }
        }
    }
}
