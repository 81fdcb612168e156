mod faults;
mod proxy;

use std::sync::mpsc::channel;
use std::thread;

use async_nats::jetstream::stream::{Config, DiscardPolicy};
use futures::StreamExt;

use super::*;
use crate::background::Stop;
use crate::ids::{RandomIds, SeededIds};
use crate::journal::codec::{GroupBuilder, decode_group};
use crate::journal::conformance::{Bench, conformance_suite};
use crate::journal::{AppendError, Journal};
use crate::nats::testing::{TestServer, options, runtime};
use crate::nats::{Connection, connect};
use proxy::{Fault, Proxy};

/// A server, and the log of one partition on it.
pub(super) struct Rig {
    pub server: TestServer,
    pub proxy: Proxy,
    pub connection: Connection,
}

pub(super) fn place() -> LogPlace {
    LogPlace { stream: "test-log-007".to_owned(), subject: "test.log.007".to_owned(), replicas: 1 }
}

impl Rig {
    /// `None` where there is no server to be had.
    pub fn new() -> Option<Self> {
        let server = TestServer::start()?;
        let proxy = Proxy::start(server.port(), &place().subject);
        let connection = runtime().block_on(connect(&options(proxy.port))).unwrap();
        Some(Self { server, proxy, connection })
    }

    pub fn log(&self) -> NatsLog {
        // On the runtime's threads, as the program does it.
        let connection = self.connection.clone();
        let opening = runtime().spawn(async move { NatsLog::open(&connection, place(), &RandomIds).await });
        runtime().block_on(opening).unwrap().unwrap()
    }

    /// A writer without an epoch record.
    pub fn writer(&self) -> NatsJournal {
        self.log().journal(runtime().handle().clone(), Stop::new())
    }

    pub fn own(&self, epoch: u64, node: &str) -> Result<NatsJournal, NatsLogError> {
        own(&self.log(), epoch, node)
    }

    /// Stores messages as they are, in a stream that lets them be removed, and in which a journal is then found.
    fn with_messages(bodies: &[Vec<u8>]) -> Option<Self> {
        let rig = Self::new()?;
        let LogPlace { stream: name, subject, .. } = place();
        let metadata = [("tripswitch-journal".to_owned(), "0".repeat(31) + "7")].into();
        let subjects = vec![subject.clone()];
        let config = Config { name, subjects, discard: DiscardPolicy::New, metadata, ..Config::default() };
        runtime().block_on(async {
            rig.connection.jetstream.create_stream(config).await.unwrap();
            for body in bodies {
                let sent = rig.connection.jetstream.publish(subject.clone(), body.clone().into()).await.unwrap();
                sent.await.unwrap();
            }
        });
        Some(rig)
    }
}

pub(super) fn own(log: &NatsLog, epoch: u64, node: &str) -> Result<NatsJournal, NatsLogError> {
    let (log, node) = (log.clone(), node.to_owned());
    let owning = async move { log.own(epoch, &node, runtime().handle().clone(), Stop::new()).await };
    runtime().block_on(runtime().spawn(owning)).unwrap()
}

impl Bench for Rig {
    fn open(&self) -> Result<Box<dyn Journal + Send>, String> {
        Ok(Box::new(self.writer()))
    }

    fn lose_next_outcome(&self, stored: bool) {
        self.proxy.next(if stored { Fault::LoseAnswer } else { Fault::LoseMessage });
    }

    /// A message is whole or absent: that is the servers' duty.
    fn tear(&self, _group: &[u8]) {}
}

conformance_suite!(maybe Rig::new());

/// A group without frames.
pub(super) fn group(receipt: i64) -> Vec<u8> {
    let mut builder = GroupBuilder::default();
    builder.begin(receipt);
    builder.finish().to_vec()
}

pub(super) fn read(journal: &dyn JournalRead, from: u64) -> Vec<(u64, Vec<u8>)> {
    let groups = journal.read(GroupPosition(from)).unwrap();
    groups.map(|group| group.map(|group| (group.position.0, group.group)).unwrap()).collect()
}

#[test]
fn an_owner_fences_the_one_before_off_with_a_group_without_frames() {
    let Some(rig) = Rig::new() else { return };
    let mut first = rig.own(3, "a").unwrap();
    assert_eq!((first.first(), first.last()), (GroupPosition(1), GroupPosition(1)));
    first.append(GroupPosition(1), &group(500)).unwrap();
    let mut second = rig.own(9, "b").unwrap();
    assert_eq!(second.last(), GroupPosition(3));
    let refused = first.append(GroupPosition(2), &group(600));
    assert!(matches!(refused, Err(AppendError::Fenced { last: GroupPosition(3) })), "{refused:?}");
    second.append(GroupPosition(3), &group(700)).unwrap();

    let receipts = read(&second, 1).into_iter().map(|(_, group)| {
        let content = decode_group(&group).unwrap();
        assert_eq!(content.frames, []);
        content.receipt
    });
    assert_eq!(receipts.collect::<Vec<_>>(), [0, 500, 500, 700], "an epoch record has the receipt before it");
}

