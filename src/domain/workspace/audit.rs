//! Writes entries into the side's audit trail.

use std::sync::Arc;

use super::super::audit::{
    AuditEntry, AuditOutcome, Installed, OwnPatched, Patched, Refusal, Repeat, ResourceStep, SideAction, Trail,
};
use super::super::ids::Position;
use super::super::own_settings::OwnPatch;
use super::super::record::{Command, Frame};
use super::super::reply::{CommandRefusal, Reply};
use super::super::resource::{ResourceChange, ResourceRecord};
use super::super::rules::Rules;
use super::super::settings::Settings;
use super::Workspace;
use super::breakers::Done;

/// What a command may change, as it was before the command.
pub(super) struct Before {
    rules: Arc<Rules>,
    epoch: u64,
}

/// A command that would change nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct InVain {
    /// What it is answered.
    pub reply: Reply,
    pub action: SideAction,
    pub outcome: AuditOutcome,
}

fn action_of(command: &Command, rules: &Rules) -> SideAction {
    match command {
        Command::PatchCsatConfig(patch) => {
            let patched = Patched { from: rules.csat.of_fields(patch), to: patch.clone() };
            SideAction::CsatConfigPatched(Box::new(patched))
        }
        Command::Acknowledge { breaker, note } => {
            SideAction::BreakerAcknowledged { breaker: *breaker, noted: note.is_some() }
        }
        Command::Resolve { breaker, note } => SideAction::BreakerResolved { breaker: *breaker, noted: note.is_some() },
        Command::PatchSettings(patch) => settings_patched(patch.clone(), rules),
        Command::PatchSettingsV1(old) => settings_patched(old.clone().into(), rules),
        Command::Trip { .. } => SideAction::BreakerTripped { breaker: None },
        Command::Note { breaker, .. } => SideAction::BreakerNoted { breaker: *breaker },
        Command::Override(_) => SideAction::ScoreOverridden,
        Command::TakeBack { .. } => SideAction::OverrideTakenBack,
        Command::Replay { endpoint, .. } => SideAction::DeliveriesReplayed { endpoint: *endpoint },
        Command::Resend { endpoint, .. } => SideAction::DeliveryResent { endpoint: *endpoint },
        Command::Calibrate(to) => {
            SideAction::Calibrated { from: rules.own.calibration.as_deref().cloned().map(Box::new), to: to.clone() }
        }
    }
}

fn settings_patched(to: OwnPatch, rules: &Rules) -> SideAction {
    SideAction::SettingsPatched(Box::new(OwnPatched { from: rules.own.of_fields(&to), to }))
}

impl Workspace {
    /// What the command would come to now, if it would change nothing: then it need not be recorded to be answered as
    /// its record would be.
    pub fn in_vain(&self, command: &Command) -> Option<InVain> {
        let done = match command {
            Command::PatchCsatConfig(patch) if self.rules.csat.patched(patch) == self.rules.csat => Ok(Done::Unchanged),
            Command::PatchCsatConfig(_) => Ok(Done::Changed),
            Command::Acknowledge { breaker, .. } => self.breakers.on_acknowledge(*breaker),
            Command::Resolve { breaker, .. } => self.breakers.on_resolve(*breaker),
            Command::PatchSettings(patch) if self.rules.own.patched(patch) == self.rules.own => Ok(Done::Unchanged),
            Command::Trip { scope, .. } => self.on_trip(scope),
            Command::Note { breaker, .. } => self.breakers.on_note(*breaker),
            Command::Override(said) => self.on_override(said.conversation),
            Command::TakeBack { conversation } => self.on_take_back(*conversation),
            Command::Calibrate(to) => self.on_calibrate(to.as_deref()),
            // These change something each time, or are refused so seldom that each refusal may have a record.
            Command::PatchSettings(_)
            | Command::PatchSettingsV1(_)
            | Command::Replay { .. }
            | Command::Resend { .. } => Ok(Done::Changed),
        };
        let outcome = match done {
            Ok(Done::Changed) => return None,
            Ok(Done::Unchanged) => AuditOutcome::Unchanged,
            Err(refusal) => AuditOutcome::Refused(refusal.into()),
        };
        let reply = match command {
            Command::PatchCsatConfig(_) => Reply::Config(self.rules.csat.clone()),
            Command::PatchSettings(_) => Reply::Settings(self.rules.own.clone()),
            Command::Acknowledge { breaker, .. } | Command::Resolve { breaker, .. } => {
                Reply::Breaker(done.and_then(|_| self.breaker(*breaker)))
            }
            Command::Trip { .. } | Command::Note { .. } => Reply::Breaker(Err(done.err()?)),
            Command::Override(_) | Command::TakeBack { .. } => Reply::Accepted(Err(done.err()?)),
            Command::Calibrate(_) => Reply::Accepted(done.map(|_| ())),
            Command::PatchSettingsV1(_) | Command::Replay { .. } | Command::Resend { .. } => return None,
        };
        Some(InVain { reply, action: action_of(command, &self.rules), outcome })
    }

