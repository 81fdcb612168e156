//! The audit trail: an entry for each record that somebody asked for, and for those of the server's own that matter.

use tripswitch::domain::audit::{AuditEntry, AuditOutcome, Repeated, SideAction};
use tripswitch::domain::ids::{Id, Position};
use tripswitch::domain::life::ContactMark;
use tripswitch::domain::record::{Command, Frame};
use tripswitch::domain::reply::CommandRefusal;
use tripswitch::domain::settings::Settings;
use tripswitch::domain::time::Millis;
use tripswitch::wire::audit::Action as _;

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
    let shown = entry.action.shown();
    let (outcome, code) = match entry.outcome {
        AuditOutcome::Done => ("done", None),
        AuditOutcome::Unchanged => ("unchanged", None),
        AuditOutcome::Refused(refusal) => ("refused", Some(refusal.code())),
    };
    let event = shown.details.event.as_deref();
    let text = text(shown.name, shown.target, shown.details.noted, event, outcome, code);
    (entry.at, entry.receipt, entry.actor.clone(), text)
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
        let csat = self.csat.clone();
        let answer = self.command(frame, actor, command);
        let changed = self.csat != csat || !self.happened.is_empty();
        let (outcome, code) = match &answer {
            Answer::Breaker(Err(CommandRefusal::UnknownBreaker)) => ("refused", Some("unknown_breaker")),
            Answer::Breaker(Err(CommandRefusal::BreakerResolved)) => ("refused", Some("breaker_resolved")),
            Answer::Breaker(Err(CommandRefusal::BreakerNotAcknowledged)) => {
                ("refused", Some("breaker_not_acknowledged"))
            }
            _ => (if changed { "done" } else { "unchanged" }, None),
        };
        let (name, target, noted) = match command {
            Command::PatchCsatConfig(_) => ("csat_config.patched", None, None),
            Command::Acknowledge { breaker, note } => ("breaker.acknowledged", Some(*breaker), Some(note.is_some())),
            Command::Resolve { breaker, note } => ("breaker.resolved", Some(*breaker), Some(note.is_some())),
        };
        self.note(frame, 0, Some(actor), text(name, target, noted, None, outcome, code));
        answer
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
