//! The list as a file: a line that names the format, then one JSON object a line, each synced before
//! the next.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::ErasureEntry;

const FILE: &str = "erasures";
const FORMAT: &str = "tripswitch erasures";
const VERSION: u32 = 1;

/// Why the list cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ErasuresError {
    #[error("cannot read or write {}", .path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{}: line {line} is damaged", .path.display())]
    Damaged { path: PathBuf, line: usize },
    #[error("{} has version {version} of its format, which this program does not know", .path.display())]
    UnknownVersion { path: PathBuf, version: u32 },
    /// A later append may work.
    #[error("The disk is full.")]
    Full,
    /// A sync failed: what is on disk is not known until the next start (I7).
    #[error("The list of erasures cannot be written.")]
    Failed,
}

impl ErasuresError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
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
}

/// The kept list of a data directory.
#[derive(Debug)]
pub struct Erasures {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    entries: Vec<ErasureEntry>,
    /// Length in bytes of the lines that are complete. What follows them is a write that did not finish; the next
    /// append cuts it off.
    length: u64,
    /// Something follows the complete lines.
    torn: bool,
    /// Opened by the first append.
    file: Option<File>,
    /// The directory has been synced since the list was read, so the file's name is durable.
    linked: bool,
    failed: bool,
}

impl Erasures {
    /// Reads the list of the data directory `dir`; a file that is not there is an empty list. Only for
    /// who holds the directory's lock.
    pub fn load(dir: &Path) -> Result<Self, ErasuresError> {
        let path = dir.join(FILE);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(ErasuresError::io(&path)(error)),
        };
        let (entries, length) = parse(&path, &bytes)?;
        let torn = length < bytes.len();
        let state = State { entries, length: length as u64, torn, file: None, linked: false, failed: false };
        Ok(Self { path, state: Mutex::new(state) })
    }

    /// The file ends in an incomplete line. Its append never returned, so nobody was told that it is there.
    pub fn is_torn(&self) -> bool {
        self.state.lock().torn
    }

    /// In the order in which they were asked for.
    pub fn entries(&self) -> Vec<ErasureEntry> {
        self.state.lock().entries.clone()
    }

    /// Adds an entry; it is on stable storage when this returns. Blocks.
    pub fn append(&self, entry: ErasureEntry) -> Result<(), ErasuresError> {
        let mut state = self.state.lock();
        if state.failed {
            return Err(ErasuresError::Failed);
        }
        let mut bytes = Vec::new();
        if state.length == 0 {
            line(&mut bytes, &Header { format: FORMAT, version: VERSION });
        }
        line(&mut bytes, &entry);
        let mut file = match state.file.take() {
            Some(file) => file,
            None => self.open()?,
        };
        let written = write_at(&mut file, state.length, &bytes).map_err(ErasuresError::writing(&self.path));
        let synced = written.is_ok().then(|| file.sync_all().and_then(|()| self.link(&mut state.linked)));
        state.file = Some(file);
        written?;
        if synced.is_some_and(|synced| synced.is_err()) {
            state.failed = true;
            return Err(ErasuresError::Failed);
        }
        state.length += bytes.len() as u64;
        state.torn = false;
        state.entries.push(entry);
        Ok(())
    }

    fn open(&self) -> Result<File, ErasuresError> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        options.open(&self.path).map_err(ErasuresError::writing(&self.path))
    }

    /// Makes the file's name durable, by syncing the directory once.
    fn link(&self, linked: &mut bool) -> io::Result<()> {
        if let (Some(dir), false) = (self.path.parent(), *linked) {
            File::open(dir)?.sync_all()?;
        }
        *linked = true;
        Ok(())
    }
}

/// Cuts the file to `length` and appends `bytes` there.
fn write_at(file: &mut File, length: u64, bytes: &[u8]) -> io::Result<()> {
    file.set_len(length)?;
    file.seek(SeekFrom::Start(length))?;
    file.write_all(bytes)
}

fn line(to: &mut Vec<u8>, value: &impl Serialize) {
    serde_json::to_writer(&mut *to, value).expect("plain values are JSON");
    to.push(b'\n');
}

/// The entries, and the length of the complete lines. An incomplete last line is allowed: each line is synced before
/// the next is written, so only the last can be incomplete, and its append never returned.
fn parse(path: &Path, bytes: &[u8]) -> Result<(Vec<ErasureEntry>, usize), ErasuresError> {
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    let (mut entries, mut length) = (Vec::new(), 0);
    for (at, line) in lines.iter().enumerate() {
        let whole = line.ends_with(b"\n");
        let read = match serde_json::from_slice::<Header<'_>>(line) {
            Ok(Header { format: FORMAT, version }) if at == 0 && version != VERSION => {
                return Err(ErasuresError::UnknownVersion { path: path.to_owned(), version });
            }
            Ok(Header { format: FORMAT, .. }) if at == 0 => whole,
            Ok(_) | Err(_) if at == 0 => false,
            Ok(_) | Err(_) => match serde_json::from_slice(line) {
                Ok(entry) if whole => {
                    entries.push(entry);
                    true
                }
                Ok(_) | Err(_) => false,
            },
        };
        if read {
            length += line.len();
        } else if at + 1 < lines.len() {
            return Err(ErasuresError::Damaged { path: path.to_owned(), line: at + 1 });
        }
    }
    Ok((entries, length))
}

#[cfg(test)]
impl Erasures {
    /// As after a sync that failed.
    pub(super) fn fail(&self) {
        self.state.lock().failed = true;
    }
}
