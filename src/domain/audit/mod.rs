//! The audit trail: who did what to which key, configuration or breaker, as `apply` made of it.
//!
//! A side's trail is part of its state, that of keys and workspaces part of the system table. Entries hold
//! integers and short texts, nothing secret, and nothing that an erasure has to find: that a conversation
//! or a contact was erased is in it, which one is not (R4.10).
//!
//! The trail is state because the journal is trimmed. It is bounded: of what was done the newest 100,000 entries (100 to
//! 200 bytes each) and 32 MiB, in chunks that a cut shares; of what was refused or changed nothing, which anybody can
//! make in any number, the newest 1,000, each with how often it came. So the one never pushes the other out. The system
//! table has a trail for each tenant ([`SystemTrails`]), so that no tenant pushes out another's. A retention record
//! removes a side's entries from before its cut-off, and is written for the trail alone if need be. The system's entries
//! are bounded by number and bytes only: what they tell of, revoked keys included, stays in the table as well. Readers
//! get the chunks and page through them without holding up the workspace's actor.

mod entry;
mod repeats;
mod settings_history;
mod system_trails;
mod trail;

use serde::{Deserialize, Serialize};

use super::calibrated::Calibrated;
use super::csat_config::CsatPatch;
use super::ids::{Id, Position, Side};
use super::own_settings::OwnPatch;
use super::own_settings_v1::OwnPatchedV1;
use super::settings::{Model, Settings};
use super::system::{ApiKey, Permission, WorkspaceEntry};
use super::time::Millis;

pub use entry::{AuditEntry, AuditOutcome, Audited, Refusal, Repeat, Repeated};
pub use repeats::KEPT_REPEATS;
pub use settings_history::{ConfiguredMembers, SettingsChanged};
pub use system_trails::SystemTrails;
pub use trail::{KEPT, KEPT_BYTES, Noted, Trail};

/// What happens to a workspace side. The order of the variants is part of the on-disk format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SideAction {
    CsatConfigPatched(Box<Patched>),
    BreakerAcknowledged {
        breaker: Id,
        /// With a note; its text stays with the breaker.
        noted: bool,
    },
    BreakerResolved {
        breaker: Id,
        noted: bool,
    },
    /// The server has applied what config.toml says.
    SettingsInstalled(Box<Installed>),
    ConversationErased,
    ContactErased,
    /// The server passed over an event, or another record, that it could not apply (I6).
    EventSkipped {
        event: Position,
    },
    /// Requests that changed nothing, beyond those that are told apart.
    Others,
    /// [`SettingsPatched`](Self::SettingsPatched) as it was in version 5; no trail has it.
    SettingsPatchedV1(Box<OwnPatchedV1>),
    /// R7.5: by hand. None for one that could not be.
    BreakerTripped {
        breaker: Option<Id>,
    },
    BreakerNoted {
        breaker: Id,
    },
    /// R5.9. Which conversation is not told, so that no erasure has to find it.
    ScoreOverridden,
    OverrideTakenBack,
    /// R8.3: deliveries from a time on, or one of them, to be made again.
    DeliveriesReplayed {
        endpoint: Id,
    },
    DeliveryResent {
        endpoint: Id,
    },
    /// A resource of any kind.
    Resource {
        kind: Box<str>,
        id: Id,
        step: ResourceStep,
    },
    /// R6.9.
    SettingsPatched(Box<OwnPatched>),
    /// R5.10: from this calibration to this one; none is none.
    Calibrated {
        from: Option<Box<Calibrated>>,
        to: Option<Box<Calibrated>>,
    },
}

/// What was done to a resource. The order of the variants is part of the on-disk format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResourceStep {
    Made,
    Changed,
    Gone,
}

/// The members that were sent (R6.9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnPatched {
    /// The values that they had before.
    pub from: OwnPatch,
    pub to: OwnPatch,
}

/// The fields that were sent (R3.8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patched {
    /// The values that they had before.
    pub from: CsatPatch,
    pub to: CsatPatch,
}

