//! Webhooks (R8.3): endpoints are made, changed, tried out and removed, and their deliveries looked at.
//!
//! What changes something runs to its end whether or not the caller still waits: the courier has to hear of it.

mod deliveries;
mod held;

use std::collections::HashMap;
use std::sync::Arc;

pub use self::deliveries::DeliveryFilter;
use self::deliveries::Found;
use self::held::{Held, Seen, seen};

use super::{Principal, Service, ServiceError};
use crate::actors::EngineError;
use crate::domain::effect::EffectType;
use crate::domain::ids::{Id, WorkspaceKey};
use crate::domain::record::Command;
use crate::domain::reply::CommandRefusal;
use crate::domain::resource::{Resource, ResourceBody, ResourceChange, ResourceRecord};
use crate::domain::system::Permission;
use crate::domain::time::{HOUR, Millis};
use crate::webhooks::endpoint::{Endpoint, InForce, KIND, MOST};
use crate::webhooks::sign::SigningSecret;
use crate::webhooks::slots::Health;
use crate::wire::effect::{Effect, EffectName, example};
use crate::wire::values::Timestamp;
use crate::wire::webhook::{Delivery, DeliveryState, NewWebhook, Rotation, Webhook, WebhookPatch, WebhookTest};

/// How often a change is tried whose endpoint somebody else has changed meanwhile.
const TRIES: usize = 3;

impl Service {
    /// The side whose webhook somebody wants to have: an unknown one is reported before a missing scope (R2.8).
    pub async fn webhook_side(&self, who: &Principal, workspace: Id, id: Id) -> Result<WorkspaceKey, ServiceError> {
        let key = self.visible(who, workspace)?;
        if !self.engine.read(key, move |workspace| workspace.resource(KIND, id).is_some()).await? {
            return Err(ServiceError::UnknownWebhook);
        }
        who.require(&[Permission::Admin])?;
        Ok(key)
    }

    /// Those of a side, in the order in which they were made.
    pub async fn webhooks(&self, key: WorkspaceKey) -> Result<Vec<Webhook>, ServiceError> {
        let held = self.engine.read(key, |workspace| {
            let all = workspace.resources(KIND).into_iter();
            all.map(|resource| (resource.clone(), seen(workspace.progress(resource.id)))).collect::<Vec<_>>()
        });
        let held = held.await?.into_iter().map(|(resource, seen)| self.held(key, resource, seen));
        Ok(held.map(|held| held.shown()).collect())
    }

    pub async fn webhook(&self, key: WorkspaceKey, id: Id) -> Result<Webhook, ServiceError> {
        Ok(self.held_webhook(key, id).await?.shown())
    }

    /// Makes an endpoint; its secret is the second part, and is not shown again.
    pub async fn create_webhook(
        self: &Arc<Self>,
        who: &Principal,
        key: WorkspaceKey,
        new: NewWebhook,
    ) -> Result<(Webhook, String), ServiceError> {
        let secret = SigningSecret::random(self.ids.as_ref());
        let text = secret.text();
        let NewWebhook { url, types, format, enabled, description, routing_key } = new;
        let secrets = vec![InForce { secret, until: None }];
        let endpoint = Endpoint { url, types, format, enabled, description, secrets, routing_key, disabled: None };
        let id = Id::from(self.ids.uuid());
        let change = ResourceChange::Made { body: self.sealed(key, id, &endpoint), most: MOST };
        let webhook = self.change_webhook(who, key, id, change).await?;
        Ok((webhook, text))
    }

    /// Changes the members that were sent.
    pub async fn patch_webhook(
        self: &Arc<Self>,
        who: &Principal,
        key: WorkspaceKey,
        id: Id,
        patch: WebhookPatch,
    ) -> Result<Webhook, ServiceError> {
        self.rewrite(who, key, id, |held| held.patched(&patch, self.ids.as_ref())).await
    }

    /// Gives an endpoint another secret, which is the second part of the answer. The one before signs as well for a
    /// while.
    pub async fn rotate_webhook(
        self: &Arc<Self>,
        who: &Principal,
        key: WorkspaceKey,
        id: Id,
        rotation: Rotation,
    ) -> Result<(Webhook, String), ServiceError> {
        let secret = SigningSecret::random(self.ids.as_ref());
        let (text, now) = (secret.text(), self.now());
        let until = now.saturating_add(Millis::from(rotation.grace_hours) * HOUR);
        let rotated = |held: &Held| {
            let mut endpoint = held.endpoint.clone().ok_or(ServiceError::WebhookDisabled)?;
            endpoint.rotate(secret.clone(), now, until);
            Ok(endpoint)
        };
        Ok((self.rewrite(who, key, id, rotated).await?, text))
    }

    /// Removes an endpoint with its deliveries; answers it as it was.
    pub async fn delete_webhook(
        self: &Arc<Self>,
        who: &Principal,
        key: WorkspaceKey,
        id: Id,
    ) -> Result<Webhook, ServiceError> {
        let before = self.held_webhook(key, id).await?.shown();
        self.change_webhook(who, key, id, ResourceChange::Gone).await?;
        self.webhooks.answers.forget(key, id);
        Ok(before)
    }

