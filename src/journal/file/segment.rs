//! Segment files: names, and how they come into being.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::disk::{Disk, DiskFile};
use super::format::{self, BLOCK, Header, Kind};

const SUFFIX: &str = "segment";
const TORN: &str = "torn";
const ZEROES: &[u8] = &[0; 1 << 20];

/// Which journal a segment belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub journal: u128,
}

/// A segment that is open for writing.
#[derive(Clone, Debug)]
pub(super) struct SegmentFile {
    pub number: u64,
    pub path: PathBuf,
    pub file: Arc<dyn DiskFile>,
    pub length: u64,
}

/// Why there is no new segment, or no larger one.
#[derive(Debug)]
pub(super) enum CreateError {
    /// Nothing is left of it; another attempt may work.
    Unable(io::Error),
    /// What was done may or may not be durable: final (I7).
    NotSynced(io::Error),
}

pub(super) fn path(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("{number:020}.{SUFFIX}"))
}

/// What a journal's directory holds.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// By number.
    pub segments: Vec<(u64, PathBuf)>,
    /// Leftovers of segments that were not finished.
    pub unfinished: Vec<PathBuf>,
    /// What was cut from the tail, with the segment that had the last group then. By name.
    pub torn: Vec<(u64, PathBuf)>,
}

/// The name under which what was cut behind the last group of segment `tail` is kept: bytes of
/// `segment`, that one or the next, from `offset` on. `attempt` counts from 1.
pub(super) fn torn_name(tail: u64, segment: u64, offset: u64, attempt: u32) -> String {
    let of = if segment == tail { String::new() } else { format!("-of-{segment}") };
    let again = if attempt == 1 { String::new() } else { format!("-{attempt}") };
    format!("{TORN}-{tail}-{offset}{of}{again}.bin")
}

/// The segment in the name of something kept aside.
fn torn_behind(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?.strip_suffix(".bin")?;
    name.strip_prefix(TORN)?.strip_prefix('-')?.split('-').next()?.parse().ok()
}

pub(super) fn list(directory: &Path) -> io::Result<Listing> {
    let mut listing = Listing::default();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        listing.torn.extend(torn_behind(&path).map(|tail| (tail, path.clone())));
        let number = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse::<u64>().ok());
        match (number, path.extension().and_then(|extension| extension.to_str())) {
            (Some(number), Some(SUFFIX)) => listing.segments.push((number, path)),
            (Some(_), Some("tmp")) => listing.unfinished.push(path),
            _ => {}
        }
    }
    listing.segments.sort_unstable();
    listing.torn.sort_unstable_by(|a, b| a.1.cmp(&b.1));
    Ok(listing)
}

/// Creates segment `number` of `length` bytes, zeroed and durable, its name too. It appears under
/// its name only when it is whole.
pub(super) fn create(
    disk: &dyn Disk,
    directory: &Path,
    origin: Origin,
    number: u64,
    length: u64,
) -> Result<SegmentFile, CreateError> {
    let path = path(directory, number);
    let unfinished = path.with_extension("tmp");
    let written = (|| {
        let file = disk.open(&unfinished, true)?;
        file.reserve(length)?;
        let mut block = Vec::with_capacity(BLOCK as usize);
        let header = Header { partition: format::PARTITION, number, previous: 0, journal: origin.journal };
        format::encode(Kind::Segment, header, &[], &mut block);
        block.resize(BLOCK as usize, 0);
        file.write_all_at(&block, 0)?;
        write_zeroes(&*file, BLOCK, length)?;
        file.sync()?;
        disk.rename(&unfinished, &path)?;
        Ok(file)
    })();
    match written {
        Ok(file) => match disk.sync_directory(directory) {
            Ok(()) => Ok(SegmentFile { number, path, file, length }),
            Err(error) => Err(CreateError::NotSynced(error)),
        },
        Err(error) => {
            // If this fails too, the next opening removes it.
            let _ = disk.remove(&unfinished);
            Err(CreateError::Unable(error))
        }
    }
}

impl SegmentFile {
    /// Makes the segment at least `length` long.
    pub(super) fn grow(&mut self, length: u64) -> Result<(), CreateError> {
        if length <= self.length {
            return Ok(());
        }
        let written = self.file.reserve(length).and_then(|()| write_zeroes(&*self.file, self.length, length));
        if let Err(error) = written {
            // If it cannot be shortened again, it holds zeroes: no harm done.
            let _ = self.file.set_len(self.length);
            return Err(CreateError::Unable(error));
        }
        self.file.sync().map_err(CreateError::NotSynced)?;
        self.length = length;
        Ok(())
    }
}

/// Writes zeroes from `from` to `to`.
pub(super) fn write_zeroes(file: &dyn DiskFile, from: u64, to: u64) -> io::Result<()> {
    let mut at = from;
    while at < to {
        let count = usize::try_from(to - at).unwrap_or(usize::MAX).min(ZEROES.len());
        file.write_all_at(&ZEROES[..count], at)?;
        at += count as u64;
    }
    Ok(())
}
