//! The formats of the journal and of a snapshot's blocks as files, one directory a version: what an older
//! program has written is read, what this one writes is the same to the byte, and the state it comes to is the
//! same everywhere (R9.7, I1). Version 2 of a record has one kind more than version 1, version 3 settings with a model
//! and messages as it reads them, version 4 counts of what changed nothing; a snapshot of version 2 has the audit trails,
//! of version 3 another head, of version 4 those counts; records and snapshots of version 5 have effects, resources and
//! what came with them, of version 6 more settings of a side's users, of version 7 ratings, follow-up mails and
//! calibrations.
//!
//! `TRIPSWITCH_GOLDEN=state-hashes` writes the hashes of version 7 anew, its blocks, and all trails; `=all` its journal
//! and frames, too.

#![expect(clippy::unwrap_used, reason = "tests and what they are made of: a panic is the verdict")]

mod coverage;
mod files;
mod life;
mod stream;
mod support;

use std::error::Error;

use tripswitch::domain::effect::{EffectFilter, EffectId};
use tripswitch::domain::record::Record;
use tripswitch::domain::workspace::Workspace;
use tripswitch::journal::GroupPosition;
use tripswitch::journal::codec::{FRAME_HEADER_BYTES, GROUP_HEADER_BYTES, GroupBuilder, decode_group, encode_record};
use tripswitch::recovery::versions::SystemBlocks;
use tripswitch::recovery::{Progress, recover};
use tripswitch::snapshot::envelope;
use tripswitch::snapshot::memory::MemorySnapshots;
use tripswitch::storage::{FileOptions, Storage};

use files::{Golden, MIB, V1, V2, V3, V4, V5, V6, V7, frames_of, frames_text};
use stream::{FixedIds, SYSTEM};

/// How to go on after a change that was meant.
const ANEW: &str = "if this was meant: CONTRIBUTING.md says how to write the golden files anew";

fn all() -> [&'static Golden; 7] {
    [&V1, &V2, &V3, &V4, &V5, &V6, &V7]
}

#[test]
fn r9_7_the_golden_journals_hold_every_kind_of_record() {
    for golden in all() {
        let frames: Vec<_> = frames_of(&*golden.place(true).journal());
        let missing = coverage::missing(&frames);
        let expected: &[_] = match golden.version {
            1 => &coverage::SINCE_2,
            2 => &coverage::SINCE_3,
            3 => &coverage::SINCE_4,
            4 => &coverage::SINCE_5,
            5 => &coverage::SINCE_6,
            6 => &coverage::SINCE_7,
            _ => &[],
        };
        assert_eq!(missing, expected);
    }
}

#[test]
fn r9_7_the_golden_journals_read_as_they_were_written() {
    for (golden, padded) in all().into_iter().flat_map(|golden| [(golden, true), (golden, false)]) {
        let place = golden.place(padded);
        let journal = place.journal();
        assert_eq!(journal.identity(), FixedIds::JOURNAL);
        let frames = frames_of(&*journal);
        assert!(frames == golden.made.concat(), "the frames are not those of the stream: {ANEW}");
        let (read, text) = (frames_text(&frames), &golden.frames_text);
        let differs = read.lines().zip(text.lines()).find(|(read, golden)| read != golden);
        assert!(differs.is_none() && read.len() == text.len(), "{differs:#?}: {ANEW}");
    }
}

#[test]
fn r9_7_the_same_frames_are_written_as_the_same_bytes() {
    for golden in all() {
        let written = files::write(&golden.made);
        let differs = written.iter().zip(&golden.segment).position(|(written, golden)| written != golden);
        assert!(
            differs.is_none() && written.len() == golden.segment.len(),
            "first difference at byte {differs:?}, lengths {} and {}: {ANEW}",
            written.len(),
            golden.segment.len()
        );
        let place = golden.place(true);
        for (entry, frames) in place.journal().read(GroupPosition(1)).unwrap().zip(&golden.made) {
            let content = decode_group(&entry.unwrap().group).unwrap();
            for (frame, made) in content.frames.iter().zip(frames) {
                assert_eq!(encode_record(&frame.record), encode_record(&made.record));
            }
        }
    }
}

#[test]
fn i1_the_golden_journals_come_to_the_same_state_everywhere() {
    for golden in all() {
        assert_eq!(files::hashes_of(&golden.place(true)), golden.hashes_text, "{ANEW}");
        assert!(golden.hashes_text.lines().count() >= 4, "the system workspace and three sides");
    }
    for golden in [&V2, &V3, &V4, &V5, &V6, &V7] {
        assert_eq!(files::trails_of(&golden.place(true)), files::trails(golden), "{ANEW}");
    }
}

/// The hashes without the system workspace's.
fn sides_of(golden: &Golden) -> &str {
    golden.hashes_text.split_once('\n').map_or("", |(_, sides)| sides)
}

