use super::super::catalogue::SignalKind;
use super::super::level::Level;
use super::super::profile::ScoringModel;
use super::*;
use crate::domain::event::OwnSignal;
use crate::domain::quantum::to_quantum;

fn seen(kind: SignalKind, presence: f64, goodness: f64) -> Observation {
    let signal = ObservedKind::Catalogue(kind);
    Observation { signal, presence: to_quantum(presence), goodness: to_quantum(goodness) }
}

fn own(weight: f64, loadings: [f64; 3], goodness: Quantum) -> Observation {
    let signal = ObservedKind::Own(OwnSignal { name: "deflection".into(), weight, loadings });
    Observation { signal, presence: Quantum::MAX, goodness }
}

#[test]
fn nothing_observed_is_the_prior_without_confidence() {
    let estimate = estimate(&Profile::default(), &[]);
    assert_eq!(estimate.dimensions, [0.52, 0.72, 0.39].map(|prior| 1.0 + 4.0 * (3.0 * prior) / 3.0));
    assert_eq!((estimate.confidence, estimate.signal_count), (0.0, 0));
}

#[test]
fn one_rating_moves_every_dimension_by_its_share() {
    let estimate = estimate(&Profile::default(), &[seen(SignalKind::Rating, 1.0, 1.0)]);
    let expected = [0.52, 0.72, 0.39].map(|m| 1.0 + 4.0 * (3.0 * m + 8.0 / 3.0) / (3.0 + 8.0 / 3.0));
    for (got, expected) in estimate.dimensions.iter().zip(expected) {
        assert!((got - expected).abs() < 1e-12, "{got} {expected}");
    }
    assert!((estimate.confidence - 8.0 / 11.0).abs() < 1e-12);
    assert!((estimate.composite - expected.iter().sum::<f64>() / 3.0).abs() < 1e-12);
}

#[test]
fn r5_5_contributions_add_up_to_the_score_before_rounding() {
    let profile = Profile { composite_weights: [0.5, 0.2, 0.3], ..Profile::default() };
    let observations = [
        seen(SignalKind::SentimentMean, 1.0, 0.37),
        seen(SignalKind::Praise, 0.4866, 1.0),
        seen(SignalKind::Rejection, 0.614, 0.0),
        seen(SignalKind::ResolutionFailed, 1.0, 0.0),
        own(7.5, [0.0, 1.0, 0.0], 40_000),
    ];
    let explanation = explain(&profile, &observations);
    let estimate = estimate(&profile, &observations);
    for (part, total) in explanation.dimensions.iter().zip(estimate.dimensions) {
        let sum = part.prior + part.signals.iter().map(|signal| signal.contribution).sum::<f64>();
        assert!((sum - total).abs() < 1e-12, "{:?}: {sum} {total}", part.dimension);
        assert_eq!(part.total, total);
    }
    let parts: f64 = explanation.dimensions.iter().map(|part| part.composite_part).sum();
    assert!((parts - estimate.composite).abs() < 1e-12);
    let names = |d: usize| explanation.dimensions[d].signals.iter().map(|s| &*s.signal).collect::<Vec<_>>();
    assert_eq!(names(1), ["sentiment_mean", "rejection", "deflection"]);
    assert_eq!(
        explanation.dimensions[0].signals.iter().map(|s| s.uncalibrated).collect::<Vec<_>>(),
        [false, false, false, true]
    );
}

#[test]
fn a_signal_counts_from_a_presence_of_a_twentieth() {
    let count = |presence| {
        let signal = ObservedKind::Catalogue(SignalKind::Effort);
        estimate(&Profile::default(), &[Observation { signal, presence, goodness: 0 }]).signal_count
    };
    assert_eq!((count(3_276), count(3_277)), (0, 1));
    assert!(from_quantum(3_276) < 0.05 && from_quantum(3_277) >= 0.05);
}

#[test]
fn r2_4_a_composite_of_imported_scores_rounds_half_up_like_the_exact_fraction() {
    let third = [1.0 / 3.0; 3];
    let of = |weights, dims: [u16; 3]| composite_of(weights, dims.map(Hundredths)).0;
    for sum in 300..=1_500_u16 {
        let dims = [sum.div_ceil(3).min(500), (sum + 1) / 3, sum - sum.div_ceil(3).min(500) - (sum + 1) / 3];
        assert_eq!(u32::from(of(third, dims)), (2 * u32::from(sum) + 3) / 6, "{dims:?}");
    }
    // 0.7·a + 0.1·b + 0.2·c in tenths: every tie goes up.
    for (a, b, c) in (100..=500).step_by(7).flat_map(|a| (100..=500).step_by(3).map(move |b| (a, b, 600 - b))) {
        let tenths = 7 * u32::from(a) + u32::from(b) + 2 * u32::from(c);
        assert_eq!(u32::from(of([0.7, 0.1, 0.2], [a, b, c])), (tenths + 5) / 10, "{a} {b} {c}");
    }
}

