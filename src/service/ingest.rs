//! From a request body to verdicts (R4.1, R4.3).

use std::mem::size_of;
use std::sync::Arc;

use bytes::Bytes;

use super::door::{Batch, Door, DoorContext, DoorError, EventHeader};
use super::quota::Payer;
use super::tenant_load::TenantLoad;
use super::{Principal, Service, ServiceError};
use crate::actors::{Allowance, BodyPermit, EngineError};
use crate::domain::event::{Body, ContactName, EventRecord, TurnFeatures};
use crate::domain::ids::WorkspaceKey;
use crate::domain::message::{Heard, MessageFeatures, Reading};
use crate::domain::reply::{Rejection, Verdict};
use crate::domain::scoring::reader::MessageReader;
use crate::domain::time::Millis;
use crate::wire::ingest::{IngestAnswer, RejectedEvent};

/// Bodies up to this size are read on the actors' threads; larger ones would hold rounds up, and go to the blocking
/// pool.
const READ_BETWEEN: usize = 64 << 10;

/// A request body, and what `door` must know of it.
#[derive(Clone, Debug)]
pub struct IngestRequest {
    pub content_type: Option<String>,
    pub content_encoding: Option<String>,
    /// The `ce-` headers, in their order.
    pub event_headers: Vec<EventHeader>,
    pub body: Bytes,
    /// Names the request where its rejections are shown (R4.12).
    pub request_id: Arc<str>,
}

/// Joins the refusals of `door`, which it takes out of the batch, with the verdicts of `apply`.
fn join(batch: &mut Batch, verdicts: &[Verdict]) -> IngestAnswer {
    let mut answer = IngestAnswer { accepted: 0, duplicates: 0, rejected: Vec::new() };
    for (index, verdict) in batch.indices().zip(verdicts) {
        match verdict {
            Verdict::Accepted => answer.accepted += 1,
            Verdict::Duplicate => answer.duplicates += 1,
            Verdict::Rejected(rejection) => answer.rejected.push(RejectedEvent {
                index,
                id: batch.id(index).map(str::to_owned),
                code: (*rejection).into(),
                error: rejection.to_string(),
                pointer: pointer(*rejection).map(str::to_owned),
            }),
        }
    }
    answer.rejected.append(&mut batch.rejected);
    answer.rejected.sort_by_key(|entry| entry.index);
    answer
}

/// The member of the event that apply found at fault.
const fn pointer(rejection: Rejection) -> Option<&'static str> {
    match rejection {
        Rejection::IdReused => Some("/id"),
        Rejection::AccountMismatch { .. } => Some("/data/accountId"),
        Rejection::InternalError => None,
    }
}

impl Service {
    /// For a body that is under way to the workspace (R4.9).
    pub fn room(&self, key: WorkspaceKey) -> Result<Allowance, EngineError> {
        self.engine.room(key)
    }

    /// Refuses a client that was told to wait with its events, before the body is read.
    pub async fn may_send_events(&self, who: &Principal, load: &TenantLoad) -> Result<(), ServiceError> {
        let Some(quotas) = &self.quotas else { return Ok(()) };
        Ok(quotas.held(quotas.waited(&quotas.payer(who, load))).await?)
    }

    /// Reads the body, has its events recorded and applied, and says what became of each. Answers
    /// only when all that was accepted is durable and visible. Runs to its end on the runtime of
    /// the actors, whether or not the caller still waits: reading a body takes a hundred times what
    /// an answer does, and whoever serves connections has others to answer. `permit`: of the body;
    /// a client that hangs up gives nothing back before the rest does.
    pub async fn ingest(
        self: &Arc<Self>,
        who: &Principal,
        load: &Arc<TenantLoad>,
        key: WorkspaceKey,
        request: IngestRequest,
        permit: BodyPermit,
    ) -> Result<IngestAnswer, ServiceError> {
        let service = Arc::clone(self);
        let payer = self.quotas.as_ref().map(|quotas| quotas.payer(who, load));
        let load = Arc::clone(load);
        self.engine.run(async move { service.ingest_here(&load, payer, key, request, permit).await }).await?
    }

    async fn ingest_here(
        &self,
        load: &Arc<TenantLoad>,
        payer: Option<Payer>,
        key: WorkspaceKey,
        request: IngestRequest,
        mut permit: BodyPermit,
    ) -> Result<IngestAnswer, ServiceError> {
        let request_id = Arc::clone(&request.request_id);
        let turn = self.loads.turn(load, self.engine.clock().elapsed()).await?;
        let large = request.body.len() > READ_BETWEEN || request.content_encoding.is_some();
        if request.content_encoding.is_some() {
            // What it will be unpacked is not known before; most bodies are not packed.
            permit.resize(self.door.max_bytes())?;
        }
        let mut batch = self.read(key, request, large).await?;
        // While others are there, large bodies keep to the tenant's share of the cores until they are applied, too.
        let _kept = (large && turn.in_company).then_some(turn);
        if let (Some(quotas), Some(payer)) = (&self.quotas, payer) {
            quotas.events(&payer, batch.events.len() + batch.rejected.len())?;
        }
        let events = std::mem::take(&mut batch.events);
        let verdicts = if events.is_empty() {
            Vec::new()
        } else {
            // The body is gone by now, whose text was mostly more than what was made of it.
            permit.resize(batch.answer_bytes() + events.iter().map(weight).sum::<usize>())?;
            self.engine.ingest(key, events, permit).await?
        };
        let answer = join(&mut batch, &verdicts);
        self.note_events(load, key, &request_id, &batch, &answer);
        Ok(answer)
    }

