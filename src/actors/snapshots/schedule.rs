//! When a snapshot is due.
//!
//! Half the bytes of the last snapshot make the next one due, but only from 64 MiB on: less is replayed at once.

use std::time::Duration;

use crate::recovery::Tail;

/// A journal shorter than this is replayed at once: its bytes alone make no snapshot due.
const FEW_BYTES: u64 = 64 << 20;
/// The last snapshot was cheap if it took less than this share of [`SOON`].
const CHEAP: u32 = 100;
/// After a cheap one, the next comes after this.
const SOON: Duration = Duration::from_secs(5 * 60);
/// After a failure, the next attempt comes after this.
const AGAIN: Duration = Duration::from_secs(60);

/// How often snapshots are taken, and how many are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotRules {
    /// Events that a start may have to replay.
    pub replay_budget: u64,
    /// If anything has changed, a snapshot is no older than this.
    pub interval: Duration,
    /// How many are kept; at least one.
    pub keep: usize,
}

impl Default for SnapshotRules {
    fn default() -> Self {
        Self { replay_budget: 10_000_000, interval: Duration::from_secs(3_600), keep: 3 }
    }
}

/// The last snapshot, as far as the next depends on it. Times are since the start of the process.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Before {
    /// When it was begun; the start of the process if it was loaded, or if there is none.
    pub began: Duration,
    pub took: Duration,
    pub bytes: u64,
    /// When an attempt has failed since then.
    pub failed: Option<Duration>,
}

impl SnapshotRules {
    /// `tail`: what stands in the journal behind the last snapshot.
    pub(super) fn is_due(&self, now: Duration, tail: Tail, before: &Before) -> bool {
        if tail.frames == 0 || before.failed.is_some_and(|at| now.saturating_sub(at) < AGAIN) {
            return false;
        }
        let age = now.saturating_sub(before.began);
        let is_long = tail.events >= self.replay_budget || tail.bytes >= (before.bytes / 2).max(FEW_BYTES);
        let is_cheap = before.took * CHEAP < SOON;
        is_long || age >= self.interval || (age >= SOON && is_cheap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const CHEAPLY: Before = Before { began: MINUTE, took: Duration::from_secs(1), bytes: 0, failed: None };
    const ONE: Tail = Tail { frames: 1, events: 1, bytes: 100 };

    fn is_due(after: Duration, tail: Tail, before: Before) -> bool {
        SnapshotRules::default().is_due(before.began + after, tail, &before)
    }

    #[test]
    fn r9_3_a_cheap_snapshot_comes_every_five_minutes_if_anything_changed() {
        assert!(!is_due(5 * MINUTE - Duration::from_millis(1), ONE, CHEAPLY));
        assert!(is_due(5 * MINUTE, ONE, CHEAPLY));
        assert!(!is_due(500 * MINUTE, Tail::default(), CHEAPLY), "nothing has changed");
    }

    #[test]
    fn r9_3_a_dear_one_comes_every_hour() {
        let dear = Before { took: Duration::from_secs(3), ..CHEAPLY };
        assert!(!is_due(59 * MINUTE, ONE, dear));
        assert!(is_due(60 * MINUTE, ONE, dear));
    }

    #[test]
    fn r9_3_a_long_tail_is_due_at_once() {
        let large = Before { bytes: 1 << 30, ..CHEAPLY };
        let tail = |events, bytes| Tail { frames: 1, events, bytes };
        assert!(is_due(MINUTE, tail(10_000_000, 0), large) && !is_due(MINUTE, tail(9_999_999, 0), large));
        assert!(is_due(MINUTE, tail(0, 1 << 29), large) && !is_due(MINUTE, tail(0, (1 << 29) - 1), large));
        assert!(!is_due(MINUTE, tail(0, FEW_BYTES - 1), CHEAPLY) && is_due(MINUTE, tail(0, FEW_BYTES), CHEAPLY));
    }

    #[test]
    fn a_failed_attempt_is_not_repeated_at_once() {
        let failed = Before { failed: Some(10 * MINUTE), ..CHEAPLY };
        assert!(!is_due(9 * MINUTE + Duration::from_secs(59), ONE, failed));
        assert!(is_due(10 * MINUTE, ONE, failed));
    }
}
