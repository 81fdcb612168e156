//! Group commit: one thread that puts waiting records into groups and appends them.
//!
//! The thread takes whatever waits, stamps one receipt and dense seqs, appends the group, and hands
//! each payload back in order. While it waits for the storage the next group gathers by itself.
//!
//! Waiting for more records before a sync was tried and left out: there were 40 % fewer syncs, but no more events in
//! a second, and every answer came later.

mod health;
#[cfg(test)]
mod keeping_tests;
mod run;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use parking_lot::RwLock;
use thiserror::Error;

use crate::clock::Clock;
use crate::domain::ids::WorkspaceKey;
use crate::domain::time::Millis;

use super::{GroupPosition, Journal, JournalRead};

pub use health::{GroupMeasures, Health, WriterHealth};

/// How large a group may get. A single record larger than `bytes` gets a group of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupLimits {
    pub bytes: usize,
    pub frames: usize,
}

impl Default for GroupLimits {
    fn default() -> Self {
        Self { bytes: 4 << 20, frames: 4_096 }
    }
}

/// Where the writer continues: what recovery has found.
#[derive(Clone, Debug, Default)]
pub struct WriterStart {
    /// The last seq of each workspace side that has any.
    pub last_seqs: HashMap<WorkspaceKey, u64>,
    /// The last receipt; receipts never decrease from here.
    pub last_receipt: Millis,
}

/// A record on its way to the journal.
#[derive(Debug)]
pub struct Submission<T> {
    pub key: WorkspaceKey,
    /// From [`encode_record`](super::codec::encode_record).
    pub record_bytes: Vec<u8>,
    pub apply_version: u16,
    /// Returned with the outcome. Carries the permit that bounds the memory of waiting records.
    pub payload: T,
}

/// What became of a submission. Each accepted submission gets exactly one outcome.
#[derive(Debug)]
pub enum WriteOutcome<T> {
    /// On stable storage, at this place in the order of its workspace side.
    Committed(Committed<T>),
    /// Not in the journal, and its seq is not used, unless the reason says otherwise.
    Refused(Refused<T>),
}

/// A frame that is durable.
#[derive(Debug)]
pub struct Committed<T> {
    pub key: WorkspaceKey,
    pub seq: u64,
    pub receipt: Millis,
    /// The group it is in.
    pub group: GroupPosition,
    /// When it was, by the clock's [`elapsed`](Clock::elapsed).
    pub durable_at: Duration,
    pub payload: T,
}

/// A record that was not taken.
#[derive(Debug)]
pub struct Refused<T> {
    pub key: WorkspaceKey,
    pub reason: Refusal,
    pub payload: T,
}

/// Why a record was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("the storage takes nothing more for now")]
    Full,
    /// If the append of the group itself failed, a restart may find it stored nevertheless.
    #[error("the journal failed and takes nothing more until a restart")]
    Poisoned,
    #[error("another writer owns the journal")]
    Fenced,
    #[error("the record is larger than any group may be")]
    TooLarge,
}

/// The writer has stopped; the submission comes back.
#[derive(Debug, Error)]
#[error("the journal's writer has stopped")]
pub struct Closed<T>(pub Submission<T>);

/// The jobs of the writer's thread, in order.
#[derive(Debug)]
enum Task<T> {
    Store(Submission<T>),
    Keep(Housekeeping),
}

/// A job for the journal between two groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Housekeeping {
    Seal,
    Trim(GroupPosition),
}

type Sender<T> = mpsc::Sender<Task<T>>;

/// Submits records. Cheap to clone.
#[derive(Debug)]
pub struct WriterHandle<T> {
    /// `None` once the writer stops, so that no submission is accepted and then lost.
    sender: Arc<RwLock<Option<Sender<T>>>>,
    health: Arc<WriterHealth>,
}

impl<T> Clone for WriterHandle<T> {
    fn clone(&self) -> Self {
        Self { sender: Arc::clone(&self.sender), health: Arc::clone(&self.health) }
    }
}

