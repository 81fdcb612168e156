//! The courier's view of a side that the engine runs.

use std::collections::HashMap;
use std::sync::Arc;

use futures::future::BoxFuture;
use parking_lot::Mutex;

use super::Webhooks;
use super::courier::Scope;
use super::courier::source::{Listed, Source};
use super::endpoint::{DisabledBy, Endpoint, KIND};
use crate::actors::EngineError;
use crate::domain::delivery::{DeliveryNotes, Progress};
use crate::domain::effect::{EffectFilter, EffectId, EffectPage, EffectTypes, EffectView};
use crate::domain::ids::{Id, Position, WorkspaceKey};
use crate::domain::record::Record;
use crate::domain::resource::{Resource, ResourceChange, ResourceRecord};
use crate::domain::workspace::Workspace;

/// Effects that are read at a time.
const PAGE: usize = 100;

pub struct EngineSide {
    webhooks: Arc<Webhooks>,
    key: WorkspaceKey,
    /// What was opened, and where it was changed last.
    opened: Mutex<HashMap<Id, (Position, Arc<Endpoint>)>>,
}

impl EngineSide {
    pub fn new(webhooks: Arc<Webhooks>, key: WorkspaceKey) -> Self {
        Self { webhooks, key, opened: Mutex::default() }
    }

    /// None of one that was sealed with another secret: it is shown as disabled.
    fn open(&self, resource: &Resource) -> Option<Arc<Endpoint>> {
        let mut opened = self.opened.lock();
        if let Some((at, endpoint)) = opened.get(&resource.id)
            && *at == resource.changed.1
        {
            return Some(Arc::clone(endpoint));
        }
        let endpoint = Arc::new(Endpoint::open(&self.webhooks.sealer, self.key, resource).ok()?);
        opened.insert(resource.id, (resource.changed.1, Arc::clone(&endpoint)));
        Some(endpoint)
    }

    async fn resources(&self) -> Result<Vec<(Resource, u32, bool)>, EngineError> {
        let read = self.webhooks.engine.read(self.key, |workspace| {
            let all = workspace.resources(KIND).into_iter().filter(|resource| !resource.body.wants.is_empty());
            let with_progress = |resource: &Resource| {
                let (turns, lagging) =
                    workspace.progress(resource.id).map_or((0, false), |progress| (progress.turns, progress.lagging));
                (resource.clone(), turns, lagging)
            };
            all.map(with_progress).collect()
        });
        read.await
    }

    async fn listed(&self) -> Result<Vec<Listed>, EngineError> {
        let resources = self.resources().await?;
        self.opened.lock().retain(|id, _| resources.iter().any(|(resource, ..)| resource.id == *id));
        let listed = resources.iter().filter_map(|(resource, turns, lagging)| {
            let endpoint = self.open(resource)?;
            Some(Listed { id: resource.id, endpoint, turns: *turns, lagging: *lagging })
        });
        Ok(listed.collect())
    }

    /// The progress and the record that follows from it must not have a person's command between them.
    async fn write(&self, mut notes: DeliveryNotes, turns: u32) -> Result<(), EngineError> {
        let guard = self.webhooks.notes_of(self.key);
        let _noting = guard.lock.read().await;
        let endpoint = notes.endpoint;
        let is_there = move |workspace: &Workspace| workspace.progress(endpoint).is_some_and(|now| now.turns == turns);
        if !self.webhooks.engine.read(self.key, is_there).await? {
            let Some(progress) = self.progress(endpoint).await? else { return Ok(()) };
            notes.upto = EffectId::ZERO;
            notes.outcomes.retain(|(effect, _)| progress.open.contains_key(effect));
            if notes.outcomes.is_empty() {
                return Ok(());
            }
        }
        self.webhooks.engine.note(self.key, Record::Deliveries(notes)).await
    }

    async fn disabled(&self, id: Id) -> Result<(), EngineError> {
        let Webhooks { engine, sealer, ids, .. } = &*self.webhooks;
        let read = engine.read(self.key, move |workspace| workspace.resource(KIND, id).cloned());
        let Some(resource) = read.await? else { return Ok(()) };
        let Ok(endpoint) = Endpoint::open(sealer, self.key, &resource) else { return Ok(()) };
        let endpoint = Endpoint { enabled: false, disabled: Some(DisabledBy::Gone), ..endpoint };
        let body = endpoint.seal(sealer, self.key, id, ids.as_ref());
        let change = ResourceChange::Changed { body, from: resource.changed.1 };
        let record = ResourceRecord { kind: KIND.into(), id, change };
        // Refused where a person has changed it meanwhile: then that is what holds.
        engine.change_resource(self.key, None, record).await.map(drop)
    }
}

impl Source for EngineSide {
    fn endpoints(&self) -> BoxFuture<'_, Result<Vec<Listed>, EngineError>> {
        Box::pin(self.listed())
    }

    fn progress(&self, endpoint: Id) -> BoxFuture<'_, Result<Option<Progress>, EngineError>> {
        Box::pin(self.webhooks.engine.read(self.key, move |workspace| workspace.progress(endpoint).cloned()))
    }

    fn scopes(&self, effects: Vec<EffectId>) -> BoxFuture<'_, Result<HashMap<EffectId, Scope>, EngineError>> {
        Box::pin(self.webhooks.engine.read(self.key, move |workspace| {
            let scope = |effect: EffectId| Some((effect, Scope::from(&workspace.effect(effect)?)));
            effects.into_iter().filter_map(scope).collect()
        }))
    }

    fn effects(&self, after: EffectId, types: EffectTypes) -> BoxFuture<'_, Result<EffectPage, EngineError>> {
        let filter = EffectFilter { types, account: None };
        Box::pin(async move {
            let read = self.webhooks.engine.read(self.key, move |workspace| workspace.effects(after, &filter, PAGE));
            let mut page = read.await?;
            page.effects.iter_mut().for_each(|effect| self.webhooks.links.tell(self.key, effect));
            Ok(page)
        })
    }

    fn effect(&self, id: EffectId) -> BoxFuture<'_, Result<Option<EffectView>, EngineError>> {
        Box::pin(async move {
            let mut effect = self.webhooks.engine.read(self.key, move |workspace| workspace.effect(id)).await?;
            effect.iter_mut().for_each(|effect| self.webhooks.links.tell(self.key, effect));
            Ok(effect)
        })
    }

    fn note(&self, notes: DeliveryNotes, turns: u32) -> BoxFuture<'_, Result<(), EngineError>> {
        Box::pin(self.write(notes, turns))
    }

    fn disable(&self, endpoint: Id) -> BoxFuture<'_, Result<(), EngineError>> {
        Box::pin(self.disabled(endpoint))
    }
}
