//! Deliveries of an endpoint, as its side has noted them.

use std::collections::HashMap;

use super::super::{Service, ServiceError};
use crate::domain::delivery::{Attempt, Done, Progress};
use crate::domain::effect::{EffectId, EffectType};
use crate::domain::ids::{Id, WorkspaceKey};
use crate::webhooks::answers::LastAnswer;
use crate::webhooks::{names, schedule};
use crate::wire::effect::EffectName;
use crate::wire::values::Timestamp;
use crate::wire::webhook::{Delivery, DeliveryState};

/// Which deliveries are asked for, and where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    pub state: Option<DeliveryState>,
    pub before: Option<EffectId>,
}

impl Service {
    /// Whether an endpoint has, or had lately, a delivery of this id.
    pub async fn knows_delivery(&self, key: WorkspaceKey, id: Id, delivery: Id) -> Result<bool, ServiceError> {
        Ok(self.delivered_effect(key, id, delivery).await?.is_some())
    }

    /// Up to `limit` deliveries of an endpoint, the newest effects first, and where the next page goes on.
    pub async fn deliveries(
        &self,
        key: WorkspaceKey,
        id: Id,
        filter: DeliveryFilter,
        limit: usize,
    ) -> Result<(Vec<Delivery>, Option<EffectId>), ServiceError> {
        let found = self.engine.read(key, move |workspace| {
            let progress = workspace.progress(id);
            let mut found = progress.map(|progress| page(progress, filter, limit + 1)).unwrap_or_default();
            for found in &mut found {
                found.kind = workspace.effect(found.effect).map(|effect| effect.of_type());
            }
            found
        });
        let mut found: Vec<Found> = found.await?;
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|last| last.effect);
        let answers = self.webhooks.answers.of(key, id);
        Ok((found.into_iter().map(|found| found.shown(key, id, &answers)).collect(), next))
    }

    pub(super) async fn delivered_effect(
        &self,
        key: WorkspaceKey,
        id: Id,
        delivery: Id,
    ) -> Result<Option<EffectId>, ServiceError> {
        let effects: Vec<EffectId> = self
            .engine
            .read(key, move |workspace| {
                let progress = workspace.progress(id);
                let all = progress.into_iter().flat_map(|progress| {
                    progress.done.iter().rev().map(|done| done.effect).chain(progress.open.keys().copied())
                });
                all.collect()
            })
            .await?;
        Ok(effects.into_iter().find(|effect| names::delivery(id, key, *effect) == delivery))
    }
}

/// A delivery as the state has it.
pub(super) struct Found {
    pub effect: EffectId,
    pub kind: Option<EffectType>,
    pub state: DeliveryState,
    pub attempts: Vec<Attempt>,
}

impl Found {
    pub fn shown(self, key: WorkspaceKey, webhook: Id, answers: &HashMap<EffectId, LastAnswer>) -> Delivery {
        let Self { effect, kind, state, attempts } = self;
        let message = names::message(key, effect);
        let answer = answers.get(&effect).filter(|_| !attempts.is_empty());
        let waits = state == DeliveryState::Failed;
        let next = || answer.and_then(|answer| answer.next).or_else(|| schedule::next(message, &attempts));
        Delivery {
            id: names::delivery(webhook, key, effect),
            webhook_id: webhook,
            message_id: message.into(),
            kind: kind.map(EffectName),
            position: effect.to_string(),
            state,
            next_attempt_at: waits.then(next).flatten().map(Timestamp),
            excerpt: answer.map(|answer| answer.excerpt.clone()).filter(|excerpt| !excerpt.is_empty()),
            attempts: attempts.into_iter().map(Into::into).collect(),
        }
    }
}

/// The newest effects first. One that was delivered more than once is told once: as it is now, or was last.
fn page(progress: &Progress, filter: DeliveryFilter, most: usize) -> Vec<Found> {
    let mut over: HashMap<EffectId, &Done> = HashMap::new();
    for done in progress.done.iter().filter(|done| !progress.open.contains_key(&done.effect)) {
        over.insert(done.effect, done);
    }
    let mut over: Vec<_> = over.into_values().collect();
    over.sort_unstable_by_key(|done| std::cmp::Reverse(done.effect));
    let (mut over, mut open) = (over.into_iter().peekable(), progress.open.iter().rev().peekable());
    let merged = std::iter::from_fn(|| {
        let (next_over, next_open) = (over.peek().map(|done| done.effect), open.peek().map(|(effect, _)| **effect));
        if next_over > next_open {
            let done = over.next()?;
            let state = if done.delivered { DeliveryState::Delivered } else { DeliveryState::Abandoned };
            return Some((done.effect, state, &done.attempts));
        }
        let (effect, attempts) = open.next()?;
        let state = if attempts.is_empty() { DeliveryState::Pending } else { DeliveryState::Failed };
        Some((*effect, state, attempts))
    });
    let wanted = merged.filter(|(effect, state, _)| {
        filter.before.is_none_or(|before| *effect < before) && filter.state.is_none_or(|wanted| wanted == *state)
    });
    let found = |(effect, state, attempts): (_, _, &Vec<Attempt>)| Found {
        effect,
        kind: None,
        state,
        attempts: attempts.clone(),
    };
    wanted.take(most).map(found).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::Position;

    fn at(seq: u64) -> EffectId {
        EffectId { at: Position::new(seq, 0), number: 1 }
    }

    const TRY: Attempt = Attempt { at: 0, milliseconds: 1, status: Some(500), fault: None };

    #[test]
    fn r8_3_deliveries_are_told_newest_effect_first_and_each_once() {
        let done = |seq, delivered| Done { effect: at(seq), delivered, attempts: vec![TRY] };
        let progress = Progress {
            upto: at(9),
            open: [(at(3), vec![TRY]), (at(6), Vec::new()), (at(7), Vec::new())].into(),
            // 4 was delivered again, 7 is being so.
            done: [done(4, false), done(7, true), done(5, true), done(4, true), done(1, false)].into(),
            last_delivery: None,
            lagging: false,
            turns: 0,
        };
        let told = |filter, most| {
            page(&progress, filter, most).iter().map(|found| (found.effect.at.seq(), found.state)).collect::<Vec<_>>()
        };
        use DeliveryState::{Abandoned, Delivered, Failed, Pending};
        let all = [(7, Pending), (6, Pending), (5, Delivered), (4, Delivered), (3, Failed), (1, Abandoned)];
        assert_eq!(told(DeliveryFilter::default(), 9), all);
        assert_eq!(told(DeliveryFilter { before: Some(at(5)), state: None }, 2), all[3..5]);
        for state in [Pending, Delivered, Failed, Abandoned] {
            let of: Vec<_> = all.into_iter().filter(|(_, other)| *other == state).collect();
            assert_eq!(told(DeliveryFilter { before: None, state: Some(state) }, 9), of);
        }
    }
}
