//! Records that are a round of their own: what people ask for, and settings (I1, I2).

use std::sync::Arc;

use super::super::account::AccountOp;
use super::super::breaker::{self, Breaker, BreakerAction};
use super::super::calibrated::Calibrated;
use super::super::csat_config::{CsatConfig, CsatPatch};
use super::super::effect::{BreakerStep, EffectKind, SettingsChange};
use super::super::field::{FieldChange, FieldValue};
use super::super::ids::{Id, Position};
use super::super::own_settings::{OwnPatch, OwnSettings};
use super::super::record::{Command, Frame};
use super::super::reply::{CommandRefusal, Reply};
use super::super::rules::Rules;
use super::super::run::LastResolve;
use super::super::settings::Settings;
use super::super::time::Millis;
use super::super::view::{BreakerScope, BreakerView};
use super::breakers::Done;
use super::round::{EventStep, Round};
use super::{Recent, Workspace};

impl Workspace {
    pub(super) fn command(&mut self, round: &mut Round, frame: &Frame, actor: &str, command: &Command) -> Reply {
        let before = self.before();
        let action = |note: &Option<Box<str>>| BreakerAction {
            at: frame.receipt,
            position: Position::new(frame.seq, 0),
            actor: actor.into(),
            note: note.clone(),
        };
        let done = |done: Result<(), CommandRefusal>| Reply::Accepted(done);
        let reply = match command {
            Command::PatchCsatConfig(patch) => Reply::Config(self.patch(round, frame, actor, patch)),
            Command::PatchSettings(patch) => Reply::Settings(self.patch_own(round, frame, actor, patch)),
            Command::PatchSettingsV1(old) => Reply::Settings(self.patch_own(round, frame, actor, &old.clone().into())),
            Command::Acknowledge { breaker, note } => Reply::Breaker(self.acknowledge(round, *breaker, action(note))),
            Command::Resolve { breaker, note } => Reply::Breaker(self.resolve(round, *breaker, action(note))),
            Command::Trip { scope, reason } => Reply::Breaker(self.trip(round, frame, actor, scope, reason)),
            Command::Note { breaker, note } => Reply::Breaker(self.note_breaker(*breaker, action(&Some(note.clone())))),
            Command::Override(said) => done(self.override_score(round, frame, actor, said)),
            Command::TakeBack { conversation } => done(self.take_back(round, frame, *conversation)),
            Command::Replay { endpoint, since } => done(self.replay(*endpoint, *since)),
            Command::Resend { endpoint, effect } => done(self.resend(*endpoint, *effect)),
            Command::Calibrate(calibrated) => done(self.calibrate(round, frame, actor, calibrated.as_deref())),
        };
        round.deliveries_changed |= matches!(command, Command::Replay { .. } | Command::Resend { .. });
        self.note_command(frame, actor, command, &before, &reply);
        reply
    }

    /// R3.8: thresholds, count and window hold from the next question on; nothing is judged anew.
    fn patch(&mut self, round: &mut Round, frame: &Frame, actor: &str, patch: &CsatPatch) -> CsatConfig {
        let csat = self.rules.csat.patched(patch);
        if csat != self.rules.csat {
            let recount = csat.threshold_resolution_failure != self.rules.csat.threshold_resolution_failure;
            self.announce(round, frame, actor, self.rules.csat.changes(&csat));
            self.rules = Arc::new(Rules { csat: csat.clone(), ..(*self.rules).clone() });
            self.accounts.all_stale();
            round.rules_changed = true;
            if !csat.email_followup_enabled {
                self.forget_addresses();
            }
            if recount {
                let (conversations, rules) = (&self.conversations, &self.rules);
                self.timeline.recount(|item| conversations.part(item, rules));
                self.labels.recount(|item| conversations.part(item, rules).1);
                self.count_recent(self.recent.from);
            }
        }
        csat
    }

    /// R6.9; as [`patch`](Self::patch).
    fn patch_own(&mut self, round: &mut Round, frame: &Frame, actor: &str, patch: &OwnPatch) -> OwnSettings {
        let own = self.rules.own.patched(patch);
        if own != self.rules.own {
            self.announce(round, frame, actor, self.rules.own.changes(&own));
            self.rules = Arc::new(Rules { own: own.clone(), ..(*self.rules).clone() });
            self.accounts.all_stale();
            round.rules_changed = true;
        }
        own
    }

    /// R5.10: a calibration is in force from the next settings record on, or none.
    fn calibrate(
        &mut self,
        round: &mut Round,
        frame: &Frame,
        actor: &str,
        calibrated: Option<&Calibrated>,
    ) -> Result<(), CommandRefusal> {
        let before = self.rules.own.calibration.as_deref();
        if calibrated.is_none() && before.is_none() {
            return Err(CommandRefusal::NotCalibrated);
        }
        let value = |one: Option<&Calibrated>| one.map_or(FieldValue::Null, |one| FieldValue::Text(one.name().into()));
        let (before, after) = (value(before), value(calibrated));
        if before != after {
            self.announce(round, frame, actor, vec![FieldChange { name: "calibration".into(), before, after }]);
            let own = OwnSettings { calibration: calibrated.cloned().map(Arc::new), ..self.rules.own.clone() };
            self.rules = Arc::new(Rules { own, ..(*self.rules).clone() });
            round.rules_changed = true;
        }
        Ok(())
    }

    /// What this calibration would come to now.
    pub(super) fn on_calibrate(&self, calibrated: Option<&Calibrated>) -> Result<Done, CommandRefusal> {
        match (self.rules.own.calibration.as_deref(), calibrated) {
            (None, None) => Err(CommandRefusal::NotCalibrated),
            (Some(before), Some(after)) if before == after => Ok(Done::Unchanged),
            (_, _) => Ok(Done::Changed),
        }
    }

