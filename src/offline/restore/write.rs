//! A new data directory.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::clock::{Clock, check_wall};
use crate::domain::ids::Id;
use crate::domain::system::SystemRecord;
use crate::domain::time::Millis;
use crate::erasures::{ErasureList, write_list};
use crate::files::{self, is_mount_point};
use crate::ids::Ids;
use crate::journal::GroupPosition;
use crate::recovery::save::{Moment, SaveProgress, save};
use crate::snapshot::{JournalId, Manifest};
use crate::storage::{FileOptions, Lock, Storage, is_empty};

use super::site::Site;
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
    drop(Lock::shared(target)?);
    match is_empty(target) {
        Ok(true) => return Ok(()),
        Ok(false) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(RestoreError::io(target)(error)),
    }
    match replace {
        Replace::Refuse => Err(RestoreError::NotEmpty(target.into())),
        Replace::SetAside if is_mount_point(target) => Err(RestoreError::Mounted(target.into())),
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

/// Makes `target`, or what it leads to, with this state.
pub fn write(
    target: &Path,
    found: Found,
    carried: &Carried,
    replace: Replace,
    clock: &dyn Clock,
    ids: &dyn Ids,
    progress: &SaveProgress,
) -> Result<Written, RestoreError> {
    check_wall(clock.now())?;
    let target = files::target(target).map_err(RestoreError::io(target))?;
    check_target(&target, replace)?;
    let site = Site::prepare(&target)?;
    let made = fill(&site.making, found, clock, ids, progress).and_then(|made| {
        carry(&site.making, carried)?;
        Ok(made)
    });
    match made {
        Ok((manifest, incarnation)) => Ok(Written { manifest, incarnation, replaced: site.finish(replace)? }),
        Err(error) => {
            site.abandon();
            Err(error)
        }
    }
}

/// Puts the rest beside the state.
fn carry(making: &Path, carried: &Carried) -> Result<(), RestoreError> {
    if let Some(secret) = &carried.secret {
        let copy = making.join("secret");
        // Its rights go with it: it is its owner's alone.
        fs::copy(secret, &copy).map_err(RestoreError::io(secret))?;
        files::hand_over(&copy);
        File::open(&copy).and_then(|copy| copy.sync_all()).map_err(RestoreError::io(&copy))?;
    }
    if carried.erasures != ErasureList::default() {
        write_list(making, &carried.erasures)?;
    }
    files::sync_directory(making).map_err(RestoreError::io(making))
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
