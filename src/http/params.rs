//! Ids and query strings as clients write them (R2.2, R2.9).

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::RangeInclusive;

use crate::domain::ids::{IdError, IdKind};
use crate::domain::score::Hundredths;
use crate::wire::failure::{Fault, Faults};

/// Reads an id of this kind: `parse_id`, or `IdName::parse` where a client's own are taken too.
pub type ReadId<T> = fn(IdKind, &str) -> Result<T, IdError>;

/// An id of this kind; the fault names the member or parameter.
pub fn read_id<T>(read: ReadId<T>, kind: IdKind, name: &str, text: &str) -> Result<T, Fault> {
    read(kind, text).map_err(|why| Fault::at(name, why.to_string()))
}

/// What is wrong with a parameter that cannot be decoded.
const BROKEN: &str = "is not valid percent-encoded UTF-8";

/// The parameters of a query string, decoded, in their order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Query<'a> {
    pairs: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    faults: Faults,
}

impl<'a> Query<'a> {
    pub fn parse(raw: Option<&'a str>) -> Self {
        let mut query = Self::default();
        for pair in raw.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match (decoded(name), decoded(value)) {
                (Some(name), Some(value)) => query.pairs.push((name, value)),
                (Some(name), None) => query.faults.push(|| Fault::at(&name, BROKEN)),
                (None, _) => query.faults.push(|| Fault::at(name, BROKEN)),
            }
        }
        query
    }

    /// The first value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(sent, _)| sent == name).map(|(_, value)| value.as_ref())
    }

    /// A whole number within `range`; a fault where it is something else.
    pub fn whole(&self, name: &str, range: RangeInclusive<u64>, faults: &mut Vec<Fault>) -> Option<u64> {
        let text = self.get(name)?;
        let digits = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let number = digits.and_then(|text| text.parse().ok()).filter(|number| range.contains(number));
        if number.is_none() {
            let (from, to) = range.into_inner();
            faults.push(Fault::at(name, format!("must be a whole number from {from} to {to}")));
        }
        number
    }

    /// A text of 1 to `max` characters; a fault where it is something else.
    pub fn text(&self, name: &str, max: usize, faults: &mut Vec<Fault>) -> Option<&str> {
        let text = self.get(name)?;
        let fits = (1..=max).contains(&text.chars().count());
        if !fits {
            faults.push(Fault::at(name, format!("must have 1 to {max} characters")));
        }
        Some(text).filter(|_| fits)
    }

    /// `true` or `false`; a fault where it is something else.
    pub fn switch(&self, name: &str, faults: &mut Vec<Fault>) -> Option<bool> {
        let switch = self.get(name)?.parse().map_err(|_| Fault::at(name, "must be true or false"));
        switch.map_err(|fault| faults.push(fault)).ok()
    }

    /// One of these; a fault where it is something else.
    pub fn choice<T: Copy>(&self, name: &str, known: &[(&str, T)], faults: &mut Vec<Fault>) -> Option<T> {
        chosen(name, self.get(name)?, known, faults)
    }

    /// Any number of these, with commas between; a fault where there is something else.
    pub fn choices<T: Copy>(&self, name: &str, known: &[(&str, T)], faults: &mut Vec<Fault>) -> Vec<T> {
        let before = faults.len();
        let sent = self.get(name).into_iter().flat_map(|text| text.split(','));
        let chosen = sent.filter_map(|text| chosen(name, text, known, faults)).collect();
        faults.truncate(before + 1);
        chosen
    }

    /// A number within `range` with at most two decimals; a fault where it is something else.
    pub fn hundredths(
        &self,
        name: &str,
        range: RangeInclusive<Hundredths>,
        faults: &mut Vec<Fault>,
    ) -> Option<Hundredths> {
        let number = hundredths(self.get(name)?).filter(|number| range.contains(number));
        if number.is_none() {
            let [from, to] = [range.start(), range.end()].map(|end| end.as_f64());
            faults.push(Fault::at(name, format!("must be a number from {from} to {to} with at most two decimals")));
        }
        number
    }

    /// Every parameter that is broken, unknown or repeated.
    pub fn faults(&self, known: &[&str]) -> Vec<Fault> {
        let mut faults = self.faults.clone();
        let mut times = HashMap::new();
        for (name, _) in &self.pairs {
            let before = times.entry(name.as_ref()).or_insert(0);
            match *before {
                0 if !known.contains(&name.as_ref()) => {
                    faults.push(|| Fault::at(name, "is not a known query parameter"));
                }
                1 => faults.push(|| Fault::at(name, "must not be repeated")),
                _ => {}
            }
            *before += 1;
        }
        faults.into_details()
    }
}

