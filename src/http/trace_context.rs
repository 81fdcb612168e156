//! `traceparent` of W3C Trace Context, level 1: which trace a request belongs to.

use std::fmt;

use axum::http::{HeaderMap, HeaderName};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// `version-trace-parent-flags` and the hyphens between.
const LENGTH: usize = 55;

/// The caller's trace and span. Neither id is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceParent {
    pub trace: TraceId,
    pub parent: u64,
    /// The caller may have recorded the trace.
    pub sampled: bool,
}

/// Reads as 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceId(pub u128);

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl TraceParent {
    /// None where the header is absent, invalid, or there more than once.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let mut all = headers.get_all(TRACEPARENT).iter();
        let (one, None) = (all.next()?, all.next()) else { return None };
        Self::parse(one.as_bytes())
    }

    /// A version above 00 may have more behind a hyphen, which is not looked at.
    fn parse(text: &[u8]) -> Option<Self> {
        let (known, rest) = text.split_at_checked(LENGTH)?;
        let [v0, v1, b'-', ids @ .., b'-', f0, f1] = known else { return None };
        let (trace, parent) = (ids.get(..32)?, ids.get(33..)?);
        let version = hex(&[*v0, *v1])?;
        let fits = if version == 0 { rest.is_empty() } else { rest.is_empty() || rest[0] == b'-' };
        if version == 0xff || !fits || ids[32] != b'-' {
            return None;
        }
        let (trace, parent, flags) = (hex(trace)?, hex(parent)?, hex(&[*f0, *f1])?);
        let parent = u64::try_from(parent).ok()?;
        (trace != 0 && parent != 0).then_some(Self { trace: TraceId(trace), parent, sampled: flags & 1 == 1 })
    }
}

/// Digits in lower case; at most 32.
fn hex(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0, |value: u128, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(value << 4 | u128::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn parse(text: &str) -> Option<TraceParent> {
        TraceParent::parse(text.as_bytes())
    }

    #[test]
    fn a_trace_parent_is_read() {
        let found = parse(GOOD).unwrap();
        assert_eq!(found.trace.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!((found.parent, found.sampled), (0x00f0_67aa_0ba9_02b7, true));
        assert!(!parse(&GOOD.replace("-01", "-00")).unwrap().sampled);
        assert!(parse(&GOOD.replace("-01", "-03")).unwrap().sampled, "bits that level 1 does not know");
        let small = parse("00-0000000000000000000000000000000a-000000000000000b-00").unwrap();
        assert_eq!(small.trace.to_string(), "0000000000000000000000000000000a");
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        let later = GOOD.replacen("00", "cc", 1);
        assert_eq!(parse(&later), parse(GOOD));
        assert_eq!(parse(&format!("{later}-what-the-future-brings")), parse(GOOD));
        assert_eq!(parse(&format!("{later}.what")), None);
    }

    #[test]
    fn what_is_not_exactly_a_trace_parent_is_none() {
        let cases = [
            String::new(),
            GOOD[..54].to_owned(),
            format!("{GOOD}-"),
            format!("{GOOD} "),
            format!(" {GOOD}"),
            GOOD.to_uppercase(),
            GOOD.replacen("00", "ff", 1),
            GOOD.replacen("00", "0g", 1),
            GOOD.replace('-', "_"),
            GOOD.replace("a3ce", "A3CE"),
            GOOD.replace("a3ce", "a3c "),
            GOOD.replace("a3ce9", "a3ce-"),
            GOOD.replace("-01", "-0x"),
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01".to_owned(),
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01".to_owned(),
            "00-4bf92f3577b34da6a3ce929d0e0e4736700-f067aa0ba902b7-01".to_owned(),
        ];
        for text in cases {
            assert_eq!(parse(&text), None, "{text:?}");
        }
    }

    #[test]
    fn two_headers_are_none() {
        let mut headers = HeaderMap::new();
        assert_eq!(TraceParent::of(&headers), None);
        headers.append(TRACEPARENT, GOOD.parse().unwrap());
        assert_eq!(TraceParent::of(&headers), parse(GOOD));
        headers.append(TRACEPARENT, GOOD.parse().unwrap());
        assert_eq!(TraceParent::of(&headers), None);
    }
}
