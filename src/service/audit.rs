//! Who did what in a workspace: the side's own trail, and what happened to the workspace and its keys.

use std::iter::Peekable;
use std::sync::Arc;

use super::tenant_load::TenantLoad;
use super::{Principal, Service, ServiceError};
use crate::domain::audit::{Audited, Noted as Entry, SideAction, SystemAction, Trail};
use crate::domain::ids::{Position, Side, WorkspaceKey};
use crate::domain::system::WorkspaceEntry;
use crate::domain::system_table::SystemTable;
use crate::domain::time::Millis;
use crate::wire::audit::{self as wire, Action, Outcome, Shown};
use crate::wire::values::Timestamp;

/// The order that a position belongs to. Of one receipt, entries of the system workspace come first: a key is made
/// before it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TrailSource {
    System,
    Side,
}

/// The place of an entry among those of both sources, ascending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TrailPosition {
    pub receipt: Millis,
    pub source: TrailSource,
    pub at: Position,
}

/// An entry and where it stands.
type Noted = (TrailPosition, wire::AuditEntry);

/// Which entries are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Both inclusive, by receipt.
    pub from: Option<Millis>,
    pub to: Option<Millis>,
    pub actor: Option<Box<str>>,
    /// A name of an action.
    pub action: Option<Box<str>>,
}

impl Filter {
    fn takes(&self, entry: &wire::AuditEntry) -> bool {
        let is = |wanted: &Option<Box<str>>, found: Option<&str>| wanted.is_none() || wanted.as_deref() == found;
        is(&self.actor, entry.actor.as_deref()) && is(&self.action, Some(entry.action))
    }
}

/// The newest entries first, and where the next page goes on if there is one.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditPage {
    pub entries: Vec<wire::AuditEntry>,
    pub next: Option<TrailPosition>,
}

impl Service {
    /// Up to `limit` entries before `before`, the newest first. A credential that is bound to the workspace
    /// sees nothing of keys that are not (R2.14).
    pub async fn audit(
        &self,
        who: &Principal,
        load: &Arc<TenantLoad>,
        key: WorkspaceKey,
        filter: Filter,
        before: Option<TrailPosition>,
        limit: usize,
    ) -> Result<AuditPage, ServiceError> {
        let trail = self.engine.read(key, |workspace| workspace.trail().clone()).await?;
        let table = self.engine.system_table();
        let bound = who.workspace.is_some();
        // A filter may pass over the whole trail.
        let looking = move || {
            let workspace = table.workspace(key.id)?;
            let side = of_side(&trail, &filter, before);
            let system = of_system(&table, workspace, key.side, bound, &filter, before);
            Some(page(side, system, &filter, limit))
        };
        self.in_turn(load, looking).await?.ok_or(ServiceError::UnknownWorkspace)
    }
}

fn of_side<'a>(
    trail: &'a Trail<SideAction>,
    filter: &'a Filter,
    before: Option<TrailPosition>,
) -> impl Iterator<Item = Noted> + 'a {
    entries(trail, TrailSource::Side, filter, before).map(|entry| noted(TrailSource::Side, &entry))
}

fn of_system<'a>(
    table: &'a SystemTable,
    workspace: &'a WorkspaceEntry,
    side: Side,
    bound: bool,
    filter: &'a Filter,
    before: Option<TrailPosition>,
) -> impl Iterator<Item = Noted> + 'a {
    let concerns = move |noted: &Entry<'_, SystemAction>| {
        let action = &noted.entry.action;
        action.concerns(workspace, side) && !(bound && action.is_tenant_wide())
    };
    let trail = table.trails().of(Some(&workspace.tenant));
    let found = trail.into_iter().flat_map(move |trail| entries(trail, TrailSource::System, filter, before));
    found.filter(concerns).map(|entry| noted(TrailSource::System, &entry))
}

/// Those before the place and within the bounds, the newest first.
fn entries<'a, A: Audited>(
    trail: &'a Trail<A>,
    source: TrailSource,
    filter: &Filter,
    before: Option<TrailPosition>,
) -> impl Iterator<Item = Entry<'a, A>> + use<'a, A> {
    let first = Position::ZERO;
    let after_end = filter.to.map_or(Millis::MAX, |to| to.saturating_add(1));
    let bound = match before {
        Some(place) if place.source == source => (place.receipt, place.at),
        // All entries of its receipt, or none.
        Some(place) if place.source > source => (place.receipt.saturating_add(1), first),
        Some(place) => (place.receipt, first),
        None => (Millis::MAX, first),
    };
    let (receipt, at) = bound.min((after_end, first));
    let from = filter.from.unwrap_or(Millis::MIN);
    trail.before(receipt, at).take_while(move |noted| noted.entry.receipt >= from)
}

fn noted<A: Action>(source: TrailSource, found: &Entry<'_, A>) -> Noted {
    let entry = found.entry;
    let Shown { name, target, details } = entry.action.shown();
    let (outcome, code) = Outcome::of(entry.outcome);
    let position = match source {
        TrailSource::Side => entry.at.to_string(),
        TrailSource::System => format!("system:{}", entry.at),
    };
    let (at, actor) = (Timestamp(entry.receipt), entry.actor.clone());
    let often = Some(found.count).filter(|count| *count > 1);
    let last_at = often.map(|_| Timestamp(found.last));
    let shown =
        wire::AuditEntry { position, at, actor, action: name, target, outcome, code, details, count: often, last_at };
    (TrailPosition { receipt: entry.receipt, source, at: entry.at }, shown)
}

/// Both merged.
fn page(
    side: impl Iterator<Item = Noted>,
    system: impl Iterator<Item = Noted>,
    filter: &Filter,
    limit: usize,
) -> AuditPage {
    let (mut side, mut system) = (side.peekable(), system.peekable());
    let place = |peeked: Option<&Noted>| peeked.map(|(place, _)| *place);
    let newer = |side: &mut Peekable<_>, system: &mut Peekable<_>| match (place(side.peek()), place(system.peek())) {
        (Some(of_side), Some(of_system)) => of_side > of_system,
        (of_side, _) => of_side.is_some(),
    };
    let merged = std::iter::from_fn(|| if newer(&mut side, &mut system) { side.next() } else { system.next() });
    let mut found: Vec<Noted> = merged.filter(|(_, entry)| filter.takes(entry)).take(limit + 1).collect();
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|(place, _)| *place);
    AuditPage { entries: found.into_iter().map(|(_, entry)| entry).collect(), next }
}
