//! Webhooks: endpoints, and in `delivery` what is sent there (R8.3).

mod delivery;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{Asked, Body, Fields};
use super::effect::EffectName;
use super::values::{Count, Timestamp};
use crate::domain::effect::{EffectType, EffectTypes};
use crate::domain::ids::{Id, IdKind};
use crate::domain::time::Millis;
use crate::outgoing::target;

pub use self::delivery::{Delivery, DeliveryAttempt, DeliveryError, DeliveryPage, DeliveryState, WebhookTest};

/// Characters of a description.
const MAX_DESCRIPTION: usize = 500;
/// Characters of a routing key; PagerDuty's have 32.
const MAX_ROUTING_KEY: usize = 255;
/// Elements of a list of types that are looked at: more than there are types, so that a repeated one is named.
const MOST_TYPES: usize = 32;
/// Where PagerDuty takes events.
pub const PAGERDUTY_URL: &str = "https://events.pagerduty.com/v2/enqueue";

/// `standard`: the effect as the stream has it. `slack`: a sentence, as Slack's incoming webhooks take it.
/// `pagerduty`: an alert for each breaker, as PagerDuty's Events API v2 takes it; for breakers alone.
// The order of the variants is part of the on-disk format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum WebhookFormat {
    #[default]
    Standard,
    Slack,
    Pagerduty,
}

/// `lagging`: effects went before they were delivered, since it last had them all. `disabled`: nothing is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum WebhookState {
    Active,
    Disabled,
    Lagging,
}

/// An endpoint that effects are sent to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({
    "id": "0191b5a2-7c3e-7d11-9f00-00000000e0d0", "url": "https://hooks.example.com/tripswitch",
    "types": ["breaker.triggered", "breaker.resolved"], "format": "standard", "enabled": true,
    "description": "On-call tool", "state": "active", "disabledReason": null,
    "createdAt": "2026-03-15T14:35:00.000Z", "lastDeliveryAt": "2026-03-15T14:40:00.120Z"
})))]
pub struct Webhook {
    pub id: Id,
    /// Null where it cannot be read any more: see `disabledReason`.
    #[schema(required)]
    pub url: Option<Box<str>>,
    pub types: Vec<EffectName>,
    pub format: WebhookFormat,
    pub enabled: bool,
    pub description: Box<str>,
    pub state: WebhookState,
    /// Why the server has disabled it; null where it has not.
    #[schema(required)]
    pub disabled_reason: Option<Box<str>>,
    pub created_at: Timestamp,
    /// When something was delivered last.
    #[schema(required)]
    pub last_delivery_at: Option<Timestamp>,
}

/// The endpoints of a workspace side, the oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct WebhookList {
    #[schema(max_items = 20)]
    pub items: Vec<Webhook>,
    pub total: Count,
}

impl FromIterator<Webhook> for WebhookList {
    fn from_iter<I: IntoIterator<Item = Webhook>>(items: I) -> Self {
        let items: Vec<_> = items.into_iter().collect();
        Self { total: items.len().into(), items }
    }
}

/// An endpoint with its secret, which is shown this once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({
    "id": "0191b5a2-7c3e-7d11-9f00-00000000e0d0", "url": "https://hooks.example.com/tripswitch",
    "types": ["breaker.triggered", "breaker.resolved"], "format": "standard", "enabled": true,
    "description": "On-call tool", "state": "active", "disabledReason": null,
    "createdAt": "2026-03-15T14:35:00.000Z", "lastDeliveryAt": null,
    "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDazfgpzBCUDE="
})))]
pub struct WebhookWithSecret {
    pub id: Id,
    #[schema(required)]
    pub url: Option<Box<str>>,
    pub types: Vec<EffectName>,
    pub format: WebhookFormat,
    pub enabled: bool,
    pub description: Box<str>,
    pub state: WebhookState,
    #[schema(required)]
    pub disabled_reason: Option<Box<str>>,
    pub created_at: Timestamp,
    #[schema(required)]
    pub last_delivery_at: Option<Timestamp>,
    /// Signs every message: HMAC-SHA256, keyed with the 32 bytes that stand behind `whsec_` in base64.
    #[schema(pattern = "^whsec_[A-Za-z0-9+/]{43}=$")]
    pub secret: String,
}

