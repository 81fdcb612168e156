//! Bodies of messages: the effect as it is, or as others want to be told.

mod link;
mod pagerduty;
mod slack;

pub use self::link::link;
use super::endpoint::Endpoint;
use crate::wire::effect::Effect;
use crate::wire::webhook::WebhookFormat;

/// The body for an endpoint. `further`: the address where people can look further.
pub fn body(endpoint: &Endpoint, effect: &Effect, further: Option<&str>) -> Vec<u8> {
    let body = match endpoint.format {
        WebhookFormat::Standard => serde_json::to_vec(effect),
        WebhookFormat::Slack => serde_json::to_vec(&slack::message(effect, further)),
        WebhookFormat::Pagerduty => {
            let routing_key = endpoint.routing_key.as_deref().unwrap_or_default();
            serde_json::to_vec(&pagerduty::event(routing_key, effect, further))
        }
    };
    body.expect("it is plain data")
}
