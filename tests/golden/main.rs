//! Format version 1 of the journal and of a snapshot's blocks, as files: what an older program has written is read, what this one
//! writes is the same to the byte, and the state it comes to is the same everywhere (R9.7, I1).
//!
//! `TRIPSWITCH_GOLDEN=state-hashes` writes the hashes and blocks anew, `=all` the journal and its frames, too.

#![expect(clippy::unwrap_used, reason = "tests and what they are made of: a panic is the verdict")]

mod coverage;
mod files;
mod life;
mod stream;

use std::error::Error;

use tripswitch::domain::record::Record;
use tripswitch::journal::codec::{FRAME_HEADER_BYTES, GROUP_HEADER_BYTES, GroupBuilder, decode_group, encode_record};
use tripswitch::journal::file::{FileJournal, FileOptions};
use tripswitch::journal::{GroupPosition, Journal, JournalRead, Partition};
use tripswitch::recovery::{Progress, recover};
use tripswitch::snapshot::memory::MemorySnapshots;

use files::{GOLDEN, MIB, Place, frames_of, frames_text};
use stream::{FixedIds, SYSTEM};

const P: Partition = Partition(0);
/// How to go on after a change that was meant.
const ANEW: &str = "if this was meant: CONTRIBUTING.md says how to write the golden files anew";

#[test]
fn r9_7_the_golden_journal_holds_every_kind_of_record() {
    let frames: Vec<_> = frames_of(&Place::of_golden(true).open_read_only());
    assert_eq!(coverage::missing(&frames), [""; 0]);
}

#[test]
fn r9_7_the_golden_journal_reads_as_it_was_written() {
    for padded in [true, false] {
        let place = Place::of_golden(padded);
        let journal = place.open_read_only();
        assert_eq!((journal.torn().len(), journal.identity()), (0, FixedIds::JOURNAL));
        let frames = frames_of(&journal);
        assert!(frames == GOLDEN.made.concat(), "the frames are not those of the stream: {ANEW}");
        let (read, golden) = (frames_text(&frames), &GOLDEN.frames_text);
        let differs = read.lines().zip(golden.lines()).find(|(read, golden)| read != golden);
        assert!(differs.is_none() && read.len() == golden.len(), "{differs:#?}: {ANEW}");
    }
}

#[test]
fn r9_7_the_same_frames_are_written_as_the_same_bytes() {
    let written = files::write(&GOLDEN.made);
    let differs = written.iter().zip(&GOLDEN.segment).position(|(written, golden)| written != golden);
    assert!(
        differs.is_none() && written.len() == GOLDEN.segment.len(),
        "first difference at byte {differs:?}, lengths {} and {}: {ANEW}",
        written.len(),
        GOLDEN.segment.len()
    );
    for (entry, frames) in Place::of_golden(true).open_read_only().read(P, GroupPosition(1)).unwrap().zip(&GOLDEN.made)
    {
        let content = decode_group(&entry.unwrap().group).unwrap();
        for (frame, made) in content.frames.iter().zip(frames) {
            assert_eq!(encode_record(&frame.record), encode_record(&made.record));
        }
    }
}

#[test]
fn i1_the_golden_journal_comes_to_the_same_state_everywhere() {
    assert_eq!(files::state_hashes(), GOLDEN.hashes_text, "{ANEW}");
    assert!(GOLDEN.hashes_text.lines().count() >= 4, "the system workspace and three sides");
}

#[test]
fn r9_7_the_golden_snapshot_is_read_and_written_as_it_was() {
    let sides = GOLDEN.hashes_text.split_once('\n').map(|(_, sides)| sides);
    assert_eq!(Some(files::sides_text(&files::restored()).as_str()), sides);
    let blocks = files::blocks();
    let differs = blocks.iter().zip(&GOLDEN.blocks).position(|(written, golden)| written != golden);
    assert!(differs.is_none() && blocks.len() == GOLDEN.blocks.len(), "first difference at byte {differs:?}: {ANEW}");
}

#[test]
fn r9_7_a_golden_journal_is_written_on() {
    for padded in [true, false] {
        let place = Place::of_golden(padded);
        let open =
            || FileJournal::open(place.path(), &FileOptions { segment_bytes: MIB }, &FixedIds::default()).unwrap();
        let last = GroupPosition(GOLDEN.made.len() as u64);
        let mut opened = open();
        assert_eq!((opened.last, opened.torn.len()), (last, 0));
        opened.journal.append(P, last, b"one more").unwrap();
        drop(opened);
        let entries: Vec<_> = open().journal.read(P, last.next()).unwrap().map(|entry| entry.unwrap().group).collect();
        assert_eq!(entries, [b"one more"]);
    }
}

/// What an error says, and what its causes say.
fn chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[test]
fn r9_7_a_whole_group_of_an_unknown_version_refuses_the_start_by_name() {
    let record = encode_record(&Record::Skip { seq: 1, place: 0, reason: "why".into() });
    let in_record = GROUP_HEADER_BYTES + FRAME_HEADER_BYTES;
    for (what, at) in [("group", 0), ("record", in_record)] {
        for version in [0_u16, 2] {
            let root = tempfile::tempdir().unwrap();
            let opened = FileJournal::open(root.path(), &FileOptions { segment_bytes: MIB }, &FixedIds::default());
            let mut journal = opened.unwrap().journal;
            let mut builder = GroupBuilder::default();
            builder.begin(1);
            builder.push(SYSTEM, 1, 0, &record);
            let mut group = builder.finish().to_vec();
            group[at..at + 2].copy_from_slice(&version.to_le_bytes());
            journal.append(P, GroupPosition::ZERO, &group).unwrap();
            let told = recover(&journal, &MemorySnapshots::default(), &Progress::default())
                .err()
                .map(|error| chain(&error))
                .unwrap_or_default();
            assert!(told.contains(&format!("{what} version {version} is unknown to this program")), "{told}");
        }
    }
}