#[test]
fn r9_7_the_golden_snapshot_of_version_1_is_read_and_has_no_trail() {
    let restored = V1.restored_1();
    assert_eq!(files::sides_text(&restored), sides_of(&V1));
    let replayed = files::states(&V1.place(true)).1;
    for (read, replayed) in restored.iter().zip(&replayed) {
        assert_eq!((read.trail().after(), read.trail().len()), (read.applied(), 0));
        assert!(replayed.trail().agrees_with(read.trail()));
    }
    assert!(replayed.iter().any(|side| !side.trail().is_empty()));
}

#[test]
fn r9_7_a_system_table_of_version_1_is_read_and_has_no_trail() {
    let table = files::states(&V1.place(true)).0;
    let mut bytes = envelope::encode(&table);
    bytes[4..6].copy_from_slice(&1_u16.to_le_bytes());
    let sum = crc32c::crc32c_append(crc32c::crc32c(&bytes[..12]), &bytes[16..]);
    bytes[12..16].copy_from_slice(&sum.to_le_bytes());
    let hash = format!("system {}\n", blake3::hash(&bytes[16..]));
    assert!(V1.hashes_text.starts_with(&hash), "it is written as version 1 was");
    let mut blocks = SystemBlocks::default();
    let (first, second) = bytes.split_at(bytes.len() / 2);
    blocks.push(0, first).unwrap();
    blocks.push(0, second).unwrap();
    let read = blocks.finish().unwrap();
    assert!(read.trails().after() == table.applied() && read.trails().is_empty());
    assert!(read != table && read.agrees_with(&table));
}

#[test]
fn r9_7_the_golden_snapshots_since_version_2_are_read() {
    for golden in [&V2, &V3, &V4, &V5, &V6, &V7] {
        let (system, sides) = golden.restored();
        assert_eq!(files::sides_text(&sides), sides_of(golden));
        let (replayed_system, replayed) = files::states(&golden.place(true));
        assert_eq!(system, replayed_system);
        assert!(sides.iter().zip(&replayed).all(|(read, replayed)| read.trail() == replayed.trail()));
    }
}

#[test]
fn r9_7_the_golden_snapshot_of_version_7_is_written_as_it_was() {
    let blocks = files::blocks_of(&V7.place(true));
    let differs = blocks.iter().zip(&V7.blocks).position(|(written, golden)| written != golden);
    assert!(differs.is_none() && blocks.len() == V7.blocks.len(), "first difference at byte {differs:?}: {ANEW}");
}

#[test]
fn i4_a_snapshot_since_version_5_has_the_effects_and_an_older_one_begins_without() {
    let effects = |side: &Workspace| side.effects(EffectId::ZERO, &EffectFilter::default(), usize::MAX);
    for golden in [&V4, &V5, &V6, &V7] {
        let (read, replayed) = (golden.restored().1, files::states(&golden.place(true)).1);
        for (read, replayed) in read.iter().zip(&replayed) {
            if golden.version >= 5 {
                assert_eq!((effects(read), read.newest_effect()), (effects(replayed), replayed.newest_effect()));
            } else {
                let page = effects(read);
                assert!(
                    page.missed && page.effects.is_empty() && read.newest_effect() == EffectId::end_of(read.applied())
                );
            }
        }
        assert!(replayed.iter().any(|side| side.newest_effect() != EffectId::ZERO));
    }
}

#[test]
fn r9_7_a_golden_journal_is_written_on() {
    for (golden, padded) in all().into_iter().flat_map(|golden| [(golden, true), (golden, false)]) {
        let place = golden.place(padded);
        let open = || Storage::open(place.path(), &FileOptions { segment_bytes: MIB }, &FixedIds::default()).unwrap();
        let last = GroupPosition(golden.made.len() as u64);
        let mut opened = open();
        assert_eq!((opened.journal.last(), opened.torn.len()), (last, 0));
        opened.journal.append(last, b"one more").unwrap();
        drop(opened);
        let entries: Vec<_> = open().journal.read(last.next()).unwrap().map(|entry| entry.unwrap().group).collect();
        assert_eq!(entries, [b"one more"]);
    }
}

/// The messages of an error and of its causes.
fn chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[test]
fn r9_7_a_whole_group_of_an_unknown_version_refuses_the_start_by_name() {
    let record = encode_record(&Record::Skip { seq: 1, place: 0, reason: "why".into() });
    let in_record = GROUP_HEADER_BYTES + FRAME_HEADER_BYTES;
    for (what, at, next) in [("group", 0, 2), ("record", in_record, 8)] {
        for version in [0_u16, next] {
            let root = tempfile::tempdir().unwrap();
            let opened = Storage::open(root.path(), &FileOptions { segment_bytes: MIB }, &FixedIds::default());
            let mut journal = opened.unwrap().journal;
            let mut builder = GroupBuilder::default();
            builder.begin(1);
            builder.push(SYSTEM, 1, 0, &record);
            let mut group = builder.finish().to_vec();
            group[at..at + 2].copy_from_slice(&version.to_le_bytes());
            journal.append(GroupPosition::ZERO, &group).unwrap();
            let told = recover(&*journal, &MemorySnapshots::default(), &Progress::default())
                .err()
                .map(|error| chain(&error))
                .unwrap_or_default();
            assert!(told.contains(&format!("{what} version {version} is unknown to this program")), "{told}");
        }
    }
}
