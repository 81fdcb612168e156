//! Where a data directory keeps what.

use std::path::{Path, PathBuf};

/// Where a data directory has its snapshots.
pub fn snapshots_in(data_dir: &Path) -> PathBuf {
    data_dir.join("snapshots")
}
