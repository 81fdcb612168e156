mod crash;
mod faults;
mod faulty;
mod layout;
mod reading;
mod simulation;
mod trim;

use std::fs;
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;

use self::faulty::{FaultyDisk, Loss};
use super::super::conformance::{Bench, conformance_suite};
use super::super::{AppendError, GroupPosition, Journal, JournalRead, ReadError};
use super::format::{self, BLOCK};
use super::open::MIB;
use super::{FileJournal, FileOptions, OpenError, Opened, directory};
use crate::ids::SeededIds;

/// A data directory on a disk that can fail.
struct Site {
    root: TempDir,
    disk: FaultyDisk,
}

impl Site {
    fn new() -> Self {
        Self { root: tempfile::tempdir().unwrap(), disk: FaultyDisk::default() }
    }

    fn try_open(&self) -> Result<Opened, OpenError> {
        let options = FileOptions { segment_bytes: MIB };
        FileJournal::open_on(Arc::new(self.disk.clone()), self.root.path(), &options, &SeededIds::new(1))
    }

    fn open(&self) -> FileJournal {
        self.try_open().unwrap().journal
    }

    fn segment(&self, number: u64) -> PathBuf {
        super::segment::path(&directory(self.root.path()), number)
    }

    fn patch(&self, segment: u64, offset: u64, bytes: &[u8]) {
        let file = OpenOptions::new().write(true).open(self.segment(segment)).unwrap();
        file.write_all_at(bytes, offset).unwrap();
    }

    fn bytes(&self, segment: u64, offset: u64, length: u64) -> Vec<u8> {
        let mut bytes = vec![0; usize::try_from(length).unwrap()];
        fs::File::open(self.segment(segment)).unwrap().read_exact_at(&mut bytes, offset).unwrap();
        bytes
    }
}

/// Bytes none of which is zero, different for each `seed`.
fn payload(seed: u8, length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from((at + usize::from(seed) * 37) % 255).unwrap() + 1).collect()
}

fn append(journal: &mut FileJournal, group: &[u8]) -> GroupPosition {
    let last = journal.last();
    journal.append(last, group).unwrap()
}

fn contents(journal: &FileJournal) -> Vec<Vec<u8>> {
    let entries = journal.read(journal.first()).unwrap();
    entries.map(|entry| entry.unwrap().group).collect()
}

impl Bench for Site {
    fn open(&self) -> Result<Box<dyn Journal + Send>, String> {
        self.disk.heal();
        self.try_open().map(|opened| Box::new(opened.journal) as _).map_err(|error| error.to_string())
    }

    fn lose_next_outcome(&self, stored: bool) {
        self.disk.set(|faults| faults.no_sync = Some(if stored { Loss::Kept } else { Loss::Lost }));
    }

    fn tear(&self, group: &[u8]) {
        let end = super::scan::scan(&directory(self.root.path()), &mut |_, _| {}).unwrap().tail.1;
        let header = format::Header { partition: 0, number: 3, previous: 0, journal: 0 };
        let mut bytes = Vec::new();
        format::encode(format::Kind::Group, header, group, &mut bytes);
        self.patch(1, end, &bytes[..bytes.len() - 1]);
    }
}

conformance_suite!(Site::new());
