//! What a client sends: batch `number` of client `client` is the same whenever it is made.

use serde_json::{Value, json};

use crate::support::events::{event, import};
use crate::support::random::Random;

/// One request.
#[derive(Clone, Debug)]
pub struct Batch {
    pub events: Vec<Value>,
    /// Conversations that have a score after it and had none before.
    pub scored: Vec<String>,
    /// Of those, imports with their composite.
    pub imports: Vec<(String, u64)>,
}

/// The account of a client: nobody else writes to it.
pub fn account(seed: u64, client: u64) -> String {
    Random::of(seed, &[client, u64::MAX]).uuid().to_string()
}

/// A conversation that batch `number` opens and the next one ends, for even numbers.
fn conversation(seed: u64, client: u64, number: u64) -> String {
    Random::of(seed, &[client, number, u64::MAX]).uuid().to_string()
}

const COMPLAINTS: [&str; 4] = [
    "Where is my parcel? It should have been here last week. Ada Quillfeather",
    "This is the third time that I ask, and the answer is still wrong!",
    "Thanks, that helped a lot, says Quillfeather.",
    "I want to speak to a human, please.",
];

impl Batch {
    pub fn new(seed: u64, client: u64, number: u64) -> Self {
        let mut random = Random::of(seed, &[client, number]);
        let source = format!("load/{client}");
        let account = account(seed, client);
        let mut batch = Self { events: Vec::new(), scored: Vec::new(), imports: Vec::new() };
        let id = |place: usize| format!("{number}-{place}");
        for _ in 0..1 + random.below(6) {
            let conversation = random.uuid().to_string();
            // Mostly low: breakers are to trip again and again.
            let composite = if random.below(100) < 85 { 100 + random.below(200) } else { 300 + random.below(200) };
            let named = (random.below(10) > 0).then_some(account.as_str());
            batch.events.push(import(&source, &id(batch.events.len()), &conversation, named, composite));
            batch.scored.push(conversation.clone());
            batch.imports.push((conversation, composite));
        }
        if random.below(4) == 0 {
            // The first one again, with another score: by position it replaces the first.
            let (conversation, composite) = &mut batch.imports[0];
            *composite = 100 + random.below(400);
            batch.events.push(import(&source, &id(batch.events.len()), conversation, None, *composite));
        }
        let talk = if number.is_multiple_of(2) {
            opening(&conversation(seed, client, number), &account, &mut random)
        } else {
            let conversation = conversation(seed, client, number - 1);
            let ending = vec![("conversation.resolved", json!({"resolution": "ai_resolved"}))];
            batch.scored.push(conversation.clone());
            with(&conversation, ending)
        };
        for (kind, data) in talk {
            batch.events.push(event(&source, &id(batch.events.len()), kind, data));
        }
        batch
    }
}

fn opening(conversation: &str, account: &str, random: &mut Random) -> Vec<(&'static str, Value)> {
    let mut events = vec![("conversation.created", json!({"accountId": account, "contactId": "contact 7"}))];
    for _ in 0..1 + random.below(3) {
        let text = COMPLAINTS[random.below(4) as usize];
        events.push(("message.received", json!({"text": text})));
        events.push(("message.sent", json!({"sender": "ai", "text": "We look into it, dear Quillfeather."})));
    }
    if random.below(3) == 0 {
        events.push(("attention_item.created", json!({"attentionType": "human_requested"})));
    }
    if random.below(3) == 0 {
        events.push(("survey.responded", json!({"rating": 1 + random.below(5), "comment": "as said"})));
    }
    with(conversation, events)
}

fn with(conversation: &str, mut events: Vec<(&'static str, Value)>) -> Vec<(&'static str, Value)> {
    for (_, data) in &mut events {
        data["conversationId"] = conversation.into();
    }
    events
}