#[test]
fn an_owner_of_an_earlier_epoch_does_not_come_back() {
    let Some(rig) = Rig::new() else { return };
    rig.own(9, "b").unwrap();
    let refused = rig.own(3, "a").unwrap_err();
    assert!(matches!(&refused, NatsLogError::Superseded { node, epoch: 9, .. } if node == "b"), "{refused}");
    assert_eq!(rig.own(9, "b").unwrap().last(), GroupPosition(1), "its own epoch record is there already");
}

#[test]
fn of_owners_that_race_each_has_a_record_of_its_own() {
    let Some(rig) = Rig::new() else { return };
    let log = rig.log();
    let racing: Vec<_> = (1..=4)
        .map(|epoch| {
            let log = log.clone();
            thread::spawn(move || own(&log, epoch, &format!("node {epoch}")).map(|journal| journal.last()))
        })
        .collect();
    let records = log.leader.clone();
    for (epoch, racer) in (1..=4).zip(racing) {
        // Whoever comes after a later epoch's owner is refused.
        let Ok(last) = racer.join().unwrap() else { continue };
        let record = runtime().block_on(records.message(last)).unwrap().unwrap();
        assert_eq!(Owner::of(&record.headers).unwrap(), Owner { epoch, node: format!("node {epoch}") });
    }
}

/// All epoch records behind one group have the same group in them.
#[test]
fn the_epoch_record_of_another_owner_is_not_taken_for_ones_own() {
    let Some(rig) = Rig::new() else { return };
    let journal = rig.writer();
    let send = |epoch, expected| {
        let owner = Owner { epoch, node: "n".to_owned() };
        runtime().block_on(journal.send(GroupPosition(expected), owner.headers(), message::seal(&group(1))))
    };
    assert!(matches!(send(1, 0), Sent::Stored(GroupPosition(1))));
    assert!(matches!(send(2, 0), Sent::Refused(_)));
    assert!(matches!(send(1, 0), Sent::Stored(GroupPosition(1))), "as if its answer had been lost");
}

#[test]
fn a_journal_that_was_given_up_takes_nothing() {
    let Some(rig) = Rig::new() else { return };
    let stop = Stop::new();
    let mut journal = rig.log().journal(runtime().handle().clone(), stop.clone());
    journal.append(GroupPosition::ZERO, b"one").unwrap();
    stop.cancel();
    let refused = journal.append(GroupPosition(1), b"two");
    assert!(matches!(refused, Err(AppendError::Fenced { last: GroupPosition(1) })), "{refused:?}");
    assert!(matches!(journal.read(GroupPosition(1)).err(), Some(ReadError::Storage { .. })));
    assert_eq!(read(&rig.writer(), 1).len(), 1);
}

#[test]
fn a_missing_group_is_damage_and_not_passed_over() {
    let sealed = |n: usize| message::seal(format!("group {n}").as_bytes()).to_vec();
    let bodies: Vec<_> = (1..=100).map(sealed).collect();
    let Some(rig) = Rig::with_messages(&bodies) else { return };
    runtime().block_on(async {
        let stream = rig.connection.jetstream.get_stream(place().stream).await.unwrap();
        for missing in [50, 95] {
            stream.delete_message(missing).await.unwrap();
        }
    });
    let (journal, log) = (rig.writer(), rig.log());
    for (from, missing) in [(1, 50), (90, 95), (95, 95)] {
        let mut found: Vec<_> = journal.read(GroupPosition(from)).unwrap().collect();
        let last = found.pop().unwrap();
        assert!(
            matches!(&last, Err(ReadError::Damaged { position, .. }) if position.0 == missing),
            "from {from}: {last:?}"
        );
        assert_eq!(found.len() as u64, missing - from);
        assert!(found.iter().all(Result::is_ok));
    }
    let followed = runtime().block_on(log.follow(GroupPosition(40)).collect::<Vec<_>>());
    assert_eq!(followed.len(), 11);
    assert!(matches!(&followed[10], Err(ReadError::Damaged { position: GroupPosition(50), .. })), "{followed:?}");
}

#[test]
fn a_group_with_another_checksum_is_damaged() {
    let mut bodies: Vec<_> = (0..100).map(|n| message::seal(format!("group {n}").as_bytes()).to_vec()).collect();
    bodies[49][7] ^= 1;
    bodies[98] = b"no".to_vec();
    let Some(rig) = Rig::with_messages(&bodies) else { return };
    let journal = rig.writer();
    for (from, damaged) in [(1, 50), (90, 99)] {
        let mut found: Vec<_> = journal.read(GroupPosition(from)).unwrap().collect();
        let last = found.pop().unwrap();
        assert!(matches!(&last, Err(ReadError::Damaged { position, .. }) if position.0 == damaged), "{last:?}");
        assert_eq!(found.len() as u64, damaged - from);
    }
}

