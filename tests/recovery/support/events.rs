//! Events as producers send them.

use serde_json::{Value, json};

use super::random::Random;

/// An event whose time is its receipt.
pub fn event(source: &str, id: &str, kind: &str, data: Value) -> Value {
    json!({"specversion": "1.0", "source": source, "id": id, "type": kind, "data": data})
}

/// A score from elsewhere; `hundredths` is its composite too, whatever the weights are.
pub fn import(source: &str, id: &str, conversation: &str, account: Option<&str>, hundredths: u64) -> Value {
    let score = hundredths as f64 / 100.0;
    let mut data = json!({
        "conversationId": conversation, "outcomeScore": score, "processScore": score, "environmentScore": score,
        "resolved": hundredths >= 200
    });
    if let Some(account) = account {
        data["accountId"] = account.into();
    }
    event(source, id, "conversation.scored", data)
}

/// A conversation from its first message to its end.
pub fn dialogue(source: &str, id: &str, conversation: &str, account: &str, texts: &[&str]) -> Vec<Value> {
    let named = |data: Value| {
        let mut data = data;
        data["conversationId"] = conversation.into();
        data
    };
    let mut events = vec![event(
        source,
        &format!("{id}-created"),
        "conversation.created",
        named(json!({"accountId": account, "channel": "email", "intent": "order_status"})),
    )];
    for (place, text) in texts.iter().enumerate() {
        let (kind, data) = match place % 2 {
            0 => ("message.received", json!({"text": text, "language": "en"})),
            _ => ("message.sent", json!({"sender": "ai", "text": text, "language": "en"})),
        };
        events.push(event(source, &format!("{id}-{place}"), kind, named(data)));
    }
    let end = named(json!({"resolution": "ai_resolved"}));
    events.push(event(source, &format!("{id}-end"), "conversation.resolved", end));
    events
}

/// A request of `count` scores from elsewhere, each for a conversation of its own; number `request` of this
/// `source`. Its journal record has about 90 bytes a score.
pub fn bulk(source: &str, request: u64, count: u64) -> Value {
    let events = (0..count).map(|place| {
        let number = request * 10_000 + place;
        let conversation = Random::of(17, &[number]).uuid().to_string();
        import(source, &number.to_string(), &conversation, None, 250)
    });
    events.collect()
}
