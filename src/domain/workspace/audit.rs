//! Writes entries into the side's audit trail.

use super::super::audit::{AuditEntry, AuditOutcome, Installed, Patched, Refusal, Repeat, SideAction, Trail};
use super::super::csat_config::CsatConfig;
use super::super::ids::Position;
use super::super::record::{Command, Frame};
use super::super::reply::{CommandRefusal, Reply};
use super::super::settings::Settings;
use super::Workspace;
use super::breakers::Done;

/// What a command may change, as it was before the command.
pub(super) struct Before {
    csat: CsatConfig,
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

fn action_of(command: &Command, csat: &CsatConfig) -> SideAction {
    match command {
        Command::PatchCsatConfig(patch) => {
            let patched = Patched { from: csat.of_fields(patch), to: patch.clone() };
            SideAction::CsatConfigPatched(Box::new(patched))
        }
        Command::Acknowledge { breaker, note } => {
            SideAction::BreakerAcknowledged { breaker: *breaker, noted: note.is_some() }
        }
        Command::Resolve { breaker, note } => SideAction::BreakerResolved { breaker: *breaker, noted: note.is_some() },
    }
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
        };
        let outcome = match done {
            Ok(Done::Changed) => return None,
            Ok(Done::Unchanged) => AuditOutcome::Unchanged,
            Err(refusal) => AuditOutcome::Refused(refusal.into()),
        };
        let reply = match command {
            Command::PatchCsatConfig(_) => Reply::Config(self.rules.csat.clone()),
            Command::Acknowledge { breaker, .. } | Command::Resolve { breaker, .. } => {
                Reply::Breaker(done.and_then(|_| self.breaker(*breaker)))
            }
        };
        Some(InVain { reply, action: action_of(command, &self.rules.csat), outcome })
    }

    /// Who did what, the oldest first.
    pub fn trail(&self) -> &Trail<SideAction> {
        &self.pieces.trail
    }

    pub(super) fn before(&self) -> Before {
        Before { csat: self.rules.csat.clone(), epoch: self.breakers.epoch }
    }

    pub(super) fn note_command(
        &mut self,
        frame: &Frame,
        actor: &str,
        command: &Command,
        before: &Before,
        refusal: Option<CommandRefusal>,
    ) {
        let action = action_of(command, &before.csat);
        let is_same = self.rules.csat == before.csat && self.breakers.epoch == before.epoch;
        let outcome = match refusal {
            Some(refusal) => AuditOutcome::Refused(refusal.into()),
            None if is_same => AuditOutcome::Unchanged,
            None => AuditOutcome::Done,
        };
        self.note(frame, 0, Some(actor), action, outcome);
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
            self.pieces.trail.repeat(Position::new(frame.seq, place), frame.receipt, repeat.clone());
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
