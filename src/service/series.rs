//! The buckets of a series (R6.7), a pure function of now.

use std::iter;

use super::period::{Period, PeriodQuery};
use super::zone::Zone;
use crate::domain::time::Millis;
use crate::wire::failure::Fault;

/// Buckets of a series at most.
pub const MOST_BUCKETS: usize = 1_000;

/// The parameters as sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct SeriesQuery<'a> {
    pub bucket: Option<&'a str>,
    pub time_zone: Option<&'a str>,
    pub from: Option<&'a str>,
    pub to: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bucket {
    Hour,
    Day,
    Week,
}

impl SeriesQuery<'_> {
    /// The bounds of the buckets that the parameters mean at `now`, or every fault in them: one more than there are
    /// buckets, each of which ends before the next begins.
    pub fn bounds(&self, now: Millis) -> Result<Vec<Millis>, Vec<Fault>> {
        let mut faults = Vec::new();
        let bucket = bucket(self.bucket).map_err(|fault| faults.push(fault));
        let zone = zone(self.time_zone).map_err(|fault| faults.push(fault));
        let range = PeriodQuery { period: None, from: self.from, to: self.to };
        let range = range.in_zone(zone.unwrap_or(Zone::UTC), now).map_err(|more| faults.extend(more));
        let (Ok(bucket), Ok(zone), Ok(range)) = (bucket, zone, range) else { return Err(faults) };
        cut(range, bucket, zone).ok_or_else(|| {
            let error = format!("makes more than {MOST_BUCKETS} buckets of this range");
            vec![Fault::at("bucket", error)]
        })
    }
}

fn bucket(name: Option<&str>) -> Result<Bucket, Fault> {
    match name {
        Some("hour") => Ok(Bucket::Hour),
        None | Some("day") => Ok(Bucket::Day),
        Some("week") => Ok(Bucket::Week),
        Some(_) => Err(Fault::at("bucket", "must be one of hour, day, week")),
    }
}

fn zone(name: Option<&str>) -> Result<Zone, Fault> {
    match name {
        None => Ok(Zone::UTC),
        Some(name) => Zone::named(name)
            .ok_or_else(|| Fault::at("timeZone", "is not a time zone of the IANA database such as Europe/Copenhagen")),
    }
}

/// The range, cut where buckets begin; none if that makes too many.
fn cut(range: Period, bucket: Bucket, zone: Zone) -> Option<Vec<Millis>> {
    let begins = iter::successors(Some(range.from), |at| Some(next(*at, bucket, zone)));
    let mut bounds: Vec<_> = begins.take_while(|at| *at <= range.to).take(MOST_BUCKETS + 1).collect();
    if bounds.len() > MOST_BUCKETS {
        return None;
    }
    bounds.push(range.to + 1);
    Some(bounds)
}