    /// Sends an example of the endpoint's first type, once. Also to one that is disabled.
    pub async fn test_webhook(&self, who: &Principal, key: WorkspaceKey, id: Id) -> Result<WebhookTest, ServiceError> {
        let endpoint = self.held_webhook(key, id).await?.endpoint.ok_or(ServiceError::WebhookDisabled)?;
        let kind = endpoint.types.iter().next().unwrap_or(EffectType::BreakerTriggered);
        let effect = Effect { timestamp: Timestamp(self.now()), ..example(kind) };
        let (tenant, message) = (Arc::from(who.tenant.as_deref().unwrap_or_default()), self.ids.uuid());
        let sender = Arc::clone(&self.webhooks.sender);
        // To its end, as everything that has begun.
        let sent = self
            .engine
            .run(async move { sender.send(&tenant, key.id, Health::Poor, &endpoint, message, &effect).await });
        let sent = sent.await?;
        let excerpt = Some(sent.excerpt).filter(|excerpt| !excerpt.is_empty());
        let (attempt, message_id) = (sent.attempt.into(), message.into());
        Ok(WebhookTest { kind: EffectName(kind), message_id, attempt, excerpt })
    }

    /// Has everything delivered again that was received at `since` or later, as far as it is kept.
    pub async fn replay_webhook(
        self: &Arc<Self>,
        who: &Principal,
        key: WorkspaceKey,
        id: Id,
        since: Millis,
    ) -> Result<Webhook, ServiceError> {
        let held = self.held_webhook(key, id).await?;
        held.is_enabled()?;
        self.deliver_again(who, key, Command::Replay { endpoint: id, since }).await?;
        self.webhook(key, id).await
    }

    /// Has one delivery made again, from its first attempt on.
    pub async fn resend(
        self: &Arc<Self>,
        who: &Principal,
        key: WorkspaceKey,
        id: Id,
        delivery: Id,
    ) -> Result<Delivery, ServiceError> {
        let effect = self.delivered_effect(key, id, delivery).await?.ok_or(ServiceError::UnknownDelivery)?;
        self.held_webhook(key, id).await?.is_enabled()?;
        self.deliver_again(who, key, Command::Resend { endpoint: id, effect }).await?;
        let kind = self.engine.read(key, move |workspace| workspace.effect(effect).map(|effect| effect.of_type()));
        let found = Found { effect, kind: kind.await?, state: DeliveryState::Pending, attempts: Vec::new() };
        Ok(found.shown(key, id, &HashMap::new()))
    }

    /// While a courier notes nothing: what it has noted before must not undo this.
    async fn deliver_again(
        self: &Arc<Self>,
        who: &Principal,
        key: WorkspaceKey,
        command: Command,
    ) -> Result<(), ServiceError> {
        let (service, actor) = (Arc::clone(self), who.actor.clone());
        let asked = async move {
            let notes = service.webhooks.notes_of(key);
            let _held = notes.held().await;
            service.engine.ask_for(key, &actor, command).await
        };
        Ok(self.engine.run(asked).await???)
    }

    /// Makes another endpoint of one. Where somebody else was quicker it begins anew.
    async fn rewrite(
        self: &Arc<Self>,
        who: &Principal,
        key: WorkspaceKey,
        id: Id,
        rewritten: impl Fn(&Held) -> Result<Endpoint, ServiceError>,
    ) -> Result<Webhook, ServiceError> {
        let mut tries = 1;
        loop {
            let held = self.held_webhook(key, id).await?;
            let endpoint = rewritten(&held)?;
            if held.endpoint.as_ref() == Some(&endpoint) {
                return Ok(held.shown());
            }
            let (body, from) = (self.sealed(key, id, &endpoint), held.resource.changed.1);
            match self.change_webhook(who, key, id, ResourceChange::Changed { body, from }).await {
                Err(ServiceError::Command(CommandRefusal::ResourceChanged)) if tries < TRIES => tries += 1,
                changed => return changed,
            }
        }
    }

    async fn change_webhook(
        self: &Arc<Self>,
        who: &Principal,
        key: WorkspaceKey,
        id: Id,
        change: ResourceChange,
    ) -> Result<Webhook, ServiceError> {
        let (service, actor) = (Arc::clone(self), who.actor.clone());
        let changing = async move {
            let record = ResourceRecord { kind: KIND.into(), id, change };
            let notes = service.webhooks.notes_of(key);
            let _held = notes.held().await;
            let changed = service.engine.change_resource(key, Some(&actor), record).await?;
            service.webhooks.changed(key);
            let seen = service.engine.read(key, move |workspace| seen(workspace.progress(id))).await?;
            Ok::<_, EngineError>(changed.map(|resource| service.held(key, resource, seen).shown()))
        };
        Ok(self.engine.run(changing).await???)
    }

    async fn held_webhook(&self, key: WorkspaceKey, id: Id) -> Result<Held, ServiceError> {
        let held = self.engine.read(key, move |workspace| {
            let resource = workspace.resource(KIND, id).cloned();
            resource.map(|resource| (resource, seen(workspace.progress(id))))
        });
        let (resource, seen) = held.await?.ok_or(ServiceError::UnknownWebhook)?;
        Ok(self.held(key, resource, seen))
    }

    fn held(&self, key: WorkspaceKey, resource: Resource, (lagging, last_delivery): Seen) -> Held {
        let endpoint = Endpoint::open(&self.webhooks.sealer, key, &resource).ok();
        Held { resource, endpoint, lagging, last_delivery }
    }

    fn sealed(&self, key: WorkspaceKey, id: Id, endpoint: &Endpoint) -> ResourceBody {
        endpoint.seal(&self.webhooks.sealer, key, id, self.ids.as_ref())
    }
}
