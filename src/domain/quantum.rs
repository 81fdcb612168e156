//! Shares as integers.

/// A share in units of 1/65,535 (0 is none, 65,535 is all): presence, goodness, observed values.
pub type Quantum = u16;

/// 0–1.
pub fn from_quantum(quantum: Quantum) -> f64 {
    f64::from(quantum) / f64::from(Quantum::MAX)
}

/// The nearest quantum of a value within 0–1, half up; outside it saturates.
pub fn to_quantum(value: f64) -> Quantum {
    (value * f64::from(Quantum::MAX) + 0.5).floor() as Quantum
}
