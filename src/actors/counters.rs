//! What the engine counts for `/metrics`.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::domain::effect::{BreakerStep, EffectKind};
use crate::domain::reply::{Rejection, Reply, Verdict};
use crate::domain::workspace::Applied;

/// Counters since the start of the process.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    frames: AtomicU64,
    rounds: AtomicU64,
    accepted: AtomicU64,
    duplicates: AtomicU64,
    rejected: AtomicU64,
    internal_errors: AtomicU64,
    scorings: AtomicU64,
    breakers_triggered: [AtomicU64; 4],
    breakers_acknowledged: AtomicU64,
    breakers_resolved: AtomicU64,
    breakers_forgotten: AtomicU64,
    rebuilds: AtomicU64,
    skips: AtomicU64,
}

/// A reading of the counters; not as of one instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub frames: u64,
    pub rounds: u64,
    pub accepted: u64,
    pub duplicates: u64,
    /// Events that `apply` refused (`id_reused`, `account_mismatch`); refusals of `service::door` are not counted
    /// here.
    pub rejected: u64,
    pub internal_errors: u64,
    pub scorings: u64,
    /// By scope, in the order of [`ScopeKind::ALL`](crate::domain::view::ScopeKind::ALL).
    pub breakers_triggered: [u64; 4],
    pub breakers_acknowledged: u64,
    pub breakers_resolved: u64,
    /// How often a breaker was announced as forgotten.
    pub breakers_forgotten: u64,
    /// Workspaces rebuilt after a failure.
    pub rebuilds: u64,
    /// Events passed over because they made `apply` fail.
    pub skips: u64,
}

fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}

impl Counters {
    /// Counts a round of `frames` frames with this result.
    pub fn applied(&self, frames: usize, applied: &Applied) {
        let mut counts = Counts::default();
        for (_, reply) in &applied.replies {
            match reply {
                Reply::Events(verdicts) => verdicts.iter().for_each(|verdict| counts.verdict(*verdict)),
                Reply::Config(_)
                | Reply::Settings(_)
                | Reply::Breaker(_)
                | Reply::Resource(_)
                | Reply::Accepted(_)
                | Reply::Rated(_)
                | Reply::OptedOut(_)
                | Reply::Erased { .. }
                | Reply::Done
                | Reply::Skipped => {}
            }
        }
        for effect in &applied.effects {
            match effect.kind {
                EffectKind::ConversationScored(_) => counts.scorings += 1,
                EffectKind::Breaker { step: BreakerStep::Triggered, scope, .. } => {
                    counts.breakers_triggered[scope as usize] += 1;
                }
                EffectKind::Breaker { step: BreakerStep::Acknowledged, .. } => counts.breakers_acknowledged += 1,
                EffectKind::Breaker { step: BreakerStep::Resolved, .. } => counts.breakers_resolved += 1,
                EffectKind::Breaker { step: BreakerStep::Forgotten, .. } => counts.breakers_forgotten += 1,
                EffectKind::ConversationResolved { .. }
                | EffectKind::ConversationEnded { .. }
                | EffectKind::RiskChanged { .. }
                | EffectKind::SettingsChanged(_) => {}
            }
        }
        add(&self.frames, frames as u64);
        add(&self.rounds, 1);
        add(&self.accepted, counts.accepted);
        add(&self.duplicates, counts.duplicates);
        add(&self.rejected, counts.rejected);
        add(&self.internal_errors, counts.internal_errors);
        add(&self.scorings, counts.scorings);
        for (counter, count) in self.breakers_triggered.iter().zip(counts.breakers_triggered) {
            add(counter, count);
        }
        add(&self.breakers_acknowledged, counts.breakers_acknowledged);
        add(&self.breakers_resolved, counts.breakers_resolved);
        add(&self.breakers_forgotten, counts.breakers_forgotten);
    }

    pub fn rebuilt(&self) {
        add(&self.rebuilds, 1);
    }

    pub fn skipped(&self) {
        add(&self.skips, 1);
    }

    pub fn read(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            frames: read(&self.frames),
            rounds: read(&self.rounds),
            accepted: read(&self.accepted),
            duplicates: read(&self.duplicates),
            rejected: read(&self.rejected),
            internal_errors: read(&self.internal_errors),
            scorings: read(&self.scorings),
            breakers_triggered: self.breakers_triggered.each_ref().map(read),
            breakers_acknowledged: read(&self.breakers_acknowledged),
            breakers_resolved: read(&self.breakers_resolved),
            breakers_forgotten: read(&self.breakers_forgotten),
            rebuilds: read(&self.rebuilds),
            skips: read(&self.skips),
        }
    }
}

impl Counts {
    fn verdict(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Accepted => self.accepted += 1,
            Verdict::Duplicate => self.duplicates += 1,
            Verdict::Rejected(Rejection::InternalError) => self.internal_errors += 1,
            Verdict::Rejected(Rejection::IdReused | Rejection::AccountMismatch { .. }) => self.rejected += 1,
        }
    }
}
