//! The writing side of the file journal.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use parking_lot::RwLock;

use crate::faults::{FaultPoint, step};

use super::super::{
    AppendError, Footprint, GroupPosition, Journal, JournalRead, MAX_GROUP_BYTES, ReadError, SealError, StoredGroups,
    TrimError,
};
use super::disk::Disk;
use super::format::{self, BLOCK, Header, Kind, group_span};
use super::lock::DirectoryLock;
use super::open::{FileOptions, MIB};
use super::read::{FileReader, Index, Indexed};
use super::segment::{self, CreateError, Origin, SegmentFile, write_zeroes};

/// A segment that is being created on another thread.
type Pending = JoinHandle<Result<SegmentFile, CreateError>>;

/// The journal in segment files, open for writing.
#[derive(Debug)]
pub struct FileJournal {
    disk: Arc<dyn Disk>,
    directory: PathBuf,
    segment_bytes: u64,
    origin: Origin,
    active: SegmentFile,
    /// Where the next group goes in the active segment.
    end: u64,
    /// Empty segments behind the active one, in order.
    spare: Vec<SegmentFile>,
    pending: Option<Pending>,
    last: u64,
    last_checksum: u32,
    poisoned: bool,
    buffer: Vec<u8>,
    reader: FileReader,
    /// Declared last: released when nothing of the journal is left.
    _lock: DirectoryLock,
}

/// What is on disk after a group was not written.
enum Failure {
    /// Nothing of it.
    Clean(io::Error),
    /// Unknown.
    Final(io::Error),
}

impl FileJournal {
    #[expect(clippy::too_many_arguments, reason = "called once, by open, with what it has found")]
    pub(super) fn new(
        disk: Arc<dyn Disk>,
        lock: DirectoryLock,
        directory: PathBuf,
        options: &FileOptions,
        index: Index,
        active: SegmentFile,
        spare: Vec<SegmentFile>,
        end: u64,
        last_checksum: u32,
    ) -> Self {
        Self {
            disk,
            directory,
            segment_bytes: options.segment_bytes,
            origin: index.origin,
            active,
            end,
            spare,
            pending: None,
            last: index.last,
            last_checksum,
            poisoned: false,
            buffer: Vec::new(),
            reader: FileReader(Arc::new(RwLock::new(index))),
            _lock: lock,
        }
    }

    /// Writes and syncs one group.
    fn store(&mut self, group: &[u8]) -> Result<(), Failure> {
        let span = group_span(group.len());
        if self.end + span > self.active.length {
            self.make_room(span)?;
        }
        let header = Header {
            partition: format::PARTITION,
            number: self.last + 1,
            previous: self.last_checksum,
            journal: self.origin.journal,
        };
        self.buffer.clear();
        let checksum = format::encode(Kind::Group, header, group, &mut self.buffer);
        self.buffer.resize(usize::try_from(span).expect("a group fits into memory"), 0);
        if let Err(error) = self.active.file.write_all_at(&self.buffer, self.end) {
            return Err(match self.take_back(span) {
                Ok(()) => Failure::Clean(error),
                Err(undo) => Failure::Final(undo),
            });
        }
        self.active.file.sync().map_err(Failure::Final)?;
        self.end += span;
        self.last += 1;
        self.last_checksum = checksum;
        Ok(())
    }

    /// After a write that failed: overwrites the group's place with zeroes. An error means that the bytes there are
    /// unknown.
    fn take_back(&self, span: u64) -> io::Result<()> {
        let file = &*self.active.file;
        if write_zeroes(file, self.end, self.end + span).is_err() {
            // Zeroes may need space too, on file systems that never write in place.
            file.set_len(self.end)?;
            file.set_len(self.active.length)?;
        }
        file.sync()
    }

    /// Makes another segment active, one with room for `span` bytes.
    fn make_room(&mut self, span: u64) -> Result<(), Failure> {
        if self.end == BLOCK {
            // Never leaves an empty segment behind, since the chain of groups would end there.
            return self.active.grow((BLOCK + span).next_multiple_of(MIB)).map_err(Failure::from);
        }
        let next = self.next_segment()?;
        next.grow((BLOCK + span).next_multiple_of(MIB)).map_err(Failure::from)?;
        self.turn_over();
        Ok(())
    }

    /// The segment behind the active one, created now if it was not before.
    fn next_segment(&mut self) -> Result<&mut SegmentFile, Failure> {
        self.collect_pending()?;
        if self.spare.is_empty() {
            let number = self.active.number + 1;
            let created = segment::create(&*self.disk, &self.directory, self.origin, number, self.segment_bytes);
            self.spare.push(created.map_err(Failure::from)?);
        }
        Ok(&mut self.spare[0])
    }

    /// Makes the next segment the active one. The last group stands in the one before.
    fn turn_over(&mut self) {
        self.active = self.spare.remove(0);
        self.end = BLOCK;
        let (number, path) = (self.active.number, self.active.path.clone());
        self.reader.0.write().segments.push(Indexed { number, path, first_group: None });
    }

    /// Ends the active segment, unless it is empty.
    fn end_segment(&mut self) -> Result<(), Failure> {
        if self.end == BLOCK {
            return Ok(());
        }
        self.next_segment()?;
        self.turn_over();
        Ok(())
    }

