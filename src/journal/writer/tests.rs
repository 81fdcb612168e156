use std::sync::Barrier;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};

use super::super::codec::{decode_group, encode_record};
use super::super::memory::{self, MemoryLog};
use super::super::{AppendError, MAX_GROUP_BYTES, ReadError, SealError, StoredGroups, TrimError};
use super::*;
use crate::clock::ManualClock;
use crate::domain::ids::{Id, Side};
use crate::domain::record::Record;

pub(super) const A: WorkspaceKey = WorkspaceKey { id: Id(1), side: Side::Live };
const B: WorkspaceKey = WorkspaceKey { id: Id(1), side: Side::Test };

fn submission<T>(key: WorkspaceKey, payload: T) -> Submission<T> {
    let record_bytes = encode_record(&Record::Skip { seq: 1, place: 0, reason: "why".into() });
    Submission { key, record_bytes, apply_version: 0, payload }
}

pub(super) struct Rig {
    pub log: MemoryLog,
    clock: Arc<ManualClock>,
    pub writer: JournalWriter<u32>,
    outcomes: Receiver<WriteOutcome<u32>>,
}

impl Rig {
    pub fn new() -> Self {
        Self::on(MemoryLog::default(), |log| Box::new(log.writer()), GroupLimits::default())
    }

    pub fn on(
        log: MemoryLog,
        journal: impl FnOnce(&MemoryLog) -> Box<dyn Journal + Send>,
        limits: GroupLimits,
    ) -> Self {
        let clock = Arc::new(ManualClock::new(1_000));
        let (sender, outcomes) = channel();
        let start = WriterStart { last_seqs: HashMap::from([(A, 10)]), last_receipt: 500 };
        let sink = move |outcome| sender.send(outcome).unwrap();
        let writer =
            JournalWriter::spawn(journal(&log), clock.clone(), start, limits, GroupMeasures::default(), sink).unwrap();
        Self { log, clock, writer, outcomes }
    }

    pub fn submit(&self, key: WorkspaceKey, payload: u32) {
        self.writer.handle().submit(submission(key, payload)).unwrap();
    }

    pub fn committed(&self) -> Committed<u32> {
        match self.outcomes.recv().unwrap() {
            WriteOutcome::Committed(committed) => committed,
            WriteOutcome::Refused(refused) => panic!("refused: {refused:?}"),
        }
    }

    pub fn refused(&self) -> Refusal {
        match self.outcomes.recv().unwrap() {
            WriteOutcome::Committed(committed) => panic!("committed: {committed:?}"),
            WriteOutcome::Refused(refused) => refused.reason,
        }
    }

    /// (key, seq, receipt) of all frames, and the number of frames in each group.
    pub fn stored(&self) -> (Vec<(WorkspaceKey, u64, Millis)>, Vec<usize>) {
        let (mut frames, mut sizes) = (Vec::new(), Vec::new());
        for entry in self.log.writer().read(GroupPosition(1)).unwrap() {
            let content = decode_group(&entry.unwrap().group).unwrap();
            sizes.push(content.frames.len());
            frames.extend(content.frames.iter().map(|frame| (frame.key, frame.seq, frame.receipt)));
        }
        (frames, sizes)
    }
}

#[test]
fn i3_seqs_go_on_densely_per_workspace_side() {
    let rig = Rig::new();
    for (payload, (key, seq)) in (0..).zip([(A, 11), (B, 1), (A, 12), (B, 2)]) {
        rig.submit(key, payload);
        let committed = rig.committed();
        assert_eq!((committed.key, committed.seq, committed.payload), (key, seq, payload));
        assert_eq!((committed.receipt, committed.group), (1_000, GroupPosition(u64::from(payload) + 1)));
    }
    assert_eq!(rig.stored().0, [(A, 11, 1_000), (B, 1, 1_000), (A, 12, 1_000), (B, 2, 1_000)]);
}

#[test]
fn i3_seqs_are_dense_and_in_order_with_many_concurrent_submitters() {
    const THREADS: u32 = 8;
    const EACH: u32 = 400;
    let keys: Vec<_> = (0..3).map(|id| WorkspaceKey { id: Id(id), side: Side::Test }).collect();
    let rig = Rig::new();
    let barrier = Barrier::new(THREADS as usize);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (handle, barrier, keys) = (rig.writer.handle(), &barrier, &keys);
            scope.spawn(move || {
                barrier.wait();
                for number in 0..EACH {
                    let key = keys[(number % 3) as usize];
                    handle.submit(submission(key, thread * EACH + number)).unwrap();
                }
            });
        }
    });
    let mut told = Vec::new();
    let mut next_of = HashMap::new();
    let mut last_of_thread = HashMap::new();
    for _ in 0..THREADS * EACH {
        let committed = rig.committed();
        let next = next_of.entry(committed.key).or_insert(1);
        assert_eq!(committed.seq, *next);
        *next += 1;
        let thread = committed.payload / EACH;
        let before = last_of_thread.insert(thread, committed.payload);
        assert!(before.is_none_or(|before| before < committed.payload), "a submitter's order is kept");
        told.push((committed.key, committed.seq, committed.receipt));
    }
    let health = rig.writer.health().read();
    let stored = rig.stored();
    assert_eq!(stored.0, told, "told in the order of the journal");
    assert_eq!((health.frames, health.groups), (u64::from(THREADS * EACH), stored.1.len() as u64));
}

