//! Outcomes that are not known, for real: the writer finds out what became of its group.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use super::proxy::Fault;
use super::{Rig, own, read};
use crate::clock::ManualClock;
use crate::domain::ids::{Id, Side, WorkspaceKey};
use crate::domain::record::Record;
use crate::journal::codec::{decode_group, encode_record};
use crate::journal::writer::{
    GroupLimits, GroupMeasures, JournalWriter, Refusal, Submission, WriteOutcome, WriterStart,
};
use crate::journal::{AppendError, GroupPosition, Journal, JournalRead};

const KEY: WorkspaceKey = WorkspaceKey { id: Id(1), side: Side::Live };

/// A writer on a log that it owns: the first group is the epoch record.
struct Writing {
    writer: JournalWriter<u64>,
    outcomes: Receiver<WriteOutcome<u64>>,
}

impl Writing {
    fn on(rig: &Rig) -> Self {
        let (sender, outcomes) = channel();
        let start = WriterStart { last_seqs: HashMap::new(), last_receipt: 1 };
        let journal = Box::new(rig.own(1, "a").unwrap());
        let sink = move |outcome| sender.send(outcome).unwrap();
        let clock = Arc::new(ManualClock::new(1_000));
        let writer =
            JournalWriter::spawn(journal, clock, start, GroupLimits::default(), GroupMeasures::default(), sink)
                .unwrap();
        Self { writer, outcomes }
    }

    fn write(&self, payload: u64) -> WriteOutcome<u64> {
        let record_bytes = encode_record(&Record::Skip { seq: payload, place: 0, reason: "why".into() });
        let submission = Submission { key: KEY, record_bytes, apply_version: 0, payload };
        self.writer.handle().submit(submission).unwrap();
        self.outcomes.recv().unwrap()
    }

    fn commit(&self, payload: u64) -> GroupPosition {
        match self.write(payload) {
            WriteOutcome::Committed(committed) => committed.group,
            WriteOutcome::Refused(refused) => panic!("{refused:?}"),
        }
    }
}

/// The seqs of the frames in every group.
fn seqs(rig: &Rig) -> Vec<Vec<u64>> {
    let groups = read(&rig.writer(), 1).into_iter();
    groups.map(|(_, group)| decode_group(&group).unwrap().frames.iter().map(|frame| frame.seq).collect()).collect()
}

fn every_group_is_stored_once(fault: Fault) {
    let Some(rig) = Rig::new() else { return };
    let writing = Writing::on(&rig);
    assert_eq!(writing.commit(1), GroupPosition(2));
    rig.proxy.next(fault);
    assert_eq!(writing.commit(2), GroupPosition(3));
    assert!(rig.proxy.struck());
    assert_eq!(writing.commit(3), GroupPosition(4));
    assert_eq!(seqs(&rig), [vec![], vec![1], vec![2], vec![3]]);
}

#[test]
fn i8_a_lost_answer_is_found_out() {
    every_group_is_stored_once(Fault::LoseAnswer);
}

#[test]
fn i8_a_lost_message_is_sent_again() {
    every_group_is_stored_once(Fault::LoseMessage);
}

/// The tail shows nothing, the group is sent again, and the first copy comes before the second.
#[test]
fn i8_a_message_that_comes_late_is_stored_once() {
    every_group_is_stored_once(Fault::Delay);
}

#[test]
fn i8_a_message_that_comes_too_late_is_refused() {
    every_group_is_stored_once(Fault::DelayMore);
}

#[test]
fn i8_a_late_message_of_a_former_owner_is_refused() {
    let Some(rig) = Rig::new() else { return };
    let mut former = rig.own(1, "a").unwrap();
    rig.proxy.next(Fault::DelayMore);
    let unknown = former.append(GroupPosition(1), b"late");
    assert!(matches!(unknown, Err(AppendError::Unknown { .. })), "{unknown:?}");
    // The new owner's record is on its way when the former owner's group arrives behind it.
    let journal = own(&rig.log(), 2, "b").unwrap();
    assert_eq!(journal.last(), GroupPosition(2));
    let groups = read(&rig.writer(), 1);
    assert!(groups.len() == 2 && groups[1].1 != b"late", "{groups:?}");
}

#[test]
fn i8_a_second_owner_stops_the_first_writer() {
    let Some(rig) = Rig::new() else { return };
    let writing = Writing::on(&rig);
    writing.commit(1);
    rig.own(2, "b").unwrap();
    for payload in [2, 3] {
        let outcome = writing.write(payload);
        assert!(matches!(&outcome, WriteOutcome::Refused(refused) if refused.reason == Refusal::Fenced), "{outcome:?}");
    }
    assert_eq!(seqs(&rig), [vec![], vec![1], vec![]]);
}

#[test]
fn i8_a_writer_waits_for_a_server_that_restarts() {
    let Some(mut rig) = Rig::new() else { return };
    let writing = Writing::on(&rig);
    writing.commit(1);
    rig.server.kill();
    let record_bytes = encode_record(&Record::Skip { seq: 2, place: 0, reason: "why".into() });
    writing.writer.handle().submit(Submission { key: KEY, record_bytes, apply_version: 0, payload: 2 }).unwrap();
    rig.server.run();
    let outcome = writing.outcomes.recv().unwrap();
    assert!(matches!(&outcome, WriteOutcome::Committed(committed) if committed.group.0 == 3), "{outcome:?}");
    assert_eq!(seqs(&rig), [vec![], vec![1], vec![2]]);
}
