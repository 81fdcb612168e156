//! The last step of a round: folds the accounts' answers in event order.
//!
//! Accounts answer with the expectation of each scoring; dimensions do not wait for that. The disconfirmation is put
//! in here, and the statistics follow.

use super::super::account::{OpResult, OpResults};
use super::super::breaker::{self, Breaker};
use super::super::effect::BreakerStep;
use super::super::ids::Id;
use super::super::run::Trip;
use super::super::view::BreakerScope;
use super::Workspace;
use super::round::{Applied, EventStep, Round};

impl Workspace {
    /// Takes the answers of all the accounts that the round had a list for, in any order.
    pub fn finish(&mut self, mut round: Round, outcomes: Vec<(Id, OpResults)>) -> Applied {
        let mut answers: Vec<Option<OpResult>> = Vec::new();
        answers.resize_with(round.steps.len(), || None);
        for (_, OpResults { account, results, assessment }) in outcomes {
            for result in results {
                if let Some(answer) = answers.get_mut(result.op as usize) {
                    *answer = Some(result);
                }
            }
            self.accounts.stands(account, assessment.as_ref());
        }
        round.effects.reserve(2 * round.steps.len());
        for (step, answer) in std::mem::take(&mut round.steps).into_iter().zip(answers) {
            self.fold(&mut round, step, answer);
        }
        self.keep_effects(&round.effects);
        Applied {
            replies: round.replies,
            effects: round.effects,
            rules_changed: round.rules_changed,
            breakers_changed: self.breakers.epoch != round.epoch_before,
            deliveries_changed: round.deliveries_changed,
        }
    }

    /// Effects come in this order: what ended the conversation or was done to a breaker, the score, breakers, the risk.
    fn fold(&mut self, round: &mut Round, mut step: EventStep, answer: Option<OpResult>) {
        let OpResult { expectation, trip, risk, .. } = answer.unwrap_or_default();
        if let Some(effect) = step.before.take() {
            round.effect(step.position, step.receipt, effect);
        }
        if let (Some(conversation), Some(score)) = (step.conversation, step.score) {
            let frozen = expectation.or(step.expectation);
            self.disappoint(conversation, frozen);
            // What is in force by the end of the round may be of a later event, or gone.
            let expectation = round.expectation(conversation, frozen, score.expectation);
            let effect = self.scored(conversation, step.account, &self.disappointed(score, expectation));
            round.effect(step.position, step.receipt, effect);
        }
        if let (Some(account), Some(trip)) = (step.account, trip) {
            let id = self.accounts.get(account).id;
            self.accounts.trip(account, trip.breaker);
            let name = step.account_name.as_deref().map_or_else(|| id.to_string(), str::to_owned);
            self.trigger(round, &step, BreakerScope::Account(id), &name, &trip);
        }
        for (scope, trip) in std::mem::take(&mut step.trips) {
            let name = match &scope {
                BreakerScope::Label(_, name) => name.to_string(),
                BreakerScope::Account(_) | BreakerScope::Workspace => self.name.to_string(),
            };
            self.trigger(round, &step, scope, &name, &trip);
        }
        if let (Some(account), Some(risk)) = (step.account, risk)
            && let Some(effect) = self.risk_changed(account, risk)
        {
            round.effect(step.position, step.receipt, effect);
        }
    }

    fn trigger(&mut self, round: &mut Round, step: &EventStep, scope: BreakerScope, name: &str, trip: &Trip) {
        let threshold = self.rules.csat.threshold_low_composite;
        self.breakers.trigger(Breaker {
            id: trip.breaker,
            reason: breaker::reason(trip.run.len(), threshold, &scope, name),
            scope,
            triggered: (step.receipt, step.position),
            by: None,
            evidence: trip.evidence(|number| self.conversations.id(number)),
            acknowledged: None,
            resolved: None,
            notes: Vec::new(),
            announced: None,
        });
        let kind = self.breaker_effect(trip.breaker, BreakerStep::Triggered);
        round.effect(step.position, step.receipt, kind);
    }
}
