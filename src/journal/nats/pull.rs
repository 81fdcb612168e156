//! Many groups in a row, as the servers send them.
//!
//! A consumer of a server may stand on a replica that is behind its leader. That is no harm: what was sent is stored,
//! and whoever wants to know where the log ends asks the leader.

use std::time::Duration;

use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy, pull};
use futures::stream::{self, Stream, StreamExt};
use tokio::time::sleep;

use super::super::{Cause, GroupPosition, ReadError, StoredGroup};
use super::leader::Leader;
use super::message;

/// How much is on its way at a time, at most twice: this many groups, or this many bytes beside the largest message.
const BATCH_GROUPS: usize = 1000;
const BATCH_BYTES: usize = 4 << 20;
/// How often a server that has nothing to send says so. After twice that it is asked anew.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// How long a server keeps a consumer that nobody asks.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(200);

/// Why there is no next group.
pub(super) enum Broken {
    /// Asking again may help: the connection, or an election.
    ForNow(Cause),
    ForGood(ReadError),
}

impl<E: Into<Cause>> From<E> for Broken {
    fn from(error: E) -> Self {
        Self::ForNow(error.into())
    }
}

/// Takes groups from a place on, and those to come.
pub(super) struct Pull {
    leader: Leader,
    next: GroupPosition,
    source: Option<pull::Stream>,
}

impl Pull {
    pub(super) const fn new(leader: Leader, from: GroupPosition) -> Self {
        Self { leader, next: from, source: None }
    }

    /// Waits for the next group.
    pub(super) async fn next(&mut self) -> Result<StoredGroup, Broken> {
        loop {
            if self.source.is_none() {
                self.source = Some(self.begin().await?);
            }
            let Some(source) = &mut self.source else { continue };
            let message = match source.next().await {
                Some(Ok(message)) => message,
                Some(Err(error)) => {
                    self.source = None;
                    return Err(error.into());
                }
                None => {
                    self.source = None;
                    continue;
                }
            };
            let sequence = sequence(&message)?;
            if sequence > self.next.0 {
                return self.missed().await;
            }
            if sequence == self.next.0 {
                return self.take(&message.payload);
            }
        }
    }

    async fn begin(&self) -> Result<pull::Stream, Broken> {
        let bounds = self.leader.bounds().await?;
        if self.next < bounds.first {
            return Err(Broken::ForGood(ReadError::Trimmed { first: bounds.first }));
        }
        if self.next > bounds.last.next() {
            return Err(Broken::ForNow(format!("the log ends at {}, before group {}", bounds.last, self.next).into()));
        }
        let consumer: Consumer<pull::Config> = self
            .leader
            .stream
            .create_consumer(pull::Config {
                deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: self.next.0 },
                ack_policy: AckPolicy::None,
                inactive_threshold: FORGOTTEN_AFTER,
                num_replicas: 1,
                memory_storage: true,
                ..pull::Config::default()
            })
            .await?;
        let largest = self.leader.jetstream.client().server_info().max_payload;
        Ok(consumer
            .stream()
            .max_messages_per_batch(BATCH_GROUPS)
            .max_bytes_per_batch(BATCH_BYTES + largest)
            .heartbeat(HEARTBEAT)
            .messages()
            .await?)
    }

    /// A later message came: the one in between got lost on its way, or it is not there.
    async fn missed(&mut self) -> Result<StoredGroup, Broken> {
        self.source = None;
        let stored = self.leader.stored(self.next).await?.map_err(Broken::ForGood)?;
        self.take(&stored.body)
    }

    /// To be called before the next try after [`Broken::ForNow`].
    pub(super) async fn pause(&self, error: &Cause) {
        tracing::debug!(%error, next = %self.next, "reading a log is interrupted");
        sleep(PAUSE).await;
    }

    fn take(&mut self, body: &[u8]) -> Result<StoredGroup, Broken> {
        let position = self.next;
        let group = message::open(position, body).map_err(Broken::ForGood)?.to_vec();
        self.next = position.next();
        Ok(StoredGroup { position, group })
    }
}

fn sequence(message: &Message) -> Result<u64, Cause> {
    Ok(message.info()?.stream_sequence)
}

/// Every group from `from` on, and those to come, across elections and lost connections. Ends with an error.
pub(super) fn follow(leader: Leader, from: GroupPosition) -> impl Stream<Item = Result<StoredGroup, ReadError>> {
    let from = from.max(GroupPosition::ZERO.next());
    stream::unfold(Some(Pull::new(leader, from)), async |pull| {
        let mut pull = pull?;
        loop {
            match pull.next().await {
                Ok(group) => return Some((Ok(group), Some(pull))),
                Err(Broken::ForGood(error)) => return Some((Err(error), None)),
                Err(Broken::ForNow(error)) => pull.pause(&error).await,
            }
        }
    })
}
