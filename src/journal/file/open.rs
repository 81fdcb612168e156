//! Opening a journal for writing: check everything, cut a torn tail, make the last group durable.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::files::{self, parent};
use crate::ids::Ids;

use super::append::FileJournal;
use super::disk::Disk;
#[cfg(not(feature = "faults"))]
use super::disk::RealDisk;
use super::lock::DirectoryLock;
use super::read::{Index, Indexed};
use super::scan::{self, Scan, ScannedSegment, scan};
use super::segment::{self, CreateError, Origin, SegmentFile, write_zeroes};
use super::{OpenError, directory};

pub(super) const MIB: u64 = 1 << 20;

/// How the file journal lays out its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileOptions {
    /// Size of a segment, 1 to 1,024 MiB. A group that is larger than a segment gets a larger one.
    pub segment_bytes: u64,
}

impl Default for FileOptions {
    fn default() -> Self {
        Self { segment_bytes: 64 * MIB }
    }
}

impl FileOptions {
    fn check(&self) -> Result<(), OpenError> {
        if (MIB..=1_024 * MIB).contains(&self.segment_bytes) && self.segment_bytes.is_multiple_of(MIB) {
            return Ok(());
        }
        Err(OpenError::SegmentSize { bytes: self.segment_bytes })
    }
}

/// A journal that was opened, and what was found.
#[derive(Debug)]
pub struct Opened {
    pub journal: FileJournal,
    /// Where the remains of a write that did not finish were put aside; empty when there were none.
    pub torn: Vec<PathBuf>,
}

impl FileJournal {
    /// Opens the journal of `data_dir`, creating both where there is none, and locks the directory.
    ///
    /// Reads every group. Damage is refused with file and offset; a torn tail is cut, and kept
    /// beside the segments.
    pub fn open(data_dir: &Path, options: &FileOptions, ids: &dyn Ids) -> Result<Opened, OpenError> {
        #[cfg(feature = "faults")]
        let disk = super::lies::LyingDisk::selected();
        #[cfg(not(feature = "faults"))]
        let disk = RealDisk;
        Self::open_on(Arc::new(disk), data_dir, options, ids)
    }

    pub(super) fn open_on(
        disk: Arc<dyn Disk>,
        data_dir: &Path,
        options: &FileOptions,
        ids: &dyn Ids,
    ) -> Result<Opened, OpenError> {
        options.check()?;
        let journal_dir = directory(data_dir);
        // Of a link to nothing, what it leads to is made.
        let made = files::target(data_dir).and_then(|target| make_directory(&*disk, &target));
        made.map_err(OpenError::io(data_dir))?;
        let lock = DirectoryLock::acquire(data_dir)?;
        if !journal_dir.is_dir() {
            fs::create_dir(&journal_dir).map_err(OpenError::io(&journal_dir))?;
            files::hand_over(&journal_dir);
        }
        disk.sync_directory(data_dir).map_err(OpenError::io(data_dir))?;
        let listing = segment::list(&journal_dir).map_err(OpenError::io(&journal_dir))?;
        for path in listing.unfinished {
            disk.remove(&path).map_err(OpenError::io(&path))?;
        }
        let scan = scan(&journal_dir, &mut |_, _| {})?;
        let torn = cut(&*disk, &journal_dir, &scan)?;
        if scan.origin.is_none() {
            // The directory may have been made by a process that died before this sync, or by an operator.
            sync_parent(&*disk, data_dir).map_err(OpenError::io(data_dir))?;
        }
        let (origin, active, spare) = writable(&*disk, &journal_dir, options, ids, &scan)?;
        let segments = index(&scan, &active);
        let index = Index { origin, segments, last: scan.last };
        let end = if scan.segments.is_empty() { super::format::BLOCK } else { scan.tail.1 };
        let journal = FileJournal::new(disk, lock, journal_dir, options, index, active, spare, end, scan.last_checksum);
        Ok(Opened { journal, torn })
    }
}

/// Makes a directory and those it lies in, where they are missing, and their names durable. Each belongs to the owner
/// of the one that it lies in.
fn make_directory(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = parent(path);
    make_directory(disk, parent)?;
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
        result => result?,
    }
    files::hand_over(path);
    disk.sync_directory(parent)
}

