//! The only place that reads a clock (R2.16).

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use thiserror::Error;

use crate::domain::time::{self, DAY, MINUTE, Millis};

/// The largest step of the wall clock that a running server follows (R2.16).
pub const FOLLOWED_STEP: Millis = 5 * MINUTE;
/// How far ahead of the last receipt the wall clock may be at a start (R2.16).
pub const START_AHEAD: Millis = 180 * DAY;

/// Server time.
pub trait Clock: Send + Sync {
    /// Now, in milliseconds since 1970. May step back by up to [`FOLLOWED_STEP`]: whoever stamps
    /// receipts keeps them from decreasing.
    fn now(&self) -> Millis;

    /// Time since an arbitrary instant of this process; never decreases. For measuring spans.
    fn elapsed(&self) -> Duration;

    /// Wall clock minus server time, while the wall clock has taken a step too large to follow.
    fn step_not_followed(&self) -> Option<Millis> {
        None
    }
}

/// The monotonic clock plus an offset that is taken from the wall clock.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
    follower: Follower,
}

impl SystemClock {
    /// A clock that shows the wall clock's time.
    pub fn new() -> Self {
        Self { started: monotonic(), follower: Follower::new(wall()) }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Millis {
        self.follower.read(whole_millis(self.elapsed()), wall())
    }

    fn elapsed(&self) -> Duration {
        monotonic().saturating_duration_since(self.started)
    }

    fn step_not_followed(&self) -> Option<Millis> {
        let step = self.follower.step.load(Ordering::Relaxed);
        (step != 0).then_some(step)
    }
}

/// What the wall clock shows, for [`check_start`].
pub fn wall() -> Millis {
    #[expect(clippy::disallowed_methods, reason = "this module is where time comes from")]
    let now = SystemTime::now();
    match now.duration_since(UNIX_EPOCH) {
        Ok(since) => whole_millis(since),
        Err(before) => -whole_millis(before.duration()),
    }
}

fn monotonic() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "this module is where time comes from")]
    let now = Instant::now();
    now
}

/// Time since it was made, for what is only measured and decides nothing.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    pub fn start() -> Self {
        Self(monotonic())
    }

    pub fn elapsed(&self) -> Duration {
        monotonic().saturating_duration_since(self.0)
    }
}

impl Default for Stopwatch {
    fn default() -> Self {
        Self::start()
    }
}

fn whole_millis(span: Duration) -> Millis {
    Millis::try_from(span.as_millis()).unwrap_or(Millis::MAX)
}

/// The rule of R2.16 without the clocks.
#[derive(Debug)]
struct Follower {
    /// Server time minus monotonic time.
    offset: AtomicI64,
    /// The step that was not followed; 0 for none.
    step: AtomicI64,
}

impl Follower {
    const fn new(wall_at_zero: Millis) -> Self {
        Self { offset: AtomicI64::new(wall_at_zero), step: AtomicI64::new(0) }
    }

    /// Server time when the two clocks show `monotonic` and `wall`. Threads that race here see two
    /// readings of the wall clock that lie microseconds apart; either offset is right.
    fn read(&self, monotonic: Millis, wall: Millis) -> Millis {
        let kept = self.offset.load(Ordering::Relaxed).saturating_add(monotonic);
        let step = wall.saturating_sub(kept);
        if step.saturating_abs() > FOLLOWED_STEP {
            self.step.store(step, Ordering::Relaxed);
            return kept;
        }
        if step != 0 {
            self.offset.store(wall.saturating_sub(monotonic), Ordering::Relaxed);
        }
        if self.step.load(Ordering::Relaxed) != 0 {
            self.step.store(0, Ordering::Relaxed);
        }
        wall
    }
}

/// A clock that stands where it is put.
#[derive(Debug)]
pub struct ManualClock {
    now: AtomicI64,
    elapsed: AtomicI64,
}

impl ManualClock {
    pub const fn new(now: Millis) -> Self {
        Self { now: AtomicI64::new(now), elapsed: AtomicI64::new(0) }
    }

    /// Puts server time anywhere, back too; elapsed time does not move.
    pub fn set(&self, now: Millis) {
        self.now.store(now, Ordering::SeqCst);
    }