impl WebhookWithSecret {
    pub fn new(webhook: Webhook, secret: String) -> Self {
        let Webhook { id, url, types, format, enabled, description, .. } = webhook;
        let Webhook { state, disabled_reason, created_at, last_delivery_at, .. } = webhook;
        Self {
            id,
            url,
            types,
            format,
            enabled,
            description,
            state,
            disabled_reason,
            created_at,
            last_delivery_at,
            secret,
        }
    }
}

// An endpoint to be made.
#[derive(Clone, Debug, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(
    json!({"url": "https://hooks.example.com/tripswitch", "types": ["breaker.triggered", "breaker.resolved"]}),
    json!({
        "types": ["breaker.triggered", "breaker.acknowledged", "breaker.resolved"], "format": "pagerduty",
        "routingKey": "R0123456789ABCDEFGHIJKLMNOPQRSTU"
    })
))]
pub struct NewWebhook {
    /// `https`, to a host of the public Internet. Only for `pagerduty` it may be left out.
    #[schema(required = false, value_type = String, pattern = "^https?://.+", max_length = 2048)]
    pub url: Box<str>,
    /// At least one, each at most once.
    #[schema(min_items = 1, max_items = 8, value_type = Vec<EffectName>)]
    pub types: EffectTypes,
    // `standard` where it is left out. With a default or words of its own the document would have a second schema here.
    #[schema(required = false, inline)]
    pub format: WebhookFormat,
    #[schema(required = false, default = true)]
    pub enabled: bool,
    #[schema(required = false, value_type = String, max_length = 500)]
    pub description: Box<str>,
    /// The integration key of a service at PagerDuty: needed for `pagerduty`, refused for the others. It is not shown.
    #[schema(required = false, nullable = false, value_type = String, min_length = 1, max_length = 255)]
    pub routing_key: Option<Box<str>>,
}

impl Body for NewWebhook {
    fn read(fields: &mut Fields<'_>, asked: Asked) -> Self {
        let is_known = !fields.has("format");
        let read = fields.one_of("format", &FORMATS);
        let format = read.unwrap_or_default();
        let own_url = !fields.has("url") && format == WebhookFormat::Pagerduty;
        let link = |fields: &mut Fields<'_>, name: &str| url(fields, name, asked);
        let url = if own_url { Some(PAGERDUTY_URL.into()) } else { fields.required("url", link) };
        let (types_sent, key_sent) = (fields.required("types", types), fields.has("routingKey"));
        let new = Self {
            url: url.unwrap_or_default(),
            types: types_sent.unwrap_or_default(),
            format,
            enabled: fields.boolean("enabled").unwrap_or(true),
            description: fields.text("description", 0, MAX_DESCRIPTION).unwrap_or_default().into(),
            routing_key: routing_key(fields),
        };
        // Of a format that is unknown nothing can be said.
        if is_known || read.is_some() {
            misfits(new.format, new.types, key_sent).for_each(|(name, error)| fields.fault(name, error));
        }
        new
    }
}

/// What of an endpoint's members does not fit its format: the member's name, and what is wrong.
pub fn misfits(
    format: WebhookFormat,
    types: EffectTypes,
    has_key: bool,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    let of_pagerduty = format == WebhookFormat::Pagerduty;
    let others = of_pagerduty && types.iter().any(|kind| !kind.is_of_breaker());
    [
        (others, ("types", "must be types of breakers alone for the format pagerduty")),
        (of_pagerduty && !has_key, ("routingKey", "is required for the format pagerduty")),
        (!of_pagerduty && has_key, ("routingKey", "is for the format pagerduty only")),
    ]
    .into_iter()
    .filter_map(|(is_wrong, fault)| is_wrong.then_some(fault))
}

