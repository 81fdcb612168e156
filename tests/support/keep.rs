//! What the tests' servers leave behind, kept for `scripts/check-secrets` where
//! `TRIPSWITCH_TEST_KEEP` names a directory for it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, io, process, thread};

use tempfile::TempDir;

/// Where to keep things, if anywhere.
pub fn place() -> Option<PathBuf> {
    env::var_os("TRIPSWITCH_TEST_KEEP").map(PathBuf::from)
}

/// A directory that goes with its test; what is in it then is kept where that was asked for.
#[derive(Debug)]
pub struct Kept(TempDir);

impl Kept {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory of its own"))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let Some(place) = place() else { return };
        let test = thread::current().name().unwrap_or("unnamed").replace("::", ".");
        let name = format!("{test}-{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        if let Err(error) = copy(self.path(), &place.join(name)) {
            // Nobody may believe that it was looked at.
            let _ = fs::write(place.join("NOT-KEPT"), error.to_string());
        }
    }
}

/// Files without their blocks of zeroes: segments are mostly that.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            copy(&entry.path(), &target)?;
        } else if kind.is_file() {
            let bytes = fs::read(entry.path())?;
            let blocks = bytes.chunks(512).filter(|block| block.iter().any(|byte| *byte != 0));
            fs::write(target, blocks.flatten().copied().collect::<Vec<_>>())?;
        }
    }
    Ok(())
}
