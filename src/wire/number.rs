//! JSON numbers by their decimal text: no rounding stands between what was sent and what is judged
//! (`1.005` is not a step of 0.01, `1e400` is out of range and not infinite).

/// What a JSON number is, seen as a number of hundredths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decimal {
    /// Exactly so many hundredths, in the range asked for.
    Hundredths(u16),
    OutOfRange,
    /// In range, but between two hundredths.
    NotAStep,
}

/// Significant digits beyond this do not change what is said of a number.
const PLACES: i64 = 20;

/// Judges a JSON number (`text` is one) against a range of hundredths.
pub fn hundredths(text: &str, range: std::ops::RangeInclusive<u16>) -> Decimal {
    let (negative, digits, exponent) = parts(text);
    if digits.is_empty() {
        return if range.contains(&0) { Decimal::Hundredths(0) } else { Decimal::OutOfRange };
    }
    if negative {
        return Decimal::OutOfRange;
    }
    // The value is 0.DIGITS × 10^magnitude; in hundredths, 10^(magnitude + 2).
    let magnitude = exponent.saturating_add(digits.len() as i64);
    let whole = magnitude.saturating_add(2);
    if whole > PLACES {
        return Decimal::OutOfRange;
    }
    let whole = usize::try_from(whole).unwrap_or(0);
    let floor = digits.iter().copied().chain(std::iter::repeat(0)).take(whole);
    let floor = floor.fold(0_u128, |sum, digit| sum * 10 + u128::from(digit));
    let exact = digits.len() <= whole;
    // Between two hundredths the upper one decides about the upper end: 5.001 is above 5.00.
    let (low, high) = (u128::from(*range.start()), u128::from(*range.end()));
    if floor < low || floor > high || (!exact && floor >= high) {
        return Decimal::OutOfRange;
    }
    match (exact, u16::try_from(floor)) {
        (true, Ok(value)) => Decimal::Hundredths(value),
        (true, Err(_)) => Decimal::OutOfRange,
        (false, _) => Decimal::NotAStep,
    }
}

/// Sign, digits without leading and trailing zeros, and the power of ten of the last digit.
fn parts(text: &str) -> (bool, Vec<u8>, i64) {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).map(|b| b - b'0').collect();
    let mut exponent = saturating(exponent).saturating_sub(fraction.len() as i64);
    while digits.last() == Some(&0) {
        digits.pop();
        exponent = exponent.saturating_add(1);
    }
    let leading = digits.iter().take_while(|digit| **digit == 0).count();
    digits.drain(..leading);
    (negative, digits, exponent)
}

/// An exponent; beyond ±10^9 its size says it all.
fn saturating(exponent: &str) -> i64 {
    let (negative, digits) = match exponent.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, exponent.strip_prefix('+').unwrap_or(exponent)),
    };
    let value = digits.bytes().fold(0_i64, |sum, b| (sum * 10 + i64::from(b - b'0')).min(1_000_000_000));
    if negative { -value } else { value }
}

/// A JSON number that is written as an integer, in range; `14.0` and `1e1` are not.
pub fn integer(text: &str, range: std::ops::RangeInclusive<u16>) -> Result<u16, NotInteger> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(NotInteger::Form);
    }
    let value: i64 = text.parse().map_err(|_| NotInteger::Range)?;
    u16::try_from(value).ok().filter(|value| range.contains(value)).ok_or(NotInteger::Range)
}

/// Why a number is not an integer in range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotInteger {
    Form,
    Range,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r3_8_steps_of_a_hundredth_are_judged_on_the_decimal_text() {
        let cases = [
            ("1", 100),
            ("1.0", 100),
            ("3.10", 310),
            ("3e0", 300),
            ("3E+0", 300),
            ("30e-1", 300),
            ("0.03e2", 300),
            ("4.35", 435),
            ("5.000000000000000000000000", 500),
            ("500e-2", 500),
            ("0.0000000000000000000000003e25", 300),
        ];
        for (text, expected) in cases {
            assert_eq!(hundredths(text, 100..=500), Decimal::Hundredths(expected), "{text}");
        }
        for text in ["1.005", "4.999", "4.9999999999999999999999999999", "1.00000000000000000000000000001", "29999e-4"]
        {
            assert_eq!(hundredths(text, 100..=500), Decimal::NotAStep, "{text}");
        }
        let out = [
            "0",
            "0.99",
            "0.999",
            "-3",
            "-0",
            "5.01",
            "5.001",
            "5.0000000000000000000000000000001",
            "6",
            "1e400",
            "1e-400",
            "1e99999999999999999999",
            "1e-99999999999999999999",
            "123456789012345678901234567890",
            "65636",
        ];
        for text in out {
            assert_eq!(hundredths(text, 100..=500), Decimal::OutOfRange, "{text}");
        }
        assert_eq!(hundredths("-0.0", 0..=100), Decimal::Hundredths(0));
    }

    #[test]
    fn r3_8_integers_are_integers() {
        assert_eq!(integer("14", 1..=90), Ok(14));
        assert_eq!(integer("-0", 0..=10_080), Ok(0));
        for text in ["14.0", "1e1", "14.5", "1e400"] {
            assert_eq!(integer(text, 1..=90), Err(NotInteger::Form), "{text}");
        }
        for text in ["0", "91", "-14", "65550", "99999999999999999999"] {
            assert_eq!(integer(text, 1..=90), Err(NotInteger::Range), "{text}");
        }
    }
}
