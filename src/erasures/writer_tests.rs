//! The writer on a disk that counts, waits and fails as a test wants it.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use futures::FutureExt;
use futures::executor::block_on;
use parking_lot::{Condvar, Mutex};

use super::disk::{Disk, RealDisk};
use super::file::ErasureFile;
use super::*;
use crate::domain::time::{DAY, HOUR};

const KEY: WorkspaceKey = WorkspaceKey { id: Id(7), side: Side::Live };
const T: Millis = 1_774_432_800_000;
const KEEPING: Keeping = Keeping { backups: 400 * DAY, within: DAY };

fn conversation(at: Millis, id: u128) -> ErasureEntry {
    ErasureEntry::new(at, KEY, Erased::Conversation(Id(id)), &[9; 32])
}

/// What a test sees of its disk, and makes of it.
#[derive(Default)]
struct Seen {
    writes: usize,
    syncs: usize,
    replaced: usize,
    /// Syncs wait while this is set.
    held: bool,
    waiting_in_sync: bool,
    /// What the next calls fail with, by their names.
    failures: VecDeque<(&'static str, ErrorKind)>,
}

#[derive(Clone, Default)]
struct TestDisk(Arc<(Mutex<Seen>, Condvar)>);

impl TestDisk {
    fn seen<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        let done = look(&mut self.0.0.lock());
        self.0.1.notify_all();
        done
    }

    fn fails(&self, call: &'static str) -> io::Result<()> {
        self.seen(|seen| match seen.failures.front() {
            Some((named, kind)) if *named == call => {
                let kind = *kind;
                seen.failures.pop_front();
                Err(kind.into())
            }
            Some(_) | None => Ok(()),
        })
    }

    fn wait_for(&self, what: impl Fn(&Seen) -> bool) {
        let mut seen = self.0.0.lock();
        while !what(&seen) {
            self.0.1.wait(&mut seen);
        }
    }
}

impl Disk for TestDisk {
    fn write_at(&mut self, _: u64, _: &[u8]) -> io::Result<()> {
        self.seen(|seen| seen.writes += 1);
        self.fails("write")
    }

    fn sync(&mut self) -> io::Result<()> {
        self.seen(|seen| (seen.syncs, seen.waiting_in_sync) = (seen.syncs + 1, true));
        self.wait_for(|seen| !seen.held);
        self.seen(|seen| seen.waiting_in_sync = false);
        self.fails("sync")
    }

    fn make(&mut self, _: &[u8]) -> io::Result<()> {
        self.fails("make")
    }

    fn sync_made(&mut self) -> io::Result<()> {
        self.fails("sync made")
    }

    fn put_made(&mut self) -> io::Result<()> {
        self.seen(|seen| seen.replaced += 1);
        self.fails("put")
    }
}

fn list() -> (Erasures, TestDisk) {
    let disk = TestDisk::default();
    let list = Erasures::start(ErasureFile::on(Box::new(disk.clone())), ErasureList::default());
    (list.unwrap(), disk)
}

fn append(list: &Erasures, tenant: &str, id: u128) -> Listed {
    list.append(tenant, conversation(T, id)).expect("there is room")
}

#[test]
fn r4_10_what_waits_is_written_with_one_write_and_one_sync() {
    let (list, disk) = list();
    disk.seen(|seen| seen.held = true);
    let first = append(&list, "a", 0);
    disk.wait_for(|seen| seen.waiting_in_sync);
    let others: Vec<_> = (1..=200).map(|n| append(&list, "a", n)).collect();
    let mut watched = append(&list, "b", 201).wait().boxed();
    assert!((&mut watched).now_or_never().is_none(), "nobody is answered before the sync");
    assert!(list.list().is_empty(), "nor is anything on the list");
    disk.seen(|seen| seen.held = false);
    block_on(first.wait()).unwrap();
    block_on(futures::future::join_all(others.into_iter().map(Listed::wait))).into_iter().for_each(Result::unwrap);
    block_on(watched).unwrap();
    assert_eq!(disk.seen(|seen| (seen.writes, seen.syncs)), (2, 2), "202 erasures");
    assert_eq!(list.list().len(), 202);
}

#[test]
fn r4_10_a_tenant_has_so_many_waiting_and_keeps_nobody_elses_out() {
    let (list, disk) = list();
    disk.seen(|seen| seen.held = true);
    let mut taken = vec![append(&list, "a", 0)];
    disk.wait_for(|seen| seen.waiting_in_sync);
    taken.extend((1..).map_while(|n| list.append("a", conversation(T, n))));
    assert_eq!(taken.len(), WAITING_OF_A_TENANT, "the one that is being written counts");
    let other = append(&list, "b", 1_000);
    disk.seen(|seen| seen.held = false);
    block_on(other.wait()).unwrap();
    assert_eq!(disk.seen(|seen| seen.syncs), 2, "it is in the very next group");
    block_on(futures::future::join_all(taken.into_iter().map(Listed::wait))).into_iter().for_each(Result::unwrap);
    block_on(append(&list, "a", 2_000).wait()).unwrap();
}

#[test]
fn i7_after_a_failed_sync_nothing_more_is_taken() {
    let (list, disk) = list();
    block_on(append(&list, "a", 1).wait()).unwrap();
    disk.seen(|seen| seen.failures.push_back(("sync", ErrorKind::Other)));
    assert!(matches!(block_on(append(&list, "a", 2).wait()), Err(ErasuresError::Failed)));
    assert!(matches!(block_on(append(&list, "a", 3).wait()), Err(ErasuresError::Failed)));
    assert_eq!((list.list().len(), disk.seen(|seen| seen.syncs)), (1, 2), "and nothing is synced again");
}

