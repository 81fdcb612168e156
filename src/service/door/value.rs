//! One JSON value of an event, still as text: reading it checks type and range, so that an
//! impossible number rejects its event and nothing else.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use serde_json::value::RawValue;

use super::fault::{Fault, ValuePath};
use crate::domain::ids::{Id, IdKind, IdName};
use crate::domain::score::Hundredths;

/// The text of a valid JSON value, without white space around it, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value<'a> {
    pub raw: &'a str,
    pub place: ValuePath<'static>,
}

impl<'a> Value<'a> {
    fn invalid(self, what: &str) -> Fault {
        Fault::invalid(self.place, what)
    }

    /// A string, unescaped. Borrowed where nothing was escaped.
    fn string(self) -> Option<Cow<'a, str>> {
        let inner = self.raw.strip_prefix('"')?.strip_suffix('"')?;
        if inner.as_bytes().contains(&b'\\') {
            // Fails on surrogates that stand alone: JSON's grammar has them, Unicode text has not.
            serde_json::from_str(self.raw).ok().map(Cow::Owned)
        } else {
            Some(Cow::Borrowed(inner))
        }
    }

    /// A string of any length.
    pub fn text(self) -> Result<Cow<'a, str>, Fault> {
        self.string().ok_or_else(|| self.invalid("must be a text"))
    }

    /// A string of 1 to `most` characters, without NUL.
    pub fn short_text(self, most: usize) -> Result<Cow<'a, str>, Fault> {
        self.bounded(1..=most)
    }

    /// A string of so many characters, without NUL.
    pub fn bounded(self, characters: RangeInclusive<usize>) -> Result<Cow<'a, str>, Fault> {
        let (least, most) = (*characters.start(), *characters.end());
        let fits = |text: &Cow<'_, str>| {
            // Texts are short and mostly ASCII: where no character is more than a byte, bytes say it.
            let length =
                if text.len() <= most && least <= 1 { text.len() } else { text.chars().take(most + 1).count() };
            // NUL can only come in escaped.
            (least..=most).contains(&length) && (matches!(text, Cow::Borrowed(_)) || !text.contains('\0'))
        };
        self.string()
            .filter(fits)
            .ok_or_else(|| self.invalid(&format!("must be a text of {least} to {most} characters without NUL")))
    }

    /// The id, in this workspace, of what is named.
    pub fn id(self, kind: IdKind, workspace: Id) -> Result<Id, Fault> {
        let text = self.string().ok_or_else(|| self.invalid("must be a text"))?;
        let name = IdName::parse(kind, &text).map_err(|e| self.invalid(&e.to_string()))?;
        Ok(name.within(workspace))
    }

    pub fn boolean(self) -> Result<bool, Fault> {
        match self.raw {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(self.invalid("must be true or false")),
        }
    }

    /// A whole number; `4.0` and `40e-1` are 4.
    pub fn integer(self, range: RangeInclusive<u16>) -> Result<u16, Fault> {
        scaled(self.raw, 0)
            .filter(|n| range.contains(n))
            .ok_or_else(|| self.invalid(&format!("must be a whole number from {} to {}", range.start(), range.end())))
    }

    /// A number of at most two decimals, judged on its decimal text.
    pub fn hundredths(self, range: RangeInclusive<Hundredths>) -> Result<Hundredths, Fault> {
        let number = scaled(self.raw, 2).map(Hundredths);
        number.filter(|n| range.contains(n)).ok_or_else(|| {
            let (least, most) = (range.start().as_f64(), range.end().as_f64());
            self.invalid(&format!("must be a number from {least} to {most} with at most two decimals"))
        })
    }

    /// A number in a range that begins at 0. Never -0.
    pub fn number(self, most: f64) -> Result<f64, Fault> {
        let number = self.raw.starts_with(|c: char| c == '-' || c.is_ascii_digit()).then(|| self.raw.parse::<f64>());
        match number {
            Some(Ok(n)) if (0.0..=most).contains(&n) => Ok(n.abs()),
            Some(_) | None => Err(self.invalid(&format!("must be a number from 0 to {most}"))),
        }
    }

    /// One of the texts of a table.
    pub fn one_of<T: Copy>(self, table: &[(&str, T)]) -> Result<T, Fault> {
        let found = self.string().and_then(|text| table.iter().find(|(name, _)| *name == text));
        found.map(|(_, value)| *value).ok_or_else(|| {
            let names: Vec<_> = table.iter().map(|(name, _)| *name).collect();
            self.invalid(&format!("must be one of {}", names.join(", ")))
        })
    }

    /// An array of at most `most` values.
    pub fn items(self, most: usize) -> Result<Vec<&'a str>, Fault> {
        let fault = || self.invalid(&format!("must be an array of at most {most} texts"));
        if !self.raw.starts_with('[') {
            return Err(fault());
        }
        let mut items = Vec::new();
        super::envelope::each_element(self.raw, |item: &'a RawValue| {
            items.push(item.get());
            items.len() <= most
        })
        .map_err(|_| fault())?;
        Ok(items)
    }
}

/// The text as a JSON number, times 10^`decimals`; `None` unless that is a whole number within 0–65,535.
fn scaled(raw: &str, decimals: u8) -> Option<u16> {
    short(raw, decimals).or_else(|| Decimal::parse(raw).and_then(|d| d.scaled(decimals.into())))
}