/// When the next bucket begins.
fn next(at: Millis, bucket: Bucket, zone: Zone) -> Millis {
    let (first, days) = match bucket {
        Bucket::Hour => return zone.next_hour(at),
        Bucket::Day => (zone.day(at) + 1, 1),
        // 1970-01-01 was a Thursday, weeks begin on Monday.
        Bucket::Week => {
            let day = zone.day(at);
            (day - (day + 3).rem_euclid(7) + 7, 7)
        }
    };
    let mut begins = (0..).map(|n| zone.first_of(first + n * days));
    begins.find(|begin| *begin > at).expect("days go on without end")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{DAY, format, parse_rfc3339};

    /// 2026-03-25T10:00:00Z, a Wednesday.
    fn now() -> Millis {
        parse_rfc3339("2026-03-25T10:00:00Z").unwrap()
    }

    fn query<'a>(bucket: &'a str, time_zone: &'a str, from: &'a str, to: &'a str) -> SeriesQuery<'a> {
        let sent = |text: &'a str| Some(text).filter(|text| !text.is_empty());
        SeriesQuery { bucket: sent(bucket), time_zone: sent(time_zone), from: sent(from), to: sent(to) }
    }

    fn bounds(bucket: &str, time_zone: &str, from: &str, to: &str) -> Vec<String> {
        query(bucket, time_zone, from, to).bounds(now()).unwrap().into_iter().map(format).collect()
    }

    #[test]
    fn r6_7_thirty_days_of_the_zone_unless_said_otherwise() {
        let utc = bounds("", "", "", "");
        assert_eq!((utc.len(), &*utc[0], &*utc[30]), (31, "2026-02-24T00:00:00.000Z", "2026-03-26T00:00:00.000Z"));
        let auckland = query("", "Pacific/Auckland", "", "").bounds(now()).unwrap();
        assert_eq!((auckland.len(), format(auckland[30])), (31, "2026-03-25T11:00:00.000Z".to_owned()));
        let since = bounds("", "America/New_York", "2026-03-24T12:00:00Z", "");
        assert_eq!(since, ["2026-03-24T12:00:00.000Z", "2026-03-25T04:00:00.000Z", "2026-03-26T04:00:00.000Z"]);
    }

    #[test]
    fn r6_7_a_date_is_a_day_of_the_zone() {
        let copenhagen = bounds("day", "Europe/Copenhagen", "2026-03-28", "2026-03-30");
        let expected = ["27T23:00:00.000Z", "28T23:00:00.000Z", "29T22:00:00.000Z", "30T22:00:00.000Z"];
        assert_eq!(copenhagen, expected.map(|at| format!("2026-03-{at}")));
    }

    #[test]
    fn r6_7_the_first_and_the_last_bucket_end_with_the_range() {
        assert_eq!(
            bounds("hour", "Asia/Kolkata", "2026-03-01T10:15:00Z", "2026-03-01T11:45:00Z"),
            ["10:15:00.000Z", "10:30:00.000Z", "11:30:00.000Z", "11:45:00.001Z"].map(|at| format!("2026-03-01T{at}"))
        );
        assert_eq!(
            bounds("day", "", "2026-03-01T10:15:00Z", "2026-03-01T10:15:00Z"),
            ["2026-03-01T10:15:00.000Z", "2026-03-01T10:15:00.001Z"]
        );
    }

    #[test]
    fn r6_7_weeks_begin_on_monday() {
        let weeks = bounds("week", "Europe/Copenhagen", "2026-03-15", "2026-03-30T12:00:00Z");
        let expected =
            ["14T23:00:00.000Z", "15T23:00:00.000Z", "22T23:00:00.000Z", "29T22:00:00.000Z", "30T12:00:00.001Z"];
        assert_eq!(weeks, expected.map(|at| format!("2026-03-{at}")));
        assert_eq!(bounds("week", "", "1969-12-28", "1969-12-29").len(), 3);
    }

    #[test]
    fn r6_7_a_day_that_was_left_out_is_no_bucket() {
        let apia = bounds("day", "Pacific/Apia", "2011-12-29", "2011-12-31");
        assert_eq!(apia, ["2011-12-29T10:00:00.000Z", "2011-12-30T10:00:00.000Z", "2011-12-31T10:00:00.000Z"]);
    }

    #[test]
    fn r6_7_at_most_a_thousand_buckets() {
        let (from, to) = ("2026-03-01T00:00:00Z", parse_rfc3339("2026-03-01T00:00:00Z").unwrap() + 1_000 * DAY - 1);
        assert_eq!(bounds("", "", from, &format(to)).len(), 1_001);
        let pointers = |bucket, to: &str| {
            let faults = query(bucket, "", from, to).bounds(now()).unwrap_err();
            faults.into_iter().map(|fault| fault.pointer).collect::<Vec<_>>()
        };
        assert_eq!(pointers("day", &format(to + 1)), ["/bucket"]);
        assert_eq!(pointers("hour", "9999-12-31"), ["/bucket"]);
        assert_eq!(bounds("week", "", from, &format(to + 1)).len(), 145);
    }

    #[test]
    fn r6_7_all_faults_at_once() {
        let faults = query("month", "Europe/Nowhere", "2026-02-30", "now").bounds(now()).unwrap_err();
        let pointers: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/bucket", "/timeZone", "/from", "/to"]);
    }
}
