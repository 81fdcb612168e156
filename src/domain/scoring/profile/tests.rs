use super::super::{support, task};
use super::*;

fn digests() -> Vec<(Box<str>, [u8; 32])> {
    task::lexicon::digests(task::lexicon::builtin_packs())
}

#[test]
fn the_default_profile_is_valid_and_carries_its_hash() {
    let profile = Profile::default();
    assert_eq!(profile.validate(), Ok(()));
    assert_eq!(profile.hash, profile.computed_hash(&digests()));
}

#[test]
fn the_built_in_profiles_are_valid_and_carry_their_hashes() {
    let support = support::pack::digests(support::pack::builtin_packs());
    for (model, packs) in [(ScoringModel::Task1, digests()), (ScoringModel::Support2, support)] {
        let profile = model.profile();
        assert_eq!((profile.model, profile.validate()), (model, Ok(())));
        assert_eq!(profile.hash, profile.computed_hash(&packs));
        assert_eq!(profile.signals.len(), model.catalogue().len());
        for kind in model.catalogue() {
            assert!(!kind.is_marker() || profile.weight_of(*kind).weight == 0.0, "{}", kind.name());
        }
    }
    assert_ne!(ScoringModel::Task1.profile().hash, Profile::default().hash, "its ratings decide");
}

#[test]
fn a_signal_stands_once_in_a_catalogue_and_has_no_weight_outside() {
    for model in ScoringModel::ALL {
        for (place, kind) in model.catalogue().iter().enumerate() {
            assert_eq!(model.place(*kind), Some(place), "{}", kind.name());
        }
    }
    assert_eq!(ScoringModel::Task1.place(SignalKind::Thanks), None);
    assert_eq!(ScoringModel::Task1.profile().weight_of(SignalKind::Thanks).weight, 0.0);
}

#[test]
fn r5_8_without_evidence_a_conversation_is_neither_low_nor_good() {
    let profile = ScoringModel::Support2.profile();
    let nothing = crate::domain::scoring::estimator::estimate(profile, &[]).composite;
    assert!((3.4..=4.2).contains(&nothing), "{nothing}");
}

#[test]
fn every_number_of_a_profile_and_its_word_lists_change_its_hash() {
    let base = Profile::first();
    let mut seen = vec![base.computed_hash(&digests()), base.computed_hash(&[])];
    let changes: [fn(&mut Profile); 13] = [
        |p| p.name = "other".into(),
        |p| p.prior_strength = 3.5,
        |p| p.priors[2] = 0.4,
        |p| p.composite_weights = [0.5, 0.25, 0.25],
        |p| p.signals[3].weight = 1.25,
        |p| p.reply_target_seconds = 901,
        |p| p.first_response_target_seconds = 301,
        |p| p.scale.guards = true,
        |p| p.model = ScoringModel::Support2,
        |p| p.level.shift = 0.01,
        |p| p.level.spread = 1.01,
        |p| (p.level.spread, p.level.center) = (1.01, 3.01),
        |p| (p.scale.guards, p.default_language) = (true, LanguageCode::new("da").unwrap()),
    ];
    for change in changes {
        let mut changed = base.clone();
        change(&mut changed);
        seen.push(changed.computed_hash(&digests()));
    }
    let distinct: std::collections::HashSet<_> = seen.iter().collect();
    assert_eq!(distinct.len(), seen.len());
}

#[test]
fn a_level_that_changes_nothing_is_not_in_the_hash() {
    let base = Profile::first();
    let mut elsewhere = base.clone();
    elsewhere.level.center = 4.0;
    assert_eq!(base.computed_hash(&digests()), elsewhere.computed_hash(&digests()));
    assert!(!format!("{elsewhere:?}").contains("level"));
    elsewhere.level.shift = 0.5;
    assert!(format!("{elsewhere:?}").contains(", level: Level { shift: 0.5"));
}

#[test]
fn impossible_values_are_all_named() {
    let mut profile = Profile { prior_strength: 0.0, ..Profile::default() };
    profile.priors[0] = 1.0;
    profile.composite_weights = [0.5, 0.5, 0.1];
    profile.signals[SignalKind::Praise as usize].weight = 10.5;
    profile.signals[SignalKind::Rating as usize].loadings = [f64::NAN, 0.5, 0.5];
    profile.level.shift = 5.0;
    let faults = profile.validate().unwrap_err();
    assert_eq!(faults.len(), 6, "{faults:?}");
    assert!(faults[3].starts_with("praise: weight") && faults[4].starts_with("rating: loadings"), "{faults:?}");
    profile.signals.pop();
    assert_eq!(profile.validate().unwrap_err().len(), 6);
}
