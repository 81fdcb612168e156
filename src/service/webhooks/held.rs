//! An endpoint as its side holds it: what is shown of it, and what a patch makes of it.

use super::super::ServiceError;
use crate::domain::delivery::Progress;
use crate::domain::resource::Resource;
use crate::domain::time::Millis;
use crate::ids::Ids;
use crate::webhooks::endpoint::{DisabledBy, Endpoint, InForce};
use crate::webhooks::sign::SigningSecret;
use crate::wire::effect::EffectName;
use crate::wire::failure::Fault;
use crate::wire::values::Timestamp;
use crate::wire::webhook::{Webhook, WebhookFormat, WebhookPatch, WebhookState, misfits};

const GONE: &str = "The receiver has answered 410 Gone.";
const UNREADABLE: &str = "It was sealed with another secret of the data directory, which is not there any more: send \
    its url again, and have its secret rotated.";

/// A resource with what its side knows of it.
pub struct Held {
    pub resource: Resource,
    /// `None` under another secret.
    pub endpoint: Option<Endpoint>,
    pub lagging: bool,
    pub last_delivery: Option<Millis>,
}

/// Whether an endpoint is lagging, and when something was delivered last.
pub type Seen = (bool, Option<Millis>);

pub fn seen(progress: Option<&Progress>) -> Seen {
    progress.map_or((false, None), |progress| (progress.lagging, progress.last_delivery))
}

impl Held {
    /// What a patch makes of an endpoint. One that cannot be read needs a URL, and gets a secret that nobody knows.
    pub fn patched(&self, patch: &WebhookPatch, ids: &dyn Ids) -> Result<Endpoint, ServiceError> {
        let mut faults = Vec::new();
        if patch.id.is_some_and(|id| id != self.resource.id) {
            faults.push(Fault::at("id", "is not the webhook of the path"));
        }
        let before = self.endpoint.clone();
        if before.is_none() && patch.url.is_none() {
            faults.push(Fault::at("url", "is required: what it was cannot be read any more"));
        }
        let before = before.unwrap_or_else(|| Endpoint {
            url: "".into(),
            types: self.resource.body.wants,
            format: WebhookFormat::Standard,
            enabled: !self.resource.body.wants.is_empty(),
            description: "".into(),
            secrets: vec![InForce { secret: SigningSecret::random(ids), until: None }],
            routing_key: None,
            disabled: None,
        });
        let format = patch.format.unwrap_or(before.format);
        // A key that is left over from another format goes with it.
        let kept_key = before.routing_key.filter(|_| format == WebhookFormat::Pagerduty);
        let enabled = patch.enabled.unwrap_or(before.enabled);
        let endpoint = Endpoint {
            url: patch.url.clone().unwrap_or(before.url),
            types: patch.types.unwrap_or(before.types),
            format,
            enabled,
            description: patch.description.clone().unwrap_or(before.description),
            secrets: before.secrets,
            routing_key: patch.routing_key.clone().or(kept_key),
            disabled: before.disabled.filter(|_| !enabled),
        };
        if endpoint.types.is_empty() {
            faults.push(Fault::at("types", "is required: what they were cannot be read any more"));
        }
        let misfits = misfits(format, endpoint.types, endpoint.routing_key.is_some());
        faults.extend(misfits.map(|(name, error)| Fault::at(name, error)));
        if faults.is_empty() { Ok(endpoint) } else { Err(ServiceError::Invalid(faults)) }
    }

    pub fn is_enabled(&self) -> Result<(), ServiceError> {
        let enabled = self.endpoint.as_ref().is_some_and(|endpoint| endpoint.enabled);
        if enabled { Ok(()) } else { Err(ServiceError::WebhookDisabled) }
    }

    pub fn shown(&self) -> Webhook {
        let (resource, endpoint) = (&self.resource, self.endpoint.as_ref());
        let is_enabled = endpoint.is_some_and(|endpoint| endpoint.enabled);
        let types = endpoint.map_or(resource.body.wants, |endpoint| endpoint.types);
        let reason = match endpoint {
            None => Some(UNREADABLE),
            Some(endpoint) => endpoint.disabled.map(|DisabledBy::Gone| GONE),
        };
        Webhook {
            id: resource.id,
            url: endpoint.map(|endpoint| endpoint.url.clone()),
            types: types.iter().map(EffectName).collect(),
            format: endpoint.map_or(WebhookFormat::Standard, |endpoint| endpoint.format),
            enabled: is_enabled,
            description: endpoint.map_or_else(Box::default, |endpoint| endpoint.description.clone()),
            state: match is_enabled {
                false => WebhookState::Disabled,
                true if self.lagging => WebhookState::Lagging,
                true => WebhookState::Active,
            },
            disabled_reason: reason.map(Into::into),
            created_at: Timestamp(resource.made),
            last_delivery_at: self.last_delivery.map(Timestamp),
        }
    }
}
