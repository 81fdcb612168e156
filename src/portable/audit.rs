//! The line of an audit entry.

use serde::{Deserialize, Serialize};

use super::lines::Kind;
use super::values::{PositionText, Time};
use crate::domain::audit::{AuditEntry, Trail};
use crate::domain::ids::Id;
use crate::wire::audit::{Action, AuditDetails, Outcome, RefusalCode, Shown};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuditLine {
    #[serde(rename = "type")]
    pub kind: Kind,
    pub position: PositionText,
    pub at: Time,
    /// None: the server itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<Box<str>>,
    pub action: Box<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Id>,
    pub outcome: Outcome,
    /// Of a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<RefusalCode>,
    pub details: AuditDetails,
}

impl<A: Action> From<&AuditEntry<A>> for AuditLine {
    fn from(entry: &AuditEntry<A>) -> Self {
        let Shown { name, target, details } = entry.action.shown();
        let (outcome, code) = Outcome::of(entry.outcome);
        Self {
            kind: Kind::Audit,
            position: PositionText(entry.at),
            at: Time(entry.receipt),
            actor: entry.actor.clone(),
            action: name.into(),
            target,
            outcome,
            code,
            details,
        }
    }
}

impl AuditLine {
    /// None where the members make no entry of this kind of trail.
    fn entry<A: Action>(self) -> Option<AuditEntry<A>> {
        Some(AuditEntry {
            at: self.position.0,
            receipt: self.at.0,
            actor: self.actor,
            action: A::of(&self.action, self.target, self.details)?,
            outcome: self.outcome.with(self.code)?,
        })
    }
}

/// The lines of one trail, taken in so far.
#[derive(Debug)]
pub struct TrailLines<A> {
    /// What frames up to this seq did has no entries; none where no line says so: then that holds for all frames.
    after: Option<u64>,
    entries: Vec<AuditEntry<A>>,
}

impl<A> TrailLines<A> {
    pub const fn new(after: Option<u64>) -> Self {
        Self { after, entries: Vec::new() }
    }
}

impl<A> Default for TrailLines<A> {
    fn default() -> Self {
        Self::new(None)
    }
}

impl<A: Action + Clone> TrailLines<A> {
    /// None where the line makes no entry.
    pub fn take(&mut self, line: AuditLine) -> Option<()> {
        self.entries.push(line.entry()?);
        Some(())
    }

    /// The trail of a state at this seq; none where the entries are not its frames' in their order.
    pub fn trail(self, seq: u64) -> Option<Trail<A>> {
        Trail::restored(self.after.unwrap_or(seq), self.entries, seq)
    }
}
