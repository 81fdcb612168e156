//! Records that are a round of their own: what people ask for, and settings (I1, I2).

use std::sync::Arc;

use super::super::account::AccountOp;
use super::super::breaker::BreakerAction;
use super::super::csat_config::{CsatConfig, CsatPatch};
use super::super::ids::{Id, Position};
use super::super::record::{Command, Frame};
use super::super::reply::{CommandRefusal, Effect, EffectKind, Reply};
use super::super::rules::Rules;
use super::super::run::LastResolve;
use super::super::settings::Settings;
use super::super::time::Millis;
use super::super::view::{BreakerScope, BreakerView};
use super::breakers::Done;
use super::round::Round;
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
        let reply = match command {
            Command::PatchCsatConfig(patch) => Reply::Config(self.patch(round, patch)),
            Command::Acknowledge { breaker, note } => Reply::Breaker(self.acknowledge(round, *breaker, action(note))),
            Command::Resolve { breaker, note } => Reply::Breaker(self.resolve(round, *breaker, action(note))),
        };
        self.note_command(frame, actor, command, &before, reply.refusal());
        reply
    }

    /// R3.8: thresholds, count and window hold from the next question on; nothing is judged anew.
    fn patch(&mut self, round: &mut Round, patch: &CsatPatch) -> CsatConfig {
        let csat = self.rules.csat.patched(patch);
        if csat != self.rules.csat {
            let recount = csat.threshold_resolution_failure != self.rules.csat.threshold_resolution_failure;
            self.rules = Arc::new(Rules { csat: csat.clone(), settings: self.rules.settings.clone() });
            round.rules_changed = true;
            if recount {
                let (conversations, rules) = (&self.conversations, &self.rules);
                self.timeline.recount(|item| conversations.sums(item, rules));
                self.count_recent(self.recent.from);
            }
        }
        csat
    }

    fn acknowledge(&mut self, round: &mut Round, id: Id, action: BreakerAction) -> Result<BreakerView, CommandRefusal> {
        let at = action.position;
        if let Done::Changed = self.breakers.acknowledge(id, action)? {
            let kind = EffectKind::BreakerAcknowledged { breaker: id, epoch: self.breakers.epoch };
            round.effects.push(Effect { at, kind });
        }
        self.breaker(id)
    }

    fn resolve(&mut self, round: &mut Round, id: Id, action: BreakerAction) -> Result<BreakerView, CommandRefusal> {
        let last = LastResolve { at: action.at, position: action.position };
        if let Done::Changed = self.breakers.resolve(id, action)? {
            let scope = self.breakers.get(id).ok_or(CommandRefusal::UnknownBreaker)?.scope;
            let account = match scope {
                BreakerScope::Account(account) => Some(account),
                BreakerScope::Workspace => None,
            };
            if let Some(number) = account.and_then(|account| self.accounts.find(account)) {
                self.involve(round, number);
                self.accounts.resolve(number, last);
                round.ask(number, AccountOp::Resolved(last));
            }
            let kind = EffectKind::BreakerResolved { breaker: id, account, epoch: self.breakers.epoch };
            round.effects.push(Effect { at: last.position, kind });
        }
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
        if !self.installed {
            // No score was made yet, so the profile from before the first settings record is not needed.
            self.profiles.clear();
        }
        if self.profiles.last().is_none_or(|last| **last != settings.profile) {
            self.profiles.push(Arc::new(settings.profile.clone()));
        }
        self.installed = true;
        self.rules = Arc::new(Rules { settings: settings.clone(), csat: self.rules.csat.clone() });
        if new_window {
            self.count_recent(self.last_receipt - settings.model.window_span());
        }
        Reply::Done
    }

    fn count_recent(&mut self, from: Millis) {
        self.recent = Recent { from, sums: self.sum_between(from, Millis::MAX) };
    }
}
