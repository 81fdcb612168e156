//! How much something is wanted, as headers like `Accept` say it (RFC 9110, 12.4.2).

/// Of the parameters behind a name, in thousandths; what says nothing that can be read is wanted fully.
pub fn weight<'a>(parameters: impl Iterator<Item = &'a str>) -> u16 {
    let mut named = parameters.filter_map(|parameter| parameter.split_once('='));
    let sent = named.find(|(name, _)| name.trim().eq_ignore_ascii_case("q")).map(|(_, weight)| weight.trim());
    let weight = sent.and_then(|weight| weight.parse::<f32>().ok()).filter(|weight| (0.0..=1.0).contains(weight));
    (weight.unwrap_or(1.0) * 1_000.0) as u16
}
