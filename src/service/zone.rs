//! Time zones: when a day begins, and when a clock strikes.

use chrono::{DateTime, NaiveDateTime, Offset, TimeZone};
use chrono_tz::Tz;

use crate::domain::time::{DAY, HOUR, Millis};

/// A day of a calendar, counted from 1970-01-01.
pub type Day = i64;

/// A time zone of the IANA database.
#[derive(Clone, Copy, Debug)]
pub struct Zone(Tz);

impl Zone {
    pub const UTC: Self = Self(Tz::UTC);

    pub fn named(name: &str) -> Option<Self> {
        name.parse().ok().map(Self)
    }

    /// How far its clocks are ahead of UTC.
    fn offset(self, at: Millis) -> Millis {
        let offset = self.0.offset_from_utc_datetime(&naive(at)).fix();
        Millis::from(offset.local_minus_utc()) * 1_000
    }

    pub fn day(self, at: Millis) -> Day {
        (at + self.offset(at)).div_euclid(DAY)
    }

    /// The first instant of a day: midnight, and the first of two; where clocks go past midnight, the instant at which
    /// they do. Of a day that is left out altogether, the first instant of the next one.
    pub fn first_of(self, day: Day) -> Millis {
        let midnight = day * DAY;
        match self.0.from_local_datetime(&naive(midnight)).earliest() {
            Some(first) => first.timestamp_millis(),
            // Clocks are at most 14 hours ahead of UTC and 12 behind.
            None => first(midnight - 15 * HOUR, midnight + 13 * HOUR, |at| at + self.offset(at) >= midnight),
        }
    }

    /// The next instant at which a clock shows a full hour, or goes past one: 02:00 twice on the night on which it is
    /// set back to there.
    pub fn next_hour(self, mut at: Millis) -> Millis {
        loop {
            let offset = self.offset(at);
            let end = at + HOUR - (at + offset).rem_euclid(HOUR);
            if self.offset(end) == offset {
                return end;
            }
            let change = first(at, end, |at| self.offset(at) != offset);
            let (before, after) = (change - 1 + offset, change + self.offset(change));
            if after.rem_euclid(HOUR) == 0 || after.div_euclid(HOUR) > before.div_euclid(HOUR) {
                return change;
            }
            at = change;
        }
    }
}

/// The first instant after `low` for which it holds, as it does from there to `high`.
fn first(mut low: Millis, mut high: Millis, holds: impl Fn(Millis) -> bool) -> Millis {
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

/// As a calendar and a clock show it that know of no zone. Instants come from outside and lie in four-digit years.
fn naive(at: Millis) -> NaiveDateTime {
    DateTime::from_timestamp_millis(at).map_or(NaiveDateTime::MAX, |at| at.naive_utc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{format, parse_date, parse_rfc3339};

    fn zone(name: &str) -> Zone {
        Zone::named(name).unwrap()
    }

    fn day(date: &str) -> Day {
        parse_date(date).unwrap() / DAY
    }

    fn at(text: &str) -> Millis {
        parse_rfc3339(text).unwrap()
    }

    /// When the day begins, and how long it is, in minutes.
    fn shape(name: &str, date: &str) -> (String, i64) {
        let (zone, day) = (zone(name), day(date));
        let first = zone.first_of(day);
        assert_eq!((zone.day(first), zone.day(first - 1)), (day, day - 1), "{name} {date}");
        (format(first), (zone.first_of(day + 1) - first) / 60_000)
    }

    #[test]
    fn r6_7_days_are_as_long_as_clocks_make_them() {
        let cases = [
            ("UTC", "2026-03-29", "2026-03-29T00:00:00.000Z", 1_440),
            ("Europe/Copenhagen", "2026-03-28", "2026-03-27T23:00:00.000Z", 1_440),
            ("Europe/Copenhagen", "2026-03-29", "2026-03-28T23:00:00.000Z", 1_380),
            ("Europe/Copenhagen", "2026-10-25", "2026-10-24T22:00:00.000Z", 1_500),
            ("Asia/Kathmandu", "2026-03-29", "2026-03-28T18:15:00.000Z", 1_440),
            ("Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00:00.000Z", 1_470),
            ("Australia/Lord_Howe", "2026-10-04", "2026-10-03T13:30:00.000Z", 1_410),
            // No midnight: clocks go from 00:00 to 01:00.
            ("America/Asuncion", "2023-10-01", "2023-10-01T04:00:00.000Z", 1_380),
            // Two midnights: clocks go from 01:00 back to 00:00.
            ("America/Havana", "2025-11-02", "2025-11-02T04:00:00.000Z", 1_500),
            // Clocks go from 24:00 back to 23:00: the day before is the longer one.
            ("America/Sao_Paulo", "2018-02-17", "2018-02-17T02:00:00.000Z", 1_500),
            ("America/Sao_Paulo", "2018-02-18", "2018-02-18T03:00:00.000Z", 1_440),
            ("Pacific/Kiritimati", "2026-03-29", "2026-03-28T10:00:00.000Z", 1_440),
        ];
        for (name, date, first, minutes) in cases {
            assert_eq!(shape(name, date), (first.to_owned(), minutes), "{name} {date}");
        }
    }

    #[test]
    fn r6_7_a_day_that_was_left_out_begins_with_the_next() {
        let apia = zone("Pacific/Apia");
        let first = at("2011-12-30T10:00:00Z");
        assert_eq!([day("2011-12-30"), day("2011-12-31")].map(|day| apia.first_of(day)), [first; 2]);
        assert_eq!(apia.first_of(day("2012-01-01")), first + DAY);
    }

    /// The lengths of the hours from there on, in minutes.
    fn hours<const N: usize>(name: &str, from: &str) -> [i64; N] {
        let mut last = at(from);
        [(); N].map(|()| {
            let next = zone(name).next_hour(last);
            (next - std::mem::replace(&mut last, next)) / 60_000
        })
    }

    #[test]
    fn r6_7_hours_begin_where_clocks_strike() {
        assert_eq!(hours("UTC", "2026-03-29T00:10:00Z"), [50, 60]);
        assert_eq!(hours("Asia/Kolkata", "2026-03-29T00:00:00Z"), [30, 60]);
        assert_eq!(hours("Asia/Kathmandu", "2026-03-29T00:00:00Z"), [15, 60]);
        assert_eq!(hours("Europe/Copenhagen", "2026-03-29T00:00:00Z"), [60; 3]);
        assert_eq!(hours("Europe/Copenhagen", "2026-10-25T00:00:00Z"), [60; 3]);
        // 02:00 to 02:30 is left out in October; 01:30 to 02:00 comes twice in April.
        assert_eq!(hours("Australia/Lord_Howe", "2026-10-03T14:30:00Z"), [60, 30, 60]);
        assert_eq!(hours("Australia/Lord_Howe", "2026-04-04T14:00:00Z"), [90, 60]);
    }
}
