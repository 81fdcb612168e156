//! The audit trail: an entry for each record that somebody asked for, and for those of the server's own that matter.

use tripswitch::domain::audit::{AuditEntry, AuditOutcome, Repeated, ResourceStep, SideAction};
use tripswitch::domain::ids::{Id, Position};
use tripswitch::domain::life::ContactMark;
use tripswitch::domain::record::{Command, Frame};
use tripswitch::domain::reply::CommandRefusal;
use tripswitch::domain::resource::{ResourceChange, ResourceRecord};
use tripswitch::domain::settings::Settings;
use tripswitch::domain::time::Millis;

use crate::naive::{Answer, Naive};

/// An entry as both models say it: where, when, who, what to what, with a note or not, outcome and code.
pub type Line = (Position, Millis, Option<Box<str>>, String);

/// What changed nothing: the first time, how often, and when last.
pub type Repeats = (Line, u64, Millis);

/// The domain's.
pub fn repeats(repeated: &Repeated<SideAction>) -> Repeats {
    (line(&repeated.first), repeated.count, repeated.last)
}

/// The domain's entry.
pub fn line(entry: &AuditEntry<SideAction>) -> Line {
    let (outcome, code) = match entry.outcome {
        AuditOutcome::Done => ("done", None),
        AuditOutcome::Unchanged => ("unchanged", None),
        AuditOutcome::Refused(refusal) => ("refused", Some(refusal.code())),
    };
    let mut event = None;
    let (name, target, noted) = match &entry.action {
        SideAction::CsatConfigPatched(_) => ("csat_config.patched", None, None),
        SideAction::SettingsPatched(_) | SideAction::SettingsPatchedV1(_) => ("settings.patched", None, None),
        SideAction::BreakerAcknowledged { breaker, noted } => ("breaker.acknowledged", Some(*breaker), Some(*noted)),
        SideAction::BreakerResolved { breaker, noted } => ("breaker.resolved", Some(*breaker), Some(*noted)),
        SideAction::BreakerTripped { breaker } => ("breaker.tripped", *breaker, None),
        SideAction::BreakerNoted { breaker } => ("breaker.noted", Some(*breaker), None),
        SideAction::Calibrated { .. } => ("calibration.changed", None, None),
        SideAction::ScoreOverridden => ("score.overridden", None, None),
        SideAction::OverrideTakenBack => ("score.override_taken_back", None, None),
        SideAction::DeliveriesReplayed { endpoint } => ("deliveries.replayed", Some(*endpoint), None),
        SideAction::DeliveryResent { endpoint } => ("delivery.resent", Some(*endpoint), None),
        SideAction::Resource { id, step: ResourceStep::Made, .. } => ("resource.created", Some(*id), None),
        SideAction::Resource { id, step: ResourceStep::Changed, .. } => ("resource.changed", Some(*id), None),
        SideAction::Resource { id, step: ResourceStep::Gone, .. } => ("resource.removed", Some(*id), None),
        SideAction::SettingsInstalled(_) => ("settings.installed", None, None),
        SideAction::ConversationErased => ("conversation.erased", None, None),
        SideAction::ContactErased => ("contact.erased", None, None),
        SideAction::EventSkipped { event: skipped } => {
            event = Some(skipped.to_string());
            ("event.skipped", None, None)
        }
        SideAction::Others => ("others", None, None),
    };
    let text = text(name, target, noted, event.as_deref(), outcome, code);
    (entry.at, entry.receipt, entry.actor.clone(), text)
}

/// Stands for the id of a breaker that a person tripped, until it is named.
pub const UNNAMED: &str = "Some(unnamed)";

fn code_of(refusal: CommandRefusal) -> &'static str {
    match refusal {
        CommandRefusal::UnknownBreaker => "unknown_breaker",
        CommandRefusal::BreakerResolved => "breaker_resolved",
        CommandRefusal::BreakerNotAcknowledged => "breaker_not_acknowledged",
        CommandRefusal::BreakerActive => "breaker_active",
        CommandRefusal::TooManyNotes => "too_many_notes",
        CommandRefusal::UnknownAccount => "unknown_account",
        CommandRefusal::TooManyLabels => "too_many_labels",
        CommandRefusal::UnknownConversation => "unknown_conversation",
        CommandRefusal::NotScored => "not_scored",
        CommandRefusal::NotOverridden => "not_overridden",
        CommandRefusal::NotCalibrated => "not_calibrated",
        CommandRefusal::UnknownResource => "unknown_resource",
        CommandRefusal::ResourceChanged => "resource_changed",
        CommandRefusal::TooManyResources => "too_many_resources",
        CommandRefusal::EffectGone => "effect_gone",
    }
}

fn text(
    name: &str,
    target: Option<Id>,
    noted: Option<bool>,
    event: Option<&str>,
    outcome: &str,
    code: Option<&str>,
) -> String {
    format!("{name} {target:?} {noted:?} {event:?} {outcome} {code:?}")
}

