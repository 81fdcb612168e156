//! The lines of an export but for sides and conversations, field by field as [`super`] describes them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::problem::Problem;
use super::values::{Hex, HexBytes, PositionText, Time};
use crate::domain::breaker::{Breaker, BreakerAction, Evidence};
use crate::domain::effect::{EffectType, EffectTypes};
use crate::domain::ids::{Id, Side};
use crate::domain::resource::{Resource, ResourceBody};
use crate::domain::score::Hundredths;
use crate::domain::system::{ApiKey, Permission, WorkspaceEntry};
use crate::domain::view::{BreakerScope, ChurnRisk, LabelKind};

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
    /// Since format 6.
    Resource,
    /// Since format 8.
    OptedOut,
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
    /// The risk that its last effect told (R8.2a). Absent before format 6: what it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announced_risk: Option<RiskLine>,
}

/// A [`ChurnRisk`], by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "ChurnRisk", rename_all = "lowercase")]
enum RiskName {
    Critical,
    High,
    Medium,
    Low,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RiskLine(#[serde(with = "RiskName")] pub ChurnRisk);

/// Whatever users have set up, such as a webhook's endpoint. Its content is sealed (see `docs/export.md`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResourceLine {
    #[serde(rename = "type")]
    pub kind: Kind,
    pub resource: Box<str>,
    pub id: Id,
    pub created_at: Time,
    pub changed_at: Time,
    pub position: PositionText,
    pub version: u16,
    /// The types of effects that it waits for.
    pub wants: Vec<Box<str>>,
    pub content: HexBytes,
}

impl From<&Resource> for ResourceLine {
    fn from(resource: &Resource) -> Self {
        let Resource { kind, id, made, changed, body } = resource;
        Self {
            kind: Kind::Resource,
            resource: kind.clone(),
            id: *id,
            created_at: Time(*made),
            changed_at: Time(changed.0),
            position: PositionText(changed.1),
            version: body.version,
            wants: body.wants.iter().map(|kind| kind.name().into()).collect(),
            content: HexBytes(body.content.to_vec()),
        }
    }
}

impl TryFrom<ResourceLine> for Resource {
    type Error = Problem;

    fn try_from(line: ResourceLine) -> Result<Self, Problem> {
        let wants: Option<EffectTypes> = line.wants.iter().map(|name| EffectType::named(name)).collect();
        let wants = wants.ok_or(Problem::Value("an unknown type of effects"))?;
        Ok(Self {
            kind: line.resource,
            id: line.id,
            made: line.created_at.0,
            changed: (line.changed_at.0, line.position.0),
            body: ResourceBody { version: line.version, wants, content: line.content.0.into() },
        })
    }
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
    /// The scope; none of the three: the workspace's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<Id>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<Arc<str>>,
    pub reason: Box<str>,
    /// Who tripped it by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Box<str>>,
    pub triggered_at: Time,
    pub position: PositionText,
    pub evidence: Vec<EvidenceLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<StepLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved: Option<StepLine>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<StepLine>,
    /// When it was last announced as forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announced: Option<AnnouncedLine>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AnnouncedLine {
    pub at: Time,
    pub position: PositionText,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EvidenceLine {
    pub conversation_id: Id,
    pub composite: Hundredths,
    /// Absent in breakers from before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scored_at: Option<Time>,
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
        let Breaker { id, scope, reason, triggered, by, evidence, acknowledged, resolved, .. } = breaker;
        let Breaker { notes, announced, .. } = breaker;
        let label = |wanted| match scope {
            BreakerScope::Label(kind, name) if *kind == wanted => Some(name.clone()),
            BreakerScope::Label(..) | BreakerScope::Account(_) | BreakerScope::Workspace => None,
        };
        let evidence = evidence.iter().map(|one| EvidenceLine {
            conversation_id: one.conversation,
            composite: one.composite,
            scored_at: one.scored_at.map(Time),
        });
        Self {
            kind: Kind::Breaker,
            id: *id,
            account_id: scope.account(),
            channel: label(LabelKind::Channel),
            intent: label(LabelKind::Intent),
            reason: reason.clone(),
            by: by.clone(),
            triggered_at: Time(triggered.0),
            position: PositionText(triggered.1),
            evidence: evidence.collect(),
            acknowledged: acknowledged.as_ref().map(StepLine::from),
            resolved: resolved.as_ref().map(StepLine::from),
            notes: notes.iter().map(StepLine::from).collect(),
            announced: announced.map(|(at, position)| AnnouncedLine { at: Time(at), position: PositionText(position) }),
        }
    }
}

impl TryFrom<BreakerLine> for Breaker {
    type Error = Problem;

    fn try_from(line: BreakerLine) -> Result<Self, Problem> {
        let scope = match (line.account_id, line.channel, line.intent) {
            (None, None, None) => BreakerScope::Workspace,
            (Some(account), None, None) => BreakerScope::Account(account),
            (None, Some(name), None) => BreakerScope::Label(LabelKind::Channel, name),
            (None, None, Some(name)) => BreakerScope::Label(LabelKind::Intent, name),
            (_, _, _) => return Err(Problem::Value("a breaker has one scope")),
        };
        let evidence = line.evidence.into_iter().map(|item| Evidence {
            conversation: item.conversation_id,
            composite: item.composite,
            scored_at: item.scored_at.map(|at| at.0),
        });
        Ok(Self {
            id: line.id,
            scope,
            reason: line.reason,
            triggered: (line.triggered_at.0, line.position.0),
            by: line.by,
            evidence: evidence.collect(),
            acknowledged: line.acknowledged.map(BreakerAction::from),
            resolved: line.resolved.map(BreakerAction::from),
            notes: line.notes.into_iter().map(BreakerAction::from).collect(),
            announced: line.announced.map(|line| (line.at.0, line.position.0)),
        })
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
