//! Where a workspace's own ratings lie on the scale.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::scale::{BEST, WORST};

/// What takes the dimensions from the scale of a model to that on which a workspace's customers rate: a stretch about
/// a centre, then a shift, the same for all three. As default it changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Level {
    /// Points that are added.
    pub shift: f64,
    /// How many times as far from the centre.
    pub spread: f64,
    /// Stays where it is when the spread changes.
    pub center: f64,
}

impl Default for Level {
    fn default() -> Self {
        Self { shift: 0.0, spread: 1.0, center: 3.0 }
    }
}

impl Level {
    /// Of shift, spread and center.
    pub const BOUNDS: [RangeInclusive<f64>; 3] = [-4.0..=4.0, 0.25..=4.0, WORST..=BEST];

    /// Whether it changes nothing.
    pub fn is_identity(&self) -> bool {
        self.shift == 0.0 && self.spread == 1.0
    }

    /// Before the shift. Without a spread the value stays what it is to the last bit.
    pub fn spread(&self, value: f64) -> f64 {
        if self.spread == 1.0 { value } else { self.center + self.spread * (value - self.center) }
    }

    /// On the line, which does not end.
    pub fn line(&self, value: f64) -> f64 {
        self.spread(value) + self.shift
    }

    /// Within the scale.
    pub fn of(&self, value: f64) -> f64 {
        self.line(value).clamp(WORST, BEST)
    }

    /// In a fixed order.
    pub fn numbers(&self) -> [f64; 3] {
        [self.shift, self.spread, self.center]
    }

    /// What is impossible in it, one sentence each.
    pub fn faults(&self) -> Vec<String> {
        let values = ["shift", "spread", "center"].into_iter().zip(self.numbers()).zip(Self::BOUNDS);
        let outside = values.filter(|((_, value), bounds)| !bounds.contains(value));
        let fault = |((name, value), bounds): ((&str, f64), RangeInclusive<f64>)| {
            format!("level: {name} must be between {} and {}, not {value}", bounds.start(), bounds.end())
        };
        outside.map(fault).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_changes_nothing() {
        let level = Level::default();
        assert!(level.is_identity() && level.faults().is_empty());
        for value in [1.0, 2.345_678_9, 4.9, 5.0] {
            assert_eq!(level.of(value).to_bits(), value.to_bits());
        }
        assert!(!Level { shift: 0.01, ..level }.is_identity() && !Level { spread: 0.99, ..level }.is_identity());
    }

    #[test]
    fn it_stretches_about_the_center_and_stays_on_the_scale() {
        let level = Level { shift: -0.5, spread: 2.0, center: 3.5 };
        assert_eq!([3.5, 4.0, 1.0, 5.0].map(|value| level.of(value)), [3.0, 4.0, 1.0, 5.0]);
        assert_eq!(level.line(1.0), -2.0);
    }

    #[test]
    fn impossible_numbers_are_named() {
        let faults = Level { shift: 4.1, spread: 0.2, center: f64::NAN }.faults();
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert!(faults[1].starts_with("level: spread must be between 0.25 and 4"), "{faults:?}");
    }
}