/// Settings that hold from here on; of the profile, name and hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    pub model: Model,
    pub secret_id: [u8; 8],
    pub profile: Box<str>,
    pub profile_hash: [u8; 8],
}

impl From<&Settings> for Installed {
    fn from(settings: &Settings) -> Self {
        let Settings { model, secret_id, profile, effects: _ } = settings;
        Self { model: *model, secret_id: *secret_id, profile: profile.name.clone(), profile_hash: profile.hash }
    }
}

/// What happens to workspaces and keys. The order of the variants is part of the on-disk format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SystemAction {
    WorkspaceCreated {
        id: Id,
        name: Box<str>,
        tenant: Box<str>,
    },
    KeyCreated {
        id: Id,
        key: Box<KeyNote>,
    },
    KeyRevoked {
        id: Id,
        /// None for an unknown one.
        key: Option<Box<KeyNote>>,
    },
    /// Requests of a tenant, or of server keys, that changed nothing, beyond those that are told apart.
    Others {
        tenant: Option<Box<str>>,
    },
    /// Its content, and the keys that were bound to it.
    WorkspaceDeleted {
        id: Id,
        name: Box<str>,
        tenant: Box<str>,
    },
}

/// A key without its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyNote {
    pub name: Box<str>,
    pub key_prefix: Box<str>,
    /// None for a server key.
    pub tenant: Option<Box<str>>,
    /// None: good for all of its tenant's.
    pub workspace: Option<Id>,
    pub side: Side,
    pub scopes: Vec<Permission>,
    pub expires_at: Option<Millis>,
}

impl From<&ApiKey> for KeyNote {
    fn from(key: &ApiKey) -> Self {
        Self {
            name: key.name.clone(),
            key_prefix: key.key_prefix.clone(),
            tenant: key.tenant.clone(),
            workspace: key.workspace,
            side: key.side,
            scopes: key.scopes.clone(),
            expires_at: key.expires_at,
        }
    }
}

impl Audited for SideAction {
    fn is_like(&self, other: &Self) -> bool {
        let step = |action: &Self| if let Self::Resource { step, .. } = action { Some(*step) } else { None };
        std::mem::discriminant(self) == std::mem::discriminant(other)
            && self.target() == other.target()
            && step(self) == step(other)
    }

    fn text_bytes(&self) -> usize {
        match self {
            Self::SettingsInstalled(installed) => installed.profile.len(),
            Self::Resource { kind, .. } => kind.len(),
            Self::SettingsPatched(patched) => patched.from.weight_bytes() + patched.to.weight_bytes(),
            Self::Calibrated { from, to } => {
                let bytes = |one: &Option<Box<Calibrated>>| one.as_deref().map_or(0, Calibrated::weight);
                bytes(from) + bytes(to)
            }
            Self::CsatConfigPatched(_)
            | Self::BreakerAcknowledged { .. }
            | Self::BreakerResolved { .. }
            | Self::BreakerTripped { .. }
            | Self::BreakerNoted { .. }
            | Self::SettingsPatchedV1(_)
            | Self::ScoreOverridden
            | Self::OverrideTakenBack
            | Self::DeliveriesReplayed { .. }
            | Self::DeliveryResent { .. }
            | Self::ConversationErased
            | Self::ContactErased
            | Self::EventSkipped { .. }
            | Self::Others => 0,
        }
    }
}

impl SideAction {
    /// As it is written now.
    #[must_use]
    pub fn renewed(self) -> Self {
        match self {
            Self::SettingsPatchedV1(old) => Self::SettingsPatched(Box::new((*old).into())),
            other => other,
        }
    }

    /// The breaker or resource that it was done to.
    pub const fn target(&self) -> Option<Id> {
        match self {
            Self::BreakerAcknowledged { breaker, .. }
            | Self::BreakerResolved { breaker, .. }
            | Self::BreakerNoted { breaker } => Some(*breaker),
            Self::BreakerTripped { breaker } => *breaker,
            Self::Resource { id, .. } => Some(*id),
            Self::DeliveriesReplayed { endpoint } | Self::DeliveryResent { endpoint } => Some(*endpoint),
            Self::CsatConfigPatched(_)
            | Self::SettingsPatched(_)
            | Self::SettingsPatchedV1(_)
            | Self::Calibrated { .. }
            | Self::ScoreOverridden
            | Self::OverrideTakenBack
            | Self::SettingsInstalled(_)
            | Self::ConversationErased
            | Self::ContactErased
            | Self::EventSkipped { .. }
            | Self::Others => None,
        }
    }
}

