//! Questions that only the leader of the log's stream answers. What another replica says may be old: it is not asked.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::Context;
use async_nats::jetstream::stream::{Info, RawMessageErrorKind, Stream};
use bytes::Bytes;
use thiserror::Error;
use tokio::time::{sleep, timeout};

use crate::background::Stop;

use super::super::{Cause, GroupPosition, ReadError};

/// How long a leader is waited for. An election takes 4 to 9 seconds.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(100);

/// The first and the last group. Where there is none, the first is the one to come, and the last one stands before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    pub first: GroupPosition,
    pub last: GroupPosition,
}

impl Bounds {
    pub(super) fn of(info: &Info) -> Self {
        let last = info.state.last_sequence;
        let first = if info.state.messages == 0 { last + 1 } else { info.state.first_sequence };
        Self { first: GroupPosition(first), last: GroupPosition(last) }
    }
}

/// A message as the leader has it.
pub(super) struct Stored {
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// The log is not to be touched any more: its owner has given it up.
#[derive(Debug, Error)]
#[error("the log was given up")]
pub(super) struct GivenUp;

/// Who asks the leader.
#[derive(Clone, Debug)]
pub(super) struct Leader {
    pub jetstream: Context,
    pub stream: Stream<()>,
}

impl Leader {
    pub(super) async fn bounds(&self) -> Result<Bounds, Cause> {
        Ok(Bounds::of(&self.stream.get_info().await?))
    }

    /// `None` where the leader has no such message.
    pub(super) async fn message(&self, position: GroupPosition) -> Result<Option<Stored>, Cause> {
        // The servers take 0 for "none given".
        if position == GroupPosition::ZERO {
            return Ok(None);
        }
        match self.stream.get_raw_message(position.0).await {
            Ok(message) => Ok(Some(Stored { headers: message.headers, body: message.payload })),
            Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The message at a position up to which the log is known to reach, or why there is none.
    pub(super) async fn stored(&self, position: GroupPosition) -> Result<Result<Stored, ReadError>, Cause> {
        if let Some(stored) = self.message(position).await? {
            return Ok(Ok(stored));
        }
        let bounds = self.bounds().await?;
        if position < bounds.first {
            return Ok(Err(ReadError::Trimmed { first: bounds.first }));
        }
        if position > bounds.last {
            return Err(format!("the leader has groups up to {} only", bounds.last).into());
        }
        // It may have come since the leader, a new one, was asked first.
        let stored = self.message(position).await?;
        Ok(stored.ok_or_else(|| ReadError::Damaged { position, place: "it is missing".to_owned() }))
    }

    /// Removes what stands before `before`.
    pub(super) async fn purge(&self, before: GroupPosition) -> Result<(), Cause> {
        // The servers take 0 for "none given", and remove everything.
        if before <= GroupPosition(1) {
            return Ok(());
        }
        self.stream.purge().sequence(before.0).await?;
        Ok(())
    }
}

/// Asks again until there is an answer, for as long as an election may take.
pub(super) async fn patiently<T, F: Future<Output = Result<T, Cause>>>(
    stop: &Stop,
    ask: impl Fn() -> F,
) -> Result<T, Cause> {
    let mut failed: Option<Cause> = None;
    let asking = async {
        loop {
            match ask().await {
                Ok(answer) => return answer,
                Err(error) => failed = Some(error),
            }
            sleep(PAUSE).await;
        }
    };
    match stop.run_until_cancelled(timeout(PATIENCE, asking)).await {
        Some(Ok(answer)) => Ok(answer),
        Some(Err(elapsed)) => Err(failed.unwrap_or_else(|| elapsed.into())),
        None => Err(GivenUp.into()),
    }
}