    /// The oldest segment, if every group in it is before `before`.
    fn needless(&self, before: GroupPosition) -> Option<Indexed> {
        let index = self.reader.0.read();
        // It may go if the next segment begins no later than what is needed.
        let next = index.segments.get(1)?.first_group?;
        (next <= before.0).then(|| index.segments[0].clone())
    }

    /// Removes what was put aside behind segments up to `number`.
    fn remove_torn(&self, number: u64) -> io::Result<()> {
        let torn = segment::list(&self.directory)?.torn;
        torn.iter().filter(|(tail, _)| *tail <= number).try_for_each(|(_, path)| self.remove(path))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        match self.disk.remove(path) {
            // Removed by an attempt whose sync then failed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }

    /// Unlinks a segment durably, what was put aside behind it first: a crash in between leaves the
    /// segment, and the next trim goes on.
    fn unlink(&self, oldest: &Indexed) -> io::Result<()> {
        step(FaultPoint::Unlinked, || {
            self.remove_torn(oldest.number)?;
            self.remove(&oldest.path)
        })?;
        self.disk.sync_directory(&self.directory)
    }

    /// Takes over the segment that was created in the background, waiting for it if need be. One
    /// that could not be created is tried again by whoever needs it.
    fn collect_pending(&mut self) -> Result<(), Failure> {
        match self.pending.take().map(JoinHandle::join) {
            Some(Ok(Ok(created))) => self.spare.push(created),
            Some(Ok(Err(CreateError::NotSynced(error)))) => return Err(Failure::Final(error)),
            Some(Ok(Err(CreateError::Unable(error)))) => {
                tracing::warn!(%error, "could not create the journal's next segment in time");
            }
            Some(Err(_)) => tracing::error!("creating the journal's next segment panicked"),
            None => {}
        }
        Ok(())
    }

    /// Begins with the next segment when half of the active one is used.
    fn prepare_next(&mut self) {
        if self.pending.is_some() || !self.spare.is_empty() || self.end < self.active.length / 2 {
            return;
        }
        let (disk, directory, origin) = (Arc::clone(&self.disk), self.directory.clone(), self.origin);
        let (number, length) = (self.active.number + 1, self.segment_bytes);
        let spawned = thread::Builder::new()
            .name("journal-segment".into())
            .spawn(move || segment::create(&*disk, &directory, origin, number, length));
        match spawned {
            Ok(handle) => self.pending = Some(handle),
            Err(error) => tracing::warn!(%error, "no thread for the journal's next segment"),
        }
    }

    /// Makes the last group visible to readers.
    fn publish(&self) {
        let mut index = self.reader.0.write();
        index.last = self.last;
        if let Some(active) = index.segments.last_mut() {
            active.first_group.get_or_insert(self.last);
        }
    }
}

impl From<CreateError> for Failure {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::Unable(error) => Self::Clean(error),
            CreateError::NotSynced(error) => Self::Final(error),
        }
    }
}

impl Drop for FileJournal {
    fn drop(&mut self) {
        // Nothing may be written after the lock is released.
        if let Err(Failure::Clean(error) | Failure::Final(error)) = self.collect_pending() {
            tracing::warn!(%error, "could not create the journal's next segment");
        }
    }
}

impl Journal for FileJournal {
    fn append(&mut self, expected_last: GroupPosition, group: &[u8]) -> Result<GroupPosition, AppendError> {
        if self.poisoned {
            return Err(AppendError::Poisoned { source: None });
        }
        let last = GroupPosition(self.last);
        if expected_last != last {
            return Err(AppendError::Fenced { last });
        }
        if group.len() > MAX_GROUP_BYTES {
            return Err(AppendError::TooLarge { bytes: group.len(), most: MAX_GROUP_BYTES });
        }
        match self.store(group) {
            Ok(()) => {
                self.publish();
                self.prepare_next();
                Ok(GroupPosition(self.last))
            }
            Err(Failure::Clean(error)) => Err(AppendError::Full { source: error.into() }),
            Err(Failure::Final(error)) => {
                self.poisoned = true;
                Err(AppendError::Poisoned { source: Some(error.into()) })
            }
        }
    }

    /// Begins the next segment, unless the active one is empty.
    fn seal(&mut self) -> Result<(), SealError> {
        if self.poisoned {
            return Err(SealError { source: io::Error::other("the journal has failed").into() });
        }
        self.end_segment().map_err(|failure| match failure {
            Failure::Clean(error) => SealError { source: error.into() },
            Failure::Final(error) => {
                self.poisoned = true;
                SealError { source: error.into() }
            }
        })
    }

    /// Unlinks whole segments, the oldest first.
    fn trim(&mut self, before: GroupPosition) -> Result<(), TrimError> {
        // One at a time, durably: a gap between segments would be damage.
        while let Some(oldest) = self.needless(before) {
            self.unlink(&oldest).map_err(|error| TrimError { source: error.into() })?;
            self.reader.0.write().segments.remove(0);
        }
        Ok(())
    }

    fn reader(&self) -> Arc<dyn JournalRead + Send + Sync> {
        Arc::new(self.reader.clone())
    }
}

impl JournalRead for FileJournal {
    fn read(&self, from: GroupPosition) -> Result<StoredGroups, ReadError> {
        self.reader.read(from)
    }

    fn first(&self) -> GroupPosition {
        self.reader.first()
    }

    fn last(&self) -> GroupPosition {
        self.reader.last()
    }

    fn identity(&self) -> u128 {
        self.origin.journal
    }

    fn footprint(&self) -> Option<Footprint> {
        self.reader.footprint()
    }
}
