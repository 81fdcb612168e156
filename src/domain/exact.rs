//! Numbers that people set, kept to the last bit.

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::score::serialize_number;

/// A number that comes back bit for bit. On disk an `f64`; in JSON the shortest decimal that names it, without needless
/// zeros (R2.4), read to the nearest: serde_json's own reading may miss that by one bit. Two are equal if their bits are.
#[derive(Clone, Copy, Debug)]
pub struct Exact(pub f64);

impl PartialEq for Exact {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Eq for Exact {}

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return serializer.serialize_f64(self.0);
        }
        if !self.0.is_finite() {
            return Err(S::Error::custom("a number is not finite"));
        }
        let is_negative_zero = self.0 == 0.0 && self.0.is_sign_negative();
        if is_negative_zero { serializer.serialize_f64(self.0) } else { serialize_number(&self.0, serializer) }
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return f64::deserialize(deserializer).map(Self);
        }
        let text = <&RawValue>::deserialize(deserializer)?.get();
        let number = text.parse().ok().filter(|number: &f64| number.is_finite());
        number.map(Self).ok_or_else(|| D::Error::custom(format_args!("{text} is not a number")))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_come_back_bit_for_bit(bits: u64) {
            let number = f64::from_bits(bits);
            prop_assume!(number.is_finite());
            let text = serde_json::to_string(&Exact(number)).unwrap();
            prop_assert_eq!(serde_json::from_str::<Exact>(&text).unwrap().0.to_bits(), bits);
        }
    }

    #[test]
    fn what_is_no_number_is_refused_by_name() {
        for text in ["1e999", "null", r#""1""#, "true"] {
            let error = serde_json::from_str::<Exact>(text).unwrap_err().to_string();
            assert!(error.contains("not a number"), "{text}");
        }
        assert!(serde_json::to_string(&Exact(f64::NAN)).is_err());
    }
}
