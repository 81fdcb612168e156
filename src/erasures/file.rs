//! The list as a file: a line that names the format, then a line for each group of erasures that was written and
//! synced at once, a JSON array. So a write that did not finish is always the last line, however many erasures it had.

use std::collections::HashMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::domain::time::Millis;
use crate::files;

use super::disk::{Disk, FILE, RealDisk};
use super::{ErasureEntry, ErasureList};

const FORMAT: &str = "tripswitch erasures";
/// 1 had one erasure a line; it is read, and replaced before anything is added.
const VERSION: u32 = 2;
/// A list of fewer entries is never worth replacing.
pub(super) const FEW: usize = 256;

/// Why the list cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ErasuresError {
    #[error("cannot read or write {}: {source}", .path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{}: line {line} is damaged", .path.display())]
    Damaged { path: PathBuf, line: usize },
    #[error("{} has version {version} of its format, which this program does not know", .path.display())]
    UnknownVersion { path: PathBuf, version: u32 },
    /// A later append may work.
    #[error("The disk is full.")]
    Full,
    /// The workspace side has as many different erasures on the list as it may.
    #[error("The list of erasures has no room for more of this workspace.")]
    SideFull,
    /// A sync failed: what is on disk is not known until the next start (I7).
    #[error("The list of erasures cannot be written.")]
    Failed,
}

impl ErasuresError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source: files::explained(path, source) }
    }

    /// The same for another erasure of its group.
    pub(super) fn again(&self) -> Self {
        match self {
            Self::Io { path, source } => Self::Io { path: path.clone(), source: source.kind().into() },
            Self::Damaged { path, line } => Self::Damaged { path: path.clone(), line: *line },
            Self::UnknownVersion { path, version } => Self::UnknownVersion { path: path.clone(), version: *version },
            Self::Full => Self::Full,
            Self::SideFull => Self::SideFull,
            Self::Failed => Self::Failed,
        }
    }

    /// Of a write.
    fn writing(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::io(path)(source),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Header<'a> {
    format: &'a str,
    version: u32,
    /// What was erased before this may have left the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<Millis>,
}

/// The file of a list.
pub(super) struct ErasureFile {
    path: PathBuf,
    disk: Box<dyn Disk>,
    /// Length in bytes of the lines that are complete. What follows them is a write that did not finish; the next
    /// append cuts it off.
    length: u64,
    /// Something follows the complete lines.
    torn: bool,
    /// Entries in the file, those that are not needed any more among them.
    entries: usize,
    /// The file is of an older version, so nothing may be added to it.
    older: bool,
    failed: bool,
}

impl ErasureFile {
    /// Reads the list of the data directory `dir`; a file that is not there is an empty list.
    pub fn open(dir: &Path) -> Result<(Self, ErasureList), ErasuresError> {
        let (path, disk) = (dir.join(FILE), RealDisk::new(dir));
        let bytes = disk.read().map_err(ErasuresError::io(&path))?;
        let Read { list, length, entries, older } = parse(&path, &bytes)?;
        let torn = length < bytes.len();
        let file = Self { path, disk: Box::new(disk), length: length as u64, torn, entries, older, failed: false };
        Ok((file, list))
    }

    #[cfg(test)]
    pub fn on(disk: Box<dyn Disk>) -> Self {
        let path = FILE.into();
        Self { path, disk, length: 0, torn: false, entries: 0, older: false, failed: false }
    }

    pub const fn is_older(&self) -> bool {
        self.older
    }

    pub const fn is_torn(&self) -> bool {
        self.torn
    }

    /// Adds a group of entries with one write and one sync; all of them are on stable storage when this returns, or
    /// none is known to be. A file of an [older](Self::is_older) version has to be replaced before.
    pub fn append(&mut self, group: &[ErasureEntry]) -> Result<(), ErasuresError> {
        self.check()?;
        let mut bytes = Vec::new();
        if self.length == 0 {
            line(&mut bytes, &Header { format: FORMAT, version: VERSION, since: None });
        }
        let group = latest(group);
        line(&mut bytes, &group);
        self.disk.write_at(self.length, &bytes).map_err(ErasuresError::writing(&self.path))?;
        let synced = self.disk.sync();
        self.or_failed(synced)?;
        self.length += bytes.len() as u64;
        self.entries += group.len();
        self.torn = false;
        Ok(())
    }

    /// Whether more than half of what the file has is not needed, if `needed` entries are.
    pub fn is_worth_replacing(&self, needed: usize) -> bool {
        self.entries > FEW && self.entries > 2 * needed
    }