/// The members to change; the others stay. What a GET answers is taken as it is: `state`, `disabledReason`,
/// `createdAt` and `lastDeliveryAt` are passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({"enabled": false}), json!({"types": ["breaker.triggered"], "description": "Pager"})))]
pub struct WebhookPatch {
    /// That of the path. Any other is refused.
    #[schema(required = false, nullable = false)]
    pub id: Option<Id>,
    #[schema(required = false, nullable = false, value_type = String, pattern = "^https?://.+", max_length = 2048)]
    pub url: Option<Box<str>>,
    #[schema(required = false, nullable = false, min_items = 1, max_items = 8, value_type = Vec<EffectName>)]
    pub types: Option<EffectTypes>,
    #[schema(required = false, nullable = false, inline)]
    pub format: Option<WebhookFormat>,
    /// What happens while it is disabled is not sent later.
    #[schema(required = false, nullable = false)]
    pub enabled: Option<bool>,
    #[schema(required = false, nullable = false, value_type = String, max_length = 500)]
    pub description: Option<Box<str>>,
    #[schema(required = false, nullable = false, value_type = String, min_length = 1, max_length = 255)]
    pub routing_key: Option<Box<str>>,
    /// Passed over.
    #[schema(required = false)]
    pub state: Option<WebhookState>,
    /// Passed over.
    #[schema(required = false)]
    pub disabled_reason: Option<String>,
    /// Passed over.
    #[schema(required = false)]
    pub created_at: Option<Timestamp>,
    /// Passed over.
    #[schema(required = false)]
    pub last_delivery_at: Option<Timestamp>,
}

impl Body for WebhookPatch {
    fn read(fields: &mut Fields<'_>, asked: Asked) -> Self {
        ["state", "disabledReason", "createdAt", "lastDeliveryAt"].into_iter().for_each(|name| fields.pass_over(name));
        Self {
            id: fields.id("id", IdKind::Webhook),
            url: url(fields, "url", asked),
            types: types(fields, "types"),
            format: fields.one_of("format", &FORMATS),
            enabled: fields.boolean("enabled"),
            description: fields.text("description", 0, MAX_DESCRIPTION).map(Into::into),
            routing_key: routing_key(fields),
            ..Self::default()
        }
    }
}

const FORMATS: [(&str, WebhookFormat); 3] =
    [("standard", WebhookFormat::Standard), ("slack", WebhookFormat::Slack), ("pagerduty", WebhookFormat::Pagerduty)];

fn url(fields: &mut Fields<'_>, name: &str, asked: Asked) -> Option<Box<str>> {
    fields.text_as(name, |text| match target::check(&text, asked.private_targets) {
        Ok(url) => Ok(url.as_str().into()),
        Err(why) => Err(why.to_string()),
    })
}

fn routing_key(fields: &mut Fields<'_>) -> Option<Box<str>> {
    fields.text("routingKey", 1, MAX_ROUTING_KEY).map(Into::into)
}

/// At least one type of effect, each once.
fn types(fields: &mut Fields<'_>, name: &str) -> Option<EffectTypes> {
    let types = fields.list(name, MOST_TYPES, |text| {
        let known = serde_json::from_str::<String>(text).ok().and_then(|name| EffectType::named(&name));
        known.ok_or_else(|| format!("must be one of {}", EffectType::ALL.map(EffectType::name).join(", ")))
    })?;
    if types.is_empty() {
        fields.fault(name, "must name at least one type");
    }
    if types.iter().enumerate().any(|(at, kind)| types[..at].contains(kind)) {
        fields.fault(name, "must not name a type twice");
    }
    Some(types.into_iter().collect())
}

// How long the secret before goes on signing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({"graceHours": 24})))]
pub struct Rotation {
    /// For so long messages have both signatures.
    #[schema(required = false, minimum = 0, maximum = 168, default = 24)]
    pub grace_hours: u16,
}

impl Default for Rotation {
    fn default() -> Self {
        Self { grace_hours: 24 }
    }
}

impl Body for Rotation {
    fn read(fields: &mut Fields<'_>, _: Asked) -> Self {
        Self { grace_hours: fields.integer("graceHours", 0, 168).unwrap_or(Self::default().grace_hours) }
    }
}

// From when on everything is delivered again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(examples(json!({"since": "2026-03-15T14:00:00Z"})))]
pub struct Replay {
    /// By the time of the server's receipt, which messages have as `timestamp`.
    #[schema(value_type = super::values::Instant)]
    pub since: Millis,
}

