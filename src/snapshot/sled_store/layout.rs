//! Names in the directory of snapshots, and the manifest's file.

use std::cmp::Reverse;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::files::{explained, hand_over, sync_directory};

use super::super::SnapshotNumber;
use super::super::manifest::{Manifest, ManifestError};
use super::files;

const MANIFEST: &str = "manifest.json";
const MANIFEST_TEMPORARY: &str = "manifest.tmp";

/// The largest manifest that is read: about a million sides.
const MAX_MANIFEST_BYTES: u64 = 512 << 20;

/// What a directory's name says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Whole,
    SetAside,
    Temporary,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) number: SnapshotNumber,
    pub(super) path: PathBuf,
    pub(super) kind: Kind,
}

/// Where a snapshot is.
pub(super) fn whole(root: &Path, number: SnapshotNumber) -> PathBuf {
    root.join(format!("{:010}", number.0))
}

/// Where it is while it is written or removed.
pub(super) fn temporary(root: &Path, number: SnapshotNumber) -> PathBuf {
    root.join(format!("{:010}.tmp", number.0))
}

/// The first unused place to put it aside.
pub(super) fn free_aside(root: &Path, number: SnapshotNumber) -> PathBuf {
    let mut path = root.join(format!("{:010}.bad", number.0));
    let mut next = 2;
    while path.exists() {
        path = root.join(format!("{:010}.bad-{next}", number.0));
        next += 1;
    }
    path
}

fn parse(name: &str) -> Option<(SnapshotNumber, Kind)> {
    let (digits, rest) = name.split_once('.').map_or((name, None), |(digits, rest)| (digits, Some(rest)));
    let number = digits.parse().ok().filter(|number: &u64| format!("{number:010}") == digits)?;
    let kind = match rest {
        None => Kind::Whole,
        Some("tmp") => Kind::Temporary,
        Some("bad") => Kind::SetAside,
        Some(rest) => rest.strip_prefix("bad-")?.parse::<u64>().ok().map(|_| Kind::SetAside)?,
    };
    Some((SnapshotNumber(number), kind))
}

/// All that looks like a snapshot, newest first; nothing where there is no directory.
pub(super) fn scan(root: &Path) -> io::Result<Vec<Entry>> {
    let directory = match fs::read_dir(root) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
        other => other?,
    };
    let mut entries = Vec::new();
    for entry in directory {
        let entry = entry?;
        if let Some((number, kind)) = entry.file_name().to_str().and_then(parse) {
            entries.push(Entry { number, path: entry.path(), kind });
        }
    }
    entries.sort_unstable_by(|a, b| (Reverse(a.number), a.kind, &a.path).cmp(&(Reverse(b.number), b.kind, &b.path)));
    Ok(entries)
}

/// The manifest in a snapshot's directory.
pub(super) fn read_manifest(directory: &Path, number: SnapshotNumber) -> Result<Manifest, ManifestError> {
    let mut bytes = Vec::new();
    let path = directory.join(MANIFEST);
    match File::open(&path).and_then(|file| file.take(MAX_MANIFEST_BYTES).read_to_end(&mut bytes)) {
        Ok(_) => Manifest::decode(number, &bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(ManifestError::Missing),
        Err(error) if super::super::is_environment(&error) => Err(ManifestError::Io(explained(&path, error))),
        Err(error) => Err(ManifestError::Damaged(format!("could not be read: {error}"))),
    }
}

/// Writes it so that it is whole or absent, and durable, and with it all names in the directory.
pub(super) fn write_manifest(directory: &Path, manifest: &Manifest) -> io::Result<()> {
    let temporary = directory.join(MANIFEST_TEMPORARY);
    fs::write(&temporary, manifest.encode())?;
    hand_over(&temporary);
    files::sync_file(&temporary)?;
    fs::rename(&temporary, directory.join(MANIFEST))?;
    sync_directory(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_snapshots_and_of_nothing_else_are_read() {
        let n = SnapshotNumber;
        assert_eq!(parse("0000000012"), Some((n(12), Kind::Whole)));
        assert_eq!(parse("12345678901"), Some((n(12_345_678_901), Kind::Whole)));
        assert_eq!(parse("0000000012.tmp"), Some((n(12), Kind::Temporary)));
        assert_eq!(parse("0000000012.bad"), Some((n(12), Kind::SetAside)));
        assert_eq!(parse("0000000012.bad-3"), Some((n(12), Kind::SetAside)));
        for name in ["12", "00000000012", "+000000012", "0000000012.", "0000000012.bad-", "0000000012.old", "README.md"]
        {
            assert_eq!(parse(name), None, "{name}");
        }
    }
}
