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
    assert!(!SignalKind::Effort.is_operational() && !SignalKind::Thanks.is_operational());
}

#[test]
fn parts_become_shares() {
    assert_eq!(shares([1.0, 1.0, 1.0]), Some([1.0 / 3.0; 3]));
    assert_eq!(shares([0.34, 0.33, 0.33]), Some([0.34, 0.33, 0.33]));
    assert_eq!(shares([0.0, 0.0, 0.0]), None);
    assert_eq!(shares([2.0, -1.0, 0.0]), None);
    assert_eq!(shares([f64::NAN, 1.0, 0.0]), None);
}