#[test]
fn r2_16_receipts_never_decrease() {
    let rig = Rig::new();
    let mut receipts = Vec::new();
    for now in [1_000, 400, 999, 1_001, 0, -5, 2_000] {
        rig.clock.set(now);
        rig.submit(A, 0);
        receipts.push(rig.committed().receipt);
    }
    assert_eq!(receipts, [1_000, 1_000, 1_000, 1_001, 1_001, 1_001, 2_000]);
}

#[test]
fn r2_16_receipts_never_decrease_from_what_recovery_has_found() {
    let rig = Rig::new();
    rig.clock.set(100);
    rig.submit(A, 0);
    assert_eq!(rig.committed().receipt, 500);
}

#[test]
fn r9_5_a_full_disk_refuses_takes_no_seq_and_needs_no_restart() {
    let rig = Rig::new();
    rig.submit(A, 0);
    rig.committed();
    rig.log.answer(Some(memory::Injected::Full));
    for _ in 0..2 {
        rig.submit(A, 1);
        assert_eq!(rig.refused(), Refusal::Full);
        rig.clock.advance(7);
    }
    let health = rig.writer.health().read();
    assert_eq!((health.full_since, health.failed), (Some(1_000), false));
    rig.log.answer(None);
    rig.submit(A, 2);
    assert_eq!(rig.committed().seq, 12);
    assert_eq!(rig.writer.health().read().full_since, None);
    assert_eq!(rig.stored().0, [(A, 11, 1_000), (A, 12, 1_014)]);
}

#[test]
fn r10_10_what_was_stored_or_refused_waits_no_longer_and_only_groups_that_were_stored_are_measured() {
    let rig = Rig::new();
    let health = rig.writer.health();
    let waiting = || (health.read().queued_frames, health.read().queued_bytes);
    for payload in 0..3 {
        rig.submit(A, payload);
        assert_eq!(rig.committed().durable_at, Duration::ZERO, "by the rig's clock");
        assert_eq!(waiting(), (0, 0));
    }
    rig.log.answer(Some(memory::Injected::Full));
    rig.submit(A, 3);
    rig.refused();
    rig.log.answer(Some(memory::Injected::Poisoned));
    for _ in 0..2 {
        rig.submit(A, 4);
        rig.refused();
        assert_eq!(waiting(), (0, 0));
    }
    let (read, measures) = (health.read(), &health.measures);
    let counts = [&measures.seconds, &measures.frames, &measures.bytes].map(|spread| spread.get_sample_count());
    assert_eq!((read.groups, counts), (3, [3; 3]));
    let sums = (measures.frames.get_sample_sum(), measures.bytes.get_sample_sum());
    assert_eq!(sums, (3.0, read.bytes as f64));
    let handle = rig.writer.handle();
    rig.writer.stop();
    handle.submit(submission(A, 5)).unwrap_err();
    assert_eq!((health.read().queued_frames, health.read().queued_bytes), (0, 0), "a closed queue takes nothing");
}

#[test]
fn i7_after_a_failure_every_submission_is_refused() {
    let rig = Rig::new();
    rig.log.answer(Some(memory::Injected::Poisoned));
    rig.submit(A, 0);
    assert_eq!(rig.refused(), Refusal::Poisoned);
    assert!(rig.writer.health().read().failed);
    rig.log.answer(None);
    rig.submit(A, 1);
    assert_eq!(rig.refused(), Refusal::Poisoned, "a failure is final");
    assert_eq!(rig.stored().0, []);
}

#[test]
fn i8_an_unknown_outcome_is_found_out_and_stored_once() {
    for stored in [true, false] {
        let rig = Rig::new();
        rig.log.answer(Some(memory::Injected::Unknown { stored }));
        rig.submit(A, 0);
        assert_eq!(rig.committed().seq, 11);
        rig.submit(A, 1);
        assert_eq!(rig.committed().group, GroupPosition(2));
        assert_eq!(rig.stored().0, [(A, 11, 1_000), (A, 12, 1_000)]);
    }
}

#[test]
fn i8_a_writer_that_is_no_longer_the_owner_stops_writing() {
    let rig = Rig::new();
    rig.log.writer().append(GroupPosition::ZERO, b"of another writer").unwrap();
    for _ in 0..2 {
        rig.submit(A, 0);
        assert_eq!(rig.refused(), Refusal::Fenced);
    }
    assert!(rig.writer.health().read().failed);
    assert_eq!(rig.log.writer().last(), GroupPosition(1));
}