    fn announce(&self, round: &mut Round, frame: &Frame, actor: &str, changes: Vec<FieldChange>) {
        let change = Arc::new(SettingsChange { actor: actor.into(), changes });
        let (at, effect) = (Position::new(frame.seq, 0), EffectKind::SettingsChanged(change));
        round.steps.push(EventStep::of_effect(at, frame.receipt, None, effect));
    }

    fn acknowledge(&mut self, round: &mut Round, id: Id, action: BreakerAction) -> Result<BreakerView, CommandRefusal> {
        let (at, receipt) = (action.position, action.at);
        if let Done::Changed = self.breakers.acknowledge(id, action)? {
            let effect = self.breaker_effect(id, BreakerStep::Acknowledged);
            round.steps.push(EventStep::of_effect(at, receipt, None, effect));
        }
        self.breaker(id)
    }

    fn resolve(&mut self, round: &mut Round, id: Id, action: BreakerAction) -> Result<BreakerView, CommandRefusal> {
        let last = LastResolve { at: action.at, position: action.position };
        if let Done::Changed = self.breakers.resolve(id, action)? {
            let scope = self.breakers.get(id).ok_or(CommandRefusal::UnknownBreaker)?.scope.clone();
            let number = scope.account().and_then(|account| self.accounts.find(account));
            if let Some(number) = number {
                self.involve(round, number);
                self.accounts.resolve(number, last);
                round.ask(number, AccountOp::Resolved { op: round.steps.len() as u32, last });
            }
            if let BreakerScope::Label(kind, name) = &scope {
                self.labels.resolve(*kind, name, last);
            }
            let effect = self.breaker_effect(id, BreakerStep::Resolved);
            round.steps.push(EventStep::of_effect(last.position, last.at, number, effect));
        }
        self.breaker(id)
    }

    /// R7.5: a breaker by hand; from here on it is as any other.
    fn trip(
        &mut self,
        round: &mut Round,
        frame: &Frame,
        actor: &str,
        scope: &BreakerScope,
        reason: &str,
    ) -> Result<BreakerView, CommandRefusal> {
        let (at, receipt) = (Position::new(frame.seq, 0), frame.receipt);
        self.on_trip(scope)?;
        let id = breaker::id_of(self.key, at, scope);
        let mut number = None;
        match scope {
            BreakerScope::Account(account) => {
                let account = self.accounts.find(*account).ok_or(CommandRefusal::UnknownAccount)?;
                self.involve(round, account);
                self.accounts.trip(account, id);
                round.ask(account, AccountOp::Tripped { op: round.steps.len() as u32, breaker: id, at, receipt });
                number = Some(account);
            }
            BreakerScope::Workspace => self.breakers.workspace_active = Some(id),
            BreakerScope::Label(kind, name) => {
                let label = self.labels.find_or_create(*kind, name).ok_or(CommandRefusal::TooManyLabels)?;
                self.labels.trip(*kind, label, id);
            }
        }
        self.breakers.trigger(Breaker {
            id,
            scope: scope.clone(),
            reason: reason.into(),
            triggered: (receipt, at),
            by: Some(actor.into()),
            evidence: Box::default(),
            acknowledged: None,
            resolved: None,
            notes: Vec::new(),
            announced: None,
        });
        let effect = self.breaker_effect(id, BreakerStep::Triggered);
        round.steps.push(EventStep::of_effect(at, receipt, number, effect));
        self.breaker(id)
    }

    /// What tripping the scope by hand would come to now.
    pub(super) fn on_trip(&self, scope: &BreakerScope) -> Result<Done, CommandRefusal> {
        if self.breakers.active().any(|breaker| breaker.scope == *scope) {
            return Err(CommandRefusal::BreakerActive);
        }
        match scope {
            BreakerScope::Account(account) if !self.knows_account(*account) => Err(CommandRefusal::UnknownAccount),
            BreakerScope::Label(kind, name) if !self.labels.admits(*kind, name) => Err(CommandRefusal::TooManyLabels),
            BreakerScope::Account(_) | BreakerScope::Label(..) | BreakerScope::Workspace => Ok(Done::Changed),
        }
    }

    fn note_breaker(&mut self, id: Id, action: BreakerAction) -> Result<BreakerView, CommandRefusal> {
        self.breakers.note(id, action)?;
        self.breaker(id)
    }

    pub(super) fn breaker(&self, id: Id) -> Result<BreakerView, CommandRefusal> {
        let breaker = self.breakers.get(id).ok_or(CommandRefusal::UnknownBreaker)?;
        Ok(breaker.view(self.key))
    }

    /// The settings that hold from here on.
    pub(super) fn install(&mut self, round: &mut Round, frame: &Frame, settings: &Settings) -> Reply {
        self.note_settings(frame, settings);
        let old = &self.rules.settings;
        let new_window = settings.model.window_days != old.model.window_days;
        // What an account keeps depends on the window alone; everything else is looked up when it is needed.
        round.reset_accounts = settings.model.window_size != old.model.window_size;
        if round.reset_accounts {
            self.accounts.all_sleep();
        }
        round.rules_changed = true;
        if self.installed && settings.secret_id != old.secret_id {
            self.duplicates.secret_changed();
        }
        self.enter_profile(&settings.profile);
        self.installed = true;
        self.rules = Arc::new(Rules { settings: settings.clone(), ..(*self.rules).clone() });
        if new_window || round.reset_accounts {
            self.accounts.all_stale();
        }
        if new_window {
            self.count_recent(self.last_receipt - settings.model.window_span());
        }
        Reply::Done
    }

    fn count_recent(&mut self, from: Millis) {
        self.recent = Recent { from, sums: self.sum_between(from, Millis::MAX) };
    }
}