#[test]
fn a_stream_that_is_no_journal_is_refused() {
    let Some(rig) = Rig::with_messages(&[]) else { return };
    let other = LogPlace { subject: "test.log.008".to_owned(), ..place() };
    let refused = runtime().block_on(NatsLog::open(&rig.connection, other, &RandomIds)).unwrap_err();
    assert_eq!(refused.to_string(), "stream test-log-007 is no journal of Tripswitch: its subjects are others");
    let other = LogPlace { stream: "test-other".to_owned(), subject: "test.other".to_owned(), replicas: 1 };
    let config = Config { name: other.stream.clone(), subjects: vec![other.subject.clone()], ..Config::default() };
    runtime().block_on(rig.connection.jetstream.create_stream(config)).unwrap();
    let refused = runtime().block_on(NatsLog::open_existing(&rig.connection, other)).unwrap_err();
    assert!(refused.to_string().ends_with("it has no journal's number in its metadata"), "{refused}");
}

#[test]
fn a_log_is_found_only_where_it_was_made_and_keeps_its_number() {
    let Some(rig) = Rig::new() else { return };
    let found = || runtime().block_on(NatsLog::open_existing(&rig.connection, place())).unwrap();
    assert!(found().is_none());
    let ids = SeededIds::new(1);
    let made = runtime().block_on(NatsLog::open(&rig.connection, place(), &ids)).unwrap();
    assert_eq!(found().unwrap().identity(), made.identity());
    let again = runtime().block_on(NatsLog::open(&rig.connection, place(), &ids)).unwrap();
    assert_eq!(again.identity(), made.identity());
    assert_eq!(runtime().block_on(made.bounds()).unwrap(), (GroupPosition(1), GroupPosition::ZERO));
}

#[test]
fn a_trimmed_log_is_opened_and_read_by_others() {
    let Some(rig) = Rig::new() else { return };
    let mut journal = rig.writer();
    for n in 0..40_u8 {
        journal.append(GroupPosition(n.into()), &[n]).unwrap();
    }
    journal.trim(GroupPosition(0)).unwrap();
    assert_eq!((journal.first(), read(&journal, 1).len()), (GroupPosition(1), 40), "0 trims nothing");
    journal.trim(GroupPosition(11)).unwrap();
    let log = rig.log();
    assert_eq!(runtime().block_on(log.bounds()).unwrap(), (GroupPosition(11), GroupPosition(40)));
    let reader = log.reader(runtime().handle().clone());
    assert_eq!((reader.first(), reader.last()), (GroupPosition(11), GroupPosition(40)));
    assert_eq!(read(&*reader, 11).len(), 30);
    assert!(matches!(reader.read(GroupPosition(10)).err(), Some(ReadError::Trimmed { first: GroupPosition(11) })));
    let followed = runtime().block_on(log.follow(GroupPosition(10)).collect::<Vec<_>>());
    assert!(matches!(followed[..], [Err(ReadError::Trimmed { first: GroupPosition(11) })]), "{followed:?}");
}

#[test]
fn large_groups_are_taken_up_to_what_the_server_takes() {
    let Some(rig) = Rig::new() else { return };
    let mut journal = rig.writer();
    let most = journal.max_group_bytes();
    assert_eq!(most, 2 * 1024 * 1024 - 1024, "the test's server takes 2 MB");
    for n in 0..20 {
        journal.append(GroupPosition(n), &vec![1; most]).unwrap();
    }
    let refused = journal.append(GroupPosition(20), &vec![1; most + 1]);
    assert!(matches!(refused, Err(AppendError::TooLarge { .. })), "{refused:?}");
    assert!(read(&journal, 1).iter().all(|(_, group)| group.len() == most));
}

#[test]
fn a_follower_goes_on_after_the_server_was_killed() {
    let Some(mut rig) = Rig::new() else { return };
    let mut journal = rig.own(1, "a").unwrap();
    let (sender, received) = channel();
    let mut groups = Box::pin(rig.log().follow(GroupPosition(1)));
    runtime().spawn(async move {
        while let Some(group) = groups.next().await {
            sender.send(group).unwrap();
        }
    });
    let mut next = 1;
    let mut expect = |upto: u64| {
        while next <= upto {
            assert_eq!(received.recv().unwrap().unwrap().position.0, next);
            next += 1;
        }
    };
    expect(1);
    for _ in 0..2 {
        for _ in 0..20 {
            let last = journal.last();
            journal.append(last, &group(1)).unwrap();
        }
        expect(journal.last().0);
        rig.server.kill();
        let last = journal.last();
        let unknown = journal.append(last, &group(2));
        assert!(matches!(unknown, Err(AppendError::Unknown { .. })), "{unknown:?}");
        rig.server.run();
        // Waits for the server, as the writer does. The client may have kept the first copy, and may send it now.
        read(&journal, last.next().0);
        assert_eq!(journal.append(last, &group(2)).unwrap(), last.next());
        expect(journal.last().0);
    }
}
