//! How single values are written: times, positions and bytes.

use std::fmt;

use serde::de::Visitor;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::hex;
use crate::domain::ids::Position;
use crate::domain::time::{self, Millis};

/// An instant as RFC 3339 in UTC with milliseconds (R2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time(pub Millis);

impl Time {
    /// None for "before everything".
    pub fn since(at: Millis) -> Option<Self> {
        (at > Millis::MIN).then_some(Self(at))
    }

    /// The other way.
    pub fn or_ever(at: Option<Self>) -> Millis {
        at.map_or(Millis::MIN, |at| at.0)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !(time::FIRST..=time::LAST).contains(&self.0) {
            return Err(S::Error::custom(format_args!("{} ms lie outside of the years 0000 to 9999", self.0)));
        }
        serializer.serialize_str(&time::format(self.0))
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer, "a time such as 2026-03-15T14:35:00.000Z", |text| time::parse_rfc3339(text).ok().map(Self))
    }
}

/// Where an event stands, as `"seq-place"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PositionText(pub Position);

impl Serialize for PositionText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PositionText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer, "a position such as 12-0", |text| Position::parse(text).map(Self))
    }
}

/// So many bytes in hexadecimal digits, lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hex<const N: usize>(#[serde(with = "hex")] pub [u8; N]);

/// As [`Hex`], of any length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HexBytes(pub Vec<u8>);

impl Serialize for HexBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for HexBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer, "an even number of hexadecimal digits", |text| hex::decode(text).map(Self))
    }
}

/// For `#[serde(skip_serializing_if = …)]`.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
pub fn is_false(flag: &bool) -> bool {
    !flag
}

/// A text that `parse` reads.
fn parsed<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    expected: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<T, D::Error> {
    struct Text<'a, F>(&'a str, F);

    impl<'de, T, F: Fn(&str) -> Option<T>> Visitor<'de> for Text<'_, F> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
            self.1(text).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
        }
    }

    deserializer.deserialize_str(Text(expected, parse))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn back<T: Serialize + for<'de> Deserialize<'de>>(value: &T) -> T {
        serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
    }

    proptest! {
        #[test]
        fn times_positions_and_bytes_come_back(
            at in time::FIRST..=time::LAST,
            seq in 0u64..1 << 48,
            place: u16,
            bytes: [u8; 12],
            more in proptest::collection::vec(any::<u8>(), 0..100),
        ) {
            prop_assert_eq!(back(&Time(at)), Time(at));
            prop_assert_eq!(back(&PositionText(Position::new(seq, place))), PositionText(Position::new(seq, place)));
            prop_assert_eq!(back(&Hex(bytes)), Hex(bytes));
            prop_assert_eq!(back(&HexBytes(more.clone())), HexBytes(more));
        }
    }

    #[test]
    fn values_of_another_form_are_refused_by_name() {
        let complaint = |error: serde_json::Error| error.to_string();
        let times = [r#""2026-03-15""#, r#""2026-02-30T00:00:00Z""#, "17", "null"];
        assert!(times.iter().all(|text| complaint(serde_json::from_str::<Time>(text).unwrap_err()).contains("a time")));
        for text in [r#""1""#, r#""1-65536""#, r#""281474976710656-0""#, r#""-1-0""#, "1"] {
            assert!(
                complaint(serde_json::from_str::<PositionText>(text).unwrap_err()).contains("a position"),
                "{text}"
            );
        }
        for text in [r#""a""#, r#""0g""#, r#""0102""#, r#""AB""#] {
            assert!(complaint(serde_json::from_str::<Hex<1>>(text).unwrap_err()).contains("2 hexadecimal"), "{text}");
        }
        assert!(serde_json::to_string(&Time(Millis::MAX)).is_err());
    }
}
