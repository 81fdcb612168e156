//! A disk that lies, for the crash tests' negative controls, and one that notes what is durable, for tests
//! that cut the power.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use super::disk::{Disk, DiskFile, RealDisk};
use super::format::{Claim, Kind};
use crate::faults;

/// `TRIPSWITCH_FAULT=ack-before-sync`: a group counts as durable once it is written, and is made durable only
/// before the next one is written.
const LATE: &str = "ack-before-sync";

/// Of the real one.
#[derive(Debug, Default)]
pub(super) struct LyingDisk {
    /// [`LATE`].
    late: bool,
    /// `TRIPSWITCH_FAULT_SYNCED`: the directory whose file `synced` says `<segment file> <offset>`. Groups
    /// behind it may be lost.
    noted_in: Option<PathBuf>,
}

impl LyingDisk {
    /// As the environment wants it; honest where it wants nothing.
    pub(super) fn selected() -> Self {
        let noted_in = std::env::var_os("TRIPSWITCH_FAULT_SYNCED").map(Into::into);
        Self { late: faults::selected(LATE), noted_in }
    }
}

impl Disk for LyingDisk {
    fn open(&self, path: &Path, create: bool) -> io::Result<Arc<dyn DiskFile>> {
        let file = RealDisk.open(path, create)?;
        // A segment that is being made has another name than it will have.
        let segment = path.with_extension("segment").file_name().unwrap_or_default().to_string_lossy().into_owned();
        let noted_in = self.noted_in.clone();
        Ok(Arc::new(LyingFile { file, segment, late: self.late, noted_in, groups: Mutex::default() }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove(path)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        RealDisk.sync_directory(path)
    }
}

#[derive(Debug)]
struct LyingFile {
    file: Arc<dyn DiskFile>,
    segment: String,
    late: bool,
    noted_in: Option<PathBuf>,
    groups: Mutex<Groups>,
}

/// What a file has of groups.
#[derive(Debug, Default)]
struct Groups {
    /// Where the last one that was written ends; 0 for none.
    end: u64,
    /// Its sync was claimed, and not done.
    is_owed: bool,
}

impl LyingFile {
    /// A sync that was claimed is done.
    fn pay(&self, groups: &mut Groups) -> io::Result<()> {
        if std::mem::take(&mut groups.is_owed) { self.sync_and_note(groups.end) } else { Ok(()) }
    }

    fn sync_and_note(&self, end: u64) -> io::Result<()> {
        self.file.sync()?;
        let Some(directory) = self.noted_in.as_ref().filter(|_| end > 0) else { return Ok(()) };
        let fresh = directory.join("synced.tmp");
        fs::write(&fresh, format!("{} {end}\n", self.segment))?;
        fs::rename(&fresh, directory.join("synced"))
    }
}

impl DiskFile for LyingFile {
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut groups = self.groups.lock();
        self.pay(&mut groups)?;
        self.file.write_all_at(bytes, offset)?;
        if Claim::read(Kind::Group, bytes).is_some() {
            groups.end = offset + bytes.len() as u64;
        }
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut groups = self.groups.lock();
        if self.late && groups.end > 0 {
            groups.is_owed = true;
            return Ok(());
        }
        self.sync_and_note(groups.end)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.file.set_len(length)
    }

    fn reserve(&self, length: u64) -> io::Result<()> {
        self.file.reserve(length)
    }
}

impl Drop for LyingFile {
    fn drop(&mut self) {
        let mut groups = std::mem::take(self.groups.get_mut());
        if let Err(error) = self.pay(&mut groups) {
            tracing::error!(%error, "could not sync the journal");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{GroupPosition, Journal};
    use super::super::open::MIB;
    use super::super::{FileJournal, FileOptions};
    use super::*;
    use crate::ids::SeededIds;

    /// What is noted as durable behind each of two groups.
    fn noted(late: bool) -> [Option<String>; 2] {
        let root = tempfile::tempdir().unwrap();
        let disk = LyingDisk { late, noted_in: Some(root.path().to_owned()) };
        let (data, options) = (root.path().join("data"), FileOptions { segment_bytes: MIB });
        let mut journal = FileJournal::open_on(Arc::new(disk), &data, &options, &SeededIds::new(1)).unwrap().journal;
        [0, 1].map(|last| {
            journal.append(GroupPosition(last), b"group").unwrap();
            fs::read_to_string(root.path().join("synced")).ok()
        })
    }

    #[test]
    fn a_late_disk_acknowledges_what_is_not_durable() {
        let end = |offset: u64| Some(format!("{:020}.segment {offset}\n", 1));
        assert_eq!(noted(false), [end(1_024), end(1_536)]);
        assert_eq!(noted(true), [None, end(1_024)], "made durable before the next write");
    }
}
