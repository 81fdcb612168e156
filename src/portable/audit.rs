//! The line of an audit entry.

use serde::{Deserialize, Serialize};

use super::lines::Kind;
use super::values::{PositionText, Time};
use crate::domain::audit::AuditEntry;
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
    pub fn entry<A: Action>(self) -> Option<AuditEntry<A>> {
        Some(AuditEntry {
            at: self.position.0,
            receipt: self.at.0,
            actor: self.actor,
            action: A::of(&self.action, self.target, self.details)?,
            outcome: self.outcome.with(self.code)?,
        })
    }
}
