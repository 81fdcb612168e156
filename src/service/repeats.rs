//! Requests that change nothing, counted instead of recorded (R2.14b).
//!
//! A request whose outcome by the present state is "refused" or "unchanged" is recorded once, and not again before the
//! next count is written: within that time its like is answered from the state, as its record would have been, and
//! counted here. The state is read in the order of the side's records. So whatever comes in between, the answer is that
//! of one of the two orders, and what the client has seen written before is in it. Once a minute, and before a stop, a
//! record of the server's own takes the counts to the trails, where there are any: so the journal grows by what is
//! told apart ([`TOLD_APART`]) and not by what is sent. A count that was not written yet is lost when the process
//! dies; the first request of its kind is not.

use std::hash::Hash;

use dashmap::DashMap;

use super::{Principal, Service, ServiceError};
use crate::actors::EngineError;
use crate::domain::audit::{AuditOutcome, Audited, Repeat, SideAction, SystemAction};
use crate::domain::ids::WorkspaceKey;
use crate::domain::record::{Command, Record};
use crate::domain::reply::Reply;
use crate::domain::system::{SystemRecord, SystemRefusal};
use crate::domain::time::Millis;

/// Requests (by actor, action, target and outcome) of a trail that are recorded and counted each by itself in a
/// minute; all others are counted together.
pub const TOLD_APART: usize = 64;

/// What was not recorded since the last count was written, by trails.
#[derive(Debug, Default)]
pub struct Repeats {
    sides: Counts<WorkspaceKey, SideAction>,
    /// By tenants.
    system: Counts<Option<Box<str>>, SystemAction>,
}

#[derive(Debug)]
struct Counts<K: Eq + Hash, A>(DashMap<K, Vec<Repeat<A>>>);

impl<K: Eq + Hash, A> Default for Counts<K, A> {
    fn default() -> Self {
        Self(DashMap::new())
    }
}

impl<K: Eq + Hash + Clone + Ord, A: Audited> Counts<K, A> {
    /// Whether the request need not be recorded; then it is counted. `others` stands for what is not told apart.
    fn counts(&self, of: K, asked: Asked<A>, others: A, now: Millis) -> bool {
        let mut known = self.0.entry(of).or_default();
        let Asked { actor, action, outcome } = asked;
        if let Some(repeat) = known.iter_mut().find(|repeat| repeat.is_like(Some(&actor), &action, outcome)) {
            (repeat.count, repeat.last) = (repeat.count + 1, now.max(repeat.last));
            return true;
        }
        if known.len() < TOLD_APART {
            known.push(Repeat { actor: Some(actor), action, outcome, count: 0, last: now });
            return false;
        }
        let others = Repeat { actor: None, action: others, outcome: AuditOutcome::Unchanged, count: 1, last: now };
        add(&mut known, others);
        true
    }

    /// Takes all counts away, so that the next request of each kind is recorded again.
    fn take(&self) -> Vec<(K, Vec<Repeat<A>>)> {
        let mut keys: Vec<K> = self.0.iter().map(|entry| entry.key().clone()).collect();
        keys.sort_unstable();
        let taken = keys.into_iter().filter_map(|key| self.0.remove(&key));
        let counted = taken.map(|(key, mut repeats)| {
            repeats.retain(|repeat| repeat.count > 0);
            (key, repeats)
        });
        counted.filter(|(_, repeats)| !repeats.is_empty()).collect()
    }

    /// What could not be written counts on.
    fn put_back(&self, of: K, repeats: Vec<Repeat<A>>) {
        let mut known = self.0.entry(of).or_default();
        repeats.into_iter().for_each(|repeat| add(&mut known, repeat));
    }
}

fn add<A: Audited>(known: &mut Vec<Repeat<A>>, more: Repeat<A>) {
    let is_like = |known: &&mut Repeat<A>| known.is_like(more.actor.as_deref(), &more.action, more.outcome);
    match known.iter_mut().find(is_like) {
        Some(repeat) => {
            (repeat.count, repeat.last) = (repeat.count + more.count, repeat.last.max(more.last));
        }
        None => known.push(more),
    }
}

/// A request that would change nothing.
struct Asked<A> {
    actor: Box<str>,
    action: A,
    outcome: AuditOutcome,
}

impl Service {
    /// The answer to a command that changes nothing and whose like was recorded a moment ago. `None`: it is to be
    /// recorded.
    pub(super) async fn repeated_command(
        &self,
        who: &Principal,
        key: WorkspaceKey,
        command: Command,
    ) -> Result<Option<Reply>, ServiceError> {
        let Some(vain) = self.engine.read(key, move |workspace| workspace.in_vain(&command)).await? else {
            return Ok(None);
        };
        Ok(self.repeats_on(who, key, vain.action, vain.outcome).then_some(vain.reply))
    }