    /// Lets time pass.
    pub fn advance(&self, by: Millis) {
        self.now.fetch_add(by, Ordering::SeqCst);
        self.elapsed.fetch_add(by.max(0), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Millis {
        self.now.load(Ordering::SeqCst)
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.elapsed.load(Ordering::SeqCst).unsigned_abs())
    }
}

/// Why a start is refused (exit 78).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StartRefused {
    #[error("the clock shows {}, which is before 1970: set the clock", time::format(*wall))]
    BeforeEpoch { wall: Millis },
    #[error(
        "the clock shows {}, which is before the last receipt in the journal, {}; \
         set the clock, or pass --accept-clock to go on (receipts stand still until then)",
        time::format(*wall), time::format(*last_receipt)
    )]
    Behind { wall: Millis, last_receipt: Millis },
    #[error(
        "the clock shows {}, more than 180 days after the last receipt in the journal, {}; \
         set the clock, or pass --accept-clock to go on",
        time::format(*wall), time::format(*last_receipt)
    )]
    Ahead { wall: Millis, last_receipt: Millis },
}

/// No clock that is right shows a time before 1970, so there is nothing to accept; and what snapshots are kept in does
/// not work then. To be checked before a data directory is opened.
pub fn check_wall(wall: Millis) -> Result<(), StartRefused> {
    if wall < 0 { Err(StartRefused::BeforeEpoch { wall }) } else { Ok(()) }
}

/// R2.16's check before a start. `last_receipt` is `None` for an empty journal; `accept` is
/// `--accept-clock`.
pub fn check_start(wall: Millis, last_receipt: Option<Millis>, accept: bool) -> Result<(), StartRefused> {
    match last_receipt {
        None => Ok(()),
        Some(_) if accept => Ok(()),
        Some(last_receipt) if wall < last_receipt => Err(StartRefused::Behind { wall, last_receipt }),
        Some(last_receipt) if wall.saturating_sub(last_receipt) > START_AHEAD => {
            Err(StartRefused::Ahead { wall, last_receipt })
        }
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Millis = 1_750_000_000_000;

    #[test]
    fn r2_16_a_step_of_five_minutes_is_followed_at_once_in_both_directions() {
        for step in [FOLLOWED_STEP, -FOLLOWED_STEP, 1, -1] {
            let follower = Follower::new(T);
            assert_eq!(follower.read(1_000, T + 1_000), T + 1_000);
            assert_eq!(follower.read(2_000, T + 2_000 + step), T + 2_000 + step);
            assert_eq!(follower.read(3_000, T + 3_000 + step), T + 3_000 + step);
            assert_eq!(follower.step.load(Ordering::Relaxed), 0);
        }
    }

    #[test]
    fn r2_16_a_larger_step_is_reported_and_not_followed() {
        for step in [FOLLOWED_STEP + 1, -FOLLOWED_STEP - 1, 30 * DAY, -30 * DAY] {
            let follower = Follower::new(T);
            assert_eq!(follower.read(2_000, T + 2_000 + step), T + 2_000, "keeps the monotonic clock's pace");
            assert_eq!(follower.step.load(Ordering::Relaxed), step);
            assert_eq!(follower.read(9_000, T + 9_000 + step), T + 9_000);
            assert_eq!(follower.read(10_000, T + 10_000), T + 10_000);
            assert_eq!(follower.step.load(Ordering::Relaxed), 0, "the wall clock is back: nothing to report");
        }
    }

    #[test]
    fn r2_16_start_check() {
        assert_eq!(check_start(T, None, false), Ok(()));
        assert_eq!(check_start(T, Some(T), false), Ok(()));
        assert_eq!(check_start(T + START_AHEAD, Some(T), false), Ok(()));
        let behind = StartRefused::Behind { wall: T - 1, last_receipt: T };
        assert_eq!(check_start(T - 1, Some(T), false), Err(behind));
        assert_eq!(check_start(T - 1, Some(T), true), Ok(()));
        let ahead = StartRefused::Ahead { wall: T + START_AHEAD + 1, last_receipt: T };
        assert_eq!(check_start(T + START_AHEAD + 1, Some(T), false), Err(ahead));
        assert_eq!(check_start(T + START_AHEAD + 1, Some(T), true), Ok(()));
        assert!(behind.to_string().contains("--accept-clock"), "{behind}");
    }

    #[test]
    fn r2_16_a_clock_before_1970_is_refused() {
        assert_eq!((check_wall(0), check_wall(T)), (Ok(()), Ok(())));
        let refused = check_wall(-1).unwrap_err();
        assert_eq!(refused, StartRefused::BeforeEpoch { wall: -1 });
        assert!(refused.to_string().contains("1969-12-31T23:59:59.999Z, which is before 1970"), "{refused}");
    }

    #[test]
    fn r2_16_the_system_clock_starts_at_the_wall_clock_and_measures_forward() {
        let (before, clock) = (wall(), SystemClock::new());
        assert!((clock.now() - before).abs() <= FOLLOWED_STEP);
        let first = clock.elapsed();
        assert!(clock.elapsed() >= first);
        assert_eq!(clock.step_not_followed(), None);
    }
}
