//! The last step of a round: folds the accounts' answers in event order.
//!
//! Accounts answer with the expectation of each scoring; dimensions do not wait for that. The disconfirmation is put
//! in here, and the statistics follow.

use super::super::account::{OpResult, OpResults};
use super::super::breaker::{self, Breaker};
use super::super::ids::Id;
use super::super::reply::{Effect, EffectKind};
use super::super::run::Trip;
use super::super::view::BreakerScope;
use super::Workspace;
use super::round::{Applied, EventStep, Round};

impl Workspace {
    /// Takes the answers of all the accounts that the round had a list for, in any order.
    pub fn finish(&mut self, mut round: Round, outcomes: Vec<(Id, OpResults)>) -> Applied {
        let mut answers: Vec<Option<OpResult>> = Vec::new();
        answers.resize_with(round.steps.len(), || None);
        for outcome in outcomes.into_iter().flat_map(|(_, outcomes)| outcomes) {
            if let Some(answer) = answers.get_mut(outcome.op as usize) {
                *answer = Some(outcome);
            }
        }
        round.effects.reserve(round.steps.len());
        for (step, answer) in std::mem::take(&mut round.steps).into_iter().zip(answers) {
            self.fold(&mut round, step, answer);
        }
        Applied {
            replies: round.replies,
            effects: round.effects,
            rules_changed: round.rules_changed,
            breakers_changed: self.breakers.epoch != round.epoch_before,
        }
    }

    fn fold(&mut self, round: &mut Round, mut step: EventStep, answer: Option<OpResult>) {
        let (expectation, trip) =
            answer.map_or((None, None), |answer| (answer.expectation, answer.trip.map(|trip| *trip)));
        if step.scoring {
            self.disappoint(step.conversation, expectation.or(step.expectation));
            let conversation = self.conversations.id(step.conversation);
            round.effects.push(Effect { at: step.position, kind: EffectKind::ConversationScored { conversation } });
        }
        if let (Some(account), Some(trip)) = (step.account, trip) {
            let id = self.accounts.get(account).id;
            self.accounts.trip(account, trip.breaker);
            let name = step.account_name.as_deref().map_or_else(|| id.to_string(), str::to_owned);
            self.trigger(round, &step, BreakerScope::Account(id), &name, trip);
        }
        if let Some(trip) = step.workspace_trip.take() {
            let name = self.name.clone();
            self.trigger(round, &step, BreakerScope::Workspace, &name, *trip);
        }
    }

    fn trigger(&mut self, round: &mut Round, step: &EventStep, scope: BreakerScope, name: &str, trip: Trip) {
        let threshold = self.rules.csat.threshold_low_composite;
        let breaker = Breaker {
            id: trip.breaker,
            scope,
            reason: breaker::reason(trip.run.len(), threshold, scope, name),
            triggered: (step.receipt, step.position),
            evidence: trip.run.iter().map(|&(number, composite)| (self.conversations.id(number), composite)).collect(),
            acknowledged: None,
            resolved: None,
        };
        self.breakers.trigger(breaker);
        let account = match scope {
            BreakerScope::Account(account) => Some(account),
            BreakerScope::Workspace => None,
        };
        let kind = EffectKind::BreakerTriggered { breaker: trip.breaker, account, epoch: self.breakers.epoch };
        round.effects.push(Effect { at: step.position, kind });
    }
}
