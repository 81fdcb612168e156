use super::*;

#[test]
fn the_catalogue_is_ordered_by_number_and_its_names_are_its_serialised_form() {
    for (number, kind) in SignalKind::ALL.into_iter().enumerate() {
        assert_eq!(kind as usize, number, "{}", kind.name());
        assert_eq!(SignalKind::from_name(kind.name()), Some(kind));
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
    }
    assert_eq!(SignalKind::from_name("Rating"), None);
}

#[test]
fn only_signals_that_no_message_carries_are_uncalibrated() {
    let operational: Vec<_> = SignalKind::ALL.into_iter().filter(|kind| kind.is_operational()).collect();
    assert_eq!(operational.len(), 8);
    assert_eq!((operational[0], operational[7]), (SignalKind::Resolution, SignalKind::Rating));
    assert!(!SignalKind::Effort.is_operational());
}

#[test]
fn the_default_profile_is_valid_and_carries_its_hash() {
    let profile = Profile::default();
    assert_eq!(profile.validate(), Ok(()));
    assert_eq!(profile.hash, profile.computed_hash(builtin_packs()));
}

#[test]
fn every_number_of_a_profile_and_its_word_lists_change_its_hash() {
    let base = unhashed_default();
    let mut seen = vec![base.computed_hash(builtin_packs()), base.computed_hash(&[])];
    let changes: [fn(&mut Profile); 7] = [
        |p| p.name = "other".into(),
        |p| p.prior_strength = 3.5,
        |p| p.priors[2] = 0.4,
        |p| p.composite_weights = [0.5, 0.25, 0.25],
        |p| p.signals[3].weight = 1.25,
        |p| p.reply_target_seconds = 901,
        |p| p.first_response_target_seconds = 301,
    ];
    for change in changes {
        let mut changed = base.clone();
        change(&mut changed);
        seen.push(changed.computed_hash(builtin_packs()));
    }
    let distinct: std::collections::HashSet<_> = seen.iter().collect();
    assert_eq!(distinct.len(), seen.len());
}

#[test]
fn impossible_values_are_all_named() {
    let mut profile = Profile { prior_strength: 0.0, ..Profile::default() };
    profile.priors[0] = 1.0;
    profile.composite_weights = [0.5, 0.5, 0.1];
    profile.signals[SignalKind::Praise as usize].weight = 10.5;
    profile.signals[SignalKind::Rating as usize].loadings = [f64::NAN, 0.5, 0.5];
    let faults = profile.validate().unwrap_err();
    assert_eq!(faults.len(), 5, "{faults:?}");
    assert!(faults[3].starts_with("praise: weight") && faults[4].starts_with("rating: loadings"), "{faults:?}");
    profile.signals.pop();
    assert_eq!(profile.validate().unwrap_err().len(), 5);
}
