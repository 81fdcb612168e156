//! Resources of a side: put, changed and removed by records (see [`resource`](super::super::resource)).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::effect::EffectTypes;
use super::super::ids::{Id, Position};
use super::super::record::Frame;
use super::super::reply::{CommandRefusal, Reply};
use super::super::resource::{Resource, ResourceBody, ResourceChange, ResourceRecord};
use super::Workspace;

/// By id. A clone shares what is in it.
pub type Resources = BTreeMap<Id, Arc<Resource>>;

impl Workspace {
    pub(super) fn resource_changed(&mut self, frame: &Frame, actor: Option<&str>, record: &ResourceRecord) -> Reply {
        let done = self.change_resource(frame, record);
        self.note_resource(frame, actor, record, done.as_ref().err().copied());
        if let (Ok(_), ResourceChange::Made { body, .. } | ResourceChange::Changed { body, .. }) =
            (&done, &record.change)
        {
            self.pieces.deliveries.want(record.id, body.wants, self.pieces.ring.newest());
        }
        Reply::Resource(done.map(|resource| Box::new((*resource).clone())))
    }

    fn change_resource(&mut self, frame: &Frame, record: &ResourceRecord) -> Result<Arc<Resource>, CommandRefusal> {
        let ResourceRecord { kind, id, change } = record;
        let changed = (frame.receipt, Position::new(frame.seq, 0));
        let of_kind = self.pieces.resources.values().filter(|resource| resource.kind == *kind).count();
        let known = self.pieces.resources.get(id).filter(|resource| resource.kind == *kind);
        let put = |made, body: &ResourceBody| {
            Arc::new(Resource { kind: kind.clone(), id: *id, made, changed, body: body.clone() })
        };
        let resource = match (known, change) {
            (Some(_), ResourceChange::Made { .. }) => return Err(CommandRefusal::ResourceChanged),
            (None, ResourceChange::Made { most, .. }) if of_kind >= usize::from(*most) => {
                return Err(CommandRefusal::TooManyResources);
            }
            (None, ResourceChange::Made { body, .. }) => put(frame.receipt, body),
            (None, _) => return Err(CommandRefusal::UnknownResource),
            (Some(known), ResourceChange::Changed { from, .. }) if known.changed.1 != *from => {
                return Err(CommandRefusal::ResourceChanged);
            }
            (Some(known), ResourceChange::Changed { body, .. }) => put(known.made, body),
            (Some(known), ResourceChange::Gone) => {
                let gone = Arc::clone(known);
                self.pieces.resources.remove(id);
                self.pieces.deliveries.forget(*id);
                return Ok(gone);
            }
        };
        self.pieces.resources.insert(*id, Arc::clone(&resource));
        Ok(resource)
    }

    /// In the order in which they were made.
    pub fn resources(&self, kind: &str) -> Vec<&Resource> {
        let mut all: Vec<_> = self.all_resources().filter(|resource| &*resource.kind == kind).collect();
        all.sort_by_key(|resource| (resource.made, resource.id));
        all
    }

    pub fn all_resources(&self) -> impl Iterator<Item = &Resource> {
        self.pieces.resources.values().map(|resource| &**resource)
    }

    pub fn resource(&self, kind: &str, id: Id) -> Option<&Resource> {
        self.pieces.resources.get(&id).map(|resource| &**resource).filter(|resource| &*resource.kind == kind)
    }

    /// What an endpoint wants now.
    pub fn wants(&self, endpoint: Id) -> EffectTypes {
        self.pieces.resources.get(&endpoint).map(|resource| resource.body.wants).unwrap_or_default()
    }
}
