//! Events for PagerDuty (Events API v2): a breaker is an alert, by its id.

use serde::Serialize;

use crate::domain::effect::EffectType;
use crate::wire::effect::{Effect, EffectData};
use crate::wire::values::Timestamp;

/// Characters of a summary.
const MAX_SUMMARY: usize = 1_024;

#[derive(Serialize)]
pub struct Event<'a> {
    routing_key: &'a str,
    event_action: &'static str,
    dedup_key: String,
    payload: Payload<'a>,
    client: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_url: Option<&'a str>,
}

#[derive(Serialize)]
struct Payload<'a> {
    summary: String,
    source: &'static str,
    severity: &'static str,
    timestamp: Timestamp,
    /// What the breaker stops.
    component: &'a str,
    custom_details: &'a EffectData,
}

/// The alert that a breaker's step makes, acknowledges or resolves. Other effects have no alert of their own; no such
/// endpoint wants them.
pub fn event<'a>(routing_key: &'a str, effect: &'a Effect, further: Option<&'a str>) -> Event<'a> {
    let event_action = match effect.kind.0 {
        EffectType::BreakerAcknowledged => "acknowledge",
        EffectType::BreakerResolved => "resolve",
        EffectType::BreakerTriggered
        | EffectType::BreakerForgotten
        | EffectType::ConversationScored
        | EffectType::ConversationResolved
        | EffectType::AccountRiskChanged
        | EffectType::SettingsChanged => "trigger",
    };
    let (dedup_key, summary, component) = match &effect.data {
        EffectData::Breaker(change) => {
            let breaker = &change.breaker;
            (breaker.id.to_string(), &*breaker.reason, &*breaker.scope_key)
        }
        EffectData::Scored(_) | EffectData::Ended(_) | EffectData::Risk(_) | EffectData::Settings(_) => {
            (String::new(), effect.kind.0.name(), "")
        }
    };
    let summary = summary.chars().take(MAX_SUMMARY).collect();
    let (source, severity, timestamp) = ("tripswitch", "critical", effect.timestamp);
    let payload = Payload { summary, source, severity, timestamp, component, custom_details: &effect.data };
    Event { routing_key, event_action, dedup_key, payload, client: "Tripswitch", client_url: further }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::effect::example;
    use serde_json::json;

    #[test]
    fn r8_3_a_breaker_is_one_alert_through_its_life() {
        let shown = |kind| serde_json::to_value(event("R0", &example(kind), Some("https://t.example/"))).unwrap();
        let triggered = shown(EffectType::BreakerTriggered);
        let breaker = json!(example(EffectType::BreakerTriggered))["data"].clone();
        assert_eq!(
            triggered,
            json!({
                "routing_key": "R0", "event_action": "trigger", "dedup_key": breaker["id"],
                "payload": {
                    "summary": breaker["reason"], "source": "tripswitch", "severity": "critical",
                    "timestamp": "2026-03-15T14:35:00.000Z", "component": breaker["scopeKey"],
                    "custom_details": breaker
                },
                "client": "Tripswitch", "client_url": "https://t.example/"
            })
        );
        let actions = [
            (EffectType::BreakerAcknowledged, "acknowledge"),
            (EffectType::BreakerResolved, "resolve"),
            (EffectType::BreakerForgotten, "trigger"),
        ];
        for (kind, action) in actions {
            let event = shown(kind);
            assert_eq!((&event["event_action"], &event["dedup_key"]), (&json!(action), &triggered["dedup_key"]));
        }
    }

    #[test]
    fn r8_3_a_summary_has_no_more_than_pagerduty_takes() {
        let mut effect = example(EffectType::BreakerTriggered);
        let EffectData::Breaker(change) = &mut effect.data else { panic!("a breaker") };
        change.breaker.reason = "ø".repeat(2_000);
        assert_eq!(event("", &effect, None).payload.summary.chars().count(), MAX_SUMMARY);
    }
}
