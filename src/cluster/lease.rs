//! Until when a node may serve what it has claimed.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::background::Stop;
use crate::clock::Clock;

/// What of a lease a holder does not use, in parts of it: clocks of two machines run at slightly different paces.
const MARGIN: u32 = 10;

/// The right to one key of the cluster for a while: a partition's, or the node's own name.
///
/// Whether it holds is worked out from the clock at every call. A process that was stopped for a while finds out as
/// soon as it goes on, whatever its tasks have come to.
pub struct Lease {
    clock: Arc<dyn Clock>,
    /// How long a renewal is good for, without the margin.
    term: Duration,
    /// When the last good renewal was sent, in nanoseconds of [`Clock::elapsed`].
    renewed: AtomicU64,
    ended: Stop,
}

impl Lease {
    /// A lease of `length` that begins with what was sent at `sent`.
    pub fn new(clock: Arc<dyn Clock>, length: Duration, sent: Duration) -> Self {
        let term = length - length / MARGIN;
        Self { clock, term, renewed: AtomicU64::new(nanos(sent)), ended: Stop::new() }
    }

    /// Whether it may be acted on, now.
    pub fn holds(&self) -> bool {
        self.left(self.clock.elapsed()).is_some()
    }

    /// Cancelled when it is lost or given back. It may have ceased to hold some time before.
    pub fn ended(&self) -> Stop {
        self.ended.clone()
    }

    /// When it was last known to be good, by [`Clock::elapsed`].
    pub fn seen(&self) -> Duration {
        Duration::from_nanos(self.renewed.load(Ordering::Acquire))
    }

    /// What is left of it at `now`; none where that is nothing.
    pub(super) fn left(&self, now: Duration) -> Option<Duration> {
        let left = (self.seen() + self.term).checked_sub(now)?;
        (!left.is_zero() && !self.ended.is_cancelled()).then_some(left)
    }

    /// A renewal that was sent at `sent` was taken.
    pub(super) fn renew(&self, sent: Duration) {
        self.renewed.fetch_max(nanos(sent), Ordering::AcqRel);
    }

    /// Ends it for good.
    pub(super) fn end(&self) {
        self.ended.cancel();
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("renewed", &self.seen()).field("holds", &self.holds()).finish_non_exhaustive()
    }
}

pub(super) fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    fn lease() -> (Arc<ManualClock>, Lease) {
        let clock = Arc::new(ManualClock::new(0));
        let lease = Lease::new(clock.clone(), Duration::from_secs(3), clock.elapsed());
        (clock, lease)
    }

    #[test]
    fn a_lease_holds_for_its_length_less_the_margin_from_when_the_renewal_was_sent() {
        let (clock, lease) = lease();
        clock.advance(2_699);
        assert!(lease.holds());
        clock.advance(1);
        assert!(!lease.holds(), "no task has to run for it to end");
        assert!(!lease.ended().is_cancelled(), "whoever keeps it carries the loss out");
        lease.renew(Duration::from_millis(1_000));
        assert!(lease.holds() && lease.seen() == Duration::from_secs(1));
        lease.renew(Duration::from_millis(500));
        assert_eq!(lease.seen(), Duration::from_secs(1), "an answer that comes late takes nothing back");
        clock.advance(1_000);
        assert!(!lease.holds());
    }

    #[test]
    fn what_has_ended_does_not_come_back() {
        let (_, lease) = lease();
        lease.end();
        lease.renew(Duration::from_secs(1));
        assert!(!lease.holds() && lease.ended().is_cancelled());
    }
}