impl<T> WriterHandle<T> {
    /// Queues a record; never blocks. The queue has no bound of its own: whoever submits holds a
    /// permit for the bytes and lets it travel in the payload (I5).
    pub fn submit(&self, submission: Submission<T>) -> Result<(), Closed<T>> {
        let sender = self.sender.read();
        let Some(sender) = &*sender else {
            return Err(Closed(submission));
        };
        let bytes = submission.record_bytes.len();
        self.health.queued(bytes);
        match sender.send(Task::Store(submission)) {
            Err(mpsc::SendError(Task::Store(submission))) => {
                self.health.dequeued(1, bytes);
                Err(Closed(submission))
            }
            Ok(()) | Err(mpsc::SendError(Task::Keep(_))) => Ok(()),
        }
    }

    /// Begins a new unit of the journal's storage ([`Journal::seal`]): what was submitted before this
    /// call stands before it, what is submitted after it behind it. Where the storage cannot do it, it
    /// is tried again before every group.
    pub fn seal(&self) {
        self.keep(Housekeeping::Seal);
    }

    /// Lets the journal go of groups before `before` ([`Journal::trim`]), behind what was submitted
    /// before this call. Nothing needs to be submitted after it.
    pub fn trim(&self, before: GroupPosition) {
        self.keep(Housekeeping::Trim(before));
    }

    fn keep(&self, task: Housekeeping) {
        if let Some(sender) = &*self.sender.read() {
            // A writer that has stopped does nothing more for the journal; the next writer will.
            let _ = sender.send(Task::Keep(task));
        }
    }
}

/// The writer's thread. Dropping it stops the writer as [`stop`](Self::stop) does.
pub struct JournalWriter<T> {
    handle: WriterHandle<T>,
    health: Arc<WriterHealth>,
    reader: Arc<dyn JournalRead + Send + Sync>,
    thread: Option<JoinHandle<()>>,
}

impl<T: Send + 'static> JournalWriter<T> {
    /// Starts the thread. `sink` is called on it, once per submission, in the order of submission
    /// and thus of seqs; it must not block for long, and must not panic.
    pub fn spawn(
        journal: Box<dyn Journal + Send>,
        clock: Arc<dyn Clock>,
        start: WriterStart,
        limits: GroupLimits,
        measures: GroupMeasures,
        sink: impl FnMut(WriteOutcome<T>) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::channel();
        let health = Arc::new(WriterHealth::new(measures));
        let reader = journal.reader();
        let run = run::Run::new(journal, clock, start, limits, Arc::clone(&health));
        let thread = thread::Builder::new().name("journal".into()).spawn(move || run.serve(&receiver, sink))?;
        let handle = WriterHandle { sender: Arc::new(RwLock::new(Some(sender))), health: Arc::clone(&health) };
        Ok(Self { handle, health, reader, thread: Some(thread) })
    }
}

impl<T> JournalWriter<T> {
    /// A handle to submit with.
    pub fn handle(&self) -> WriterHandle<T> {
        self.handle.clone()
    }

    /// How the writer is doing.
    pub fn health(&self) -> Arc<WriterHealth> {
        Arc::clone(&self.health)
    }

    /// The reading side of the journal that is written to.
    pub fn reader(&self) -> Arc<dyn JournalRead + Send + Sync> {
        Arc::clone(&self.reader)
    }

    /// As [`WriterHandle::seal`].
    pub fn seal(&self) {
        self.handle.seal();
    }

    /// As [`WriterHandle::trim`].
    pub fn trim(&self, before: GroupPosition) {
        self.handle.trim(before);
    }

    /// Accepts no more submissions, writes those that were accepted, and waits for the thread.
    pub fn stop(mut self) {
        self.finish();
    }

    fn finish(&mut self) {
        drop(self.handle.sender.write().take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the journal's writer panicked");
        }
    }
}

impl<T> Drop for JournalWriter<T> {
    fn drop(&mut self) {
        self.finish();
    }
}
