//! The fuzz targets' bodies on their corpora: what the fuzzer has found, or was given, stays right.
//! How to look for more: CONTRIBUTING.md.

#[path = "../../fuzz/bodies/cursor.rs"]
mod cursor;
#[path = "../../fuzz/bodies/envelope.rs"]
mod envelope;
#[path = "../../fuzz/bodies/events.rs"]
mod events;
#[path = "../../fuzz/bodies/ids.rs"]
mod ids;
#[path = "../../fuzz/bodies/journal.rs"]
mod journal;
mod memory;
#[path = "../../fuzz/bodies/reading.rs"]
mod reading;

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

/// Runs every file of the corpus; says which ones fail.
fn run(target: &str, check: fn(&[u8])) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files: Vec<_> =
        fs::read_dir(&directory).expect("a corpus").map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    assert!(files.len() >= 10, "{} has {} inputs", directory.display(), files.len());
    let inputs = files.iter().map(|path| (path.display(), fs::read(path).expect("a file")));
    let failed: Vec<_> = inputs.filter(|(_, input)| catch_unwind(|| check(input)).is_err()).map(|f| f.0).collect();
    assert!(failed.is_empty(), "{failed:?}");
    check(&[]);
}

#[test]
fn r4_3_every_event_has_one_verdict() {
    run("events", events::check);
}

#[test]
fn r9_4_a_journal_is_read_whole_or_refused() {
    run("journal", journal::check);
}

#[test]
fn r9_4_a_block_is_read_whole_or_refused() {
    run("envelope", envelope::check);
}

#[test]
fn r2_2_r2_3_what_is_accepted_means_the_same_when_it_is_printed() {
    run("ids", ids::check);
}

#[test]
fn r5_6_what_is_read_reads_as_itself() {
    run("reading", reading::check);
}

#[test]
fn r2_6_a_cursor_has_one_text() {
    run("cursor", cursor::check);
}
