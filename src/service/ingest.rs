//! From a request body to verdicts (R4.1, R4.3).

use std::mem::size_of;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::door::{Batch, Door, DoorContext, DoorError, RejectedEvent};
use super::{Service, ServiceError};
use crate::actors::EngineError;
use crate::domain::event::{Body, EventRecord, TurnFeatures};
use crate::domain::ids::WorkspaceKey;
use crate::domain::reply::{Rejection, Verdict};
use crate::domain::time::Millis;

/// Bodies up to this size are read where the request is served; larger ones would hold up its
/// neighbours and go to the blocking pool.
const READ_IN_PLACE: usize = 64 << 10;

/// Bytes of ingest bodies that may be under way at the same time, until another bound is set.
const ROOM: usize = 256 << 20;

/// The first half of R4.9: bodies are counted from before they are read until they are answered,
/// by what they may hold at most. (The engine counts what waits for `apply`.)
#[derive(Debug)]
pub struct Room(Arc<Semaphore>);

impl Room {
    /// Room for so many bytes.
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes.min(Semaphore::MAX_PERMITS))))
    }
}

impl Default for Room {
    fn default() -> Self {
        Self::new(ROOM)
    }
}

/// A request body with what the door must know of it.
#[derive(Clone, Debug)]
pub struct IngestRequest {
    pub content_type: Option<String>,
    pub content_encoding: Option<String>,
    pub body: Bytes,
}

/// R4.3, without what R2.7 adds to a 422.
#[derive(Debug, Serialize)]
pub struct IngestAnswer {
    pub accepted: usize,
    pub duplicates: usize,
    /// Ordered by index.
    pub rejected: Vec<RejectedEvent>,
}

impl IngestAnswer {
    /// What the door refused joined with what apply said of the rest.
    fn of(batch_ids: &[Option<String>], refused: Vec<RejectedEvent>, verdicts: Vec<(usize, Verdict)>) -> Self {
        let mut answer = Self { accepted: 0, duplicates: 0, rejected: refused };
        for (index, verdict) in verdicts {
            match verdict {
                Verdict::Accepted => answer.accepted += 1,
                Verdict::Duplicate => answer.duplicates += 1,
                Verdict::Rejected(rejection) => answer.rejected.push(RejectedEvent {
                    index,
                    id: batch_ids.get(index).cloned().flatten(),
                    code: rejection.code(),
                    error: rejection.to_string(),
                    pointer: pointer(rejection).map(str::to_owned),
                }),
            }
        }
        answer.rejected.sort_by_key(|entry| entry.index);
        answer
    }

    /// Every event of the request was refused.
    pub fn all_rejected(&self) -> bool {
        self.accepted == 0 && self.duplicates == 0
    }
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
    /// A place for a body of at most `bytes`, to be held until its events are answered.
    pub fn room_for(&self, bytes: usize) -> Result<OwnedSemaphorePermit, EngineError> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        Arc::clone(&self.room.0).try_acquire_many_owned(bytes).map_err(|_| EngineError::Overloaded)
    }

    /// Reads the body, has its events recorded and applied, and says what became of each. Answers
    /// only when all that was accepted is durable and visible.
    pub async fn ingest(&self, key: WorkspaceKey, request: IngestRequest) -> Result<IngestAnswer, ServiceError> {
        let received = request.body.len();
        let batch = read(&self.door, key, self.now(), request).await?;
        let (indices, events): (Vec<_>, Vec<_>) = batch.events.into_iter().unzip();
        let verdicts = if events.is_empty() {
            Vec::new()
        } else {
            let weight = received.max(events.iter().map(weight).sum());
            self.engine.ingest(key, events, weight).await?
        };
        Ok(IngestAnswer::of(&batch.ids, batch.rejected, indices.into_iter().zip(verdicts).collect()))
    }
}

async fn read(door: &Arc<Door>, key: WorkspaceKey, now: Millis, request: IngestRequest) -> Result<Batch, DoorError> {
    if request.body.len() <= READ_IN_PLACE && request.content_encoding.is_none() {
        return read_now(door, key, now, request);
    }
    let door = Arc::clone(door);
    match tokio::task::spawn_blocking(move || read_now(&door, key, now, request)).await {
        Ok(batch) => batch,
        // A panic is the request's, as it would have been in place.
        Err(failure) => std::panic::resume_unwind(failure.into_panic()),
    }
}

fn read_now(door: &Door, key: WorkspaceKey, now: Millis, request: IngestRequest) -> Result<Batch, DoorError> {
    let context = DoorContext {
        workspace: key,
        now,
        content_type: request.content_type.as_deref(),
        content_encoding: request.content_encoding.as_deref(),
    };
    door.read(&context, request.body)
}

/// Bytes that an event holds until it is applied (R4.9).
fn weight(event: &EventRecord) -> usize {
    let texts = [&event.account_name, &event.contact, &event.channel, &event.intent];
    let text: usize = texts.into_iter().flatten().map(|text| text.len()).sum();
    size_of::<EventRecord>() + text + body_weight(&event.body)
}

fn body_weight(body: &Body) -> usize {
    let words = |features: &TurnFeatures| size_of::<u32>() * features.words.len();
    match body {
        Body::MessageReceived(features) | Body::MessageSent { features, .. } => words(features),
        Body::SurveyResponded { comment, .. } => comment.as_ref().map_or(0, |comment| comment.len()),
        Body::AccountUpdated { contacts } => contacts.iter().map(|c| c.len() + size_of::<Box<str>>()).sum(),
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
    use super::*;
    use crate::domain::ids::Id;

    fn refused(index: usize) -> RejectedEvent {
        RejectedEvent { index, id: None, code: "malformed", error: "is not an object".into(), pointer: None }
    }

    #[test]
    fn r4_3_refusals_of_door_and_apply_stand_in_the_order_of_the_request() {
        let ids: Vec<_> = (0..5).map(|n| Some(format!("e{n}"))).collect();
        let mismatch = Verdict::Rejected(Rejection::AccountMismatch { attached: Id(1) });
        let reused = Verdict::Rejected(Rejection::IdReused);
        let verdicts = vec![(0, reused), (1, Verdict::Accepted), (2, Verdict::Duplicate), (4, mismatch)];
        let answer = IngestAnswer::of(&ids, vec![refused(3)], verdicts);
        assert_eq!((answer.accepted, answer.duplicates), (1, 1));
        let shown: Vec<_> = answer.rejected.iter().map(|e| (e.index, e.id.as_deref(), e.code)).collect();
        assert_eq!(shown, [(0, Some("e0"), "id_reused"), (3, None, "malformed"), (4, Some("e4"), "account_mismatch")]);
        assert!(!answer.all_rejected());
        assert!(IngestAnswer::of(&ids, vec![refused(0)], vec![(1, reused)]).all_rejected());
    }
}
