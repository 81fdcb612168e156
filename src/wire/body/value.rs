//! Single values of bodies, by their text in JSON.

use std::fmt;
use std::ops::RangeInclusive;

use serde::Deserializer as _;
use serde::de::{DeserializeOwned, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::domain::score::Hundredths;
use crate::domain::scoring::catalogue::shares;
use crate::wire::number::{self, Decimal, NotInteger};

/// A value of its type, or what is wrong with it.
pub type Read<T> = Result<T, String>;

/// The elements of an array that has no more than `most`.
pub fn elements(text: &str, most: usize) -> Read<Vec<&RawValue>> {
    let (mut found, mut reader) = (Vec::new(), serde_json::Deserializer::from_str(text));
    let read = reader.deserialize_seq(Elements { found: &mut found, most });
    if found.len() > most {
        return Err(format!("must have at most {most} elements"));
    }
    read.map(|()| found).map_err(|_| "must be an array".to_owned())
}

pub fn typed<T: DeserializeOwned>(text: &str, complaint: &'static str) -> Read<T> {
    serde_json::from_str(text).map_err(|_| complaint.to_owned())
}

/// One of these names.
pub fn one_of<T: Copy>(text: &str, known: &[(&str, T)]) -> Read<T> {
    let sent: String = typed(text, "must be a string")?;
    let found = known.iter().find(|(name, _)| *name == sent);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
        format!("must be one of {}", names.join(", "))
    })
}

pub fn is_number(text: &str) -> bool {
    text.starts_with(|first: char| first == '-' || first.is_ascii_digit())
}

pub fn boolean(text: &str) -> Read<bool> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("must be true or false".into()),
    }
}

pub fn integer(text: &str, min: u16, max: u16) -> Read<u16> {
    if !is_number(text) {
        return Err("must be an integer".into());
    }
    number::integer(text, min..=max).map_err(|why| match why {
        NotInteger::Form => "must be an integer".into(),
        NotInteger::Range => format!("must be between {min} and {max}"),
    })
}

pub fn real(text: &str, range: &RangeInclusive<f64>) -> Read<f64> {
    if !is_number(text) {
        return Err("must be a number".into());
    }
    // No number is told from its negative zero.
    let value = text.parse::<f64>().ok().map(|value| value + 0.0).filter(|value| range.contains(value));
    value.ok_or_else(|| format!("must be between {} and {}", range.start(), range.end()))
}

pub fn parts(text: &str) -> Read<[f64; 3]> {
    let expected = || "must be three numbers that are not negative and not all 0".to_owned();
    let parts: Option<Vec<f64>> = elements(text, 3)
        .map_err(|_| expected())?
        .iter()
        .map(|part| real(part.get(), &(0.0..=f64::MAX)).ok())
        .collect();
    let parts = parts.and_then(|parts| <[f64; 3]>::try_from(parts).ok());
    parts.filter(|parts| shares(*parts).is_some()).ok_or_else(expected)
}

pub fn score(text: &str) -> Read<Hundredths> {
    hundredths(text, Hundredths::MIN_SCORE, Hundredths::MAX_SCORE)
}

pub fn hundredths(text: &str, min: Hundredths, max: Hundredths) -> Read<Hundredths> {
    if !is_number(text) {
        return Err("must be a number".into());
    }
    match number::hundredths(text, min.0..=max.0) {
        Decimal::Hundredths(value) => Ok(Hundredths(value)),
        Decimal::OutOfRange => Err(format!("must be between {min} and {max}")),
        Decimal::NotAStep => Err("must be in steps of 0.01".into()),
    }
}

/// Collects the elements of an array, up to one too many.
struct Elements<'f, 'de> {
    found: &'f mut Vec<&'de RawValue>,
    most: usize,
}

impl<'de> Visitor<'de> for Elements<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while self.found.len() <= self.most
            && let Some(element) = seq.next_element()?
        {
            self.found.push(element);
        }
        Ok(())
    }
}
