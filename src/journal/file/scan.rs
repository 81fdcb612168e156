//! Reads a whole journal and tells whole, torn and damaged apart (R9.4).
//!
//! Groups form one chain over all segments: each names its number and the checksum of the one
//! before. Where the chain stops, either nothing valid follows, which is the tail, clean or torn;
//! or something does, which is damage. Bytes between two links of the chain are padding: no group
//! can be missing there.

use std::io;
use std::path::{Path, PathBuf};

use super::super::GroupPosition;
use super::OpenError;
use super::format::{self, BLOCK, Checked, Claim, HEADER_BYTES, Kind, group_span};
use super::read::{Found, Window, is_zero};
use super::segment::{self, Origin};

/// A journal as it lies on disk.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// `None` while there is no segment.
    pub(super) origin: Option<Origin>,
    pub segments: Vec<ScannedSegment>,
    /// The last group of the chain; 0 for none.
    pub last: u64,
    pub(super) last_checksum: u32,
    /// Where the last group stands: index into `segments`, offset, bytes on disk.
    pub(super) last_place: Option<(usize, u64, u64)>,
    /// Where the next group goes: index into `segments`, and offset.
    pub(super) tail: (usize, u64),
    /// What follows the tail and is not zero.
    pub torn: Vec<TornExtent>,
}

/// One segment.
#[derive(Clone, Debug)]
pub(crate) struct ScannedSegment {
    pub number: u64,
    pub path: PathBuf,
    pub length: u64,
    /// Behind its last group.
    pub used: u64,
    pub first_group: Option<u64>,
    pub groups: u64,
}

/// Bytes behind the last group that are not zero: the remains of a write that did not finish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TornExtent {
    /// Index into the scan's segments.
    pub segment: usize,
    pub offset: u64,
    pub length: u64,
}

/// Reads everything and changes nothing. `each` sees every group of the chain, in order, with the
/// segment's index and the group's offset.
pub(crate) fn scan(directory: &Path, each: &mut dyn FnMut(GroupPosition, &[u8])) -> Result<Scan, OpenError> {
    let files = segment::list(directory).map_err(OpenError::io(directory))?.segments;
    let mut scan = Scan::default();
    let mut windows = Vec::with_capacity(files.len());
    for (number, path) in files {
        if let Some(before) = scan.segments.last()
            && before.number + 1 != number
        {
            let file = segment::path(directory, before.number + 1);
            return Err(OpenError::Damaged { file, offset: 0, what: "the segment is missing".into() });
        }
        let mut window = Window::open(&path).map_err(OpenError::io(&path))?;
        scan.origin = Some(read_segment_header(&mut window, &path, number, scan.origin)?);
        scan.segments.push(ScannedSegment {
            number,
            path,
            length: window.length,
            used: BLOCK,
            first_group: None,
            groups: 0,
        });
        windows.push(window);
    }
    if let Some(origin) = scan.origin {
        let mut walk = Walk { origin, windows, scan };
        walk.chain(each)?;
        walk.tail()?;
        scan = walk.scan;
    }
    Ok(scan)
}

fn read_segment_header(
    window: &mut Window,
    path: &Path,
    number: u64,
    expected: Option<Origin>,
) -> Result<Origin, OpenError> {
    let damaged = |what: &str| OpenError::Damaged { file: path.to_path_buf(), offset: 0, what: what.into() };
    if window.length < BLOCK {
        return Err(damaged("the segment has no header"));
    }
    let head = window.slice(0, HEADER_BYTES).map_err(OpenError::io(path))?;
    let checked = Claim::read(Kind::Segment, head).filter(|claim| claim.length == 0).map(|claim| claim.check(&[]));
    match checked {
        Some(Checked::Valid { header, .. }) => {
            let origin = Origin { journal: header.journal };
            if header.number != number {
                return Err(damaged("the segment's name does not fit its header"));
            }
            if expected.is_some_and(|expected| expected != origin) || header.partition != format::PARTITION {
                return Err(damaged("the segment belongs to another journal"));
            }
            Ok(origin)
        }
        Some(Checked::UnknownVersion(found)) => Err(unknown_version(path, 0, found)),
        Some(Checked::Bad) | None => Err(damaged("the segment's header is not valid")),
    }
}

fn unknown_version(path: &Path, offset: u64, found: u16) -> OpenError {
    OpenError::UnknownVersion { file: path.to_path_buf(), offset, found, known: format::VERSION }
}