#[test]
fn r9_5_a_full_disk_refuses_a_group_and_takes_the_next() {
    let (list, disk) = list();
    disk.seen(|seen| seen.failures.push_back(("write", ErrorKind::StorageFull)));
    assert!(matches!(block_on(append(&list, "a", 1).wait()), Err(ErasuresError::Full)));
    assert_eq!((list.list().len(), disk.seen(|seen| seen.syncs)), (0, 0));
    block_on(append(&list, "a", 2).wait()).unwrap();
    assert_eq!(list.list().entries(), [conversation(T, 2)]);
}

#[test]
fn r4_10_a_stop_writes_what_waits() {
    let (list, disk) = list();
    let listed: Vec<_> = (0..20).map(|n| append(&list, "a", n)).collect();
    drop(list);
    block_on(futures::future::join_all(listed.into_iter().map(Listed::wait))).into_iter().for_each(Result::unwrap);
    assert!(disk.seen(|seen| seen.syncs) > 0);
}

#[test]
fn r4_10_a_file_that_is_mostly_repeats_is_replaced_and_one_that_is_not_stays() {
    let (list, disk) = list();
    list.keep(KEEPING, T);
    for n in 0..2_000 {
        block_on(append(&list, "a", n % 10).wait()).unwrap();
    }
    let replaced = disk.seen(|seen| seen.replaced);
    assert!((2..=6).contains(&replaced), "{replaced}");
    assert_eq!(list.list().len(), 10);
    let (other, disk) = self::list();
    other.keep(KEEPING, T);
    (0..2_000).for_each(|n| block_on(append(&other, "a", n).wait()).unwrap());
    assert_eq!(disk.seen(|seen| seen.replaced), 0);
}

#[test]
fn r4_10_a_file_that_could_not_be_replaced_goes_on_and_is_replaced_later() {
    let (list, disk) = list();
    list.keep(KEEPING, T);
    disk.seen(|seen| seen.failures.push_back(("make", ErrorKind::StorageFull)));
    for n in 0..2_000 {
        block_on(append(&list, "a", n % 10).wait()).unwrap();
    }
    assert!(disk.seen(|seen| seen.replaced > 0 && seen.failures.is_empty()));
    for step in ["sync made", "put"] {
        let (list, disk) = self::list();
        list.keep(KEEPING, T);
        disk.seen(|seen| seen.failures.push_back((step, ErrorKind::Other)));
        let failed = (0..2_000).find(|n| block_on(append(&list, "a", n % 10).wait()).is_err());
        assert!(failed.is_some_and(|n| n > 500), "{step}: what is on disk is unknown then (I7)");
    }
}

/// A real disk that ends the process, so to say, before a step.
struct Killed {
    disk: RealDisk,
    before: &'static str,
}

impl Killed {
    fn step(&self, step: &str) -> io::Result<()> {
        if self.before == step { Err(ErrorKind::BrokenPipe.into()) } else { Ok(()) }
    }
}

impl Disk for Killed {
    fn write_at(&mut self, length: u64, bytes: &[u8]) -> io::Result<()> {
        self.disk.write_at(length, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.disk.sync()
    }

    fn make(&mut self, bytes: &[u8]) -> io::Result<()> {
        let half = if self.before == "made whole" { bytes.len() / 2 } else { bytes.len() };
        self.disk.make(&bytes[..half])?;
        self.step("made whole")
    }

    fn sync_made(&mut self) -> io::Result<()> {
        self.step("sync made")?;
        self.disk.sync_made()
    }

    fn put_made(&mut self) -> io::Result<()> {
        self.step("put")?;
        self.disk.put_made()?;
        self.step("answered")
    }
}

#[test]
fn r4_10_a_kill_while_the_file_is_replaced_leaves_the_whole_list() {
    let all: Vec<_> = (0..1_000).map(|n| conversation(T + n as Millis, n)).collect();
    let kept: Vec<_> = all.iter().filter(|entry| entry.at >= T + 900).copied().collect();
    let names = |dir: &Path| fs::read_dir(dir).unwrap().count();
    for (before, replaced) in [("made whole", false), ("sync made", false), ("put", false), ("answered", true)] {
        let dir = tempfile::tempdir().unwrap();
        let mut file = ErasureFile::on(Box::new(Killed { disk: RealDisk::new(dir.path()), before }));
        file.append(&all).unwrap();
        file.replace(&kept, Some(T + 900)).unwrap_err();
        drop(file);
        let list = Erasures::load(dir.path()).unwrap();
        let expected = if replaced { (kept.clone(), Some(T + 900)) } else { (all.clone(), None) };
        assert_eq!((list.list().entries(), list.list().since()), expected, "{before}");
        // What was left of the new file is in nobody's way.
        let next = conversation(T + 5 * HOUR, 5_000);
        block_on(list.append("a", next).unwrap().wait()).unwrap();
        list.keep(Keeping { backups: HOUR, within: HOUR }, T + 6 * HOUR);
        drop(list);
        let read = read_list(&dir.path().join("erasures")).unwrap();
        let oldest = T + 5 * HOUR;
        assert!(read.entries().contains(&next) && (replaced || read.since() == Some(oldest)), "{before}");
        assert_eq!(names(dir.path()), 1, "{before}");
    }
}
