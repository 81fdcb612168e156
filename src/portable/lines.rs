//! The lines of an export but for sides and conversations, field by field as [`super`] describes them.

use serde::{Deserialize, Serialize};

use super::values::{Hex, HexBytes, PositionText, Time};
use crate::domain::breaker::{Breaker, BreakerAction};
use crate::domain::ids::{Id, Side};
use crate::domain::score::Hundredths;
use crate::domain::system::{ApiKey, Permission, WorkspaceEntry};
use crate::domain::view::BreakerScope;

/// What a line is of, in the order in which lines stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    Export,
    Directory,
    Workspace,
    Key,
    Side,
    /// Up to format 3: which places of the memory were free.
    Free,
    Account,
    Contact,
    Conversation,
    Breaker,
    Identities,
    Audit,
    End,
}

/// Any line, as far as its type.
#[derive(Deserialize)]
pub struct Tagged {
    #[serde(rename = "type")]
    pub kind: Kind,
}

/// The first line, as far as every version has it.
#[derive(Deserialize)]
pub struct Versioned {
    #[serde(rename = "type")]
    pub kind: Kind,
    pub format: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExportLine {
    #[serde(rename = "type")]
    pub kind: Kind,
    pub format: u32,
    pub program: Box<str>,
    pub exported_at: Time,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DirectoryLine {
    #[serde(rename = "type")]
    pub kind: Kind,
    pub incarnation: Id,
    pub identity_key: Hex<32>,
    pub seq: u64,
    pub last_receipt: Option<Time>,
    /// What records up to this seq did was not written down. Absent: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_after: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkspaceLine {
    #[serde(rename = "type")]
    pub kind: Kind,
    pub id: Id,
    pub name: Box<str>,
    pub tenant: Box<str>,
    pub created_at: Time,
}

impl From<&WorkspaceEntry> for WorkspaceLine {
    fn from(entry: &WorkspaceEntry) -> Self {
        let WorkspaceEntry { id, name, tenant, created_at } = entry.clone();
        Self { kind: Kind::Workspace, id, name, tenant, created_at: Time(created_at) }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyLine {
    #[serde(rename = "type")]
    pub kind: Kind,
    pub id: Id,
    pub name: Box<str>,
    pub key_prefix: Box<str>,
    pub hash: Hex<32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<Id>,
    pub side: Side,
    pub scopes: Vec<Permission>,
    pub created_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Time>,
}

impl From<&ApiKey> for KeyLine {
    fn from(key: &ApiKey) -> Self {
        let ApiKey { id, name, key_prefix, hash, tenant, workspace, side, scopes, .. } = key.clone();
        let ApiKey { created_at, expires_at, last_used_at, revoked_at, .. } = *key;
        Self {
            kind: Kind::Key,
            id,
            name,
            key_prefix,
            hash: Hex(hash),
            tenant,
            workspace_id: workspace,
            side,
            scopes,
            created_at: Time(created_at),
            expires_at: expires_at.map(Time),
            last_used_at: last_used_at.map(Time),
            revoked_at: revoked_at.map(Time),
        }
    }
}

impl From<KeyLine> for ApiKey {
    fn from(line: KeyLine) -> Self {
        Self {
            id: line.id,
            name: line.name,
            key_prefix: line.key_prefix,
            hash: line.hash.0,
            tenant: line.tenant,
            workspace: line.workspace_id,
            side: line.side,
            scopes: line.scopes,
            created_at: line.created_at.0,
            expires_at: line.expires_at.map(|at| at.0),
            last_used_at: line.last_used_at.map(|at| at.0),
            revoked_at: line.revoked_at.map(|at| at.0),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccountLine {
    #[serde(rename = "type")]
    pub kind: Kind,
    pub id: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Box<str>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContactLine {
    #[serde(rename = "type")]
    pub kind: Kind,
    pub id: Box<str>,
    pub account_id: Id,
    /// By which lives and comments know it. Before format 5 it followed from the id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<Hex<8>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BreakerLine {
    #[serde(rename = "type")]
    pub kind: Kind,
    pub id: Id,
    /// None: the workspace's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<Id>,
    pub reason: Box<str>,
    pub triggered_at: Time,
    pub position: PositionText,
    pub evidence: Vec<EvidenceLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<StepLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved: Option<StepLine>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EvidenceLine {
    pub conversation_id: Id,
    pub composite: Hundredths,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StepLine {
    pub at: Time,
    pub position: PositionText,
    pub actor: Box<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Box<str>>,
}

impl From<&Breaker> for BreakerLine {
    fn from(breaker: &Breaker) -> Self {
        let Breaker { id, scope, reason, triggered, evidence, acknowledged, resolved } = breaker;
        let account_id = match scope {
            BreakerScope::Account(account) => Some(*account),
            BreakerScope::Workspace => None,
        };
        let evidence = evidence.iter().map(|&(conversation_id, composite)| EvidenceLine { conversation_id, composite });
        Self {
            kind: Kind::Breaker,
            id: *id,
            account_id,
            reason: reason.clone(),
            triggered_at: Time(triggered.0),
            position: PositionText(triggered.1),
            evidence: evidence.collect(),
            acknowledged: acknowledged.as_ref().map(StepLine::from),
            resolved: resolved.as_ref().map(StepLine::from),
        }
    }
}

impl From<BreakerLine> for Breaker {
    fn from(line: BreakerLine) -> Self {
        Self {
            id: line.id,
            scope: line.account_id.map_or(BreakerScope::Workspace, BreakerScope::Account),
            reason: line.reason,
            triggered: (line.triggered_at.0, line.position.0),
            evidence: line.evidence.into_iter().map(|item| (item.conversation_id, item.composite)).collect(),
            acknowledged: line.acknowledged.map(BreakerAction::from),
            resolved: line.resolved.map(BreakerAction::from),
        }
    }
}

impl From<&BreakerAction> for StepLine {
    fn from(step: &BreakerAction) -> Self {
        let BreakerAction { at, position, actor, note } = step.clone();
        Self { at: Time(at), position: PositionText(position), actor, note }
    }
}

impl From<StepLine> for BreakerAction {
    fn from(line: StepLine) -> Self {
        Self { at: line.at.0, position: line.position.0, actor: line.actor, note: line.note }
    }
}

/// A batch of known identities (R4.4), in the order in which they came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IdentitiesLine {
    #[serde(rename = "type")]
    pub kind: Kind,
    pub received: Vec<ReceivedLine>,
    pub comparable: bool,
    /// 16 bytes each: 12 of source and id, 4 of the content, the lowest first.
    pub identities: HexBytes,
}

/// So many came with one receipt.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReceivedLine {
    pub at: Time,
    pub count: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EndLine {
    #[serde(rename = "type")]
    pub kind: Kind,
    /// How many lines stand before this one.
    pub lines: u64,
    /// Over all bytes before this line, line ends included.
    pub blake3: Hex<32>,
}
