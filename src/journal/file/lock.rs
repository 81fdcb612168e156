//! One process per data directory (R9.6).
//!
//! Those who only read (restore, export, verify, status) refuse a directory that a server holds, too: a journal that
//! is copied while it is written has gaps.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use fs4::{FileExt, TryLockError};

use super::OpenError;
use crate::files;

/// In a data directory: the file that is locked.
pub const LOCK: &str = "lock";
/// In a data directory: there while the directory is filled, with what is not in its place yet.
pub const UNFINISHED: &str = "restoring";

/// In a directory's mode: users that are neither owner nor of the group may write; and they may not remove or rename
/// what is not theirs, as in a fresh tmpfs.
const OTHERS_WRITE: u32 = 0o002;
const STICKY: u32 = 0o1000;

/// Held while the data directory is open; released with the process at the latest.
#[derive(Debug)]
pub struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    /// Takes the lock, creating the lock file where there is none. [`OpenError::InUse`] when another
    /// process, or another part of this one, has it.
    pub fn acquire(data_dir: &Path) -> Result<Self, OpenError> {
        check_own(data_dir)?;
        let path = data_dir.join(LOCK);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(OpenError::io(&path))?;
        files::hand_over(&path);
        judge(FileExt::try_lock(&file), data_dir)?;
        check_whole(data_dir)?;
        // For a person who looks into the file; nothing depends on it.
        let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self { _file: file })
    }

    /// Takes the lock, shared with others that only read, without changing anything; `None` where
    /// there is no lock file, which means that no process has opened this directory.
    pub fn acquire_read_only(data_dir: &Path) -> Result<Option<Self>, OpenError> {
        let path = data_dir.join(LOCK);
        let lock = match File::open(&path) {
            Ok(file) => {
                judge(FileExt::try_lock_shared(&file), data_dir)?;
                Some(Self { _file: file })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(OpenError::io(&path)(error)),
        };
        check_whole(data_dir)?;
        Ok(lock)
    }
}

/// Refuses a directory that is not filled yet ([`UNFINISHED`]); one that is being filled is locked besides.
pub fn check_whole(data_dir: &Path) -> Result<(), OpenError> {
    match data_dir.join(UNFINISHED).try_exists() {
        Ok(false) => Ok(()),
        Ok(true) => Err(OpenError::Unfinished { path: data_dir.to_path_buf() }),
        Err(error) => Err(OpenError::io(data_dir)(error)),
    }
}

/// A lock that leads elsewhere would let two processes write, and what others may write is not what was written.
fn check_own(data_dir: &Path) -> Result<(), OpenError> {
    let refuse = |path: PathBuf, what| Err(OpenError::Unsafe { path, what });
    let lock = data_dir.join(LOCK);
    if fs::symlink_metadata(&lock).is_ok_and(|found| found.is_symlink()) {
        return refuse(lock, "is a link, so this may be locked elsewhere; remove it");
    }
    for path in ["", "journal", "snapshots"].map(|part| data_dir.join(part)) {
        // What is not there is made, for nobody else.
        if fs::metadata(&path).is_ok_and(|found| found.permissions().mode() & (OTHERS_WRITE | STICKY) == OTHERS_WRITE) {
            return refuse(path, "every user may write here; take that away with `chmod o-w`");
        }
    }
    Ok(())
}

fn judge(taken: Result<(), TryLockError>, data_dir: &Path) -> Result<(), OpenError> {
    match taken {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: data_dir.to_path_buf() }),
        Err(TryLockError::Error(error)) => Err(OpenError::io(data_dir)(error)),
    }
}
