//! Reading a snapshot.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::super::content::Checked;
use super::super::{Block, BlockKey, Blocks, Manifest, PartEntry, SnapshotError, SnapshotNumber, SnapshotRead};
use super::engine::{Part, PartBlocks, wait_until_closed};
use super::{files, layout};

/// How many parts stay open behind their last reader, for the next side that begins in them.
const KEPT_OPEN: usize = 2;

/// A snapshot that is open; shared by all who read it.
#[derive(Debug)]
pub(super) struct Snapshot {
    number: SnapshotNumber,
    directory: PathBuf,
    manifest: Manifest,
    slots: Vec<Mutex<Slot>>,
    recent: Mutex<VecDeque<Arc<Part>>>,
}

/// A part that may be open.
#[derive(Debug, Default)]
struct Slot {
    /// Its files are those of the manifest.
    checked: bool,
    open: Weak<Part>,
}

impl Snapshot {
    pub(super) fn open(directory: PathBuf, number: SnapshotNumber) -> Result<Self, SnapshotError> {
        match fs::metadata(&directory) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(SnapshotError::NotFound { number }),
            Err(error) => return Err(SnapshotError::reading(number, directory, error)),
        }
        let manifest = layout::read_manifest(&directory, number).map_err(|error| error.of(number, &directory))?;
        let slots = manifest.parts.iter().map(|_| Mutex::default()).collect();
        Ok(Self { number, directory, manifest, slots, recent: Mutex::default() })
    }

    /// The part, open; sled sees its files only if they are as they were written.
    fn part(&self, index: usize) -> Result<Arc<Part>, SnapshotError> {
        let mut slot = self.slots[index].lock();
        if let Some(part) = slot.open.upgrade() {
            return Ok(part);
        }
        let entry = &self.manifest.parts[index];
        let directory = self.directory.join(&entry.directory);
        wait_until_closed(&directory)?;
        if !slot.checked {
            self.check_files(entry)?;
            slot.checked = true;
        }
        let part = Part::open(&directory).map_err(|failure| failure.reading(self.number, &directory))?;
        let part = Arc::new(part);
        slot.open = Arc::downgrade(&part);
        drop(slot);
        self.keep_open(Arc::clone(&part));
        Ok(part)
    }

    fn keep_open(&self, part: Arc<Part>) {
        let mut recent = self.recent.lock();
        recent.push_back(part);
        let old = if recent.len() > KEPT_OPEN { recent.pop_front() } else { None };
        // Closing takes a while.
        drop(recent);
        drop(old);
    }

    fn check_files(&self, entry: &PartEntry) -> Result<(), SnapshotError> {
        let directory = self.directory.join(&entry.directory);
        let found = files::sum_part(&directory);
        let found = found.map_err(|error| SnapshotError::reading(self.number, &directory, error))?;
        if found == entry.files {
            return Ok(());
        }
        let what = format!("the files of {} are {found:?}, not {:?}", entry.directory, entry.files);
        Err(SnapshotError::Damaged { number: self.number, what })
    }

    /// Compares the files once more, after all of them have been read and closed.
    pub(super) fn check_unchanged(self) -> Result<(), SnapshotError> {
        self.recent.lock().clear();
        self.manifest.parts.iter().try_for_each(|entry| {
            wait_until_closed(&self.directory.join(&entry.directory))?;
            self.check_files(entry)
        })
    }
}

/// What the store hands out.
pub(super) struct Handle(pub(super) Arc<Snapshot>);

impl SnapshotRead for Handle {
    fn manifest(&self) -> &Manifest {
        &self.0.manifest
    }

    fn blocks(&self, side: u32) -> Blocks {
        let Manifest { sides, parts, .. } = &self.0.manifest;
        let Some(entry) = usize::try_from(side).ok().and_then(|side| sides.get(side)) else {
            return Box::new(std::iter::once(Err(SnapshotError::NoSuchSide { side, sides: sides.len() })));
        };
        let holds = |part: &PartEntry| (part.first.side..=part.last.side).contains(&side);
        let parts = (0..parts.len()).filter(|part| holds(&parts[*part])).collect();
        let raw = SideBlocks { snapshot: Arc::clone(&self.0), side, parts, current: None };
        Checked::blocks(self.0.number, side, entry.content(), raw)
    }
}

/// The blocks of a side from one part after the other, as sled has them.
struct SideBlocks {
    snapshot: Arc<Snapshot>,
    side: u32,
    parts: VecDeque<usize>,
    current: Option<(usize, PartBlocks)>,
}

impl Iterator for SideBlocks {
    type Item = Result<Block, SnapshotError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((index, blocks)) = &mut self.current {
                if let Some(block) = blocks.next() {
                    let snapshot = &self.snapshot;
                    let directory = || snapshot.directory.join(&snapshot.manifest.parts[*index].directory);
                    return Some(block.map_err(|failure| failure.reading(snapshot.number, &directory())));
                }
                self.current = None;
            }
            let index = self.parts.pop_front()?;
            match self.snapshot.part(index) {
                Ok(part) => {
                    let range = BlockKey::first_of(self.side)..=BlockKey::last_of(self.side);
                    self.current = Some((index, part.blocks(&range)));
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
