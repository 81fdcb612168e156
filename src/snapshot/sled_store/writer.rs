//! Writing a snapshot: part by part, then the manifest, then the name, then all of it read back.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::faults::{FaultPoint, step};
use crate::files::{hand_over, hand_over_all, sync_directory};

use super::super::content::Sums;
use super::super::{
    Block, BlockKey, Draft, Manifest, PartEntry, PartFiles, SnapshotError, SnapshotNumber, SnapshotRead, SnapshotWriter,
};
use super::engine::{Part, wait_until_closed};
use super::reader::{Handle, Snapshot};
use super::{Claim, engine, files, layout};

/// Bytes of values after which a part is closed: what sled holds in memory goes with it, about 150 MB
/// for 64 MiB, 430 MB for 256 MiB.
const PART_BYTES: u64 = if cfg!(test) { 192 << 10 } else { 64 << 20 };

/// Bytes of values that are handed to sled at once.
const BATCH_BYTES: usize = if cfg!(test) { 96 << 10 } else { 4 << 20 };

/// Openings after which a part must have come to rest; two are the least, and all that was ever seen.
const MOST_OPENINGS: u32 = 8;

/// Space that is left to others, the journal above all; and to sled, which does not take it well when
/// there is none (see `engine`).
const SPARED_BYTES: u64 = 64 << 20;

pub(super) struct SledWriter {
    claim: Claim,
    number: SnapshotNumber,
    /// Where the snapshot is: under its temporary name first.
    directory: PathBuf,
    sums: Sums,
    parts: Vec<PartEntry>,
    current: Option<Growing>,
    batch: Vec<Block>,
    batch_bytes: usize,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Going,
    Failed,
    Done,
}

/// The part that takes blocks.
struct Growing {
    part: Part,
    directory: PathBuf,
    first: BlockKey,
    last: BlockKey,
    blocks: u64,
    bytes: u64,
}

impl SledWriter {
    pub(super) fn begin(claim: Claim, number: SnapshotNumber) -> Result<Self, SnapshotError> {
        if engine::is_worn_out() {
            return Err(SnapshotError::Engine { what: "sled has hung too often; a restart is needed".into() });
        }
        check_space(&claim.0.root)?;
        let directory = layout::temporary(&claim.0.root, number);
        fs::create_dir(&directory).map_err(|source| SnapshotError::writing(&directory, source))?;
        hand_over(&directory);
        Ok(Self {
            claim,
            number,
            directory,
            sums: Sums::default(),
            parts: Vec::new(),
            current: None,
            batch: Vec::new(),
            batch_bytes: 0,
            state: State::Going,
        })
    }

    fn take(&mut self, key: BlockKey, value: &[u8]) -> Result<(), SnapshotError> {
        self.sums.add(key, value)?;
        self.batch.push(Block { key, value: value.to_vec() });
        self.batch_bytes += value.len();
        if self.batch_bytes >= BATCH_BYTES {
            self.write_batch()?;
        }
        Ok(())
    }

    fn write_batch(&mut self) -> Result<(), SnapshotError> {
        let (blocks, bytes) = (std::mem::take(&mut self.batch), std::mem::take(&mut self.batch_bytes));
        let (Some(first), Some(last)) = (blocks.first(), blocks.last()) else { return Ok(()) };
        let (first, last) = (first.key, last.key);
        check_space(&self.claim.0.root)?;
        let mut growing = match self.current.take() {
            Some(growing) => growing,
            None => self.begin_part(first)?,
        };
        (growing.last, growing.blocks) = (last, growing.blocks + blocks.len() as u64);
        growing.bytes += bytes as u64;
        growing.part.insert(blocks).map_err(|failure| failure.writing(&growing.directory))?;
        if growing.bytes >= PART_BYTES {
            return self.seal(growing);
        }
        self.current = Some(growing);
        Ok(())
    }

    fn begin_part(&self, first: BlockKey) -> Result<Growing, SnapshotError> {
        let directory = self.directory.join(format!("part-{:04}", self.parts.len() + 1));
        engine::make_directories(&directory).map_err(|source| SnapshotError::writing(&directory, source))?;
        let part = Part::open(&directory).map_err(|failure| failure.writing(&directory))?;
        Ok(Growing { part, directory, first, last: first, blocks: 0, bytes: 0 })
    }

