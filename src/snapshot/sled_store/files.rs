//! Making files durable, and hashing them as they lie on disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::files::sync_directory;

use super::super::content::Digest;
use super::super::manifest::PartFiles;

const BUFFER_BYTES: usize = 256 << 10;

/// sled's log inside a part.
const LOG: &str = "db";

/// The longest run of zeroes in it that is looked at: sled looks at every segment.
const MAX_TAIL_BYTES: u64 = 1 << 30;

/// Makes a file durable; not its name.
pub(super) fn sync_file(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Makes everything in a part durable: each file, then the directories from the inside out.
pub(super) fn sync_part(directory: &Path) -> io::Result<()> {
    let mut directories = Vec::new();
    for (_, path) in walk(directory, &mut directories)? {
        sync_file(&path)?;
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
///
/// Zeroes at the end of sled's log do not count. Whenever it opens a database with free segments at the
/// end, sled cuts them off on one thread and overwrites them with zeroes on another
/// (`SegmentAccountant::initialize_from_snapshot`), so there may be any number of them afterwards; to
/// sled they are free space.
pub(super) fn sum_part(directory: &Path) -> io::Result<PartFiles> {
    let (mut hasher, mut buffer) = (blake3::Hasher::new(), vec![0; BUFFER_BYTES]);
    let (mut count, mut bytes) = (0, 0);
    for (name, path) in walk(directory, &mut Vec::new())? {
        let (length, digest) = sum_file(File::open(path)?, name == LOG, &mut buffer)?;
        hasher.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
        hasher.update(&length.to_le_bytes()).update(digest.as_bytes());
        (count, bytes) = (count + 1, bytes + length);
    }
    Ok(PartFiles { count, bytes, blake3: Digest::of(&hasher) })
}

/// Length and hash of what `file` holds, or of what it holds before the zeroes at its end.
fn sum_file(mut file: impl io::Read, without_tail: bool, buffer: &mut [u8]) -> io::Result<(u64, blake3::Hash)> {
    let (mut hasher, mut length, mut zeroes) = (blake3::Hasher::new(), 0, 0);
    loop {
        let read = file.read(buffer)?;
        if read == 0 {
            return Ok((length, hasher.finalize()));
        }
        let bytes = &buffer[..read];
        let end = if without_tail { bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1) } else { read };
        if end > 0 {
            io::copy(&mut io::repeat(0).take(zeroes), &mut hasher)?;
            hasher.update(&bytes[..end]);
            length += zeroes + end as u64;
            zeroes = 0;
        }
        zeroes += (read - end) as u64;
        if zeroes > MAX_TAIL_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it has too many zeroes in a row"));
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(bytes: &[u8], without_tail: bool, buffer: usize) -> (u64, blake3::Hash) {
        sum_file(bytes, without_tail, &mut vec![0; buffer]).unwrap()
    }

    #[test]
    fn zeroes_count_everywhere_but_at_the_end_of_the_log() {
        let good = [&[7_u8; 5][..], &[0; 40], &[9; 3]].concat();
        for buffer in [1, 3, 16, 100] {
            for tail in [0, 1, 7, 64] {
                let with = [&good[..], &vec![0; tail]].concat();
                assert_eq!(sum(&with, true, buffer), (48, blake3::hash(&good)), "{tail} zeroes, {buffer} at once");
                assert_eq!(sum(&with, false, buffer), (48 + tail as u64, blake3::hash(&with)));
            }
        }
        assert_eq!(sum(&[0; 9], true, 4), (0, blake3::hash(b"")));
    }
}
