//! Bodies of messages: the effect as it is, or as others want to be told.

mod pagerduty;
mod slack;

use super::endpoint::Endpoint;
use crate::wire::effect::Effect;
use crate::wire::webhook::WebhookFormat;

/// The body for an endpoint. `dashboard`: where people can look further.
pub fn body(endpoint: &Endpoint, effect: &Effect, dashboard: Option<&str>) -> Vec<u8> {
    let body = match endpoint.format {
        WebhookFormat::Standard => serde_json::to_vec(effect),
        WebhookFormat::Slack => serde_json::to_vec(&slack::message(effect, dashboard)),
        WebhookFormat::Pagerduty => {
            let routing_key = endpoint.routing_key.as_deref().unwrap_or_default();
            serde_json::to_vec(&pagerduty::event(routing_key, effect, dashboard))
        }
    };
    body.expect("it is plain data")
}