fn chosen<T: Copy>(name: &str, text: &str, known: &[(&str, T)], faults: &mut Vec<Fault>) -> Option<T> {
    let found = known.iter().find(|(known, _)| *known == text).map(|(_, value)| *value);
    if found.is_none() {
        let names: Vec<_> = known.iter().map(|(known, _)| *known).collect();
        faults.push(Fault::at(name, format!("must be one of {}", names.join(", "))));
    }
    found
}

/// Digits, and a point and one or two digits.
fn hundredths(text: &str) -> Option<Hundredths> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !are_digits(whole) || !are_digits(decimals) || decimals.len() > 2 {
        return None;
    }
    let decimals = format!("{decimals:0<2}").parse::<u16>().ok()?;
    whole.parse::<u16>().ok()?.checked_mul(100)?.checked_add(decimals).map(Hundredths)
}

/// `+` is a space, `%41` an `A`; `None` for a broken escape or bytes that are not UTF-8.
fn decoded(text: &str) -> Option<Cow<'_, str>> {
    if !text.bytes().any(|b| matches!(b, b'%' | b'+')) {
        return Some(text.into());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                let (digits, after) = rest.split_at_checked(2)?;
                rest = after;
                bytes.push(hex(digits[0])? << 4 | hex(digits[1])?);
            }
            byte => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).ok().map(Cow::from)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r2_9_unknown_repeated_and_broken_parameters() {
        let query = Query::parse(Some("from=a&x=1&from=b&from=c&x=2&&to=%ff&%zz=1&y"));
        let faults: Vec<_> = query.faults(&["from", "to"]).into_iter().map(|fault| fault.pointer).collect();
        assert_eq!(faults, ["/to", "/%zz", "/x", "/from", "/x", "/y"]);
        assert!(Query::parse(Some("from=a&to=")).faults(&["from", "to"]).is_empty());
        assert!(Query::parse(None).faults(&[]).is_empty());
    }

    #[test]
    fn r2_9_switches_choices_and_numbers_are_what_they_say() {
        let known = [("a", 1), ("b", 2)];
        let read = |text: &str| {
            let (query, mut faults) = (format!("x={text}"), Vec::new());
            let query = Query::parse(Some(&query));
            let switch = query.switch("x", &mut faults);
            let choices = (query.choice("x", &known, &mut faults), query.choices("x", &known, &mut faults));
            let number = query.hundredths("x", Hundredths(100)..=Hundredths(500), &mut faults).map(|number| number.0);
            (switch, choices.0, choices.1, number, faults.len())
        };
        assert_eq!(read("true"), (Some(true), None, vec![], None, 3));
        assert_eq!(read("a"), (None, Some(1), vec![1], None, 2));
        assert_eq!(read("b,a,c,d"), (None, None, vec![2, 1], None, 4));
        for (text, number) in [("1", 100), ("3.5", 350), ("3.05", 305), ("05.00", 500)] {
            assert_eq!(read(text).3, Some(number), "{text}");
        }
        for text in ["0.99", "5.01", "3.", ".5", "-3", "+3", "3.123", "3e0", "", "1.+1", "99999", "NaN"] {
            assert_eq!(read(text).3, None, "{text}");
        }
    }

    #[test]
    fn r2_3_percent_and_plus_are_decoded() {
        let query = Query::parse(Some("from=2026-03-01T00%3A00:00+02:00&to=2026-03-01T00:00:00%2B02:00"));
        assert_eq!(query.get("from"), Some("2026-03-01T00:00:00 02:00"));
        assert_eq!(query.get("to"), Some("2026-03-01T00:00:00+02:00"));
        assert_eq!(query.get("period"), None);
    }
}
