//! Instants and spans, in whole milliseconds.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Millis = i64;

pub const SECOND: Millis = 1_000;
pub const MINUTE: Millis = 60 * SECOND;
pub const HOUR: Millis = 60 * MINUTE;
pub const DAY: Millis = 24 * HOUR;

/// `2026-03-15T14:35:00.000Z` (R2.3).
///
/// Instants outside chrono's range are refused at the door. Should one exist all the same, it is shown as the nearest
/// that chrono can name.
pub fn format(at: Millis) -> String {
    DateTime::<Utc>::from_timestamp_millis(at)
        .unwrap_or(if at < 0 { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC })
        .to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// For `#[serde(serialize_with = …)]` on answers.
pub fn serialize<S: serde::Serializer>(at: &Millis, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format(*at))
}

/// As [`serialize`], `null` for none.
pub fn serialize_option<S: serde::Serializer>(at: &Option<Millis>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => serialize(at, serializer),
        None => serializer.serialize_none(),
    }
}

/// The inverse of [`serialize`], for `#[serde(deserialize_with = …)]`.
pub fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Millis, D::Error> {
    let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
    parse_rfc3339(&text).map_err(serde::de::Error::custom)
}

/// The inverse of [`serialize_option`].
pub fn deserialize_option<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Millis>, D::Error> {
    let text = <Option<String> as serde::Deserialize>::deserialize(deserializer)?;
    text.map(|text| parse_rfc3339(&text)).transpose().map_err(serde::de::Error::custom)
}

/// Why a text is no instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    #[error("is not an RFC 3339 time such as 2026-03-15T14:35:00.000Z")]
    NotRfc3339,
    #[error("is not a date such as 2026-03-15")]
    NotADate,
    #[error("is not an RFC 3339 time, nor a date such as 2026-03-01")]
    NeitherTimeNorDate,
    #[error("names a date, time or offset that does not exist (second 60 included)")]
    Impossible,
    #[error("lies outside the years 0000 to 9999 in UTC")]
    OutOfRange,
}

/// Reads an RFC 3339 time with any offset; digits beyond milliseconds are cut, second 60 is
/// refused (R2.3). `T` and `Z` in any case.
pub fn parse_rfc3339(text: &str) -> Result<Millis, TimeError> {
    let bytes = text.as_bytes();
    if bytes.len() < 20 || !matches!(bytes[10], b'T' | b't') || bytes[13] != b':' || bytes[16] != b':' {
        return Err(TimeError::NotRfc3339);
    }
    let midnight = parse_date_bytes(&bytes[..10]).map_err(|e| match e {
        TimeError::NotADate => TimeError::NotRfc3339,
        other => other,
    })?;
    let field = |at: usize| digits(&bytes[at..at + 2]).ok_or(TimeError::NotRfc3339);
    let (hour, minute, second) = (field(11)?, field(14)?, field(17)?);
    let (millis, rest) = fraction(&bytes[19..])?;
    let offset = offset(rest)?;
    if hour > 23 || minute > 59 || second > 59 {
        return Err(TimeError::Impossible);
    }
    let at = midnight + hour * HOUR + minute * MINUTE + second * SECOND + millis - offset;
    if (FIRST..=LAST).contains(&at) { Ok(at) } else { Err(TimeError::OutOfRange) }
}

/// As [`parse_rfc3339`], for query strings, where a `+` before the offset may have become a space.
pub fn parse_query_time(text: &str) -> Result<Millis, TimeError> {
    if text.contains(' ') { parse_rfc3339(&text.replacen(' ', "+", 1)) } else { parse_rfc3339(text) }
}

/// Reads `2026-03-15`: the first millisecond of that day, UTC. Its last is `+ DAY - 1`.
pub fn parse_date(text: &str) -> Result<Millis, TimeError> {
    parse_date_bytes(text.as_bytes())
}

/// Reads the end of a period: a time as in a query string, or a date, which means one of its instants. `of_day` says
/// which, by the day's number from 1970-01-01 on.
pub fn parse_bound(text: &str, of_day: impl Fn(i64) -> Millis) -> Result<Millis, TimeError> {
    match parse_date(text) {
        Ok(midnight) => Ok(of_day(midnight / DAY)),
        Err(not_a_date) => parse_query_time(text).map_err(|not_a_time| match (not_a_date, not_a_time) {
            (TimeError::NotADate, TimeError::NotRfc3339) => TimeError::NeitherTimeNorDate,
            (TimeError::NotADate, why) | (why, _) => why,
        }),
    }
}

/// 0000-01-01T00:00:00.000Z.
pub const FIRST: Millis = -719_528 * DAY;
/// 9999-12-31T23:59:59.999Z.
pub const LAST: Millis = 2_932_897 * DAY - 1;

fn parse_date_bytes(bytes: &[u8]) -> Result<Millis, TimeError> {
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return Err(TimeError::NotADate);
    }
    let field = |range| digits(&bytes[range]).ok_or(TimeError::NotADate);
    let (year, month, day) = (field(0..4)?, field(5..7)?, field(8..10)?);
    let date = NaiveDate::from_ymd_opt(year as i32, month as u32, day as u32).ok_or(TimeError::Impossible)?;
    Ok(i64::from(date.to_epoch_days()) * DAY)
}

