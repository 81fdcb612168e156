//! One entry of a trail, and what it came to.

use serde::{Deserialize, Serialize};

use super::super::ids::Position;
use super::super::reply::CommandRefusal;
use super::super::system::SystemRefusal;
use super::super::time::Millis;
use super::SideAction;

/// One thing that somebody did, or the server itself. Part of the on-disk format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry<A> {
    /// The record's position; a record that did two things has two places.
    pub at: Position,
    pub receipt: Millis,
    /// None: the server itself.
    pub actor: Option<Box<str>>,
    pub action: A,
    pub outcome: AuditOutcome,
}

impl AuditEntry<SideAction> {
    /// As it is written now.
    #[must_use]
    pub fn renewed(self) -> Self {
        Self { action: self.action.renewed(), ..self }
    }
}

/// A request that was answered without a record, since it changed nothing and its like was recorded a moment ago, as
/// often as it was. Part of the on-disk format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeat<A> {
    /// None: of several.
    pub actor: Option<Box<str>>,
    pub action: A,
    pub outcome: AuditOutcome,
    pub count: u64,
    /// When the last one was answered.
    pub last: Millis,
}

/// What changed nothing: the first time, and how often in all. Part of the on-disk format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeated<A> {
    pub first: AuditEntry<A>,
    pub count: u64,
    /// When it was asked for the last time.
    pub last: Millis,
}

/// What a trail has to know of the actions in it.
pub trait Audited: Clone {
    /// Whether both are the same thing done to the same target, whatever else they say.
    fn is_like(&self, other: &Self) -> bool;

    /// Bytes of the texts in it.
    fn text_bytes(&self) -> usize;
}

impl<A: Audited> Repeat<A> {
    /// Whether actor, action, target and outcome are these.
    pub fn is_like(&self, actor: Option<&str>, action: &A, outcome: AuditOutcome) -> bool {
        self.outcome == outcome && self.actor.as_deref() == actor && self.action.is_like(action)
    }
}

/// Whether the action was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuditOutcome {
    Done,
    /// Nothing was to be done: it was so already.
    Unchanged,
    Refused(Refusal),
}

/// Why the state forbade it. The order of the variants is part of the on-disk format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    UnknownBreaker,
    BreakerResolved,
    BreakerNotAcknowledged,
    UnknownConversation,
    WorkspaceExists,
    ReservedId,
    UnknownWorkspace,
    KeyExists,
    UnknownKey,
    BreakerActive,
    TooManyNotes,
    UnknownAccount,
    TooManyLabels,
    NotScored,
    NotOverridden,
    UnknownResource,
    ResourceChanged,
    TooManyResources,
    EffectGone,
    NotCalibrated,
}

impl Refusal {
    pub const ALL: [Self; 20] = [
        Self::UnknownBreaker,
        Self::BreakerResolved,
        Self::BreakerNotAcknowledged,
        Self::UnknownConversation,
        Self::WorkspaceExists,
        Self::ReservedId,
        Self::UnknownWorkspace,
        Self::KeyExists,
        Self::UnknownKey,
        Self::BreakerActive,
        Self::TooManyNotes,
        Self::UnknownAccount,
        Self::TooManyLabels,
        Self::NotScored,
        Self::NotOverridden,
        Self::UnknownResource,
        Self::ResourceChanged,
        Self::TooManyResources,
        Self::EffectGone,
        Self::NotCalibrated,
    ];

    /// More precise than the `code` of R2.7, which is `not_found` for four of them.
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownBreaker => "unknown_breaker",
            Self::BreakerResolved => "breaker_resolved",
            Self::BreakerNotAcknowledged => "breaker_not_acknowledged",
            Self::UnknownConversation => "unknown_conversation",
            Self::WorkspaceExists => "workspace_exists",
            Self::ReservedId => "reserved_id",
            Self::UnknownWorkspace => "unknown_workspace",
            Self::KeyExists => "key_exists",
            Self::UnknownKey => "unknown_key",
            Self::BreakerActive => "breaker_active",
            Self::TooManyNotes => "too_many_notes",
            Self::UnknownAccount => "unknown_account",
            Self::TooManyLabels => "too_many_labels",
            Self::NotScored => "not_scored",
            Self::NotOverridden => "not_overridden",
            Self::UnknownResource => "unknown_resource",
            Self::ResourceChanged => "resource_changed",
            Self::TooManyResources => "too_many_resources",
            Self::EffectGone => "effect_gone",
            Self::NotCalibrated => "not_calibrated",
        }
    }
}

impl From<CommandRefusal> for Refusal {
    fn from(refusal: CommandRefusal) -> Self {
        match refusal {
            CommandRefusal::UnknownBreaker => Self::UnknownBreaker,
            CommandRefusal::BreakerResolved => Self::BreakerResolved,
            CommandRefusal::BreakerNotAcknowledged => Self::BreakerNotAcknowledged,
            CommandRefusal::UnknownConversation => Self::UnknownConversation,
            CommandRefusal::BreakerActive => Self::BreakerActive,
            CommandRefusal::TooManyNotes => Self::TooManyNotes,
            CommandRefusal::UnknownAccount => Self::UnknownAccount,
            CommandRefusal::TooManyLabels => Self::TooManyLabels,
            CommandRefusal::NotScored => Self::NotScored,
            CommandRefusal::NotOverridden => Self::NotOverridden,
            CommandRefusal::UnknownResource => Self::UnknownResource,
            CommandRefusal::ResourceChanged => Self::ResourceChanged,
            CommandRefusal::TooManyResources => Self::TooManyResources,
            CommandRefusal::EffectGone => Self::EffectGone,
            CommandRefusal::NotCalibrated => Self::NotCalibrated,
        }
    }
}

impl From<SystemRefusal> for Refusal {
    fn from(refusal: SystemRefusal) -> Self {
        match refusal {
            SystemRefusal::WorkspaceExists => Self::WorkspaceExists,
            SystemRefusal::ReservedId => Self::ReservedId,
            SystemRefusal::UnknownWorkspace => Self::UnknownWorkspace,
            SystemRefusal::KeyExists => Self::KeyExists,
            SystemRefusal::UnknownKey => Self::UnknownKey,
        }
    }
}
