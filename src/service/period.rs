//! The period of R3.1, a pure function of now.

use super::zone::{Day, Zone};
use crate::domain::time::{DAY, Millis, parse_bound};
use crate::wire::failure::Fault;

/// The three parameters as sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct PeriodQuery<'a> {
    pub period: Option<&'a str>,
    pub from: Option<&'a str>,
    pub to: Option<&'a str>,
}

/// 0000-01-01T00:00:00Z: nothing earlier can be written as RFC 3339 asks.
const EARLIEST: Millis = -62_167_219_200_000;

/// Both ends inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    pub from: Millis,
    pub to: Millis,
}

impl Period {
    /// The one that ends where this one begins, and is as long; cut where times begin.
    #[must_use]
    pub fn before(self) -> Self {
        let to = (self.from - 1).max(EARLIEST);
        Self { from: (to - (self.to - self.from)).max(EARLIEST), to }
    }
}

impl PeriodQuery<'_> {
    /// What the parameters mean at `now`, or every fault in them. `from` and `to` override
    /// `period`, which has to be valid all the same.
    pub fn at(&self, now: Millis) -> Result<Period, Vec<Fault>> {
        self.in_zone(Zone::UTC, now)
    }

    /// As [`Self::at`], with the days of a zone.
    pub fn in_zone(&self, zone: Zone, now: Millis) -> Result<Period, Vec<Fault>> {
        let mut faults = Vec::new();
        let days = days(self.period).map_err(|fault| faults.push(fault));
        let mut read = |name, text: Option<&str>, of_day: &dyn Fn(Day) -> Millis| {
            text.map(|text| end_of_range(name, text, of_day).map_err(|fault| faults.push(fault))).transpose()
        };
        let last_of = |day| zone.first_of(day + 1) - 1;
        let (from, to) = (read("from", self.from, &|day| zone.first_of(day)), read("to", self.to, &last_of));
        let (Ok(days), Ok(from), Ok(to)) = (days, from, to) else { return Err(faults) };

        let today = zone.day(now);
        let end_of_today = last_of(today);
        let period = match (from, to) {
            (None, None) => Period { from: zone.first_of(today + 1 - days), to: end_of_today },
            (Some(from), None) => Period { from, to: end_of_today },
            (None, Some(to)) => Period { from: (to - 30 * DAY + 1).max(EARLIEST), to },
            (Some(from), Some(to)) => Period { from, to },
        };
        if period.from > period.to {
            let error = if to.is_some() { "must not be after to" } else { "must not be after the end of today" };
            return Err(vec![Fault::at("from", error)]);
        }
        Ok(period)
    }
}

/// Whole days, today included.
fn days(period: Option<&str>) -> Result<Day, Fault> {
    match period {
        Some("last_7d") => Ok(7),
        None | Some("last_30d") => Ok(30),
        Some("last_90d") => Ok(90),
        Some(_) => Err(Fault::at("period", "must be one of last_7d, last_30d, last_90d")),
    }
}

/// The bounds of a list as they were sent, both inclusive: RFC 3339 times, or dates (R2.3).
pub fn bounds(from: Option<&str>, to: Option<&str>, faults: &mut Vec<Fault>) -> (Option<Millis>, Option<Millis>) {
    let mut read = |name, text: Option<&str>, into_day| {
        let read = text.map(|text| end_of_range(name, text, |day| day * DAY + into_day)).transpose();
        read.map_err(|fault| faults.push(fault)).unwrap_or_default()
    };
    let (from, to) = (read("from", from, 0), read("to", to, DAY - 1));
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        faults.push(Fault::at("from", "must not be after to"));
    }
    (from, to)
}