    /// Who did what, the oldest first.
    pub fn trail(&self) -> &Trail<SideAction> {
        &self.pieces.trail
    }

    pub(super) fn before(&self) -> Before {
        Before { rules: Arc::clone(&self.rules), epoch: self.breakers.epoch }
    }

    pub(super) fn note_command(
        &mut self,
        frame: &Frame,
        actor: &str,
        command: &Command,
        before: &Before,
        reply: &Reply,
    ) {
        let action = match (command, reply) {
            (Command::Trip { .. }, Reply::Breaker(Ok(view))) => SideAction::BreakerTripped { breaker: Some(view.id) },
            _ => action_of(command, &before.rules),
        };
        let may_be_vain = matches!(
            command,
            Command::PatchCsatConfig(_)
                | Command::PatchSettings(_)
                | Command::PatchSettingsV1(_)
                | Command::Calibrate(_)
                | Command::Acknowledge { .. }
                | Command::Resolve { .. }
        );
        let is_same = self.rules == before.rules && self.breakers.epoch == before.epoch;
        let outcome = match reply.refusal() {
            Some(refusal) => AuditOutcome::Refused(refusal.into()),
            None if is_same && may_be_vain => AuditOutcome::Unchanged,
            None => AuditOutcome::Done,
        };
        self.note(frame, 0, Some(actor), action, outcome);
    }

    pub(super) fn note_resource(
        &mut self,
        frame: &Frame,
        actor: Option<&str>,
        record: &ResourceRecord,
        refusal: Option<CommandRefusal>,
    ) {
        let step = match record.change {
            ResourceChange::Made { .. } => ResourceStep::Made,
            ResourceChange::Changed { .. } => ResourceStep::Changed,
            ResourceChange::Gone => ResourceStep::Gone,
        };
        let action = SideAction::Resource { kind: record.kind.clone(), id: record.id, step };
        let outcome = refusal.map_or(AuditOutcome::Done, |refusal| AuditOutcome::Refused(refusal.into()));
        self.note(frame, 0, actor, action, outcome);
    }

    /// To be called before settings are applied. Settings that hold already get no entry: the server writes them for
    /// what a frame's receipt makes due.
    pub(super) fn note_settings(&mut self, frame: &Frame, settings: &Settings) {
        if !self.installed || *settings != self.rules.settings {
            let installed = Box::new(Installed::from(settings));
            self.note(frame, 0, None, SideAction::SettingsInstalled(installed), AuditOutcome::Done);
        }
    }

    /// For each of the two: whether it was asked for, and found.
    pub(super) fn note_erasure(
        &mut self,
        frame: &Frame,
        actor: Option<&str>,
        conversation: Option<bool>,
        contact: Option<bool>,
    ) {
        if let Some(found) = conversation {
            let outcome = if found { AuditOutcome::Done } else { AuditOutcome::Refused(Refusal::UnknownConversation) };
            self.note(frame, 0, actor, SideAction::ConversationErased, outcome);
        }
        if let Some(found) = contact {
            let outcome = if found { AuditOutcome::Done } else { AuditOutcome::Unchanged };
            self.note(frame, 1, actor, SideAction::ContactErased, outcome);
        }
    }

    /// Counts what was answered without a record.
    pub(super) fn note_repeats(&mut self, frame: &Frame, repeats: &[Repeat<SideAction>]) -> Reply {
        for (place, repeat) in (0..).zip(repeats) {
            let repeat = Repeat { action: repeat.action.clone().renewed(), ..repeat.clone() };
            self.pieces.trail.repeat(Position::new(frame.seq, place), frame.receipt, repeat);
        }
        Reply::Done
    }

    /// Passes the event over from now on (I6).
    pub(super) fn skip(&mut self, frame: &Frame, event: Position) -> Reply {
        self.skips.insert(event);
        self.note(frame, 0, None, SideAction::EventSkipped { event }, AuditOutcome::Done);
        Reply::Done
    }

    fn note(&mut self, frame: &Frame, place: u16, actor: Option<&str>, action: SideAction, outcome: AuditOutcome) {
        let (at, receipt, actor) = (Position::new(frame.seq, place), frame.receipt, actor.map(Into::into));
        self.pieces.trail.push(AuditEntry { at, receipt, actor, action, outcome });
    }
}
