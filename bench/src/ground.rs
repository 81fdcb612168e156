//! Where everything that is started lives, and is removed from.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::contender::{Fallible, Site};

/// A directory for all runs. Removed at the end, unless it was given.
pub struct Ground {
    root: PathBuf,
    binary: PathBuf,
    _own: Option<TempDir>,
}

impl Ground {
    /// `root` must exist where it is given.
    pub fn new(root: Option<&Path>, binary: Option<&Path>) -> Fallible<Self> {
        let own = if root.is_none() { Some(TempDir::with_prefix("tripswitch-bench-")?) } else { None };
        let root = match (&own, root) {
            (Some(own), _) => own.path().to_owned(),
            (None, Some(root)) => root.canonicalize()?,
            (None, None) => return Err("there is no directory".into()),
        };
        // A server that runs as another user has to pass through.
        std::fs::set_permissions(&root, PermissionsExt::from_mode(0o711))?;
        let binary = binary.map_or_else(beside_this, Path::to_owned);
        let binary = binary.canonicalize().map_err(|error| format!("{}: {error}", binary.display()))?;
        let ground = Self { root, binary, _own: own };
        std::fs::create_dir_all(ground.processes())?;
        Ok(ground)
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Notes of what runs; see [`crate::process`].
    pub fn processes(&self) -> PathBuf {
        self.root.join("processes")
    }

    pub fn binary(&self) -> &Path {
        &self.binary
    }

    /// A fresh directory for one start; it goes with the first of the pair.
    pub fn site(&self, workspaces: usize) -> Fallible<(TempDir, Site)> {
        let directory = TempDir::with_prefix_in("run-", &self.root)?;
        std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o711))?;
        let site = Site {
            directory: directory.path().to_owned(),
            processes: self.processes(),
            binary: self.binary.clone(),
            workspaces,
        };
        Ok((directory, site))
    }
}

/// `tripswitch` in the directory of this program.
fn beside_this() -> PathBuf {
    let this = std::env::current_exe().unwrap_or_default();
    this.with_file_name("tripswitch")
}