    /// Closes a part, makes it durable and hashes its files.
    fn seal(&mut self, growing: Growing) -> Result<(), SnapshotError> {
        let Growing { part, directory, first, last, blocks, bytes } = growing;
        part.split_full_pages().and_then(|()| part.close()).map_err(|failure| failure.writing(&directory))?;
        wait_until_closed(&directory)?;
        let files = settle(&directory)?;
        hand_over_all(&directory);
        files::sync_part(&directory).map_err(|source| SnapshotError::writing(&directory, source))?;
        let name = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.parts.push(PartEntry { directory: name, first, last, blocks, bytes, files });
        Ok(())
    }

    fn seal_last(&mut self) -> Result<(), SnapshotError> {
        self.write_batch()?;
        match self.current.take() {
            Some(growing) => self.seal(growing),
            None => Ok(()),
        }
    }

    fn write_manifest(&mut self, draft: Draft) -> Result<Manifest, SnapshotError> {
        let contents = std::mem::take(&mut self.sums).finish(draft.sides.len())?;
        let manifest = Manifest::new(self.number, draft, &contents, std::mem::take(&mut self.parts));
        let written = layout::write_manifest(&self.directory, &manifest);
        written.map_err(|source| SnapshotError::writing(&self.directory, source))?;
        Ok(manifest)
    }

    fn rename(&mut self) -> Result<(), SnapshotError> {
        let root = &self.claim.0.root;
        let whole = layout::whole(root, self.number);
        let failed = |source| SnapshotError::writing(root, source);
        fs::rename(&self.directory, &whole).map_err(failed)?;
        self.directory = whole;
        sync_directory(root).map_err(failed)
    }

    fn read_back(&self, expected: &Manifest) -> Result<(), SnapshotError> {
        let snapshot = Arc::new(Snapshot::open(self.directory.clone(), self.number)?);
        let handle = Handle(Arc::clone(&snapshot));
        handle.verify()?;
        if handle.manifest() != expected {
            return Err(SnapshotError::Damaged { number: self.number, what: "its manifest is another one".into() });
        }
        drop(handle);
        Arc::into_inner(snapshot).map_or(Ok(()), Snapshot::check_unchanged)
    }
}

/// Opens and closes a part until that changes nothing; its files as they are then.
///
/// The first opening writes sled's `snap.*` file, and may free segments that the next one overwrites.
fn settle(directory: &Path) -> Result<PartFiles, SnapshotError> {
    let mut before = None;
    for _ in 0..MOST_OPENINGS {
        Part::open(directory).and_then(Part::close).map_err(|failure| failure.writing(directory))?;
        wait_until_closed(directory)?;
        let files = files::sum_part(directory).map_err(|source| SnapshotError::writing(directory, source))?;
        if before == Some(files) {
            return Ok(files);
        }
        before = Some(files);
    }
    Err(SnapshotError::Engine { what: format!("{} changes whenever it is opened", directory.display()) })
}

fn check_space(root: &Path) -> Result<(), SnapshotError> {
    let available = fs4::available_space(root).map_err(|source| SnapshotError::writing(root, source))?;
    if available >= SPARED_BYTES {
        return Ok(());
    }
    let source = format!("{} MiB are left, and {} MiB are spared", available >> 20, SPARED_BYTES >> 20);
    Err(SnapshotError::Full { source: source.into() })
}

impl SnapshotWriter for SledWriter {
    fn number(&self) -> SnapshotNumber {
        self.number
    }

    fn put(&mut self, key: BlockKey, value: &[u8]) -> Result<(), SnapshotError> {
        if self.state != State::Going {
            return Err(SnapshotError::GivenUp);
        }
        let taken = step(FaultPoint::Block, || self.take(key, value));
        if taken.is_err() {
            self.state = State::Failed;
        }
        taken
    }

    fn finish(mut self: Box<Self>, draft: Draft) -> Result<Manifest, SnapshotError> {
        if self.state != State::Going {
            return Err(SnapshotError::GivenUp);
        }
        step(FaultPoint::Synced, || self.seal_last())?;
        let manifest = step(FaultPoint::Manifest, || self.write_manifest(draft))?;
        step(FaultPoint::Renamed, || self.rename())?;
        step(FaultPoint::Verified, || self.read_back(&manifest))?;
        self.state = State::Done;
        Ok(manifest)
    }
}

impl Drop for SledWriter {
    /// Leaves nothing of what is not done, under whatever name it has.
    fn drop(&mut self) {
        if self.state == State::Done {
            return;
        }
        self.current = None;
        let emptied = files::empty_all(&self.directory);
        if let Err(error) = emptied.and(self.claim.0.discard(&self.directory, self.number)) {
            let path: &Path = &self.directory;
            tracing::warn!(%error, path = %path.display(), "what is left of a snapshot could not be removed");
        }
    }
}
