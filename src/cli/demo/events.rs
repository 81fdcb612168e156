//! A conversation as the events that a helpdesk sends of it.

use serde_json::{Value, json};
use uuid::Uuid;

use super::choice::Dice;
use super::texts::{Account, Script, Step, TEXTS, Who};
use crate::domain::time::{self, MINUTE, Millis, SECOND};

/// Of a hundred customers whom the script has rate, how many do.
const RATE: u64 = 60;

/// One conversation of an account.
#[derive(Clone, Copy)]
pub struct Conversation {
    pub id: Uuid,
    pub account: usize,
    pub script: &'static Script,
}

/// The id of an account: always the same, so that it is easy to recognise.
pub fn account_id(account: usize) -> Uuid {
    Uuid::from_u128(0xacc0_0000_0000_4000_8000_0000_0000_0001 + account as u128)
}

/// The place and the entry of the account of that name.
pub fn account_named(name: &str) -> Option<(usize, &'static Account)> {
    TEXTS.accounts.iter().enumerate().find(|(_, account)| account.name == name)
}

impl Conversation {
    /// The events from the first message to the end, as they happen: the times are the server's.
    pub fn now(self) -> Vec<Value> {
        let steps = self.script.steps.iter().map(step);
        let bodies = std::iter::once(began()).chain(steps).chain([self.ended()]);
        bodies.enumerate().map(|(number, body)| self.event(number, body)).collect()
    }

    /// The events as they happened from `start` on, with their times. `quick`: nobody takes long.
    pub fn past(self, start: Millis, quick: bool, dice: &Dice) -> Vec<(Millis, Value)> {
        let pace = if quick { Pace::Quick } else { Pace::of(&self.script.channel) };
        let mut at = start;
        let mut bodies = vec![(at, began())];
        for said in &self.script.steps {
            if matches!(said, Step::Rates(_)) && !dice.percent(RATE) {
                continue;
            }
            at += pace.before(said, dice);
            bodies.push((at, step(said)));
        }
        at += pace.before_end(dice);
        bodies.push((at, self.ended()));
        let dated = |(number, (at, body)): (usize, (Millis, Body))| {
            let mut event = self.event(number, body);
            event["time"] = time::format(at).into();
            (at, event)
        };
        bodies.into_iter().enumerate().map(dated).collect()
    }

    fn ended(self) -> Body {
        ("conversation.resolved", json!({"resolution": self.script.resolution}))
    }

    fn event(self, number: usize, (kind, more): Body) -> Value {
        let Self { id, account, script } = self;
        let mut data = json!({
            "conversationId": id, "accountId": account_id(account), "accountName": TEXTS.accounts[account].name,
            "channel": script.channel, "intent": script.intent,
        });
        if kind.starts_with("message.") {
            data["language"] = script.language.as_str().into();
        }
        if let (Some(data), Value::Object(more)) = (data.as_object_mut(), more) {
            data.extend(more);
        }
        event(&format!("{id}-{number}"), kind, data)
    }
}

/// Type and what is particular in the data.
type Body = (&'static str, Value);

/// An event of the demo's helpdesk.
pub fn event(id: &str, kind: &str, data: Value) -> Value {
    json!({"specversion": "1.0", "source": "tripswitch-demo", "id": id, "type": kind, "data": data})
}

fn began() -> Body {
    ("conversation.created", json!({}))
}

fn step(step: &Step) -> Body {
    match step {
        Step::Says(Who::Customer, text) => ("message.received", json!({"text": text})),
        Step::Says(Who::Ai, text) => ("message.sent", json!({"sender": "ai", "text": text})),
        Step::Says(Who::Human, text) => ("message.sent", json!({"sender": "human", "text": text})),
        Step::Attention(kind) => ("attention_item.created", json!({"attentionType": kind})),
        Step::Rates(rating) => ("survey.responded", json!({"rating": rating})),
    }
}

/// How long people take to write.
#[derive(Clone, Copy)]
enum Pace {
    Quick,
    Chat,
    Mail,
}

impl Pace {
    fn of(channel: &str) -> Self {
        if channel == "email" { Self::Mail } else { Self::Chat }
    }

    /// The pause before a step.
    fn before(self, step: &Step, dice: &Dice) -> Millis {
        let between = |least, most| dice.between(least, most) * SECOND;
        match (self, step) {
            (Self::Quick, _) => between(10, 60),
            (Self::Chat, Step::Says(Who::Customer, _)) => between(20, 240),
            (Self::Chat, Step::Says(Who::Human, _)) => between(40, 280),
            (Self::Chat, Step::Rates(_)) => between(30, 300),
            (Self::Mail, Step::Says(Who::Customer, _)) => between(600, 10_000),
            (Self::Mail, Step::Says(Who::Human, _)) => between(120, 840),
            (Self::Mail, Step::Rates(_)) => between(600, 7_200),
            (Self::Chat | Self::Mail, Step::Says(Who::Ai, _)) => between(4, 40),
            (Self::Chat | Self::Mail, Step::Attention(_)) => between(1, 3),
        }
    }

    /// The pause before the helpdesk closes the conversation.
    fn before_end(self, dice: &Dice) -> Millis {
        match self {
            Self::Quick | Self::Chat => dice.between(1, 8) * MINUTE,
            Self::Mail => dice.between(10, 90) * MINUTE,
        }
    }
}
