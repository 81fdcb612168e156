//! Messages for Slack's incoming webhooks: one sentence for people.

use serde::Serialize;

use crate::domain::effect::EffectType;
use crate::domain::ids::Id;
use crate::wire::breaker::BreakerState;
use crate::wire::effect::{
    BreakerChange, ConversationEnd, Effect, EffectData, Ending, ScoredConversation, SettingsChange,
};

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    text: String,
}

pub fn message(effect: &Effect, further: Option<&str>) -> Message {
    let mut text = escaped(&sentence(effect));
    if let Some(url) = further {
        // A bar would end the address.
        text.push_str(&format!(" <{}|Dashboard>", escaped(url).replace('|', "%7C")));
    }
    Message { text }
}

/// The three characters that Slack's markup is made of.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn sentence(effect: &Effect) -> String {
    match &effect.data {
        EffectData::Scored(scored) => scoring(scored),
        EffectData::Ended(ended) => end(ended),
        EffectData::Breaker(change) => step(effect.kind.0, change),
        EffectData::Risk(risk) => {
            format!(
                "The churn risk of account {} went from {} to {}.",
                risk.account_id,
                word(&risk.from),
                word(&risk.to)
            )
        }
        EffectData::Settings(change) => settings(change),
    }
}

fn scoring(scored: &ScoredConversation) -> String {
    let (quality, more) = (&scored.quality, &scored.more);
    let id = Some(quality.conversation_id).filter(|id| *id != Id::NIL);
    let low = if more.low { ", which is low" } else { "" };
    let by = if more.overridden { " by a person" } else { "" };
    format!(
        "{}{} was scored {}{by}{low}.",
        conversation(id),
        of_account(more.account_id),
        word(&quality.composite_score)
    )
}

fn end(ended: &ConversationEnd) -> String {
    let how = match ended.resolution {
        Ending::AiResolved => "was resolved by the AI",
        Ending::HumanResolved => "was resolved by a person",
        Ending::Resolved => "was resolved",
        Ending::Closed => "was closed",
        Ending::Abandoned => "was abandoned",
    };
    format!("{}{} {how}.", conversation(ended.conversation_id), of_account(ended.account_id))
}

fn step(kind: EffectType, change: &BreakerChange) -> String {
    let (breaker, more) = (&change.breaker, &change.more);
    let scope = &breaker.scope_key;
    let note =
        more.note.as_deref().filter(|note| !note.is_empty()).map(|note| format!(" “{note}”")).unwrap_or_default();
    let by = breaker.acknowledged_by.as_deref().unwrap_or("Somebody");
    match kind {
        EffectType::BreakerAcknowledged => {
            format!("{by} has acknowledged the circuit breaker of {scope}; the AI stays paused.{note}")
        }
        EffectType::BreakerResolved => format!("The circuit breaker of {scope} is resolved.{note}"),
        EffectType::BreakerForgotten => {
            let missing = if more.state == BreakerState::Triggered { "acknowledged" } else { "resolved" };
            format!(
                "Nobody has {missing} the circuit breaker of {scope} since {}: {}.",
                breaker.triggered_at, breaker.reason
            )
        }
        _ => format!("The AI is paused for {scope}: {}.", breaker.reason),
    }
}

fn settings(change: &SettingsChange) -> String {
    let one = |change: &crate::wire::effect::FieldChange| {
        format!("{} from {} to {}", change.name, word(&change.before), word(&change.after))
    };
    let all: Vec<_> = change.changes.iter().map(one).collect();
    format!("{} has changed {}.", change.actor, all.join(", "))
}

fn conversation(id: Option<Id>) -> String {
    id.map_or("An erased conversation".to_owned(), |id| format!("Conversation {id}"))
}

fn of_account(id: Option<Id>) -> String {
    id.map(|id| format!(" of account {id}")).unwrap_or_default()
}

/// A single value as JSON has it, without quotes.
fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(value) => value.to_string(),
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::effect::example;

    fn text(kind: EffectType) -> String {
        message(&example(kind), None).text
    }

    #[test]
    fn r8_3_every_type_is_one_sentence() {
        let (account, conversation) = ("0191b5a2-7c3e-7d11-9f00-00000000acc1", "0191b5a2-7c3e-7d11-9f00-00000000c0f1");
        let scope = format!("account:acc_{account}");
        let reason = "3 consecutive conversations scored below composite threshold (3.0) for account Nordic Parts ApS";
        let key = "api-key:0191b5a2-7c3e-7d11-9f00-00000000ce11";
        let expected = [
            format!("Conversation {conversation} of account {account} was scored 4."),
            format!("Conversation {conversation} of account {account} was resolved by the AI."),
            format!("The AI is paused for {scope}: {reason}."),
            format!("{key} has acknowledged the circuit breaker of {scope}; the AI stays paused."),
            format!("The circuit breaker of {scope} is resolved. “Called the customer; the order is on its way.”"),
            format!("Nobody has acknowledged the circuit breaker of {scope} since 2026-03-15T14:35:00.000Z: {reason}."),
            format!("The churn risk of account {account} went from medium to critical."),
            format!("{key} has changed circuitBreakerCount from 3 to 5."),
        ];
        assert_eq!(EffectType::ALL.map(text), expected);
    }

    #[test]
    fn r8_3_names_are_no_markup() {
        let mut effect = example(EffectType::BreakerTriggered);
        let EffectData::Breaker(change) = &mut effect.data else { panic!("a breaker") };
        change.breaker.reason = "for account <!channel> & <https://evil.example|Nordic>".into();
        let text = message(&effect, Some("https://t.example/?a=1&b=|")).text;
        let shown = "for account &lt;!channel&gt; &amp; &lt;https://evil.example|Nordic&gt;.";
        assert!(text.contains(shown), "{text}");
        assert!(text.ends_with(" <https://t.example/?a=1&amp;b=%7C|Dashboard>"), "{text}");
    }
}
