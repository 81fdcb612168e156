//! Presence and goodness of a signal before they are quantised, and the shapes that they come in.

/// n and g before they are quantised, 0–1.
pub(super) struct Measure {
    pub presence: f64,
    pub goodness: f64,
}

pub(super) fn good(presence: f64) -> Measure {
    Measure { presence, goodness: 1.0 }
}

pub(super) fn bad(presence: f64) -> Measure {
    Measure { presence, goodness: 0.0 }
}

/// 1 − e^(−amount/scale), 0 for what is below 0.
pub(super) fn sat(amount: f64, scale: f64) -> f64 {
    1.0 - libm::exp(-amount.max(0.0) / scale)
}

pub(super) fn present(condition: bool) -> f64 {
    f64::from(u8::from(condition))
}

/// Present for sure, and as good as this.
pub(super) fn good_by(goodness: f64) -> Measure {
    Measure { presence: 1.0, goodness }
}

/// 0 if `whole` is 0.
pub(super) fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