/// As [`scaled`], for what nearly every number is: a few digits, with or without a point. `None`
/// says nothing.
fn short(raw: &str, decimals: u8) -> Option<u16> {
    if raw.len() > 6 {
        return None;
    }
    let (mut number, mut behind) = (0_u32, None);
    for byte in raw.bytes() {
        match byte {
            b'0'..=b'9' => {
                number = number * 10 + u32::from(byte - b'0');
                behind = behind.map(|count: u8| count + 1);
            }
            b'.' if behind.is_none() => behind = Some(0),
            _ => return None,
        }
    }
    let missing = decimals.checked_sub(behind.unwrap_or(0))?;
    u16::try_from(number.checked_mul(10_u32.checked_pow(missing.into())?)?).ok()
}

/// A JSON number as it stands: `mantissa` × 10^`exponent`, no zero at the mantissa's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Decimal {
    negative: bool,
    mantissa: u64,
    exponent: i64,
}

impl Decimal {
    /// `None` for what is no number, or has more than 19 significant digits or an exponent beyond 64 bits (unless it
    /// is 0): no such number is accepted anywhere.
    fn parse(raw: &str) -> Option<Self> {
        let (negative, unsigned) = raw.strip_prefix('-').map_or((false, raw), |rest| (true, rest));
        if !unsigned.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let (number, power) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
        let mut mantissa = 0_u64;
        // Zeros are held back until a digit follows: `1.000…0` is 1, however many they are.
        let (mut zeros, mut shift) = (0_u32, 0_i64);
        for digit in whole.bytes().chain(decimals.bytes()).map(|b| b - b'0') {
            if digit == 0 {
                zeros += u32::from(mantissa != 0);
                shift += i64::from(mantissa == 0);
                continue;
            }
            mantissa = 10_u64.checked_pow(zeros + 1)?.checked_mul(mantissa)?.checked_add(u64::from(digit))?;
            shift += i64::from(zeros) + 1;
            zeros = 0;
        }
        if mantissa == 0 {
            return Some(Self { negative: false, mantissa, exponent: 0 });
        }
        let power: i64 = power.parse().ok()?;
        let exponent = i64::try_from(whole.len()).ok()? - shift;
        Some(Self { negative, mantissa, exponent: exponent.checked_add(power)? })
    }

    /// The number times 10^`decimals`, if that is a whole number within 0–65,535.
    fn scaled(self, decimals: i64) -> Option<u16> {
        let power = u32::try_from(self.exponent.checked_add(decimals)?).ok()?;
        let scaled = if self.mantissa == 0 { 0 } else { 10_u64.checked_pow(power)?.checked_mul(self.mantissa)? };
        if self.negative { None } else { u16::try_from(scaled).ok() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn r4_4_a_number_is_what_it_is_worth_however_it_is_written() {
        for raw in ["4", "4.0", "4.000", "40e-1", "0.4e1", "0.0004E+4", "400e-0002", "4e0", "4e-0"] {
            assert_eq!(scaled(raw, 0), Some(4), "{raw}");
        }
        for raw in ["0", "-0", "0.0", "0e999999999999999999999", "0.000e-5", "-0.0e5"] {
            assert_eq!(scaled(raw, 0), Some(0), "{raw}");
        }
        let padded = format!("4.{}", "0".repeat(5_000));
        assert_eq!(scaled(&padded, 0), Some(4));
        assert_eq!(scaled(&format!("{padded}1"), 0), None);
        assert_eq!(scaled("65535", 0), Some(65_535));
    }

    #[test]
    fn r4_6_what_is_no_small_whole_number_is_none() {
        for raw in [
            "-4",
            "3.5",
            "65536",
            "1e400",
            "1e-400",
            "4e99999999999999999999",
            "\"4\"",
            "true",
            "null",
            "[4]",
            "99999999999999999999",
            "4.00000000000000000000000001",
            "-1e-1",
        ] {
            assert_eq!(scaled(raw, 0), None, "{raw}");
        }
    }

    #[test]
    fn r4_6_two_decimals_are_judged_on_the_text() {
        for (raw, hundredths) in
            [("4.50", 450), ("4.5e0", 450), ("1.01", 101), ("0.29", 29), ("5", 500), ("45e-1", 450)]
        {
            assert_eq!(scaled(raw, 2), Some(hundredths), "{raw}");
        }
        for raw in ["1.005", "4.500000000000000001", "4.5e-2", "0.001"] {
            assert_eq!(scaled(raw, 2), None, "{raw}");
        }
    }

    proptest! {
        #[test]
        fn r4_4_a_short_number_is_worth_what_a_long_one_is(n in 0_u32..100_000, point in 0_usize..6, decimals in 0_u8..3) {
            let digits = n.to_string();
            let raw = match digits.split_at_checked(point) {
                Some((whole, rest)) if !whole.is_empty() && !rest.is_empty() => format!("{whole}.{rest}"),
                Some(_) | None => digits,
            };
            if let Some(quick) = short(&raw, decimals) {
                prop_assert_eq!(Some(quick), Decimal::parse(&raw).and_then(|d| d.scaled(decimals.into())), "{}", raw);
            }
        }

        #[test]
        fn r4_4_shifting_the_point_changes_nothing(n in any::<u16>(), shift in 0_usize..30) {
            let wide = format!("{n:0>40}");
            let (whole, decimals) = wide.split_at(40 - shift);
            let whole = whole.trim_start_matches('0');
            let raw = format!("{}.{decimals}0e{shift}", if whole.is_empty() { "0" } else { whole });
            prop_assert_eq!(scaled(&raw, 0), Some(n), "{}", raw);
        }
    }
}
