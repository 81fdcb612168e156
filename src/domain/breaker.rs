//! Circuit breakers: triggered, acknowledged, resolved (section 7).

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ids::{Id, Position, Side, WorkspaceKey};
use super::score::Hundredths;
use super::time::Millis;
use super::view::{
    BreakerDetail, BreakerFilter, BreakerRow, BreakerScope, BreakerState, BreakerView, EvidenceView, HistoryEntry,
    HistoryStep, LabelKind, TriggerKind,
};

/// Notes of one breaker at most, beside those of its steps.
pub const MOST_NOTES: usize = 100;

/// An open stop on a scope, and its history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaker {
    pub id: Id,
    pub scope: BreakerScope,
    pub reason: Box<str>,
    /// Receipt and place of the event that tripped it.
    pub triggered: (Millis, Position),
    /// Who tripped it by hand (R7.5).
    pub by: Option<Box<str>>,
    /// The run that tripped it, newest first.
    pub evidence: Box<[Evidence]>,
    pub acknowledged: Option<BreakerAction>,
    pub resolved: Option<BreakerAction>,
    /// What people wrote to it between its steps, in order.
    pub notes: Vec<BreakerAction>,
    /// The latest time that it was announced as forgotten (R7.6).
    pub announced: Option<(Millis, Position)>,
}

/// A conversation of a run, as it was when the breaker tripped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Nil once it is erased.
    pub conversation: Id,
    pub composite: Hundredths,
    /// None in breakers from before it was kept.
    pub scored_at: Option<Millis>,
}

/// A breaker as snapshots had it before version 5. The layout is frozen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakerV1 {
    id: Id,
    scope: BreakerScope,
    reason: Box<str>,
    triggered: (Millis, Position),
    evidence: Box<[(Id, Hundredths)]>,
    acknowledged: Option<BreakerAction>,
    resolved: Option<BreakerAction>,
}

impl From<BreakerV1> for Breaker {
    fn from(old: BreakerV1) -> Self {
        let BreakerV1 { id, scope, reason, triggered, evidence, acknowledged, resolved } = old;
        let evidence = evidence.into_iter();
        let evidence = evidence.map(|(conversation, composite)| Evidence { conversation, composite, scored_at: None });
        let evidence = evidence.collect();
        Self {
            id,
            scope,
            reason,
            triggered,
            by: None,
            evidence,
            acknowledged,
            resolved,
            notes: Vec::new(),
            announced: None,
        }
    }
}

impl BreakerV1 {
    /// For the state hash, which is what it was for breakers that could be written then.
    pub fn of(breaker: &Breaker) -> Option<Self> {
        let Breaker { id, scope, reason, triggered, by, evidence, acknowledged, resolved, notes, announced } = breaker;
        let is_old =
            by.is_none() && notes.is_empty() && announced.is_none() && !matches!(scope, BreakerScope::Label(..));
        is_old.then(|| Self {
            id: *id,
            scope: scope.clone(),
            reason: reason.clone(),
            triggered: *triggered,
            evidence: evidence.iter().map(|one| (one.conversation, one.composite)).collect(),
            acknowledged: acknowledged.clone(),
            resolved: resolved.clone(),
        })
    }
}

/// What a person did to a breaker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakerAction {
    pub at: Millis,
    pub position: Position,
    pub actor: Box<str>,
    pub note: Option<Box<str>>,
}

impl Breaker {
    pub fn is_active(&self) -> bool {
        self.resolved.is_none()
    }

    /// Whether the conversation is in its evidence. The nil id never is: erasure leaves it in place of ids (R4.10).
    pub fn names(&self, conversation: Id) -> bool {
        conversation != Id::NIL && self.evidence.iter().any(|one| one.conversation == conversation)
    }

    pub fn view(&self, workspace: WorkspaceKey) -> BreakerView {
        BreakerView {
            id: self.id,
            scope_key: self.scope.key(workspace),
            reason: self.reason.to_string(),
            triggered_at: self.triggered.0,
            acknowledged_by: self.acknowledged.as_ref().map(|step| step.actor.to_string()),
            acknowledged_at: self.acknowledged.as_ref().map(|step| step.at),
            resolved_at: self.resolved.as_ref().map(|step| step.at),
        }
    }

    pub const fn state(&self) -> BreakerState {
        match (&self.acknowledged, &self.resolved) {
            (_, Some(_)) => BreakerState::Resolved,
            (Some(_), None) => BreakerState::Acknowledged,
            (None, None) => BreakerState::Triggered,
        }
    }

    pub const fn trigger(&self) -> TriggerKind {
        if self.by.is_some() { TriggerKind::Manual } else { TriggerKind::Automatic }
    }

    /// As it was when everything up to `position` had happened.
    #[must_use]
    pub fn as_of(&self, position: Position) -> Self {
        let by_then = |step: &Option<BreakerAction>| step.clone().filter(|step| step.position <= position);
        let (acknowledged, resolved) = (by_then(&self.acknowledged), by_then(&self.resolved));
        Self { acknowledged, resolved, evidence: Box::default(), notes: Vec::new(), ..self.clone() }
    }

    /// Since when nobody has done the next thing, and it was not announced either (R7.6). None for one that is resolved.
    pub fn waits_since(&self) -> Option<Millis> {
        let step = self.acknowledged.as_ref().map_or(self.triggered.0, |step| step.at);
        self.is_active().then(|| self.announced.map_or(step, |(at, _)| at.max(step)))
    }

