//! The writer's loop.

use std::collections::HashMap;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use crate::clock::Clock;
use crate::domain::ids::WorkspaceKey;
use crate::domain::time::Millis;

use super::super::codec::{FRAME_HEADER_BYTES, GROUP_HEADER_BYTES, GroupBuilder};
use super::super::{AppendError, GroupPosition, Journal, ReadError};
use super::{
    Committed, GroupLimits, Housekeeping, Refusal, Refused, Submission, Task, WriteOutcome, WriterHealth, WriterStart,
};

/// How often an append whose outcome is unknown is tried again before the writer gives up.
const UNKNOWN_ATTEMPTS: u32 = 8;

pub(super) struct Run {
    journal: Box<dyn Journal + Send>,
    clock: Arc<dyn Clock>,
    last_seqs: HashMap<WorkspaceKey, u64>,
    last_receipt: Millis,
    last_group: GroupPosition,
    /// When that was stored.
    durable_at: Duration,
    limits: GroupLimits,
    health: Arc<WriterHealth>,
    /// A seal has failed and is still wanted.
    seal_due: bool,
    /// Set for good by a failure after which nothing more is written.
    failed: Option<Refusal>,
    builder: GroupBuilder,
    /// Seqs of the group in work, by workspace side; they count once the group is stored.
    fresh_seqs: HashMap<WorkspaceKey, u64>,
}