/// Makes the name of a directory durable that was there already. Where its parent may not be read, whoever created
/// the directory has to have done so.
fn sync_parent(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    match disk.sync_directory(parent(path)) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        result => result,
    }
}

/// Opens the segment with the tail and the empty one behind it, or creates the first segment.
fn writable(
    disk: &dyn Disk,
    journal_dir: &Path,
    options: &FileOptions,
    ids: &dyn Ids,
    scan: &Scan,
) -> Result<(Origin, SegmentFile, Vec<SegmentFile>), OpenError> {
    let Some(origin) = scan.origin else {
        let origin = Origin { journal: ids.uuid().as_u128() };
        let created = segment::create(disk, journal_dir, origin, 1, options.segment_bytes);
        return match created {
            Ok(first) => Ok((origin, first, Vec::new())),
            Err(CreateError::Unable(error) | CreateError::NotSynced(error)) => Err(OpenError::io(journal_dir)(error)),
        };
    };
    let mut files = Vec::new();
    for found in &scan.segments[scan.tail.0..] {
        let file = disk.open(&found.path, false).map_err(OpenError::io(&found.path))?;
        files.push(SegmentFile { number: found.number, path: found.path.clone(), file, length: found.length });
    }
    let active = files.remove(0);
    // A process that died between write and sync, or whose sync failed, leaves a group that only the page cache has,
    // perhaps marked as clean. So it is written again, which makes it dirty, and then synced.
    if let Some((segment, offset, span)) = scan.last_place {
        debug_assert_eq!(segment, scan.tail.0, "the tail lies right behind the last group");
        // A segment that was cut within the last group's padding is not longer than this.
        let length = span.min(active.length - offset);
        let again = scan::read_extent(&active.path, offset, length).and_then(|bytes| {
            active.file.write_all_at(&bytes, offset)?;
            active.file.sync()
        });
        again.map_err(OpenError::io(&active.path))?;
    }
    disk.sync_directory(journal_dir).map_err(OpenError::io(journal_dir))?;
    Ok((origin, active, files))
}

fn index(scan: &Scan, active: &SegmentFile) -> Vec<Indexed> {
    if scan.segments.is_empty() {
        return vec![Indexed { number: active.number, path: active.path.clone(), first_group: None }];
    }
    index_upto_tail(scan)
}

/// The segments that hold groups, and the one with the tail. There must be one.
pub(super) fn index_upto_tail(scan: &Scan) -> Vec<Indexed> {
    let upto_tail = scan.segments[..=scan.tail.0].iter();
    let indexed = |found: &ScannedSegment| Indexed {
        number: found.number,
        path: found.path.clone(),
        first_group: found.first_group,
    };
    upto_tail.map(indexed).collect()
}

/// Puts the torn extents aside, durably, and only then zeroes them.
fn cut(disk: &dyn Disk, journal_dir: &Path, scan: &Scan) -> Result<Vec<PathBuf>, OpenError> {
    let mut kept = Vec::new();
    for extent in &scan.torn {
        let torn = &scan.segments[extent.segment];
        let io = || OpenError::io(&torn.path);
        let bytes = scan::read_extent(&torn.path, extent.offset, extent.length).map_err(io())?;
        let name = |attempt| segment::torn_name(scan.segments[scan.tail.0].number, torn.number, extent.offset, attempt);
        let path = keep_aside(disk, journal_dir, name, &bytes).map_err(OpenError::io(journal_dir))?;
        disk.sync_directory(journal_dir).map_err(OpenError::io(journal_dir))?;
        let file = disk.open(&torn.path, false).map_err(io())?;
        write_zeroes(&*file, extent.offset, extent.offset + extent.length).map_err(io())?;
        file.sync().map_err(io())?;
        kept.push(path);
    }
    Ok(kept)
}

/// Never overwrites what an earlier cut, perhaps one that was interrupted, has kept.
fn keep_aside(disk: &dyn Disk, journal_dir: &Path, name: impl Fn(u32) -> String, bytes: &[u8]) -> io::Result<PathBuf> {
    let mut attempt = 1;
    while journal_dir.join(name(attempt)).try_exists()? {
        attempt += 1;
    }
    let path = journal_dir.join(name(attempt));
    let file = disk.open(&path, true)?;
    file.write_all_at(bytes, 0)?;
    file.sync()?;
    Ok(path)
}
