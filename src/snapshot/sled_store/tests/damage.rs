//! R9.4: damage to any file of a snapshot is recognised, whatever sled would make of it.

use std::fs;
use std::path::{Path, PathBuf};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng};

use super::*;
use crate::snapshot::conformance::Content;

fn outcome(directory: &Directory, number: SnapshotNumber) -> Result<Content, SnapshotError> {
    let store = SledStore::open_read_only(&directory.root());
    store.open(number).and_then(|snapshot| read(&*snapshot))
}

fn assert_damaged(directory: &Directory, number: SnapshotNumber, what: &str) {
    match outcome(directory, number) {
        Err(SnapshotError::Damaged { number: told, .. }) => assert_eq!(told, number),
        Err(other) => panic!("{what}: {other:?}"),
        Ok(_) => panic!("{what}: went unseen"),
    }
}

#[test]
fn r9_4_every_flipped_bit_is_recognised() {
    const SEED: u64 = 0x5eed_0001;
    let directory = Directory::new();
    let number = written(&directory);
    let files: Vec<(PathBuf, Vec<u8>)> = files_of(&directory.path(number)).into_iter().collect();
    assert!(files.iter().any(|(path, _)| path.to_string_lossy().contains("/blobs/")), "a block has a file of its own");
    let mut random = StdRng::seed_from_u64(SEED);
    for round in 0..200 {
        let (path, bytes) = &files[random.random_range(0..files.len())];
        if bytes.is_empty() {
            continue;
        }
        let (at, bit) = (random.random_range(0..bytes.len()), random.random_range(0..8));
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << bit;
        fs::write(path, damaged).unwrap();
        assert_damaged(&directory, number, &format!("seed {SEED}, round {round}: bit {bit} of byte {at} of {path:?}"));
        fs::write(path, bytes).unwrap();
    }
    assert!(outcome(&directory, number).unwrap() == content(), "looking at damage has changed nothing");
}

#[test]
fn r9_4_files_that_are_cut_missing_or_too_many_are_recognised() {
    let directory = Directory::new();
    let number = written(&directory);
    for (path, bytes) in files_of(&directory.path(number)) {
        let is_log = path.ends_with("db");
        for length in [0, 1, bytes.len() / 2, bytes.len() - 1] {
            fs::write(&path, &bytes[..length]).unwrap();
            if is_log && bytes[length..].iter().all(|byte| *byte == 0) {
                assert!(outcome(&directory, number).unwrap() == content(), "{length} bytes of {path:?}");
                continue;
            }
            assert_damaged(&directory, number, &format!("the first {length} bytes of {path:?}"));
        }
        fs::write(&path, [&bytes[..], &[u8::from(is_log)]].concat()).unwrap();
        assert_damaged(&directory, number, &format!("{path:?} with one byte more"));
        fs::remove_file(&path).unwrap();
        assert_damaged(&directory, number, &format!("without {path:?}"));
        fs::write(&path, &bytes).unwrap();
    }
    // What sled leaves where it dies in the middle of its own recovery, and refuses to open beside.
    let leftover = directory.path(number).join("part-0001/snap.0000000000000ABC.generating");
    fs::write(&leftover, b"").unwrap();
    assert_damaged(&directory, number, "a leftover of sled");
    fs::remove_file(&leftover).unwrap();
    assert!(outcome(&directory, number).unwrap() == content(), "looking at damage has changed nothing");
}

#[test]
fn segments_of_zeroes_at_the_end_of_the_log_are_no_damage() {
    let directory = Directory::new();
    let number = written(&directory);
    let log = directory.path(number).join("part-0002/db");
    for segments in 1..6 {
        let mut bytes = fs::read(&log).unwrap();
        bytes.resize(bytes.len() + segments * (512 << 10), 0);
        fs::write(&log, bytes).unwrap();
        for _ in 0..3 {
            assert!(outcome(&directory, number).unwrap() == content(), "{segments} more");
        }
    }
}

#[test]
fn r9_4_a_snapshot_without_its_manifest_is_listed_as_damaged() {
    let directory = Directory::new();
    let number = written(&directory);
    fs::remove_file(directory.path(number).join("manifest.json")).unwrap();
    let listed = directory.open().list().unwrap();
    assert!(matches!(listed[0].state, ListedState::Unusable(crate::snapshot::ManifestError::Missing)), "{listed:?}");
    assert_damaged(&directory, number, "no manifest");
}

/// Lets `change` loose on the database of the first part, and makes the manifest say that its files
/// have always been so.
fn forge(snapshot: &Path, number: SnapshotNumber, change: impl FnOnce(&Path)) {
    let mut manifest = layout::read_manifest(snapshot, number).unwrap();
    let part = snapshot.join(&manifest.parts[0].directory);
    engine::wait_until_closed(&part).unwrap();
    change(&part);
    engine::wait_until_closed(&part).unwrap();
    manifest.parts[0].files = files::sum_part(&part).unwrap();
    layout::write_manifest(snapshot, &manifest).unwrap();
}

fn with_sled(part: &Path, change: impl FnOnce(&sled::Db)) {
    let db = sled::Config::new().path(part).flush_every_ms(None).open().unwrap();
    change(&db);
    db.flush().unwrap();
}

#[test]
fn r9_4_blocks_that_sled_lost_changed_or_made_up_are_recognised() {
    type Change = fn(&sled::Db);
    let changes: [(&str, Change); 4] = [
        ("a block is lost", |db| drop(db.pop_max().unwrap())),
        ("a value is another one", |db| {
            let (key, value) = db.first().unwrap().unwrap();
            db.insert(key, [&value[..], b"x"].concat()).unwrap();
        }),
        ("a block is too many", |db| drop(db.insert([0, 0, 0, 0, 200, 0, 0, 0, 0], b"x").unwrap())),
        ("a key is of another kind", |db| drop(db.insert([0, 0, 0, 0, 1, 0], b"x").unwrap())),
    ];
    for (what, change) in changes {
        let directory = Directory::new();
        let number = written(&directory);
        forge(&directory.path(number), number, |part| with_sled(part, change));
        assert_damaged(&directory, number, what);
    }
}

#[test]
fn r9_4_what_sled_refuses_to_open_is_damage() {
    let directory = Directory::new();
    let number = written(&directory);
    forge(&directory.path(number), number, |part| {
        fs::write(part.join("snap.FFFFFFFFFFFFFFFF.generating"), b"half a file").unwrap();
    });
    assert_damaged(&directory, number, "a leftover that sled cannot read");
}

#[test]
fn a_manifest_of_another_snapshot_is_damage() {
    let directory = Directory::new();
    let number = written(&directory);
    let other = written(&directory);
    fs::copy(directory.path(other).join("manifest.json"), directory.path(number).join("manifest.json")).unwrap();
    assert_damaged(&directory, number, "the manifest names another number");
}
