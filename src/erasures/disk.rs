//! What the list asks of a disk: bytes behind those that are there, and another file in place of this one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::files;

/// Where the list lies in a data directory, and the name under which a new one is made.
pub(super) const FILE: &str = "erasures";
const MAKING: &str = "erasures.new";

/// A file that is written at its end, or replaced as a whole. Steps of their own, so that tests can fail each.
pub(super) trait Disk: Send {
    /// Cuts the file to `length` and writes `bytes` there; makes it where there is none.
    fn write_at(&mut self, length: u64, bytes: &[u8]) -> io::Result<()>;
    /// Content and name are on stable storage behind this.
    fn sync(&mut self) -> io::Result<()>;
    /// Writes another file beside this one.
    fn make(&mut self, bytes: &[u8]) -> io::Result<()>;
    fn sync_made(&mut self) -> io::Result<()>;
    /// Puts it in place of this one, durably.
    fn put_made(&mut self) -> io::Result<()>;
}

/// A file in a data directory.
#[derive(Debug)]
pub(super) struct RealDisk {
    directory: PathBuf,
    /// Opened by the first write.
    file: Option<File>,
    made: Option<File>,
    /// The directory has been synced since it was opened, so the file's name is durable.
    linked: bool,
}

impl RealDisk {
    pub fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), file: None, made: None, linked: false }
    }

    /// What is there; nothing where there is no file. What a crash has left of a new one is no part of the list.
    pub fn read(&self) -> io::Result<Vec<u8>> {
        match fs::read(self.directory.join(FILE)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            read => read,
        }
    }

    fn link(&mut self) -> io::Result<()> {
        files::sync_directory(&self.directory)?;
        self.linked = true;
        Ok(())
    }
}

impl Disk for RealDisk {
    fn write_at(&mut self, length: u64, bytes: &[u8]) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(open(&self.directory.join(FILE), false)?),
        };
        file.set_len(length)?;
        file.seek(SeekFrom::Start(length))?;
        file.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        if let Some(file) = &self.file {
            file.sync_all()?;
        }
        if self.linked { Ok(()) } else { self.link() }
    }

    fn make(&mut self, bytes: &[u8]) -> io::Result<()> {
        let made = self.made.insert(open(&self.directory.join(MAKING), true)?);
        made.write_all(bytes)
    }

    fn sync_made(&mut self) -> io::Result<()> {
        self.made.as_ref().map_or(Ok(()), File::sync_all)
    }

    fn put_made(&mut self) -> io::Result<()> {
        fs::rename(self.directory.join(MAKING), self.directory.join(FILE))?;
        self.file = self.made.take();
        self.link()
    }
}

fn open(path: &Path, anew: bool) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(anew).mode(0o600).open(path)?;
    files::hand_over(path);
    Ok(file)
}