    /// R7.5, with the name of the account that it pauses.
    pub fn detail(&self, workspace: WorkspaceKey, account_name: Option<Arc<str>>) -> BreakerDetail {
        let evidence = self.evidence.iter().map(|one| EvidenceView {
            conversation: Some(one.conversation).filter(|id| *id != Id::NIL),
            composite: one.composite,
            scored_at: one.scored_at,
        });
        BreakerDetail {
            breaker: self.view(workspace),
            account_name,
            state: self.state(),
            trigger: self.trigger(),
            evidence: evidence.collect(),
            history: self.history(),
        }
    }

    fn history(&self) -> Vec<HistoryEntry> {
        let by = self.by.as_deref().map(str::to_owned);
        let triggered = HistoryEntry { step: HistoryStep::Triggered, at: self.triggered.0, actor: by, note: None };
        let done = |step: HistoryStep| {
            move |action: &BreakerAction| {
                let note = action.note.as_deref().map(str::to_owned);
                (action.position, HistoryEntry { step, at: action.at, actor: Some(action.actor.to_string()), note })
            }
        };
        let announced = self.announced.map(|(at, position)| {
            (position, HistoryEntry { step: HistoryStep::Forgotten, at, actor: None, note: None })
        });
        let mut steps: Vec<(Position, HistoryEntry)> = vec![(self.triggered.1, triggered)];
        steps.extend(self.acknowledged.iter().map(done(HistoryStep::Acknowledged)));
        steps.extend(self.notes.iter().map(done(HistoryStep::Noted)));
        steps.extend(announced);
        steps.extend(self.resolved.iter().map(done(HistoryStep::Resolved)));
        steps.sort_by_key(|(position, _)| *position);
        steps.into_iter().map(|(_, entry)| entry).collect()
    }

    /// R7.5: a line of the history of all, with the name of the account that it pauses.
    pub fn row(&self, workspace: WorkspaceKey, account_name: Option<Arc<str>>) -> BreakerRow {
        let since = |step: &BreakerAction| (step.at - self.triggered.0).max(0) as u64 / 1_000;
        BreakerRow {
            breaker: self.view(workspace),
            account_name,
            state: self.state(),
            trigger: self.trigger(),
            seconds_to_acknowledge: self.acknowledged.as_ref().map(since),
            seconds_to_resolve: self.resolved.as_ref().map(since),
        }
    }

    /// Whether a reader of the history wants it.
    pub fn fits(&self, filter: &BreakerFilter) -> bool {
        let BreakerFilter { state, scope, from, to } = filter;
        state.is_none_or(|state| state == self.state())
            && scope.as_ref().is_none_or(|scope| *scope == self.scope)
            && from.is_none_or(|from| self.triggered.0 >= from)
            && to.is_none_or(|to| self.triggered.0 <= to)
    }
}

/// The id of the breaker that the event at `position` trips on `scope`: a UUIDv8 of a hash, so that
/// a replay gives the same (I1).
pub fn id_of(workspace: WorkspaceKey, position: Position, scope: &BreakerScope) -> Id {
    let mut hasher = blake3::Hasher::new_derive_key("tripswitch breaker id");
    hasher.update(&workspace.id.0.to_be_bytes());
    hasher.update(&[match workspace.side {
        Side::Live => 0,
        Side::Test => 1,
    }]);
    hasher.update(&position.packed().to_be_bytes());
    match scope {
        BreakerScope::Account(account) => hasher.update(&account.0.to_be_bytes()),
        BreakerScope::Workspace => &mut hasher,
        // Longer than an account's 16 bytes, so that no name is ever taken for one.
        BreakerScope::Label(kind, name) => {
            hasher.update(b"conversations of ").update(kind.name().as_bytes()).update(b" ").update(name.as_bytes())
        }
    };
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    Uuid::new_v8(bytes).into()
}

/// `3 consecutive conversations scored below composite threshold (3.0) for account Nordic Parts ApS`
/// (R7.1), or `… in workspace <name>` (R7.2), `… in channel <name>` (R7.8).
pub fn reason(run: usize, threshold: Hundredths, scope: &BreakerScope, name: &str) -> Box<str> {
    let place = match scope {
        BreakerScope::Account(_) => "for account",
        BreakerScope::Workspace => "in workspace",
        BreakerScope::Label(LabelKind::Channel, _) => "in channel",
        BreakerScope::Label(LabelKind::Intent, _) => "in intent",
    };
    format!("{run} consecutive conversations scored below composite threshold ({threshold}) {place} {name}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r7_1_the_reason_reads_as_the_contract_shows_it() {
        assert_eq!(
            &*reason(3, Hundredths(300), &BreakerScope::Account(Id(1)), "Nordic Parts ApS"),
            "3 consecutive conversations scored below composite threshold (3.0) for account Nordic Parts ApS"
        );
    }

    #[test]
    fn r7_4_ids_depend_on_workspace_side_place_and_scope_alone() {
        let key = |id, side| WorkspaceKey { id: Id(id), side };
        let ids = [
            id_of(key(1, Side::Live), Position::new(1, 0), &BreakerScope::Workspace),
            id_of(key(1, Side::Test), Position::new(1, 0), &BreakerScope::Workspace),
            id_of(key(2, Side::Live), Position::new(1, 0), &BreakerScope::Workspace),
            id_of(key(1, Side::Live), Position::new(1, 1), &BreakerScope::Workspace),
            id_of(key(1, Side::Live), Position::new(1, 0), &BreakerScope::Account(Id(1))),
            id_of(key(1, Side::Live), Position::new(1, 0), &BreakerScope::Label(LabelKind::Channel, "a".into())),
            id_of(key(1, Side::Live), Position::new(1, 0), &BreakerScope::Label(LabelKind::Intent, "a".into())),
        ];
        assert_eq!(ids.iter().collect::<std::collections::HashSet<_>>().len(), ids.len());
        assert_eq!(ids[0].uuid().get_version_num(), 8);
    }
}
