//! Section 7 and the commands of section 3: trips, acknowledgements, resolves, configuration.

use tripswitch::domain::expectation::ExpectationSource;
use tripswitch::domain::ids::{Id, Position};
use tripswitch::domain::record::{Command, Frame};
use tripswitch::domain::reply::CommandRefusal;
use tripswitch::domain::scoring::estimator::disconfirmation;
use tripswitch::domain::time::Millis;
use tripswitch::domain::view::{BreakerScope, BreakerView};

use crate::broken::Broken;
use crate::naive::{Answer, Arrival, Breaker, Conversation, Happening, Naive};

impl Naive {
    pub fn command(&mut self, frame: &Frame, actor: &str, command: &Command) -> Answer {
        let at = Position::new(frame.seq, 0);
        let (id, acknowledges) = match command {
            Command::PatchCsatConfig(patch) => {
                self.csat = self.csat.patched(patch);
                self.coverage.count("config patched");
                if self.breaks(Broken::BaselinesReachBack) {
                    self.reach_back();
                }
                return Answer::Config(self.csat.clone());
            }
            Command::Acknowledge { breaker, .. } => (*breaker, true),
            Command::Resolve { breaker, .. } => (*breaker, false),
        };
        let repeats_count = self.breaks(Broken::EpochCountsRepeats);
        let Some(index) = self.breakers.iter().position(|breaker| breaker.id == Some(id)) else {
            self.coverage.count("unknown breaker");
            return Answer::Breaker(Err(CommandRefusal::UnknownBreaker));
        };
        let breaker = &mut self.breakers[index];
        if acknowledges && breaker.resolved.is_some() {
            self.coverage.count("acknowledge refused");
            return Answer::Breaker(Err(CommandRefusal::BreakerResolved));
        }
        if !acknowledges && breaker.acknowledged.is_none() {
            self.coverage.count("resolve refused");
            return Answer::Breaker(Err(CommandRefusal::BreakerNotAcknowledged));
        }
        let repeat = if acknowledges { breaker.acknowledged.is_some() } else { breaker.resolved.is_some() };
        if repeat {
            self.epoch += u64::from(repeats_count);
            self.coverage.count("command repeated");
        } else if acknowledges {
            breaker.acknowledged = Some((actor.into(), frame.receipt));
            self.epoch += 1;
            self.happened.push(Happening::Acknowledged { at, index, epoch: self.epoch });
        } else {
            breaker.resolved = Some((frame.receipt, at));
            self.epoch += 1;
            let scope = breaker.scope;
            self.happened.push(Happening::Resolved { at, index, scope, epoch: self.epoch });
            self.coverage.count("resolved");
        }
        Answer::Breaker(Ok(index))
    }

    /// For [`Broken::BaselinesReachBack`] alone.
    fn reach_back(&mut self) {
        let baselines = self.csat.baselines();
        for known in &mut self.conversations {
            let Some((score, expectation)) = known.score.as_mut().zip(known.expectation.as_mut()) else { continue };
            for (of_dimension, baseline) in expectation.iter_mut().zip(baselines) {
                *of_dimension = baseline.map(|value| (value, ExpectationSource::Baseline)).or(*of_dimension);
            }
            let values = expectation.map(|of_dimension| of_dimension.map(|(value, _)| value));
            score.disconfirmation = disconfirmation(score.weights, values, score.dimensions);
        }
    }

    pub fn breaker_view(&self, breaker: &Breaker) -> BreakerView {
        BreakerView {
            id: breaker.id.expect("named by the comparison when it tripped"),
            scope_key: match breaker.scope {
                BreakerScope::Account(id) => format!("account:acc_{id}"),
                BreakerScope::Workspace => format!("workspace:ws_{}", self.key.id),
            },
            reason: breaker.reason.clone(),
            triggered_at: breaker.triggered_at,
            acknowledged_by: breaker.acknowledged.as_ref().map(|(actor, _)| actor.to_string()),
            acknowledged_at: breaker.acknowledged.as_ref().map(|(_, at)| *at),
            resolved_at: breaker.resolved.map(|(at, _)| at),
        }
    }

    pub fn judge(&mut self, account: Option<Id>, arrival: Arrival) {
        let left = arrival.leaves.filter(|_| self.breaks(Broken::LeftAccountJudged));
        let mut scopes: Vec<BreakerScope> = account.into_iter().chain(left).map(BreakerScope::Account).collect();
        scopes.push(BreakerScope::Workspace);
        if self.breaks(Broken::WorkspaceJudgedFirst) {
            scopes.reverse();
        }
        for scope in scopes {
            self.judge_scope(scope, arrival);
        }
    }

    fn judge_scope(&mut self, scope: BreakerScope, Arrival { position, receipt, .. }: Arrival) {
        let run = self.run(scope);
        let count = u32::from(self.csat.circuit_breaker_count) * self.factor(scope);
        if (run.len() as u32) < count {
            return;
        }
        if scope == BreakerScope::Workspace && !self.breaks(Broken::WorkspaceOfOneAccount) && !spans_two_accounts(&run)
        {
            return self.coverage.count("workspace run of one account");
        }
        if self.active(scope).is_some() && !self.breaks(Broken::TripWhileActive) {
            return self.coverage.count("no trip while one is active");
        }
        let newest = run[0].score.as_ref().expect("scored").scored_at;
        let edge = receipt - self.run_span() + Millis::from(self.breaks(Broken::TripEdgeExclusive));
        if newest < edge && !self.breaks(Broken::RetroactiveTrip) {
            return self.coverage.count("history did not trip");
        }
        let length = if self.breaks(Broken::ReasonNamesCount) { count as usize } else { run.len() };
        let (length, threshold) = (length, self.csat.threshold_low_composite);
        let whom = match scope {
            BreakerScope::Account(id) => format!("for account {}", self.account_name(id)),
            BreakerScope::Workspace => format!("in workspace {}", self.name),
        };
        let again = self.breakers.iter().any(|breaker| breaker.scope == scope);
        let evidence = run.iter().filter(|known| !known.erased).map(|known| known.id).collect();
        self.breakers.push(Breaker {
            id: None,
            scope,
            reason: format!("{length} consecutive conversations scored below composite threshold ({threshold}) {whom}"),
            triggered_at: receipt,
            evidence,
            acknowledged: None,
            resolved: None,
        });
        self.epoch += 1;
        self.coverage.count(match (scope, again) {
            (BreakerScope::Account(_), false) => "account trip",
            (BreakerScope::Account(_), true) => "second account trip",
            (BreakerScope::Workspace, false) => "workspace trip",
            (BreakerScope::Workspace, true) => "second workspace trip",
        });
        self.happened.push(Happening::Triggered {
            at: position,
            index: self.breakers.len() - 1,
            scope,
            epoch: self.epoch,
        });
    }

    fn account_name(&self, account: Id) -> String {
        let name = self.accounts.iter().find(|(id, _)| *id == account).and_then(|(_, name)| name.clone());
        name.map_or_else(|| account.to_string(), String::from)
    }
}

/// Conversations without an account are one each.
fn spans_two_accounts(run: &[&Conversation]) -> bool {
    let key =
        |known: &Conversation| (known.attachment.account(), known.attachment.account().is_none().then_some(known.id));
    run.iter().any(|known| key(known) != key(run[0]))
}