impl Naive {
    fn note(&mut self, frame: &Frame, place: u16, actor: Option<&str>, text: String) {
        let line = (Position::new(frame.seq, place), frame.receipt, actor.map(Into::into), text);
        if line.3.contains(" done ") {
            self.trail.push(line);
            return;
        }
        // A note makes no other request of it.
        let name = |line: &Line| (line.2.clone(), line.3.replace("Some(true)", "Some(false)"));
        match self.vain.iter_mut().find(|(first, ..)| name(first) == name(&line)) {
            Some((_, count, last)) => (*count, *last) = (*count + 1, frame.receipt),
            None => self.vain.push((line, 1, frame.receipt)),
        }
    }

    pub fn noted_command(&mut self, frame: &Frame, actor: &str, command: &Command) -> Answer {
        let (csat, own) = (self.csat.clone(), self.own.clone());
        let answer = self.command(frame, actor, command);
        let changed = self.csat != csat || self.own != own || !self.happened.is_empty();
        let always_counts = !matches!(
            command,
            Command::PatchCsatConfig(_)
                | Command::PatchSettings(_)
                | Command::Calibrate(_)
                | Command::Acknowledge { .. }
                | Command::Resolve { .. }
        );
        let (outcome, code) = match &answer {
            Answer::Breaker(Err(refusal)) | Answer::Accepted(Err(refusal)) => ("refused", Some(code_of(*refusal))),
            _ => (if changed || always_counts { "done" } else { "unchanged" }, None),
        };
        let (name, target, noted) = match command {
            Command::PatchCsatConfig(_) => ("csat_config.patched", None, None),
            Command::PatchSettings(_) | Command::PatchSettingsV1(_) => ("settings.patched", None, None),
            Command::Acknowledge { breaker, note } => ("breaker.acknowledged", Some(*breaker), Some(note.is_some())),
            Command::Resolve { breaker, note } => ("breaker.resolved", Some(*breaker), Some(note.is_some())),
            Command::Trip { .. } => ("breaker.tripped", None, None),
            Command::Note { breaker, .. } => ("breaker.noted", Some(*breaker), None),
            Command::Override(_) => ("score.overridden", None, None),
            Command::TakeBack { .. } => ("score.override_taken_back", None, None),
            Command::Replay { endpoint, .. } => ("deliveries.replayed", Some(*endpoint), None),
            Command::Resend { endpoint, .. } => ("delivery.resent", Some(*endpoint), None),
            Command::Calibrate(_) => ("calibration.changed", None, None),
        };
        let text = text(name, target, noted, None, outcome, code);
        // Its id is known once the comparison has named it.
        let is_trip = matches!((command, &answer), (Command::Trip { .. }, Answer::Breaker(Ok(_))));
        let text = if is_trip { text.replacen("None", UNNAMED, 1) } else { text };
        self.note(frame, 0, Some(actor), text);
        answer
    }

    pub fn noted_resource(&mut self, frame: &Frame, actor: Option<&str>, record: &ResourceRecord) -> Answer {
        let done = self.change_resource(frame, record);
        let name = match record.change {
            ResourceChange::Made { .. } => "resource.created",
            ResourceChange::Changed { .. } => "resource.changed",
            ResourceChange::Gone => "resource.removed",
        };
        let (outcome, code) = match &done {
            Ok(_) => ("done", None),
            Err(refusal) => ("refused", Some(code_of(*refusal))),
        };
        self.note(frame, 0, actor, text(name, Some(record.id), None, None, outcome, code));
        Answer::Resource(done.map(Box::new))
    }

    pub fn noted_settings(&mut self, frame: &Frame, settings: &Settings) -> Answer {
        if !self.installed || self.settings != *settings {
            self.note(frame, 0, None, text("settings.installed", None, None, None, "done", None));
        }
        self.installed = true;
        self.settings = settings.clone();
        Answer::Done
    }

    pub fn noted_erasure(
        &mut self,
        frame: &Frame,
        actor: Option<&str>,
        conversation: Option<Id>,
        contact: Option<ContactMark>,
    ) -> Answer {
        let mut found = false;
        if conversation.is_some() {
            let known = self.erase(conversation, None);
            let (outcome, code) = if known { ("done", None) } else { ("refused", Some("unknown_conversation")) };
            self.note(frame, 0, actor, text("conversation.erased", None, None, None, outcome, code));
            found |= known;
        }
        if contact.is_some() {
            let known = self.erase(None, contact);
            let outcome = if known { "done" } else { "unchanged" };
            self.note(frame, 1, actor, text("contact.erased", None, None, None, outcome, None));
            found |= known;
        }
        Answer::Erased(found)
    }

    pub fn noted_skip(&mut self, frame: &Frame, event: Position) -> Answer {
        self.note(frame, 0, None, text("event.skipped", None, None, Some(&event.to_string()), "done", None));
        Answer::Done
    }
}