#[test]
fn disconfirmation_is_the_weighted_shortfall_over_the_dimensions_with_an_expectation() {
    let third = [1.0 / 3.0; 3];
    let of = |weights, expected: [u16; 3], published: [u16; 3]| {
        let expected = expected.map(|e| (e > 0).then_some(Hundredths(e)));
        disconfirmation(weights, expected, published.map(Hundredths)).0
    };
    assert_eq!(of(third, [0, 0, 0], [100, 100, 100]), 0);
    assert_eq!(of(third, [500, 500, 500], [100, 100, 100]), 100);
    assert_eq!(of(third, [400, 0, 300], [300, 100, 400]), 13, "100 / 4 / 2 = 12.5");
    assert_eq!(of(third, [302, 0, 0], [300, 100, 100]), 1, "2 / 4 = 0.5");
    assert_eq!(of(third, [301, 0, 0], [300, 100, 100]), 0);
    assert_eq!(of([0.0, 0.5, 0.5], [500, 0, 0], [100, 100, 100]), 0, "it weighs nothing");
    for shortfall in 0..=1_200_u16 {
        let parts = [shortfall.min(400), shortfall.saturating_sub(400).min(400), shortfall.saturating_sub(800)];
        let expected = parts.map(|part| 100 + part);
        assert_eq!(u32::from(of(third, expected, [100; 3])), (u32::from(shortfall) + 6) / 12, "{shortfall}");
    }
}

fn at_level(level: Level) -> Profile {
    Profile { level, ..ScoringModel::Support2.profile().clone() }
}

fn said() -> [Observation; 4] {
    [
        seen(SignalKind::Thanks, 0.6, 1.0),
        seen(SignalKind::Complaint, 0.4, 0.0),
        seen(SignalKind::LeftOpen, 1.0, 0.0),
        own(2.0, [0.0, 1.0, 0.0], 20_000),
    ]
}

#[test]
fn r5_10_a_level_moves_every_dimension_by_one_map() {
    let level = Level { shift: 0.4, spread: 0.5, center: 3.6 };
    let (plain, moved) = (estimate(&at_level(Level::default()), &said()), estimate(&at_level(level), &said()));
    assert_eq!(plain.dimensions, estimate(ScoringModel::Support2.profile(), &said()).dimensions);
    for (plain, moved) in plain.dimensions.into_iter().zip(moved.dimensions) {
        assert!((moved - (3.6 + 0.4 + 0.5 * (plain - 3.6))).abs() < 1e-12, "{plain} {moved}");
    }
    let mean = plain.dimensions.iter().sum::<f64>() / 3.0;
    assert!((moved.composite - (4.0 + 0.5 * (mean - 3.6))).abs() < 1e-12, "it stays the mean");
}

#[test]
fn r5_5_the_sum_is_exact_at_every_level() {
    let levels = [(0.4, 0.5), (-0.3, 1.0), (0.0, 1.7), (3.0, 4.0), (-4.0, 0.25)];
    for (shift, spread) in levels {
        let profile = at_level(Level { shift, spread, center: 3.2 });
        for rating in [None, Some(0.0), Some(1.0)] {
            let mut observations = said().to_vec();
            observations.extend(rating.map(|goodness| seen(SignalKind::Rating, 1.0, goodness)));
            for part in explain(&profile, &observations).dimensions {
                let sum = part.prior + part.signals.iter().map(|signal| signal.contribution).sum::<f64>();
                assert!((sum - part.total).abs() < 1e-12, "{shift} {spread} {rating:?}: {sum} {}", part.total);
                let row = part.signals.iter().find(|row| &*row.signal == "level");
                assert_eq!(row.map_or(0.0, |row| row.contribution), shift);
                assert!((1.0..=5.0).contains(&part.total));
            }
        }
    }
}

#[test]
fn r5_8_the_rating_decides_at_every_level() {
    for shift in [-4.0, -0.5, 0.0, 0.5, 4.0] {
        let profile = at_level(Level { shift, spread: 1.0, center: 3.0 });
        let rated = |goodness| {
            let observations = [said().to_vec(), vec![seen(SignalKind::Rating, 1.0, goodness)]].concat();
            estimate(&profile, &observations).composite
        };
        assert!(rated(0.0) < 2.99 + 1e-9 && rated(0.25) < 2.99 + 1e-9, "{shift}");
        assert!(rated(0.75) > 3.0 - 1e-9 && rated(1.0) > 3.0 - 1e-9, "{shift}");
    }
}

#[test]
fn r5_7_structure_alone_makes_nothing_low_at_a_workspaces_level() {
    let structure = [
        seen(SignalKind::LeftOpen, 0.2, 0.0),
        seen(SignalKind::Shout, 0.2, 0.0),
        seen(SignalKind::LanguageUnknown, 1.0, 0.0),
    ];
    let at = |shift, seen: &[Observation]| estimate(&at_level(Level { shift, ..Level::default() }), seen).composite;
    assert!(at(-0.5, &structure[..2]) < 3.0 && at(0.0, &structure[..2]) > 3.0, "the level alone makes it low");
    assert!((at(-0.5, &structure) - 3.0).abs() < 1e-9);
    let complaint = seen(SignalKind::Complaint, 1.0, 0.0);
    assert!(at(-0.5, &[&structure[..], &[complaint]].concat()) < 2.9, "what is known without words still can");
}