struct Walk {
    origin: Origin,
    windows: Vec<Window>,
    scan: Scan,
}

impl Walk {
    /// Follows the chain as far as it goes.
    fn chain(&mut self, each: &mut dyn FnMut(GroupPosition, &[u8])) -> Result<(), OpenError> {
        self.scan.tail = (0, BLOCK);
        loop {
            let (segment, offset) = self.scan.tail;
            if self.link(segment, offset, each)? {
                continue;
            }
            // The chain may go on in the next segment, or in the one after it, if a group that needed a larger
            // segment left the next one empty. That happens to one segment at most.
            if segment + 1 == self.scan.segments.len() || !self.link(segment + 1, BLOCK, each)? {
                return Ok(());
            }
        }
    }

    /// Takes the group at a place if it is the chain's next.
    fn link(
        &mut self,
        segment: usize,
        offset: u64,
        each: &mut dyn FnMut(GroupPosition, &[u8]),
    ) -> Result<bool, OpenError> {
        let place = &mut self.scan.segments[segment];
        let found = self.windows[segment].group_at(self.origin, offset).map_err(OpenError::io(&place.path))?;
        match found {
            Found::Group { header, checksum, payload } => {
                // Groups before the first segment may have been trimmed; before segment 1 none were.
                let begins = self.scan.last == 0 && segment == 0;
                let follows = if begins && place.number > 1 {
                    header.number > 0
                } else {
                    header.number == self.scan.last + 1 && header.previous == self.scan.last_checksum
                };
                if !follows {
                    return Ok(false);
                }
                let span = group_span(payload.len());
                place.first_group.get_or_insert(header.number);
                place.groups += 1;
                place.used = offset + span;
                self.scan.last = header.number;
                self.scan.last_checksum = checksum;
                self.scan.last_place = Some((segment, offset, span));
                self.scan.tail = (segment, offset + span);
                each(GroupPosition(header.number), payload);
                Ok(true)
            }
            Found::UnknownVersion(found) => Err(unknown_version(&place.path, offset, found)),
            Found::Nothing | Found::Bad => Ok(false),
        }
    }

    /// Looks at every block behind the chain: a group there means that groups before it are gone.
    fn tail(&mut self) -> Result<(), OpenError> {
        let (first, from) = self.scan.tail;
        if self.scan.last == 0 && self.scan.segments[0].number > 1 {
            return Err(self.damaged("the first group is not valid, and those before it were trimmed"));
        }
        for segment in first..self.scan.segments.len() {
            let start = if segment == first { from } else { BLOCK };
            if let Some((offset, length)) = self.survey(segment, start)? {
                self.scan.torn.push(TornExtent { segment, offset, length });
            }
        }
        Ok(())
    }

    /// The extent from the first block from `start` on that is not zero to the last.
    fn survey(&mut self, segment: usize, start: u64) -> Result<Option<(u64, u64)>, OpenError> {
        let path = self.scan.segments[segment].path.clone();
        let length = self.windows[segment].length;
        let mut extent: Option<(u64, u64)> = None;
        let mut offset = start;
        while offset < length {
            let count = (length - offset).min(BLOCK);
            let block = self.windows[segment].slice(offset, count as usize).map_err(OpenError::io(&path))?;
            if !is_zero(block) {
                let from = extent.map_or(offset, |(from, _)| from);
                extent = Some((from, offset + count - from));
                match self.windows[segment].group_at(self.origin, offset).map_err(OpenError::io(&path))? {
                    Found::Group { header, .. } => {
                        let what = format!(
                            "group {} is not valid, but group {} follows in {} at byte {offset}",
                            self.scan.last + 1,
                            header.number,
                            path.display()
                        );
                        return Err(self.damaged(&what));
                    }
                    Found::UnknownVersion(found) => return Err(unknown_version(&path, offset, found)),
                    Found::Nothing | Found::Bad => {}
                }
            }
            offset += count;
        }
        Ok(extent)
    }

    fn damaged(&self, what: &str) -> OpenError {
        let (segment, offset) = self.scan.tail;
        OpenError::Damaged { file: self.scan.segments[segment].path.clone(), offset, what: what.into() }
    }
}

/// The bytes of an extent.
pub(super) fn read_extent(path: &Path, offset: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut window = Window::open(path)?;
    let count = usize::try_from(length).unwrap_or(usize::MAX);
    window.slice(offset, count).map(<[u8]>::to_vec)
}
