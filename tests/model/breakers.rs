//! Section 7 and the commands of section 3: trips, acknowledgements, resolves, configuration.

use std::sync::Arc;

use tripswitch::domain::effect::BreakerStep;
use tripswitch::domain::expectation::ExpectationSource;
use tripswitch::domain::ids::{Id, Position, WorkspaceKey};
use tripswitch::domain::own_settings::{OwnPatch, OwnSettings};
use tripswitch::domain::record::{Command, Frame};
use tripswitch::domain::reply::CommandRefusal;
use tripswitch::domain::scoring::estimator::disconfirmation;
use tripswitch::domain::time::Millis;
use tripswitch::domain::view::{BreakerScope, BreakerView, EvidenceView, HistoryStep, LabelKind};

use crate::broken::Broken;
use crate::effects::{fields, own_fields};
use crate::naive::{Answer, Breaker, Conversation, Deed, Judged, Naive};

impl Naive {
    fn patch_own(&mut self, at: Position, actor: &str, patch: &OwnPatch) -> OwnSettings {
        let before = own_fields(&self.own);
        self.own = self.own.patched(patch);
        self.tell_settings(at, actor, &before, &own_fields(&self.own));
        self.coverage.count("settings patched");
        self.own.clone()
    }

    pub fn command(&mut self, frame: &Frame, actor: &str, command: &Command) -> Answer {
        let at = Position::new(frame.seq, 0);
        let (id, note, step) = match command {
            Command::PatchCsatConfig(patch) => {
                let before = fields(&self.csat);
                self.csat = self.csat.patched(patch);
                self.tell_settings(at, actor, &before, &fields(&self.csat));
                self.coverage.count("config patched");
                self.switch_mails();
                if self.breaks(Broken::BaselinesReachBack) {
                    self.reach_back();
                }
                return Answer::Config(self.csat.clone());
            }
            Command::PatchSettings(patch) => return Answer::Own(self.patch_own(at, actor, patch)),
            Command::Calibrate(to) => return Answer::Accepted(self.calibrate(at, actor, to.as_deref())),
            Command::PatchSettingsV1(_) => unreachable!("no stream has it"),
            Command::Acknowledge { breaker, note } => (*breaker, note.clone(), HistoryStep::Acknowledged),
            Command::Resolve { breaker, note } => (*breaker, note.clone(), HistoryStep::Resolved),
            Command::Note { breaker, note } => (*breaker, Some(note.clone()), HistoryStep::Noted),
            Command::Trip { scope, reason } => return Answer::Breaker(self.trip(frame, actor, scope, reason)),
            Command::Override(said) => return Answer::Accepted(self.override_score(frame, actor, said)),
            Command::TakeBack { conversation } => return Answer::Accepted(self.take_back(frame, *conversation)),
            Command::Replay { endpoint, since } => return Answer::Accepted(self.replay(*endpoint, *since)),
            Command::Resend { endpoint, effect } => return Answer::Accepted(self.resend(*endpoint, *effect)),
        };
        let acknowledges = step == HistoryStep::Acknowledged;
        let repeats_count = self.breaks(Broken::EpochCountsRepeats);
        let Some(index) = self.breakers.iter().position(|breaker| breaker.id == Some(id)) else {
            self.coverage.count("unknown breaker");
            return Answer::Breaker(Err(CommandRefusal::UnknownBreaker));
        };
        let deed = Deed { actor: actor.into(), at: frame.receipt, position: at, note };
        if step == HistoryStep::Noted {
            return Answer::Breaker(self.note_breaker(index, deed));
        }
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
            breaker.acknowledged = Some(deed);
            self.epoch += 1;
            self.tell_breaker(at, index, BreakerStep::Acknowledged);
        } else {
            breaker.resolved = Some(deed);
            let account = breaker.scope.account();
            self.epoch += 1;
            self.tell_breaker(at, index, BreakerStep::Resolved);
            if let Some(account) = account.filter(|_| !self.breaks(Broken::RiskUntoldOnResolve)) {
                self.tell_risk(at, account);
            }
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
            scope_key: scope_key(&breaker.scope, self.key),
            reason: breaker.reason.clone(),
            triggered_at: breaker.triggered_at,
            acknowledged_by: breaker.acknowledged.as_ref().map(|deed| deed.actor.to_string()),
            acknowledged_at: breaker.acknowledged.as_ref().map(|deed| deed.at),
            resolved_at: breaker.resolved.as_ref().map(|deed| deed.at),
        }
    }

    pub fn judge(&mut self, account: Option<Id>, arrival: Judged) {
        let left = arrival.leaves.filter(|_| self.breaks(Broken::LeftAccountJudged));
        let mut scopes: Vec<BreakerScope> = account.into_iter().chain(left).map(BreakerScope::Account).collect();
        scopes.push(BreakerScope::Workspace);
        let known = self.known(arrival.conversation);
        let asked = [self.own.channel_breakers, self.own.intent_breakers]
            .map(|asked| asked == Some(true) || self.breaks(Broken::LabelsJudgedUnasked));
        for kind in LabelKind::ALL {
            let name = known.labels[kind as usize].clone().filter(|_| asked[kind as usize]);
            scopes.extend(name.map(|name| BreakerScope::Label(kind, name)));
        }
        if self.breaks(Broken::LabelsJudgedFirst) {
            scopes.sort_by_key(|scope| !matches!(scope, BreakerScope::Label(..)));
        }
        if self.breaks(Broken::WorkspaceJudgedFirst) {
            scopes.reverse();
        }
        for scope in scopes {
            self.judge_scope(&scope, arrival);
        }
        let told_of_left = arrival.leaves.filter(|_| self.breaks(Broken::RiskOfAccountLeft));
        for account in account.into_iter().chain(told_of_left) {
            self.tell_risk(arrival.position, account);
        }
    }

    fn judge_scope(&mut self, scope: &BreakerScope, Judged { position, receipt, .. }: Judged) {
        let run = self.run(scope);
        let count = u32::from(self.csat.circuit_breaker_count) * self.factor(scope);
        if (run.len() as u32) < count {
            return;
        }
        let of_one = match scope {
            BreakerScope::Account(_) => false,
            BreakerScope::Workspace => !self.breaks(Broken::WorkspaceOfOneAccount) && !spans_two_accounts(&run),
            BreakerScope::Label(..) => !self.breaks(Broken::LabelOfOneAccount) && !spans_two_accounts(&run),
        };
        if of_one {
            let is_label = matches!(scope, BreakerScope::Label(..));
            return self.coverage.count(if is_label {
                "label run of one account"
            } else {
                "workspace run of one account"
            });
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
            BreakerScope::Account(id) => {
                format!("for account {}", self.name_of(*id).map_or_else(|| id.to_string(), |name| name.to_string()))
            }
            BreakerScope::Workspace => format!("in workspace {}", self.name),
            BreakerScope::Label(kind, name) => format!("in {} {name}", kind.name()),
        };
        let again = self.breakers.iter().any(|breaker| breaker.scope == *scope);
        let evidence = run.iter().map(|known| {
            let score = known.score.as_ref().expect("scored");
            let conversation = (!known.erased).then_some(known.id);
            EvidenceView { conversation, composite: score.composite, scored_at: Some(score.scored_at) }
        });
        let evidence = evidence.collect();
        self.breakers.push(Breaker {
            id: None,
            scope: scope.clone(),
            reason: format!("{length} consecutive conversations scored below composite threshold ({threshold}) {whom}"),
            triggered_at: receipt,
            position,
            by: None,
            evidence,
            acknowledged: None,
            resolved: None,
            notes: Vec::new(),
            announced: None,
        });
        self.epoch += 1;
        self.coverage.count(match (scope, again) {
            (BreakerScope::Account(_), false) => "account trip",
            (BreakerScope::Account(_), true) => "second account trip",
            (BreakerScope::Workspace, false) => "workspace trip",
            (BreakerScope::Workspace, true) => "second workspace trip",
            (BreakerScope::Label(LabelKind::Channel, _), false) => "channel trip",
            (BreakerScope::Label(LabelKind::Intent, _), false) => "intent trip",
            (BreakerScope::Label(..), true) => "second label trip",
        });
        self.tell_breaker(position, self.breakers.len() - 1, BreakerStep::Triggered);
    }

    /// The last that an account was given (R4.7).
    pub fn name_of(&self, account: Id) -> Option<Arc<str>> {
        self.accounts.iter().find(|(id, _)| *id == account).and_then(|(_, name)| name.as_deref().map(Into::into))
    }
}

/// R2.2.
fn scope_key(scope: &BreakerScope, workspace: WorkspaceKey) -> String {
    match scope {
        BreakerScope::Account(id) => format!("account:acc_{id}"),
        BreakerScope::Workspace => format!("workspace:ws_{}", workspace.id),
        BreakerScope::Label(LabelKind::Channel, name) => format!("channel:{name}"),
        BreakerScope::Label(LabelKind::Intent, name) => format!("intent:{name}"),
    }
}

/// Conversations without an account are one each.
fn spans_two_accounts(run: &[&Conversation]) -> bool {
    let key =
        |known: &Conversation| (known.attachment.account(), known.attachment.account().is_none().then_some(known.id));
    run.iter().any(|known| key(known) != key(run[0]))
}