/// Says that the thread has ended, however it did.
struct Ended(Arc<WriterHealth>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl Run {
    pub(super) fn new(
        journal: Box<dyn Journal + Send>,
        clock: Arc<dyn Clock>,
        start: WriterStart,
        limits: GroupLimits,
        health: Arc<WriterHealth>,
    ) -> Self {
        let last_group = journal.last();
        let limits = GroupLimits { bytes: limits.bytes.min(journal.max_group_bytes()), frames: limits.frames.max(1) };
        health.starts(last_group.0, start.last_receipt);
        Self {
            journal,
            clock,
            last_seqs: start.last_seqs,
            last_receipt: start.last_receipt,
            last_group,
            durable_at: Duration::ZERO,
            limits,
            health,
            seal_due: false,
            failed: None,
            builder: GroupBuilder::default(),
            fresh_seqs: HashMap::new(),
        }
    }

    /// Runs until every sender is gone and the queue is empty.
    pub(super) fn serve<T>(mut self, queue: &mpsc::Receiver<Task<T>>, mut sink: impl FnMut(WriteOutcome<T>)) {
        let _ended = Ended(Arc::clone(&self.health));
        let mut group = Vec::new();
        let mut carried = None;
        while let Some(task) = carried.take().or_else(|| queue.recv().ok()) {
            let first = match task {
                Task::Store(first) => first,
                Task::Keep(task) => {
                    self.keep(task);
                    continue;
                }
            };
            carried = self.gather(first, queue, &mut group);
            match self.failed {
                Some(reason) => self.refuse(&mut group, reason, &mut sink),
                None => self.commit(&mut group, &mut sink),
            }
        }
    }

    /// Fills `group` up to its limits with waiting submissions; returns the first job that did not fit or is no
    /// submission.
    fn gather<T>(
        &self,
        first: Submission<T>,
        queue: &mpsc::Receiver<Task<T>>,
        group: &mut Vec<Submission<T>>,
    ) -> Option<Task<T>> {
        let mut bytes = GROUP_HEADER_BYTES + frame_bytes(&first);
        group.push(first);
        while group.len() < self.limits.frames {
            let next = match queue.try_recv().ok()? {
                Task::Store(next) => next,
                task @ Task::Keep(_) => return Some(task),
            };
            bytes += frame_bytes(&next);
            if bytes > self.limits.bytes {
                return Some(Task::Store(next));
            }
            group.push(next);
        }
        None
    }

    /// Writes a group and hands its payloads back.
    fn commit<T>(&mut self, group: &mut Vec<Submission<T>>, sink: &mut impl FnMut(WriteOutcome<T>)) {
        if GROUP_HEADER_BYTES + group.iter().map(frame_bytes).sum::<usize>() > self.journal.max_group_bytes() {
            // Only a record that is alone in its group exceeds the limits.
            return self.refuse(group, Refusal::TooLarge, sink);
        }
        if self.seal_due {
            self.seal();
        }
        let receipt = self.last_receipt.max(self.clock.now());
        let seqs = self.encode(group, receipt);
        match self.append(group.len(), receipt) {
            Ok(()) => self.hand_back(group, &seqs, receipt, sink),
            Err(reason) => self.refuse(group, reason, sink),
        }
    }

    /// Fills the builder; answers the seqs, one per submission.
    fn encode<T>(&mut self, group: &[Submission<T>], receipt: Millis) -> Vec<u64> {
        self.builder.begin(receipt);
        self.fresh_seqs.clear();
        let mut seqs = Vec::with_capacity(group.len());
        for submission in group {
            let key = submission.key;
            let last = self.fresh_seqs.entry(key).or_insert_with(|| self.last_seqs.get(&key).copied().unwrap_or(0));
            *last += 1;
            seqs.push(*last);
            self.builder.push(key, *last, submission.apply_version, &submission.record_bytes);
        }
        seqs
    }

    /// Appends the built group. Seqs and receipt are taken only if that works.
    fn append(&mut self, frames: usize, receipt: Millis) -> Result<(), Refusal> {
        let began = self.clock.elapsed();
        let group = self.builder.finish();
        let bytes = group.len();
        match append_certainly(&mut *self.journal, self.last_group, group) {
            Ok(position) => {
                self.durable_at = self.clock.elapsed();
                let took = self.durable_at.saturating_sub(began);
                self.last_group = position;
                self.last_receipt = receipt;
                self.last_seqs.extend(self.fresh_seqs.drain());
                self.health.wrote(position.0, receipt, frames, bytes, took);
                Ok(())
            }
            Err(error) => Err(self.judge(&error)),
        }
    }

    /// What a failed append means for this group and those to come.
    fn judge(&mut self, error: &AppendError) -> Refusal {
        let cause = std::error::Error::source(error).map(ToString::to_string);
        let reason = match error {
            AppendError::Full { .. } => {
                if self.health.read().full_since.is_none() {
                    tracing::error!(%error, cause, "the journal is full: writes are refused");
                }
                self.health.full(self.clock.now());
                return Refusal::Full;
            }
            AppendError::TooLarge { .. } => return Refusal::TooLarge,
            AppendError::Fenced { .. } => Refusal::Fenced,
            AppendError::Unknown { .. } | AppendError::Poisoned { .. } => Refusal::Poisoned,
        };
        match error {
            // Whoever shares the journal with others gives it up, and somebody goes on with it.
            AppendError::Fenced { .. } | AppendError::Unknown { .. } => {
                tracing::warn!(%error, cause, "nothing more is written to the journal by this engine");
            }
            AppendError::Full { .. } | AppendError::TooLarge { .. } | AppendError::Poisoned { .. } => {
                tracing::error!(%error, cause, "the journal failed: nothing more is written to it until a restart");
            }
        }
        self.failed = Some(reason);
        self.health.fail();
        reason
    }

    fn hand_back<T>(
        &self,
        group: &mut Vec<Submission<T>>,
        seqs: &[u64],
        receipt: Millis,
        sink: &mut impl FnMut(WriteOutcome<T>),
    ) {
        self.dequeued(group);
        for (submission, seq) in group.drain(..).zip(seqs) {
            sink(WriteOutcome::Committed(Committed {
                key: submission.key,
                seq: *seq,
                receipt,
                group: self.last_group,
                durable_at: self.durable_at,
                payload: submission.payload,
            }));
        }
    }

    fn refuse<T>(&self, group: &mut Vec<Submission<T>>, reason: Refusal, sink: &mut impl FnMut(WriteOutcome<T>)) {
        self.dequeued(group);
        for submission in group.drain(..) {
            sink(WriteOutcome::Refused(Refused { key: submission.key, reason, payload: submission.payload }));
        }
    }

    /// Done before submitters are told, so that a submitter that was told finds itself not counted any more.
    fn dequeued<T>(&self, group: &[Submission<T>]) {
        self.health.dequeued(group.len(), group.iter().map(|submission| submission.record_bytes.len()).sum());
    }

    fn keep(&mut self, task: Housekeeping) {
        match task {
            Housekeeping::Seal => self.seal(),
            Housekeeping::Trim(before) => {
                if let Err(error) = self.journal.trim(before) {
                    tracing::warn!(%error, cause = %error.source, "could not trim the journal");
                }
            }
        }
    }

    fn seal(&mut self) {
        let failed = self.journal.seal().err();
        if let Some(error) = failed.as_ref().filter(|_| !self.seal_due) {
            tracing::warn!(%error, cause = %error.source, "could not seal the journal: tried again with every group");
        }
        self.seal_due = failed.is_some();
    }
}

/// Appends, and where the outcome is unknown, finds it out before anything else (I8).
fn append_certainly(
    journal: &mut dyn Journal,
    expected_last: GroupPosition,
    group: &[u8],
) -> Result<GroupPosition, AppendError> {
    let mut attempts = 0;
    let mut unknown = false;
    loop {
        let error = match journal.append(expected_last, group) {
            Ok(position) => return Ok(position),
            // The group that is in the way may be this one, come late.
            Err(error @ AppendError::Fenced { .. }) if unknown => error,
            Err(error @ AppendError::Unknown { .. }) => error,
            Err(error) => return Err(error),
        };
        unknown = true;
        attempts += 1;
        match tail_holds(journal, expected_last.next(), group) {
            Ok(Some(true)) => return Ok(expected_last.next()),
            Ok(Some(false)) => return Err(AppendError::Fenced { last: journal.last() }),
            Ok(None) if attempts < UNKNOWN_ATTEMPTS => {}
            Ok(None) => return Err(error),
            Err(source) => return Err(AppendError::Unknown { source: source.into() }),
        }
    }
}

/// Whether the group at `position` is this one; `None` if there is none.
fn tail_holds(journal: &dyn Journal, position: GroupPosition, group: &[u8]) -> Result<Option<bool>, ReadError> {
    let entry = journal.read(position)?.next().transpose()?;
    Ok(entry.map(|entry| entry.position == position && entry.group == group))
}

const fn frame_bytes<T>(submission: &Submission<T>) -> usize {
    FRAME_HEADER_BYTES + submission.record_bytes.len()
}
