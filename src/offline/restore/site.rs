//! Where a directory is made until it is whole.
//!
//! **Beside** its place, if it can be renamed into it: then it is there whole or not at all. **Inside**, if it cannot:
//! a mount point (a volume of a container), a fresh file system with its `lost+found`, the working directory, or a
//! directory that lies in one in which this user makes nothing. Then everything is made in `restoring/`, moved up, and
//! `restoring/` removed at the end. As long as that is there, nobody opens the directory ([`OpenError::Unfinished`]).
//!
//! [`OpenError::Unfinished`]: crate::storage::OpenError::Unfinished

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use crate::faults::{FaultPoint, step};
use crate::files::{become_like, hand_over, is_mount_point, parent, sync_directory};
use crate::storage::{LOCK, Lock, UNFINISHED, is_empty};

use super::{Replace, RestoreError};

/// The place of a directory that is being made.
pub(super) struct Site {
    /// What becomes the directory.
    pub making: PathBuf,
    target: PathBuf,
    /// Of the target, where it is filled in its place.
    inside: Option<Lock>,
}

impl Site {
    /// `target` is the end of its links, and is not there, is empty, or is to be replaced.
    pub fn prepare(target: &Path) -> Result<Self, RestoreError> {
        let making = sibling(target, UNFINISHED);
        let site = Self { making, target: target.to_path_buf(), inside: None };
        let is_empty = match is_empty(target) {
            Ok(is_empty) => is_empty,
            // What is not there yet is made when it is opened.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                site.clear().map_err(RestoreError::io(&site.making))?;
                return Ok(site);
            }
            Err(error) => return Err(RestoreError::io(target)(error)),
        };
        let begun = match is_empty && cannot_be_replaced(target) {
            true => Err(io::ErrorKind::ResourceBusy.into()),
            false => fs::metadata(target).and_then(|found| site.begin(&found)),
        };
        match begun {
            Ok(()) => Ok(site),
            Err(_) if is_empty => Self::inside(target),
            Err(error) => Err(RestoreError::io(&site.making)(error)),
        }
    }

    /// The new directory has the owner and the rights of the one whose place it takes.
    fn begin(&self, like: &Metadata) -> io::Result<()> {
        self.clear()?;
        fs::create_dir(&self.making)?;
        become_like(&self.making, like)
    }

    fn inside(target: &Path) -> Result<Self, RestoreError> {
        let lock = Lock::exclusive(target)?;
        let making = target.join(UNFINISHED);
        let made = fs::create_dir(&making).and_then(|()| {
            hand_over(&making);
            sync_directory(target)
        });
        made.map_err(RestoreError::io(&making))?;
        Ok(Self { making, target: target.to_path_buf(), inside: Some(lock) })
    }

    /// Puts what was made in its place; answers where that is now which was there before.
    pub fn finish(self, replace: Replace) -> Result<Option<PathBuf>, RestoreError> {
        let Self { making, target, inside } = self;
        let io = || RestoreError::io(&target);
        if let Some(_lock) = inside {
            return move_up(&making, &target).map(|()| None).map_err(io());
        }
        let replaced = set_aside(&target, replace).map_err(io())?;
        fs::rename(&making, &target).and_then(|()| sync_directory(parent(&target))).map_err(io())?;
        Ok(replaced)
    }

    /// Leaves nothing of what was begun.
    pub fn abandon(self) {
        if let Err(cause) = self.clear() {
            tracing::debug!(%cause, path = %self.making.display(), "what was begun could not be removed");
        }
    }

    fn clear(&self) -> io::Result<()> {
        match fs::remove_dir_all(&self.making) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }
}

/// Of one that counts as empty: whether it has something all the same, something is mounted on it, or somebody stands
/// in it, who would stay behind in what was replaced.
fn cannot_be_replaced(target: &Path) -> bool {
    let here = std::env::current_dir().ok();
    let is_here = here.is_some() && fs::canonicalize(target).ok() == here;
    is_here || is_mount_point(target) || fs::read_dir(target).is_ok_and(|mut entries| entries.next().is_some())
}

/// The target has a lock of its own. All that is moved is durable before the directory counts as whole.
fn move_up(making: &Path, target: &Path) -> io::Result<()> {
    fs::remove_file(making.join(LOCK))?;
    let entries = fs::read_dir(making)?.collect::<io::Result<Vec<_>>>()?;
    for entry in entries {
        step(FaultPoint::Placed, || fs::rename(entry.path(), target.join(entry.file_name())))?;
    }
    sync_directory(making)?;
    sync_directory(target)?;
    fs::remove_dir(making)?;
    sync_directory(target)
}

/// Renames what is there, unless it is empty: then it can be renamed over.
fn set_aside(target: &Path, replace: Replace) -> io::Result<Option<PathBuf>> {
    let has_something = match fs::read_dir(target) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(error),
    };
    match replace {
        _ if !has_something => Ok(None),
        Replace::Refuse => Err(io::ErrorKind::DirectoryNotEmpty.into()),
        Replace::SetAside => {
            let names = (1..).map(|n| sibling(target, &format!("replaced-{n}")));
            let Some(free) = names.into_iter().find(|name| !name.exists()) else { return Ok(None) };
            fs::rename(target, &free)?;
            Ok(Some(free))
        }
    }
}

fn sibling(target: &Path, suffix: &str) -> PathBuf {
    let name = target.file_name().unwrap_or_else(|| "data".as_ref()).to_string_lossy();
    parent(target).join(format!("{name}.{suffix}"))
}
