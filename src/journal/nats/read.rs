//! The reading side of the log, for threads that may wait.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::background::Stop;

use super::super::{Cause, GroupPosition, JournalRead, ReadError, StoredGroup, StoredGroups};
use super::leader::{Bounds, GivenUp, Leader, PATIENCE, patiently};
use super::message;
use super::pull::{Broken, Pull};

/// Up to this many groups are asked for one by one, which costs less than a consumer.
const FEW: u64 = 16;
/// How much is taken at a time: this many groups, or the group with which this many bytes are reached.
const PORTION_GROUPS: usize = 512;
const PORTION_BYTES: usize = 4 << 20;

/// The bounds as they were last heard of.
#[derive(Debug)]
pub(super) struct Known {
    first: AtomicU64,
    last: AtomicU64,
}

impl Known {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self { first: AtomicU64::new(bounds.first.0), last: AtomicU64::new(bounds.last.0) }
    }

    /// Answers of the leader may overtake each other: neither bound goes back.
    pub(super) fn learn(&self, bounds: Bounds) {
        self.first.fetch_max(bounds.first.0, Ordering::AcqRel);
        self.last.fetch_max(bounds.last.0, Ordering::AcqRel);
    }

    pub(super) fn stored(&self, last: GroupPosition) {
        self.last.fetch_max(last.0, Ordering::AcqRel);
    }

    pub(super) fn first(&self) -> GroupPosition {
        GroupPosition(self.first.load(Ordering::Acquire))
    }

    pub(super) fn last(&self) -> GroupPosition {
        GroupPosition(self.last.load(Ordering::Acquire))
    }
}

/// Reads the log. Waits on its thread: not to be used on one of the runtime's.
#[derive(Clone, Debug)]
pub(super) struct NatsReader {
    pub leader: Leader,
    /// The stream's name.
    pub stream: Arc<str>,
    pub runtime: Handle,
    pub given_up: Stop,
    pub identity: u128,
    pub known: Arc<Known>,
}

impl NatsReader {
    /// What the leader says.
    pub(super) async fn bounds(&self) -> Result<Bounds, Cause> {
        let bounds = patiently(&self.given_up, || self.leader.bounds()).await?;
        self.known.learn(bounds);
        Ok(bounds)
    }
}

impl JournalRead for NatsReader {
    fn read(&self, from: GroupPosition) -> Result<StoredGroups, ReadError> {
        let bounds = self.runtime.block_on(self.bounds()).map_err(|source| ReadError::Storage { source })?;
        let from = from.max(GroupPosition::ZERO.next());
        if from < bounds.first {
            return Err(ReadError::Trimmed { first: bounds.first });
        }
        Ok(Box::new(Groups {
            reader: self.clone(),
            next: from,
            last: bounds.last,
            ready: VecDeque::new(),
            pull: None,
            failed: false,
        }))
    }

    fn first(&self) -> GroupPosition {
        self.known.first()
    }

    fn last(&self) -> GroupPosition {
        self.known.last()
    }

    fn identity(&self) -> u128 {
        self.identity
    }
}

/// Groups up to `last`, a portion at a time.
struct Groups {
    reader: NatsReader,
    /// The first that is neither handed out nor ready.
    next: GroupPosition,
    last: GroupPosition,
    ready: VecDeque<StoredGroup>,
    pull: Option<Pull>,
    failed: bool,
}

impl Iterator for Groups {
    type Item = Result<StoredGroup, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ready.is_empty() && self.next <= self.last && !self.failed {
            let runtime = self.reader.runtime.clone();
            if let Err(error) = runtime.block_on(self.fetch()) {
                self.failed = true;
                return Some(Err(error));
            }
        }
        self.ready.pop_front().map(Ok)
    }
}

impl Groups {
    /// Fills `ready` with the next portion, or with what came of it before an error, which the next call meets again.
    async fn fetch(&mut self) -> Result<(), ReadError> {
        let given_up = self.reader.given_up.clone();
        let mut bytes = 0;
        while self.next <= self.last && self.ready.len() < PORTION_GROUPS && bytes < PORTION_BYTES {
            let few = self.pull.is_none() && self.last.0 - self.next.0 < FEW;
            let group = async { if few { self.one().await } else { self.pulled().await } };
            let group = given_up.run_until_cancelled(group).await;
            match group.unwrap_or_else(|| Err(ReadError::Storage { source: GivenUp.into() })) {
                Ok(group) => {
                    bytes += group.group.len();
                    self.next = group.position.next();
                    self.ready.push_back(group);
                }
                Err(_) if !self.ready.is_empty() => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The next group, from the leader.
    async fn one(&self) -> Result<StoredGroup, ReadError> {
        let (position, reader) = (self.next, &self.reader);
        let stored = patiently(&reader.given_up, || reader.leader.stored(position))
            .await
            .map_err(|source| ReadError::Storage { source })??;
        Ok(StoredGroup { position, group: message::open(position, &stored.body)?.to_vec() })
    }

    /// The next group, of many. Fails when none has come for as long as an election may take.
    async fn pulled(&mut self) -> Result<StoredGroup, ReadError> {
        let next = self.next;
        let pull = self.pull.get_or_insert_with(|| Pull::new(self.reader.leader.clone(), next));
        let mut failed: Option<Cause> = None;
        let pulling = async {
            loop {
                match pull.next().await {
                    Ok(group) => return Ok(group),
                    Err(Broken::ForGood(error)) => return Err(error),
                    Err(Broken::ForNow(error)) => pull.pause(failed.insert(error)).await,
                }
            }
        };
        match timeout(PATIENCE, pulling).await {
            Ok(answer) => answer,
            Err(elapsed) => Err(ReadError::Storage { source: failed.unwrap_or_else(|| elapsed.into()) }),
        }
    }
}
