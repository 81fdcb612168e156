//! The store in directories: the suite of all stores, its names, and what damage and full disks do.

mod damage;
#[cfg(target_os = "linux")]
mod full;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;
use crate::snapshot::BlockKey;
use crate::snapshot::conformance::{Bench, Content, conformance_suite, content, read, write};

/// A directory for snapshots, gone with its test.
struct Directory(TempDir);

impl Directory {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn root(&self) -> PathBuf {
        self.0.path().join("snapshots")
    }

    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(self.root()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort_unstable();
        names
    }

    fn path(&self, number: SnapshotNumber) -> PathBuf {
        layout::whole(&self.root(), number)
    }
}

impl Bench for Directory {
    fn open(&self) -> Box<dyn SnapshotStore> {
        Box::new(SledStore::open(&self.root()).unwrap())
    }

    fn damage(&self, number: SnapshotNumber) {
        let path = self.path(number).join("part-0002/db");
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x10;
        fs::write(path, bytes).unwrap();
    }
}

conformance_suite!(Directory::new());

/// As [`files_of`]; zeroes at the end of a log are left out: their number may change.
fn content_of(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = files_of(root);
    for (_, bytes) in files.iter_mut().filter(|(path, _)| path.ends_with("db")) {
        bytes.truncate(bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1));
    }
    files
}

/// All files below `root`.
fn files_of(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut found, mut waiting) = (BTreeMap::new(), vec![root.to_path_buf()]);
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                found.insert(path.clone(), fs::read(path).unwrap());
            }
        }
    }
    found
}

fn written(directory: &Directory) -> SnapshotNumber {
    write(&*directory.open(), &content(), 3).unwrap().number
}

#[test]
fn what_a_crash_leaves_is_removed_and_never_listed() {
    let directory = Directory::new();
    let number = written(&directory);
    let root = directory.root();
    fs::create_dir_all(root.join("0000000009.tmp/part-0001")).unwrap();
    fs::rename(directory.path(number), root.join("0000000001.tmp")).unwrap();
    let reader = SledStore::open_read_only(&root);
    assert!(reader.list().unwrap().is_empty());
    assert_eq!(directory.names(), ["0000000001.tmp", "0000000009.tmp"], "who only reads removes nothing");
    let store = directory.open();
    assert_eq!(directory.names(), [""; 0]);
    assert!(store.list().unwrap().is_empty());
}

#[test]
fn who_only_reads_changes_nothing_and_needs_no_directory() {
    let directory = Directory::new();
    let nothing = SledStore::open_read_only(&directory.root());
    assert!(nothing.list().unwrap().is_empty());
    assert!(!directory.root().exists());
    let number = written(&directory);
    let before = content_of(&directory.root());
    let store = SledStore::open_read_only(&directory.root());
    assert!(read(&*store.open(number).unwrap()).unwrap() == content());
    assert!(matches!(store.begin().err(), Some(SnapshotError::ReadOnly)));
    assert!(matches!(store.remove(number), Err(SnapshotError::ReadOnly)));
    assert!(matches!(store.set_aside(number), Err(SnapshotError::ReadOnly)));
    assert!(matches!(store.remove_set_aside(number), Err(SnapshotError::ReadOnly)));
    drop(store);
    assert!(content_of(&directory.root()) == before);
}

#[test]
fn a_snapshot_is_the_same_to_the_byte_however_often_it_is_read() {
    let directory = Directory::new();
    let number = written(&directory);
    let before = content_of(&directory.root());
    for _ in 0..3 {
        assert!(read(&*directory.open().open(number).unwrap()).unwrap() == content());
        assert!(content_of(&directory.root()) == before);
    }
    // One that is given up in the middle, too.
    let snapshot = directory.open().open(number).unwrap();
    assert!(snapshot.blocks(0).nth(2).unwrap().is_ok());
    drop(snapshot);
    assert!(read(&*directory.open().open(number).unwrap()).unwrap() == content());
    assert!(content_of(&directory.root()) == before);
}

#[test]
fn reading_changes_nothing_however_many_blocks_there_are() {
    // sled splits pages of more than 16 entries, and only when it comes by the next time.
    let directory = Directory::new();
    let store = directory.open();
    for blocks in 1..=60 {
        let key = |number| BlockKey { side: 0, section: 1, number };
        let content: Content = (0..blocks).map(|number| (key(number), vec![number as u8; 200])).collect();
        let written = write(&*store, &content, 1).unwrap_or_else(|error| panic!("{blocks} blocks: {error}"));
        store.remove(written.number).unwrap();
    }
}

#[test]
fn a_side_is_read_from_its_own_parts_alone() {
    let directory = Directory::new();
    let number = written(&directory);
    let parts = directory.open().open(number).unwrap().manifest().parts.clone();
    assert!(parts.len() > 4, "{parts:#?}");
    let last = parts.last().unwrap();
    assert!(parts[0].last.side == 0 && last.first.side == 2, "{parts:#?}");
    fs::remove_dir_all(directory.path(number).join(&last.directory)).unwrap();
    let snapshot = directory.open().open(number).unwrap();
    let of_side_0 = content().keys().filter(|key| key.side == 0).count();
    assert_eq!(snapshot.blocks(0).map(Result::unwrap).count(), of_side_0);
    assert!(matches!(snapshot.blocks(2).last(), Some(Err(SnapshotError::Damaged { .. }))));
}

#[test]
fn set_aside_ones_of_the_same_number_stand_side_by_side() {
    let directory = Directory::new();
    for expected in ["0000000001.bad", "0000000001.bad-2", "0000000001.bad-3"] {
        fs::create_dir_all(directory.path(SnapshotNumber(1))).unwrap();
        let path = directory.open().set_aside(SnapshotNumber(1)).unwrap();
        assert_eq!(path, directory.root().join(expected));
    }
    let store = directory.open();
    assert_eq!(store.list().unwrap().len(), 3);
    store.remove_set_aside(SnapshotNumber(1)).unwrap();
    assert_eq!(directory.names(), [""; 0]);
}

#[test]
fn r9_7_another_format_is_refused_by_name_and_is_no_damage() {
    let directory = Directory::new();
    let number = written(&directory);
    let json = r#"{"format":2,"number":1}"#;
    let manifest = format!("{json}\nblake3 {}\n", blake3::hash(json.as_bytes()).to_hex());
    fs::write(directory.path(number).join("manifest.json"), manifest).unwrap();
    let store = directory.open();
    let message = store.open(number).err().unwrap().to_string();
    assert_eq!(message, "snapshot 1 has format version 2; this program knows version 1");
    let listed = store.list().unwrap();
    let unknown = |state: &ListedState| {
        matches!(state, ListedState::Unusable(crate::snapshot::ManifestError::UnknownVersion { found: 2, known: 1 }))
    };
    assert!(unknown(&listed[0].state), "{listed:?}");
}

#[test]
fn a_part_that_another_process_has_open_is_in_use_and_not_damaged() {
    let directory = Directory::new();
    let number = written(&directory);
    let held = fs::File::open(directory.path(number).join("part-0001/db")).unwrap();
    fs4::FileExt::try_lock(&held).unwrap();
    let snapshot = directory.open().open(number).unwrap();
    assert!(matches!(snapshot.blocks(0).next(), Some(Err(SnapshotError::InUse { .. }))));
    drop(held);
    assert!(read(&*snapshot).unwrap() == content());
}