    pub const fn entries(&self) -> usize {
        self.entries
    }

    /// Replaces the file by one that has these entries, of a list that is complete since `since`. A crash at any
    /// instant leaves one of the two.
    pub fn replace(&mut self, needed: &[ErasureEntry], since: Option<Millis>) -> Result<(), ErasuresError> {
        self.check()?;
        let mut bytes = Vec::new();
        line(&mut bytes, &Header { format: FORMAT, version: VERSION, since });
        if !needed.is_empty() {
            line(&mut bytes, &needed);
        }
        self.disk.make(&bytes).map_err(ErasuresError::writing(&self.path))?;
        let put = self.disk.sync_made().and_then(|()| self.disk.put_made());
        self.or_failed(put)?;
        (self.length, self.entries) = (bytes.len() as u64, needed.len());
        (self.torn, self.older) = (false, false);
        Ok(())
    }

    fn check(&self) -> Result<(), ErasuresError> {
        if self.failed { Err(ErasuresError::Failed) } else { Ok(()) }
    }

    fn or_failed(&mut self, synced: io::Result<()>) -> Result<(), ErasuresError> {
        synced.map_err(|error| {
            tracing::error!(%error, "the list of erasures could not be synced: no more erasures until a restart");
            self.failed = true;
            ErasuresError::Failed
        })
    }
}

/// Of repeats the latest, in the order of the first.
fn latest(group: &[ErasureEntry]) -> Vec<ErasureEntry> {
    let (mut kept, mut places) = (Vec::<ErasureEntry>::with_capacity(group.len()), HashMap::new());
    for entry in group {
        let place = *places.entry((entry.side(), entry.kind, entry.hash)).or_insert(kept.len());
        match kept.get_mut(place) {
            Some(earlier) => earlier.at = entry.at.max(earlier.at),
            None => kept.push(*entry),
        }
    }
    kept
}

fn line(to: &mut Vec<u8>, value: &impl Serialize) {
    serde_json::to_writer(&mut *to, value).expect("plain values are JSON");
    to.push(b'\n');
}

/// What a file says.
struct Read {
    list: ErasureList,
    /// Of the complete lines.
    length: usize,
    entries: usize,
    older: bool,
}

/// An incomplete last line is allowed: each line is synced before the next is written, so only the last can be
/// incomplete, and its append never returned.
fn parse(path: &Path, bytes: &[u8]) -> Result<Read, ErasuresError> {
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    let mut read = Read { list: ErasureList::default(), length: 0, entries: 0, older: false };
    for (at, line) in lines.iter().enumerate() {
        let is_whole = line.ends_with(b"\n");
        let understood = match serde_json::from_slice::<Header<'_>>(line) {
            Ok(Header { format: FORMAT, version, .. }) if at == 0 && !(1..=VERSION).contains(&version) => {
                return Err(ErasuresError::UnknownVersion { path: path.to_owned(), version });
            }
            Ok(Header { format: FORMAT, version, since }) if at == 0 => {
                (read.list, read.older) = (ErasureList::complete_since(since), is_whole && version < VERSION);
                is_whole
            }
            Ok(_) | Err(_) if at == 0 => false,
            Ok(_) | Err(_) => is_whole && read.take(line),
        };
        if understood {
            read.length += line.len();
        } else if at + 1 < lines.len() {
            return Err(ErasuresError::Damaged { path: path.to_owned(), line: at + 1 });
        }
    }
    Ok(read)
}

impl Read {
    fn take(&mut self, line: &[u8]) -> bool {
        let group = match self.older {
            true => serde_json::from_slice(line).map(|entry| vec![entry]),
            false => serde_json::from_slice::<Vec<ErasureEntry>>(line),
        };
        let Ok(group) = group else { return false };
        self.entries += group.len();
        group.into_iter().for_each(|entry| self.list.insert(entry));
        true
    }
}

/// Reads a list that no server writes, whatever its name is.
pub fn read_list(file: &Path) -> Result<ErasureList, ErasuresError> {
    let bytes = fs::read(file).map_err(ErasuresError::io(file))?;
    parse(file, &bytes).map(|read| read.list)
}

/// Makes `list` the list of a data directory that no server holds.
pub fn write_list(dir: &Path, list: &ErasureList) -> Result<(), ErasuresError> {
    ErasureFile::open(dir)?.0.replace(&list.needed(), list.since())
}