/// An instant, or a date, which means one of its instants.
fn end_of_range(name: &str, text: &str, of_day: impl Fn(Day) -> Millis) -> Result<Millis, Fault> {
    parse_bound(text, of_day).map_err(|why| Fault::at(name, why.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{format, parse_rfc3339};

    /// 2026-03-25T10:00:00Z.
    fn now() -> Millis {
        parse_rfc3339("2026-03-25T10:00:00Z").unwrap()
    }

    fn shown(period: Option<&str>, from: Option<&str>, to: Option<&str>) -> (String, String) {
        let period = PeriodQuery { period, from, to }.at(now()).unwrap();
        (format(period.from), format(period.to))
    }

    fn expect(actual: (String, String), from: &str, to: &str) {
        assert_eq!(actual, (from.to_owned(), to.to_owned()));
    }

    fn pointers(period: Option<&str>, from: Option<&str>, to: Option<&str>) -> Vec<String> {
        let faults = PeriodQuery { period, from, to }.at(now()).unwrap_err();
        faults.into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn r3_1_whole_utc_days_today_included() {
        let end = "2026-03-25T23:59:59.999Z";
        expect(shown(None, None, None), "2026-02-24T00:00:00.000Z", end);
        expect(shown(Some("last_30d"), None, None), "2026-02-24T00:00:00.000Z", end);
        expect(shown(Some("last_7d"), None, None), "2026-03-19T00:00:00.000Z", end);
        expect(shown(Some("last_90d"), None, None), "2025-12-26T00:00:00.000Z", end);
    }

    #[test]
    fn r3_1_the_first_and_last_millisecond_of_a_day_are_that_day() {
        for (now, day) in [("2026-03-25T00:00:00Z", "2026-03-25"), ("2026-03-25T23:59:59.999Z", "2026-03-25")] {
            let period = PeriodQuery::default().at(parse_rfc3339(now).unwrap()).unwrap();
            assert_eq!(format(period.to), format!("{day}T23:59:59.999Z"));
        }
        let before_1970 = PeriodQuery::default().at(-1).unwrap();
        assert_eq!(format(before_1970.to), "1969-12-31T23:59:59.999Z");
    }

    #[test]
    fn r3_1_one_end_gives_the_other() {
        expect(shown(None, Some("2026-03-01"), None), "2026-03-01T00:00:00.000Z", "2026-03-25T23:59:59.999Z");
        expect(shown(None, None, Some("2026-03-25")), "2026-02-24T00:00:00.000Z", "2026-03-25T23:59:59.999Z");
        expect(shown(None, None, Some("2026-03-25T10:00:00Z")), "2026-02-23T10:00:00.001Z", "2026-03-25T10:00:00.000Z");
    }

    #[test]
    fn r3_1_both_ends_override_the_period_and_are_inclusive() {
        let instant = "2026-03-01T12:00:00Z";
        let shown_instant = "2026-03-01T12:00:00.000Z";
        expect(shown(Some("last_7d"), Some(instant), Some(instant)), shown_instant, shown_instant);
        expect(
            shown(None, Some("2026-03-01"), Some("2026-03-01")),
            "2026-03-01T00:00:00.000Z",
            "2026-03-01T23:59:59.999Z",
        );
    }

    #[test]
    fn r2_3_a_space_before_the_offset_is_a_plus() {
        expect(
            shown(None, Some("2026-03-01T00:00:00 02:00"), Some("2026-03-01T00:00:00+02:00")),
            "2026-02-28T22:00:00.000Z",
            "2026-02-28T22:00:00.000Z",
        );
        assert_eq!(pointers(None, Some("2026-03-01 00:00:00+02:00"), None), ["/from"]);
    }

    #[test]
    fn r6_7_the_period_before_is_as_long_and_ends_where_this_one_begins() {
        let before = |from, to| {
            let before = PeriodQuery { from: Some(from), to: Some(to), period: None }.at(now()).unwrap().before();
            (format(before.from), format(before.to))
        };
        expect(before("2026-03-19", "2026-03-25"), "2026-03-12T00:00:00.000Z", "2026-03-18T23:59:59.999Z");
        let instant = "2026-03-25T10:00:00Z";
        expect(before(instant, instant), "2026-03-25T09:59:59.999Z", "2026-03-25T09:59:59.999Z");
        let first = "0000-01-01T00:00:00.000Z";
        expect(before("0000-01-01", "0000-01-31"), first, first);
        expect(before("0000-01-02", "2026-03-25"), first, "0000-01-01T23:59:59.999Z");
    }

    #[test]
    fn r3_1_all_faults_at_once() {
        assert_eq!(pointers(Some("last_31d"), Some("2026-02-30"), Some("now")), ["/period", "/from", "/to"]);
        assert_eq!(pointers(Some(""), Some("2026-03-01"), Some("2026-03-02")), ["/period"]);
        assert_eq!(pointers(None, Some("2026-03-02"), Some("2026-03-01")), ["/from"]);
        assert_eq!(pointers(None, Some("2026-03-26"), None), ["/from"]);
        assert_eq!(pointers(None, Some("2026-03-01T23:59:60Z"), None), ["/from"]);
    }
}