/// The milliseconds of `.123…`, if it comes next, and what follows.
fn fraction(bytes: &[u8]) -> Result<(Millis, &[u8]), TimeError> {
    let Some(rest) = bytes.strip_prefix(b".") else { return Ok((0, bytes)) };
    let count = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    if count == 0 {
        return Err(TimeError::NotRfc3339);
    }
    let millis = (0..3).fold(0, |sum, at| sum * 10 + if at < count { Millis::from(rest[at] - b'0') } else { 0 });
    Ok((millis, &rest[count..]))
}

/// How far the local time is ahead of UTC.
fn offset(bytes: &[u8]) -> Result<Millis, TimeError> {
    match *bytes {
        [b'Z' | b'z'] => Ok(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let hours = digits(&[h1, h2]).ok_or(TimeError::NotRfc3339)?;
            let minutes = digits(&[m1, m2]).ok_or(TimeError::NotRfc3339)?;
            if hours > 23 || minutes > 59 {
                return Err(TimeError::Impossible);
            }
            let ahead = hours * HOUR + minutes * MINUTE;
            Ok(if sign == b'-' { -ahead } else { ahead })
        }
        _ => Err(TimeError::NotRfc3339),
    }
}

fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0, |sum, b| b.is_ascii_digit().then(|| sum * 10 + i64::from(b - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-03-15T14:35:00.000Z.
    const AT: Millis = 1_773_585_300_000;

    #[test]
    fn r2_3_any_offset_is_read() {
        assert_eq!(parse_rfc3339("2026-03-15T14:35:00.000Z"), Ok(AT));
        assert_eq!(parse_rfc3339("2026-03-15t14:35:00z"), Ok(AT));
        assert_eq!(parse_rfc3339("2026-03-15T16:35:00+02:00"), Ok(AT));
        assert_eq!(parse_rfc3339("2026-03-15T05:05:00-09:30"), Ok(AT));
        assert_eq!(parse_rfc3339("2026-03-16T14:34:00+23:59"), Ok(AT));
        assert_eq!(parse_rfc3339("2026-03-15T14:35:00-00:00"), Ok(AT));
        assert_eq!(format(AT), "2026-03-15T14:35:00.000Z");
    }

    #[test]
    fn r2_3_digits_beyond_milliseconds_are_cut() {
        assert_eq!(parse_rfc3339("2026-03-15T14:35:00.1Z"), Ok(AT + 100));
        assert_eq!(parse_rfc3339("2026-03-15T14:35:00.12Z"), Ok(AT + 120));
        assert_eq!(parse_rfc3339("2026-03-15T14:35:00.9999999999999Z"), Ok(AT + 999));
        assert_eq!(parse_rfc3339("1969-12-31T23:59:59.9999Z"), Ok(-1));
    }

    #[test]
    fn r2_3_second_60_and_other_impossible_times_are_refused() {
        for text in [
            "2016-12-31T23:59:60Z",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:00+24:00",
            "2026-01-01T00:00:00+00:60",
        ] {
            assert_eq!(parse_rfc3339(text), Err(TimeError::Impossible), "{text}");
        }
        assert!(parse_rfc3339("2024-02-29T00:00:00Z").is_ok());
    }

    #[test]
    fn r2_3_other_forms_are_refused() {
        for text in [
            "",
            "2026-03-15",
            "2026-03-15T14:35:00",
            "2026-03-15 14:35:00Z",
            "2026-03-15T14:35Z",
            "2026-03-15T14:35:00.Z",
            "2026-03-15T14:35:00,5Z",
            "2026-03-15T14:35:00+0200",
            "2026-03-15T14:35:00+02",
            "2026-03-15T14:35:00Z ",
            " 2026-03-15T14:35:00Z",
            "+2026-03-15T14:35:00Z",
            "2026-3-15T14:35:00.00Z",
            "2026-03-1\u{665}T14:35:00Z",
            "20260315T143500.000000Z",
        ] {
            assert_eq!(parse_rfc3339(text), Err(TimeError::NotRfc3339), "{text}");
        }
    }

    #[test]
    fn r2_3_an_offset_does_not_lead_out_of_the_four_digit_years() {
        assert_eq!(parse_rfc3339("0000-01-01T00:00:00Z"), Ok(FIRST));
        assert_eq!(parse_rfc3339("9999-12-31T23:59:59.999Z"), Ok(LAST));
        assert_eq!(parse_rfc3339("0000-01-01T00:00:00+00:01"), Err(TimeError::OutOfRange));
        assert_eq!(parse_rfc3339("9999-12-31T23:59:59-00:01"), Err(TimeError::OutOfRange));
    }

    #[test]
    fn r2_3_a_query_may_have_lost_its_plus() {
        assert_eq!(parse_query_time("2026-03-15T16:35:00 02:00"), Ok(AT));
        assert_eq!(parse_query_time("2026-03-15T16:35:00+02:00"), Ok(AT));
        assert_eq!(parse_query_time("2026-03-15 16:35:00 02:00"), Err(TimeError::NotRfc3339));
    }

    #[test]
    fn r2_3_a_date_is_its_first_millisecond() {
        assert_eq!(parse_date("2026-03-15"), parse_rfc3339("2026-03-15T00:00:00Z"));
        assert_eq!(parse_date("2026-02-30"), Err(TimeError::Impossible));
        assert_eq!(parse_date("2026-3-15"), Err(TimeError::NotADate));
        assert_eq!(parse_date("2026-03-15T00:00:00Z"), Err(TimeError::NotADate));
    }
}