impl Body for Replay {
    fn read(fields: &mut Fields<'_>, _: Asked) -> Self {
        Self { since: fields.required("since", Fields::instant).unwrap_or_default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::body::{self, BodyError};

    fn faults<T: Body + std::fmt::Debug>(body: &str) -> Vec<String> {
        match body::read::<T>(body.as_bytes(), Asked::default()) {
            Err(BodyError::Faults(faults)) => faults.into_iter().map(|fault| fault.pointer).collect(),
            other => panic!("{body}: {other:?}"),
        }
    }

    #[test]
    fn r8_3_defaults_of_a_new_endpoint() {
        let read = |body: &str| body::read::<NewWebhook>(body.as_bytes(), Asked::default()).unwrap();
        let new = read(r#"{"url": "https://Example.com", "types": ["breaker.triggered"]}"#);
        assert_eq!((&*new.url, new.format, new.enabled), ("https://example.com/", WebhookFormat::Standard, true));
        assert_eq!(new.types.iter().collect::<Vec<_>>(), [EffectType::BreakerTriggered]);
        let pager = read(r#"{"types": ["breaker.resolved"], "format": "pagerduty", "routingKey": "R0"}"#);
        assert_eq!((&*pager.url, pager.routing_key.as_deref()), (PAGERDUTY_URL, Some("R0")));
        let private = Asked { private_targets: true, ..Asked::default() };
        let here = br#"{"url": "http://127.0.0.1:9/x", "types": ["settings.changed"]}"#;
        assert!(body::read::<NewWebhook>(here, private).is_ok());
    }

    #[test]
    fn r8_3_every_fault_of_an_endpoint_at_once() {
        assert_eq!(faults::<NewWebhook>("{}"), ["/url", "/types"]);
        let body = r#"{"url": "http://10.0.0.1/", "types": ["breaker.triggered", "x", 1], "format": "teams",
            "enabled": 1, "description": 2, "routingKey": "", "secret": "s"}"#;
        let all = ["/format", "/url", "/types/1", "/types/2", "/enabled", "/description", "/routingKey", "/secret"];
        assert_eq!(faults::<NewWebhook>(body), all);
        let https = r#""url": "https://example.com/""#;
        for (rest, pointers) in [
            (r#""types": []"#, &["/types"][..]),
            (r#""types": ["settings.changed", "settings.changed"]"#, &["/types"]),
            (r#""types": ["settings.changed"], "routingKey": "R0""#, &["/routingKey"]),
            (r#""types": ["settings.changed"], "format": "pagerduty""#, &["/types", "/routingKey"]),
            (r#""types": "breaker.triggered""#, &["/types"]),
        ] {
            assert_eq!(faults::<NewWebhook>(&format!("{{{https}, {rest}}}")), pointers, "{rest}");
        }
    }

    #[test]
    fn r8_3_a_patch_takes_what_was_answered() {
        let webhook = Webhook {
            id: Id(1),
            url: Some("https://example.com/".into()),
            types: vec![EffectName(EffectType::BreakerTriggered)],
            format: WebhookFormat::Slack,
            enabled: false,
            description: "".into(),
            state: WebhookState::Disabled,
            disabled_reason: Some("r".into()),
            created_at: Timestamp(0),
            last_delivery_at: None,
        };
        let body = serde_json::to_vec(&webhook).unwrap();
        let patch: WebhookPatch = body::read(&body, Asked::default()).unwrap();
        assert_eq!((patch.id, patch.enabled, patch.url.as_deref()), (Some(Id(1)), Some(false), webhook.url.as_deref()));
        assert_eq!(
            faults::<WebhookPatch>(r#"{"url": null, "types": [], "secret": "s"}"#),
            ["/url", "/types", "/secret"]
        );
    }

    #[test]
    fn r8_3_a_rotation_and_a_replay() {
        let hours = |body: &[u8]| body::read::<Rotation>(body, Asked::default()).map(|read| read.grace_hours);
        assert_eq!((hours(b"{}"), hours(br#"{"graceHours": 0}"#)), (Ok(24), Ok(0)));
        assert_eq!(faults::<Rotation>(r#"{"graceHours": 169}"#), ["/graceHours"]);
        assert_eq!(faults::<Replay>("{}"), ["/since"]);
        assert_eq!(faults::<Replay>(r#"{"since": "2026-03-15"}"#), ["/since"]);
    }
}
