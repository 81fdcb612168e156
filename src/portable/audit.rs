//! The line of an audit entry. Before format 5 what changed nothing had a line each time.

use serde::{Deserialize, Serialize};

use super::lines::Kind;
use super::problem::LAST_WITHOUT_COUNTS;
use super::values::{PositionText, Time};
use crate::domain::audit::{
    AuditEntry, AuditOutcome, Audited, Noted, Repeated, SideAction, SystemAction, SystemTrails, Trail,
};
use crate::domain::ids::{Id, Position};
use crate::domain::time::Millis;
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
    /// How often, where it changed nothing; none: once. Not before format 5, nor is the next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// The last time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_at: Option<Time>,
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
            count: None,
            last_at: None,
        }
    }
}

impl<A: Action> From<Noted<'_, A>> for AuditLine {
    fn from(noted: Noted<'_, A>) -> Self {
        let Noted { entry, count, last } = noted;
        match entry.outcome {
            AuditOutcome::Done => Self::from(entry),
            AuditOutcome::Unchanged | AuditOutcome::Refused(_) => {
                Self { count: Some(count), last_at: Some(Time(last)), ..Self::from(entry) }
            }
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

/// The lines of the system workspace, or of a side, taken in so far.
#[derive(Debug)]
pub struct TrailLines<A> {
    /// What frames up to this seq did has no entries; none where no line says so: then that holds for all frames.
    after: Option<u64>,
    entries: Vec<AuditEntry<A>>,
    repeats: Vec<Repeated<A>>,
}

impl<A> TrailLines<A> {
    pub const fn new(after: Option<u64>) -> Self {
        Self { after, entries: Vec::new(), repeats: Vec::new() }
    }
}

impl<A> Default for TrailLines<A> {
    fn default() -> Self {
        Self::new(None)
    }
}

impl<A: Action + Audited> TrailLines<A> {
    /// None where the line makes no entry.
    pub fn take(&mut self, line: AuditLine, format: u32) -> Option<()> {
        let repeated = (line.count, line.last_at);
        let entry = line.entry()?;
        match (repeated, entry.outcome) {
            ((None, None), AuditOutcome::Done) => self.entries.push(entry),
            ((None, None), _) if format <= LAST_WITHOUT_COUNTS => self.entries.push(entry),
            ((Some(count), Some(last)), AuditOutcome::Unchanged | AuditOutcome::Refused(_))
                if format > LAST_WITHOUT_COUNTS =>
            {
                self.repeats.push(Repeated { first: entry, count, last: last.0 });
            }
            (_, _) => return None,
        }
        Some(())
    }
}

impl TrailLines<SideAction> {
    /// The trail of a side at this seq; none where the entries are not its frames' in their order.
    pub fn trail(self, seq: u64, format: u32) -> Option<Trail<SideAction>> {
        let Self { after, entries, repeats } = self;
        let after = after.unwrap_or(seq);
        if format > LAST_WITHOUT_COUNTS {
            return Trail::restored(after, entries, repeats, seq);
        }
        let (after, entries) = Trail::whole_part(after, entries);
        Trail::restored(after, entries, repeats, seq)
    }
}

impl TrailLines<SystemAction> {
    /// As that of a side.
    pub fn trails(self, seq: u64, format: u32) -> Option<SystemTrails> {
        let Self { after, entries, repeats } = self;
        let after = after.unwrap_or(seq);
        if format > LAST_WITHOUT_COUNTS {
            return SystemTrails::restored(after, entries, repeats, seq);
        }
        SystemTrails::of_one_list(after, entries, seq)
    }
}

/// The lines of all these trails that are told, the oldest first.
pub fn lines_of<'a, A: Action + Audited + 'a>(
    trails: impl Iterator<Item = &'a Trail<A>>,
    is_told: impl Fn(&A) -> bool,
) -> impl Iterator<Item = AuditLine> {
    let mut noted: Vec<_> = trails.flat_map(|trail| trail.before(Millis::MAX, Position::ZERO)).collect();
    noted.retain(|noted| is_told(&noted.entry.action));
    noted.sort_by_key(Noted::place);
    noted.into_iter().map(AuditLine::from)
}
