//! The writing side of the log: every message says which one it expects to be the last.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::{self, ErrorCode};
use async_nats::{HeaderMap, Subject};
use bytes::Bytes;
use thiserror::Error;
use tokio::time::{sleep, timeout};

use super::super::{
    AppendError, Cause, GroupPosition, Journal, JournalRead, MAX_GROUP_BYTES, ReadError, SealError, StoredGroups,
    TrimError,
};
use super::leader::{Bounds, GivenUp, patiently};
use super::message::{self, OVERHEAD_BYTES, Owner};
use super::read::NatsReader;

/// How long a message that was refused although the log looks as it should is waited for: it is on its way.
const SETTLING: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(50);

/// The log of a partition, for its owner. Waits on its thread: not to be used on one of the runtime's.
#[derive(Debug)]
pub struct NatsJournal {
    reader: NatsReader,
    subject: Subject,
    /// An append behind this group had an unknown outcome: until another one succeeds, its message may still arrive.
    unsettled: Option<GroupPosition>,
}

/// What became of a message.
pub(super) enum Sent {
    Stored(GroupPosition),
    /// Another one is where it was to stand.
    Refused(Bounds),
    Full(Cause),
    Unknown(Cause),
}

#[derive(Debug, Error)]
enum Odd {
    #[error("there is no connection to the servers")]
    Disconnected,
    #[error("stream {stream} answered, with message {sequence}")]
    Answer { stream: String, sequence: u64 },
    #[error("the server refuses the message, and no other one is in its way")]
    Refusal,
}

impl NatsJournal {
    pub(super) const fn new(reader: NatsReader, subject: Subject) -> Self {
        Self { reader, subject, unsettled: None }
    }

    pub(super) const fn reading(&self) -> &NatsReader {
        &self.reader
    }

    /// Publishes one message behind `expected_last`.
    pub(super) async fn send(&self, expected_last: GroupPosition, headers: HeaderMap, body: Bytes) -> Sent {
        let reader = &self.reader;
        if reader.leader.jetstream.client().connection_state() != State::Connected {
            // The client would keep the message and send it much later.
            return Sent::Unknown(Odd::Disconnected.into());
        }
        let message = PublishMessage::build()
            .payload(body.clone())
            .headers(headers.clone())
            .expected_last_sequence(expected_last.0);
        let answer = async { reader.leader.jetstream.send_publish(self.subject.clone(), message).await?.await };
        let error = match answer.await {
            Ok(answer) if answer.stream == *reader.stream && answer.sequence == expected_last.next().0 => {
                return self.stored(expected_last.next());
            }
            Ok(answer) => {
                return Sent::Unknown(Odd::Answer { stream: answer.stream, sequence: answer.sequence }.into());
            }
            Err(error) => error,
        };
        match error.kind() {
            PublishErrorKind::WrongLastSequence => self.refused(expected_last, Owner::of(&headers), &body).await,
            PublishErrorKind::Other if is_full(&error) => Sent::Full(error.into()),
            PublishErrorKind::StreamNotFound
            | PublishErrorKind::WrongLastMessageId
            | PublishErrorKind::TimedOut
            | PublishErrorKind::BrokenPipe
            | PublishErrorKind::MaxAckPending
            | PublishErrorKind::MaxPayloadExceeded
            | PublishErrorKind::Other => Sent::Unknown(error.into()),
        }
    }

    fn stored(&self, position: GroupPosition) -> Sent {
        self.reader.known.stored(position);
        Sent::Stored(position)
    }

    /// What a refusal means: see [`find_out`](Self::find_out), which a new leader can answer once it has caught up.
    async fn refused(&self, expected_last: GroupPosition, owner: Option<Owner>, body: &Bytes) -> Sent {
        let looking = async {
            loop {
                match self.find_out(expected_last, owner.as_ref(), body).await {
                    Ok(Some(sent)) => return sent,
                    Ok(None) => sleep(PAUSE).await,
                    Err(error) => return Sent::Unknown(error),
                }
            }
        };
        timeout(SETTLING, looking).await.unwrap_or_else(|_elapsed| Sent::Unknown(Odd::Refusal.into()))
    }