impl Audited for SystemAction {
    fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other) && self.target() == other.target()
    }

    fn text_bytes(&self) -> usize {
        let of = |text: &Option<Box<str>>| text.as_deref().map_or(0, str::len);
        let of_key = |key: &KeyNote| key.name.len() + key.key_prefix.len() + of(&key.tenant) + key.scopes.len();
        match self {
            Self::WorkspaceCreated { name, tenant, .. } | Self::WorkspaceDeleted { name, tenant, .. } => {
                name.len() + tenant.len()
            }
            Self::KeyCreated { key, .. } => of_key(key),
            Self::KeyRevoked { key, .. } => key.as_deref().map_or(0, of_key),
            Self::Others { tenant } => of(tenant),
        }
    }
}

impl SystemAction {
    /// The workspace or key that it was done to.
    pub const fn target(&self) -> Option<Id> {
        match self {
            Self::WorkspaceCreated { id, .. }
            | Self::WorkspaceDeleted { id, .. }
            | Self::KeyCreated { id, .. }
            | Self::KeyRevoked { id, .. } => Some(*id),
            Self::Others { .. } => None,
        }
    }

    /// Whose trail it belongs into; None: of server keys, and of keys that nobody knows.
    pub fn tenant(&self) -> Option<&str> {
        match self {
            Self::WorkspaceCreated { tenant, .. } | Self::WorkspaceDeleted { tenant, .. } => Some(tenant),
            Self::KeyCreated { key, .. } => key.tenant.as_deref(),
            Self::KeyRevoked { key, .. } => key.as_deref()?.tenant.as_deref(),
            Self::Others { tenant } => tenant.as_deref(),
        }
    }

    /// Whether it belongs into the trail of this side: the creation of the workspace into both; a key of the
    /// workspace, or of its whole tenant, into that of the side that the key sees. What another tenant tried with the
    /// same id does not.
    pub fn concerns(&self, workspace: &WorkspaceEntry, side: Side) -> bool {
        match self {
            Self::WorkspaceCreated { id, tenant, .. } | Self::WorkspaceDeleted { id, tenant, .. } => {
                *id == workspace.id && *tenant == workspace.tenant
            }
            Self::KeyCreated { key, .. } => key.concerns(workspace, side),
            Self::KeyRevoked { key, .. } => key.as_ref().is_some_and(|key| key.concerns(workspace, side)),
            Self::Others { tenant } => tenant.as_ref() == Some(&workspace.tenant),
        }
    }

    /// The workspace that it is about, or that the key is bound to.
    pub fn workspace(&self) -> Option<Id> {
        match self {
            Self::WorkspaceCreated { id, .. } | Self::WorkspaceDeleted { id, .. } => Some(*id),
            Self::KeyCreated { key, .. } => key.workspace,
            Self::KeyRevoked { key, .. } => key.as_ref().and_then(|key| key.workspace),
            Self::Others { .. } => None,
        }
    }

    /// Whether it is about a key that is good for all workspaces of its tenant, or about the tenant.
    pub fn is_tenant_wide(&self) -> bool {
        match self {
            Self::WorkspaceCreated { .. } | Self::WorkspaceDeleted { .. } => false,
            Self::KeyCreated { key, .. } => key.workspace.is_none(),
            Self::KeyRevoked { key, .. } => key.as_ref().is_none_or(|key| key.workspace.is_none()),
            Self::Others { .. } => true,
        }
    }
}

impl KeyNote {
    fn concerns(&self, workspace: &WorkspaceEntry, side: Side) -> bool {
        let is_here = self.workspace.is_none_or(|bound| bound == workspace.id);
        self.tenant.as_ref() == Some(&workspace.tenant) && is_here && self.side == side
    }
}
