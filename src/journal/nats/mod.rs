//! A journal in a stream of JetStream: one message is one group, and its sequence is the group's position.
//!
//! The servers store a message on most of them, flushed to their disks, before they acknowledge it, and take one only
//! if the writer's idea of the last message is right: that is what fences writers off from each other. An owner's first
//! message is its *epoch record*, a group without frames: from then on nobody succeeds who does not know of it.
//!
//! Whatever decides something is asked of the stream's leader ([`leader`]); groups in a row may come from any of its
//! servers ([`pull`]).

mod append;
mod leader;
mod message;
mod open;
mod pull;
mod read;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_nats::Subject;
use futures::stream::Stream;
use thiserror::Error;
use tokio::runtime::Handle;

use crate::background::Stop;

use super::{Cause, GroupPosition, JournalRead, ReadError, StoredGroup};
pub use append::NatsJournal;
use append::Sent;
use leader::{Bounds, Leader, patiently};
use message::Owner;
use read::{Known, NatsReader};

/// How often an owner tries to be the last one to have written.
const OWN_ATTEMPTS: u32 = 16;

/// Where a log is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPlace {
    pub stream: String,
    pub subject: String,
    /// On how many servers a log is kept that is made.
    pub replicas: usize,
}

/// A log in a stream that exists. Clones are of the same log.
#[derive(Clone, Debug)]
pub struct NatsLog {
    leader: Leader,
    stream: Arc<str>,
    subject: Subject,
    identity: u128,
    known: Arc<Known>,
}

/// Why a log cannot be used.
#[derive(Debug, Error)]
pub enum NatsLogError {
    #[error("stream {stream} is no journal of Tripswitch: {reason}")]
    Foreign { stream: String, reason: &'static str },
    #[error("the NATS servers did not give the journal in stream {stream}")]
    Unavailable {
        stream: String,
        #[source]
        source: Cause,
    },
    #[error("the end of the journal in stream {stream} could not be read")]
    Tail {
        stream: String,
        #[source]
        source: Cause,
    },
    #[error("the journal in stream {stream} belongs to node {node} since epoch {epoch}")]
    Superseded { stream: String, node: String, epoch: u64 },
    #[error("others keep writing to the journal in stream {stream}")]
    Contested { stream: String },
}

impl NatsLog {
    /// Names the log, see [`JournalRead::identity`].
    pub const fn identity(&self) -> u128 {
        self.identity
    }

    /// The first and the last group, as the leader has them; see [`JournalRead::first`].
    pub async fn bounds(&self) -> Result<(GroupPosition, GroupPosition), NatsLogError> {
        let bounds = patiently(&Stop::new(), || self.leader.bounds()).await;
        let Bounds { first, last } = bounds.map_err(|source| self.unavailable(source))?;
        self.known.learn(Bounds { first, last });
        Ok((first, last))
    }

    /// The reading side alone.
    pub fn reader(&self, runtime: Handle) -> Arc<dyn JournalRead + Send + Sync> {
        Arc::new(self.reading(runtime, Stop::new()))
    }

    /// Every group from `from` on, and those to come. Goes on after elections and lost connections; ends with an error.
    pub fn follow(
        &self,
        from: GroupPosition,
    ) -> impl Stream<Item = Result<StoredGroup, ReadError>> + Send + 'static + use<> {
        pull::follow(self.leader.clone(), from)
    }

    /// The writing side, behind an epoch record: nobody can write any more who has not read it. Ownerships with higher
    /// epochs came later; one that is followed by a later one is refused.
    ///
    /// Once `given_up` is cancelled, the journal takes nothing more and waits for nothing.
    pub async fn own(
        &self,
        epoch: u64,
        node: &str,
        runtime: Handle,
        given_up: Stop,
    ) -> Result<NatsJournal, NatsLogError> {
        let owner = Owner { epoch, node: node.to_owned() };
        let journal = self.journal(runtime, given_up);
        let mut unknown = None;
        for _ in 0..OWN_ATTEMPTS {
            let (last, group) = match self.behind_the_last(&owner, &journal).await? {
                Tail::Ours => return Ok(journal),
                Tail::Behind(last, group) => (last, group),
            };
            match journal.send(last, owner.headers(), message::seal(&group)).await {
                Sent::Stored(_) => return Ok(journal),
                Sent::Refused(_) => {}
                Sent::Full(source) => return Err(self.unavailable(source)),
                Sent::Unknown(source) => unknown = Some(source),
            }
        }
        Err(match unknown {
            Some(source) => self.unavailable(source),
            None => NatsLogError::Contested { stream: self.stream.to_string() },
        })
    }

    /// Where the epoch record is to stand, and what it holds.
    async fn behind_the_last(&self, owner: &Owner, journal: &NatsJournal) -> Result<Tail, NatsLogError> {
        let tail = |source| NatsLogError::Tail { stream: self.stream.to_string(), source };
        let reader = journal.reading();
        let last = reader.bounds().await.map_err(|source| self.unavailable(source))?.last;
        if last == GroupPosition::ZERO {
            return Ok(Tail::Behind(last, message::epoch_group(None).map_err(|error| tail(error.into()))?));
        }
        let stored = patiently(&reader.given_up, || self.leader.stored(last)).await;
        let stored = stored.map_err(tail)?.map_err(|error| tail(error.into()))?;
        match Owner::of(&stored.headers) {
            Some(found) if found == *owner => return Ok(Tail::Ours),
            Some(found) if found.epoch > owner.epoch => {
                let Owner { epoch, node } = found;
                return Err(NatsLogError::Superseded { stream: self.stream.to_string(), node, epoch });
            }
            _ => {}
        }
        let group = message::open(last, &stored.body).map_err(|error| tail(error.into()))?;
        Ok(Tail::Behind(last, message::epoch_group(Some(group)).map_err(|error| tail(error.into()))?))
    }

    fn journal(&self, runtime: Handle, given_up: Stop) -> NatsJournal {
        NatsJournal::new(self.reading(runtime, given_up), self.subject.clone())
    }

    fn reading(&self, runtime: Handle, given_up: Stop) -> NatsReader {
        NatsReader {
            leader: self.leader.clone(),
            stream: Arc::clone(&self.stream),
            runtime,
            given_up,
            identity: self.identity,
            known: Arc::clone(&self.known),
        }
    }

    fn unavailable(&self, source: Cause) -> NatsLogError {
        NatsLogError::Unavailable { stream: self.stream.to_string(), source }
    }
}

/// What an owner finds at the end of the log.
enum Tail {
    /// Its own epoch record, of which it was not told that it is stored.
    Ours,
    Behind(GroupPosition, Vec<u8>),
}