#[test]
fn a_record_larger_than_any_group_is_refused_alone() {
    let rig = Rig::new();
    let mut large = submission(A, 0);
    large.record_bytes = vec![0; MAX_GROUP_BYTES];
    rig.writer.handle().submit(large).unwrap();
    rig.submit(A, 1);
    assert_eq!(rig.refused(), Refusal::TooLarge);
    assert_eq!(rig.committed().seq, 11);
}

/// A journal whose appends wait to be let through.
struct Gated {
    inner: memory::MemoryJournal,
    entered: SyncSender<()>,
    pass: Receiver<()>,
}

impl Journal for Gated {
    fn append(&mut self, last: GroupPosition, group: &[u8]) -> Result<GroupPosition, AppendError> {
        self.entered.send(()).unwrap();
        self.pass.recv().unwrap();
        self.inner.append(last, group)
    }

    fn seal(&mut self) -> Result<(), SealError> {
        self.inner.seal()
    }

    fn trim(&mut self, before: GroupPosition) -> Result<(), TrimError> {
        self.inner.trim(before)
    }

    fn reader(&self) -> Arc<dyn JournalRead + Send + Sync> {
        self.inner.reader()
    }
}

impl JournalRead for Gated {
    fn read(&self, from: GroupPosition) -> Result<StoredGroups, ReadError> {
        self.inner.read(from)
    }

    fn first(&self) -> GroupPosition {
        self.inner.first()
    }

    fn last(&self) -> GroupPosition {
        self.inner.last()
    }

    fn identity(&self) -> u128 {
        self.inner.identity()
    }
}

/// A rig whose journal is held at the first append, and the two ends of its gate.
fn gated(limits: GroupLimits) -> (Rig, Receiver<()>, SyncSender<()>) {
    let ((enter, entered), (let_pass, pass)) = (sync_channel(100), sync_channel(100));
    let rig =
        Rig::on(MemoryLog::default(), |log| Box::new(Gated { inner: log.writer(), entered: enter, pass }), limits);
    (rig, entered, let_pass)
}

#[test]
fn i7_what_waits_goes_into_one_group_up_to_the_limit_of_frames() {
    let (rig, entered, pass) = gated(GroupLimits { bytes: 1 << 20, frames: 4 });
    rig.submit(A, 0);
    entered.recv().unwrap();
    (1..=10).for_each(|payload| rig.submit(A, payload));
    (0..4).for_each(|_| pass.send(()).unwrap());
    let payloads: Vec<_> = (0..=10).map(|_| rig.committed().payload).collect();
    assert_eq!(payloads, (0..=10).collect::<Vec<_>>());
    assert_eq!(rig.stored().1, [1, 4, 4, 2]);
}

#[test]
fn i7_groups_keep_to_the_limit_of_bytes_and_a_larger_record_goes_alone() {
    let one = submission(A, 0).record_bytes.len() + super::super::codec::FRAME_HEADER_BYTES;
    let (rig, entered, pass) = gated(GroupLimits { bytes: 16 + 3 * one, frames: 100 });
    rig.submit(A, 0);
    entered.recv().unwrap();
    (1..=4).for_each(|payload| rig.submit(A, payload));
    let reason: String = "x".repeat(10 * one);
    let record_bytes = encode_record(&Record::Skip { seq: 1, place: 0, reason: reason.into() });
    rig.writer.handle().submit(Submission { key: A, record_bytes, apply_version: 0, payload: 5 }).unwrap();
    rig.submit(A, 6);
    (0..5).for_each(|_| pass.send(()).unwrap());
    let payloads: Vec<_> = (0..=6).map(|_| rig.committed().payload).collect();
    assert_eq!(payloads, (0..=6).collect::<Vec<_>>());
    assert_eq!(rig.stored().1, [1, 3, 1, 1, 1]);
}

#[test]
fn nothing_is_acknowledged_before_it_is_stored() {
    let (rig, entered, pass) = gated(GroupLimits::default());
    rig.submit(A, 0);
    entered.recv().unwrap();
    assert!(rig.outcomes.try_recv().is_err());
    assert_eq!(rig.writer.health().read().groups, 0);
    pass.send(()).unwrap();
    rig.committed();
}

#[test]
fn a_stop_writes_what_was_accepted_and_refuses_the_rest() {
    let (rig, entered, pass) = gated(GroupLimits { bytes: 1 << 20, frames: 2 });
    let handle = rig.writer.handle();
    let health = rig.writer.health();
    (0..7).for_each(|payload| rig.submit(A, payload));
    entered.recv().unwrap();
    (0..7).for_each(|_| pass.send(()).unwrap());
    rig.writer.stop();
    assert_eq!(rig.outcomes.iter().count(), 7);
    assert!(health.read().stopped);
    let Closed(back) = handle.submit(submission(A, 99)).unwrap_err();
    assert_eq!(back.payload, 99);
}
