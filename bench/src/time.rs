//! The only clocks of the benchmark.

use std::time::Instant;

pub const MINUTE: i64 = 60_000;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// For measuring spans.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures the wall")]
pub fn now() -> Instant {
    Instant::now()
}

/// Milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "facts must be recent, and stores ask for the time")]
pub fn wall() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// `2026-03-15T14:35:00.000Z`.
pub fn rfc3339(at: i64) -> String {
    let at = chrono::DateTime::from_timestamp_millis(at).unwrap_or_default();
    at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// The first and the last millisecond of the 30 whole UTC days that end with today.
pub fn last_30_days(now: i64) -> (i64, i64) {
    let end = now - now.rem_euclid(DAY) + DAY - 1;
    (end + 1 - 30 * DAY, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_to_the_millisecond() {
        assert_eq!(rfc3339(1_773_585_300_007), "2026-03-15T14:35:00.007Z");
    }

    #[test]
    fn thirty_days_are_whole_and_end_with_today() {
        let now = 1_774_432_800_000; // 2026-03-25T10:00:00Z
        let (from, to) = last_30_days(now);
        assert_eq!(
            (rfc3339(from), rfc3339(to)),
            ("2026-02-24T00:00:00.000Z".to_owned(), "2026-03-25T23:59:59.999Z".to_owned())
        );
    }
}
