//! Writes entries into the side's audit trail.

use super::super::audit::{AuditEntry, AuditOutcome, Installed, Patched, Refusal, SideAction, Trail};
use super::super::csat_config::CsatConfig;
use super::super::ids::Position;
use super::super::record::{Command, Frame};
use super::super::reply::{CommandRefusal, Reply};
use super::super::settings::Settings;
use super::Workspace;

/// What a command may change, as it was before the command.
pub(super) struct Before {
    csat: CsatConfig,
    epoch: u64,
}

impl Workspace {
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
        let action = match command {
            Command::PatchCsatConfig(patch) => {
                let patched = Patched { from: before.csat.of_fields(patch), to: patch.clone() };
                SideAction::CsatConfigPatched(Box::new(patched))
            }
            Command::Acknowledge { breaker, note } => {
                SideAction::BreakerAcknowledged { breaker: *breaker, noted: note.is_some() }
            }
            Command::Resolve { breaker, note } => {
                SideAction::BreakerResolved { breaker: *breaker, noted: note.is_some() }
            }
        };
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