    /// Which message is in the way. The client sends one twice if it loses its connection in between: the second copy
    /// is refused because of the first.
    async fn find_out(
        &self,
        expected_last: GroupPosition,
        owner: Option<&Owner>,
        body: &Bytes,
    ) -> Result<Option<Sent>, Cause> {
        let bounds = self.reader.bounds().await?;
        if bounds.last <= expected_last {
            // Either a message of ours is on its way to enough servers, or the leader has not got yet what is known
            // to be stored, unless nobody has ever heard of what the caller expects.
            let unheard_of = expected_last > self.reader.known.last();
            return Ok(unheard_of.then_some(Sent::Refused(bounds)));
        }
        Ok(Some(match self.reader.leader.stored(expected_last.next()).await? {
            Ok(stored) if stored.body == *body && Owner::of(&stored.headers).as_ref() == owner => {
                self.stored(expected_last.next())
            }
            Ok(_) | Err(_) => Sent::Refused(bounds),
        }))
    }
}

/// Whether the server has no room. It says so before it stores anything.
fn is_full(error: &PublishError) -> bool {
    const NO_ROOM: [ErrorCode; 4] = [
        ErrorCode::INSUFFICIENT_RESOURCES,
        ErrorCode::STORAGE_RESOURCES_EXCEEDED,
        ErrorCode::ACCOUNT_RESOURCES_EXCEEDED,
        ErrorCode::MEMORY_RESOURCES_EXCEEDED,
    ];
    let refusal = error.source().and_then(|source| source.downcast_ref::<jetstream::Error>());
    refusal.is_some_and(|refusal| {
        NO_ROOM.contains(&refusal.error_code())
            // A stream with limits. The same code stands for a disk that failed, of which the outcome is unknown.
            || refusal.error_code() == ErrorCode::STREAM_STORE_FAILED && refusal.to_string().starts_with("maximum ")
    })
}

impl Journal for NatsJournal {
    fn max_group_bytes(&self) -> usize {
        let largest = self.reader.leader.jetstream.client().server_info().max_payload;
        largest.saturating_sub(OVERHEAD_BYTES).min(MAX_GROUP_BYTES)
    }

    fn append(&mut self, expected_last: GroupPosition, group: &[u8]) -> Result<GroupPosition, AppendError> {
        let (bytes, most) = (group.len(), self.max_group_bytes());
        if bytes > most {
            return Err(AppendError::TooLarge { bytes, most });
        }
        let reader = &self.reader;
        if reader.given_up.is_cancelled() {
            return Err(AppendError::Fenced { last: self.last() });
        }
        let sending = self.send(expected_last, HeaderMap::new(), message::seal(group));
        let sent = reader.runtime.block_on(reader.given_up.run_until_cancelled(sending));
        match sent.unwrap_or_else(|| Sent::Unknown(GivenUp.into())) {
            Sent::Stored(position) => {
                self.unsettled = None;
                Ok(position)
            }
            Sent::Refused(bounds) => Err(AppendError::Fenced { last: bounds.last }),
            Sent::Full(source) if self.unsettled != Some(expected_last) => Err(AppendError::Full { source }),
            Sent::Full(source) | Sent::Unknown(source) => {
                self.unsettled = Some(expected_last);
                Err(AppendError::Unknown { source })
            }
        }
    }

    /// Every group is a unit of its own.
    fn seal(&mut self) -> Result<(), SealError> {
        Ok(())
    }

    /// The servers give no message out any more that was removed. Its bytes may stay in a file of theirs for as long as
    /// other messages are in that.
    fn trim(&mut self, before: GroupPosition) -> Result<(), TrimError> {
        let reader = &self.reader;
        let trimming = async {
            let last = reader.bounds().await?.last;
            let before = before.min(last);
            patiently(&reader.given_up, || reader.leader.purge(before)).await?;
            reader.bounds().await
        };
        reader.runtime.block_on(trimming).map(drop).map_err(|source| TrimError { source })
    }

    fn reader(&self) -> Arc<dyn JournalRead + Send + Sync> {
        Arc::new(self.reader.clone())
    }
}

impl JournalRead for NatsJournal {
    fn read(&self, from: GroupPosition) -> Result<StoredGroups, ReadError> {
        self.reader.read(from)
    }

    fn first(&self) -> GroupPosition {
        self.reader.first()
    }

    fn last(&self) -> GroupPosition {
        self.reader.last()
    }

    fn identity(&self) -> u128 {
        self.reader.identity
    }
}
