//! A new data directory.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::clock::Clock;
use crate::domain::ids::Id;
use crate::domain::system::SystemRecord;
use crate::domain::time::Millis;
use crate::erasures::{ErasureList, write_list};
use crate::ids::Ids;
use crate::journal::GroupPosition;
use crate::recovery::save::{Moment, SaveProgress, save};
use crate::snapshot::{JournalId, Manifest};
use crate::storage::{FileOptions, Lock, Storage};

use super::{Found, RestoreError};

/// What to do with a target that is not empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replace {
    Refuse,
    /// It is kept beside the new one under another name.
    SetAside,
}

/// A directory that was made.
#[derive(Debug)]
pub struct Written {
    pub manifest: Manifest,
    pub incarnation: Id,
    /// Where the directory is that was there before.
    pub replaced: Option<PathBuf>,
}

/// Refuses a target that is in use, or not empty unless it is to be replaced. Changes nothing.
pub fn check_target(target: &Path, replace: Replace) -> Result<(), RestoreError> {
    let is_empty = match fs::read_dir(target) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(source) => return Err(RestoreError::Io { path: target.into(), source }),
    };
    if is_empty {
        return Ok(());
    }
    drop(Lock::shared(target)?);
    match replace {
        Replace::Refuse => Err(RestoreError::NotEmpty(target.into())),
        Replace::SetAside => Ok(()),
    }
}

/// What a new directory takes over beside the state.
#[derive(Debug, Default)]
pub struct Carried {
    /// A file `secret`, where there is one (R4.8).
    pub secret: Option<PathBuf>,
    /// The kept list of erasures.
    pub erasures: ErasureList,
}

/// Makes `target` with this state.
pub fn write(
    target: &Path,
    found: Found,
    carried: &Carried,
    replace: Replace,
    clock: &dyn Clock,
    ids: &dyn Ids,
    progress: &SaveProgress,
) -> Result<Written, RestoreError> {
    check_target(target, replace)?;
    let making = sibling(target, "restoring");
    let io = |path: &Path| {
        let path = path.to_path_buf();
        move |source| RestoreError::Io { path, source }
    };
    if making.exists() {
        fs::remove_dir_all(&making).map_err(io(&making))?;
    }
    let (manifest, incarnation) = fill(&making, found, clock, ids, progress)?;
    if let Some(secret) = &carried.secret {
        let copy = making.join("secret");
        // Its rights go with it: it is its owner's alone.
        fs::copy(secret, &copy).and_then(|_| File::open(&copy)?.sync_all()).map_err(io(secret))?;
    }
    if carried.erasures != ErasureList::default() {
        write_list(&making, &carried.erasures)?;
    }
    sync_directory(&making).map_err(io(&making))?;
    let replaced = set_aside(target, replace).map_err(io(target))?;
    fs::rename(&making, target).map_err(io(target))?;
    sync_directory(parent(target)).map_err(io(target))?;
    Ok(Written { manifest, incarnation, replaced })
}

/// The journal that begins here has nothing yet: its first group will stand behind the snapshot.
fn fill(
    making: &Path,
    found: Found,
    clock: &dyn Clock,
    ids: &dyn Ids,
    progress: &SaveProgress,
) -> Result<(Manifest, Id), RestoreError> {
    let Storage { journal, snapshots, .. } = Storage::open(making, &FileOptions::default(), ids)?.with_snapshots()?;
    let Found { mut system, workspaces, last_receipt, .. } = found;
    let (incarnation, seq) = (Id::from(ids.uuid()), system.applied() + 1);
    let first = SystemRecord::Initialised { incarnation, identity_key: ids.secret() };
    let receipt = last_receipt.unwrap_or(Millis::MIN).max(clock.now());
    // The table takes any such record.
    system.advance(seq);
    let _done = system.apply(&first, receipt);
    let cuts = workspaces.into_iter().map(|mut workspace| workspace.cut()).collect();
    let moment = Moment {
        created_at: clock.now(),
        journal: JournalId(journal.identity()),
        position: GroupPosition::ZERO,
        last_receipt,
        system,
        cuts,
    };
    Ok((save(&*snapshots, moment, clock, progress)?, incarnation))
}

/// Renames what is there.
fn set_aside(target: &Path, replace: Replace) -> io::Result<Option<PathBuf>> {
    let is_empty = match fs::read_dir(target) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if is_empty {
        fs::remove_dir(target)?;
        return Ok(None);
    }
    match replace {
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

fn parent(target: &Path) -> &Path {
    match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    }
}

fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
