//! Making files durable, and hashing them as they lie on disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::super::content::Digest;
use super::super::manifest::PartFiles;

const BUFFER_BYTES: usize = 256 << 10;

/// Makes the names in a directory durable.
pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Makes the name of `path` durable.
pub(super) fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if parent != Path::new("") => sync_directory(parent),
        Some(_) | None => sync_directory(Path::new(".")),
    }
}

/// Makes everything in a part durable: each file, then the directories from the inside out.
pub(super) fn sync_part(directory: &Path) -> io::Result<()> {
    let mut directories = Vec::new();
    for (_, path) in walk(directory, &mut directories)? {
        File::open(path)?.sync_all()?;
    }
    directories.iter().rev().try_for_each(|path| sync_directory(path))
}

/// Gives the space of all files back, of those too that somebody keeps open.
pub(super) fn empty_all(directory: &Path) -> io::Result<()> {
    for (_, path) in walk(directory, &mut Vec::new())? {
        OpenOptions::new().write(true).open(path)?.set_len(0)?;
    }
    Ok(())
}

/// Sums up the files of a part.
pub(super) fn sum_part(directory: &Path) -> io::Result<PartFiles> {
    let (mut hasher, mut buffer) = (blake3::Hasher::new(), vec![0; BUFFER_BYTES]);
    let (mut count, mut bytes) = (0, 0);
    for (name, path) in walk(directory, &mut Vec::new())? {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        hasher.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes()).update(&length.to_le_bytes());
        let mut left = length;
        while left > 0 {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            hasher.update(&buffer[..read]);
            left = left.saturating_sub(read as u64);
        }
        (count, bytes) = (count + 1, bytes + length);
    }
    Ok(PartFiles { count, bytes, blake3: Digest::of(&hasher) })
}

/// Names (from `root`, with slashes) and paths of all files, sorted by name. `directories` gets every
/// directory behind the one that it is in.
fn walk(root: &Path, directories: &mut Vec<PathBuf>) -> io::Result<Vec<(String, PathBuf)>> {
    let (mut found, mut waiting) = (Vec::new(), vec![(String::new(), root.to_path_buf())]);
    while let Some((prefix, directory)) = waiting.pop() {
        for entry in fs::read_dir(&directory)? {
            let entry = entry?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                waiting.push((format!("{name}/"), entry.path()));
            } else {
                found.push((name, entry.path()));
            }
        }
        directories.push(directory);
    }
    found.sort_unstable();
    Ok(found)
}