    async fn read(&self, key: WorkspaceKey, request: IngestRequest, large: bool) -> Result<Batch, ServiceError> {
        let (now, effective) = (self.now(), self.engine.effective(key));
        if !large {
            return Ok(read_now(&self.door, key, now, &effective.reader, request)?);
        }
        let door = Arc::clone(&self.door);
        Ok(self.engine.run_blocking(move || read_now(&door, key, now, &effective.reader, request)).await??)
    }
}

fn read_now(
    door: &Door,
    key: WorkspaceKey,
    now: Millis,
    reader: &MessageReader,
    request: IngestRequest,
) -> Result<Batch, DoorError> {
    let context = DoorContext {
        workspace: key,
        now,
        reader,
        content_type: request.content_type.as_deref(),
        content_encoding: request.content_encoding.as_deref(),
        headers: &request.event_headers,
    };
    door.read(&context, request.body)
}

/// Bytes that an event holds until it is applied (R4.9).
fn weight(event: &EventRecord) -> usize {
    let names = [&event.account_name, &event.channel, &event.intent].map(|name| name.as_deref());
    let texts = names.into_iter().chain([event.contact.as_deref()]);
    let text: usize = texts.flatten().map(|text| text.len()).sum();
    size_of::<EventRecord>() + text + body_weight(&event.body)
}

fn body_weight(body: &Body) -> usize {
    let words = |features: &TurnFeatures| size_of::<u32>() * features.words.len();
    match body {
        Body::MessageReceived(features) | Body::MessageSent { features, .. } => words(features),
        Body::Message { heard: Heard::Automatic, .. } => 0,
        Body::Message { heard: Heard::Turn(message), .. } => {
            size_of::<MessageFeatures>()
                + size_of::<u32>() * message.content.len()
                + size_of::<Reading>() * message.readings.len()
        }
        Body::SurveyResponded { comment, .. } => comment.as_ref().map_or(0, |comment| comment.len()),
        Body::AccountUpdated { contacts } => contacts.iter().map(|c| c.len() + size_of::<ContactName>()).sum(),
        Body::ConversationCreated
        | Body::StatusChanged(_)
        | Body::ConversationResolved(_)
        | Body::AttentionItemCreated(_)
        | Body::SignalObserved { .. }
        | Body::ConversationScored(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::door::{DoorOptions, Secret};
    use super::*;
    use crate::domain::ids::{Id, Side};

    /// Five events, the fourth of them none.
    fn batch() -> Batch {
        let event = |n: u32| {
            format!(
                r#"{{"specversion":"1.0","source":"s","id":"{}{n}","type":"conversation.created",
                "data":{{"conversationId":"f47ac10b-58cc-4372-a567-0e02b2c3d479"}}}}"#,
                if n == 4 { "\\u0065" } else { "e" }
            )
        };
        let body = format!("[{},{},{},5,{}]", event(0), event(1), event(2), event(4));
        let door = Door::new(DoorOptions::new(Secret::new([1; 32])), [2; 32]);
        let key = WorkspaceKey { id: Id(1), side: Side::Live };
        let request = IngestRequest {
            content_type: Some("application/json".into()),
            content_encoding: None,
            event_headers: Vec::new(),
            body: body.into(),
            request_id: "r".into(),
        };
        read_now(&door, key, 0, &MessageReader::default(), request).unwrap()
    }

    #[test]
    fn r4_3_refusals_of_door_and_apply_stand_in_the_order_of_the_request() {
        let mismatch = Verdict::Rejected(Rejection::AccountMismatch { attached: Id(1) });
        let reused = Verdict::Rejected(Rejection::IdReused);
        let mut mixed = batch();
        let answer = join(&mut mixed, &[reused, Verdict::Accepted, Verdict::Duplicate, mismatch]);
        assert_eq!((answer.accepted, answer.duplicates), (1, 1));
        let shown: Vec<_> = answer.rejected.iter().map(|e| (e.index, e.id.as_deref(), e.code.name())).collect();
        assert_eq!(shown, [(0, Some("e0"), "id_reused"), (3, None, "malformed"), (4, Some("e4"), "account_mismatch")]);
        assert!(!answer.all_rejected());
        assert_eq!([mixed.kind(0), mixed.kind(3)], [Some("conversation.created"), None]);
        assert!(join(&mut batch(), &[reused, reused, reused, mismatch]).all_rejected());
    }
}
