//! Numbers of the model: whole hundredths, rounded once, half up (R2.4).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A whole number of hundredths: a score (100 to 500), a confidence, a rate or an average.
///
/// In JSON a number without needless zeros (`4.5`, `3.85`, `4`); on disk a `u16`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hundredths(pub u16);

impl Hundredths {
    /// 1.00, the lowest score.
    pub const MIN_SCORE: Self = Self(100);
    /// 5.00, the highest score.
    pub const MAX_SCORE: Self = Self(500);

    /// The nearest hundredth, half up. `value` must be at least 0; above 655.35 it saturates.
    pub fn round(value: f64) -> Self {
        Self((value * 100.0 + 0.5).floor().clamp(0.0, f64::from(u16::MAX)) as u16)
    }

    /// `sum / count` hundredths, half up; `None` over nothing (R2.5).
    pub fn mean(sum: u64, count: u64) -> Option<Self> {
        (count > 0).then(|| Self(((2 * sum + count) / (2 * count)) as u16))
    }

    pub fn as_f64(self) -> f64 {
        f64::from(self.0) / 100.0
    }
}

impl fmt::Display for Hundredths {
    /// At least one decimal, as reasons show thresholds (R7.1): `3.0`, `3.25`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / 100, self.0 % 100);
        if part % 10 == 0 { write!(f, "{whole}.{}", part / 10) } else { write!(f, "{whole}.{part:02}") }
    }
}

impl Serialize for Hundredths {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            serializer.serialize_u16(self.0)
        } else if self.0.is_multiple_of(100) {
            serializer.serialize_u16(self.0 / 100)
        } else {
            serializer.serialize_f64(self.as_f64())
        }
    }
}

impl<'de> Deserialize<'de> for Hundredths {
    /// Reads what [`Serialize`] writes. Requests are not read with this: `service::door` checks ranges and decimals
    /// itself, and answers with all faults at once.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            f64::deserialize(deserializer).map(Self::round)
        } else {
            u16::deserialize(deserializer).map(Self)
        }
    }
}

/// A number that is kept as it is, not rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    pub numerator: i64,
    /// Above 0.
    pub denominator: i64,
}

impl Ratio {
    /// The double that is nearest to it.
    pub fn nearest(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }
}

/// For `#[serde(serialize_with = …)]`: a number without needless zeros (R2.4), `3` and not `3.0`.
pub fn serialize_number<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() <= EXACT {
        serializer.serialize_i64(*value as i64)
    } else {
        serializer.serialize_f64(*value)
    }
}

/// The three dimensions, in the order in which every array of three stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dimension {
    Outcome,
    Process,
    Environment,
}

impl Dimension {
    pub const ALL: [Self; 3] = [Self::Outcome, Self::Process, Self::Environment];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Outcome => "outcome",
            Self::Process => "process",
            Self::Environment => "environment",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r2_4_means_are_rounded_half_up() {
        assert_eq!(Hundredths::mean(1, 2), Some(Hundredths(1)));
        assert_eq!(Hundredths::mean(299, 200), Some(Hundredths(1)));
        assert_eq!(Hundredths::mean(300, 200), Some(Hundredths(2)));
        assert_eq!(Hundredths::mean(5, 0), None);
    }

    #[test]
    fn r2_4_numbers_carry_no_needless_zeros() {
        let json = |h| serde_json::to_string(&Hundredths(h)).unwrap();
        assert_eq!((json(450), json(385), json(400), json(0)), ("4.5".into(), "3.85".into(), "4".into(), "0".into()));
    }

    #[test]
    fn r7_1_a_threshold_shows_at_least_one_decimal() {
        assert_eq!(Hundredths(300).to_string(), "3.0");
        assert_eq!(Hundredths(325).to_string(), "3.25");
        assert_eq!(Hundredths(305).to_string(), "3.05");
    }
}