    /// Whether a request on a side need not be recorded; then it is counted.
    pub(super) fn repeats_on(
        &self,
        who: &Principal,
        key: WorkspaceKey,
        action: SideAction,
        outcome: AuditOutcome,
    ) -> bool {
        let asked = Asked { actor: who.actor.as_str().into(), action, outcome };
        self.repeats.sides.counts(key, asked, SideAction::Others, self.now())
    }

    /// As [`repeats_on`](Self::repeats_on), of what the system workspace refuses.
    pub(super) fn repeats_in_system(&self, actor: &str, action: SystemAction, refusal: SystemRefusal) -> bool {
        let tenant: Option<Box<str>> = action.tenant().map(Into::into);
        let others = SystemAction::Others { tenant: tenant.clone() };
        let asked = Asked { actor: actor.into(), action, outcome: AuditOutcome::Refused(refusal.into()) };
        self.repeats.system.counts(tenant, asked, others, self.now())
    }

    /// Writes what was counted since the last time, a record for each trail that something was counted for. What
    /// cannot be written stays counted.
    pub async fn flush_repeats(&self) {
        for (key, repeats) in self.repeats.sides.take() {
            let written = self.engine.note(key, Record::Repeats(repeats.clone())).await;
            if !is_written(written) {
                self.repeats.sides.put_back(key, repeats);
            }
        }
        for (tenant, repeats) in self.repeats.system.take() {
            let written = self.engine.system(SystemRecord::Repeats(repeats.clone())).await.map(drop);
            if !is_written(written) {
                self.repeats.system.put_back(tenant, repeats);
            }
        }
    }
}

fn is_written(written: Result<(), EngineError>) -> bool {
    written.inspect_err(|error| tracing::warn!(%error, "repeated requests could not be noted")).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::Id;

    const OUTCOME: AuditOutcome = AuditOutcome::Unchanged;

    fn asked(actor: &str, breaker: u128) -> Asked<SideAction> {
        let action = SideAction::BreakerAcknowledged { breaker: Id(breaker), noted: breaker == 0 };
        Asked { actor: actor.into(), action, outcome: OUTCOME }
    }

    type Counted = (Option<Box<str>>, u64, Millis);

    fn counted(counts: &Counts<u8, SideAction>) -> Vec<(u8, Vec<Counted>)> {
        let one = |repeat: Repeat<SideAction>| (repeat.actor, repeat.count, repeat.last);
        counts.take().into_iter().map(|(of, repeats)| (of, repeats.into_iter().map(one).collect())).collect()
    }

    #[test]
    fn r2_14b_each_is_recorded_once_until_the_counts_are_taken() {
        let counts = Counts::default();
        let ask = |actor, now| counts.counts(1, asked(actor, 7), SideAction::Others, now);
        assert_eq!([ask("a", 10), ask("a", 20), ask("b", 30), ask("a", 40)], [false, true, false, true]);
        assert!(!counts.counts(2, asked("a", 7), SideAction::Others, 50), "another side");
        assert_eq!(counted(&counts), [(1, vec![(Some("a".into()), 2, 40)])], "what came once is recorded already");
        assert!(!ask("a", 60), "and then it is recorded again");
        assert_eq!(counted(&counts), []);
        assert!(counts.0.is_empty(), "nothing is left of a side that is quiet");
    }

    #[test]
    fn r2_14b_beyond_a_bound_different_ones_are_counted_together() {
        let counts = Counts::default();
        let recorded = (0..1_000).filter(|n| !counts.counts(1, asked("a", *n), SideAction::Others, 5)).count();
        assert_eq!((recorded, counts.0.get(&1).unwrap().len()), (TOLD_APART, TOLD_APART + 1));
        assert_eq!(counted(&counts), [(1, vec![(None, 1_000 - TOLD_APART as u64, 5)])]);
    }

    #[test]
    fn r2_14b_what_could_not_be_written_counts_on() {
        let counts = Counts::default();
        let ask = |now| counts.counts(1, asked("a", 7), SideAction::Others, now);
        assert_eq!([ask(1), ask(2), ask(3)], [false, true, true]);
        let (of, repeats) = counts.take().remove(0);
        assert_eq!([ask(4), ask(5)], [false, true]);
        counts.put_back(of, repeats);
        assert_eq!(counted(&counts), [(1, vec![(Some("a".into()), 3, 5)])]);
    }
}
