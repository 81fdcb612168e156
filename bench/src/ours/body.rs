//! CloudEvents as JSON.

use std::fmt::Write;

use crate::time::rfc3339;
use crate::workload::conversations::{Event, Kind};
use crate::workload::{Batch, Fact, account_id, conversation_id};

/// `conversation.scored` for each.
pub fn of_facts(batch: &Batch) -> String {
    array(&batch.facts, |body, fact| scored(body, batch.workspace, fact))
}

pub fn of_events(events: &[Event]) -> String {
    array(events, event)
}

fn array<T>(items: &[T], write: impl Fn(&mut String, &T) -> std::fmt::Result) -> String {
    let mut body = String::with_capacity(items.len() * 420);
    for (n, item) in items.iter().enumerate() {
        body.push(if n == 0 { '[' } else { ',' });
        write(&mut body, item).expect("a String takes everything");
    }
    body.push(']');
    body
}

fn scored(body: &mut String, workspace: usize, fact: &Fact) -> std::fmt::Result {
    let [outcome, process, environment] = fact.dimensions.map(decimal);
    write!(
        body,
        r#"{{"specversion":"1.0","id":"{}","source":"bench","type":"conversation.scored","time":"{}","data":{{"conversationId":"{}","accountId":"{}","outcomeScore":{outcome},"processScore":{process},"environmentScore":{environment},"resolved":{},"confidence":{},"signalCount":{}}}}}"#,
        fact.number,
        rfc3339(fact.at),
        conversation_id(workspace, fact.number),
        account_id(fact.account),
        fact.resolved,
        decimal(fact.confidence),
        fact.signals
    )
}

fn decimal(hundredths: u16) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn event(body: &mut String, event: &Event) -> std::fmt::Result {
    write!(
        body,
        r#"{{"specversion":"1.0","id":"{}-{}","source":"bench","type":"{}","time":"{}","data":{{"conversationId":"{}","accountId":"{}""#,
        event.conversation,
        event.number,
        event.kind.name(),
        rfc3339(event.at),
        conversation_id(event.workspace, event.conversation),
        account_id(event.account)
    )?;
    match &event.kind {
        Kind::Created => {}
        Kind::Received(text) => write!(body, r#","text":"{text}""#)?,
        Kind::SentByAi(text) => write!(body, r#","sender":"ai","text":"{text}""#)?,
        Kind::SentByHuman(text) => write!(body, r#","sender":"human","text":"{text}""#)?,
        Kind::HumanRequested => write!(body, r#","attentionType":"human_requested""#)?,
        Kind::Resolved(resolution) => write!(body, r#","resolution":"{resolution}""#)?,
        Kind::Reopened => write!(body, r#","status":"open""#)?,
        Kind::Rated(rating) => write!(body, r#","rating":{rating}"#)?,
    }
    body.push_str("}}");
    Ok(())
}
