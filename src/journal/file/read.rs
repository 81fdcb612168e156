//! Reading segments: a buffered window on a file, and the iterator over groups.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::RwLock;

use super::super::{Footprint, GroupPosition, JournalRead, ReadError, StoredGroup, StoredGroups};
use super::format::{self, BLOCK, Checked, Claim, HEADER_BYTES, Header, Kind, group_span};
use super::segment::Origin;
use crate::files;

const WINDOW_BYTES: usize = 1 << 20;

/// A file through a buffer.
#[derive(Debug)]
pub(super) struct Window {
    file: File,
    pub length: u64,
    start: u64,
    bytes: Vec<u8>,
}

/// What stands at a block boundary.
#[derive(Debug)]
pub(super) enum Found<'a> {
    Group {
        header: Header,
        checksum: u32,
        payload: &'a [u8],
    },
    UnknownVersion(u16),
    /// A block of zeroes, or the end of the file.
    Nothing,
    Bad,
}

impl Window {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        Ok(Self { file, length, start: 0, bytes: Vec::new() })
    }

    /// `count` bytes from `offset`; they must lie within the file.
    pub(super) fn slice(&mut self, offset: u64, count: usize) -> io::Result<&[u8]> {
        let end = offset + count as u64;
        if offset < self.start || end > self.start + self.bytes.len() as u64 {
            let rest = usize::try_from(self.length.saturating_sub(offset)).unwrap_or(usize::MAX);
            if count > rest {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.bytes.resize(count.max(WINDOW_BYTES).min(rest), 0);
            // If the read fails, the buffer must not be taken for what was asked for.
            self.start = u64::MAX;
            let read = self.file.read_exact_at(&mut self.bytes, offset);
            if let Err(error) = read {
                self.bytes.clear();
                return Err(error);
            }
            self.start = offset;
        }
        let from = usize::try_from(offset - self.start).expect("within the buffer");
        Ok(&self.bytes[from..from + count])
    }

    /// Looks at the block at `offset` as a group of `origin`.
    pub(super) fn group_at(&mut self, origin: Origin, offset: u64) -> io::Result<Found<'_>> {
        if offset + BLOCK > self.length {
            return Ok(Found::Nothing);
        }
        let block = self.slice(offset, BLOCK as usize)?;
        let Some(claim) = Claim::read(Kind::Group, block) else {
            return Ok(if is_zero(block) { Found::Nothing } else { Found::Bad });
        };
        let body = offset + HEADER_BYTES as u64;
        if claim.length as u64 > self.length - body {
            return Ok(Found::Bad);
        }
        let payload = self.slice(body, claim.length)?;
        Ok(match claim.check(payload) {
            Checked::Valid { header, checksum }
                // So that there is a position after every group.
                if header.number < u64::MAX
                    && header.journal == origin.journal
                    && header.partition == format::PARTITION =>
            {
                Found::Group { header, checksum, payload }
            }
            Checked::Valid { .. } | Checked::Bad => Found::Bad,
            Checked::UnknownVersion(version) => Found::UnknownVersion(version),
        })
    }
}

pub(super) fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

/// What readers need to know; the writer keeps it up to date.
#[derive(Debug)]
pub(super) struct Index {
    pub origin: Origin,
    pub segments: Vec<Indexed>,
    pub last: u64,
}

/// A segment, and its first group if it has one.
#[derive(Clone, Debug)]
pub(super) struct Indexed {
    pub number: u64,
    pub path: PathBuf,
    pub first_group: Option<u64>,
}

impl Index {
    /// The oldest group that is kept.
    pub(super) fn first(&self) -> u64 {
        self.segments.iter().find_map(|segment| segment.first_group).unwrap_or(self.last + 1)
    }
}

/// The reading side, shared with the writer.
#[derive(Clone, Debug)]
pub(super) struct FileReader(pub Arc<RwLock<Index>>);

impl JournalRead for FileReader {
    fn read(&self, from: GroupPosition) -> Result<StoredGroups, ReadError> {
        let index = self.0.read();
        let from = from.0.max(1);
        let first = index.first();
        if from > index.last {
            return Ok(Box::new(std::iter::empty()));
        }
        if from < first {
            return Err(ReadError::Trimmed { first: GroupPosition(first) });
        }
        let with_groups = index.segments.iter().filter_map(|s| s.first_group.map(|first| (first, s.path.clone())));
        let mut segments: Vec<_> = with_groups.collect();
        let skipped = segments.partition_point(|(first, _)| *first <= from).saturating_sub(1);
        segments.drain(..skipped);
        let next = segments.first().map_or(from, |(first, _)| *first);
        Ok(Box::new(Groups {
            origin: index.origin,
            segments: segments.into_iter(),
            window: None,
            next,
            from,
            last: index.last,
        }))
    }

    fn first(&self) -> GroupPosition {
        GroupPosition(self.0.read().first())
    }

    fn last(&self) -> GroupPosition {
        GroupPosition(self.0.read().last)
    }

    fn identity(&self) -> u128 {
        self.0.read().origin.journal
    }

    fn footprint(&self) -> Option<Footprint> {
        let paths: Vec<_> = self.0.read().segments.iter().map(|segment| segment.path.clone()).collect();
        // A segment that was trimmed meanwhile takes no space.
        let bytes = paths.iter().filter_map(|path| path.metadata().ok()).map(|file| file.len()).sum();
        Some(Footprint { units: paths.len(), bytes })
    }
}

struct Groups {
    origin: Origin,
    segments: std::vec::IntoIter<(u64, PathBuf)>,
    window: Option<(Window, PathBuf, u64)>,
    /// The group that comes next in the file.
    next: u64,
    /// The first that was asked for.
    from: u64,
    last: u64,
}

impl Groups {
    /// The next group, or `None` for one before `from`.
    fn step(&mut self) -> Result<Option<StoredGroup>, ReadError> {
        let starts_segment = self.segments.as_slice().first().is_some_and(|(first, _)| *first == self.next);
        if starts_segment && let Some((_, path)) = self.segments.next() {
            let window = Window::open(&path).map_err(|error| self.unreadable(files::explained(&path, error)))?;
            self.window = Some((window, path, BLOCK));
        }
        let position = GroupPosition(self.next);
        let Some((window, path, offset)) = &mut self.window else {
            return Err(ReadError::Damaged { position, place: "its segment is missing".into() });
        };
        match window.group_at(self.origin, *offset) {
            Ok(Found::Group { header, payload, .. }) if header.number == self.next => {
                *offset += group_span(payload.len());
                let entry = (self.next >= self.from).then(|| StoredGroup { position, group: payload.to_vec() });
                self.next += 1;
                Ok(entry)
            }
            Ok(Found::Group { .. } | Found::UnknownVersion(_) | Found::Nothing | Found::Bad) => {
                Err(ReadError::Damaged { position, place: format!("{} at byte {offset}", path.display()) })
            }
            Err(error) => Err(ReadError::Storage { source: files::explained(path, error).into() }),
        }
    }

    /// A segment that is gone was trimmed after the call of `read`.
    fn unreadable(&self, error: io::Error) -> ReadError {
        match error.kind() {
            io::ErrorKind::NotFound => ReadError::Trimmed { first: GroupPosition(self.next + 1) },
            _ => ReadError::Storage { source: error.into() },
        }
    }
}

impl Iterator for Groups {
    type Item = Result<StoredGroup, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.next <= self.last {
            match self.step() {
                Ok(None) => {}
                Ok(Some(entry)) => return Some(Ok(entry)),
                Err(error) => {
                    self.last = 0;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}
